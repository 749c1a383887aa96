//! Readings and the series they belong to.

use serde::{Deserialize, Serialize};

use crate::{Flags, Id, Instant, Quantity};

/// A sensor's one quantity, on one channel when the sensor has several (a clamp meter, say).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Series {
    /// Who publishes.
    pub sensor: Id,
    /// What is observed.
    pub quantity: Quantity,
    /// Which of several alike; `None` for the only one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<Id>,
}

/// One finite value of one quantity by one sensor at one instant, in the quantity's canonical unit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reading {
    /// The series it belongs to.
    pub series: Series,
    /// When it was observed.
    pub time: Instant,
    /// The value in [`Quantity::unit`]; always finite.
    pub value: f64,
    /// Marks of the quality stage.
    pub flags: Flags,
}

impl Reading {
    /// A reading, marked `range` when the value lies outside the quantity's physical range.
    ///
    /// `None` when the value is not finite: a NaN is no observation.
    #[must_use]
    pub fn new(series: Series, time: Instant, value: f64) -> Option<Self> {
        if !value.is_finite() {
            return None;
        }
        let flags = if series.quantity.is_plausible(value) { Flags::NONE } else { Flags::RANGE };
        Some(Self { series, time, value, flags })
    }
}
