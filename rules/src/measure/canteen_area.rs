//! `canteen_area`: building area of a body's canteens, m².
//!
//! Formula: the sum of the building areas of the canteen rooms that the body and those below it
//! hold; the limit grows with the authorised headcount. A body without a canteen is not judged.
//! Source: 发改投资〔2014〕2674号, 3.7 m² for each of the first 100 people and 2.6 for each above.

use model::{Instant, Register, RoomUse, register::Body};

use super::{
    Figure,
    rooms::{known, named, rooms_of},
};
use crate::Why;

/// The figure of a body.
pub(crate) fn figure(register: &Register, body: &Body, at: Instant) -> Figure {
    let rooms = rooms_of(register, body, &[RoomUse::Canteen], at);
    if rooms.is_empty() {
        return Figure::default();
    }
    let area: Option<f64> = rooms.iter().map(|room| room.floor_area_m2).sum();
    let mut why = Why::from([("rooms".to_owned(), named(rooms.iter().copied()))]);
    if let Some(headcount) = body.authorised_headcount {
        why.insert("authorised_headcount".to_owned(), headcount.into());
    }
    known(area, "floor_area_m2", 1.0, why)
}
