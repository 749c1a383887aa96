//! The broker's list of rights follows the register: a sensor that was claimed is to be let in.

use std::{path::PathBuf, sync::Arc, time::Duration};

use model::Register;

use super::Site;
use crate::{acl, backoff::Backoff, config::Config, disk::replace};

/// The first pause before a list that could not be written is written again, and the longest.
const AGAIN: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));

/// Writes the list that `mqtt.acl_file` names whenever another register is in force; without that key says when
/// somebody has to. A write that failed is tried again until it is done: a folder that was full or not ours may be
/// mended without another edit of the register.
pub(super) fn keep(site: &mut Site<'_>) {
    let (config, mut in_force) = (site.config.clone(), site.in_force.subscribe());
    let mut stop = site.stopping_late.clone();
    let mut list = List { file: config.mqtt.acl_file.clone(), config, held: None };
    let mut backoff = Backoff::new(AGAIN.0, AGAIN.1);
    site.late.push(tokio::spawn(async move {
        loop {
            let register = Arc::clone(&in_force.borrow_and_update().register);
            let kept = tokio::task::spawn_blocking(move || {
                let is_done = list.follow(&register);
                (list, is_done)
            });
            let Ok((kept, is_done)) = kept.await else { return };
            list = kept;
            if is_done {
                backoff.reset();
            }
            let pause = async {
                // One list, one writer: there is nobody to keep out of step with.
                if is_done {
                    std::future::pending::<()>().await;
                } else {
                    tokio::time::sleep(backoff.next(1.0)).await;
                }
            };
            tokio::select! {
                () = pause => {}
                changed = in_force.changed() => if changed.is_err() { return },
                changed = stop.wait_for(|stop| *stop) => { drop(changed); return }
            }
        }
    }));
}

/// The list as it was last.
struct List {
    file: Option<PathBuf>,
    config: Config,
    held: Option<String>,
}

impl List {
    /// Writes what is new of the list; false where that failed and may do better later.
    fn follow(&mut self, register: &Register) -> bool {
        let Ok(text) = acl::mosquitto(&self.config, register) else {
            tracing::error!("the broker's list of rights stays as it is: the routes are wrong");
            return true;
        };
        let is_first = self.held.is_none();
        if self.held.as_ref() == Some(&text) {
            return true;
        }
        let Some(file) = &self.file else {
            // Whether the broker has such a list we cannot know.
            if !is_first {
                tracing::warn!(
                    "devices have changed: a broker with a list of rights needs it anew, see `normwatch register acl` \
                     (or set acl_file under [mqtt])"
                );
            }
            self.held = Some(text);
            return true;
        };
        if std::fs::read_to_string(file).is_ok_and(|there| there == text) {
            self.held = Some(text);
            return true;
        }
        let path = file.display();
        if let Err(error) = replace(file, &text) {
            tracing::error!(
                %path, %error,
                "the broker's list of rights cannot be written, which is tried again: let the service write it, or \
                 write it with `normwatch register acl`"
            );
            return false;
        }
        tracing::warn!(%path, "the broker's list of rights is written anew: have the broker read it (mosquitto: SIGHUP)");
        self.held = Some(text);
        true
    }
}
