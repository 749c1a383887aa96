//! `garage_area`: building area of a garage, m².
//!
//! Formula: the building area of the room; the limit grows with its capacity, which for a garage
//! is its parking spaces. Source: 发改投资〔2014〕2674号, 40 m² for each of the first 200 spaces
//! and 38 for each above.

use model::Place;

use super::{Figure, rooms::known};
use crate::Why;

/// The figure of a garage.
pub(crate) fn figure(place: &Place) -> Figure {
    let mut why = Why::new();
    if let Some(spaces) = place.capacity {
        why.insert("parking_spaces".to_owned(), spaces.into());
    }
    known(place.floor_area_m2, "floor_area_m2", 1.0, why)
}
