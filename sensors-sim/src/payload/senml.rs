//! The native contract: a `SenML` pack (RFC 8428) on `normwatch/v1/{sensor}`.

use model::{Quantity, Unit};
use serde_json::json;

use super::Message;

pub(super) fn write(message: &Message<'_>) -> (String, Vec<u8>) {
    let seconds = crate::numbers::float(message.stamp.millis()) / 1000.0;
    let mut records = Vec::with_capacity(message.values.len());
    for (quantity, value) in message.values {
        let mut record = json!({ "n": quantity.name(), "u": unit(*quantity), "v": super::plain(*value) });
        if let (true, Some(fields)) = (records.is_empty(), record.as_object_mut()) {
            fields.insert("bn".to_owned(), format!("{}:", message.id).into());
            fields.insert("bt".to_owned(), super::plain(seconds));
        }
        records.push(record);
    }
    let payload = serde_json::to_vec(&records).unwrap_or_default();
    (format!("normwatch/v1/{}", message.id), payload)
}

/// The registry's symbol: a state is a ratio (`/`), everything else as the model names it.
fn unit(quantity: Quantity) -> &'static str {
    match quantity.unit() {
        Unit::One => "/",
        other => other.name(),
    }
}
