//! The names that vendors give to quantities; each format has its own habits.

use model::Quantity;

/// The name in a LoRaWAN decoder's object.
pub(super) const fn lorawan(quantity: Quantity) -> &'static str {
    match quantity {
        Quantity::PeopleCount => "people_count_all",
        Quantity::Motion => "pir",
        Quantity::Illuminance => "illumination",
        Quantity::Occupied => "occupied",
        Quantity::Power => "active_power",
        Quantity::BatteryLevel => "battery",
        other => other.name(),
    }
}

/// The name in a zigbee2mqtt state.
pub(super) const fn zigbee(quantity: Quantity) -> &'static str {
    match quantity {
        Quantity::Occupied | Quantity::Motion => "occupancy",
        Quantity::EnergyImport => "energy",
        Quantity::BatteryLevel => "battery",
        other => other.name(),
    }
}
