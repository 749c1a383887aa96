//! `register.toml`: what the register is, its local time, and which packs judge it.

use std::collections::BTreeMap;

use jiff::{
    civil::{Date, Time},
    tz::TimeZone,
};
use toml::de::{DeTable, DeValue};

use super::{columns, keyed::Keyed, sheet, working};
use crate::{Calendar, DayKind, Id, Problem, WorkingHours, calendar::MonthDay, line_of, register::Text};

/// The file.
pub(super) const FILE: &str = "register.toml";

const KEYS: &[&str] = &[
    "id",
    "name",
    "time_zone",
    "packs",
    "working_hours",
    "seasons",
    "opening_hours",
    "calendar",
    "accept_unverified",
];

/// What `register.toml` says; defaults stand where it is wrong, so that the tables can be checked too.
#[derive(Debug)]
pub(super) struct Settings {
    pub(super) id: Option<Id>,
    pub(super) name: Text,
    pub(super) calendar: Calendar,
    pub(super) day_names: BTreeMap<Date, String>,
    pub(super) packs: Vec<String>,
    pub(super) accept_unverified: Vec<String>,
}

/// Reads `register.toml` and the calendar file that it names.
pub(super) fn read(files: &BTreeMap<String, Vec<u8>>, problems: &mut Vec<Problem>) -> Settings {
    let mut settings = Settings {
        id: None,
        name: Text::default(),
        calendar: Calendar::new(TimeZone::UTC),
        day_names: BTreeMap::new(),
        packs: Vec::new(),
        accept_unverified: Vec::new(),
    };
    let Some(bytes) = files.get(FILE) else {
        problems.push(Problem::new(
            FILE,
            0,
            "register",
            "the file is missing",
            "`register init DIR` writes one",
        ));
        return settings;
    };
    let Some(text) = sheet::decode(bytes) else {
        problems.push(Problem::new(FILE, 0, "encoding", "is not UTF-8", "save it as UTF-8"));
        return settings;
    };
    let (root, errors) = DeTable::parse_recoverable(&text);
    for error in &errors {
        let line = error.span().map_or(0, |span| line_of(&text, span.start));
        problems.push(Problem::new(FILE, line, "toml", error.message(), "mend the line; see toml.io"));
    }
    // What a broken file lacks may only be unreadable: no further complaints from its keys.
    if errors.is_empty() {
        let root = Keyed { file: FILE, text: &text, path: String::new(), table: root.get_ref() };
        fill(&mut settings, &root, files, problems);
    }
    settings
}

fn fill(
    settings: &mut Settings,
    root: &Keyed<'_, '_>,
    files: &BTreeMap<String, Vec<u8>>,
    problems: &mut Vec<Problem>,
) {
    root.only(KEYS, problems);
    if let Some(id) = root.need_text("id", "my-office", problems) {
        match Id::parse(id) {
            Ok(id) => settings.id = Some(id),
            Err(error) => problems.push(root.problem("id", error.to_string(), "choose a short id")),
        }
    }
    settings.name = name(root, problems);
    if let Some(zone) = root.need_text("time_zone", "Asia/Shanghai", problems) {
        match TimeZone::get(zone) {
            Ok(zone) => settings.calendar.zone = zone,
            Err(_) => {
                let what = format!("unknown time zone `{zone}`");
                problems.push(root.problem("time_zone", what, "write an IANA name such as Asia/Shanghai"));
            }
        }
    }
    settings.packs = root.texts("packs", problems);
    settings.accept_unverified = root.texts("accept_unverified", problems);
    if let Some(hours) = hours(root, "working_hours", problems) {
        settings.calendar.working_hours = hours;
    }
    settings.calendar.opening_hours = hours(root, "opening_hours", problems);
    seasons(&mut settings.calendar, root, problems);
    if let Some(file) = root.text_of("calendar", problems) {
        match files.get(file) {
            Some(bytes) => exceptions(settings, file, bytes, problems),
            None => {
                let what = format!("there is no file `{file}`");
                problems.push(root.problem("calendar", what, "add it beside register.toml: date,kind,name"));
            }
        }
    }
}

/// A table of `zh` and `en`, or one text for both.
fn name(root: &Keyed<'_, '_>, problems: &mut Vec<Problem>) -> Text {
    if let Some(text) = root.value("name").and_then(|value| value.get_ref().as_str()) {
        return Text { zh: text.to_owned(), en: text.to_owned() };
    }
    let Some(table) = root.section("name", problems) else { return Text::default() };
    table.only(&["zh", "en"], problems);
    let mut text = |key| table.text_of(key, problems).unwrap_or_default().to_owned();
    Text { zh: text("zh"), en: text("en") }
}

fn hours(root: &Keyed<'_, '_>, key: &str, problems: &mut Vec<Problem>) -> Option<WorkingHours> {
    let table = root.section(key, problems)?;
    table.only(&["days", "from", "to"], problems);
    let mut hours = WorkingHours::default();
    if let Some(value) = table.value("days") {
        let days = match value.get_ref() {
            DeValue::String(text) => working::days(text.split(',')),
            _ => working::days(table.texts("days", problems).iter().map(String::as_str)),
        };
        match days {
            Ok(days) => hours.days = days,
            Err(word) => {
                let remedy = "write [\"mon\", \"tue\"] or \"mon-fri\"";
                problems.push(table.problem("days", format!("`{word}` is no weekday"), remedy));
            }
        }
    }
    for (key, place) in [("from", &mut hours.from), ("to", &mut hours.to)] {
        let Some(value) = table.value(key) else { continue };
        match working::time(value.get_ref()) {
            Some(time) => *place = time,
            None => {
                problems.push(table.problem(key, "is no time of day", format!("write {key} = \"09:00\"")));
            }
        }
    }
    if hours.to <= hours.from && hours.to != Time::midnight() {
        problems.push(table.problem("to", "is not later than from", "hours over midnight are not supported"));
    }
    Some(hours)
}

fn seasons(calendar: &mut Calendar, root: &Keyed<'_, '_>, problems: &mut Vec<Problem>) {
    let Some(table) = root.section("seasons", problems) else { return };
    table.only(&["cooling", "heating"], problems);
    for (key, season) in [("cooling", &mut calendar.cooling), ("heating", &mut calendar.heating)] {
        if table.value(key).is_none() {
            continue;
        }
        let ends = table.texts(key, problems);
        let days: Vec<Option<MonthDay>> = ends.iter().map(|end| month_day(end)).collect();
        match days.as_slice() {
            [Some(first), Some(last)] => *season = Some((*first, *last)),
            _ => problems.push(table.problem(
                key,
                "is not a first and a last day",
                format!("write {key} = [\"05-15\", \"10-15\"], month and day, both included"),
            )),
        }
    }
}

fn month_day(text: &str) -> Option<MonthDay> {
    let (month, day) = text.split_once('-')?;
    let (month, day) = (month.parse().ok()?, day.parse().ok()?);
    // 2000 was a leap year: 02-29 may begin or end a season.
    Date::new(2000, month, day).ok().map(|date| (date.month(), date.day()))
}

fn exceptions(settings: &mut Settings, file: &str, bytes: &[u8], problems: &mut Vec<Problem>) {
    let mut lines = BTreeMap::new();
    for mut row in sheet::rows(file, bytes, &columns::CALENDAR, problems) {
        let date = row.need_date("date");
        let kind = row.need_choice("kind", DayKind::ALL, DayKind::name);
        if let (Some(date), Some(kind)) = (date, kind) {
            settings.calendar.exceptions.insert(date, kind);
            settings.day_names.extend(row.owned("name").map(|name| (date, name)));
            if let Some(before) = lines.insert(date, row.line()) {
                row.report("date", format!("{date} stands already on line {before}"), "keep one of the rows");
            }
        }
        problems.append(&mut row.take_problems());
    }
}
