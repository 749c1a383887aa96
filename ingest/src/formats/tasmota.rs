//! Tasmota: blocks keyed by chip on `SENSOR`, the same wrapped in `StatusSNS` on `STATUS8`.
//!
//! The order of the topic's parts is configurable, so the device is the level that is neither a
//! prefix (`tele`, `stat`, `cmnd`) nor the last. Times are local without zone: the arrival counts.

use model::{Id, Quantity};

use super::{Env, Parsed};
use crate::{
    DecodeError, Decoded, ErrorKind, Message, RawReading,
    field::{self, Field},
    fields::Walk,
    tape::{self, Cursor, Tape},
    wire_id::wire_id,
};

pub(super) fn decode(message: &Message<'_>, env: &Env<'_>) -> Result<Parsed, DecodeError> {
    let (device, last) =
        parts(message.topic).ok_or_else(|| DecodeError::topic("{prefix}/{device}/SENSOR"))?;
    match last {
        "SENSOR" | "STATUS8" | "STATUS10" | "RESULT" | ENERGY => {}
        "LWT" => return Ok(Decoded::Ignored("availability").into()),
        _ => return Ok(Decoded::Ignored("status").into()),
    }
    let tape = Tape::parse(tape::text(message.payload)?)?;
    let root = tape.root();
    let root = root.get("StatusSNS").unwrap_or(root);
    if !root.is_object() {
        return Err(DecodeError::new(ErrorKind::WrongType, "a sensor report is an object"));
    }
    let sensor = wire_id(device);
    if last == ENERGY {
        let walk = Walk { profile: env.profile(&sensor), ..Walk::new(env.names, OF_ENERGY) };
        let readings = field::bind(walk.fields(root), &sensor, message.received_at);
        return Ok(Decoded::readings_or(readings, "no_reading").into());
    }
    let mut readings = zigbee(root, message, env);
    readings.extend(blocks(root, &sensor, message, env));
    Ok(Decoded::readings_or(readings, "no_reading").into())
}

fn parts(topic: &str) -> Option<(&str, &str)> {
    let (front, last) = topic.rsplit_once('/')?;
    let device = front.split('/').rev().find(|level| !matches!(*level, "tele" | "stat" | "cmnd" | ""))?;
    Some((device, last))
}

/// The block of a meter; firmware before 5.9 sent it on a topic of its own.
const ENERGY: &str = "ENERGY";
/// What its names mean.
const OF_ENERGY: &str = "tasmota-energy";

/// Blocks that measure the device itself.
const SELF: [&str; 4] = ["ESP32", "ESP8266", "ZbReceived", "Wifi"];

fn blocks(root: Cursor<'_, '_>, sensor: &Id, message: &Message<'_>, env: &Env<'_>) -> Vec<RawReading> {
    let mut units = Vec::new();
    if let Some(unit) = root.text_of("TempUnit") {
        units.push((Quantity::Temperature, unit));
    }
    if let Some(unit) = root.text_of("PressureUnit") {
        units.push((Quantity::Pressure, unit));
    }
    let walk = |format| Walk { profile: env.profile(sensor), units: &units, ..Walk::new(env.names, format) };
    let is_block = |child: &Cursor<'_, '_>| child.name().is_some_and(|name| !SELF.contains(&name));
    let chips = root.children().filter(|c| c.is_object() && c.name() != Some(ENERGY) && is_block(c)).count();
    let mut found = Vec::new();
    for child in root.children().filter(is_block) {
        if child.name() == Some(ENERGY) {
            found.extend(walk(OF_ENERGY).fields(child));
            continue;
        }
        // A radar's `Energy` is the echo's, not a meter's.
        let is_echo = |f: &Field| f.quantity == Quantity::EnergyImport && f.key.ends_with("Energy");
        let fields = walk("tasmota").fields(child).into_iter().filter(|f| !is_echo(f));
        // Several chips: each is a channel, so that one that fails does not give its series to another.
        let chip = child.name().filter(|_| chips > 1 && child.is_object());
        found.extend(fields.map(|field| match chip {
            Some(chip) => field.on_channel(chip),
            None => field,
        }));
    }
    field::bind(found, sensor, message.received_at)
}

/// Reports of Zigbee devices behind a bridge: each block is a device of its own, `Power` is its switch.
fn zigbee(root: Cursor<'_, '_>, message: &Message<'_>, env: &Env<'_>) -> Vec<RawReading> {
    let devices = root.get("ZbReceived").into_iter().flat_map(Cursor::children);
    let read = devices.filter_map(|device| {
        let sensor = wire_id(device.text_of("Device").or(device.name())?);
        let walk = Walk { profile: env.profile(&sensor), ..Walk::new(env.names, "zigbee2mqtt") };
        let fields = walk.fields(device).into_iter().filter(|f| f.quantity != Quantity::Power).collect();
        Some(field::bind(fields, &sensor, message.received_at))
    });
    read.flatten().collect()
}
