//! `service_area`: usable area of service rooms over the authorised headcount, m² a person.
//!
//! Formula: usable area of the meeting, reception, service, archive, print, storage, pantry and
//! toilet rooms that the body and those below it hold, over its authorised headcount. A body
//! without any such room is not judged. Source: 发改投资〔2014〕2674号.

use model::{Instant, Register, register::Body};

use super::{
    Figure,
    rooms::{SERVICE, known, named, rooms_of},
};
use crate::Why;

/// The figure of a body.
pub(crate) fn figure(register: &Register, body: &Body, at: Instant) -> Figure {
    let rooms = rooms_of(register, body, &SERVICE, at);
    if rooms.is_empty() {
        return Figure::default();
    }
    let mut why = Why::from([("rooms".to_owned(), named(rooms.iter().copied()))]);
    let area: Option<f64> = rooms.iter().map(|room| room.usable_area_m2).sum();
    let Some(headcount) = body.authorised_headcount.filter(|h| *h > 0.0) else {
        why.insert("missing".to_owned(), "authorised_headcount".into());
        return Figure { has_judged_time: true, why, ..Figure::default() };
    };
    why.insert("authorised_headcount".to_owned(), headcount.into());
    known(area, "usable_area_m2", headcount, why)
}
