//! Older LoRaWAN envelopes: ChirpStack 3, The Things Network 2 and the Milesight gateway.

use base64::{Engine, prelude::BASE64_STANDARD};
use model::Id;

use super::{Env, Parsed, eui, generic};
use crate::{
    DecodeError, Decoded, Message, RawReading, field,
    fields::Walk,
    near,
    radio::Radio,
    tape::{self, Cursor, Tape},
    wire_id::wire_id,
};

/// ChirpStack 3: `devEUI` beside `object`, or `objectJSON` as a text.
pub(super) fn decode_chirpstack_v3(message: &Message<'_>, env: &Env<'_>) -> Result<Parsed, DecodeError> {
    if let Some(reason) = super::chirpstack::reason_of(message.topic) {
        return Ok(Decoded::Ignored(reason).into());
    }
    let tape = Tape::parse(tape::text(message.payload)?)?;
    let event = tape.root();
    let sensor = dev_eui(event.text_of("devEUI").ok_or_else(|| DecodeError::missing("devEUI"))?);
    let at = ["time", "publishedAt"].iter().find_map(|field| event.get(field).and_then(near::instant));
    let inner = match event.text_of("objectJSON").filter(|text| !text.trim().is_empty()) {
        Some(text) => Some(Tape::parse(text)?),
        None => None,
    };
    let object = inner.as_ref().map(Tape::root).or_else(|| event.get("object"));
    let dedup_key = counter_key("chirpstack3", &sensor, event.text_of("devAddr"), event.number_of("fCnt"));
    let parsed = answer(object, &sensor, at.or(message.received_at), "chirpstack-v3", tape.radio(), env);
    Ok(Parsed { dedup_key, ..parsed })
}

/// The Things Network 2, retired: `payload_fields`, `hardware_serial`.
pub(super) fn decode_tts_v2(message: &Message<'_>, env: &Env<'_>) -> Result<Parsed, DecodeError> {
    let tape = Tape::parse(tape::text(message.payload)?)?;
    let uplink = tape.root();
    let by_serial = uplink.text_of("hardware_serial").and_then(eui);
    let sensor = by_serial
        .or_else(|| uplink.text_of("dev_id").map(wire_id))
        .ok_or_else(|| DecodeError::missing("hardware_serial"))?;
    let at = uplink.path(&["metadata", "time"]).and_then(near::instant);
    let gateways = uplink.path(&["metadata", "gateways"]).into_iter().flat_map(Cursor::children);
    let heard = gateways.map(|by| Radio { signal: by.number_of("rssi"), snr: by.number_of("snr") });
    let radio = heard.fold(Radio::default(), Radio::or_stronger);
    let at = at.or(message.received_at);
    Ok(answer(uplink.get("payload_fields"), &sensor, at, "tts-v2-legacy", radio, env))
}

/// A Milesight gateway: an envelope with `devEUI`, or with a codec the bare decoder output.
pub(super) fn decode_milesight(message: &Message<'_>, env: &Env<'_>) -> Result<Parsed, DecodeError> {
    generic::decode(message, env, "milesight-gateway")
}

fn answer(
    object: Option<Cursor<'_, '_>>,
    sensor: &Id,
    at: Option<model::Instant>,
    format: &'static str,
    radio: Radio,
    env: &Env<'_>,
) -> Parsed {
    let Some(object) = object.filter(|object| object.is_object()) else {
        return Decoded::Ignored("no_object").into();
    };
    let walk = Walk { profile: env.profile(sensor), ..Walk::new(env.names, format) };
    let mut readings: Vec<RawReading> = field::bind(walk.fields(object), sensor, at);
    radio.ride_along(&mut readings, sensor, at);
    Decoded::readings_or(readings, "no_reading").into()
}

/// The id as hex, or as base64 of its bytes (the protobuf printer of version 3); redacted ids are kept as they are.
fn dev_eui(text: &str) -> Id {
    let decoded = BASE64_STANDARD.decode(text).ok().filter(|bytes| bytes.len() == 8);
    let hex = decoded.map(|bytes| bytes.iter().map(|b| format!("{b:02x}")).collect::<String>());
    eui(text).or_else(|| eui(&hex?)).unwrap_or_else(|| wire_id(text))
}

/// A frame counter tells frames apart only within one device address, which a join renews.
fn counter_key(vendor: &str, sensor: &Id, address: Option<&str>, count: Option<f64>) -> Option<String> {
    Some(format!("{vendor}:{sensor}:{}:{}", address?, count?))
}
