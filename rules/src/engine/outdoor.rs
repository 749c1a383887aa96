//! Outdoor air: what the outdoor sensors of a building or its site say, and CO2 limits that stand above it.

use std::{collections::BTreeSet, sync::Arc};

use model::{Id, Instant, Quantity, Reading, Register, Span, register::Sensor};

use super::{place::PlaceState, shard::Shard, ways::air, weather::WEEK_MS};
use crate::{
    Bound, Clause, Measure, Why,
    about::About,
    buffer::SeriesBuffer,
    measure::co2_above_outdoor::from,
    partial::Partial,
    quick::QuickMap,
    standard::Resolved,
    stays::stays,
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
        let found = self.outdoor.iter().position(|b| b.series == *series && b.binding() == span);
        let slot = found.unwrap_or_else(|| {
            let about = Arc::new(About::of_sensor(sensor, span));
            self.outdoor.push(SeriesBuffer::new(series.clone(), about));
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

    /// What is known of the outdoor air that a place breathes at an instant: that of its building or site.
    pub(super) fn outdoors(&self, place: &Id, at: Instant) -> impl Iterator<Item = &SeriesBuffer> {
        let chain = self.ways.mixes_air.then(|| self.register.ancestors(place, at));
        let is_of = move |buffer: &&SeriesBuffer| {
            chain
                .as_ref()
                .is_none_or(|chain| self.is_air_of(buffer, at, |air| chain.iter().any(|p| p.id == *air)))
        };
        self.outdoor.iter().filter(is_of)
    }

    /// Whether the air that a sensor observes at an instant (or first) is wanted; it is by default.
    fn is_air_of(&self, buffer: &SeriesBuffer, at: Instant, is_wanted: impl Fn(&Id) -> bool) -> bool {
        let at = if buffer.binding().contains(at) { at } else { buffer.first };
        let Some(stands) = self.register.place_of_sensor(&buffer.series.sensor, at) else { return true };
        let chain = self.register.ancestors(stands, at);
        air(&chain).first().is_none_or(|air| is_wanted(&air.id))
    }

    /// Whose outdoor air a place breathes at an instant.
    pub(super) fn air_of(&self, place: &Id, at: Instant) -> Id {
        let chain = if self.ways.mixes_air { self.register.ancestors(place, at) } else { Vec::new() };
        air(&chain).first().map_or_else(|| self.root.clone(), |air| air.id.clone())
    }

    /// Takes up outdoor air of a checkpoint, or of a shard that held some of these places: what anybody here
    /// may breathe. What is here already stays, unless it comes from our own checkpoint.
    pub(super) fn restore_outdoors(&mut self, saved: Vec<SeriesBuffer>, is_own: bool) {
        for buffer in saved {
            let reaches = |air: &Id| {
                let is_above = |root: &Id| {
                    stays(&self.register, root).iter().any(|stay| {
                        self.register.ancestors(root, stay.from).iter().any(|place| place.id == *air)
                    })
                };
                self.index.contains_key(air) || self.ways.roots.iter().any(is_above)
            };
            if !self.is_air_of(&buffer, buffer.first, reaches) {
                continue;
            }
            let same =
                |held: &&mut SeriesBuffer| held.series == buffer.series && held.binding() == buffer.binding();
            match self.outdoor.iter_mut().find(same) {
                Some(held) if is_own => *held = buffer,
                Some(_) => {}
                None => self.outdoor.push(buffer),
            }
        }
    }

    /// Mean CO2 outdoors over a window of a place, ppm, if it was observed at all.
    pub(super) fn outdoor_mean(&self, place: &Id, window: Span) -> Option<f64> {
        if window.millis() > LONGEST_MS {
            return None;
        }
        self.outdoor_partial(Quantity::OutdoorCo2, (place, window.from), window).mean()
    }

    /// What outdoor sensors observed of a quantity over a window, of the air that a place breathes at an
    /// instant.
    pub(super) fn outdoor_partial(
        &self,
        quantity: Quantity,
        (place, at): (&Id, Instant),
        window: Span,
    ) -> Partial {
        let of = self.outdoors(place, at).filter(|b| b.series.quantity == quantity);
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
        (place, window): (&Id, Span),
        resolved: Resolved,
        why: &mut Why,
    ) -> Resolved {
        let (Some(assumed), Resolved::Bound(bound)) = (clause.outdoor_ppm, resolved) else { return resolved };
        // What is measured above outdoors is compared as it is.
        if clause.measure == Measure::Co2AboveOutdoor {
            return resolved;
        }
        let measured = self.outdoor_mean(place, window);
        let from = from(measured.is_some());
        let outdoors = measured.unwrap_or(assumed);
        why.insert("outdoor_ppm".to_owned(), outdoors.into());
        why.insert("outdoor_from".to_owned(), from.into());
        let moved = |limit: f64| limit - assumed + outdoors;
        Resolved::Bound(Bound { at_most: bound.at_most.map(moved), at_least: bound.at_least.map(moved) })
    }
}

/// For each shard those that have a topmost place which ever lies below one of its places: they may breathe
/// the same air. `homes` is the shard of each place.
pub(super) fn downwind(
    register: &Register,
    shards: &[Shard],
    homes: &QuickMap<Id, usize>,
) -> Vec<Vec<usize>> {
    let mut downwind: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); shards.len()];
    for (number, shard) in shards.iter().enumerate() {
        let above = above(register, shard);
        for up in above.iter().filter_map(|id| homes.get(id)).filter(|up| **up != number) {
            downwind.get_mut(*up).map(|below| below.insert(number));
        }
    }
    downwind.into_iter().map(|below| below.into_iter().collect()).collect()
}

/// The places that are ever above the topmost places of a shard.
fn above(register: &Register, shard: &Shard) -> BTreeSet<Id> {
    let of = |root: &Id| {
        let chains = stays(register, root).into_iter().map(|stay| register.ancestors(root, stay.from));
        chains.flat_map(|chain| chain.into_iter().skip(1).map(|place| place.id.clone())).collect::<Vec<_>>()
    };
    shard.ways.roots.iter().flat_map(of).collect()
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
