//! The Things Stack v3 uplinks: normalised measurements for air, a decoder's own fields for the rest.

use model::Quantity;
use serde_json::{Map, Value, json};

use super::{Message, names};

const APPLICATION: &str = "office";
const TENANT: &str = "facilities";

pub(super) fn write(message: &Message<'_>) -> (String, Vec<u8>) {
    let device = message.name;
    let eui = message.id.as_str().to_ascii_uppercase();
    let (session, frame) = super::frame(message);
    let mut uplink = Map::new();
    uplink.insert("session_key_id".to_owned(), session_key(message, session).into());
    uplink.insert("f_port".to_owned(), 85.into());
    if frame != 0 {
        uplink.insert("f_cnt".to_owned(), frame.into());
    }
    uplink.insert("frm_payload".to_owned(), super::radio_bytes(message).into());
    uplink.insert("decoded_payload".to_owned(), decoded(message).into());
    if let Some(normalised) = normalised(message) {
        uplink.insert("normalized_payload".to_owned(), json!([normalised]));
    }
    let radio = json!([{
        "gateway_ids": { "gateway_id": "roof", "eui": "02A1B2C3D4E5F607" },
        // A counter of the radio, not a time: real uplinks carry it too.
        "timestamp": message.stream.of(46).bits(message.serial) >> 33,
        "rssi": -81,
        "snr": 7.25,
    }]);
    uplink.insert("rx_metadata".to_owned(), radio);
    let time = message.stamp.to_string();
    uplink.insert("settings".to_owned(), json!({ "frequency": "486300000", "time": time }));
    uplink.insert("received_at".to_owned(), message.stamp.to_string().into());
    let body = json!({
        "end_device_ids": {
            "device_id": device,
            "application_ids": { "application_id": APPLICATION },
            "dev_eui": eui,
            "dev_addr": format!("{:08X}", message.stream.of(44).bits(0) >> 32),
        },
        "correlation_ids": [format!("as:up:{}", crate::ids::uuid(message.stream, message.serial))],
        "received_at": message.arrival.to_string(),
        "uplink_message": uplink,
    });
    let topic = format!("v3/{APPLICATION}@{TENANT}/devices/{device}/up");
    (topic, serde_json::to_vec(&body).unwrap_or_default())
}

/// A new session whenever the 16-bit frame counter starts again.
fn session_key(message: &Message<'_>, session: i64) -> String {
    use base64::{Engine, engine::general_purpose::STANDARD};
    STANDARD.encode(message.stream.of(47).bits(session).to_be_bytes())
}

fn decoded(message: &Message<'_>) -> Map<String, Value> {
    let named = message.values.iter().map(|(quantity, value)| {
        let value = match quantity {
            Quantity::Motion | Quantity::Occupied => (*value > 0.0).into(),
            _ => super::plain(*value),
        };
        (names::lorawan(*quantity).to_owned(), value)
    });
    named.collect()
}

/// The network's own schema knows air and motion; people and energy have no place in it.
fn normalised(message: &Message<'_>) -> Option<Value> {
    let mut air = Map::new();
    for (quantity, value) in message.values {
        let key = match quantity {
            Quantity::Temperature => "temperature",
            Quantity::Humidity => "relativeHumidity",
            Quantity::Co2 => "co2",
            Quantity::Illuminance => "lightIntensity",
            _ => continue,
        };
        air.insert(key.to_owned(), super::plain(*value));
    }
    (!air.is_empty()).then(|| json!({ "air": air }))
}
