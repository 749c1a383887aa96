//! `area_per_fte`: usable area that a body holds over its people, m² a person.
//!
//! Formula: usable area of the office, meeting, reception, service, archive, print, storage, pantry and canteen
//! rooms that the body and those below it hold, over its energy-using headcount, which is the people in post and
//! not those authorised. Corridors, toilets, plant and garages are no net area. A body without any such room is
//! not judged. Source: space targets of the UK government estate, in m² for each full-time equivalent.

use model::{Instant, Register, RoomUse, register::Body};

use super::{
    Figure, count,
    register::{known, rooms_of},
};
use crate::Why;

/// Rooms that people work in, or that serve those who do.
const NET: [RoomUse; 11] = [
    RoomUse::Office,
    RoomUse::SingleOffice,
    RoomUse::OpenOffice,
    RoomUse::Meeting,
    RoomUse::Reception,
    RoomUse::Service,
    RoomUse::Archive,
    RoomUse::Print,
    RoomUse::Storage,
    RoomUse::Pantry,
    RoomUse::Canteen,
];

/// The figure of a body.
pub(crate) fn figure(register: &Register, body: &Body, at: Instant) -> Figure {
    let rooms = rooms_of(register, body, &NET, at);
    if rooms.is_empty() {
        return Figure::default();
    }
    let mut why = Why::from([("rooms".to_owned(), count(rooms.len()).into())]);
    let area: Option<f64> = rooms.iter().map(|room| room.usable_area_m2).sum();
    let Some(people) = body.energy_headcount.filter(|people| *people > 0.0) else {
        why.insert("missing".to_owned(), "energy_headcount".into());
        return Figure { has_judged_time: true, why, ..Figure::default() };
    };
    why.insert("energy_headcount".to_owned(), people.into());
    known(area, "usable_area_m2", people, why)
}
