//! Small tasks that look after others: the broker's link, and the length of the spool.

use std::{sync::Arc, time::Duration};

use ingest::mqtt::Monitor;
use tokio::{sync::watch, task::JoinHandle};

use super::Stores;
use crate::{links::Links, metrics::Metrics, spool::Position};

/// A connection must have stood this long, with nothing waiting, before silence means anything.
const SETTLED_CONNECTION: Duration = Duration::from_secs(10);
/// How often the spool is shortened.
const TRIM_EVERY: Duration = Duration::from_secs(60);

/// Follows the broker's link. The result says whether we are connected, caught up and allowed to tick.
pub(super) fn broker(
    monitor: Monitor,
    links: Links,
    allowed: watch::Receiver<bool>,
    mut stop: watch::Receiver<bool>,
    tasks: &mut Vec<JoinHandle<()>>,
) -> watch::Receiver<bool> {
    let (is_live, watched) = watch::channel(false);
    tasks.push(tokio::spawn(async move {
        let mut quiet_since: Option<tokio::time::Instant> = None;
        loop {
            let (link, waiting) = monitor.link();
            links.set("mqtt", Some(link.is_connected), link.error, waiting as u64);
            quiet_since = (link.is_connected && waiting == 0)
                .then(|| quiet_since.unwrap_or_else(tokio::time::Instant::now));
            let is_quiet = quiet_since.is_some_and(|since| since.elapsed() >= SETTLED_CONNECTION);
            is_live.send_replace(is_quiet && *allowed.borrow());
            tokio::select! {
                changed = stop.wait_for(|stop| *stop) => { drop(changed); return }
                () = tokio::time::sleep(Duration::from_millis(500)) => {}
            }
        }
    }));
    watched
}

/// Lets the spool go behind checkpoint, history and series writer.
pub(super) fn trimmer(
    stores: &Stores,
    settled: Option<watch::Receiver<u64>>,
    metrics: Arc<Metrics>,
    mut stop: watch::Receiver<bool>,
    tasks: &mut Vec<JoinHandle<()>>,
) {
    let (spool, state, history) = (stores.spool.clone(), stores.state.clone(), stores.history.clone());
    tasks.push(tokio::spawn(async move {
        loop {
            tokio::select! {
                changed = stop.wait_for(|stop| *stop) => { drop(changed); return }
                () = tokio::time::sleep(TRIM_EVERY) => {}
            }
            let checkpoint = state.call(|state| state.position(0)).await;
            let reached = match checkpoint {
                Ok(position) => position.sequence.min(history.durable_position().sequence),
                Err(error) => {
                    tracing::error!(%error, "the checkpoint cannot be read");
                    continue;
                }
            };
            let before = settled.as_ref().map_or(reached, |settled| reached.min(*settled.borrow()));
            if let Err(error) = spool.trim(Position::new(before)).await {
                tracing::error!(%error, "the spool cannot be shortened");
            }
            let bytes = spool.reader().and_then(|reader| reader.bytes());
            metrics.spool_bytes(bytes.unwrap_or(0));
        }
    }));
}
