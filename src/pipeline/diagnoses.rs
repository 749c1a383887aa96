//! Tells vendors what became of their messages, on a connection of its own and without a promise; asks gateways
//! whose metrics are only numbers for their birth.
//!
//! The intake only notes; a task publishes at `QoS` 0 while the broker is there. Nothing waits for it.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use ingest::{Diagnosis, Diagnostics, ErrorKind, Message, Outcome, mqtt::Publisher, rebirth_request};
use model::{Id, Instant, Register};
use tokio::sync::watch;

use crate::clock::Clock;

/// How often sensors are told.
const EVERY: Duration = Duration::from_millis(200);
/// Sensors told at once: five hundred a second, so that a restart of a large site is no storm.
const AT_ONCE: usize = 100;
/// How long the broker keeps a diagnosis for a vendor who looks later.
const KEPT: Duration = Duration::from_secs(24 * 3600);

/// A gateway is asked for its birth no more often, ms.
const ASK_AGAIN_MS: i64 = 60_000;
/// Gateways that are remembered as asked; while there are more, the others wait.
const MOST_ASKED: usize = 10_000;

/// Births that are to be asked for, and when each was last.
#[derive(Debug, Default)]
struct Births {
    asked: HashMap<String, Instant>,
    due: Vec<(String, Vec<u8>)>,
}

impl Births {
    fn ask(&mut self, (topic, payload): (String, Vec<u8>), now: Instant) {
        let is_recent = |at: &Instant| (0..ASK_AGAIN_MS).contains(&now.since(*at));
        if self.asked.get(&topic).is_some_and(is_recent) {
            return;
        }
        if self.asked.len() >= MOST_ASKED {
            self.asked.retain(|_, at| is_recent(at));
        }
        if self.asked.len() < MOST_ASKED {
            self.asked.insert(topic.clone(), now);
            self.due.push((topic, payload));
        }
    }
}

#[derive(Debug, Default)]
struct Notes {
    diagnostics: Diagnostics,
    births: Births,
}

/// What is to be told and asked; clones share it.
#[derive(Debug, Clone, Default)]
pub struct Diagnoses(Arc<Mutex<Notes>>);

impl Diagnoses {
    /// Notes what became of a message: of the native contract to tell it, of Sparkplug to ask for what it lacks.
    ///
    /// Who names another's device is told nothing: the topic is the other's.
    pub fn note(&self, message: &Message<'_>, outcome: &Outcome, now: Instant) {
        if outcome.result.as_ref().is_err_and(|error| error.kind == ErrorKind::NotItsDevice) {
            return;
        }
        let birth = rebirth_request(message, outcome);
        let mut notes = self.notes();
        notes.diagnostics.note(message.topic, &outcome.result, now);
        if let Some(birth) = birth {
            notes.births.ask(birth, now);
        }
    }

    fn due(&self, now: Instant) -> (Vec<Diagnosis>, Vec<(String, Vec<u8>)>) {
        let mut notes = self.notes();
        (notes.diagnostics.take_due(now, AT_ONCE), std::mem::take(&mut notes.births.due))
    }

    fn notes(&self) -> MutexGuard<'_, Notes> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
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
            let (due, births) = self.due(clock.now());
            for (topic, payload) in births {
                if let Err(error) = publisher.tell(&topic, payload, None) {
                    tracing::debug!(%error, topic, "a birth is not asked for");
                }
            }
            for told in due {
                // Kept for known sensors only: else a flood of topics would fill the broker's memory.
                let is_known = Id::parse(&told.sensor).is_ok_and(|sensor| register.knows_sensor(&sensor));
                if let Err(error) = publisher.tell(&told.topic, told.payload, is_known.then_some(KEPT)) {
                    tracing::debug!(%error, "a diagnosis is dropped");
                }
            }
        }
    }
}
