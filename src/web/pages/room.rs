//! A room: its curves against their limits, its figures, what was judged, its sensors.

use std::collections::BTreeSet;

use model::{Instant, Nature, PlaceKind, Quantity, RoomUse};
use serde::Serialize;

use super::{
    look::{Link, Look},
    rows::{AlertRow, FigureRow, VerdictRow, alert_rows, figure_rows, verdict_rows},
};
use crate::{
    view::{Latest, PlaceView},
    web::{
        charts::limits::limits_of,
        format::{self, When},
        presence::{RoomState, Watched, is_silent, presence},
    },
};

/// How far back charts go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Range {
    Day,
    Week,
    Month,
}

impl Range {
    pub(super) fn of_query(query: &str) -> Self {
        match query.split('&').find_map(|pair| pair.strip_prefix("range=")) {
            Some("week") => Self::Week,
            Some("month") => Self::Month,
            _ => Self::Day,
        }
    }

    pub(super) const fn days(self) -> i64 {
        match self {
            Self::Day => 1,
            Self::Week => 7,
            Self::Month => 31,
        }
    }
}

/// The charts of a place.
#[derive(Debug, Serialize)]
pub(super) struct Charts {
    range: Range,
    items: Vec<Chart>,
    has_presence: bool,
}

#[derive(Debug, Serialize)]
struct Chart {
    quantity: &'static str,
    unit: String,
    src: String,
    newest: Option<String>,
    limits: Vec<LimitRow>,
}

#[derive(Debug, Serialize)]
struct LimitRow {
    clause: String,
    document: String,
    citation: String,
    pack: String,
    text: String,
}

/// A series with its newest reading.
#[derive(Debug, Serialize)]
pub(super) struct SensorRow {
    sensor: String,
    channel: Option<String>,
    quantity: &'static str,
    value: String,
    at: When,
    time_from: Option<&'static str>,
    is_silent: bool,
    flags: Vec<&'static str>,
}

#[derive(Serialize)]
pub(super) struct Page {
    place: Link,
    above: Vec<Link>,
    room_use: Option<RoomUse>,
    body: Option<String>,
    usable_area: Option<String>,
    capacity: Option<String>,
    posts: Vec<String>,
    state: RoomState,
    people: Option<String>,
    state_since: Option<When>,
    charts: Charts,
    figures: Vec<FigureRow>,
    alerts: Vec<AlertRow>,
    verdicts: Vec<VerdictRow>,
    sensors: Vec<SensorRow>,
}

/// Quantities that say too little as a curve.
const NOT_DRAWN: [Quantity; 7] = [
    Quantity::BatteryLevel,
    Quantity::BatteryVoltage,
    Quantity::Signal,
    Quantity::Snr,
    // The strip under every curve tells it.
    Quantity::Motion,
    Quantity::MotionCount,
    Quantity::Setpoint,
];

pub(super) fn form(look: &Look<'_>, place: &PlaceView, range: Range) -> Page {
    let presence = presence(look.snapshot, look.desk.register(), place, look.now);
    let alerts = look.snapshot.alerts.iter().filter(|alert| alert.place == place.place);
    let verdicts = look.snapshot.verdicts.iter().filter(|v| v.subject.id() == &place.place);
    Page {
        place: look.place_link(&place.place),
        above: look.above(place).iter().map(|p| look.place_link(&p.place)).collect(),
        room_use: place.room_use,
        body: place.body.as_ref().map(|body| look.body_name(body)),
        usable_area: place.usable_area_m2.map(|area| format::value(area, "m2")),
        capacity: place.capacity.map(|seats| format::value(seats, "count")),
        posts: posts(look, place),
        state: Watched::of(look.desk.register(), look.now).state(place, &presence),
        people: presence.people.map(|people| format::value(people, "count")),
        state_since: presence.since.map(|at| look.when_and_age(at)),
        charts: charts(look, place, range),
        figures: figure_rows(look, place),
        alerts: alert_rows(look, alerts.map(AsRef::as_ref)),
        verdicts: verdict_rows(look, verdicts.map(AsRef::as_ref)),
        sensors: sensors(look, place),
    }
}

fn posts(look: &Look<'_>, place: &PlaceView) -> Vec<String> {
    let rows = look.desk.register().posts.values().filter_map(|history| history.at(look.now));
    rows.filter(|post| post.room.as_ref() == Some(&place.place))
        .map(|post| post.rank.name().to_owned())
        .collect()
}

/// One chart for each quantity that the place's sensors report, limited ones first.
pub(super) fn charts(look: &Look<'_>, place: &PlaceView, range: Range) -> Charts {
    let quantities: BTreeSet<Quantity> = place.latest.iter().map(|reading| reading.quantity).collect();
    let (from, to) = span(look, range);
    // A register that only rises says nothing as a curve; its use stands among the figures.
    let is_drawn = |q: &Quantity| !NOT_DRAWN.contains(q) && q.nature() != Nature::Counter;
    let drawn = quantities.into_iter().filter(is_drawn);
    let mut items: Vec<Chart> = drawn.map(|quantity| chart(look, place, quantity, from, to)).collect();
    items.sort_by_key(|chart| chart.limits.is_empty());
    let is_presence = |q| matches!(q, Quantity::Occupied | Quantity::Motion | Quantity::PeopleCount);
    let has_presence = place.kind == PlaceKind::Room && place.latest.iter().any(|r| is_presence(r.quantity));
    Charts { range, items, has_presence }
}

/// The span of charts, its end on a whole minute so that a reload within it shows the same picture.
pub(super) fn span(look: &Look<'_>, range: Range) -> (Instant, Instant) {
    let end = look.snapshot.event_time.unwrap_or(look.now);
    let to = Instant::from_millis(end.millis().div_euclid(60_000) * 60_000 + 60_000);
    (to.plus_ms(-range.days() * 86_400_000), to)
}

fn chart(look: &Look<'_>, place: &PlaceView, quantity: Quantity, from: Instant, to: Instant) -> Chart {
    let newest = place.latest.iter().filter(|r| r.quantity == quantity && r.flags.is_usable());
    let newest = newest.filter(|r| !is_silent(look.desk.register(), r, look.now)).max_by_key(|r| r.time);
    let limits = limits_of(look.desk, look.snapshot, &place.place, quantity, look.now);
    let row = |limit: &crate::web::charts::limits::Line| LimitRow {
        clause: look.words(&limit.clause.title),
        document: limit.clause.document.clone(),
        citation: look.citation(&limit.clause.citation),
        pack: limit.clause.pack.clone(),
        text: format!(
            "{} {}",
            if limit.is_minimum { "≥" } else { "≤" },
            format::value(limit.value, &limit.clause.limit.unit)
        ),
    };
    Chart {
        quantity: quantity.name(),
        unit: format::unit(quantity.unit().name()),
        src: format!("/charts/{}/{}.svg?from={from}&to={to}", place.place, quantity.name()),
        newest: newest.map(|r| look.reading(r.quantity, r.value)),
        limits: limits.iter().map(row).collect(),
    }
}

/// The series of a place, the silent ones first.
pub(super) fn sensors(look: &Look<'_>, place: &PlaceView) -> Vec<SensorRow> {
    let mut rows: Vec<SensorRow> = place.latest.iter().map(|reading| sensor_row(look, reading)).collect();
    rows.sort_by(|a, b| (!a.is_silent, &a.sensor, a.quantity).cmp(&(!b.is_silent, &b.sensor, b.quantity)));
    rows
}

/// A series with its newest reading.
pub(super) fn sensor_row(look: &Look<'_>, reading: &Latest) -> SensorRow {
    SensorRow {
        sensor: reading.sensor.to_string(),
        channel: reading.channel.as_ref().map(ToString::to_string),
        quantity: reading.quantity.name(),
        value: look.reading(reading.quantity, reading.value),
        at: look.when_and_age(reading.time),
        time_from: reading.time_from,
        is_silent: is_silent(look.desk.register(), reading, look.now),
        flags: reading.flags.names().collect(),
    }
}
