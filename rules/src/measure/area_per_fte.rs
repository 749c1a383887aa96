//! `area_per_fte`: usable area that a body holds over its people, m² a person.
//!
//! Formula: usable area of the office, meeting, reception, service, archive, print, storage, pantry and canteen
//! rooms that the body and those below it hold, over its people: those in post and not those authorised, by the
//! rule of [`super::headcount`]. Corridors, toilets, plant and garages are no net area. A body without any such room is
//! not judged. Source: space targets of the UK government estate, in m² for each full-time equivalent.

use model::{Instant, Register, RoomUse, register::Body};

use super::{
    Figure, count,
    headcount::{is_counted_above, people},
    rooms::{known, rooms_of},
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
    if rooms.is_empty() || is_counted_above(body) {
        return Figure::default();
    }
    let mut why = Why::from([("rooms".to_owned(), count(rooms.len()).into())]);
    let area: Option<f64> = rooms.iter().map(|room| room.usable_area_m2).sum();
    let people = match people(register, &body.id, at) {
        Ok(people) => people,
        Err(of) => {
            why.insert("missing".to_owned(), format!("energy_headcount of {of}").into());
            return Figure { has_judged_time: true, why, ..Figure::default() };
        }
    };
    why.insert("energy_headcount".to_owned(), people.into());
    known(area, "usable_area_m2", people, why)
}
