//! What a vendor's sensor is told about its own messages, on a topic beside the one it publishes on.

use serde::Serialize;

use crate::{Decoded, Format, Outcome};

/// The native contract's topic before the sensor.
const NATIVE: &str = "normwatch/v1/";

#[derive(Serialize)]
struct Body<'o> {
    /// Readings taken from the message.
    accepted: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'o str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'o str>,
}

/// Topic and payload of the diagnostics of one message of the native contract; `None` for other formats.
///
/// # Examples
/// ```
/// use ingest::{Decoder, Message, Routes, diagnostics};
/// let topic = "normwatch/v1/r301";
/// let message = Message { topic, payload: br#"[{"n":"co2","v":"high"}]"#, retained: false, received_at: None };
/// let outcome = Decoder::new(Routes::defaults()).decode_message(&message);
/// let (topic, payload) = diagnostics(topic, &outcome).unwrap();
/// assert_eq!(topic, "normwatch/v1/r301/diagnostics");
/// assert!(String::from_utf8(payload).unwrap().contains(r#""error":"wrong_type""#));
/// ```
#[must_use]
pub fn diagnostics(topic: &str, outcome: &Outcome) -> Option<(String, Vec<u8>)> {
    let sensor = topic.strip_prefix(NATIVE)?;
    if sensor.contains('/') || outcome.format != Some(Format::Senml) {
        return None;
    }
    let body = match &outcome.result {
        Ok(Decoded::Readings(readings)) => {
            Body { accepted: readings.len(), error: None, message: None, field: None }
        }
        Ok(Decoded::Ignored(reason)) => Body { accepted: 0, error: None, message: Some(reason), field: None },
        Err(fault) => Body {
            accepted: 0,
            error: Some(fault.kind.name()),
            message: Some(&fault.message),
            field: fault.field.as_deref(),
        },
    };
    Some((format!("{topic}/diagnostics"), serde_json::to_vec(&body).ok()?))
}
