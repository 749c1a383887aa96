//! Sensors bound to places.

use serde::{Deserialize, Serialize};

use crate::{Id, closed::closed_list};

closed_list! {
    /// When a sensor publishes.
    pub enum Reporting {
        /// Every `interval_s`.
        Periodic = "periodic",
        /// When the value changes, with a heartbeat at least every `max_gap_s`.
        OnChange = "on_change",
    }
}

/// A sensor's binding to a place between two dates.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sensor {
    /// Id on the wire.
    pub id: Id,
    /// Where it hangs.
    pub place: Id,
    /// Device profile that reads what names cannot.
    pub profile: Option<String>,
    /// Nominal interval, s (default 300). The last reading of an input stands this long.
    pub interval_s: f64,
    /// Longest time a reading stands, s (default three intervals).
    pub max_gap_s: f64,
    /// When it publishes.
    pub reporting: Reporting,
    /// How long one motion keeps the room occupied, s (default 900).
    pub hold_off_s: f64,
    /// Part of the room it counts; counts of different zones add.
    pub zone: Option<String>,
    /// A zone it overlaps: of overlapping zones the larger count is taken.
    pub overlaps: Option<String>,
    /// Factor on every value (default 1).
    pub scale: f64,
    /// Offset added after the factor, in the canonical unit (default 0).
    pub offset: f64,
}

impl Sensor {
    /// A binding with the defaults of the register file.
    #[must_use]
    pub const fn new(id: Id, place: Id) -> Self {
        Self {
            id,
            place,
            profile: None,
            interval_s: 300.0,
            max_gap_s: 900.0,
            reporting: Reporting::Periodic,
            hold_off_s: 900.0,
            zone: None,
            overlaps: None,
            scale: 1.0,
            offset: 0.0,
        }
    }
}
