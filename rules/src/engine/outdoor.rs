//! Outdoor air: what the outdoor sensors of a building or its site say, and CO2 limits that stand above it.

use model::{Instant, Quantity, Reading, Register, Span, register::Sensor};

use super::{place::PlaceState, shard::Shard, weather::WEEK_MS};
use crate::{
    Bound, Clause, Measure, Why,
    buffer::SeriesBuffer,
    measure::co2_above_outdoor::from,
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
        Some((device.row(&self.register)?.clone(), device.span))
    }

    /// Takes a reading of outdoor air. Returns whether it changes what has been judged.
    pub(super) fn take_outdoor(&mut self, reading: &Reading, sensor: &Sensor, span: Span) -> bool {
        let series = &reading.series;
        let quantity = series.quantity;
        if !self.places.iter().any(|state| asks(state, quantity)) {
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
        self.touch_outdoors(quantity, touched)
    }

    fn touch_outdoors(&mut self, quantity: Quantity, mut span: Span) -> bool {
        if quantity == Quantity::OutdoorTemperature {
            self.forget_weather(span);
            // The weather of a day moves the limits of the week after it.
            span.to = span.to.max(span.to.plus_ms(WEEK_MS));
        }
        let mut is_late = false;
        for place in 0..self.places.len() {
            if self.places.get(place).is_some_and(|state| asks(state, quantity)) {
                is_late |= self.touch(place, span, false);
            }
        }
        is_late
    }

    /// The places of which a figure or limit depends on a quantity of outdoor air.
    pub(super) fn asking(&self, quantity: Quantity) -> Vec<usize> {
        let all = self.places.iter().enumerate();
        all.filter(|(_, state)| asks(state, quantity)).map(|(place, _)| place).collect()
    }

    /// When a reading from before what is held matters. The weather moves the limits of a week, but those
    /// of long ago stay as they were judged.
    pub(super) fn span_of_outdoors(&self, reading: &Reading) -> Span {
        let to = reading.time.plus_ms(self.reach_ms());
        if reading.series.quantity != Quantity::OutdoorTemperature {
            return Span::new(reading.time, to);
        }
        let oldest = self.clock.unwrap_or(Instant::MAX).plus_ms(self.options.horizon_ms.saturating_neg());
        Span::new(
            reading.time,
            if reading.time < oldest { reading.time } else { to.max(reading.time.plus_ms(WEEK_MS)) },
        )
    }

    /// Takes back what the end of the input leaves unobserved outdoors.
    pub(super) fn cut_outdoors(&mut self) {
        let cut = self.outdoor.iter().filter_map(|b| Some((b.series.quantity, b.beyond_end()?)));
        let cut: Vec<(Quantity, Span)> = cut.filter(|(_, span)| !span.is_empty()).collect();
        for (quantity, span) in cut {
            self.touch_outdoors(quantity, span);
        }
        self.weather.clear();
    }

    /// Mean CO2 outdoors over a window, ppm, if it was observed at all.
    pub(super) fn outdoor_mean(&self, window: Span) -> Option<f64> {
        if window.millis() > LONGEST_MS {
            return None;
        }
        self.outdoor_partial(Quantity::OutdoorCo2, window).mean()
    }

    /// What outdoor sensors observed of a quantity over a window.
    pub(super) fn outdoor_partial(&self, quantity: Quantity, window: Span) -> Partial {
        let of = self.outdoor.iter().filter(|b| b.series.quantity == quantity);
        let tracks = of.map(|b| b.values(window, self.has_ended)).collect();
        let outdoors: Steps<_> = mean_of(tracks, window);
        let mut partial = Partial::default();
        outdoors.iter().for_each(|(span, value)| partial.add(span.millis(), value));
        partial
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
        // What is measured above outdoors is compared as it is.
        if clause.measure == Measure::Co2AboveOutdoor {
            return resolved;
        }
        let measured = self.outdoor_mean(window);
        let from = from(measured.is_some());
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
    matches!(reading.series.quantity, Quantity::OutdoorCo2 | Quantity::OutdoorTemperature)
}

/// Whether a figure or limit of a place depends on a quantity of outdoor air.
const fn asks(state: &PlaceState, quantity: Quantity) -> bool {
    match quantity {
        Quantity::OutdoorTemperature => state.asks_weather,
        _ => state.asks_outdoors,
    }
}
