//! The filters that the broker holds for us, remembered over restarts.
//!
//! A broker keeps the filters of a session and cannot be asked for them. When routes have changed, the filters of
//! the earlier configuration must be let go, or their messages come for ever. So what was asked for is noted beside
//! the other data: before asking, both the old and the new; once the broker has answered, the new alone.

use std::{collections::BTreeSet, path::Path, time::Duration};

use ingest::mqtt::{MqttConfig, Subscriber};

use super::{ServiceError, Site};
use crate::disk::replace;

/// The file in the data directory, a filter a line.
const FILE: &str = "subscriptions";

/// Subscribes, and lets go what earlier configurations had subscribed.
pub(super) fn start(
    site: &mut Site<'_>,
    mqtt: &MqttConfig,
    wanted: Vec<String>,
) -> Result<Subscriber, ServiceError> {
    let path = site.config.data_dir.join(FILE);
    let former = read(&path);
    write(&path, former.iter().chain(&wanted)).map_err(failed(&path))?;
    let subscriber =
        Subscriber::start_after(mqtt, wanted.clone(), former).map_err(ServiceError::of("mqtt"))?;
    let (monitor, mut stop) = (subscriber.monitor(), site.stopping_late.clone());
    site.late.push(tokio::spawn(async move {
        while !monitor.link().0.is_subscribed {
            tokio::select! {
                changed = stop.wait_for(|stop| *stop) => { drop(changed); return }
                () = tokio::time::sleep(Duration::from_millis(500)) => {}
            }
        }
        if let Err(error) = write(&path, wanted.iter()) {
            tracing::warn!(%error, path = %path.display(), "cannot be written; former filters are let go again at the next start");
        }
    }));
    Ok(subscriber)
}

fn failed(path: &Path) -> impl FnOnce(std::io::Error) -> ServiceError {
    ServiceError::of(format!("{} cannot be written", path.display()))
}

fn read(path: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    text.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

/// Writes the file anew, whole at any time.
fn write<'f>(path: &Path, filters: impl Iterator<Item = &'f String>) -> Result<(), std::io::Error> {
    let filters: BTreeSet<&String> = filters.collect();
    let text: String = filters.into_iter().map(|filter| format!("{filter}\n")).collect();
    replace(path, &text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_are_read_back_once_each_and_no_file_means_none() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(FILE);
        assert!(read(&path).is_empty());
        let filters = ["b/#", "a", "b/#"].map(str::to_owned);
        write(&path, filters.iter()).unwrap();
        assert_eq!(read(&path), ["a", "b/#"]);
    }
}
