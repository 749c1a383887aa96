//! The conformance check: what a message lacks of the contract, in words that a vendor can act on.
//!
//! Decoding forgives what it can. This says what was forgiven, and how to publish so that nothing needs to be.

mod native;

use model::{Nature, Quantity};
use serde::Serialize;

use crate::{
    DecodeError, Decoded, Decoder, Format, RawReading,
    fields::Walk,
    formats::senml::NATIVE,
    line::{self, Input},
    tape::{self, Tape},
};

/// Most unknown names that are told of one message.
const MOST_NAMES: usize = 20;

/// Earlier times are a clock that was never set, s since 1970 (2005-01-01).
const FIRST_S: i64 = 1_104_537_600;

/// A time may be this far ahead of its arrival, ms.
const AHEAD_MS: i64 = 300_000;

/// One thing that a message lacks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Finding {
    /// What kind of lack, in snake case.
    pub(crate) kind: &'static str,
    /// What to do about it.
    pub(crate) message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) field: Option<String>,
}

impl Finding {
    pub(crate) fn new(kind: &'static str, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), field: None }
    }

    pub(crate) fn of(kind: &'static str, field: &str, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), field: Some(field.to_owned()) }
    }
}

/// The answer of the conformance check to one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Strict {
    /// The line of output: that of plain decoding, with a list `findings` added; without line end.
    pub line: String,
    /// The kind of each finding; empty when the message follows the contract.
    pub kinds: Vec<&'static str>,
}

/// Decodes one line as [`crate::decode_line`] does, and adds what the message lacks of the contract for vendors.
///
/// Quality of service, clean start and session cannot be seen in a recording; a line may carry `"qos"`.
///
/// # Examples
/// ```
/// use ingest::{Decoder, Routes, decode_line_strictly};
/// let line = r#"{"topic":"normwatch/v1/r301","payload":"[{\"n\":\"co2\",\"v\":734}]"}"#;
/// let answer = decode_line_strictly(&mut Decoder::new(Routes::defaults()), None, line);
/// assert_eq!(answer.kinds, ["no_unit", "no_time"]);
/// ```
#[must_use]
pub fn decode_line_strictly(decoder: &mut Decoder, format: Option<Format>, text: &str) -> Strict {
    let (format, result, findings) = match line::read(text) {
        Ok(input) => {
            let (format, result) = line::decode(decoder, format, &input);
            let findings = findings(decoder, format, &result, &input);
            (format, result, findings)
        }
        Err(error) => {
            let findings = vec![of_error(&error)];
            (None, Err(error), findings)
        }
    };
    let mut line = line::print(format, &result, |_| true);
    // The line is an object; the findings are its last member.
    if line.pop() == Some('}')
        && let Ok(list) = serde_json::to_string(&findings)
    {
        line.push_str(",\"findings\":");
        line.push_str(&list);
    }
    line.push('}');
    Strict { line, kinds: findings.iter().map(|finding| finding.kind).collect() }
}

fn findings(
    decoder: &Decoder,
    format: Option<Format>,
    result: &Result<Decoded, DecodeError>,
    input: &Input<'_>,
) -> Vec<Finding> {
    let mut found = Vec::new();
    let topic = input.topic.as_deref().unwrap_or_default();
    let payload = line::payload(input).unwrap_or_default();
    let text = tape::text(&payload).unwrap_or_default();
    let tape = Tape::parse(text).ok();
    if !topic.starts_with(NATIVE) {
        found.push(Finding::new(
            "topic",
            "publish on `normwatch/v1/{sensor}`, so that the topic names the sensor",
        ));
    }
    if input.retained {
        found.push(Finding::new(
            "retained",
            "publish with retain off: a kept value of unknown age is no news",
        ));
    }
    if input.qos == Some(0) {
        found.push(Finding::new("qos", "publish with QoS 1: QoS 0 is lost in every outage"));
    }
    match result {
        Err(error) => found.push(of_error(error)),
        Ok(Decoded::Ignored(reason)) => {
            let message = format!("nothing is read from it (`{reason}`)");
            found.push(Finding::new("no_reading", message));
        }
        Ok(Decoded::Readings(readings)) => found.extend(of_readings(readings, input)),
    }
    match (&tape, format) {
        (Some(tape), Some(Format::Senml | Format::Lwm2mSenml)) => found.extend(native::findings(tape.root())),
        (Some(tape), Some(format)) => found.extend(of_names(decoder, tape, format)),
        _ => {}
    }
    found
}

fn of_error(error: &DecodeError) -> Finding {
    Finding { kind: error.kind.name(), message: error.message.clone(), field: error.field.clone() }
}

/// What the readings themselves give away, whatever the format.
fn of_readings(readings: &[RawReading], input: &Input<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    let has = |quantity| readings.iter().any(|reading| reading.quantity == quantity);
    for reading in readings {
        let name = reading.quantity.name();
        let finding = match reading.quantity {
            _ if !reading.quantity.is_plausible(reading.value) => Some((
                "range",
                format!("{} lies outside the physical range and enters no measure", reading.value),
            )),
            Quantity::PeopleIn if !has(Quantity::PeopleInTotal) => Some(uncounted("people_in_total")),
            Quantity::PeopleOut if !has(Quantity::PeopleOutTotal) => Some(uncounted("people_out_total")),
            quantity if quantity.nature() == Nature::Interval => Some((
                "no_interval",
                "an amount needs to say of how long: publish the register's reading, or have interval_s set"
                    .to_owned(),
            )),
            _ => None,
        };
        found.extend(finding.map(|(kind, message)| Finding::of(kind, name, message)));
        if let (Some(at), name) = (reading.time, name) {
            found.extend(of_clock(at, input.received_at).map(|message| Finding::of("clock", name, message)));
        }
    }
    found.dedup();
    found
}

fn uncounted(total: &str) -> (&'static str, String) {
    ("no_total", format!("a lost message loses what it counted: publish the running `{total}` as well"))
}

fn of_clock(at: model::Instant, received_at: Option<model::Instant>) -> Option<&'static str> {
    if at.millis() < FIRST_S * 1000 {
        return Some("the time lies before 2005: set the clock before publishing");
    }
    let is_ahead = received_at.is_some_and(|arrival| at.millis() - arrival.millis() > AHEAD_MS);
    is_ahead.then_some("the time lies more than 5 minutes after the arrival: set the clock")
}

/// Names that nothing is read under.
fn of_names(decoder: &Decoder, tape: &Tape<'_>, format: Format) -> Vec<Finding> {
    let root = tape.root();
    let inside = [
        root.get("object"),
        root.path(&["uplink_message", "decoded_payload"]),
        root.get("payload_fields"),
        root.path(&["params"]),
    ];
    let object = inside.into_iter().flatten().next().unwrap_or(root);
    let names = Walk::new(decoder.names(), format.name()).unknown(object);
    let told = names.into_iter().take(MOST_NAMES);
    let finding =
        |name: &str| Finding::of("unknown_name", name, "no quantity is known by this name: it is not read");
    let mut found: Vec<Finding> = told.map(finding).collect();
    if root.is_object() && !has_time(root) {
        found.push(Finding::new("no_time", "the message says no time: the arrival counts"));
    }
    found
}

/// Whether a time stands anywhere in the message.
fn has_time(root: tape::Cursor<'_, '_>) -> bool {
    root.leaves().any(|(leaf, _)| {
        leaf.name()
            .is_some_and(|name| crate::roles::is_time(name) || matches!(name, "received_at" | "last_seen"))
            && crate::near::instant(leaf).is_some()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Routes;

    fn kinds(line: &str) -> Vec<&'static str> {
        decode_line_strictly(&mut Decoder::new(Routes::defaults()), None, line).kinds
    }

    fn pack(records: &str) -> String {
        let payload = serde_json::to_string(records).unwrap();
        format!(r#"{{"topic":"normwatch/v1/r301","payload":{payload}}}"#)
    }

    #[test]
    fn a_message_that_follows_the_contract_has_no_findings() {
        let sound = r#"[{"bn":"r301:","bt":1773100800,"n":"co2","u":"ppm","v":734},{"n":"occupied","vb":true},
            {"n":"people_count","v":3}]"#;
        assert_eq!(kinds(&pack(sound)), [""; 0]);
    }

    #[test]
    fn each_lack_is_told_once_a_name() {
        let lacking = r#"[{"n":"co2","v":734},{"n":"co2","v":735},{"n":"voltage","u":"mV","v":3000},{"n":"vibe","v":1}]"#;
        assert_eq!(
            kinds(&pack(lacking)),
            ["no_unit", "no_time", "unit", "no_time", "unknown_name", "no_time"]
        );
        assert_eq!(kinds(&pack(r#"[{"n":"co2","u":"furlong","v":1,"t":1773100800}]"#)), ["bad_unit", "unit"]);
        assert_eq!(kinds(&pack(r#"[{"n":"energy","u":"kWh","v":1,"t":1773100800}]"#)), ["no_interval"]);
        assert_eq!(kinds(&pack(r#"[{"n":"co2","u":"ppm","v":5,"t":1000000000}]"#)), ["range", "clock"]);
    }

    #[test]
    fn other_formats_lack_the_topic_and_their_unread_names_are_listed() {
        let line = r#"{"topic":"a/b","payload":"{\"co2\":600,\"vibe\":3,\"alarm\":{\"x\":1}}","qos":0}"#;
        assert_eq!(kinds(line), ["topic", "qos", "unknown_name", "no_time"]);
        let answer = decode_line_strictly(&mut Decoder::new(Routes::defaults()), None, line);
        assert!(
            answer.line.starts_with(r#"{"format":"vendor-json","readings":[{"sensor":"b""#),
            "{}",
            answer.line
        );
        assert!(answer.line.contains(r#""kind":"unknown_name","message":"no quantity"#), "{}", answer.line);
        assert!(answer.line.ends_with("]}") && answer.line.contains(r#""field":"vibe""#), "{}", answer.line);
    }

    #[test]
    fn a_line_that_is_no_message_is_a_finding_too() {
        assert_eq!(kinds("{"), ["not_json"]);
        assert_eq!(kinds(r#"{"topic":"normwatch/v1/a","payload":"[]"}"#), ["no_reading"]);
    }
}
