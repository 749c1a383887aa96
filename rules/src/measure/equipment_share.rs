//! `equipment_share`: usable area of equipment rooms over that of office and service rooms, 1.
//!
//! Formula: over the rooms of the building, equipment / (office + service). A building without an
//! equipment room is not judged. Source: 发改投资〔2014〕2674号, 9 % of office and service area.

use model::{Instant, Place, Register, RoomUse};

use super::{
    Figure,
    rooms::{SERVICE, known, named},
};
use crate::Why;

const OFFICE: [RoomUse; 3] = [RoomUse::Office, RoomUse::SingleOffice, RoomUse::OpenOffice];

/// The figure of a building.
pub(crate) fn figure(register: &Register, building: &Place, at: Instant) -> Figure {
    let is_inside = |place: &&Place| register.ancestors(&place.id, at).iter().any(|p| p.id == building.id);
    let places = register.places.values().filter_map(|history| history.at(at));
    let rooms: Vec<&Place> = places.filter(is_inside).collect();
    let of = |counts: &dyn Fn(RoomUse) -> bool| -> Vec<&Place> {
        rooms.iter().copied().filter(|room| room.room_use.is_some_and(counts)).collect()
    };
    let equipment = of(&|u| u == RoomUse::Equipment);
    let served = of(&|u| OFFICE.contains(&u) || SERVICE.contains(&u));
    if equipment.is_empty() || served.is_empty() {
        return Figure::default();
    }
    let mut why = Why::from([("rooms".to_owned(), named(equipment.iter().copied()))]);
    let unknown = equipment.iter().chain(&served).find(|room| room.usable_area_m2.is_none());
    if let Some(room) = unknown {
        why.insert("missing_at".to_owned(), room.id.as_str().into());
        return known(None, "usable_area_m2", 1.0, why);
    }
    let area = |rooms: &[&Place]| rooms.iter().filter_map(|room| room.usable_area_m2).sum::<f64>();
    let served = area(&served);
    why.insert("office_and_service_m2".to_owned(), served.into());
    let share = Some(area(&equipment)).filter(|_| served > 0.0);
    known(share, "usable_area_m2", served, why)
}
