//! Rooms that could be given up beside rooms that need relief, so that they can change hands.
//!
//! Verdicts come first. Where they are few, the least and the most used rooms follow, marked as a
//! ranking and not a finding.

use std::{collections::BTreeMap, sync::Arc};

use model::{Id, PlaceKind, RoomUse};
use rules::{AlertState, Clause, Measure, Outcome, Verdict};
use serde::Serialize;

use super::{
    look::{Link, Look},
    rooms::{says_idle, says_scarce, used_lately},
};
use crate::{
    view::{AlertView, Figure, PlaceView},
    web::format,
};

/// Findings of one side shown at most.
const MOST: usize = 12;
/// A side with fewer rows is filled from the ranking up to this.
const FILL: usize = 5;
/// The share of working hours in use that divides the ranking.
const HALF: f64 = 0.5;
/// How far back an alert that is over still tells of a room, ms.
const LATELY_MS: i64 = 7 * 86_400_000;

/// A room of one side.
#[derive(Serialize)]
pub(super) struct SpareRow {
    place: Link,
    room_use: Option<RoomUse>,
    area: Option<String>,
    capacity: Option<String>,
    body: Option<String>,
    value: Option<String>,
    measure: &'static str,
    /// Alerts of the last days that are over; 0 for anything else.
    times: usize,
    title: String,
    /// Document and citation of the finding; nothing for a row of the ranking.
    basis: Option<String>,
}

/// Both sides.
pub(super) struct Spare {
    pub(super) idle: Vec<SpareRow>,
    pub(super) scarce: Vec<SpareRow>,
}

impl Spare {
    pub(super) fn of(look: &Look<'_>) -> Self {
        let mut idle = found(look, says_idle);
        let mut scarce = found(look, says_scarce);
        for row in lately_full(look) {
            if !scarce.iter().any(|held| held.place.id == row.place.id) {
                scarce.push(row);
            }
        }
        let mut ranking = ranking(look);
        ranking.retain(|(place, _, _)| {
            !idle.iter().chain(&scarce).any(|row| row.place.id == place.place.as_str())
        });
        // A room that stands empty most of the time may give. That an office is in use all day says nothing
        // of a need, as somebody works there; that a meeting room is does.
        let (mut little, mut much): (Vec<_>, Vec<_>) =
            ranking.into_iter().partition(|(_, _, used)| *used < HALF);
        much.retain(|(place, _, _)| place.room_use == Some(RoomUse::Meeting));
        much.reverse();
        let row = |(place, figure, value): &(&PlaceView, &Figure, f64)| SpareRow {
            value: Some(look.value(*value, &figure.unit)),
            ..row(look, place, Measure::Utilisation)
        };
        little.truncate(FILL.saturating_sub(idle.len()));
        much.truncate(FILL.saturating_sub(scarce.len()));
        idle.extend(little.iter().map(row));
        scarce.extend(much.iter().map(row));
        Self { idle, scarce }
    }
}

fn row(look: &Look<'_>, place: &PlaceView, measure: Measure) -> SpareRow {
    SpareRow {
        place: look.place_link(&place.place),
        room_use: place.room_use,
        area: place.usable_area_m2.map(|area| format::value(area, "m2")),
        capacity: place.capacity.map(|seats| format::value(seats, "count")),
        body: place.body.as_ref().map(|body| look.body_name(body)),
        value: None,
        measure: measure.name(),
        times: 0,
        title: String::new(),
        basis: None,
    }
}

/// Rooms in breach by a kind of finding, one row a room.
fn found(look: &Look<'_>, says: impl Fn(&Verdict) -> bool) -> Vec<SpareRow> {
    let mut rows: Vec<SpareRow> = Vec::new();
    let breaches = look.snapshot.verdicts.iter().filter(|v| v.outcome == Outcome::Breach);
    for verdict in breaches.filter(|v| v.waived.is_none() && says(v)) {
        let Some(place) = room(look, verdict.subject.id()) else { continue };
        if rows.len() == MOST || rows.iter().any(|row| row.place.id == place.place.as_str()) {
            continue;
        }
        let clause = &verdict.clause;
        rows.push(SpareRow {
            value: verdict.value.map(|value| look.value(value, &clause.limit.unit)),
            title: look.words(&clause.title),
            basis: Some(basis(look, clause)),
            ..row(look, place, clause.measure)
        });
    }
    rows
}

fn room<'a>(look: &Look<'a>, id: &Id) -> Option<&'a PlaceView> {
    look.snapshot.places.get(id).filter(|place| place.kind == PlaceKind::Room)
}

/// Rooms that people work or meet in, the least used first.
fn ranking<'a>(look: &Look<'a>) -> Vec<(&'a PlaceView, &'a Figure, f64)> {
    let is_used = |place: &&PlaceView| {
        let uses = [RoomUse::Office, RoomUse::SingleOffice, RoomUse::OpenOffice, RoomUse::Meeting];
        place.kind == PlaceKind::Room && place.room_use.is_some_and(|room_use| uses.contains(&room_use))
    };
    let figure = |place: &'a PlaceView| {
        let figure = used_lately(place)?;
        Some((place, figure, figure.value?))
    };
    let mut rows: Vec<_> = look.snapshot.places.values().filter(is_used).filter_map(figure).collect();
    rows.sort_by(|a, b| a.2.total_cmp(&b.2).then_with(|| a.0.place.cmp(&b.0.place)));
    rows
}

/// Rooms that were too full in the last days by alerts that are over by now, one row a room.
fn lately_full(look: &Look<'_>) -> Vec<SpareRow> {
    let since = look.now.plus_ms(-LATELY_MS);
    let is_told = |alert: &&Arc<AlertView>| {
        alert.state == AlertState::Resolved
            && alert.started_at >= since
            && alert.waived.is_none()
            && says_scarce(&alert.verdict)
    };
    let mut times: BTreeMap<&Id, (usize, &AlertView)> = BTreeMap::new();
    for alert in look.snapshot.alerts.iter().filter(is_told) {
        times.entry(&alert.place).or_insert((0, alert)).0 += 1;
    }
    let row = |(id, (times, alert)): (&Id, (usize, &AlertView))| {
        let clause = &alert.verdict.clause;
        Some(SpareRow {
            times,
            title: look.words(&clause.title),
            basis: Some(basis(look, clause)),
            ..row(look, room(look, id)?, clause.measure)
        })
    };
    let mut rows: Vec<SpareRow> = times.into_iter().filter_map(row).collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.times));
    rows.truncate(MOST);
    rows
}

fn basis(look: &Look<'_>, clause: &Clause) -> String {
    format!("{} · {}", clause.document, look.citation(&clause.citation))
}
