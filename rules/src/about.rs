//! What the register says of a device over one binding, as far as its readings need it. One copy for all series of all
//! devices of a building that are alike.

use std::sync::Arc;

use model::{
    Span,
    register::{Meter, Sensor},
};

/// How long readings stand, and which part of the room they tell of.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct About {
    /// When the device was bound to the place.
    pub(crate) binding: Span,
    /// Longest time that a reading stands, ms.
    pub(crate) max_gap_ms: i64,
    /// How often it sends, ms.
    pub(crate) interval_ms: i64,
    /// How long one motion keeps the room occupied, ms.
    pub(crate) hold_off_ms: i64,
    pub(crate) zone: Option<Box<str>>,
    pub(crate) overlaps: Option<Box<str>>,
}

impl About {
    /// Nothing but when it was bound.
    pub(crate) const fn bound(binding: Span) -> Self {
        Self { binding, max_gap_ms: 0, interval_ms: 0, hold_off_ms: 0, zone: None, overlaps: None }
    }

    pub(crate) fn of_sensor(sensor: &Sensor, binding: Span) -> Self {
        Self {
            binding,
            max_gap_ms: millis(sensor.max_gap_s),
            interval_ms: millis(sensor.interval_s),
            hold_off_ms: millis(sensor.hold_off_s),
            zone: sensor.zone.as_deref().map(Box::from),
            overlaps: sensor.overlaps.as_deref().map(Box::from),
        }
    }

    /// Of a meter that also sends gauges.
    pub(crate) fn of_meter(meter: &Meter, binding: Span) -> Self {
        let (max_gap_ms, interval_ms) = (millis(meter.max_gap_s), millis(meter.interval_s));
        Self { max_gap_ms, interval_ms, ..Self::bound(binding) }
    }

    /// Shared with the one before, where they are alike.
    pub(crate) fn shared(self, before: Option<&Arc<Self>>) -> Arc<Self> {
        before.filter(|held| ***held == self).map_or_else(|| Arc::new(self), Arc::clone)
    }
}

/// Seconds of the register as whole milliseconds.
#[expect(clippy::cast_possible_truncation, reason = "`as` saturates; the register bounds its seconds")]
pub(crate) fn millis(seconds: f64) -> i64 {
    (seconds * 1000.0).round() as i64
}
