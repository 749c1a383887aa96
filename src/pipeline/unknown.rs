//! Who publishes and is in no register, and which topics nobody understands: bounded, and kept over a restart.
//!
//! The rule when it is full: those that are listed stay until they have been silent for a day; others are
//! counted, not listed. So neither a hundred thousand topics nor one that changes its name with every
//! message fills memory or disk.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use ingest::Format;
use model::{Id, Instant, Reading, Register};
use serde::{Deserialize, Serialize};

use crate::{
    spool::Refusal,
    view::{Latest, Misunderstood, UnknownSensor, Unlisted},
};

/// Unknown sensors that are listed.
const MOST_SENSORS: usize = 10_000;
/// Topics that are listed with what is wrong with their newest message.
const MOST_TOPICS: usize = 1_000;
/// Readings of the newest message that are kept.
const MOST_READINGS: usize = 16;
/// Bytes of a topic or a reason that are kept.
const MOST_TEXT: usize = 256;
/// Whoever has been silent for so long makes room, ms.
const SILENT_MS: i64 = 24 * 3_600_000;
/// How often room is looked for while a list is full, ms.
const SWEEP_MS: i64 = 60_000;

/// The lists; shared by the intake, which meets them, and the board, which shows them.
#[derive(Debug, Clone, Default)]
pub struct Unknown(Arc<Mutex<Lists>>);

#[derive(Debug, Default)]
struct Lists {
    sensors: BTreeMap<Id, Arc<UnknownSensor>>,
    topics: BTreeMap<String, Arc<Misunderstood>>,
    unlisted: Unlisted,
    swept: Option<Instant>,
    /// Since they were last taken for a checkpoint.
    is_changed: bool,
}

/// The lists as a checkpoint holds them.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Saved {
    sensors: Vec<SavedSensor>,
    topics: Vec<Misunderstood>,
    unlisted: Unlisted,
}

#[derive(Debug, Serialize, Deserialize)]
struct SavedSensor {
    sensor: Id,
    topic: String,
    format: Option<String>,
    first: Instant,
    last: Instant,
    messages: u64,
    readings: Vec<Reading>,
}

/// How a message came.
#[derive(Debug, Clone, Copy)]
pub(super) struct Via<'a> {
    pub(super) topic: &'a str,
    pub(super) format: Option<Format>,
    pub(super) arrival: Instant,
    /// Kept by the broker, and told again when we subscribed.
    pub(super) is_retained: bool,
}

impl Unknown {
    fn lists(&self) -> MutexGuard<'_, Lists> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes a message of a sensor that the register does not know.
    pub(super) fn saw(&self, sensor: &Id, via: Via<'_>, readings: &[Reading]) {
        let mut lists = self.lists();
        lists.is_changed = true;
        if !lists.sensors.contains_key(sensor) {
            lists.sweep(via.arrival);
            if lists.sensors.len() >= MOST_SENSORS {
                lists.unlisted.sensor_messages += 1;
                return;
            }
            let new = UnknownSensor {
                sensor: sensor.clone(),
                topic: cut(via.topic),
                format: via.format.map(Format::name),
                first: via.arrival,
                last: via.arrival,
                messages: 0,
                readings: Vec::new(),
            };
            lists.sensors.insert(sensor.clone(), Arc::new(new));
        }
        let Some(held) = lists.sensors.get_mut(sensor).map(Arc::make_mut) else { return };
        if held.topic != via.topic {
            held.topic = cut(via.topic);
        }
        held.format = via.format.map(Format::name);
        held.last = held.last.max(via.arrival);
        held.messages += 1;
        held.readings = readings.iter().take(MOST_READINGS).map(Latest::from).collect();
    }

    /// Notes a message that could not be understood.
    pub(super) fn failed(&self, refusal: &Refusal, arrival: Instant) {
        let topic = cut(&refusal.topic);
        let mut lists = self.lists();
        lists.is_changed = true;
        if !lists.topics.contains_key(&topic) {
            lists.sweep(arrival);
            if lists.topics.len() >= MOST_TOPICS {
                lists.unlisted.topic_messages += 1;
                return;
            }
        }
        let new = || {
            let (kind, reason) = (refusal.kind.clone(), cut(&refusal.reason));
            let topic = topic.clone();
            Arc::new(Misunderstood { topic, kind, reason, first: arrival, last: arrival, messages: 0 })
        };
        let held = Arc::make_mut(lists.topics.entry(topic.clone()).or_insert_with(new));
        held.messages += 1;
        held.last = held.last.max(arrival);
        if held.reason != refusal.reason {
            (held.kind, held.reason) = (refusal.kind.clone(), cut(&refusal.reason));
        }
    }

    /// A topic speaks so that it is understood, again or for the first time.
    pub(super) fn understood(&self, topic: &str) {
        let mut lists = self.lists();
        if !lists.topics.is_empty() && lists.topics.remove(cut(topic).as_str()).is_some() {
            lists.is_changed = true;
        }
    }

    /// Forgets those that a register knows.
    pub(super) fn forget(&self, register: &Register) {
        let mut lists = self.lists();
        let before = lists.sensors.len();
        lists.sensors.retain(|sensor, _| !register.knows_sensor(sensor));
        lists.is_changed |= lists.sensors.len() < before;
    }

    /// A copy for a checkpoint, if anything is new since the last one.
    pub(super) fn take_changed(&self) -> Option<Saved> {
        let mut lists = self.lists();
        if !std::mem::take(&mut lists.is_changed) {
            return None;
        }
        let sensors = lists.sensors.values().map(|held| SavedSensor::of(held)).collect();
        let topics = lists.topics.values().map(|held| held.as_ref().clone()).collect();
        Some(Saved { sensors, topics, unlisted: lists.unlisted })
    }

    /// Goes on with what a checkpoint holds.
    pub(super) fn restore(&self, saved: Saved) {
        let Saved { sensors, topics, unlisted } = saved;
        let sensors = sensors.into_iter().take(MOST_SENSORS);
        let topics = topics.into_iter().take(MOST_TOPICS);
        *self.lists() = Lists {
            sensors: sensors.map(|held| (held.sensor.clone(), Arc::new(held.shown()))).collect(),
            topics: topics.map(|held| (held.topic.clone(), Arc::new(held))).collect(),
            unlisted,
            swept: None,
            is_changed: false,
        };
    }

    /// Copies for pages: sensors by id, topics by name, and what came beyond the lists.
    pub(super) fn list(&self) -> (Vec<Arc<UnknownSensor>>, Vec<Arc<Misunderstood>>, Unlisted) {
        let lists = self.lists();
        (lists.sensors.values().cloned().collect(), lists.topics.values().cloned().collect(), lists.unlisted)
    }
}

impl SavedSensor {
    fn of(held: &UnknownSensor) -> Self {
        Self {
            sensor: held.sensor.clone(),
            topic: held.topic.clone(),
            format: held.format.map(str::to_owned),
            first: held.first,
            last: held.last,
            messages: held.messages,
            readings: held.readings.iter().map(Latest::reading).collect(),
        }
    }

    fn shown(self) -> UnknownSensor {
        let Self { sensor, topic, format, first, last, messages, readings } = self;
        // A format of another release has no name here.
        let format = format.and_then(|name| Format::parse(&name)).map(Format::name);
        let readings = readings.iter().map(Latest::from).collect();
        UnknownSensor { sensor, topic, format, first, last, messages, readings }
    }
}

impl Lists {
    /// Makes room where a list is full: looked for once a minute, so that a flood costs no more than its counting.
    fn sweep(&mut self, now: Instant) {
        let is_full = self.sensors.len() >= MOST_SENSORS || self.topics.len() >= MOST_TOPICS;
        if !is_full || self.swept.is_some_and(|swept| now.since(swept) < SWEEP_MS) {
            return;
        }
        self.swept = Some(now);
        self.sensors.retain(|_, held| now.since(held.last) < SILENT_MS);
        self.topics.retain(|_, held| now.since(held.last) < SILENT_MS);
    }
}

/// The text, or as much of it as is kept.
fn cut(text: &str) -> String {
    let end = (0..=MOST_TEXT.min(text.len())).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    text.get(..end).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use model::{Quantity, Series};

    use super::*;

    fn at(ms: i64) -> Instant {
        Instant::from_millis(1_800_000_000_000 + ms)
    }

    fn saw(unknown: &Unknown, name: &str, ms: i64) {
        let series = Series { sensor: Id::fold(name), quantity: Quantity::Co2, channel: None };
        let reading = Reading::new(series, at(ms), 600.0).unwrap();
        let via = Via { topic: "a/b", format: Some(Format::Senml), arrival: at(ms), is_retained: false };
        unknown.saw(&Id::fold(name), via, &[reading]);
    }

    #[test]
    fn a_hundred_thousand_topics_are_counted_and_not_all_listed_and_the_silent_make_room() {
        let unknown = Unknown::default();
        for n in 0..100_000 {
            saw(&unknown, &format!("s-{n}"), n);
            unknown.failed(&refusal(&format!("t/{n}")), at(n));
        }
        let (sensors, topics, unlisted) = unknown.list();
        assert_eq!((sensors.len(), topics.len()), (MOST_SENSORS, MOST_TOPICS));
        assert_eq!(unlisted, Unlisted { sensor_messages: 90_000, topic_messages: 99_000 });
        saw(&unknown, "late", SILENT_MS + 200_000);
        let (sensors, topics, _) = unknown.list();
        assert_eq!((sensors.len(), topics.len()), (1, 0));
    }

    fn refusal(topic: &str) -> Refusal {
        Refusal {
            topic: topic.to_owned(),
            payload: b"x".to_vec(),
            kind: "syntax".to_owned(),
            reason: "错".repeat(200),
            field: None,
            speaker: None,
            is_retained: false,
        }
    }

    #[test]
    fn the_newest_message_is_kept_with_since_when_and_how_often() {
        let unknown = Unknown::default();
        saw(&unknown, "s", 0);
        saw(&unknown, "s", 500);
        unknown.failed(&refusal("t"), at(7));
        let (sensors, topics, _) = unknown.list();
        let held = &sensors[0];
        assert_eq!((held.first, held.last, held.messages), (at(0), at(500), 2));
        assert_eq!((held.readings.len(), held.readings[0].time), (1, at(500)));
        assert!(topics[0].reason.len() <= MOST_TEXT && topics[0].reason.ends_with('错'));
    }

    #[test]
    fn the_lists_go_on_behind_a_checkpoint() {
        let unknown = Unknown::default();
        saw(&unknown, "s", 0);
        unknown.failed(&refusal("t"), at(7));
        let bytes = rmp_serde::to_vec_named(&unknown.take_changed().unwrap()).unwrap();
        assert!(unknown.take_changed().is_none(), "nothing has come since");
        let later = Unknown::default();
        later.restore(rmp_serde::from_slice(&bytes).unwrap());
        assert_eq!(later.list(), unknown.list());
        saw(&later, "s", 900);
        assert_eq!((later.list().0[0].messages, later.list().0[0].first), (2, at(0)));
    }
}
