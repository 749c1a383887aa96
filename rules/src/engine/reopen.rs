//! Late data from before what is held: some local days of a building are built anew from the history.
//!
//! The engine holds the readings of the last hours only. So whoever has the history is asked for the
//! readings of the days in question; a hollow copy of the building takes them in order, with the same
//! code as live, and what it finds replaces those days here. Alerts live on the windows that are still
//! remembered; an older window gets another verdict, and nobody is mailed.

use std::collections::{BTreeMap, BTreeSet};

use model::{Id, Instant, Nature, Period, Reading, Register, Span};
use serde::{Deserialize, Serialize};

use super::{Engine, outdoor::is_outdoor, shard::Shard};
use crate::{Output, Verdict, finding::Finding, measure::meters::pieces, stays::stays};

/// Shortest time before a stretch of days whose readings are asked for too, ms: a day of zeros is
/// disbelieved as a whole, and doors count from local midnight.
const LEAD_MS: i64 = 26 * 3_600_000;
/// A local day of a place that data from before what is held has touched.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct LateDay {
    /// The place.
    pub place: Id,
    /// Start of the local day.
    pub day: Instant,
    /// Whether a meter was touched, else a gauge.
    pub is_meter: bool,
}

/// The days inside `reach` on which a place lies elsewhere in the tree `after` than `before`.
///
/// What was told of it and of the places that it left and entered is to be built anew. A place that only one of the
/// two registers knows then has not moved.
#[must_use]
pub fn moved_days(before: &Register, after: &Register, reach: Span) -> BTreeSet<LateDay> {
    let mut days = BTreeSet::new();
    let parents = |register: &Register, id: &Id| -> Vec<(Span, Option<Id>)> {
        let rows = register.places.get(id).into_iter().flat_map(|history| history.rows());
        rows.map(|row| (row.span, row.value.parent.clone())).collect()
    };
    if after.places.keys().all(|id| parents(before, id) == parents(after, id)) {
        return days;
    }
    for place in after.places.keys() {
        let borders = [before, after].map(|register| stays(register, place));
        let borders = borders.iter().flatten().flat_map(|stay| [stay.from, stay.to]);
        for piece in pieces(reach, borders) {
            let [old, new] = [before, after].map(|register| register.ancestors(place, piece.from));
            let is_same = || old.iter().map(|up| &up.id).eq(new.iter().map(|up| &up.id));
            if old.is_empty() || new.is_empty() || is_same() {
                continue;
            }
            for day in after.calendar.windows(Period::Day, piece) {
                days.extend([false, true].map(|is_meter| LateDay {
                    place: place.clone(),
                    day: day.from,
                    is_meter,
                }));
            }
        }
    }
    days
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
pub(super) type Touched = BTreeMap<usize, BTreeMap<Instant, Touch>>;

/// What has touched a day.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Touch {
    pub(super) gauge: bool,
    pub(super) meter: bool,
}

/// Work on one building, begun by [`Engine::reopening`].
#[derive(Debug)]
pub struct Reopening {
    shard: usize,
    pub(super) touched: Touched,
    stretches: Vec<Stretch>,
    /// What was found of windows inside a stretch, by place, check and start.
    pub(super) found: BTreeMap<(usize, usize, Instant), Option<Finding>>,
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
    /// The days that a reading from before what is held touches; none when its sensor is bound nowhere.
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
        let (number, touched) = (work.shard, work.touched.values().flatten());
        let days: BTreeSet<Instant> = touched.filter(|(_, touch)| touch.meter).map(|(day, _)| *day).collect();
        let mut told = shard.conclude(work, out);
        told.extend(self.reopen_bodies(number, &days, out));
        told
    }
}

impl Shard {
    /// `place` is that of the device in its own shard; in another one the reading is of outdoor air.
    fn late_days(&self, reading: &Reading, place: usize, beside: Span) -> Vec<LateDay> {
        let series = &reading.series;
        let is_meter = matches!(series.quantity.nature(), Nature::Counter | Nature::Interval);
        let (places, span) = if is_outdoor(reading) {
            (self.asking(series.quantity), self.span_of_outdoors(reading))
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
    pub(super) fn reach_ms(&self) -> i64 {
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
    pub(super) fn fed(&self, touched: &Touched) -> BTreeSet<usize> {
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
}
