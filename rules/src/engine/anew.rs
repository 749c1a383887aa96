//! Days built anew: a hollow copy of a building, and what it finds taken up.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use model::{Instant, Nature, Period, Quantity, Reading, Series, Span};

use super::{
    devices::Device,
    options::EngineOptions,
    outdoor::is_outdoor,
    place::Need,
    reopen::{Reopened, Reopening, Stretch, Touch},
    shard::Shard,
    shared::Asked,
    take::{Held, buffer_of},
};
use crate::{
    Measure, Output, almanac::Almanac, check::Memory, finding::Finding, measure::Source, meter::Chain,
    steps::micro,
};

/// What was found of some windows.
type Findings = Vec<(Span, Option<Finding>)>;

/// So long the copy of a building remembers, ms: longer than any stretch.
const MEMORY_MS: i64 = 400 * 86_400_000;

impl Shard {
    /// A copy that has seen nothing, but knows since when there is what, and keeps every hour.
    pub(super) fn hollow(&self, work: &Reopening, stretch: &Stretch) -> Self {
        let mut copy = Self {
            root: self.root.clone(),
            ways: Arc::clone(&self.ways),
            register: Arc::clone(&self.register),
            options: EngineOptions { horizon_ms: MEMORY_MS, held_ms: MEMORY_MS, ..self.options },
            places: Vec::with_capacity(self.places.len()),
            index: self.index.clone(),
            devices: self.devices.clone(),
            meters: self.meters.hollow(),
            facts: self.facts.clone(),
            changed_chains: BTreeSet::new(),
            // The weather of the days before is not read again.
            outdoor: self
                .outdoor
                .iter()
                .filter(|b| b.series.quantity == Quantity::OutdoorTemperature)
                .cloned()
                .collect(),
            is_outdoor_changed: false,
            almanac: Almanac::new(Arc::clone(&self.register)),
            clock: None,
            timers: BTreeMap::new(),
            touched: BTreeSet::new(),
            tidied_to: None,
            has_begun: self.has_begun,
            has_ended: false,
            clip: Span::ALWAYS,
            saved_moment: None,
            is_clipped: false,
            feeds: Vec::new(),
            deliveries: Vec::new(),
            usual: None,
            ended_at: None,
            listening: self.listening.clone(),
            weather: BTreeMap::new(),
        };
        copy.devices.iter_mut().for_each(Device::forget);
        let fed = self.fed(&work.touched);
        for (number, state) in self.places.iter().enumerate() {
            let mut place = state.hollow();
            if work.touched.contains_key(&number) {
                place.checks.clone_from(&state.checks);
                place.checks.iter_mut().for_each(|check| check.memory = Memory::default());
            }
            if fed.contains(&number) {
                let bases: Vec<_> = state.bases.keys().copied().collect();
                for basis in bases {
                    place.need(basis, Need { longest: Period::Year, is_shared: true });
                }
            } else {
                place.bases = Arc::default();
            }
            let opened = state.kept.opened.map(|opened| opened.max(stretch.span.from));
            if let Some(opened) = opened.filter(|_| place.is_watched()) {
                let hour = copy.almanac.at(opened).hour;
                (place.kept.opened, place.kept.next_hour) = (Some(hour.from), Some(hour));
            }
            copy.places.push(place);
            copy.set_timer(number);
        }
        copy
    }

    /// Closes every hour that began before `to`.
    pub(super) fn catch_up(&mut self, to: Instant, out: &mut Vec<Output>) {
        let grace = self.places.iter().map(|state| state.grace_ms).max().unwrap_or(0);
        // What a meter's next reading says of hours that are closed is mended with the second step.
        let end = self.clock.map_or(to, |clock| clock.max(to)).plus_ms(grace);
        self.advance(end.plus_ms(1), out);
        self.advance(end.plus_ms(2), out);
        out.clear();
    }

    /// Puts what a copy has found in the place of what is held here.
    pub(super) fn adopt(
        &mut self,
        work: &mut Reopening,
        stretch: &Stretch,
        copy: &mut Self,
        readings: &[Reading],
    ) {
        for (place, days) in &work.touched {
            self.open_as(*place, copy.places.get(*place).and_then(|found| found.kept.opened));
            let (Some(state), Some(found)) = (self.places.get_mut(*place), copy.places.get(*place)) else {
                continue;
            };
            let closed_to = state.kept.next_hour.map_or(Instant::MIN, |hour| hour.from);
            let is_joined = state.mends_hours_of_meters();
            for (day, _) in days.iter().filter(|(_, touch)| touch.gauge || is_joined) {
                let day = self.register.calendar.window(Period::Day, *day);
                if stretch.days.contains(day.from) {
                    let closed = Span::new(day.from, day.to.min(closed_to).max(day.from));
                    state.adopt_day(found, day, closed);
                }
            }
        }
        self.adopt_chains(work, stretch, copy);
        self.remember(readings);
        self.find(work, stretch, copy);
    }

    fn adopt_chains(&mut self, work: &Reopening, stretch: &Stretch, copy: &Self) {
        let by_meter = |days: &BTreeMap<Instant, Touch>| {
            let days = days.iter().filter(|(day, touch)| touch.meter && stretch.days.contains(**day));
            days.map(|(day, _)| *day).collect::<Vec<_>>()
        };
        for found in copy.meters.chains.iter().filter(|found| found.newest().is_some()) {
            let Some(place) = self.index.get(&found.place) else { continue };
            let days = work.touched.get(place).map(by_meter).unwrap_or_default();
            if days.is_empty() {
                continue;
            }
            let number = match self.meters.find(&found.series, &found.place) {
                Some(number) => number,
                None => self.meters.put(Chain::new(found.series.clone(), found.place.clone())),
            };
            self.changed_chains.insert(number);
            let facts = self.facts.get(&found.series.sensor);
            let (Some(chain), Some(facts)) = (self.meters.chains.get_mut(number), facts) else { continue };
            chain.adopt(found, facts);
            for day in days {
                let day = self.register.calendar.window(Period::Day, day);
                chain.used.adopt_day(&found.used, day, day);
            }
        }
    }

    /// Keeps those of the readings that mending an hour may still ask for, and notes since when there is
    /// such a sensor.
    fn remember(&mut self, readings: &[Reading]) {
        let reach = self.reach_ms();
        let clock = self.clock.unwrap_or(Instant::MAX);
        let since = |ms: i64| clock.plus_ms(ms.saturating_add(reach).saturating_neg());
        let held: Vec<Held> = (0..self.places.len()).map(|place| self.held(place)).collect();
        let mut slots: HashMap<Series, Vec<(usize, usize)>> = HashMap::new();
        for (place, state) in self.places.iter().enumerate() {
            for (slot, buffer) in state.kept.buffers.iter().enumerate() {
                slots.entry(buffer.series.clone()).or_default().push((place, slot));
            }
        }
        for reading in readings.iter().filter(|reading| reading.flags.is_usable()) {
            let is_held = |(place, slot): &&(usize, usize)| {
                let buffer = self.places.get(*place).and_then(|p| p.kept.buffers.get(*slot));
                buffer.is_some_and(|buffer| buffer.binding().contains(reading.time))
            };
            let known = slots.get(&reading.series).and_then(|all| all.iter().find(is_held)).copied();
            let Some((place, slot)) = known.or_else(|| {
                let made = self.buffer_for(reading)?;
                slots.entry(reading.series.clone()).or_default().push(made);
                Some(made)
            }) else {
                continue;
            };
            let own = self.places.get_mut(place).and_then(|p| p.kept.buffers.get_mut(slot));
            let Some(buffer) = own else { continue };
            buffer.first = buffer.first.min(reading.time);
            if held.get(place).is_some_and(|held| reading.time >= since(held.of(buffer))) {
                buffer.insert(reading.time, micro(reading.value));
            }
        }
    }

    /// The buffer of a series that has never sent in time from where it was bound then.
    fn buffer_for(&mut self, reading: &Reading) -> Option<(usize, usize)> {
        let series = &reading.series;
        if is_outdoor(reading) || matches!(series.quantity.nature(), Nature::Counter | Nature::Interval) {
            return None;
        }
        let fits = |device: &&mut Device| device.id == series.sensor && device.span.contains(reading.time);
        let device = self.devices.iter_mut().find(fits)?;
        let place = device.place;
        let state = self.places.get_mut(place).filter(|state| state.wants(series.quantity))?;
        buffer_of(state, device, reading)?;
        let slot =
            state.kept.buffers.iter().position(|b| b.series == *series && b.binding() == device.span)?;
        Some((place, slot))
    }

    /// Opens a place that only late data has ever spoken of, or opens it earlier.
    fn open_as(&mut self, place: usize, found: Option<Instant>) {
        let (Some(found), Some(clock), Some(state)) = (found, self.clock, self.places.get_mut(place)) else {
            return;
        };
        if state.kept.opened.is_none_or(|opened| found < opened) {
            state.kept.opened = Some(found);
        }
        if state.kept.next_hour.is_none() {
            // Hours that would have been closed by now are.
            let grace = state.grace_ms;
            let mut hour = self.almanac.at(clock.plus_ms(grace.saturating_neg())).hour;
            while hour.to.plus_ms(grace) < clock {
                hour = self.almanac.at(hour.to).hour;
            }
            if let Some(state) = self.places.get_mut(place) {
                state.kept.next_hour = Some(hour);
            }
            self.set_timer(place);
        }
    }

    /// Notes what the copy finds of windows that lie inside the stretch.
    fn find(&self, work: &mut Reopening, stretch: &Stretch, copy: &mut Self) {
        let mut found = BTreeMap::new();
        for (place, check, window, _) in self.windows_of(work, |day| stretch.days.contains(day)) {
            if window.from < stretch.days.from || stretch.days.to < window.to {
                continue;
            }
            found.insert((place, check, window.from), copy.finding_alone(place, check, window));
        }
        work.found.extend(found);
    }

    /// Place, check and window of everything that holds a touched day and has ended; and whether the check
    /// still remembers it.
    fn windows_of(
        &self,
        work: &Reopening,
        is_asked: impl Fn(Instant) -> bool,
    ) -> Vec<(usize, usize, Span, bool)> {
        let mut windows = BTreeSet::new();
        let calendar = &self.register.calendar;
        for (place, days) in &work.touched {
            let Some(state) = self.places.get(*place) else { continue };
            let closed_to = state.kept.next_hour.map_or(Instant::MIN, |hour| hour.from);
            for (number, check) in state.checks.iter().enumerate() {
                let clause = &check.live.clause;
                // Devices are asked about lately only.
                if clause.measure.is_of_devices() {
                    continue;
                }
                // The weather of the days before is not built anew.
                let asks_weather = clause.adaptive.is_some()
                    || Asked::all(clause).any(|asked| asked.source() == Source::Outdoors);
                let is_of = |meters: bool| {
                    let mut asked = Asked::all(clause);
                    asked.any(|asked| (asked.source() == Source::Meters) == meters)
                };
                let is_joined = clause.measure == Measure::EuiCorrected || state.mends_hours_of_meters();
                for (day, touch) in days.iter().filter(|(day, _)| is_asked(**day)) {
                    let is_touched = touch.meter && is_of(true) || touch.gauge && is_of(false);
                    if !is_touched && !is_joined {
                        continue;
                    }
                    let mut at = *day;
                    let end = calendar.window(Period::Day, at).to;
                    while at < end {
                        let window = calendar.window(clause.period, at);
                        if window.to <= closed_to {
                            let is_live = window.to > check.pruned_to();
                            if is_live || !asks_weather {
                                windows.insert((*place, number, window.from, window.to, is_live));
                            }
                        }
                        at = window.to;
                    }
                }
            }
        }
        let span = |(place, check, from, to, is_live)| (place, check, Span::new(from, to), is_live);
        windows.into_iter().map(span).collect()
    }

    pub(super) fn conclude(&mut self, mut work: Reopening, out: &mut Vec<Output>) -> Vec<Reopened> {
        let now = self.clock.unwrap_or(Instant::MIN);
        let mut told = Vec::new();
        let mut live: BTreeMap<(usize, usize), Findings> = BTreeMap::new();
        for (place, check, window, is_live) in self.windows_of(&work, |_| true) {
            let found = match work.found.remove(&(place, check, window.from)) {
                Some(found) => found,
                None if self.holds(place, check, window, is_live) => self.finding_alone(place, check, window),
                None => continue,
            };
            if is_live {
                live.entry((place, check)).or_default().push((window, found));
                continue;
            }
            let state = self.places.get(place).and_then(|state| state.checks.get(check));
            let Some(check) = state else { continue };
            let is_withdrawal = found.is_none();
            let found = found.unwrap_or_else(|| Finding::nothing_left(window));
            told.push(Reopened { verdict: check.first_verdict(found, now), is_withdrawal });
        }
        for ((place, check), found) in live {
            self.note_all(place, check, found, now, out);
            self.outlive(place, self.closed(place), now, out);
        }
        told
    }

    /// Whether every day of a window that is longer than what was built anew is still held here.
    fn holds(&self, place: usize, check: usize, window: Span, is_live: bool) -> bool {
        let Some(state) = self.places.get(place) else { return false };
        let Some(clause) = state.checks.get(check).map(|check| &check.live.clause) else { return false };
        match Asked::by(clause).source() {
            Source::Register | Source::Outdoors | Source::Devices => false,
            Source::Meters => clause.period > Period::Hour,
            Source::Basis(basis) => {
                let keep = state.bases.get(&basis).map_or(0, |need| need.keep_ms());
                let open = state.kept.next_hour.map_or(Instant::MIN, |hour| hour.from);
                // Less than is kept, so that nothing is judged by half: see `tidy`.
                let oldest = open.plus_ms((keep - 86_400_000).saturating_neg() - self.held(place).gauges_ms);
                clause.period > Period::Day && (is_live || window.from >= oldest)
            }
        }
    }
}
