//! From the files of a register directory to a checked [`Register`], or to everything that is wrong with them.
//!
//! Files arrive as bytes: this module opens nothing. Reading never stops at the first problem.

mod columns;
mod cycles;
mod export;
mod ids;
mod insert;
mod keyed;
mod known;
mod references;
mod row;
mod settings;
mod sheet;
mod tables;
mod template;
mod working;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

pub use insert::NewSensor;
use settings::Settings;
use tables::{Loaded, Tables};

use crate::{
    Id, Problem,
    register::{Dated, History, Register},
};

impl Register {
    /// Reads the files of one register directory, given by name; only `register.toml` and `places.csv` must be there.
    ///
    /// Cells may be UTF-8, GB18030 or UTF-16 with its mark, separated by comma, semicolon or tab; column names may
    /// be the documented Chinese ones. A date is the local midnight of the site. Files with other names are ignored,
    /// except a name so near to a known one that it must be a slip.
    ///
    /// # Errors
    /// Returns everything that is wrong, in order of file and line.
    pub fn load(files: &BTreeMap<String, Vec<u8>>) -> Result<Self, Vec<Problem>> {
        let mut problems = Vec::new();
        misnamed(files, &mut problems);
        let settings = settings::read(files, &mut problems);
        let tables = Tables::read(files, &settings.calendar, &mut problems);
        let mut register = assemble(settings, &tables, &mut problems);
        register.profiles = profiles(files, &mut problems);
        references::check(&tables, &register, &mut problems);
        trees(&tables, &mut problems);
        if problems.is_empty() {
            return Ok(register);
        }
        problems.sort();
        problems.dedup();
        Err(problems)
    }
}

/// Reports a missing `places.csv`, and files whose names are a slip of a known one that is absent.
fn misnamed(files: &BTreeMap<String, Vec<u8>>, problems: &mut Vec<Problem>) {
    const SLIP: usize = 2;
    let places = columns::PLACES.file;
    if !files.contains_key(places) {
        problems.push(Problem::new(
            places,
            0,
            "register",
            "the file is missing",
            "`register init DIR` writes one",
        ));
    }
    let absent: Vec<&str> =
        columns::FIXED.iter().map(|table| table.file).filter(|file| !files.contains_key(*file)).collect();
    for file in files.keys().filter(|name| columns::FIXED.iter().all(|table| table.file != name.as_str())) {
        let near = absent.iter().find(|known| crate::nearest::distance(&file.to_lowercase(), known) <= SLIP);
        if let Some(known) = near {
            problems.push(Problem::new(
                file,
                0,
                "register",
                "unknown file",
                format!("did you mean `{known}`?"),
            ));
        }
    }
}

fn assemble(settings: Settings, tables: &Tables, problems: &mut Vec<Problem>) -> Register {
    let mut events: Vec<_> = tables.meter_events.iter().map(|row| row.value.clone()).collect();
    events.sort_by(|a, b| (a.time, &a.sensor).cmp(&(b.time, &b.sensor)));
    Register {
        id: settings.id.unwrap_or_else(|| Id::fold("register")),
        name: settings.name,
        calendar: settings.calendar,
        day_names: settings.day_names,
        packs: settings.packs,
        accept_unverified: settings.accept_unverified,
        bodies: histories(columns::BODIES.file, "body", &tables.bodies, |body| &body.id, problems),
        places: histories(columns::PLACES.file, "place", &tables.places, |place| &place.id, problems),
        posts: histories(columns::POSTS.file, "post", &tables.posts, |post| &post.id, problems),
        sensors: histories(columns::SENSORS.file, "sensor", &tables.sensors, |sensor| &sensor.id, problems),
        meters: histories(columns::METERS.file, "sensor", &tables.meters, |meter| &meter.id, problems),
        meter_events: events,
        recipients: histories(columns::RECIPIENTS.file, "recipient", &tables.recipients, |r| &r.id, problems),
        waivers: tables
            .waivers
            .iter()
            .map(|row| Dated { span: row.span, value: row.value.waiver.clone() })
            .collect(),
        profiles: BTreeMap::new(),
    }
}

/// What a file of a device profile is called behind the profile's name.
const PROFILE: &str = ".profile.toml";

/// The texts of the device profiles; what they mean is not for this crate to know.
fn profiles(files: &BTreeMap<String, Vec<u8>>, problems: &mut Vec<Problem>) -> BTreeMap<String, String> {
    let mut profiles = BTreeMap::new();
    for (file, bytes) in files {
        let Some(name) = file.strip_suffix(PROFILE) else { continue };
        match String::from_utf8(bytes.clone()) {
            Ok(text) => drop(profiles.insert(name.to_owned(), text)),
            Err(_) => {
                problems.push(Problem::new(file, 0, "profile", "not UTF-8", "save it as UTF-8"));
            }
        }
    }
    profiles
}

/// The rows of each id in time order; rows of one id that overlap are reported.
fn histories<T: Clone>(
    file: &str,
    column: &str,
    rows: &[Loaded<T>],
    id: impl Fn(&T) -> &Id,
    problems: &mut Vec<Problem>,
) -> BTreeMap<Id, History<T>> {
    let mut sorted: Vec<&Loaded<T>> = rows.iter().collect();
    sorted.sort_by(|a, b| id(&a.value).cmp(id(&b.value)));
    let mut histories: Vec<(Id, History<T>)> = Vec::with_capacity(rows.len());
    for same in sorted.chunk_by(|a, b| id(&a.value) == id(&b.value)) {
        let mut history = History::default();
        for row in same {
            let dated = Dated { span: row.span, value: row.value.clone() };
            if let Err(taken) = history.insert(dated) {
                let line = same.iter().find(|other| other.span == taken).map_or(0, |other| other.line);
                let what = format!("`{}` stands already on line {line} for the same time", id(&row.value));
                let remedy = "end the earlier row with `to` where the later begins, or choose another id";
                problems.push(Problem::new(file, row.line, column, what, remedy));
            }
        }
        histories.extend(same.first().map(|row| (id(&row.value).clone(), history)));
    }
    // From a sorted list a table has no room to spare: a large register is asked often.
    histories.into_iter().collect()
}

fn trees(tables: &Tables, problems: &mut Vec<Problem>) {
    cycles::check(columns::BODIES.file, &tables.bodies, |body| (&body.id, body.parent.as_ref()), problems);
    cycles::check(columns::PLACES.file, &tables.places, |place| (&place.id, place.parent.as_ref()), problems);
    cycles::check(columns::METERS.file, &tables.meters, |meter| (&meter.id, meter.parent.as_ref()), problems);
}
