//! What one row says of another: it must exist, hold at the same time, and fit.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    columns,
    tables::{Loaded, Tables},
};
use crate::{
    Id, PlaceKind, Problem, Span,
    register::{History, Rank, Register},
};

/// Checks every reference of every table.
pub(super) fn check(tables: &Tables, register: &Register, problems: &mut Vec<Problem>) {
    let mut found = Vec::new();
    bodies_and_posts(tables, register, &mut found);
    places(tables, register, &mut found);
    devices(tables, register, &mut found);
    people(tables, register, &mut found);
    problems.append(&mut found);
}

/// A cell that names a row of another table.
struct Cell<'a> {
    file: &'a str,
    line: usize,
    column: &'a str,
    span: Span,
}

impl<'a> Cell<'a> {
    fn of<T>(file: &'a str, row: &Loaded<T>, column: &'a str) -> Self {
        Self { file, line: row.line, column, span: row.span }
    }

    fn problem(&self, what: String, remedy: impl Into<String>) -> Problem {
        Problem::new(self.file, self.line, self.column, what, remedy)
    }

    /// Notes a problem when `id` is in no row of `table`, or in none at the same time.
    fn refers<T>(
        &self,
        id: Option<&Id>,
        table: &BTreeMap<Id, History<T>>,
        known_in: &str,
        problems: &mut Vec<Problem>,
    ) {
        let Some(id) = id else { return };
        match table.get(id) {
            None => {
                let meant = crate::nearest(id.as_str(), table.keys().map(Id::as_str));
                let hint = meant.map_or(String::new(), |meant| format!("did you mean `{meant}`? "));
                problems.push(self.problem(
                    format!("there is no `{id}` in {known_in}"),
                    format!("{hint}add the row, or mend the id"),
                ));
            }
            Some(history) if history.rows().all(|row| row.span.intersect(self.span).is_none()) => {
                let what = format!("`{id}` does not exist between the dates of this row");
                problems.push(self.problem(what, format!("mend `from` and `to` here or in {known_in}")));
            }
            Some(_) => {}
        }
    }
}

fn bodies_and_posts(tables: &Tables, register: &Register, problems: &mut Vec<Problem>) {
    const BODIES: &str = columns::BODIES.file;
    const POSTS: &str = columns::POSTS.file;
    for row in &tables.bodies {
        Cell::of(BODIES, row, "parent").refers(row.value.parent.as_ref(), &register.bodies, BODIES, problems);
    }
    for row in &tables.posts {
        Cell::of(POSTS, row, "body").refers(Some(&row.value.body), &register.bodies, BODIES, problems);
        let room = Cell::of(POSTS, row, "room");
        room.refers(row.value.room.as_ref(), &register.places, columns::PLACES.file, problems);
        let place = row.value.room.as_ref().and_then(|id| overlapping(&register.places, id, row.span));
        if let Some(place) = place.filter(|place| place.kind != PlaceKind::Room) {
            let what = format!("`{}` is a {}, not a room", place.id, place.kind);
            problems.push(room.problem(what, "name the room that the post is assigned to"));
        }
        rank_fits(row.value.rank, row, register, problems);
    }
}

/// What an id was at some time inside a span.
fn overlapping<'a, T>(table: &'a BTreeMap<Id, History<T>>, id: &Id, span: Span) -> Option<&'a T> {
    let mut rows = table.get(id)?.rows();
    rows.find(|row| row.span.intersect(span).is_some()).map(|row| &row.value)
}

fn rank_fits(
    rank: Rank,
    row: &Loaded<crate::register::Post>,
    register: &Register,
    problems: &mut Vec<Problem>,
) {
    let Some(bodies) = register.bodies.get(&row.value.body) else { return };
    for body in bodies.rows() {
        let Some(both) = body.span.intersect(row.span) else { continue };
        let Some(level) = register.level_of(&body.value, both.from).filter(|level| !rank.fits(*level)) else {
            continue;
        };
        let ranks: Vec<&str> = Rank::of(level).iter().map(|rank| rank.name()).collect();
        let what = format!("rank `{rank}` does not exist at level {level} of body `{}`", body.value.id);
        let cell = Cell::of(columns::POSTS.file, row, "rank");
        problems.push(cell.problem(what, format!("one of: {}", ranks.join(", "))));
        return;
    }
}

fn places(tables: &Tables, register: &Register, problems: &mut Vec<Problem>) {
    const FILE: &str = columns::PLACES.file;
    for row in &tables.places {
        let place = &row.value;
        let parent = Cell::of(FILE, row, "parent");
        parent.refers(place.parent.as_ref(), &register.places, FILE, problems);
        Cell::of(FILE, row, "body").refers(
            place.body.as_ref(),
            &register.bodies,
            columns::BODIES.file,
            problems,
        );
        let above = place.parent.as_ref().and_then(|id| overlapping(&register.places, id, row.span));
        if let Some(above) = above.filter(|above| above.kind > place.kind) {
            let what = format!("a {} cannot lie in the {} `{}`", place.kind, above.kind, above.id);
            problems.push(parent.problem(what, "a site holds buildings, a building floors, a floor rooms"));
        }
    }
}

fn devices(tables: &Tables, register: &Register, problems: &mut Vec<Problem>) {
    const SENSORS: &str = columns::SENSORS.file;
    const METERS: &str = columns::METERS.file;
    const PLACES: &str = columns::PLACES.file;
    let zones: BTreeSet<&String> = tables.sensors.iter().filter_map(|row| row.value.zone.as_ref()).collect();
    for row in &tables.sensors {
        Cell::of(SENSORS, row, "place").refers(Some(&row.value.place), &register.places, PLACES, problems);
        if let Some(zone) = row.value.overlaps.as_ref().filter(|zone| !zones.contains(zone)) {
            let what = format!("no sensor declares the zone `{zone}`");
            let cell = Cell::of(SENSORS, row, "overlaps");
            problems
                .push(cell.problem(what, "name a zone that stands in the column `zone` of another sensor"));
        }
    }
    for row in &tables.meters {
        Cell::of(METERS, row, "place").refers(Some(&row.value.place), &register.places, PLACES, problems);
        Cell::of(METERS, row, "parent").refers(row.value.parent.as_ref(), &register.meters, METERS, problems);
    }
    for row in &tables.meter_events {
        let file = columns::METER_EVENTS.file;
        Cell::of(file, row, "sensor").refers(Some(&row.value.sensor), &register.meters, METERS, problems);
        if !row.span.contains(row.value.time) {
            let cell = Cell::of(file, row, "time");
            problems.push(cell.problem("lies outside `from` and `to`".to_owned(), "leave both blank"));
        }
    }
}

fn people(tables: &Tables, register: &Register, problems: &mut Vec<Problem>) {
    const FILE: &str = columns::RECIPIENTS.file;
    for row in &tables.recipients {
        let who = &row.value;
        Cell::of(FILE, row, "place").refers(
            who.place.as_ref(),
            &register.places,
            columns::PLACES.file,
            problems,
        );
        Cell::of(FILE, row, "body").refers(
            who.body.as_ref(),
            &register.bodies,
            columns::BODIES.file,
            problems,
        );
        let deputy = Cell::of(FILE, row, "deputy");
        deputy.refers(who.deputy.as_ref(), &register.recipients, FILE, problems);
        if who.deputy.as_ref() == Some(&who.id) {
            problems
                .push(deputy.problem(format!("`{}` is its own deputy", who.id), "name another recipient"));
        }
    }
    for row in &tables.waivers {
        let file = columns::WAIVERS.file;
        let id = Some(&row.value.waiver.subject);
        match row.value.is_place {
            true => Cell::of(file, row, "place").refers(id, &register.places, columns::PLACES.file, problems),
            false => Cell::of(file, row, "body").refers(id, &register.bodies, columns::BODIES.file, problems),
        }
    }
}
