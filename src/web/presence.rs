//! Whether a room is occupied now, for pages.
//!
//! The engine's fused answer decides. Where it gives none, the newest readings do, by the same
//! order: the best class that is observed (count over presence over motion). What no sensor can
//! say is unknown, which is neither free nor zero.

use std::collections::BTreeSet;

use model::{Id, Instant, Quantity, Register};
use serde::Serialize;

use crate::view::{Latest, PlaceView, Presence, Snapshot};

/// What a tile says of a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum RoomState {
    /// Somebody is there.
    Occupied,
    /// Nobody is there, and sensors say so.
    Free,
    /// Sensors that could say are silent or do not agree.
    Unknown,
    /// The place has no sensor that could say.
    Unwatched,
}

impl RoomState {
    /// The state of a fused answer.
    #[must_use]
    const fn of(presence: &Presence) -> Self {
        match presence.occupied {
            Some(true) => Self::Occupied,
            Some(false) => Self::Free,
            None => Self::Unknown,
        }
    }
}

/// The places that the register gives a sensor at an instant.
pub(super) struct Watched<'a>(BTreeSet<&'a Id>);

impl<'a> Watched<'a> {
    pub(super) fn of(register: &'a Register, at: Instant) -> Self {
        let bound = register.sensors.values().filter_map(|history| history.at(at));
        Self(bound.map(|sensor| &sensor.place).collect())
    }

    /// What to call a place: one without any sensor for presence is not unknown but unwatched, so that
    /// nobody looks for a fault there.
    pub(super) fn state(&self, place: &PlaceView, presence: &Presence) -> RoomState {
        let tells = |reading: &Latest| TELLING.contains(&reading.quantity);
        let is_silent = place.latest.is_empty() && self.0.contains(&place.place);
        if presence.occupied.is_none() && !is_silent && !place.latest.iter().any(tells) {
            return RoomState::Unwatched;
        }
        RoomState::of(presence)
    }
}

/// Quantities that can tell presence.
const TELLING: [Quantity; 8] = [
    Quantity::Occupied,
    Quantity::Motion,
    Quantity::MotionCount,
    Quantity::PeopleCount,
    Quantity::PeopleIn,
    Quantity::PeopleOut,
    Quantity::PeopleInTotal,
    Quantity::PeopleOutTotal,
];

/// The occupancy of a place now.
#[must_use]
pub(super) fn presence(
    snapshot: &Snapshot,
    register: &Register,
    place: &PlaceView,
    now: Instant,
) -> Presence {
    if let Some(fused) = snapshot.presence.get(&place.place) {
        return *fused;
    }
    let of = |quantity: Quantity| Class::of(register, place, quantity, now);
    let (counts, states, motions) = (of(Quantity::PeopleCount), of(Quantity::Occupied), of(Quantity::Motion));
    if counts.is_heard() {
        let people = (counts.silent == 0).then_some(counts.sum);
        return Presence { occupied: counts.occupied(), people, since: None };
    }
    if states.is_heard() {
        return Presence { occupied: states.occupied(), ..Presence::default() };
    }
    // The newest motion of a room may be "none" minutes after somebody moved: that proves nothing here.
    Presence { occupied: (motions.sum > 0.0).then_some(true), ..Presence::default() }
}

/// The sensors of one class in a place: what they say together, and how many are silent.
struct Class {
    sum: f64,
    heard: usize,
    silent: usize,
}

impl Class {
    fn of(register: &Register, place: &PlaceView, quantity: Quantity, now: Instant) -> Self {
        let own: Vec<&Latest> = place.latest.iter().filter(|r| r.quantity == quantity).collect();
        let standing = own.iter().filter(|r| r.flags.is_usable() && stands(register, r, now));
        let values: Vec<f64> = standing.map(|r| r.value).collect();
        Self { sum: values.iter().sum(), heard: values.len(), silent: own.len() - values.len() }
    }

    const fn is_heard(&self) -> bool {
        self.heard > 0
    }

    /// True when one says so; false only when all say so.
    fn occupied(&self) -> Option<bool> {
        if self.sum > 0.0 { Some(true) } else { (self.silent == 0).then_some(false) }
    }
}

/// Whether a reading still stands for `now`: no older than its sensor's longest gap (motion: its hold-off).
fn stands(register: &Register, reading: &Latest, now: Instant) -> bool {
    now.since(reading.time) <= carry_ms(register, reading, now)
}

/// How long a reading stands, ms.
fn carry_ms(register: &Register, reading: &Latest, now: Instant) -> i64 {
    let bound = register.sensors.get(&reading.sensor).and_then(|history| history.at(now));
    let secs = bound.map_or(900.0, |sensor| {
        let holds = reading.quantity == Quantity::Motion && reading.value > 0.0;
        if holds { sensor.hold_off_s } else { sensor.max_gap_s }
    });
    #[expect(clippy::cast_possible_truncation, reason = "seconds of a register; `as` saturates")]
    let ms = (secs * 1000.0) as i64;
    ms
}

/// Whether the newest reading of a series is older than its sensor's longest gap.
#[must_use]
pub(super) fn is_silent(register: &Register, reading: &Latest, now: Instant) -> bool {
    let bound =
        register.sensors.get(&reading.sensor).and_then(|history| history.at(now)).map(|s| s.max_gap_s);
    let meter = || register.meters.get(&reading.sensor).and_then(|h| h.at(now)).map(|m| m.max_gap_s);
    #[expect(clippy::cast_possible_truncation, reason = "seconds of a register; `as` saturates")]
    let gap = (bound.or_else(meter).unwrap_or(900.0) * 1000.0) as i64;
    now.since(reading.time) > gap
}

#[cfg(test)]
mod tests {
    use model::{Flags, Id, PlaceKind};

    use super::*;

    fn room(readings: &[(&str, Quantity, f64, i64)]) -> PlaceView {
        let latest = readings.iter().map(|(sensor, quantity, value, minutes_ago)| Latest {
            sensor: Id::parse(sensor).unwrap(),
            quantity: *quantity,
            channel: None,
            value: *value,
            unit: quantity.unit().name(),
            time: now().plus_ms(-minutes_ago * 60_000),
            flags: Flags::NONE,
            time_from: None,
        });
        PlaceView {
            place: Id::parse("r").unwrap(),
            kind: PlaceKind::Room,
            parent: None,
            label: None,
            room_use: None,
            body: None,
            usable_area_m2: None,
            floor_area_m2: None,
            capacity: None,
            latest: latest.collect(),
            figures: Vec::new(),
            firing: 0,
        }
    }

    fn now() -> Instant {
        Instant::parse("2026-11-20T10:00:00+08:00").unwrap()
    }

    fn seen(readings: &[(&str, Quantity, f64, i64)]) -> Presence {
        let register = Register::empty(Id::parse("x").unwrap());
        presence(&Snapshot::default(), &register, &room(readings), now())
    }

    #[test]
    fn a_room_whose_sensor_is_silent_is_unknown_and_not_free() {
        assert_eq!(seen(&[]).occupied, None);
        assert_eq!(seen(&[("a", Quantity::Occupied, 0.0, 16)]).occupied, None);
        assert_eq!(seen(&[("a", Quantity::Occupied, 0.0, 5)]).occupied, Some(false));
    }

    #[test]
    fn a_count_that_is_observed_decides_over_motion() {
        let both = [("a", Quantity::PeopleCount, 0.0, 1), ("b", Quantity::Motion, 1.0, 1)];
        assert_eq!(seen(&both).occupied, Some(false));
        let stale = [("a", Quantity::PeopleCount, 0.0, 60), ("b", Quantity::Motion, 1.0, 1)];
        assert_eq!(seen(&stale).occupied, Some(true));
    }

    #[test]
    fn one_silent_sensor_among_free_ones_makes_the_room_unknown() {
        let mixed = [("a", Quantity::Occupied, 0.0, 1), ("b", Quantity::Occupied, 0.0, 60)];
        assert_eq!(seen(&mixed).occupied, None);
        let counters = [("a", Quantity::PeopleCount, 3.0, 1), ("b", Quantity::PeopleCount, 2.0, 60)];
        assert_eq!((seen(&counters).occupied, seen(&counters).people), (Some(true), None));
    }

    #[test]
    fn no_motion_now_does_not_make_a_room_free() {
        assert_eq!(seen(&[("a", Quantity::Motion, 0.0, 1)]).occupied, None);
        assert_eq!(seen(&[("a", Quantity::Motion, 1.0, 1)]).occupied, Some(true));
    }

    #[test]
    fn a_room_without_a_sensor_for_presence_is_not_called_unknown() {
        let mut register = Register::empty(Id::parse("x").unwrap());
        let state = |register: &Register, room: &PlaceView| {
            let seen = presence(&Snapshot::default(), register, room, now());
            Watched::of(register, now()).state(room, &seen)
        };
        assert_eq!(state(&register, &room(&[])), RoomState::Unwatched);
        assert_eq!(state(&register, &room(&[("a", Quantity::Co2, 600.0, 1)])), RoomState::Unwatched);
        assert_eq!(state(&register, &room(&[("a", Quantity::Occupied, 0.0, 60)])), RoomState::Unknown);
        let sensor = model::register::Sensor::new(Id::parse("a").unwrap(), Id::parse("r").unwrap());
        register.sensors.insert(sensor.id.clone(), model::register::History::always(sensor));
        assert_eq!(state(&register, &room(&[])), RoomState::Unknown);
    }

    #[test]
    fn the_engine_s_answer_wins() {
        let register = Register::empty(Id::parse("x").unwrap());
        let room = room(&[("a", Quantity::PeopleCount, 0.0, 1)]);
        let mut snapshot = Snapshot::default();
        let fused = Presence { occupied: Some(true), people: Some(4.0), since: None };
        snapshot.presence.insert(room.place.clone(), fused);
        assert_eq!(presence(&snapshot, &register, &room, now()), fused);
    }
}
