//! Outdoor air: CO2 limits above it move with what outdoor sensors of the building or its site say.

use model::{Quantity, Reading, Register, Span, register::Sensor};

use super::{devices::DeviceKind, shard::Shard};
use crate::{
    Bound, Clause, Why,
    buffer::SeriesBuffer,
    partial::Partial,
    standard::Resolved,
    steps::{Steps, mean_of, micro},
};

/// Longest window, ms, whose outdoor readings are still at hand: a day of 25 hours.
const LONGEST_MS: i64 = 25 * 3_600_000;

impl Shard {
    /// The sensor of a device that reads outdoor air, with the time of its binding.
    pub(super) fn outdoor_sensor(&self, device: usize) -> Option<(Sensor, Span)> {
        let device = self.devices.get(device)?;
        match &device.kind {
            DeviceKind::Sensor(sensor) => Some(((**sensor).clone(), device.span)),
            DeviceKind::Meter(_) => None,
        }
    }

    /// Takes a reading of outdoor air. Returns whether it changes what has been judged.
    pub(super) fn take_outdoor(&mut self, reading: &Reading, sensor: &Sensor, span: Span) -> bool {
        let series = &reading.series;
        if !self.places.iter().any(|state| state.asks_outdoors) {
            return false;
        }
        let found = self.outdoor.iter().position(|b| b.series == *series && b.binding == span);
        let slot = found.unwrap_or_else(|| {
            let mut buffer = SeriesBuffer::new(series.clone(), span);
            buffer.describe(sensor, span);
            self.outdoor.push(buffer);
            self.outdoor.len() - 1
        });
        let Some(buffer) = self.outdoor.get_mut(slot) else { return false };
        let touched = buffer.insert(reading.time, micro(reading.value));
        self.is_outdoor_changed = true;
        self.touch_outdoors(touched)
    }

    fn touch_outdoors(&mut self, span: Span) -> bool {
        let mut is_late = false;
        for place in 0..self.places.len() {
            if self.places.get(place).is_some_and(|state| state.asks_outdoors) {
                is_late |= self.touch(place, span, false);
            }
        }
        is_late
    }

    /// Takes back what the end of the input leaves unobserved outdoors.
    pub(super) fn cut_outdoors(&mut self) {
        let cut: Vec<Span> = self.outdoor.iter().filter_map(SeriesBuffer::beyond_end).collect();
        for span in cut.into_iter().filter(|span| !span.is_empty()) {
            self.touch_outdoors(span);
        }
    }

    /// Mean CO2 outdoors over a window, ppm, if it was observed at all.
    fn outdoor_mean(&self, window: Span) -> Option<f64> {
        if window.millis() > LONGEST_MS {
            return None;
        }
        let tracks = self.outdoor.iter().map(|b| b.values(window, self.has_ended)).collect();
        let outdoors: Steps<_> = mean_of(tracks, window);
        let mut partial = Partial::default();
        outdoors.iter().for_each(|(span, value)| partial.add(span.millis(), value));
        partial.mean()
    }

    /// Moves a limit with outdoor air, for clauses whose number stands above it; `why` says how.
    pub(super) fn above_outdoors(
        &self,
        clause: &Clause,
        window: Span,
        resolved: Resolved,
        why: &mut Why,
    ) -> Resolved {
        let (Some(assumed), Resolved::Bound(bound)) = (clause.outdoor_ppm, resolved) else { return resolved };
        let measured = self.outdoor_mean(window);
        let from = if measured.is_some() { "outdoor sensors" } else { "assumed: no outdoor sensor tells" };
        let outdoors = measured.unwrap_or(assumed);
        why.insert("outdoor_ppm".to_owned(), outdoors.into());
        why.insert("outdoor_from".to_owned(), from.into());
        let moved = |limit: f64| limit - assumed + outdoors;
        Resolved::Bound(Bound { at_most: bound.at_most.map(moved), at_least: bound.at_least.map(moved) })
    }
}

/// For each shard those whose topmost place lies below one of its places: they breathe the same air.
pub(super) fn downwind(register: &Register, shards: &[Shard]) -> Vec<Vec<usize>> {
    let below = |above: &Shard| {
        let is_below = |shard: &&Shard| {
            let rows = register.places.get(&shard.root).into_iter().flat_map(|history| history.rows());
            let mut ancestors = rows.flat_map(|row| register.ancestors(&shard.root, row.span.from));
            shard.root != above.root && ancestors.any(|place| above.index.contains_key(&place.id))
        };
        let found = shards.iter().enumerate().filter(|(_, shard)| is_below(shard));
        found.map(|(number, _)| number).collect()
    };
    shards.iter().map(below).collect()
}

/// Whether a reading is of outdoor air that limits may stand above.
pub(super) fn is_outdoor(reading: &Reading) -> bool {
    reading.series.quantity == Quantity::OutdoorCo2
}
