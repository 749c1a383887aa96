//! What the intake sees of each registered device: how often it speaks, how far its clock is off, which marks its
//! readings carry, whose clock their times are from, through which networks it comes. Counted over restarts.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use model::{Flags, Id, Instant, Reading, Register, TimeFrom};
use serde::{Deserialize, Serialize};

use super::unknown::Via;

/// Messages by which a device's clock is judged.
const SKEWS: usize = 8;
/// Networks of one device that are remembered.
const MOST_FORMATS: usize = 8;

/// What is counted of one device.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Arrival of the first message that is counted here.
    pub since: Option<Instant>,
    /// Messages that carried a reading of it.
    pub messages: u64,
    /// Readings in them.
    pub readings: u64,
    /// Arrival of the newest, but for those that the broker had kept: they are no sign of life.
    pub arrival: Option<Instant>,
    /// How far ahead of their arrival the newest messages that state a time say to be, ms, oldest first.
    pub skews_ms: Vec<i64>,
    /// Readings by quality mark: the bit of each mark that occurred.
    pub marks: BTreeMap<Flags, u64>,
    /// Readings by whose clock their time is from, in the order of [`TimeFrom::ALL`].
    pub clocks: [u64; TimeFrom::ALL.len()],
    /// Wire formats that it came in, in the order of their first message: more than one is more than one network.
    pub formats: Vec<String>,
}

impl Tally {
    /// The device's clock less ours, ms: the largest of its newest messages. One that was delivered late looks like
    /// a clock that is behind; a clock that is behind is so in every message.
    #[must_use]
    pub fn skew_ms(&self) -> Option<i64> {
        self.skews_ms.iter().copied().max()
    }

    /// Readings by name of the quality mark.
    #[must_use]
    pub fn flags(&self) -> BTreeMap<&'static str, u64> {
        self.marks.iter().flat_map(|(flag, count)| flag.names().map(|name| (name, *count))).collect()
    }

    /// Readings by whose clock their time is from; only clocks that occurred.
    #[must_use]
    pub fn clocks(&self) -> BTreeMap<&'static str, u64> {
        let all = TimeFrom::ALL.into_iter().map(TimeFrom::name).zip(self.clocks);
        all.filter(|(_, count)| *count > 0).collect()
    }

    /// Counts the marks and the clock of one reading.
    fn count(&mut self, flags: Flags) {
        if let Some(clock) = flags.time_from()
            && let Some(count) = self.clocks.get_mut(clock as usize)
        {
            *count += 1;
        }
        if !flags.is_empty() {
            for (flag, _) in Flags::NAMES.into_iter().filter(|(flag, _)| flags.has(*flag)) {
                *self.marks.entry(flag).or_default() += 1;
            }
        }
    }
}

/// The tallies of all registered devices; clones share them.
#[derive(Debug, Clone, Default)]
pub struct Tallies(Arc<Mutex<Held>>);

#[derive(Debug, Default)]
struct Held {
    of: HashMap<Id, Tally>,
    /// Since they were last taken for a checkpoint.
    is_changed: bool,
}

impl Tallies {
    fn held(&self) -> MutexGuard<'_, Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts the readings of one device in one message. `stated` is the newest time that the message says, if it
    /// says one and is not a kept one.
    pub(super) fn heard(&self, sensor: &Id, readings: &[Reading], via: Via<'_>, stated: Option<Instant>) {
        let Via { format, arrival, .. } = via;
        let mut held = self.held();
        held.is_changed = true;
        if !held.of.contains_key(sensor) {
            held.of.insert(sensor.clone(), Tally { since: Some(arrival), ..Tally::default() });
        }
        let Some(tally) = held.of.get_mut(sensor) else { return };
        tally.messages += 1;
        tally.readings += readings.len() as u64;
        if !via.is_retained {
            // What comes out of the quarantine came when it came first.
            tally.arrival = tally.arrival.max(Some(arrival));
        }
        if let Some(stated) = stated {
            tally.skews_ms.push(stated.since(arrival));
            let surplus = tally.skews_ms.len().saturating_sub(SKEWS);
            tally.skews_ms.drain(..surplus);
        }
        readings.iter().for_each(|reading| tally.count(reading.flags));
        if let Some(format) = format
            && tally.formats.len() < MOST_FORMATS
            && !tally.formats.iter().any(|held| held == format.name())
        {
            tally.formats.push(format.name().to_owned());
        }
    }

    /// Forgets devices that a register does not know.
    pub(super) fn keep(&self, register: &Register) {
        self.held().of.retain(|sensor, _| register.knows_sensor(sensor));
    }

    /// A copy of all.
    #[must_use]
    pub fn all(&self) -> HashMap<Id, Tally> {
        self.held().of.clone()
    }

    /// A copy for a checkpoint, if anything was counted since the last one.
    pub(super) fn take_changed(&self) -> Option<HashMap<Id, Tally>> {
        let mut held = self.held();
        std::mem::take(&mut held.is_changed).then(|| held.of.clone())
    }

    /// Goes on with what a checkpoint holds.
    pub(super) fn restore(&self, of: HashMap<Id, Tally>) {
        *self.held() = Held { of, is_changed: false };
    }
}

#[cfg(test)]
mod tests {
    use ingest::Format;
    use model::{Quantity, Series};

    use super::*;

    #[test]
    fn what_the_broker_had_kept_and_what_is_tried_again_is_no_sign_of_life() {
        let (tallies, sensor) = (Tallies::default(), Id::fold("air-1"));
        let heard = |ms: i64, is_retained: bool| {
            let arrival = Instant::from_millis(1_800_000_000_000 + ms);
            let via = Via { topic: "a/b", format: Some(Format::Senml), arrival, is_retained };
            tallies.heard(&sensor, &[], via, None);
            tallies.all()[&sensor].arrival.map(|at| at.millis() - 1_800_000_000_000)
        };
        assert_eq!(heard(0, true), None);
        assert_eq!(heard(5, false), Some(5));
        assert_eq!(heard(9, true), Some(5));
        assert_eq!(heard(3, false), Some(5), "out of the quarantine, by its first arrival");
    }

    #[test]
    fn a_device_is_counted_by_mark_and_clock_and_goes_on_behind_a_checkpoint() {
        let tallies = Tallies::default();
        let sensor = Id::fold("air-1");
        let at = Instant::from_millis(1_800_000_000_000);
        let series = Series { sensor: sensor.clone(), quantity: Quantity::Co2, channel: None };
        let hear = |tallies: &Tallies, marks: Flags, clock| {
            let mut reading = Reading::new(series.clone(), at, 600.0).unwrap();
            reading.flags = marks.timed_by(clock);
            let arrival = at.plus_ms(400);
            let via = Via { topic: "a/b", format: Some(Format::Senml), arrival, is_retained: false };
            tallies.heard(&sensor, &[reading], via, Some(at));
        };
        hear(&tallies, Flags::LATE.with(Flags::SPIKE), TimeFrom::Gateway);
        hear(&tallies, Flags::LATE, TimeFrom::Device);
        let saved = tallies.take_changed().unwrap();
        assert_eq!(tallies.take_changed(), None, "nothing has come since");
        let bytes = rmp_serde::to_vec_named(&saved).unwrap();
        let later = Tallies::default();
        later.restore(rmp_serde::from_slice(&bytes).unwrap());
        hear(&later, Flags::NONE, TimeFrom::Device);
        let tally = &later.all()[&sensor];
        assert_eq!((tally.messages, tally.readings, tally.skew_ms()), (3, 3, Some(-400)));
        assert_eq!(tally.flags(), BTreeMap::from([("late", 2), ("spike", 1)]));
        assert_eq!(tally.clocks(), BTreeMap::from([("device", 2), ("gateway", 1)]));
        assert_eq!(
            (tally.since, tally.formats.as_slice()),
            (Some(at.plus_ms(400)), &["senml".to_owned()][..])
        );
    }
}
