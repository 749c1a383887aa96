//! What the intake sees of each registered device: how often it speaks, how far its clock is off, which marks its
//! readings carry, through which networks it comes. Counted since the start of the service.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use model::{Id, Instant, Reading, Register};

/// Messages by which a device's clock is judged.
const SKEWS: usize = 8;

/// What is counted of one device.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// Messages that carried a reading of it.
    pub messages: u64,
    /// Readings in them.
    pub readings: u64,
    /// Arrival of the newest.
    pub arrival: Option<Instant>,
    /// How far ahead of their arrival the newest messages that state a time say to be, ms, oldest first.
    pub skews_ms: Vec<i64>,
    /// Readings by quality mark.
    pub flags: BTreeMap<&'static str, u64>,
    /// Wire formats that it came in, in the order of their first message: more than one is more than one network.
    pub formats: Vec<&'static str>,
}

impl Tally {
    /// The device's clock less ours, ms: the largest of its newest messages. One that was delivered late looks like
    /// a clock that is behind; a clock that is behind is so in every message.
    #[must_use]
    pub fn skew_ms(&self) -> Option<i64> {
        self.skews_ms.iter().copied().max()
    }
}

/// The tallies of all registered devices; clones share them.
#[derive(Debug, Clone, Default)]
pub struct Tallies(Arc<Mutex<HashMap<Id, Tally>>>);

impl Tallies {
    fn held(&self) -> MutexGuard<'_, HashMap<Id, Tally>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts the readings of one device in one message. `stated` is the newest time that the message says, if it
    /// says one and is not a kept one.
    pub(super) fn heard(
        &self,
        sensor: &Id,
        readings: &[Reading],
        format: Option<&'static str>,
        (arrival, stated): (Instant, Option<Instant>),
    ) {
        let mut held = self.held();
        if !held.contains_key(sensor) {
            held.insert(sensor.clone(), Tally::default());
        }
        let Some(tally) = held.get_mut(sensor) else { return };
        tally.messages += 1;
        tally.readings += readings.len() as u64;
        tally.arrival = Some(arrival);
        if let Some(stated) = stated {
            tally.skews_ms.push(stated.since(arrival));
            let surplus = tally.skews_ms.len().saturating_sub(SKEWS);
            tally.skews_ms.drain(..surplus);
        }
        for name in readings.iter().flat_map(|reading| reading.flags.names()) {
            *tally.flags.entry(name).or_default() += 1;
        }
        if let Some(format) = format
            && !tally.formats.contains(&format)
        {
            tally.formats.push(format);
        }
    }

    /// Forgets devices that a register does not know.
    pub(super) fn keep(&self, register: &Register) {
        self.held().retain(|sensor, _| register.knows_sensor(sensor));
    }

    /// A copy of all.
    #[must_use]
    pub fn all(&self) -> HashMap<Id, Tally> {
        self.held().clone()
    }
}
