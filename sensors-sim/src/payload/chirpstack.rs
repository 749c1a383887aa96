//! ChirpStack v4 events: uplinks with a decoded object, now and then a status or a join.

use jiff::tz::TimeZone;
use model::{Instant, Quantity};
use serde_json::{Map, Value, json};

use super::{Message, names};
use crate::report::ReportKind;

/// The application of all simulated devices.
const APPLICATION: &str = "6f1d0c3a-52f0-4c1b-9a77-0b7e5d2c8e41";

pub(super) fn write(message: &Message<'_>) -> (String, Vec<u8>) {
    let (event, body) = match message.kind {
        ReportKind::Up => ("up", up(message)),
        ReportKind::Status => ("status", status(message)),
        ReportKind::Join => ("join", envelope(message)),
    };
    let topic = format!("application/{APPLICATION}/device/{}/event/{event}", message.id);
    (topic, serde_json::to_vec(&body).unwrap_or_default())
}

fn envelope(message: &Message<'_>) -> Map<String, Value> {
    let mut body = Map::new();
    let uuid = crate::ids::uuid(message.stream.of(u64::from(message.kind as u8)), message.serial);
    body.insert("deduplicationId".to_owned(), uuid.into());
    body.insert("time".to_owned(), time(message.stamp).into());
    let info = json!({
        "tenantId": "b0a3e6f1-7d24-4f7e-8f0d-1e6a9c5b4d32",
        "tenantName": "facilities",
        "applicationId": APPLICATION,
        "applicationName": "office",
        "deviceProfileName": "ambience",
        "deviceName": message.name,
        "devEui": message.id,
        "tags": {},
    });
    body.insert("deviceInfo".to_owned(), info);
    body.insert("devAddr".to_owned(), format!("{:08x}", message.stream.of(44).bits(0) >> 32).into());
    body
}

fn up(message: &Message<'_>) -> Map<String, Value> {
    let mut body = envelope(message);
    let (_, frame) = super::frame(message);
    body.insert("adr".to_owned(), true.into());
    body.insert("dr".to_owned(), 5.into());
    body.insert("fCnt".to_owned(), frame.into());
    body.insert("fPort".to_owned(), 85.into());
    body.insert("confirmed".to_owned(), false.into());
    body.insert("data".to_owned(), super::radio_bytes(message).into());
    body.insert("object".to_owned(), object(message).into());
    let rssi = -60 - i64::try_from(message.stream.of(45).bits(message.serial) % 40).unwrap_or(0);
    let gateway = json!([{ "gatewayId": "02a1b2c3d4e5f607", "rssi": rssi, "snr": 8.5 }]);
    body.insert("rxInfo".to_owned(), gateway);
    body.insert("txInfo".to_owned(), json!({ "frequency": 486_300_000 }));
    body
}

/// The decoded values; the server prints every number with a fraction, and motion as a word.
fn object(message: &Message<'_>) -> Map<String, Value> {
    let mut object: Map<String, Value> = message
        .values
        .iter()
        .map(|(quantity, value)| {
            let value = match quantity {
                Quantity::Motion => if *value > 0.0 { "trigger" } else { "normal" }.into(),
                Quantity::Occupied => (*value > 0.0).into(),
                _ => super::number(*value),
            };
            (names::lorawan(*quantity).to_owned(), value)
        })
        .collect();
    let battery = 100.0 - crate::numbers::float(super::frame(message).1 / 800 % 60);
    object.insert("battery".to_owned(), super::number(battery));
    object
}

fn status(message: &Message<'_>) -> Map<String, Value> {
    let mut body = envelope(message);
    body.insert("margin".to_owned(), 10.into());
    body.insert("externalPowerSource".to_owned(), false.into());
    body.insert("batteryLevelUnavailable".to_owned(), false.into());
    body.insert("batteryLevel".to_owned(), super::number(88.58));
    body
}

/// RFC 3339 in UTC with `+00:00`, as the server prints it.
fn time(at: Instant) -> String {
    at.rfc3339(&TimeZone::UTC)
}
