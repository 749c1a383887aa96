//! The rows of each file as the model's words, still in file order and with their lines.

use std::collections::BTreeMap;

use super::{
    columns::{self, Table},
    ids::Ids,
    row::{Bounds, Row},
    sheet,
};
use crate::{
    Calendar, Place, PlaceKind, Problem, RoomUse, Span,
    register::{
        Body, BuildingClass, BuildingType, Carrier, ClimateZone, EndUse, Language, Level, Meter, MeterEvent,
        MeterEventKind, Post, Rank, Recipient, Reporting, Sensor, Severity, Waiver,
    },
};

/// A row, where it stands and when it holds.
#[derive(Debug)]
pub(super) struct Loaded<T> {
    pub(super) line: usize,
    pub(super) span: Span,
    pub(super) value: T,
}

/// Every table of the register.
#[derive(Debug)]
pub(super) struct Tables {
    pub(super) bodies: Vec<Loaded<Body>>,
    pub(super) places: Vec<Loaded<Place>>,
    pub(super) posts: Vec<Loaded<Post>>,
    pub(super) sensors: Vec<Loaded<Sensor>>,
    pub(super) meters: Vec<Loaded<Meter>>,
    pub(super) meter_events: Vec<Loaded<MeterEvent>>,
    pub(super) recipients: Vec<Loaded<Recipient>>,
    pub(super) waivers: Vec<Loaded<Exempt>>,
}

/// A waiver, and which table its subject stands in.
#[derive(Debug)]
pub(super) struct Exempt {
    pub(super) waiver: Waiver,
    pub(super) is_place: bool,
}

type Files = BTreeMap<String, Vec<u8>>;

impl Tables {
    /// Reads every file. A row whose other cells are wrong still counts as a row, so that what refers to it
    /// is not reported as well.
    pub(super) fn read(files: &Files, calendar: &Calendar, problems: &mut Vec<Problem>) -> Self {
        let mut reader = Reader { files, calendar, problems, ids: Ids::default() };
        Self {
            bodies: reader.table(&columns::BODIES, |row, _| body(row)),
            places: reader.table(&columns::PLACES, |row, _| place(row)),
            posts: reader.table(&columns::POSTS, |row, _| post(row)),
            sensors: reader.table(&columns::SENSORS, |row, _| sensor(row)),
            meters: reader.table(&columns::METERS, |row, _| meter(row)),
            meter_events: reader.table(&columns::METER_EVENTS, meter_event),
            recipients: reader.table(&columns::RECIPIENTS, recipient),
            waivers: reader.table(&columns::WAIVERS, |row, _| waiver(row)),
        }
    }
}

struct Reader<'a> {
    files: &'a Files,
    calendar: &'a Calendar,
    problems: &'a mut Vec<Problem>,
    ids: Ids,
}

impl Reader<'_> {
    fn table<T>(
        &mut self,
        table: &Table,
        build: impl Fn(&mut Row, &Calendar) -> Option<T>,
    ) -> Vec<Loaded<T>> {
        let Some(bytes) = self.files.get(table.file) else { return Vec::new() };
        let mut loaded = Vec::new();
        for mut row in sheet::rows(table.file, bytes, table, self.problems) {
            row.share_ids(&self.ids);
            let span = row.span("from", "to", self.calendar);
            let value = build(&mut row, self.calendar);
            loaded.extend(value.map(|value| Loaded { line: row.line(), span, value }));
            self.problems.append(&mut row.take_problems());
        }
        loaded
    }
}

fn body(row: &mut Row) -> Option<Body> {
    let name = row.need("name").unwrap_or_default();
    Some(Body {
        id: row.need_id("body")?,
        name,
        parent: row.id("parent"),
        level: row.choice("level", Level::ALL, Level::name),
        authorised_headcount: row.number("authorised_headcount", Bounds::NotNegative),
        energy_headcount: row.number("energy_headcount", Bounds::NotNegative),
        quota_zone: row.owned("quota_zone"),
    })
}

fn place(row: &mut Row) -> Option<Place> {
    let kind = row.need_choice("kind", PlaceKind::ALL, PlaceKind::name);
    Some(Place {
        id: row.need_id("place")?,
        kind: kind.unwrap_or(PlaceKind::Room),
        parent: row.id("parent"),
        label: row.owned("label"),
        room_use: row.choice("use", RoomUse::ALL, RoomUse::name),
        floor_area_m2: row.number("floor_area_m2", Bounds::NotNegative),
        usable_area_m2: row.number("usable_area_m2", Bounds::NotNegative),
        heated_area_m2: row.number("heated_area_m2", Bounds::NotNegative),
        excluded_area_m2: row.number("excluded_area_m2", Bounds::NotNegative),
        body: row.id("body"),
        capacity: row.number("capacity", Bounds::NotNegative),
        storeys: row.count("storeys"),
        climate_zone: row.choice("climate_zone", ClimateZone::ALL, ClimateZone::name),
        building_type: row.choice("building_type", BuildingType::ALL, BuildingType::name),
        building_class: row.choice("building_class", BuildingClass::ALL, BuildingClass::name),
    })
}

fn post(row: &mut Row) -> Option<Post> {
    let (id, body) = (row.need_id("post"), row.need_id("body"));
    let (rank, room) = (row.need_choice("rank", Rank::ALL, Rank::name), row.id("room"));
    Some(Post { id: id?, rank: rank?, body: body?, room })
}

fn sensor(row: &mut Row) -> Option<Sensor> {
    let (id, place) = (row.need_device("sensor"), row.need_id("place"));
    let interval_s = row.number("interval_s", Bounds::Positive);
    let max_gap_s = row.number("max_gap_s", Bounds::Positive);
    let reporting = row.choice("reporting", Reporting::ALL, Reporting::name);
    let hold_off_s = row.number("hold_off_s", Bounds::NotNegative);
    let (scale, offset) = (row.number("scale", Bounds::NotZero), row.number("offset", Bounds::Any));
    let default = Sensor::new(id?, place?);
    let interval_s = interval_s.unwrap_or(default.interval_s);
    Some(Sensor {
        profile: row.owned("profile"),
        interval_s,
        max_gap_s: max_gap_s.unwrap_or(GAP_INTERVALS * interval_s),
        reporting: reporting.unwrap_or(default.reporting),
        hold_off_s: hold_off_s.unwrap_or(default.hold_off_s),
        zone: row.owned("zone"),
        overlaps: row.owned("overlaps"),
        scale: scale.unwrap_or(default.scale),
        offset: offset.unwrap_or(default.offset),
        ..default
    })
}

/// The longest gap when none is written, in intervals.
const GAP_INTERVALS: f64 = 3.0;

fn meter(row: &mut Row) -> Option<Meter> {
    let (id, place) = (row.need_device("sensor"), row.need_id("place"));
    let carrier = row.need_choice("carrier", Carrier::ALL, Carrier::name);
    let end_use = row.choice("end_use", EndUse::ALL, EndUse::name).unwrap_or(EndUse::Total);
    let parent = row.device("parent");
    let multiplier = row.number("multiplier", Bounds::Positive);
    let interval_s = row.number("interval_s", Bounds::Positive);
    let max_gap_s = row.number("max_gap_s", Bounds::Positive);
    let rollover_at = row.number("rollover_at", Bounds::Positive);
    let zero_is_gap = row.flag("zero_is_gap");
    let rated_kw = row.number("rated_kw", Bounds::NotNegative);
    let default = Meter::new(id?, place?, carrier.unwrap_or(Carrier::Electricity));
    let interval_s = interval_s.unwrap_or(default.interval_s);
    Some(Meter {
        end_use,
        parent,
        multiplier: multiplier.unwrap_or(default.multiplier),
        interval_s,
        max_gap_s: max_gap_s.unwrap_or(GAP_INTERVALS * interval_s),
        rollover_at,
        zero_is_gap: zero_is_gap
            .unwrap_or(default.carrier == Carrier::Electricity && end_use == EndUse::Total),
        rated_kw,
        ..default
    })
}

fn meter_event(row: &mut Row, calendar: &Calendar) -> Option<MeterEvent> {
    let sensor = row.need_device("sensor");
    let time = row.need("time").and_then(|_| row.instant("time", calendar));
    let kind = row.need_choice("kind", MeterEventKind::ALL, MeterEventKind::name);
    let old_reading = row.number("old_reading", Bounds::NotNegative);
    let new_reading = row.number("new_reading", Bounds::NotNegative);
    let multiplier = row.number("multiplier", Bounds::Positive);
    if kind == Some(MeterEventKind::Multiplier) && row.text("multiplier").is_none() {
        row.report(
            "multiplier",
            "is empty, but the event is a new multiplier",
            "write the factor from then on",
        );
    }
    Some(MeterEvent { sensor: sensor?, time: time?, kind: kind?, old_reading, new_reading, multiplier })
}

fn recipient(row: &mut Row, calendar: &Calendar) -> Option<Recipient> {
    let id = row.need_id("recipient");
    let mail = row.need("mail").unwrap_or_default();
    if !mail.is_empty() && !is_mail(&mail) {
        row.report(
            "mail",
            format!("`{mail}` is no mail address"),
            "write one address, such as office@example.org",
        );
    }
    let language = match row.text("language") {
        Some("zh") => Some(Language::Zh),
        _ => row.choice("language", Language::ALL, Language::name),
    };
    let is_absent = row.text("absent_from").or(row.text("absent_to")).is_some();
    let absent = is_absent.then(|| row.span("absent_from", "absent_to", calendar));
    Some(Recipient {
        id: id?,
        mail,
        language: language.unwrap_or(Language::Zh),
        time_zone: row.zone("time_zone"),
        place: row.id("place"),
        body: row.id("body"),
        severity_at_least: row
            .choice("severity_at_least", Severity::ALL, Severity::name)
            .unwrap_or(Severity::Info),
        deputy: row.id("deputy"),
        absent,
    })
}

/// One address: something on both sides of the last `@`, and nothing that could end a header line.
fn is_mail(text: &str) -> bool {
    let parts = text.rsplit_once('@');
    let plain =
        |c: char| !c.is_whitespace() && !c.is_control() && !matches!(c, ',' | ';' | '<' | '>' | '"' | '@');
    parts.is_some_and(|(user, host)| {
        !user.is_empty() && !host.is_empty() && user.chars().all(plain) && host.chars().all(plain)
    })
}

fn waiver(row: &mut Row) -> Option<Exempt> {
    let clause = row.need("clause");
    if let Some(clause) = &clause
        && clause != "*"
        && !clause.contains('/')
    {
        row.report(
            "clause",
            format!("`{clause}` is no clause id"),
            "write `<pack id>/<clause>`, or `*` for all",
        );
    }
    let (reason, approver) = (row.need("reason"), row.need("approver"));
    let (place, body) = (row.id("place"), row.id("body"));
    if row.text("place").is_some() == row.text("body").is_some() {
        row.report("place", "needs either a place or a body", "fill exactly one of `place` and `body`");
    }
    let is_place = place.is_some();
    let waiver = Waiver {
        clause: clause?,
        subject: place.or(body)?,
        reason: reason.unwrap_or_default(),
        approver: approver.unwrap_or_default(),
    };
    Some(Exempt { waiver, is_place })
}
