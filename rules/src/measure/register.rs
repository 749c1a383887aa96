//! Figures of the register alone: which file takes which.

use model::{Id, Instant, Place, Register, RoomUse, register::Body};

use super::{
    Figure, area_per_fte, canteen_area, equipment_share, garage_area, private_office_area, room_area,
    service_area, usable_share, vacated_days,
};
use crate::{Fact, Measure, Why};

/// The figure of a place; `None` for a measure that is no figure of a place.
pub(crate) fn of_place(measure: Measure, register: &Register, place: &Place, at: Instant) -> Option<Figure> {
    Some(match measure {
        Measure::PrivateOfficeArea => private_office_area::of_office(register, place, at),
        Measure::AreaPerPost => private_office_area::of_shared_room(register, place, at),
        Measure::RoomArea => room_area::figure(place),
        Measure::GarageArea => garage_area::figure(place),
        Measure::EquipmentShare => equipment_share::figure(register, place, at),
        Measure::UsableShare => usable_share::figure(place),
        Measure::VacatedDays => vacated_days::figure(register, place, at),
        _ => return None,
    })
}

/// The figure of a body; `None` for a measure that is no figure of a body.
pub(crate) fn of_body(measure: Measure, register: &Register, body: &Body, at: Instant) -> Option<Figure> {
    Some(match measure {
        Measure::AreaPerFte => area_per_fte::figure(register, body, at),
        Measure::ServiceArea => service_area::figure(register, body, at),
        Measure::CanteenArea => canteen_area::figure(register, body, at),
        _ => return None,
    })
}

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
