//! The Things Stack 3 uplinks: normalised measurements where there are any, and what else the decoder's own object has.

use model::{Id, Instant};

use super::{Env, Parsed, eui};
use crate::{
    DecodeError, Decoded, Message, RawReading,
    field::{self, Field},
    fields::Walk,
    tape::{self, Cursor, Tape},
    time,
    wire_id::wire_id,
};

/// `v3/{application}@{tenant}/devices/{device}/up`, and the other events beside it.
pub(super) fn decode_v3(message: &Message<'_>, env: &mut Env<'_>) -> Result<Parsed, DecodeError> {
    if let Some(reason) = reason(message.topic) {
        return Ok(Decoded::Ignored(reason).into());
    }
    let tape = Tape::parse(tape::text(message.payload)?)?;
    let root = tape.root();
    // The storage integration wraps the same message once more.
    let root = root.get("result").unwrap_or(root);
    let ids = root.get("end_device_ids").ok_or_else(|| DecodeError::missing("end_device_ids"))?;
    let sensor = sensor(ids)?;
    let Some(uplink) = root.get("uplink_message") else {
        let reason = if root.get("join_accept").is_some() { "join" } else { "no_uplink" };
        return Ok(Decoded::Ignored(reason).into());
    };
    let at = received(root, uplink).or(message.received_at);
    let mut readings = readings(uplink, &sensor, at, env);
    tape.radio().ride_along(&mut readings, &sensor, at);
    let has_object = uplink.get("decoded_payload").is_some() || uplink.get("normalized_payload").is_some();
    let reason = if has_object { "no_reading" } else { "no_object" };
    Ok(Parsed { decoded: Decoded::readings_or(readings, reason), dedup_key: dedup_key(ids, uplink) })
}

fn reason(topic: &str) -> Option<&'static str> {
    let (_, rest) = topic.split_once("/devices/")?;
    let (_, event) = rest.split_once('/')?;
    match event {
        "join" => Some("join"),
        "service/data" => Some("service"),
        "location/solved" => Some("location"),
        _ if event.starts_with("down/") => Some("downlink"),
        _ => None,
    }
}

fn sensor(ids: Cursor<'_, '_>) -> Result<Id, DecodeError> {
    // The EUI is the device's; the id is a name that users may change.
    let by_eui = ids.text_of("dev_eui").and_then(eui);
    by_eui
        .or_else(|| ids.text_of("device_id").map(wire_id))
        .ok_or_else(|| DecodeError::missing("end_device_ids.dev_eui"))
}

fn received(root: Cursor<'_, '_>, uplink: Cursor<'_, '_>) -> Option<Instant> {
    let texts = [
        uplink.path(&["settings", "time"]).and_then(Cursor::text),
        uplink.text_of("received_at"),
        root.text_of("received_at"),
    ];
    texts.into_iter().flatten().find_map(time::parse)
}

/// What TTS itself keeps apart: device, session and frame counter (0 is left out of the message).
fn dedup_key(ids: Cursor<'_, '_>, uplink: Cursor<'_, '_>) -> Option<String> {
    let device = ids.text_of("dev_eui").or_else(|| ids.text_of("device_id"))?;
    let session = uplink.text_of("session_key_id")?;
    let count = uplink.number_of("f_cnt").unwrap_or(0.0);
    Some(format!("tts:{}:{session}:{count}", device.to_ascii_lowercase()))
}

fn readings(uplink: Cursor<'_, '_>, sensor: &Id, at: Option<Instant>, env: &Env<'_>) -> Vec<RawReading> {
    let profile = env.profile(sensor);
    let walk = |format| Walk { profile, ..Walk::new(env.names, format) };
    let normalized = uplink.get("normalized_payload").map(|list| walk("tts-normalized").fields(list));
    let mut fields = normalized.unwrap_or_default();
    // The normalised schema knows neither people nor presence nor meters: what it has no word for is the decoder's.
    let has = |fields: &[Field], quantity| fields.iter().any(|field| field.quantity == quantity);
    let own = uplink.get("decoded_payload").map(|object| walk("tts-v3").fields(object)).unwrap_or_default();
    let missing: Vec<Field> = own.into_iter().filter(|field| !has(&fields, field.quantity)).collect();
    fields.extend(missing);
    field::bind(fields, sensor, at)
}
