//! The rooms of the whole register as tiles, formed once a page and counted by place.

use std::collections::BTreeMap;

use model::{Id, Period, PlaceKind, RoomUse};
use rules::{Measure, Outcome, Verdict};
use serde::Serialize;

use super::look::Look;
use crate::{
    view::{Figure, PlaceView},
    web::{
        format,
        presence::{RoomState, Watched, presence},
    },
};

/// A figure with less evidence takes no part in rankings and means.
const LEAST_COVERAGE: f64 = 0.5;

/// The share of working hours of the last days in which rooms were in use, weighted by area, over the
/// rooms that were observed for at least half of that time; `None` where none was.
pub(super) fn utilisation<'a>(rooms: impl Iterator<Item = &'a PlaceView>) -> Option<f64> {
    let (mut sum, mut weights) = (0.0, 0.0);
    for room in rooms {
        if let Some(used) = used_lately(room).and_then(|figure| figure.value) {
            let weight = room.usable_area_m2.unwrap_or(1.0);
            sum += used * weight;
            weights += weight;
        }
    }
    (weights > 0.0).then(|| sum / weights)
}

/// A room's utilisation over the last seven days, unless too little of it was observed.
pub(super) fn used_lately(room: &PlaceView) -> Option<&Figure> {
    let is_told = |f: &&Figure| {
        f.measure == Measure::Utilisation.name() && f.period == Period::Week && f.coverage >= LEAST_COVERAGE
    };
    room.figures.iter().rfind(is_told)
}

/// How many rooms of a place are in which state.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize)]
pub(super) struct Counts {
    pub(super) rooms: usize,
    pub(super) occupied: usize,
    pub(super) free: usize,
    pub(super) unknown: usize,
    pub(super) unwatched: usize,
    pub(super) breach: usize,
    pub(super) idle: usize,
    pub(super) crowded: usize,
}

/// A room as a tile.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Tile {
    id: String,
    label: String,
    room_use: Option<RoomUse>,
    state: RoomState,
    people: Option<String>,
    capacity: Option<String>,
    firing: usize,
    is_idle: bool,
    is_crowded: bool,
}

/// A room with the places that contain it.
pub(super) struct Room<'a> {
    pub(super) place: &'a PlaceView,
    above: Vec<&'a Id>,
    pub(super) tile: Tile,
}

/// Every room of the state.
pub(super) struct Rooms<'a>(Vec<Room<'a>>);

/// Whether a breach says that a room is used too little (or is larger than its posts may have).
pub(super) fn says_idle(verdict: &Verdict) -> bool {
    match verdict.clause.measure {
        Measure::Utilisation | Measure::SeatUtilisation | Measure::SpaceUtilisation => verdict.is_minimum,
        Measure::IdleWorkingDays | Measure::PrivateOfficeArea => !verdict.is_minimum,
        _ => false,
    }
}

/// Whether a breach says that a room is too full.
pub(super) fn says_scarce(verdict: &Verdict) -> bool {
    match verdict.clause.measure {
        Measure::Utilisation | Measure::SeatUtilisation | Measure::PeakPeople => !verdict.is_minimum,
        Measure::AreaPerPerson => verdict.is_minimum,
        _ => false,
    }
}

#[derive(Default, Clone, Copy)]
struct Findings {
    is_idle: bool,
    is_crowded: bool,
}

impl<'a> Rooms<'a> {
    pub(super) fn of(look: &Look<'a>) -> Self {
        let mut findings: BTreeMap<&Id, Findings> = BTreeMap::new();
        let breaches = look.snapshot.verdicts.iter().filter(|v| v.outcome == Outcome::Breach);
        for verdict in breaches.filter(|v| v.waived.is_none()) {
            let of = findings.entry(verdict.subject.id()).or_default();
            of.is_idle |= says_idle(verdict);
            of.is_crowded |= says_scarce(verdict);
        }
        let rooms = look.snapshot.places.values().filter(|place| place.kind == PlaceKind::Room);
        let watched = Watched::of(look.desk.register(), look.now);
        let form = |place: &'a PlaceView| Room {
            place,
            above: look.above(place).into_iter().map(|above| &above.place).collect(),
            tile: tile(look, &watched, place, findings.get(&place.place).copied().unwrap_or_default()),
        };
        Self(rooms.map(form).collect())
    }

    /// The rooms inside a place.
    pub(super) fn within<'b>(&'b self, place: &'b Id) -> impl Iterator<Item = &'b Room<'a>> {
        self.0.iter().filter(move |room| room.above.contains(&place))
    }

    /// The rooms inside a place (all of them for `None`) by state.
    pub(super) fn counts(&self, within: Option<&Id>) -> Counts {
        let rooms = self.0.iter().filter(|room| within.is_none_or(|place| room.above.contains(&place)));
        let mut counts = Counts::default();
        rooms.for_each(|room| counts.add(&room.tile));
        counts
    }
}

impl Counts {
    pub(super) fn add(&mut self, tile: &Tile) {
        self.rooms += 1;
        match tile.state {
            RoomState::Occupied => self.occupied += 1,
            RoomState::Free => self.free += 1,
            RoomState::Unknown => self.unknown += 1,
            RoomState::Unwatched => self.unwatched += 1,
        }
        self.breach += usize::from(tile.firing > 0);
        self.idle += usize::from(tile.is_idle);
        self.crowded += usize::from(tile.is_crowded);
    }
}

fn tile(look: &Look<'_>, watched: &Watched<'_>, room: &PlaceView, findings: Findings) -> Tile {
    let presence = presence(look.snapshot, look.desk.register(), room, look.now);
    Tile {
        id: room.place.to_string(),
        label: look.label(room),
        room_use: room.room_use,
        state: watched.state(room, &presence),
        people: presence.people.map(|people| format::value(people, "count")),
        capacity: room.capacity.map(|seats| format::value(seats, "count")),
        firing: room.firing,
        is_idle: findings.is_idle,
        is_crowded: findings.is_crowded,
    }
}
