//! Figures of the register alone: which file takes which.

use model::{Instant, Place, Register, register::Body};

use super::{
    Figure, area_per_fte, canteen_area, equipment_share, garage_area, private_office_area, room_area,
    service_area, usable_share, vacated_days,
};
use crate::Measure;

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
