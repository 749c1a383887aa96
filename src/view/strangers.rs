//! Who publishes and is not known, and what was not understood.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use model::{Id, Instant};
use serde::{Deserialize, Serialize};

use super::Latest;
use crate::spool::Quarantined;

/// A sensor that publishes but is in no register, as of its newest message.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct UnknownSensor {
    /// Its id on the wire.
    pub sensor: Id,
    /// Topic of the newest message.
    pub topic: String,
    /// Wire format of the newest message.
    pub format: Option<&'static str>,
    /// Arrival of the first message.
    pub first: Instant,
    /// Arrival of the newest.
    pub last: Instant,
    /// How many.
    pub messages: u64,
    /// What the newest said, 16 readings at most.
    pub readings: Vec<Latest>,
}

/// A topic whose newest message could not be understood; the messages themselves lie in the quarantine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Misunderstood {
    /// The topic.
    pub topic: String,
    /// Class of the newest error.
    pub kind: String,
    /// What is wrong, in words.
    pub reason: String,
    /// Arrival of the first such message.
    pub first: Instant,
    /// Arrival of the newest.
    pub last: Instant,
    /// How many.
    pub messages: u64,
}

/// A message of the quarantine. Its keys are those that `decode` takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Held {
    /// Its number, by which it is replayed.
    pub id: u64,
    /// When it reached us.
    pub received_at: Instant,
    /// Topic it was published to.
    pub topic: String,
    /// Its payload, where that is text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payload: Option<String>,
    /// Its payload, where that is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payload_base64: Option<String>,
    /// Class of the error.
    pub reason: String,
    /// What is wrong, in words.
    pub message: String,
    /// The field that is wrong, if one can be named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// Whether the broker had kept it from before our subscription.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub retained: bool,
}

impl From<Quarantined> for Held {
    fn from(held: Quarantined) -> Self {
        let refusal = held.refusal;
        let (payload, payload_base64) = match String::from_utf8(refusal.payload) {
            Ok(text) => (Some(text), None),
            Err(bytes) => (None, Some(BASE64_STANDARD.encode(bytes.as_bytes()))),
        };
        Self {
            id: held.id,
            received_at: held.arrival,
            topic: refusal.topic,
            payload,
            payload_base64,
            reason: refusal.kind,
            message: refusal.reason,
            field: refusal.field,
            retained: refusal.is_retained,
        }
    }
}

/// Messages that came while the lists of who is unknown were full.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unlisted {
    /// Of unknown sensors that are not listed.
    pub sensor_messages: u64,
    /// Of topics that nobody understands and that are not listed.
    pub topic_messages: u64,
}
