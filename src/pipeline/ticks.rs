//! Event time that goes on without readings: only while we are connected and caught up.

use std::time::Duration;

use model::Instant;
use tokio::sync::{mpsc, watch};

use super::Batch;
use crate::{
    clock::Clock,
    spool::{Entry, Kind, Spool, SpoolError},
};

/// How far behind the wall clock event time follows while sensors are silent, ms: readings on their way must not be
/// late.
pub(crate) const TICK_LAG_MS: i64 = 120_000;

/// Appends a tick row now and then, so that a silent sensor is told from an outage of ours.
#[derive(Debug)]
pub struct Ticks {
    /// Where ticks go.
    pub spool: Spool,
    /// Wall time.
    pub clock: Clock,
    /// How often, real time.
    pub every: Duration,
    /// Since when we have listened without a break, while we are connected and caught up.
    pub listening: watch::Receiver<Option<Instant>>,
}

impl Ticks {
    /// Runs until `stop` says true.
    ///
    /// # Errors
    /// [`SpoolError`] when the spool fails for good.
    pub async fn run(
        self,
        to_judge: mpsc::Sender<Batch>,
        mut stop: watch::Receiver<bool>,
    ) -> Result<(), SpoolError> {
        let mut pace = self.clock.pace();
        // The first tick waits as long as the others: a connection needs its backlog first.
        loop {
            tokio::select! {
                changed = stop.wait_for(|stop| *stop) => { drop(changed); return Ok(()) }
                () = tokio::time::sleep(self.every) => {}
            }
            // A clock that was just set makes no silence; who follows the broker begins anew to listen.
            if pace.step_ms(&self.clock) != 0 {
                continue;
            }
            let Some(since) = *self.listening.borrow() else { continue };
            let now = self.clock.now();
            let kind = Kind::Tick { to: now.plus_ms(-TICK_LAG_MS), since: Some(since) };
            let entry = Entry { arrival: now, kind };
            let batch = match Batch::of_row(&self.spool, entry).await {
                // What waits for the disk is no silence: event time stands still with it.
                Err(SpoolError::Held(_)) => continue,
                batch => batch?,
            };
            if to_judge.send(batch).await.is_err() {
                return Ok(());
            }
        }
    }
}
