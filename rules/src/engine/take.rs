//! Taking readings: where each belongs, and what it changes.

use std::sync::Arc;

use model::{Instant, Nature, Quantity, Reading, Series, Span};

use super::{
    devices::{Device, DeviceKind},
    outdoor::is_outdoor,
    place::PlaceState,
    shard::{Shard, taken},
};
use crate::{Taken, buffer::SeriesBuffer, meter::Chain, steps::micro};

/// How long the readings of a place are held, ms: as long as any other evidence where a check here or above
/// joins them with such.
#[derive(Debug, Clone, Copy)]
pub(super) struct Held {
    pub(super) gauges_ms: i64,
    /// Of what tells if somebody is there, which meters are joined with; no shorter.
    people_ms: i64,
}

impl Held {
    /// The same of one series.
    pub(super) fn of(self, buffer: &SeriesBuffer) -> i64 {
        if buffer.tells_people() { self.people_ms } else { self.gauges_ms }
    }
}

impl Shard {
    /// Puts a reading where it belongs. Returns whether it changes what has been judged.
    pub(super) fn take(&mut self, reading: &Reading, number: usize) -> bool {
        let was_missed = self.hear(reading, number);
        let is_late = if is_outdoor(reading) {
            let about = self.outdoor_sensor(number);
            about.is_some_and(|(sensor, span)| self.take_outdoor(reading, &sensor, span))
        } else {
            self.keep(reading, number)
        };
        is_late || was_missed
    }

    /// Takes of a reading what is remembered for longer than gauges are: the use of a meter, the weather,
    /// that a device was heard.
    pub(super) fn take_old(&mut self, reading: &Reading, number: usize) -> Taken {
        let is_of_meter = self.devices.get(number).is_some_and(|d| matches!(d.kind, DeviceKind::Meter(_)));
        let is_amount = matches!(reading.series.quantity.nature(), Nature::Counter | Nature::Interval);
        if is_of_meter && is_amount {
            return taken(self.take(reading, number));
        }
        self.hear(reading, number);
        if is_outdoor(reading)
            && let Some((sensor, span)) = self.outdoor_sensor(number)
        {
            self.take_outdoor(reading, &sensor, span);
        }
        Taken::TooLate
    }

    /// How long the readings of a place are held.
    pub(super) fn held(&self, place: usize) -> Held {
        let held_ms = |is_joined| if is_joined { self.options.horizon_ms } else { self.options.held_ms() };
        let gauges_ms = held_ms(self.here_and_above(place).any(|state| state.joins_sources));
        Held { gauges_ms, people_ms: held_ms(self.here_and_above(place).any(PlaceState::joins_meters)) }
    }

    fn here_and_above(&self, place: usize) -> impl Iterator<Item = &PlaceState> {
        let own = self.places.get(place);
        let above = own.into_iter().flat_map(|state| &state.above);
        own.into_iter().chain(above.filter_map(|number| self.places.get(*number)))
    }

    /// Keeps a reading for what is taken from it. Returns whether it changes what has been judged.
    fn keep(&mut self, reading: &Reading, number: usize) -> bool {
        if is_apart(&reading.series) {
            return false;
        }
        let Some(device) = self.devices.get_mut(number) else { return false };
        let place = device.place;
        let nature = reading.series.quantity.nature();
        let is_amount = matches!(nature, Nature::Counter | Nature::Interval);
        let facts = match &device.kind {
            DeviceKind::Meter(facts) if is_amount => Some(Arc::clone(facts)),
            DeviceKind::Meter(_) | DeviceKind::Sensor(_) => None,
        };
        let is_meter = facts.is_some();
        let touched = if let Some(facts) = facts {
            let Some(chain) = self.chain_of(reading, number) else { return false };
            self.changed_chains.insert(chain);
            let Some(chain) = self.meters.chains.get_mut(chain) else { return false };
            chain.insert(reading.time, micro(reading.value), &facts, &mut self.almanac)
        } else {
            let Some(state) = self.places.get_mut(place) else { return false };
            if !state.wants(reading.series.quantity) {
                return false;
            }
            state.is_changed = true;
            let Some(buffer) = buffer_of(state, device, reading) else { return false };
            let touched = buffer.insert(reading.time, micro(reading.value));
            if buffer.is_door() && touched.to < Instant::MAX {
                // What passed a door counts until midnight; what was observed, as long as it stands.
                let midnight = self.almanac.at(reading.time).day.to;
                Span::new(touched.from, midnight.max(buffer.stands_to(reading.time)))
            } else {
                touched
            }
        };
        let Some(state) = self.places.get(place) else { return false };
        let is_open = state.kept.opened.is_some_and(|opened| opened <= reading.time);
        // Places above close no earlier, so what is open here is open there.
        if is_open && state.kept.next_hour.is_none_or(|next| touched.from >= next.from) {
            return false;
        }
        if !is_open {
            self.open(place, reading.time);
        }
        self.touch(place, touched, is_meter)
    }

    fn chain_of(&mut self, reading: &Reading, number: usize) -> Option<usize> {
        let device = self.devices.get_mut(number)?;
        if let Some(slot) = device.slot(&reading.series) {
            return Some(slot);
        }
        let place = self.places.get(device.place)?.id.clone();
        let found = self.meters.find(&reading.series, &place);
        let slot = found.unwrap_or_else(|| self.meters.put(Chain::new(reading.series.clone(), place)));
        device.remember(&reading.series, slot);
        Some(slot)
    }

    /// The place itself, then those above it.
    fn upward(&self, place: usize, step: usize) -> Option<usize> {
        match step.checked_sub(1) {
            None => Some(place),
            Some(up) => self.places.get(place)?.above.get(up).copied(),
        }
    }

    /// Opens a place and those that it is below then with their first hour, or earlier than before.
    pub(super) fn open(&mut self, place: usize, at: Instant) {
        let ways = Arc::clone(&self.ways);
        for step in 0.. {
            let Some(number) = self.upward(place, step) else { return };
            let Some(from) = ways.enters(place, number, at) else { continue };
            // Into what it moves later it is seen to move when that hour closes, unless it has.
            let has_moved =
                || self.places.get(place).and_then(|p| p.kept.next_hour).is_some_and(|n| from < n.from);
            if from == at || has_moved() {
                let hour = self.almanac.at(from).hour;
                self.open_one(number, hour);
            }
        }
    }

    /// Opens the places that a place which moves is below in an hour of its own.
    pub(super) fn open_around(&mut self, place: usize, hour: Span) {
        let ways = Arc::clone(&self.ways);
        for number in ways.above_at(place, hour.from).unwrap_or_default() {
            self.open_one(*number, hour);
        }
    }

    fn open_one(&mut self, number: usize, hour: Span) {
        let Some(state) = self.places.get_mut(number) else { return };
        let opened = state.kept.opened;
        if !state.is_watched() || opened.is_some_and(|o| o <= hour.from) {
            return;
        }
        state.kept.opened = Some(hour.from);
        state.is_changed = true;
        match (opened, state.kept.next_hour) {
            (Some(opened), Some(next)) if next.from > opened => {
                // Some hours are judged already: those before them are made up for.
                let missed = self.almanac.hours(Span::new(hour.from, opened));
                state.kept.dirty.open().extend(missed);
                self.touched.insert(number);
            }
            _ => {
                state.kept.next_hour = Some(hour);
                self.set_timer(number);
            }
        }
    }

    /// Marks what a reading changes in hours that are closed already. Returns whether there are any.
    pub(super) fn touch(&mut self, place: usize, span: Span, is_meter: bool) -> bool {
        let mut is_late = false;
        for step in 0.. {
            let Some(number) = self.upward(place, step) else { break };
            // Of a meter all that is remembered can be mended, of a gauge what is held.
            let horizon = if is_meter { self.options.horizon_ms } else { self.held(number).gauges_ms };
            let Some(state) = self.places.get_mut(number) else { continue };
            let Some(next) = state.kept.next_hour else { continue };
            let closed = Span::new(span.from, span.to.min(next.from).max(span.from));
            if closed.is_empty() {
                continue;
            }
            is_late = true;
            state.is_changed = true;
            self.touched.insert(number);
            if is_meter {
                let held = state.kept.touched_use.unwrap_or(closed);
                let joined = Span::new(held.from.min(closed.from), held.to.max(closed.to));
                state.kept.touched_use = Some(joined);
            }
            if !is_meter || state.mends_hours_of_meters() {
                let hours = Span::new(reachable(state, closed, next, horizon), closed.to);
                state.kept.dirty.open().extend(self.almanac.hours(hours));
            }
        }
        is_late
    }

    /// Marks what a reading changes in closed hours of its own place, whatever it observes.
    pub(super) fn touch_own(&mut self, place: usize, span: Span) -> bool {
        let Some(state) = self.places.get_mut(place) else { return false };
        let Some(next) = state.kept.next_hour else { return false };
        let closed = Span::new(span.from, span.to.min(next.from).max(span.from));
        if closed.is_empty() {
            return false;
        }
        self.touched.insert(place);
        let hours = Span::new(reachable(state, closed, next, self.options.horizon_ms), closed.to);
        state.kept.dirty.open().extend(self.almanac.hours(hours));
        true
    }

    /// Takes back the time after the last reading of each series that the end of the input leaves unobserved.
    pub(super) fn cut_last_readings(&mut self) {
        for place in 0..self.places.len() {
            let buffers = self.places.get(place).map(|p| p.kept.buffers.as_slice()).unwrap_or_default();
            let cut: Vec<Span> = buffers.iter().filter_map(SeriesBuffer::beyond_end).collect();
            for span in cut.into_iter().filter(|span| !span.is_empty()) {
                self.touch(place, span, false);
            }
        }
    }
}

/// From when on closed time of a place can be judged again.
fn reachable(state: &PlaceState, closed: Span, next: Span, horizon_ms: i64) -> Instant {
    let opened = state.kept.opened.unwrap_or(next.from);
    let oldest = next.from.plus_ms(horizon_ms.saturating_neg() - 3_600_000);
    closed.from.max(oldest).max(opened)
}

/// The buffer of a series of a sensor, or of a meter that also sends a gauge.
pub(super) fn buffer_of<'a>(
    state: &'a mut PlaceState,
    device: &mut Device,
    reading: &Reading,
) -> Option<&'a mut SeriesBuffer> {
    let series = &reading.series;
    let slot = device.slot(series).unwrap_or_else(|| {
        let buffers = &mut state.kept.buffers;
        let found = buffers.iter().position(|b| b.series == *series && b.binding() == device.span);
        let slot = found.unwrap_or_else(|| {
            // The device's own copy of the id: that of the reading would be one more for each series.
            let series = Series { sensor: device.id.clone(), ..series.clone() };
            buffers.reserve_exact(1);
            buffers.push(SeriesBuffer::new(series, device.about()));
            buffers.len() - 1
        });
        device.remember(series, slot);
        slot
    });
    state.kept.buffers.get_mut(slot)
}

/// Channels that name something other than the room's air: a pipe, a probe, a device's own heat, a gas computed from
/// others, an extreme of a period.
const APART: [&str; 13] = [
    "soil",
    "probe",
    "flow",
    "return",
    "water",
    "surface",
    "server",
    "device",
    "other",
    "equivalent",
    "raw",
    "peak",
    "max",
];

/// Whether a series is stored and shown, but never judged as the room's: its channel begins with one of [`APART`].
fn is_apart(series: &Series) -> bool {
    use Quantity as Q;
    let is_air =
        matches!(series.quantity, Q::Temperature | Q::Humidity | Q::Co2 | Q::SoundLevel | Q::Illuminance);
    let first = series.channel.as_ref().and_then(|channel| channel.as_str().split('-').next());
    is_air && first.is_some_and(|first| APART.contains(&first))
}

#[cfg(test)]
mod tests {
    use model::Id;

    use super::*;

    #[test]
    fn a_pipe_is_not_the_room_and_a_second_sensor_is() {
        let series = |quantity, channel: &str| {
            let (sensor, channel) = (Id::parse("s").unwrap(), Id::parse(channel).ok());
            Series { sensor, quantity, channel }
        };
        assert!(is_apart(&series(Quantity::Temperature, "flow")));
        assert!(is_apart(&series(Quantity::Temperature, "other-barometer")));
        assert!(is_apart(&series(Quantity::Co2, "equivalent")));
        assert!(!is_apart(&series(Quantity::Temperature, "2")));
        assert!(!is_apart(&series(Quantity::Temperature, "")));
        assert!(!is_apart(&series(Quantity::Voltage, "probe")));
    }
}
