//! The rooms and areas that figures of the register are made of.

use model::{Id, Instant, Place, Register, RoomUse, register::Body};

use super::Figure;
use crate::{Fact, Why};

/// Rooms that serve everybody in a body, by the wording of the area standard: meeting, reception, archive and the like.
pub(super) const SERVICE: [RoomUse; 8] = [
    RoomUse::Meeting,
    RoomUse::Reception,
    RoomUse::Service,
    RoomUse::Archive,
    RoomUse::Print,
    RoomUse::Storage,
    RoomUse::Pantry,
    RoomUse::Toilet,
];

/// An area that the register knows (`name` is its column), divided by something; insufficient where it is unknown.
pub(super) fn known(area: Option<f64>, name: &str, divisor: f64, mut why: Why) -> Figure {
    if area.is_none() {
        why.insert("missing".to_owned(), name.into());
    }
    let coverage = if area.is_some() { 1.0 } else { 0.0 };
    Figure { value: area.map(|a| a / divisor), coverage, has_judged_time: true, why }
}

/// Names of places, for the explanation.
pub(super) fn named<'a>(places: impl IntoIterator<Item = &'a Place>) -> Fact {
    Fact::List(places.into_iter().map(|place| place.id.as_str().into()).collect())
}

/// The rooms of some uses that a body, or one below it, holds at `at`.
pub(super) fn rooms_of<'r>(
    register: &'r Register,
    body: &Body,
    uses: &[RoomUse],
    at: Instant,
) -> Vec<&'r Place> {
    let places = register.places.values().filter_map(|history| history.at(at));
    let rooms = places.filter(|place| place.room_use.is_some_and(|u| uses.contains(&u)));
    rooms.filter(|place| is_held(register, &place.id, &body.id, at)).collect()
}

/// Whether a body, or one below it, holds a place.
pub(crate) fn is_held(register: &Register, place: &Id, by: &Id, at: Instant) -> bool {
    register.body_of(place, at).is_some_and(|holder| register.up_bodies(&holder.id, at).contains(&by))
}
