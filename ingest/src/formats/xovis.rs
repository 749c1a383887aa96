//! Events of Xovis people counters: each crossing of a count line comes as an item of its own, without a number.

use std::collections::BTreeMap;

use model::{Flags, Id, Instant, Quantity};

use crate::{Message, RawReading, near, tape::Cursor, wire_id::wire_id};

/// What crossed one line of one sensor.
#[derive(Default)]
struct Crossings {
    forward: u32,
    backward: u32,
    last: Option<Instant>,
}

/// Counts the crossings in a list of events; `None` when the message is no such list.
pub(super) fn crossings(root: Cursor<'_, '_>, message: &Message<'_>) -> Option<Vec<RawReading>> {
    let events = root.get("values").filter(|values| values.is_array())?;
    let mut lines: BTreeMap<(Id, Option<Id>), Crossings> = BTreeMap::new();
    for event in events.children().filter(|event| event.text_of("type") == Some("LineCount")) {
        let Some(serial) = event.text_of("serial") else { continue };
        let line = event.path(&["countItem", "name"]).and_then(Cursor::text).map(wire_id);
        let crossings = lines.entry((wire_id(serial), line)).or_default();
        match event.text_of("direction") {
            Some("forward") => crossings.forward += 1,
            Some("backward") => crossings.backward += 1,
            _ => continue,
        }
        crossings.last = crossings.last.max(event.get("timestamp").and_then(near::instant));
    }
    let readings = lines.into_iter().flat_map(|((sensor, line), crossings)| {
        let time = crossings.last.or(message.received_at);
        let reading = move |quantity, count: u32| RawReading {
            sensor: sensor.clone(),
            quantity,
            channel: line.clone(),
            value: f64::from(count),
            time,
            flags: Flags::NONE,
        };
        [reading(Quantity::PeopleIn, crossings.forward), reading(Quantity::PeopleOut, crossings.backward)]
    });
    let readings: Vec<RawReading> = readings.collect();
    (!readings.is_empty()).then_some(readings)
}
