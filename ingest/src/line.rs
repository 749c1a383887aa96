//! One line of the `decode` command: a message in, what it said out.

use std::borrow::Cow;

use base64::{Engine, prelude::BASE64_STANDARD};
use model::{Id, Instant, Quantity, Unit};
use serde::{Deserialize, Serialize};

use crate::{DecodeError, Decoded, Decoder, ErrorKind, Format, Message, RawReading};

/// The input line. Other keys are comments.
#[derive(Deserialize)]
pub(crate) struct Input<'a> {
    #[serde(borrow)]
    pub(crate) topic: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    payload: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    payload_base64: Option<Cow<'a, str>>,
    #[serde(default)]
    pub(crate) received_at: Option<Instant>,
    #[serde(default)]
    pub(crate) retained: bool,
    /// Quality of service of the publication, where whoever recorded the line noted it.
    #[serde(default)]
    pub(crate) qos: Option<u8>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Output<'o> {
    Readings { format: Option<&'static str>, readings: Vec<Row<'o>> },
    Ignored { format: Option<&'static str>, ignored: &'static str },
    Error { error: Fault<'o> },
}

#[derive(Serialize)]
struct Row<'o> {
    sensor: &'o Id,
    quantity: Quantity,
    value: f64,
    unit: Unit,
    time: Option<Instant>,
    #[serde(skip_serializing_if = "Option::is_none")]
    channel: Option<&'o Id>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    flags: Vec<&'static str>,
}

#[derive(Serialize)]
struct Fault<'o> {
    kind: &'static str,
    message: &'o str,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'o str>,
}

/// Decodes one line of the `decode` command and returns its one line of output, without line end.
///
/// The input is `{"topic", "payload" | "payload_base64", "received_at"?}`; the output is
/// `{"format", "readings"}`, `{"format", "ignored"}` or `{"error"}`. `format` is forced when given. How well the radio
/// heard the device is no reading of the contract: [`crate::decode_line_strictly`] shows it.
#[must_use]
pub fn decode_line(decoder: &mut Decoder, format: Option<Format>, line: &str) -> String {
    let (format, result) = match read(line) {
        Ok(input) => decode(decoder, format, &input),
        Err(error) => (None, Err(error)),
    };
    print(format, &result, |reading| !reading.quantity.is_of_radio())
}

/// The line of output for what a message said, with the readings that `is_shown` chooses.
pub(crate) fn print(
    format: Option<Format>,
    result: &Result<Decoded, DecodeError>,
    is_shown: impl Fn(&RawReading) -> bool,
) -> String {
    let name = format.map(Format::name);
    let output = match result {
        Ok(Decoded::Readings(readings)) => {
            let readings: Vec<Row<'_>> =
                readings.iter().filter(|reading| is_shown(reading)).map(row).collect();
            if readings.is_empty() {
                Output::Ignored { format: name, ignored: "device_health" }
            } else {
                Output::Readings { format: name, readings }
            }
        }
        Ok(Decoded::Ignored(reason)) => Output::Ignored { format: name, ignored: reason },
        Err(error) => Output::Error {
            error: Fault { kind: error.kind.name(), message: &error.message, field: error.field.as_deref() },
        },
    };
    // Only texts, finite numbers and lists: this cannot fail, and a line is owed for every line.
    serde_json::to_string(&output)
        .unwrap_or_else(|_| r#"{"error":{"kind":"bad_value","message":""}}"#.to_owned())
}

/// The message of a line.
pub(crate) fn read(line: &str) -> Result<Input<'_>, DecodeError> {
    let input: Input<'_> = serde_json::from_str(line)
        .map_err(|error| DecodeError::new(ErrorKind::NotJson, error.to_string()))?;
    if input.topic.is_none() { Err(DecodeError::missing("topic")) } else { Ok(input) }
}

/// Decodes the message of a line, in `format` where it is given.
pub(crate) fn decode(
    decoder: &mut Decoder,
    format: Option<Format>,
    input: &Input<'_>,
) -> (Option<Format>, Result<Decoded, DecodeError>) {
    let topic = input.topic.as_deref().unwrap_or_default();
    let payload = match payload(input) {
        Ok(payload) => payload,
        Err(error) => return (None, Err(error)),
    };
    let message =
        Message { topic, payload: &payload, retained: input.retained, received_at: input.received_at };
    match format {
        Some(format) => (Some(format), decoder.decode_as(format, &message)),
        None => decoder.decode(&message),
    }
}

/// The bytes of the payload.
pub(crate) fn payload<'i>(input: &'i Input<'_>) -> Result<Cow<'i, [u8]>, DecodeError> {
    match (&input.payload, &input.payload_base64) {
        (Some(text), _) => Ok(Cow::Borrowed(text.as_bytes())),
        (None, Some(text)) => BASE64_STANDARD
            .decode(text.trim().as_bytes())
            .map(Cow::Owned)
            .map_err(|error| DecodeError::at(ErrorKind::BadValue, "payload_base64", error.to_string())),
        (None, None) => Err(DecodeError::missing("payload")),
    }
}

fn row(reading: &RawReading) -> Row<'_> {
    Row {
        sensor: &reading.sensor,
        quantity: reading.quantity,
        value: reading.value,
        unit: reading.quantity.unit(),
        time: reading.time,
        channel: reading.channel.as_ref(),
        flags: flags(reading),
    }
}

/// The marks of the message itself, and `range`, which needs no other reading.
fn flags(reading: &RawReading) -> Vec<&'static str> {
    let is_plausible = reading.quantity.is_plausible(reading.value);
    let range = if is_plausible { model::Flags::NONE } else { model::Flags::RANGE };
    reading.flags.with(range).names().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Routes;

    fn line(input: &str) -> String {
        decode_line(&mut Decoder::new(Routes::defaults()), None, input)
    }

    #[test]
    fn keys_stand_in_the_promised_order() {
        let out =
            line(r#"{"topic":"normwatch/v1/r1","payload":"[{\"n\":\"co2\",\"u\":\"ppm\",\"v\":20000}]"}"#);
        assert_eq!(
            out,
            r#"{"format":"senml","readings":[{"sensor":"r1","quantity":"co2","value":20000.0,"unit":"ppm","time":null,"flags":["range"]}]}"#
        );
    }

    #[test]
    fn a_message_without_route_is_ignored_and_not_an_error() {
        assert_eq!(line(r#"{"topic":"a/b","payload":"hello"}"#), r#"{"format":null,"ignored":"no_route"}"#);
    }

    #[test]
    fn a_bad_line_gives_an_error_line() {
        assert!(line("{").starts_with(r#"{"error":{"kind":"not_json""#));
        assert!(line(r#"{"topic":"normwatch/v1/a"}"#).contains(r#""kind":"missing_field""#));
        let bytes = line(r#"{"topic":"normwatch/v1/a","payload_base64":"/w=="}"#);
        assert!(bytes.contains(r#""kind":"not_utf8""#), "{bytes}");
    }
}
