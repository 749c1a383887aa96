//! The register written back: every column, UTF-8, comma, defaults spelled out.

use std::collections::BTreeMap;

use jiff::civil::{Date, Time};

use super::{
    columns::{self, Table},
    settings,
};
use crate::{
    Calendar, Id, Instant, Span, WorkingHours,
    register::{History, Register},
};

/// A row by column name; what is absent is blank.
type Cells = BTreeMap<&'static str, String>;

impl Register {
    /// The files of a register directory, by name: what [`Register::load`] reads back to an equal register.
    #[must_use]
    pub fn export(&self) -> BTreeMap<String, String> {
        let mut files = BTreeMap::from([(settings::FILE.to_owned(), self.settings_text())]);
        let mut write =
            |table: &Table, rows: Vec<Cells>| files.insert(table.file.to_owned(), csv(table, &rows));
        write(&columns::BODIES, self.rows(&self.bodies, body));
        write(&columns::PLACES, self.rows(&self.places, place));
        write(&columns::POSTS, self.rows(&self.posts, post));
        write(&columns::SENSORS, self.rows(&self.sensors, sensor));
        write(&columns::METERS, self.rows(&self.meters, meter));
        write(
            &columns::METER_EVENTS,
            self.meter_events.iter().map(|event| self.meter_event_row(event)).collect(),
        );
        write(&columns::RECIPIENTS, self.rows(&self.recipients, |row| self.recipient_row(row)));
        write(
            &columns::WAIVERS,
            self.waivers.iter().map(|row| self.waiver_row(&row.value, row.span)).collect(),
        );
        let days = self.calendar.exceptions.iter();
        let days = days.map(|(date, kind)| {
            let named = self.day_names.get(date).cloned();
            cells([("date", Some(date.to_string())), ("kind", name(*kind)), ("name", named)])
        });
        write(&columns::CALENDAR, days.collect());
        let profiles = self.profiles.iter();
        files.extend(profiles.map(|(name, text)| (format!("{name}{}", super::PROFILE), text.clone())));
        files
    }

    fn rows<T>(&self, table: &BTreeMap<Id, History<T>>, build: impl Fn(&T) -> Cells) -> Vec<Cells> {
        let rows = table.values().flat_map(History::rows);
        rows.map(|row| dated(build(&row.value), row.span, &self.calendar)).collect()
    }

    fn settings_text(&self) -> String {
        let text = |value: &str| toml::Value::String(value.to_owned());
        let list = |values: &[String]| toml::Value::Array(values.iter().map(|value| text(value)).collect());
        let names = toml::Table::from_iter(
            [("zh", &self.name.zh), ("en", &self.name.en)].map(|(k, v)| (k.to_owned(), text(v))),
        );
        let mut root = toml::Table::from_iter([
            ("id".to_owned(), text(self.id.as_str())),
            ("name".to_owned(), toml::Value::Table(names)),
            ("time_zone".to_owned(), text(self.calendar.zone.iana_name().unwrap_or("UTC"))),
            ("packs".to_owned(), list(&self.packs)),
            ("accept_unverified".to_owned(), list(&self.accept_unverified)),
            ("calendar".to_owned(), text(columns::CALENDAR.file)),
            ("working_hours".to_owned(), hours(&self.calendar.working_hours)),
        ]);
        if let Some(opening) = &self.calendar.opening_hours {
            root.insert("opening_hours".to_owned(), hours(opening));
        }
        let seasons = [("cooling", self.calendar.cooling), ("heating", self.calendar.heating)];
        let seasons: toml::Table = seasons
            .into_iter()
            .filter_map(|(key, ends)| ends.map(|(first, last)| (key, [first, last])))
            .map(|(key, ends)| {
                let ends = ends.map(|(month, day)| text(&format!("{month:02}-{day:02}")));
                (key.to_owned(), toml::Value::Array(ends.into()))
            })
            .collect();
        if !seasons.is_empty() {
            root.insert("seasons".to_owned(), toml::Value::Table(seasons));
        }
        root.to_string()
    }

    fn meter_event_row(&self, event: &crate::register::MeterEvent) -> Cells {
        cells([
            ("sensor", id(&event.sensor)),
            ("time", Some(self.calendar.rfc3339(event.time))),
            ("kind", name(event.kind)),
            ("old_reading", number(event.old_reading)),
            ("new_reading", number(event.new_reading)),
            ("multiplier", number(event.multiplier)),
        ])
    }

    fn recipient_row(&self, who: &crate::register::Recipient) -> Cells {
        let absent = who.absent.unwrap_or(Span::ALWAYS);
        cells([
            ("recipient", id(&who.id)),
            ("mail", Some(who.mail.clone())),
            ("language", name(who.language)),
            ("time_zone", who.time_zone.clone()),
            ("place", who.place.as_ref().and_then(id)),
            ("body", who.body.as_ref().and_then(id)),
            ("severity_at_least", name(who.severity_at_least)),
            ("deputy", who.deputy.as_ref().and_then(id)),
            ("absent_from", end(absent.from, &self.calendar)),
            ("absent_to", end(absent.to, &self.calendar)),
        ])
    }

    fn waiver_row(&self, waiver: &crate::register::Waiver, span: Span) -> Cells {
        let column = if self.places.contains_key(&waiver.subject) { "place" } else { "body" };
        let row = cells([
            ("clause", Some(waiver.clause.clone())),
            (column, id(&waiver.subject)),
            ("reason", Some(waiver.reason.clone())),
            ("approver", Some(waiver.approver.clone())),
        ]);
        dated(row, span, &self.calendar)
    }
}

fn body(body: &crate::register::Body) -> Cells {
    cells([
        ("body", id(&body.id)),
        ("name", Some(body.name.clone())),
        ("parent", body.parent.as_ref().and_then(id)),
        ("level", body.level.and_then(name)),
        ("authorised_headcount", number(body.authorised_headcount)),
        ("energy_headcount", number(body.energy_headcount)),
        ("quota_zone", body.quota_zone.clone()),
    ])
}

fn place(place: &crate::Place) -> Cells {
    cells([
        ("place", id(&place.id)),
        ("kind", name(place.kind)),
        ("parent", place.parent.as_ref().and_then(id)),
        ("label", place.label.clone()),
        ("use", place.room_use.and_then(name)),
        ("floor_area_m2", number(place.floor_area_m2)),
        ("usable_area_m2", number(place.usable_area_m2)),
        ("heated_area_m2", number(place.heated_area_m2)),
        ("excluded_area_m2", number(place.excluded_area_m2)),
        ("body", place.body.as_ref().and_then(id)),
        ("capacity", number(place.capacity)),
        ("storeys", place.storeys.map(|n| n.to_string())),
        ("climate_zone", place.climate_zone.and_then(name)),
        ("building_type", place.building_type.and_then(name)),
        ("building_class", place.building_class.and_then(name)),
    ])
}

fn post(post: &crate::register::Post) -> Cells {
    cells([
        ("post", id(&post.id)),
        ("rank", name(post.rank)),
        ("body", id(&post.body)),
        ("room", post.room.as_ref().and_then(id)),
    ])
}

fn sensor(sensor: &crate::register::Sensor) -> Cells {
    cells([
        ("sensor", id(&sensor.id)),
        ("place", id(&sensor.place)),
        ("profile", sensor.profile.clone()),
        ("interval_s", number(Some(sensor.interval_s))),
        ("max_gap_s", number(Some(sensor.max_gap_s))),
        ("reporting", name(sensor.reporting)),
        ("hold_off_s", number(Some(sensor.hold_off_s))),
        ("zone", sensor.zone.clone()),
        ("overlaps", sensor.overlaps.clone()),
        ("scale", number(Some(sensor.scale))),
        ("offset", number(Some(sensor.offset))),
    ])
}

fn meter(meter: &crate::register::Meter) -> Cells {
    cells([
        ("sensor", id(&meter.id)),
        ("place", id(&meter.place)),
        ("carrier", name(meter.carrier)),
        ("end_use", name(meter.end_use)),
        ("parent", meter.parent.as_ref().and_then(id)),
        ("multiplier", number(Some(meter.multiplier))),
        ("interval_s", number(Some(meter.interval_s))),
        ("max_gap_s", number(Some(meter.max_gap_s))),
        ("rollover_at", number(meter.rollover_at)),
        ("zero_is_gap", Some(meter.zero_is_gap.to_string())),
        ("rated_kw", number(meter.rated_kw)),
    ])
}

fn cells<const N: usize>(pairs: [(&'static str, Option<String>); N]) -> Cells {
    pairs.into_iter().filter_map(|(column, cell)| cell.map(|cell| (column, cell))).collect()
}

#[expect(clippy::unnecessary_wraps, reason = "one shape for every cell")]
fn id(id: &Id) -> Option<String> {
    Some(id.to_string())
}

#[expect(clippy::unnecessary_wraps, reason = "one shape for every cell")]
fn name(member: impl std::fmt::Display) -> Option<String> {
    Some(member.to_string())
}

fn number(number: Option<f64>) -> Option<String> {
    number.map(|number| number.to_string())
}

fn dated(mut row: Cells, span: Span, calendar: &Calendar) -> Cells {
    for (column, at) in [("from", span.from), ("to", span.to)] {
        row.extend(end(at, calendar).map(|text| (column, text)));
    }
    row
}

/// One end of a span: a date where it is a local midnight, blank where it is open.
fn end(at: Instant, calendar: &Calendar) -> Option<String> {
    if at == Instant::MIN || at == Instant::MAX {
        return None;
    }
    let date: Date = calendar.date(at);
    Some(if calendar.start_of(date) == at { date.to_string() } else { calendar.rfc3339(at) })
}

fn hours(hours: &WorkingHours) -> toml::Value {
    let clock = |time: Time| toml::Value::String(format!("{:02}:{:02}", time.hour(), time.minute()));
    let days = super::working::names(&hours.days).map(|day| toml::Value::String(day.to_owned()));
    toml::Value::Table(toml::Table::from_iter([
        ("days".to_owned(), toml::Value::Array(days.collect())),
        ("from".to_owned(), clock(hours.from)),
        ("to".to_owned(), clock(hours.to)),
    ]))
}

fn csv(table: &Table, rows: &[Cells]) -> String {
    let names = || table.columns.iter().map(|column| column.name);
    let mut out = line(names());
    for row in rows {
        out.push_str(&line(names().map(|column| row.get(column).map_or("", String::as_str))));
    }
    out
}

fn line<'a>(cells: impl Iterator<Item = &'a str>) -> String {
    let quoted = cells.map(|cell| {
        if cell.contains([',', ';', '\t', '"', '\n', '\r']) {
            format!("\"{}\"", cell.replace('"', "\"\""))
        } else {
            cell.to_owned()
        }
    });
    quoted.collect::<Vec<_>>().join(",") + "\n"
}
