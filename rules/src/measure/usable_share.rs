//! `usable_share`: usable area of a building over its building area (K), 1.
//!
//! Formula: usable area / building area, both as the register has them for the building. Source:
//! 发改投资〔2014〕2674号, usable coefficient of the basic office space.

use model::Place;

use super::{Figure, rooms::known};
use crate::Why;

/// The figure of a building.
pub(crate) fn figure(place: &Place) -> Figure {
    let mut why = Why::new();
    let Some(floor_area) = place.floor_area_m2.filter(|a| *a > 0.0) else {
        return known(None, "floor_area_m2", 1.0, why);
    };
    why.insert("floor_area_m2".to_owned(), floor_area.into());
    if let Some(usable) = place.usable_area_m2 {
        why.insert("usable_area_m2".to_owned(), usable.into());
    }
    if let Some(storeys) = place.storeys {
        why.insert("storeys".to_owned(), f64::from(storeys).into());
    }
    known(place.usable_area_m2, "usable_area_m2", floor_area, why)
}
