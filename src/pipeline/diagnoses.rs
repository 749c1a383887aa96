//! Tells vendors what became of their messages, on a connection of its own and without a promise; asks gateways
//! whose metrics are only numbers for their birth.
//!
//! The intake only notes; a task publishes at `QoS` 0 while the broker is there. Nothing waits for it.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use ingest::{Diagnosis, Diagnostics, ErrorKind, Message, Outcome, mqtt::Publisher, rebirth_request};
use model::{Id, Instant, Register};
use tokio::sync::watch;

use crate::{clock::Clock, metrics::Metrics};

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
    /// By topic, so that a broker that stays away leaves no more of them than gateways that are remembered.
    due: BTreeMap<String, Vec<u8>>,
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
            self.due.insert(topic, payload);
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

    fn due(&self, now: Instant) -> (Vec<Diagnosis>, BTreeMap<String, Vec<u8>>) {
        let mut notes = self.notes();
        (notes.diagnostics.take_due(now, AT_ONCE), std::mem::take(&mut notes.births.due))
    }

    /// How many sensors and gateways wait to be told or asked.
    fn waiting(&self) -> usize {
        let notes = self.notes();
        notes.diagnostics.size().1 + notes.births.due.len()
    }

    fn notes(&self) -> MutexGuard<'_, Notes> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Publishes until `stop` says true. What the broker has no room for is dropped and counted.
    pub async fn run(
        self,
        publisher: Publisher,
        clock: Clock,
        registers: watch::Receiver<Arc<Register>>,
        metrics: Arc<Metrics>,
        mut stop: watch::Receiver<bool>,
    ) {
        loop {
            tokio::select! {
                changed = stop.wait_for(|stop| *stop) => { drop(changed); return }
                () = tokio::time::sleep(EVERY) => {}
            }
            metrics.diagnoses_waiting(self.waiting());
            // While the broker is away news waits with the sensor it is about, so that the newest is told.
            if !publisher.is_connected() {
                continue;
            }
            let register = Arc::clone(&registers.borrow());
            let (due, births) = self.due(clock.now());
            for (topic, payload) in births {
                metrics.diagnosis(publisher.tell(&topic, payload, None).is_ok());
            }
            for told in due {
                // Kept for known sensors only: else a flood of topics would fill the broker's memory.
                let is_known = Id::parse(&told.sensor).is_ok_and(|sensor| register.knows_sensor(&sensor));
                let sent = publisher.tell(&told.topic, told.payload, is_known.then_some(KEPT));
                metrics.diagnosis(sent.is_ok());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn births_that_nobody_can_be_asked_for_do_not_pile_up() {
        let mut births = Births::default();
        for minute in 0..100 {
            for gateway in 0..7 {
                let topic = format!("spBv1.0/g/NCMD/{gateway}");
                births.ask((topic, vec![0]), Instant::from_millis(minute * ASK_AGAIN_MS));
            }
        }
        assert_eq!(births.due.len(), 7);
    }
}
