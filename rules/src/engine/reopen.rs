//! Late data from before the horizon: some local days of a building are built anew from the history.
//!
//! The engine holds readings of the last two days only. So whoever has the history is asked for the
//! readings of the days in question; a hollow copy of the building takes them in order, with the same
//! code as live, and what it finds replaces those days here. Alerts live on the windows that are still
//! remembered; an older window gets another verdict, and nobody is mailed.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use model::{Id, Instant, Nature, Period, Reading, Series, Span};
use serde::{Deserialize, Serialize};

use super::{Engine, EngineOptions, Output, devices::Device, outdoor::is_outdoor, place::Need, shard::Shard};
use crate::{
    Measure, Verdict,
    almanac::Almanac,
    buffer::SeriesBuffer,
    check::{Memory, nothing_left},
    measure::{Source, source_of},
    meter::{Chain, Meters},
    steps::micro,
};

/// Shortest time before a stretch of days whose readings are asked for too, ms: a day of zeros is
/// disbelieved as a whole, and doors count from local midnight.
const LEAD_MS: i64 = 26 * 3_600_000;
/// So long the copy of a building remembers, ms: longer than any stretch.
const MEMORY_MS: i64 = 400 * 86_400_000;

/// A local day of a place that data from before the horizon has touched.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct LateDay {
    /// The place.
    pub place: Id,
    /// Start of the local day.
    pub day: Instant,
    /// Whether a meter was touched, else a gauge.
    pub is_meter: bool,
}

/// Days of one building that are built anew together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stretch {
    /// The days, and as many more as its longest window asks for.
    pub days: Span,
    /// What is to be read: some more before the days.
    pub span: Span,
    /// Whose readings are to be read, each usable one in the order of time. Of a meter those next to the
    /// span on either side as well, however far away.
    pub sensors: BTreeSet<Id>,
}

/// Days touched, by number of the place.
type Touched = BTreeMap<usize, BTreeMap<Instant, Touch>>;

/// What has touched a day.
#[derive(Debug, Clone, Copy, Default)]
struct Touch {
    gauge: bool,
    meter: bool,
}

/// Work on one building, begun by [`Engine::reopening`].
#[derive(Debug)]
pub struct Reopening {
    shard: usize,
    touched: Touched,
    stretches: Vec<Stretch>,
    /// What was found of windows inside a stretch, by place, check and start.
    found: BTreeMap<(usize, usize, Instant), (Span, Option<Verdict>)>,
}

impl Reopening {
    /// The stretches, in order.
    #[must_use]
    pub fn stretches(&self) -> Vec<Stretch> {
        self.stretches.clone()
    }
}

/// What is now said of a window that the engine has forgotten.
#[derive(Debug, Clone, PartialEq)]
pub struct Reopened {
    /// The verdict, as if it were the first.
    pub verdict: Verdict,
    /// There is nothing to judge any more: it takes back what was said before, if anything was.
    pub is_withdrawal: bool,
}

impl Engine {
    /// The days that a reading from before the horizon touches; none when its sensor is bound nowhere.
    ///
    /// `beside` are the readings of its series next to it on either side, which a meter's use is spread between.
    #[must_use]
    pub fn late_days(&self, reading: &Reading, beside: Span) -> Vec<LateDay> {
        let routes = self.routes.get(&reading.series.sensor);
        let Some((number, device)) = routes.and_then(|routes| routes.at(reading.time)) else {
            return Vec::new();
        };
        let below = if is_outdoor(reading) { self.downwind.get(number) } else { None };
        let shards = std::iter::once(&number).chain(below.into_iter().flatten());
        let shards = shards.filter_map(|number| self.shards.get(*number));
        let own = self.shards.get(number).and_then(|shard| shard.devices.get(device));
        let Some(place) = own.map(|device| device.place) else { return Vec::new() };
        shards.flat_map(|shard| shard.late_days(reading, place, beside)).collect()
    }

    /// Begins to build days anew: those of one building are taken out of `late`. `None` when none is left.
    ///
    /// Days of which readings before `kept_from` would be needed are let go.
    pub fn reopening(&self, late: &mut BTreeSet<LateDay>, kept_from: Instant) -> Option<Reopening> {
        loop {
            let first = late.first()?;
            let Some(number) = self.homes.get(&first.place).copied() else {
                late.pop_first();
                continue;
            };
            let is_of = |day: &LateDay| self.homes.get(&day.place) == Some(&number);
            let (own, rest) = std::mem::take(late).into_iter().partition(is_of);
            *late = rest;
            let work = self.shards.get(number)?.reopening(number, own, kept_from);
            if !work.stretches.is_empty() {
                return Some(work);
            }
        }
    }

    /// Builds the days of one stretch anew from `readings`, which are in the order of time.
    pub fn absorb(&mut self, work: &mut Reopening, stretch: &Stretch, readings: &[Reading]) {
        let Some(shard) = self.shards.get(work.shard) else { return };
        let mut copy = shard.hollow(work, stretch);
        let mut unheard = Vec::new();
        for reading in readings.iter().filter(|reading| reading.flags.is_usable()) {
            let routes = self.routes.get(&reading.series.sensor);
            let Some((number, device)) = routes.and_then(|routes| routes.at(reading.time)) else { continue };
            if number == work.shard {
                copy.observe(reading, device, &mut unheard);
            } else if is_outdoor(reading)
                && let Some((sensor, span)) = self.shards.get(number).and_then(|s| s.outdoor_sensor(device))
            {
                copy.observe_outdoor(reading, &sensor, span, &mut unheard);
            }
            unheard.clear();
        }
        copy.catch_up(stretch.days.to, &mut unheard);
        if let Some(shard) = self.shards.get_mut(work.shard) {
            shard.adopt(work, stretch, &mut copy, readings);
        }
    }

    /// Judges the windows that hold a day built anew: those still remembered go to `out` as ever, what is now
    /// said of older ones is returned.
    pub fn conclude(&mut self, work: Reopening, out: &mut Vec<Output>) -> Vec<Reopened> {
        let Some(shard) = self.shards.get_mut(work.shard) else { return Vec::new() };
        shard.conclude(work, out)
    }
}

impl Shard {
    /// `place` is that of the device in its own shard; in another one the reading is of outdoor air.
    fn late_days(&self, reading: &Reading, place: usize, beside: Span) -> Vec<LateDay> {
        let series = &reading.series;
        let is_meter = matches!(series.quantity.nature(), Nature::Counter | Nature::Interval);
        let (places, span) = if is_outdoor(reading) {
            let asking = (0..self.places.len())
                .filter(|place| self.places.get(*place).is_some_and(|state| state.asks_outdoors));
            (asking.collect(), Span::new(reading.time, reading.time.plus_ms(self.reach_ms())))
        } else if is_meter {
            (vec![place], Span::new(beside.from, beside.to.max(reading.time.plus_ms(1))))
        } else {
            let Some(state) = self.places.get(place).filter(|state| state.wants(series.quantity)) else {
                return Vec::new();
            };
            let first = state.kept.buffers.iter().filter(|b| b.series == *series).map(|b| b.first).min();
            let first = first.or(self.clock).filter(|first| *first > reading.time);
            // Before its first reading the place had no such sensor; now that time is unobserved.
            let to = reading.time.plus_ms(self.reach_ms()).max(first.unwrap_or(reading.time));
            (vec![place], Span::new(reading.time, to))
        };
        let calendar = &self.register.calendar;
        let mut days = Vec::new();
        let mut at = span.from;
        while at < span.to.min(self.clock.unwrap_or(span.to)) {
            let day = calendar.window(Period::Day, at);
            for place in places.iter().filter_map(|place| self.places.get(*place)) {
                days.push(LateDay { place: place.id.clone(), day: day.from, is_meter });
            }
            at = day.to;
        }
        days
    }

    /// How long after a reading it can matter here, ms.
    fn reach_ms(&self) -> i64 {
        self.places.iter().map(|state| state.grace_ms).max().unwrap_or(0).max(LEAD_MS)
    }

    fn reopening(&self, number: usize, late: BTreeSet<LateDay>, kept_from: Instant) -> Reopening {
        let mut touched = Touched::new();
        for LateDay { place, day, is_meter } in late {
            let Some(place) = self.index.get(&place).copied() else { continue };
            let above = self.places.get(place).map(|state| state.above.as_slice()).unwrap_or_default();
            for number in above.iter().copied().chain([place]) {
                let touch = touched.entry(number).or_default().entry(day).or_default();
                touch.meter |= is_meter;
                touch.gauge |= !is_meter;
            }
        }
        let lead = self.reach_ms();
        let is_kept = |days: Span| days.from.plus_ms(-lead) >= kept_from;
        let longest = if self.has_weeks(&touched) { Period::Week } else { Period::Day };
        let calendar = &self.register.calendar;
        let mut spans: BTreeSet<(Instant, Instant)> = BTreeSet::new();
        for day in touched.values().flat_map(BTreeMap::keys) {
            let week = calendar.window(longest, *day);
            let days = if is_kept(week) { week } else { calendar.window(Period::Day, *day) };
            if is_kept(days) {
                spans.insert((days.from, days.to));
            }
        }
        let sensors = self.sensors_of(&touched);
        let stretches = spans.into_iter().map(|(from, to)| Stretch {
            days: Span::new(from, to),
            span: Span::new(from.plus_ms(-lead), to),
            sensors: sensors.clone(),
        });
        Reopening { shard: number, touched, stretches: stretches.collect(), found: BTreeMap::new() }
    }

    fn has_weeks(&self, touched: &Touched) -> bool {
        let checks = touched.keys().filter_map(|place| self.places.get(*place)).flat_map(|p| &p.checks);
        checks.map(|check| check.live.clause.period).any(|period| period == Period::Week)
    }

    /// The places whose readings are needed: those touched, and all rooms of what is taken from rooms.
    fn fed(&self, touched: &Touched) -> BTreeSet<usize> {
        let mut fed: BTreeSet<usize> = touched.keys().copied().collect();
        for state in touched.keys().filter_map(|place| self.places.get(*place)) {
            if !state.bases.is_empty() {
                fed.extend(state.rooms.iter().map(|(room, _)| *room));
            }
        }
        fed
    }

    fn sensors_of(&self, touched: &Touched) -> BTreeSet<Id> {
        let fed = self.fed(touched);
        let devices = self.devices.iter().filter(|device| fed.contains(&device.place));
        let meters = touched.keys().filter_map(|place| self.places.get(*place)).flat_map(|p| &p.meters);
        let outdoors = self.outdoor.iter().map(|buffer| buffer.series.sensor.clone());
        let own = devices.map(|device| device.id.clone());
        own.chain(meters.map(|(meter, _)| meter.clone())).chain(outdoors).collect()
    }

    /// A copy that has seen nothing, but knows since when there is what, and keeps every hour.
    fn hollow(&self, work: &Reopening, stretch: &Stretch) -> Self {
        let mut copy = Self {
            root: self.root.clone(),
            register: Arc::clone(&self.register),
            options: EngineOptions { horizon_ms: MEMORY_MS, ..self.options },
            places: Vec::with_capacity(self.places.len()),
            index: self.index.clone(),
            devices: self.devices.clone(),
            meters: Meters::default(),
            facts: self.facts.clone(),
            changed_chains: BTreeSet::new(),
            outdoor: Vec::new(),
            is_outdoor_changed: false,
            almanac: Almanac::new(Arc::clone(&self.register)),
            clock: None,
            timers: BTreeMap::new(),
            touched: BTreeSet::new(),
            tidied_to: None,
            has_ended: false,
            clip: Span::ALWAYS,
            saved_clock: None,
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
                place.bases.clear();
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
    fn catch_up(&mut self, to: Instant, out: &mut Vec<Output>) {
        let grace = self.places.iter().map(|state| state.grace_ms).max().unwrap_or(0);
        // What a meter's next reading says of hours that are closed is mended with the second step.
        let end = self.clock.map_or(to, |clock| clock.max(to)).plus_ms(grace);
        self.advance(end.plus_ms(1), out);
        self.advance(end.plus_ms(2), out);
        out.clear();
    }

    /// Puts what a copy has found in the place of what is held here.
    fn adopt(&mut self, work: &mut Reopening, stretch: &Stretch, copy: &mut Self, readings: &[Reading]) {
        for (place, days) in &work.touched {
            let (Some(state), Some(found)) = (self.places.get_mut(*place), copy.places.get(*place)) else {
                continue;
            };
            let closed_to = state.kept.next_hour.map_or(Instant::MIN, |hour| hour.from);
            let is_joined = state.joins_meters();
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
        for found in &copy.meters.chains {
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

    /// Keeps those of the readings that mending an hour within the horizon may still ask for, and notes
    /// since when there is such a sensor.
    fn remember(&mut self, readings: &[Reading]) {
        let horizon = self.options.horizon_ms.saturating_add(self.reach_ms());
        let held_from = self.clock.map(|clock| clock.plus_ms(horizon.saturating_neg()));
        let is_amount =
            |series: &Series| matches!(series.quantity.nature(), Nature::Counter | Nature::Interval);
        for reading in readings.iter().filter(|r| r.flags.is_usable() && !is_amount(&r.series)) {
            let own = self.places.iter_mut().find_map(|state| {
                let series = &reading.series;
                let fits = |b: &&mut SeriesBuffer| b.series == *series && b.binding.contains(reading.time);
                state.kept.buffers.iter_mut().find(fits)
            });
            if let Some(buffer) = own {
                buffer.first = buffer.first.min(reading.time);
                if held_from.is_some_and(|from| reading.time >= from) {
                    buffer.insert(reading.time, micro(reading.value));
                }
            }
        }
    }

    /// Notes what the copy finds of windows that lie inside the stretch.
    fn find(&self, work: &mut Reopening, stretch: &Stretch, copy: &mut Self) {
        let mut found = BTreeMap::new();
        for (place, check, window, _) in self.windows_of(work, |day| stretch.days.contains(day)) {
            if window.from < stretch.days.from || stretch.days.to < window.to {
                continue;
            }
            let verdict = copy.verdict_of(place, check, window);
            found.insert((place, check, window.from), (window, verdict));
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
                let is_of_meters = source_of(clause.measure, clause.gate) == Source::Meters;
                let is_joined = clause.measure == Measure::EuiCorrected || state.joins_meters();
                for (day, touch) in days.iter().filter(|(day, _)| is_asked(**day)) {
                    let is_touched = if is_of_meters { touch.meter } else { touch.gauge };
                    if !is_touched && !is_joined {
                        continue;
                    }
                    let mut at = *day;
                    let end = calendar.window(Period::Day, at).to;
                    while at < end {
                        let window = calendar.window(clause.period, at);
                        if window.to <= closed_to {
                            let is_live = window.to > check.pruned_to();
                            windows.insert((*place, number, window.from, window.to, is_live));
                        }
                        at = window.to;
                    }
                }
            }
        }
        let span = |(place, check, from, to, is_live)| (place, check, Span::new(from, to), is_live);
        windows.into_iter().map(span).collect()
    }

    fn verdict_of(&self, place: usize, check: usize, window: Span) -> Option<Verdict> {
        let found = self.finding(place, check, window)?;
        let at = self.clock.unwrap_or(window.to);
        self.places.get(place)?.checks.get(check).map(|check| check.first_verdict(&found, at))
    }

    fn conclude(&mut self, mut work: Reopening, out: &mut Vec<Output>) -> Vec<Reopened> {
        let now = self.clock.unwrap_or(Instant::MIN);
        let mut told = Vec::new();
        let mut live: BTreeMap<(usize, usize), Vec<Span>> = BTreeMap::new();
        for (place, check, window, is_live) in self.windows_of(&work, |_| true) {
            if is_live {
                live.entry((place, check)).or_default().push(window);
                continue;
            }
            let found = work.found.remove(&(place, check, window.from));
            let verdict = match found {
                Some((_, verdict)) => verdict,
                None if self.holds(place, check, window) => self.verdict_of(place, check, window),
                None => continue,
            };
            let state = self.places.get(place).and_then(|state| state.checks.get(check));
            let Some(check) = state else { continue };
            let is_withdrawal = verdict.is_none();
            let verdict = verdict.unwrap_or_else(|| check.first_verdict(&nothing_left(window), now));
            told.push(Reopened { verdict: Verdict { time: now, ..verdict }, is_withdrawal });
        }
        for ((place, check), windows) in live {
            self.judge(place, check, &windows, now, out);
        }
        told
    }

    /// Whether every day of a longer window is still held here.
    fn holds(&self, place: usize, check: usize, window: Span) -> bool {
        let Some(state) = self.places.get(place) else { return false };
        let Some(clause) = state.checks.get(check).map(|check| &check.live.clause) else { return false };
        match source_of(clause.measure, clause.gate) {
            Source::Register => false,
            Source::Meters => clause.period > Period::Hour,
            Source::Basis(basis) => {
                let keep = state.bases.get(&basis).map_or(0, |need| need.keep_ms());
                let open = state.kept.next_hour.map_or(Instant::MIN, |hour| hour.from);
                // Less than is kept, so that nothing is judged by half: see `tidy`.
                let oldest = open.plus_ms((keep - 86_400_000).saturating_neg() - self.options.horizon_ms);
                clause.period > Period::Day && window.from >= oldest
            }
        }
    }
}
