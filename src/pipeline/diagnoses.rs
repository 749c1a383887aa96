//! Tells vendors what became of their messages, on a connection of its own and without a promise.
//!
//! The intake only notes; a task publishes at `QoS` 0 while the broker is there. Nothing waits for it.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use ingest::{DecodeError, Decoded, Diagnosis, Diagnostics, ErrorKind, mqtt::Publisher};
use model::{Id, Instant, Register};
use tokio::sync::watch;

use crate::clock::Clock;

/// How often sensors are told.
const EVERY: Duration = Duration::from_millis(200);
/// Sensors told at once: five hundred a second, so that a restart of a large site is no storm.
const AT_ONCE: usize = 100;
/// How long the broker keeps a diagnosis for a vendor who looks later.
const KEPT: Duration = Duration::from_secs(24 * 3600);

/// What is to be told; clones share it.
#[derive(Debug, Clone, Default)]
pub struct Diagnoses(Arc<Mutex<Diagnostics>>);

impl Diagnoses {
    /// Notes what became of a message of the native contract.
    ///
    /// Who names another's device is told nothing: the topic is the other's.
    pub fn note(&self, topic: &str, result: &Result<Decoded, DecodeError>, now: Instant) {
        if result.as_ref().is_err_and(|error| error.kind == ErrorKind::NotItsDevice) {
            return;
        }
        self.0.lock().unwrap_or_else(PoisonError::into_inner).note(topic, result, now);
    }

    fn due(&self, now: Instant) -> Vec<Diagnosis> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take_due(now, AT_ONCE)
    }

    /// Publishes until `stop` says true.
    pub async fn run(
        self,
        publisher: Publisher,
        clock: Clock,
        registers: watch::Receiver<Arc<Register>>,
        mut stop: watch::Receiver<bool>,
    ) {
        loop {
            tokio::select! {
                changed = stop.wait_for(|stop| *stop) => { drop(changed); return }
                () = tokio::time::sleep(EVERY) => {}
            }
            // While the broker is away news waits with the sensor it is about, so that the newest is told.
            if !publisher.is_connected() {
                continue;
            }
            let register = Arc::clone(&registers.borrow());
            for told in self.due(clock.now()) {
                // Kept for known sensors only: else a flood of topics would fill the broker's memory.
                let is_known = Id::parse(&told.sensor).is_ok_and(|sensor| register.knows_sensor(&sensor));
                if let Err(error) = publisher.tell(&told.topic, told.payload, is_known.then_some(KEPT)) {
                    tracing::debug!(%error, "a diagnosis is dropped");
                }
            }
        }
    }
}
