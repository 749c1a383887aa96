//! Shelly devices: generation 1 publishes bare numbers on a topic each, generation 2 objects for each component.

use model::{Id, Instant, Quantity};

use super::{Env, Parsed};
use crate::{
    DecodeError, Decoded, ErrorKind, Message, RawReading, field,
    fields::Walk,
    tape::{self, Cursor, Tape},
    wire_id::wire_id,
};

/// `shellies/{device}/{relay,emeter,sensor}/{n}/{field}`: the field's meaning depends on the component.
pub(super) fn decode_gen1(message: &Message<'_>, env: &Env<'_>) -> Result<Parsed, DecodeError> {
    let mut levels = message.topic.split('/').skip(1);
    let device = levels.next().filter(|level| !level.is_empty());
    let device = device.ok_or_else(|| DecodeError::topic("shellies/{device}/{component}/{n}/{field}"))?;
    let rest: Vec<&str> = levels.collect();
    let text = tape::text(message.payload)?.trim();
    let sensor = wire_id(device);
    let walk = Walk { profile: env.profile(&sensor), ..Walk::new(env.names, "shelly-gen1") };
    if text.starts_with('{') {
        if rest.as_slice() != ["status"] {
            return Ok(Decoded::Ignored("status").into());
        }
        // The status of a motion sensor; its time is that of the last motion.
        let tape = Tape::parse(text)?;
        let fields = walk.fields(tape.root()).into_iter().filter(is_not_own_heat).collect();
        return Ok(bound(fields, &sensor, message.received_at));
    }
    let is_channel = |level: &&str| level.bytes().all(|b| b.is_ascii_digit());
    let channel = rest.iter().copied().find(is_channel);
    let name: Vec<&str> = rest.into_iter().filter(|level| !is_channel(level)).collect();
    let mut field = walk.single(&name.join("_"), text, None);
    if let (Some(field), Some(channel)) = (&mut field, channel) {
        field.channel.get_or_insert_with(|| channel.to_owned());
    }
    Ok(bound(field.into_iter().collect(), &sensor, message.received_at))
}

fn is_not_own_heat(field: &field::Field) -> bool {
    field.quantity != Quantity::Temperature
}

/// `{device}/status/{component}:{n}`, and `{device}/events/rpc` with all that changed.
pub(super) fn decode_gen2(message: &Message<'_>, env: &Env<'_>) -> Result<Parsed, DecodeError> {
    if message.topic.ends_with("/online") {
        return Ok(Decoded::Ignored("availability").into());
    }
    let tape = Tape::parse(tape::text(message.payload)?)?;
    let root = tape.root();
    if !root.is_object() {
        return Err(DecodeError::new(ErrorKind::WrongType, "a component's status is an object"));
    }
    if let Some(method) = root.text_of("method") {
        if !matches!(method, "NotifyStatus" | "NotifyFullStatus") {
            return Ok(Decoded::Ignored("event").into());
        }
        let params = root.get("params").ok_or_else(|| DecodeError::missing("params"))?;
        let sensor = wire_id(root.text_of("src").unwrap_or_else(|| device(message.topic)));
        let at = params.number_of("ts").and_then(crate::time::epoch).or(message.received_at);
        let parts = params.children().filter_map(|part| Some((part.name()?, part)));
        let readings = parts.flat_map(|(name, part)| component(name, part, &sensor, at, env)).collect();
        return Ok(Decoded::readings_or(readings, "no_reading").into());
    }
    // What a meter kept of the last minutes, in answer to a question.
    if let Some(kept) = root.get("result").filter(|result| result.get("keys").is_some()) {
        let sensor = wire_id(root.text_of("src").unwrap_or_else(|| device(message.topic)));
        let walk = Walk { profile: env.profile(&sensor), ..Walk::new(env.names, "shelly-gen2") };
        let readings = field::bind(walk.fields(kept), &sensor, None);
        return Ok(Decoded::readings_or(readings, "no_reading").into());
    }
    let Some((_, name)) = message.topic.rsplit_once("/status/") else {
        return Ok(Decoded::Ignored("status").into());
    };
    let sensor = wire_id(device(message.topic));
    let readings = component(name, root, &sensor, message.received_at, env);
    Ok(Decoded::readings_or(readings, "no_reading").into())
}

fn device(topic: &str) -> &str {
    let front = topic.split_once("/status/").or_else(|| topic.split_once("/events/")).map(|(front, _)| front);
    front.unwrap_or(topic)
}

/// A component such as `switch:0`. The temperature inside any but a temperature sensor is the relay's own heat.
fn component(
    name: &str,
    status: Cursor<'_, '_>,
    sensor: &Id,
    at: Option<Instant>,
    env: &Env<'_>,
) -> Vec<RawReading> {
    let (kind, number) = name.split_once(':').unwrap_or((name, ""));
    let walk = Walk { profile: env.profile(sensor), ..Walk::new(env.names, "shelly-gen2") };
    if kind == "wifi" {
        let signal = status.get("rssi").and_then(|rssi| walk.single_scalar("rssi", rssi.scalar()?, None));
        return field::bind(signal.into_iter().collect(), sensor, at);
    }
    // A zone of a radar: whether somebody is there, and how many.
    if kind == "presencezone" {
        let told = |key: &str, name: &str| walk.single_scalar(name, status.get(key)?.scalar()?, None);
        let found = [told("value", "presence"), told("num_objects", "people_count")].into_iter().flatten();
        return field::bind(found.map(|field| field.on_channel(number)).collect(), sensor, at);
    }
    if !status.is_object() || matches!(kind, "sys" | "cloud" | "mqtt" | "ble" | "ws" | "script" | "eth") {
        return Vec::new();
    }
    let fields = walk.fields(status).into_iter().filter(|f| kind == "temperature" || is_not_own_heat(f));
    // The first of a kind is the usual one; its phases and the others are channels.
    let is_first = number.is_empty() || number == "0";
    let numbered = fields.map(|field| if is_first { field } else { field.on_channel(number) });
    field::bind(numbered.collect(), sensor, at)
}

fn bound(fields: Vec<field::Field>, sensor: &Id, at: Option<Instant>) -> Parsed {
    Decoded::readings_or(field::bind(fields, sensor, at), "no_reading").into()
}
