//! zigbee2mqtt: `{base}/{friendly name}` with the device's whole cached state.
//!
//! The name may hold blanks, accents and `/`, so a topic is cut after the base only. In attribute
//! mode the last level is the attribute and the payload a bare word.

use model::Id;

use super::{Env, Parsed};
use crate::{
    DecodeError, Decoded, ErrorKind, Message, RawReading, field,
    fields::Walk,
    near,
    tape::{self, Cursor, Tape},
    wire_id::wire_id,
};

pub(super) fn decode(message: &Message<'_>, env: &mut Env<'_>) -> Result<Parsed, DecodeError> {
    let name = message.topic.split_once('/').map(|(_, name)| name).filter(|name| !name.is_empty());
    let name = name.ok_or_else(|| DecodeError::topic("{base}/{friendly name}"))?;
    if let Some(reason) = reason(name) {
        return Ok(Decoded::Ignored(reason).into());
    }
    let text = tape::text(message.payload)?.trim();
    if !text.starts_with(['{', '[']) {
        return Ok(Decoded::readings_or(attribute(name, text, message, env), "no_reading").into());
    }
    let tape = Tape::parse(text)?;
    let state = tape.root();
    if !state.is_object() {
        return Err(DecodeError::new(ErrorKind::WrongType, "a device state is an object"));
    }
    let sensor = device(state).unwrap_or_else(|| wire_id(name));
    let at = state.get("last_seen").and_then(near::instant);
    let walk = Walk { profile: env.profile(&sensor), ..Walk::new(env.names, "zigbee2mqtt") };
    let readings = field::bind(walk.fields(state), &sensor, at.or(message.received_at));
    Ok(Decoded::readings_or(readings, "no_reading").into())
}

fn reason(name: &str) -> Option<&'static str> {
    if name == "bridge" || name.starts_with("bridge/") {
        return Some("bridge");
    }
    match name.rsplit_once('/') {
        Some((_, "availability")) => Some("availability"),
        Some((_, "set" | "get")) => Some("command"),
        _ => None,
    }
}

/// The address of the device when the state carries it (an option): it outlives a new name.
fn device(state: Cursor<'_, '_>) -> Option<Id> {
    state.path(&["device", "ieeeAddr"])?.text().map(wire_id)
}

/// Attribute mode: `{base}/{name}/{attribute}` with one bare value.
fn attribute(name: &str, text: &str, message: &Message<'_>, env: &Env<'_>) -> Vec<RawReading> {
    let Some((device, attribute)) = name.rsplit_once('/') else { return Vec::new() };
    let sensor = wire_id(device);
    let walk = Walk { profile: env.profile(&sensor), ..Walk::new(env.names, "zigbee2mqtt") };
    let field = walk.single(attribute, text, None);
    field::bind(field.into_iter().collect(), &sensor, message.received_at)
}
