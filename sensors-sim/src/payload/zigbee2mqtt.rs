//! zigbee2mqtt: the whole cached state of a device on a topic of its friendly name.

use model::Quantity;
use serde_json::{Map, Value};

use super::{Message, names};

pub(super) fn write(message: &Message<'_>) -> (String, Vec<u8>) {
    let mut state: Map<String, Value> = Map::new();
    for (quantity, value) in message.values {
        let value = match quantity {
            Quantity::Occupied | Quantity::Motion => (*value > 0.0).into(),
            _ => super::plain(*value),
        };
        state.insert(names::zigbee(*quantity).to_owned(), value);
    }
    let is_mains = message.values.iter().any(|(quantity, _)| *quantity == Quantity::Power);
    if is_mains {
        state.insert("state".to_owned(), "ON".into());
    } else {
        state.insert("battery".to_owned(), 97.into());
        state.insert("voltage".to_owned(), 3_015.into());
    }
    let quality = 90 + message.stream.of(48).bits(message.serial) % 100;
    state.insert("linkquality".to_owned(), quality.into());
    state.insert("last_seen".to_owned(), message.stamp.to_string().into());
    (format!("zigbee2mqtt/{}", message.name), serde_json::to_vec(&state).unwrap_or_default())
}
