//! Every device of the register: heard or not, its battery, its signal, its clock, its marks; the worst first.

use axum::{extract::RawQuery, response::Response};
use serde::Serialize;

use super::{
    device::age,
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
    sort: &'static str,
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
    signal: Option<String>,
    snr: Option<String>,
    /// How far the clock is off, and whether it is ahead.
    skew: Option<(String, bool)>,
    messages: String,
    marks: Vec<(&'static str, String)>,
    formats: Vec<String>,
}

/// What the list is sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sort {
    /// The worst problem first.
    Problem,
    Place,
    Sensor,
    /// Heard longest ago first.
    Heard,
    /// The emptiest first.
    Battery,
    /// The weakest first.
    Signal,
}

impl Sort {
    const ALL: [Self; 6] =
        [Self::Problem, Self::Place, Self::Sensor, Self::Heard, Self::Battery, Self::Signal];

    const fn name(self) -> &'static str {
        match self {
            Self::Problem => "problem",
            Self::Place => "place",
            Self::Sensor => "sensor",
            Self::Heard => "heard",
            Self::Battery => "battery",
            Self::Signal => "signal",
        }
    }

    /// Sorts what stands in the order of problems; those that do not say what is asked for come last.
    fn sort(self, devices: &mut [Device]) {
        let number = |value: Option<f64>| value.unwrap_or(f64::INFINITY);
        match self {
            Self::Problem => {}
            Self::Place => devices.sort_by(|a, b| (&a.place, &a.sensor).cmp(&(&b.place, &b.sensor))),
            Self::Sensor => devices.sort_by(|a, b| a.sensor.cmp(&b.sensor)),
            Self::Heard => devices.sort_by_key(|device| device.last_heard),
            Self::Battery => devices.sort_by(|a, b| {
                let by_level = number(a.battery_level).total_cmp(&number(b.battery_level));
                by_level.then(number(a.battery_voltage).total_cmp(&number(b.battery_voltage)))
            }),
            Self::Signal => devices.sort_by(|a, b| {
                let is_fine = |device: &Device| !device.problems.contains(&"signal");
                let by_word = is_fine(a).cmp(&is_fine(b));
                by_word
                    .then(number(a.signal).total_cmp(&number(b.signal)))
                    .then(number(a.snr).total_cmp(&number(b.snr)))
            }),
        }
    }
}

fn row(look: &Look<'_>, device: &Device) -> Row {
    let skew = device.clock_skew_ms.filter(|skew| skew.abs() >= SKEW_SHOWN_MS);
    Row {
        sensor: device.sensor.to_string(),
        kind: device.kind,
        place: look.place_link(&device.place),
        problems: device.problems.clone(),
        last: device.last_heard.map(|at| look.when_and_age(at)),
        interval: age(look, device.interval_s),
        battery: device.battery_level.map(|level| look.value(level, "/100")),
        voltage: device.battery_voltage.map(|volts| look.value(volts, "V")),
        signal: device.signal.map(|signal| look.value(signal, "dBm")),
        snr: device.snr.map(|snr| look.value(snr, "dB")),
        skew: skew.map(|skew| (format::age(skew.abs(), look.language), skew > 0)),
        messages: format::count(device.messages),
        marks: device.flags.iter().map(|(name, n)| (*name, format::count(*n))).collect(),
        formats: if device.formats.len() > 1 { device.formats.clone() } else { Vec::new() },
    }
}

/// `GET /devices?state=&sort=`; all of them, the worst first, unless something else is asked for.
pub(super) async fn page(desk: Desk, viewer: Viewer, RawQuery(query): RawQuery) -> Response {
    let snapshot = desk.snapshot();
    let look = Look::new(&desk, &snapshot, &viewer);
    let query = query.unwrap_or_default();
    let asked = |key: &str| query.split('&').find_map(|pair| pair.strip_prefix(key));
    let state = DeviceState::ALL.into_iter().find(|state| Some(state.name()) == asked("state="));
    let sort =
        Sort::ALL.into_iter().find(|sort| Some(sort.name()) == asked("sort=")).unwrap_or(Sort::Problem);
    let mut devices = desk.devices(&snapshot);
    sort.sort(&mut devices);
    let count = |state| devices.iter().filter(|device| device.state == state).count();
    let of_states = DeviceState::ALL.map(|state| Tab { state: state.name(), count: count(state) });
    let all = Tab { state: "all", count: devices.len() };
    let is_asked = |device: &&Device| state.is_none_or(|state| device.state == state);
    let found = devices.iter().filter(is_asked).count();
    let page = Page {
        state: state.map_or("all", DeviceState::name),
        sort: sort.name(),
        tabs: std::iter::once(all).chain(of_states).collect(),
        devices: devices.iter().filter(is_asked).take(MOST).map(|device| row(&look, device)).collect(),
        hidden: found.saturating_sub(MOST),
        unknown: snapshot.unknown_sensors.len(),
        misunderstood: snapshot.misunderstood.len(),
    };
    frame::render(&desk, &snapshot, &viewer, "devices.html", "devices", &page)
}
