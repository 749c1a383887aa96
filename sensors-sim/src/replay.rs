//! Readings of any origin written as vendor messages, so that a real data set can take the whole path.

use model::Id;

use crate::{
    ids,
    noise::Stream,
    payload::{self, Message},
    report::{ReportKind, Row},
    scenario::Format,
    stage::Event,
};

/// The EUI-64 (lower-case hex) under which a LoRaWAN message carries a sensor: its id when that
/// is one already, else one made from it.
#[must_use]
pub fn eui_of(sensor: &Id) -> String {
    let text = sensor.as_str();
    let is_eui = text.len() == 16 && text.bytes().all(|b| b.is_ascii_hexdigit());
    if is_eui { text.to_ascii_lowercase() } else { ids::eui(Stream::new(0, text)) }
}

/// Writes rows as messages: rows of one sensor at one instant that follow each other share a message.
///
/// The order of rows is kept; each message reaches the broker when it was observed. In LoRaWAN
/// formats the sensor is known by [`eui_of`] its id, else by the id itself.
pub fn messages_for<I: IntoIterator<Item = Row>>(rows: I, format: Format) -> impl Iterator<Item = Event> {
    let mut rows = rows.into_iter().peekable();
    std::iter::from_fn(move || {
        let Row { time, sensor, quantity, value } = rows.next()?;
        let mut values = vec![(quantity, value)];
        while let Some(row) = rows.next_if(|next| next.time == time && next.sensor == sensor) {
            values.push((row.quantity, row.value));
        }
        let wire = match format {
            Format::ChirpstackV4 | Format::TtsV3 => Id::fold(&eui_of(&sensor)),
            Format::Senml | Format::Zigbee2mqtt => sensor.clone(),
        };
        let message = Message {
            id: &wire,
            name: sensor.as_str(),
            stream: Stream::new(0, sensor.as_str()),
            kind: ReportKind::Up,
            stamp: time,
            arrival: time,
            // Unlike a device's own count it tells messages of one second apart.
            serial: time.millis(),
            values: &values,
        };
        let (topic, payload) = payload::write(format, &message);
        Some(Event { time, topic, payload, qos: 1, retain: false })
    })
}

#[cfg(test)]
mod tests {
    use model::{Instant, Quantity};

    use super::*;

    fn row(ms: i64, sensor: &str, quantity: Quantity, value: f64) -> Row {
        Row { time: Instant::from_millis(ms), sensor: Id::parse(sensor).unwrap(), quantity, value }
    }

    #[test]
    fn rows_of_one_sensor_and_instant_share_a_message() {
        let rows = [
            row(0, "a", Quantity::Temperature, 21.5),
            row(0, "a", Quantity::Co2, 600.0),
            row(0, "b", Quantity::Occupied, 1.0),
            row(60_000, "a", Quantity::Co2, 610.0),
        ];
        let events: Vec<Event> = messages_for(rows, Format::Zigbee2mqtt).collect();
        let topics: Vec<&str> = events.iter().map(|e| e.topic.as_str()).collect();
        assert_eq!(topics, ["zigbee2mqtt/a", "zigbee2mqtt/b", "zigbee2mqtt/a"]);
        let state: serde_json::Value = serde_json::from_slice(&events[0].payload).unwrap();
        assert_eq!((state["temperature"].as_f64(), state["co2"].as_i64()), (Some(21.5), Some(600)));
        assert_eq!(state["last_seen"], "1970-01-01T00:00:00Z");
    }

    #[test]
    fn a_sensor_that_has_an_eui_keeps_it() {
        let event =
            messages_for([row(0, "0011aabbccddeeff", Quantity::Co2, 1.0)], Format::ChirpstackV4).next();
        assert!(event.unwrap().topic.contains("/device/0011aabbccddeeff/event/up"));
        assert_eq!(eui_of(&Id::parse("desk 4".replace(' ', "-").as_str()).unwrap()).len(), 16);
    }
}
