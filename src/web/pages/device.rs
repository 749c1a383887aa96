//! One device: what it says, how it is, whose clock its readings go by, which marks they carry, and where it hung.

use axum::{
    extract::{Path, RawQuery},
    response::Response,
};
use model::{Id, Instant, Quantity, Span};
use serde::Serialize;

use super::{
    frame,
    look::{Link, Look},
    not_found,
    room::{Range, SensorRow, sensor_row, span},
};
use crate::web::{
    desk::Desk,
    device::Device,
    format::{self, When},
    language::Viewer,
};

/// What tells of the device itself; drawn as curves, in this order.
const HEALTH: [Quantity; 4] =
    [Quantity::BatteryLevel, Quantity::BatteryVoltage, Quantity::Signal, Quantity::Snr];
/// Rows of the register that are shown, the newest.
const MOST_ROWS: usize = 50;

#[derive(Serialize)]
struct Page {
    sensor: String,
    kind: &'static str,
    place: Link,
    problems: Vec<&'static str>,
    last: Option<When>,
    interval: String,
    gap: String,
    skew: Option<(String, bool)>,
    formats: Vec<String>,
    range: Range,
    health: Vec<Picture>,
    series: Vec<SensorRow>,
    counted_since: Option<When>,
    messages: String,
    readings: String,
    marks: Vec<(&'static str, String)>,
    clocks: Vec<(&'static str, String)>,
    bindings: Vec<Binding>,
    events: Vec<Event>,
}

#[derive(Serialize)]
struct Picture {
    quantity: &'static str,
    newest: String,
    src: String,
}

/// Where it hung, and when.
#[derive(Serialize)]
struct Binding {
    place: Link,
    from: Option<When>,
    to: Option<When>,
}

/// What the register says that happened to a meter.
#[derive(Serialize)]
struct Event {
    at: When,
    kind: &'static str,
    old: Option<String>,
    new: Option<String>,
}

/// `GET /device/{sensor}?range=`.
pub(super) async fn page(
    desk: Desk,
    viewer: Viewer,
    Path(sensor): Path<String>,
    RawQuery(query): RawQuery,
) -> Response {
    let snapshot = desk.snapshot();
    let Some(device) = desk.device(&snapshot, &sensor) else { return not_found(&desk, &viewer) };
    let look = Look::new(&desk, &snapshot, &viewer);
    let page = form(&look, &device, Range::of_query(&query.unwrap_or_default()));
    frame::render(&desk, &snapshot, &viewer, "device.html", "devices", &page)
}

fn form(look: &Look<'_>, device: &Device, range: Range) -> Page {
    let latest: Vec<_> = look
        .snapshot
        .places
        .values()
        .flat_map(|place| &place.latest)
        .filter(|reading| reading.sensor == device.sensor)
        .collect();
    let (from, to) = span(look, range);
    let picture = |quantity: Quantity| {
        let newest = latest.iter().filter(|r| r.quantity == quantity).max_by_key(|r| r.time)?;
        let (sensor, name) = (&device.sensor, quantity.name());
        Some(Picture {
            quantity: name,
            newest: look.reading(quantity, newest.value),
            src: format!("/charts/device/{sensor}/{name}.svg?from={from}&to={to}"),
        })
    };
    let counted = |(name, count): (&&'static str, &u64)| (*name, format::count(*count));
    Page {
        sensor: device.sensor.to_string(),
        kind: device.kind,
        place: look.place_link(&device.place),
        problems: device.problems.clone(),
        last: device.last_heard.map(|at| look.when_and_age(at)),
        interval: age(look, device.interval_s),
        gap: age(look, device.max_gap_s),
        skew: device.clock_skew_ms.map(|skew| (format::age(skew.abs(), look.language), skew > 0)),
        formats: device.formats.clone(),
        range,
        health: HEALTH.into_iter().filter_map(picture).collect(),
        series: latest.iter().map(|reading| sensor_row(look, reading)).collect(),
        counted_since: device.counted_since.map(|at| look.when(at)),
        messages: format::count(device.messages),
        readings: format::count(device.readings),
        marks: device.flags.iter().map(counted).collect(),
        clocks: device.time_from.iter().map(counted).collect(),
        bindings: bindings(look, &device.sensor),
        events: events(look, &device.sensor),
    }
}

/// A time of the register, in words.
pub(super) fn age(look: &Look<'_>, secs: f64) -> String {
    #[expect(clippy::cast_possible_truncation, reason = "seconds of a register; `as` saturates")]
    let ms = (secs * 1000.0) as i64;
    format::age(ms, look.language)
}

fn bindings(look: &Look<'_>, sensor: &Id) -> Vec<Binding> {
    let register = look.desk.register();
    let sensors = register.sensors.get(sensor).into_iter().flat_map(|rows| rows.rows());
    let sensors = sensors.map(|row| (row.span, &row.value.place));
    let meters = register.meters.get(sensor).into_iter().flat_map(|rows| rows.rows());
    let mut rows: Vec<(Span, &Id)> = sensors.chain(meters.map(|row| (row.span, &row.value.place))).collect();
    rows.sort_by_key(|(span, _)| std::cmp::Reverse(span.from));
    let row = |(span, place): (Span, &Id)| Binding {
        place: look.place_link(place),
        from: (span.from != Instant::MIN).then(|| look.when(span.from)),
        to: (span.to != Instant::MAX).then(|| look.when(span.to)),
    };
    // Places out of reach stay unnamed.
    let within = rows.into_iter().filter(|(_, place)| look.snapshot.places.contains_key(*place));
    within.take(MOST_ROWS).map(row).collect()
}

fn events(look: &Look<'_>, sensor: &Id) -> Vec<Event> {
    let events = look.desk.register().meter_events.iter().filter(|event| event.sensor == *sensor);
    let mut rows: Vec<_> = events.collect();
    rows.sort_by_key(|event| std::cmp::Reverse(event.time));
    let number = |value: Option<f64>| value.map(|value| format::value(value, ""));
    let row = |event: &model::register::MeterEvent| Event {
        at: look.when(event.time),
        kind: event.kind.name(),
        old: number(event.old_reading),
        new: number(event.new_reading.or(event.multiplier)),
    };
    rows.into_iter().take(MOST_ROWS).map(row).collect()
}
