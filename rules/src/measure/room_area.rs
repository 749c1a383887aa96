//! `room_area`: usable area of a room, m².
//!
//! Formula: the register's number. Source: the minimum room sizes of office design standards.

use model::Place;

use super::{Figure, rooms::known};
use crate::Why;

/// The figure of a room.
pub(crate) fn figure(place: &Place) -> Figure {
    known(place.usable_area_m2, "usable_area_m2", 1.0, Why::new())
}
