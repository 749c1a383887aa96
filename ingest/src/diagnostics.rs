//! What a vendor's sensor is told about its own messages, on a topic beside the one it publishes on.
//!
//! A sensor is told when its standing changes (first message, first refusal, another refusal, accepted
//! again) and at most once a minute; what changes within the minute is told at its end. Sensors that
//! were not heard for long are forgotten first, so that a flood of topics cannot fill the memory.

use std::collections::{HashMap, VecDeque};

use model::Instant;
use serde::Serialize;

use crate::{DecodeError, Decoded, formats::senml::NATIVE};

/// The last level of the topic that diagnoses are published on.
pub(crate) const LEVEL: &str = "/diagnostics";

/// A sensor is told no more often, ms.
pub(crate) const PAUSE_MS: i64 = 60_000;

/// Sensors in one of the two halves of the book; beyond both the longest unheard are forgotten.
const HALF: usize = 50_000;

/// Sensors in line that are looked at in one call: the line may be long, and whoever notes waits meanwhile.
const LOOKED_AT: usize = 10_000;

/// Longest name of a sensor that is answered, bytes: longer ones are no ids and not worth the memory.
const LONGEST: usize = 128;

/// Longest words of an error that are kept, characters.
const LONGEST_WORDS: usize = 300;

/// Whether a topic is one that diagnoses are published on.
pub(crate) fn is_diagnostics(topic: &str) -> bool {
    topic.starts_with(NATIVE) && topic.ends_with(LEVEL)
}

/// What a sensor's newest message was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Standing {
    /// It brought readings.
    Accepted,
    /// It was understood and brought none.
    Ignored,
    /// It broke the contract.
    Refused,
}

impl Standing {
    /// Every standing, by its name on the wire.
    pub(crate) const NAMES: [&str; 3] = ["accepted", "ignored", "refused"];
}

/// Why the newest refused message was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct LastError {
    kind: &'static str,
    message: Box<str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<Box<str>>,
    time: Instant,
}

/// What is remembered of a sensor.
#[derive(Debug)]
struct Seen {
    standing: Standing,
    accepted: u64,
    ignored: u64,
    refused: u64,
    readings: u64,
    last_error: Option<Box<LastError>>,
    heard: Instant,
    told: Option<Instant>,
    /// Whether it waits to be told.
    is_due: bool,
}

#[derive(Serialize)]
struct Body<'s> {
    time: Instant,
    state: Standing,
    accepted: u64,
    ignored: u64,
    refused: u64,
    readings: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_error: Option<&'s LastError>,
}

/// What is to be published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnosis {
    /// The sensor as its topic names it.
    pub sensor: String,
    /// Where to: `normwatch/v1/{sensor}/diagnostics`.
    pub topic: String,
    /// A JSON object; its schema stands in [`crate::asyncapi()`].
    pub payload: Vec<u8>,
}

/// What every sensor of the native contract is to be told. Memory is bounded; time is an argument.
///
/// # Examples
/// ```
/// use ingest::{Decoder, Diagnostics, Message, Routes};
/// use model::Instant;
/// let (topic, payload) = ("normwatch/v1/r301", br#"[{"n":"co2","v":"high"}]"#);
/// let message = Message { topic, payload, retained: false, received_at: None };
/// let outcome = Decoder::new(Routes::defaults()).decode_message(&message);
/// let mut diagnostics = Diagnostics::default();
/// let now = Instant::from_millis(1_773_100_800_000);
/// diagnostics.note(topic, &outcome.result, now);
/// let told = diagnostics.take_due(now, 10);
/// assert_eq!(told[0].topic, "normwatch/v1/r301/diagnostics");
/// assert!(String::from_utf8_lossy(&told[0].payload).contains(r#""kind":"wrong_type""#));
/// ```
#[derive(Debug, Default)]
pub struct Diagnostics {
    /// Heard since the halves were last changed over.
    young: HashMap<Box<str>, Seen>,
    /// Heard before that.
    old: HashMap<Box<str>, Seen>,
    /// Sensors with something to be told, in the order in which it came up.
    due: VecDeque<Box<str>>,
}

impl Diagnostics {
    /// Notes what became of a message. Topics outside the native contract are nobody's to answer.
    pub fn note(&mut self, topic: &str, result: &Result<Decoded, DecodeError>, now: Instant) {
        let Some(sensor) = topic.strip_prefix(NATIVE) else { return };
        if sensor.is_empty() || sensor.len() > LONGEST || sensor.contains('/') {
            return;
        }
        let has_room = self.due.len() < 2 * HALF;
        let Some(seen) = self.seen(sensor) else { return };
        let (standing, error) = match result {
            Ok(Decoded::Readings(readings)) => {
                seen.readings += readings.len() as u64;
                (Standing::Accepted, None)
            }
            Ok(Decoded::Ignored(_)) => (Standing::Ignored, None),
            Err(error) => (Standing::Refused, Some(error)),
        };
        if seen.take(standing, error, now) && !seen.is_due && has_room {
            seen.is_due = true;
            self.due.push_back(sensor.into());
        }
    }

    /// What is remembered of a sensor, moved to or made in the young half.
    fn seen(&mut self, sensor: &str) -> Option<&mut Seen> {
        if !self.young.contains_key(sensor) {
            if self.young.len() >= HALF {
                self.old = std::mem::take(&mut self.young);
            }
            let seen = self.old.remove(sensor).unwrap_or_else(Seen::new);
            self.young.insert(sensor.into(), seen);
        }
        self.young.get_mut(sensor)
    }

    /// At most `most` sensors that are to be told something at `now`, and what.
    pub fn take_due(&mut self, now: Instant, most: usize) -> Vec<Diagnosis> {
        let mut told = Vec::new();
        for _ in 0..self.due.len().min(LOOKED_AT) {
            if told.len() >= most {
                break;
            }
            let Some(sensor) = self.due.pop_front() else { break };
            let seen = self.young.get_mut(&sensor).or_else(|| self.old.get_mut(&sensor));
            // A sensor that was forgotten meanwhile begins anew when it speaks again.
            let Some(seen) = seen else { continue };
            if seen.told.is_some_and(|told| (0..PAUSE_MS).contains(&now.since(told))) {
                self.due.push_back(sensor);
                continue;
            }
            seen.told = Some(now);
            seen.is_due = false;
            let payload = serde_json::to_vec(&seen.body()).unwrap_or_default();
            let topic = format!("{NATIVE}{sensor}{LEVEL}");
            told.push(Diagnosis { sensor: sensor.into(), topic, payload });
        }
        told
    }

    /// How many sensors are remembered, and how many wait to be told.
    #[must_use]
    pub fn size(&self) -> (usize, usize) {
        (self.young.len() + self.old.len(), self.due.len())
    }
}

impl Seen {
    fn new() -> Self {
        Self {
            standing: Standing::Ignored,
            accepted: 0,
            ignored: 0,
            refused: 0,
            readings: 0,
            last_error: None,
            heard: Instant::from_millis(0),
            told: None,
            is_due: false,
        }
    }

    /// Counts a message; true when the sensor has to be told of it.
    fn take(&mut self, standing: Standing, error: Option<&DecodeError>, now: Instant) -> bool {
        let is_first = self.accepted + self.ignored + self.refused == 0;
        *match standing {
            Standing::Accepted => &mut self.accepted,
            Standing::Ignored => &mut self.ignored,
            Standing::Refused => &mut self.refused,
        } += 1;
        let is_same_error = error.is_none_or(|error| {
            self.last_error.as_ref().is_some_and(|last| {
                last.kind == error.kind.name() && last.field.as_deref() == error.field.as_deref()
            })
        });
        if let Some(error) = error {
            self.last_error = Some(Box::new(LastError::of(error, now)));
        }
        let is_news = is_first || standing != self.standing || !is_same_error;
        self.standing = standing;
        self.heard = now;
        is_news
    }

    fn body(&self) -> Body<'_> {
        Body {
            time: self.heard,
            state: self.standing,
            accepted: self.accepted,
            ignored: self.ignored,
            refused: self.refused,
            readings: self.readings,
            last_error: self.last_error.as_deref(),
        }
    }
}

impl LastError {
    fn of(error: &DecodeError, time: Instant) -> Self {
        let short = |text: &str| text.chars().take(LONGEST_WORDS).collect::<String>().into_boxed_str();
        Self {
            kind: error.kind.name(),
            message: short(&error.message),
            field: error.field.as_deref().map(short),
            time,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;

    fn at(secs: i64) -> Instant {
        Instant::from_millis(1_773_100_800_000 + secs * 1000)
    }

    fn refused(field: &str) -> Result<Decoded, DecodeError> {
        Err(DecodeError::at(ErrorKind::WrongType, field, "no"))
    }

    fn good() -> Result<Decoded, DecodeError> {
        Ok(Decoded::Readings(Vec::new()))
    }

    fn told(diagnostics: &mut Diagnostics, now: Instant) -> Option<serde_json::Value> {
        diagnostics.take_due(now, 1).first().map(|told| serde_json::from_slice(&told.payload).unwrap())
    }

    #[test]
    fn a_change_is_told_at_once_and_the_next_when_its_minute_is_over() {
        let mut d = Diagnostics::default();
        d.note("normwatch/v1/a", &good(), at(0));
        assert_eq!(told(&mut d, at(0)).unwrap()["state"], "accepted");
        d.note("normwatch/v1/a", &good(), at(1));
        assert_eq!(told(&mut d, at(70)), None, "nothing has changed");
        d.note("normwatch/v1/a", &refused("v"), at(80));
        let first = told(&mut d, at(80)).unwrap();
        assert_eq!((first["state"].as_str(), first["accepted"].as_u64()), (Some("refused"), Some(2)));
        assert_eq!(first["last_error"]["field"], "v");
        d.note("normwatch/v1/a", &refused("v"), at(81));
        d.note("normwatch/v1/a", &refused("u"), at(82));
        d.note("normwatch/v1/a", &good(), at(83));
        assert_eq!(told(&mut d, at(139)), None);
        let last = told(&mut d, at(140)).unwrap();
        assert_eq!((last["state"].as_str(), last["refused"].as_u64()), (Some("accepted"), Some(3)));
        assert_eq!(last["last_error"]["field"], "u", "the newest error stays to be read");
        assert_eq!(told(&mut d, at(1000)), None);
    }

    #[test]
    fn topics_outside_the_contract_and_our_own_are_not_answered() {
        let mut d = Diagnostics::default();
        let long = format!("normwatch/v1/{}", "x".repeat(LONGEST + 1));
        for topic in ["zigbee2mqtt/a", "normwatch/v1/a/diagnostics", "normwatch/v1/", &long] {
            d.note(topic, &refused("v"), at(0));
        }
        assert_eq!(d.size(), (0, 0));
    }

    #[test]
    fn a_flood_of_sensors_is_bounded_and_those_that_are_heard_stay() {
        let mut d = Diagnostics::default();
        for n in 0..4 * HALF {
            d.note("normwatch/v1/steady", &good(), at(0));
            d.note(&format!("normwatch/v1/flood-{n}"), &good(), at(0));
            d.take_due(at(0), usize::from(n % 2 == 0));
        }
        let (known, due) = d.size();
        assert!(known <= 2 * HALF && due <= 2 * HALF, "{:?}", d.size());
        d.note("normwatch/v1/steady", &refused("v"), at(100));
        while let Some(body) = told(&mut d, at(100)) {
            if body["state"] == "refused" {
                assert_eq!(body["accepted"], 4 * HALF);
                return;
            }
        }
        panic!("it was forgotten");
    }
}
