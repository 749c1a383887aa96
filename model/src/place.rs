//! Places: the nodes of the space tree.

use serde::{Deserialize, Serialize};

use crate::{Id, closed::closed_list};

closed_list! {
    /// What a place is in the space tree.
    pub enum PlaceKind {
        Site = "site",
        Building = "building",
        Floor = "floor",
        Room = "room",
    }
}

closed_list! {
    /// What a room is used for.
    pub enum RoomUse {
        Office = "office",
        SingleOffice = "single_office",
        OpenOffice = "open_office",
        Meeting = "meeting",
        Reception = "reception",
        Corridor = "corridor",
        Lobby = "lobby",
        Service = "service",
        Archive = "archive",
        Print = "print",
        Storage = "storage",
        Pantry = "pantry",
        Canteen = "canteen",
        Toilet = "toilet",
        Equipment = "equipment",
        DataCentre = "data_centre",
        Garage = "garage",
        Residence = "residence",
        Other = "other",
    }
}

closed_list! {
    /// Climate zone of a building, as Chinese design standards divide the country.
    pub enum ClimateZone {
        SevereCold = "severe_cold",
        Cold = "cold",
        HotSummerColdWinter = "hot_summer_cold_winter",
        HotSummerWarmWinter = "hot_summer_warm_winter",
        Temperate = "temperate",
    }
}

closed_list! {
    /// Whom an office building serves.
    pub enum BuildingType {
        PartyOffice = "party_office",
        CommercialOffice = "commercial_office",
    }
}

closed_list! {
    /// GB/T 51161 class: whether windows can serve for ventilation (a) or not (b). Not a quota zone.
    pub enum BuildingClass {
        A = "a",
        B = "b",
    }
}

/// A place as it is between two dates. Areas are in m²; each kind of area keeps its own field.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Place {
    /// Stable id.
    pub id: Id,
    /// Its level in the tree.
    pub kind: PlaceKind,
    /// The place that contains it.
    pub parent: Option<Id>,
    /// What people call it; may change.
    pub label: Option<String>,
    /// Use of a room.
    pub room_use: Option<RoomUse>,
    /// Building area (建筑面积), m².
    pub floor_area_m2: Option<f64>,
    /// Usable area (使用面积), m².
    pub usable_area_m2: Option<f64>,
    /// Heated area, m².
    pub heated_area_m2: Option<f64>,
    /// Area left out of energy indicators when its energy is metered apart, m².
    pub excluded_area_m2: Option<f64>,
    /// The body that holds it.
    pub body: Option<Id>,
    /// Seats.
    pub capacity: Option<f64>,
    /// Storeys above ground.
    pub storeys: Option<u32>,
    /// Climate zone.
    pub climate_zone: Option<ClimateZone>,
    /// Whom it serves.
    pub building_type: Option<BuildingType>,
    /// Ventilation class.
    pub building_class: Option<BuildingClass>,
}

impl Place {
    /// A place of which only this is known.
    #[must_use]
    pub const fn new(id: Id, kind: PlaceKind) -> Self {
        Self {
            id,
            kind,
            parent: None,
            label: None,
            room_use: None,
            floor_area_m2: None,
            usable_area_m2: None,
            heated_area_m2: None,
            excluded_area_m2: None,
            body: None,
            capacity: None,
            storeys: None,
            climate_zone: None,
            building_type: None,
            building_class: None,
        }
    }
}
