//! Small tasks that look after our own disk: how long the spool is, and whether everything can be written.

use std::{sync::Arc, time::Duration};

use tokio::sync::watch;

use super::Site;
use crate::{
    history::History,
    metrics::Metrics,
    spool::{Position, Spool, SpoolError, first_to_keep},
    state::{State, StateError},
};

/// How often the spool is shortened.
const TRIM_EVERY: Duration = Duration::from_secs(60);
/// How often it is looked at whether the spool is full, or the disk refuses.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// How long a stop waits for a disk that refuses.
const HELD_AT_STOP: Duration = Duration::from_secs(2);
/// A spool that uses more than this share of its bytes is shortened at once, and to below it.
const TIGHT_PERCENT: u64 = 90;

/// Shortens the spool.
#[derive(Debug)]
struct Trimmer {
    spool: Spool,
    state: State,
    history: History,
    metrics: Arc<Metrics>,
    /// How far the series writer has settled, where one runs.
    settled: Option<watch::Receiver<u64>>,
    max_bytes: u64,
}

/// Why the spool could not be shortened.
#[derive(Debug, thiserror::Error)]
enum TrimError {
    #[error("the checkpoint cannot be read")]
    State(#[from] StateError),
    #[error("the spool cannot be shortened")]
    Spool(#[from] SpoolError),
}

/// Lets the spool go behind checkpoint, history and series writer; when it is tight, also what only the
/// time-series server still needs, oldest first.
pub(super) fn trimmer(site: &mut Site<'_>, settled: Option<watch::Receiver<u64>>) {
    let trimmer = Trimmer {
        spool: site.stores.spool.clone(),
        state: site.stores.state.clone(),
        history: site.stores.history.clone(),
        metrics: Arc::clone(&site.metrics),
        settled,
        max_bytes: site.config.spool.max_bytes,
    };
    let mut stop = site.stopping_late.clone();
    site.late.push(tokio::spawn(async move {
        let mut trimmed = tokio::time::Instant::now();
        loop {
            tokio::select! {
                changed = stop.wait_for(|stop| *stop) => { drop(changed); return }
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
            let excess = trimmer.excess();
            if excess == 0 && trimmed.elapsed() < TRIM_EVERY {
                continue;
            }
            trimmed = tokio::time::Instant::now();
            if let Err(error) = trimmer.trim(excess).await {
                tracing::error!(%error, "the spool stays as long as it is");
            }
        }
    }));
}

impl Trimmer {
    /// Bytes above the share from which the spool is tight.
    fn excess(&self) -> u64 {
        self.spool.bytes().saturating_sub(self.max_bytes / 100 * TIGHT_PERCENT)
    }

    async fn trim(&self, excess: u64) -> Result<(), TrimError> {
        let checkpoint = self.state.call(|state| state.position(0)).await?;
        let done = [checkpoint, self.history.durable_position()];
        let sink = self.settled.as_ref().map(|settled| Position::new(*settled.borrow()));
        let reader = self.spool.reader()?;
        let before = reader.call(|reader| reader.oldest()).await?;
        let mut keep = first_to_keep(&done, sink, false);
        self.spool.trim(keep).await?;
        // No more than makes room: the server may come back.
        if excess > 0 && self.excess() > 0 {
            let excess = self.excess();
            let room = reader.call(move |reader| reader.behind_oldest(excess)).await?;
            keep = keep.max(room.min(first_to_keep(&done, sink, true)));
            self.spool.trim(keep).await?;
        }
        let after = reader.call(|reader| reader.oldest()).await?;
        self.count_given_up(before, after, sink);
        Ok(())
    }

    /// Entries from `before` to before `after` are gone; those behind `sink` were not written there.
    fn count_given_up(&self, before: Position, after: Position, sink: Option<Position>) {
        let Some(sink) = sink else { return };
        let entries = after.sequence.saturating_sub(before.max(sink.next()).sequence);
        if entries > 0 {
            tracing::error!(
                entries,
                "the spool is full: entries were given up before the time-series server had them"
            );
            self.metrics.series_given_up(entries);
        }
    }
}

/// Tells pages and metrics whether everything can be written, and how long the spool is.
pub(super) fn watch(site: &mut Site<'_>) {
    let (spool, disk, metrics) = (site.stores.spool.clone(), site.disk.clone(), Arc::clone(&site.metrics));
    let (max_bytes, mut stop) = (site.config.spool.max_bytes, site.stopping_late.clone());
    site.late.push(tokio::spawn(async move {
        let mut held = spool.watch_held();
        loop {
            let refusal = held.borrow_and_update().as_ref().map(ToString::to_string);
            disk.set("spool", refusal);
            metrics.disk_refusing(disk.refusals().len() as u64);
            metrics.spool_bytes(spool.bytes(), max_bytes);
            metrics.quarantine_dropped(spool.counts().quarantine_dropped);
            tokio::select! {
                changed = stop.wait_for(|stop| *stop) => { drop(changed); return }
                changed = held.changed() => if changed.is_err() { return },
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
        }
    }));
}

/// Closes a spool that the disk holds up, so that a stop does not wait for what is not going to be durable.
pub(super) async fn let_go(spool: Spool) {
    let mut held = spool.watch_held();
    loop {
        if held.wait_for(Option::is_some).await.is_err() {
            return;
        }
        let recovers = tokio::time::timeout(HELD_AT_STOP, held.wait_for(Option::is_none)).await.is_ok();
        if !recovers {
            spool.close().await;
            return;
        }
    }
}
