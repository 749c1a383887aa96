//! Every device of the register: heard or not, its battery, its clock, its marks; the worst first.

use axum::{extract::RawQuery, response::Response};
use serde::Serialize;

use super::{
    frame,
    look::{Link, Look},
};
use crate::web::{
    desk::Desk,
    device::{Device, DeviceState},
    format::{self, When},
    language::Viewer,
};

/// Rows of one page; the API lists the rest.
const MOST: usize = 300;
/// A clock that is off by less is nothing to look at, ms.
const SKEW_SHOWN_MS: i64 = 60_000;

#[derive(Serialize)]
struct Page {
    state: &'static str,
    tabs: Vec<Tab>,
    devices: Vec<Row>,
    hidden: usize,
    unknown: usize,
    misunderstood: usize,
}

#[derive(Serialize)]
struct Tab {
    state: &'static str,
    count: usize,
}

#[derive(Serialize)]
struct Row {
    sensor: String,
    kind: &'static str,
    place: Link,
    problems: Vec<&'static str>,
    last: Option<When>,
    interval: String,
    battery: Option<String>,
    voltage: Option<String>,
    /// How far the clock is off, and whether it is ahead.
    skew: Option<(String, bool)>,
    messages: String,
    marks: Vec<(&'static str, String)>,
    formats: Vec<&'static str>,
}

fn row(look: &Look<'_>, device: &Device) -> Row {
    #[expect(clippy::cast_possible_truncation, reason = "seconds of a register; `as` saturates")]
    let interval_ms = (device.interval_s * 1000.0) as i64;
    let skew = device.clock_skew_ms.filter(|skew| skew.abs() >= SKEW_SHOWN_MS);
    Row {
        sensor: device.sensor.to_string(),
        kind: device.kind,
        place: look.place_link(&device.place),
        problems: device.problems.clone(),
        last: device.last_heard.map(|at| look.when_and_age(at)),
        interval: format::age(interval_ms, look.language),
        battery: device.battery_level.map(|level| look.value(level, "/100")),
        voltage: device.battery_voltage.map(|volts| look.value(volts, "V")),
        skew: skew.map(|skew| (format::age(skew.abs(), look.language), skew > 0)),
        messages: format::count(device.messages),
        marks: device.flags.iter().map(|(name, n)| (*name, format::count(*n))).collect(),
        formats: if device.formats.len() > 1 { device.formats.clone() } else { Vec::new() },
    }
}

/// `GET /devices?state=`; all of them unless a state is asked for.
pub(super) async fn page(desk: Desk, viewer: Viewer, RawQuery(query): RawQuery) -> Response {
    let snapshot = desk.snapshot();
    let look = Look::new(&desk, &snapshot, &viewer);
    let query = query.unwrap_or_default();
    let asked = query.split('&').find_map(|pair| pair.strip_prefix("state="));
    let state = DeviceState::ALL.into_iter().find(|state| Some(state.name()) == asked);
    let devices = desk.devices(&snapshot);
    let count = |state| devices.iter().filter(|device| device.state == state).count();
    let of_states = DeviceState::ALL.map(|state| Tab { state: state.name(), count: count(state) });
    let all = Tab { state: "all", count: devices.len() };
    let is_asked = |device: &&Device| state.is_none_or(|state| device.state == state);
    let found = devices.iter().filter(is_asked).count();
    let page = Page {
        state: state.map_or("all", DeviceState::name),
        tabs: std::iter::once(all).chain(of_states).collect(),
        devices: devices.iter().filter(is_asked).take(MOST).map(|device| row(&look, device)).collect(),
        hidden: found.saturating_sub(MOST),
        unknown: snapshot.unknown_sensors.len(),
        misunderstood: snapshot.misunderstood.len(),
    };
    frame::render(&desk, &snapshot, &viewer, "devices.html", "devices", &page)
}
