//! The recent readings of one series at one place.

use model::{Instant, Series, Span, register::Sensor};
use serde::{Deserialize, Serialize};

use crate::steps::{Carry, Micro, Steps, carried, held_motion};

/// Recent readings of a series while it was bound to one place, in time order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct SeriesBuffer {
    pub(crate) series: Series,
    pub(crate) binding: Span,
    pub(crate) max_gap_ms: i64,
    pub(crate) interval_ms: i64,
    pub(crate) hold_off_ms: i64,
    pub(crate) zone: Option<String>,
    pub(crate) overlaps: Option<String>,
    readings: Vec<(Instant, Micro)>,
}

impl SeriesBuffer {
    pub(crate) fn new(series: Series, sensor: &Sensor, binding: Span) -> Self {
        Self {
            series,
            binding,
            max_gap_ms: millis(sensor.max_gap_s),
            interval_ms: millis(sensor.interval_s),
            hold_off_ms: millis(sensor.hold_off_s),
            zone: sensor.zone.clone(),
            overlaps: sensor.overlaps.clone(),
            readings: Vec::new(),
        }
    }

    /// A buffer for a gauge of a meter (power), which has no hold-off and no zone.
    pub(crate) const fn gauge(series: Series, binding: Span, max_gap_ms: i64, interval_ms: i64) -> Self {
        Self {
            series,
            binding,
            max_gap_ms,
            interval_ms,
            hold_off_ms: 0,
            zone: None,
            overlaps: None,
            readings: Vec::new(),
        }
    }

    /// Takes a reading; of several at one instant the last wins. Returns the span that it can change.
    pub(crate) fn insert(&mut self, at: Instant, value: Micro) -> Span {
        match self.readings.last() {
            Some((last, _)) if *last >= at => {
                let index = self.readings.partition_point(|(t, _)| *t < at);
                match self.readings.get_mut(index) {
                    Some(held) if held.0 == at => held.1 = value,
                    _ => self.readings.insert(index, (at, value)),
                }
            }
            _ => self.readings.push((at, value)),
        }
        Span::new(at, at.plus_ms(self.max_gap_ms.max(self.hold_off_ms)))
    }

    /// The newest reading.
    pub(crate) fn newest(&self) -> Option<(Instant, Micro)> {
        self.readings.last().copied()
    }

    /// How far before a window a reading can matter to it, ms.
    pub(crate) fn look_back_ms(&self) -> i64 {
        self.max_gap_ms.max(self.hold_off_ms)
    }

    /// Forgets readings that no window from `before` on can need.
    pub(crate) fn prune(&mut self, before: Instant) {
        let edge = before.plus_ms(-self.look_back_ms());
        let keep = self.readings.partition_point(|(t, _)| *t < edge).saturating_sub(1);
        // Moving the rest costs; wait until half can go.
        if keep > 16 && keep * 2 > self.readings.len() {
            self.readings.drain(..keep);
        }
    }

    fn carry(&self, has_ended: bool) -> Carry {
        Carry { max_gap_ms: self.max_gap_ms, interval_ms: self.interval_ms, has_ended, binding: self.binding }
    }

    /// Its values over `window`.
    pub(crate) fn values(&self, window: Span, has_ended: bool) -> Steps<Micro> {
        carried(&self.readings, self.carry(has_ended), window)
    }

    /// Its motion, held for the hold-off, over `window`.
    pub(crate) fn motion(&self, window: Span, has_ended: bool) -> Steps<Micro> {
        held_motion(&self.readings, self.carry(has_ended), self.hold_off_ms, window)
    }
}

/// Seconds to whole milliseconds.
#[expect(clippy::cast_possible_truncation, reason = "`as` saturates; the register bounds its seconds")]
pub(crate) fn millis(seconds: f64) -> i64 {
    (seconds * 1000.0).round() as i64
}
