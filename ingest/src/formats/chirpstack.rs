//! ChirpStack application events: version 4, and version 3 with its other spelling of the same.

use model::Id;

use super::{Env, Parsed, eui};
use crate::{
    DecodeError, Decoded, ErrorKind, Message, field,
    fields::Walk,
    tape::{self, Cursor, Tape},
    time,
};

/// `application/{application}/device/{devEui}/event/{kind}`; prefixes are a user's choice.
pub(super) fn decode_v4(message: &Message<'_>, env: &mut Env<'_>) -> Result<Parsed, DecodeError> {
    if let Some(reason) = reason_of(message.topic) {
        return Ok(Decoded::Ignored(reason).into());
    }
    let tape = Tape::parse(tape::text(message.payload)?)?;
    let event = tape.root();
    let device = event.get("deviceInfo").ok_or_else(|| DecodeError::missing("deviceInfo"))?;
    let sensor = device_id(device, "devEui")?;
    let dedup_key = event.text_of("deduplicationId").map(|id| format!("chirpstack:{id}"));
    let Some(object) = event.get("object").filter(|object| object.is_object()) else {
        // No codec, or it failed (its own event says so on `log`).
        let reason = if event.get("margin").is_some() { "status" } else { "no_object" };
        return Ok(Parsed { decoded: Decoded::Ignored(reason), dedup_key });
    };
    let at = event.text_of("time").and_then(time::parse);
    let walk = Walk { profile: env.profile(&sensor), ..Walk::new(env.names, "chirpstack-v4") };
    let at = at.or(message.received_at);
    let mut readings = field::bind(walk.fields(object), &sensor, at);
    tape.radio().ride_along(&mut readings, &sensor, at);
    Ok(Parsed { decoded: Decoded::readings_or(readings, "no_reading"), dedup_key })
}

/// Why the event that the last topic level names is no reading; an unknown last level is taken for an uplink.
pub(super) fn reason_of(topic: &str) -> Option<&'static str> {
    const KINDS: [&str; 8] = ["join", "status", "ack", "txack", "log", "location", "integration", "error"];
    let (_, last) = topic.rsplit_once('/')?;
    KINDS.into_iter().find(|kind| *kind == last)
}

fn device_id(device: Cursor<'_, '_>, field: &str) -> Result<Id, DecodeError> {
    let text = device.text_of(field).ok_or_else(|| DecodeError::missing(field))?;
    eui(text).ok_or_else(|| DecodeError::at(ErrorKind::BadValue, field, "not 16 hexadecimal figures"))
}
