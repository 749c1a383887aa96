//! Meters and what happened to them.

use serde::{Deserialize, Serialize};

use crate::{Id, Instant, closed::closed_list};

closed_list! {
    /// What a meter measures.
    pub enum Carrier {
        Electricity = "electricity",
        Gas = "gas",
        Heat = "heat",
        Water = "water",
    }
}

closed_list! {
    /// What the metered carrier is used for.
    pub enum EndUse {
        Total = "total",
        Lighting = "lighting",
        Sockets = "sockets",
        Hvac = "hvac",
        Cooling = "cooling",
        Heating = "heating",
        HeatingPump = "heating_pump",
        Fans = "fans",
        Lifts = "lifts",
        HotWater = "hot_water",
        DataCentre = "data_centre",
        Kitchen = "kitchen",
        Special = "special",
        Transport = "transport",
        Pv = "pv",
        Other = "other",
        /// Servers, storage and network of a data centre, without its cooling and losses.
        It = "it",
    }
}

closed_list! {
    /// A declared change of a meter.
    pub enum MeterEventKind {
        Replaced = "replaced",
        Reset = "reset",
        Multiplier = "multiplier",
    }
}

/// A meter's binding to a place between two dates.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Meter {
    /// Id on the wire.
    pub id: Id,
    /// What it supplies.
    pub place: Id,
    /// What it measures.
    pub carrier: Carrier,
    /// What that is used for (default total).
    pub end_use: EndUse,
    /// The meter upstream; a meter with a counted parent is not counted again.
    pub parent: Option<Id>,
    /// Factor from register units to real ones (current transformer; default 1).
    pub multiplier: f64,
    /// Nominal interval, s (default 300).
    pub interval_s: f64,
    /// Longest time a power reading stands, s (default three intervals).
    pub max_gap_s: f64,
    /// Raw register value at which it starts again from zero, before the multiplier.
    pub rollover_at: Option<f64>,
    /// Whether 24 h or more of exact zeros are a gap (default only for electricity totals).
    pub zero_is_gap: bool,
    /// Rated power of what it supplies, kW.
    pub rated_kw: Option<f64>,
}

impl Meter {
    /// A binding with the defaults of the register file.
    #[must_use]
    pub const fn new(id: Id, place: Id, carrier: Carrier) -> Self {
        Self {
            id,
            place,
            carrier,
            end_use: EndUse::Total,
            parent: None,
            multiplier: 1.0,
            interval_s: 300.0,
            max_gap_s: 900.0,
            rollover_at: None,
            zero_is_gap: matches!(carrier, Carrier::Electricity),
            rated_kw: None,
        }
    }
}

/// A declared replacement, reset or change of multiplier.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MeterEvent {
    /// The meter.
    pub sensor: Id,
    /// When it happened.
    pub time: Instant,
    /// What happened.
    pub kind: MeterEventKind,
    /// Register of the old meter when it was taken off, raw units.
    pub old_reading: Option<f64>,
    /// Register of the new meter when it was put on, raw units (default 0).
    pub new_reading: Option<f64>,
    /// Factor from then on.
    pub multiplier: Option<f64>,
}
