//! Data from before the horizon: days built anew from the history.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use model::{Instant, Nature, Period, PlaceKind, Quantity, Reading, Series, Span};
use proptest::prelude::*;
use rules::{
    Clause, Engine, EngineOptions, LateDay, Measure, Outcome, Output, Stretch, Subject, Taken,
    TransitionKind, Verdict,
};

use crate::{
    case::{Case, Dice, MINUTE, Size},
    world::{Run, World, at, clause, co2, reading},
};

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;

pub(crate) type Key = (String, Subject, Instant);

/// An engine with a history behind it, as a service has one.
pub(crate) struct Keeper {
    pub(crate) run: Run,
    history: BTreeMap<Series, BTreeMap<Instant, Reading>>,
    late: BTreeSet<LateDay>,
    store: BTreeMap<Key, Verdict>,
}

fn key(verdict: &Verdict) -> Key {
    (verdict.clause.id.clone(), verdict.subject.clone(), verdict.window.from)
}

impl Keeper {
    pub(crate) fn new(run: Run) -> Self {
        Self { run, history: BTreeMap::new(), late: BTreeSet::new(), store: BTreeMap::new() }
    }

    pub(crate) fn observe(&mut self, reading: &Reading) -> Taken {
        let own = self.history.entry(reading.series.clone()).or_default();
        own.insert(reading.time, reading.clone());
        let taken = self.run.observe(reading);
        if taken == Taken::TooLate {
            let before = own.range(..reading.time).next_back().map_or(reading.time, |(at, _)| *at);
            let after = own.range(reading.time.plus_ms(1)..).next().map_or(reading.time, |(at, _)| *at);
            self.late.extend(self.run.engine.late_days(reading, Span::new(before, after)));
        }
        taken
    }

    pub(crate) fn observe_all<'a>(&mut self, readings: impl IntoIterator<Item = &'a Reading>) {
        for reading in readings {
            self.observe(reading);
        }
    }

    /// Days that are to be built anew for another reason than a late reading.
    pub(crate) fn mark(&mut self, days: BTreeSet<LateDay>) {
        self.late.extend(days);
    }

    fn read(&self, stretch: &Stretch) -> Vec<Reading> {
        let (from, to) = (stretch.span.from, stretch.span.to);
        let mut wanted: Vec<Reading> = Vec::new();
        for (series, own) in &self.history {
            if stretch.sensors.contains(&series.sensor) {
                let is_meter = matches!(series.quantity.nature(), Nature::Counter | Nature::Interval);
                let before = own.range(..from).next_back().filter(|_| is_meter);
                let after = own.range(to..).next().filter(|_| is_meter);
                let inside = own.range(from..to);
                wanted.extend(before.into_iter().chain(inside).chain(after).map(|(_, r)| r.clone()));
            }
        }
        wanted.sort_by_key(|reading| reading.time);
        wanted
    }

    /// Builds anew what is to be, and says which alerts changed.
    pub(crate) fn reopen_told(&mut self) -> Vec<TransitionKind> {
        self.keep();
        self.rebuild();
        self.run.kinds()
    }

    /// Keeps what was said so far, then builds anew what is to be.
    pub(crate) fn reopen(&mut self) -> &mut Self {
        self.keep();
        self.rebuild();
        self.keep();
        self
    }

    fn rebuild(&mut self) {
        while let Some(mut work) = self.run.engine.reopening(&mut self.late, Instant::MIN) {
            for stretch in work.stretches() {
                let readings = self.read(&stretch);
                self.run.engine.absorb(&mut work, &stretch, &readings);
            }
            for told in self.run.engine.conclude(work, &mut self.run.out) {
                let key = key(&told.verdict);
                if told.is_withdrawal {
                    self.store.remove(&key);
                } else {
                    self.store.insert(key, told.verdict);
                }
            }
        }
    }

    pub(crate) fn keep(&mut self) {
        for said in self.run.out.drain(..) {
            if let Output::Verdict(verdict) = said {
                if verdict.why.contains_key("withdrawn") {
                    self.store.remove(&key(&verdict));
                } else {
                    self.store.insert(key(&verdict), (*verdict).clone());
                }
            }
        }
    }

    /// What is said of windows that end by `to`: outcome, value and coverage.
    pub(crate) fn said(&self, to: Instant) -> BTreeMap<Key, (Outcome, Option<f64>, f64)> {
        let settled = self.store.iter().filter(|(_, v)| v.window.to <= to);
        settled.map(|(key, v)| (key.clone(), (v.outcome, v.value, v.coverage))).collect()
    }
}

#[test]
fn a_body_is_judged_again_when_days_of_one_of_its_buildings_are_built_anew() {
    let mut keeper = Keeper::new(crate::bodies::agency().run());
    let sent = |meter: &str, time: &str, value: f64| reading(meter, Quantity::EnergyImport, at(time), value);
    keeper.observe_all(&[
        sent("m-a", "2025-01-01 00:00", 0.0),
        sent("m-b", "2025-01-01 00:00", 0.0),
        sent("m-a", "2025-12-10 00:00", 90_000.0),
        sent("m-b", "2026-01-01 00:00", 200_000.0),
    ]);
    keeper.run.advance(at("2026-01-10 00:00"));
    keeper.keep();
    let of_body = |keeper: &Keeper| {
        let mut all = keeper.store.values().filter(|v| matches!(v.subject, Subject::Body(_)));
        all.next().map(|v| (v.value, v.coverage, v.revision))
    };
    // 200000 and 90000 x 365 / 343 over 100 people.
    assert_eq!(of_body(&keeper), Some((Some(2_957.725_948), 0.939_726, 1)));
    assert_eq!(keeper.observe(&sent("m-a", "2026-01-01 00:00", 100_000.0)), Taken::TooLate);
    keeper.reopen();
    assert_eq!(of_body(&keeper), Some((Some(3000.0), 1.0, 2)));
}

/// A month of a room, with some hours of one day taken out of it: the rest, and those.
fn month(gap: Span) -> (Vec<Reading>, Vec<Reading>) {
    let start = at("03-01 00:00");
    let all = (0..30 * 288).map(|step| {
        let time = start.plus_ms(step * 300_000);
        reading("s1", Quantity::Co2, time, 700.0 + (step % 600) as f64)
    });
    all.partition(|reading| !gap.contains(reading.time))
}

fn periods() -> World {
    let of = |name: &str, period| clause(name, PlaceKind::Room, Measure::Co2DayMean, period, 900.0);
    World::new()
        .with(co2())
        .with(of("day", Period::Day))
        .with(of("week", Period::Week))
        .with(of("month", Period::Month))
}

#[test]
fn a_gap_of_three_or_twenty_days_ago_that_is_filled_gives_what_no_gap_gives() {
    for day in ["03-27", "03-10"] {
        let gap = Span::new(at(&format!("{day} 06:20")), at(&format!("{day} 21:45")));
        let (rest, late) = month(gap);
        let mut sorted = Keeper::new(periods().run());
        let (mut all, _) = month(Span::new(gap.from, gap.from));
        all.sort_by_key(|reading| reading.time);
        sorted.observe_all(&all);
        let mut gapped = Keeper::new(periods().run());
        gapped.observe_all(&rest);
        let end = at("04-02 12:00");
        for keeper in [&mut sorted, &mut gapped] {
            keeper.run.advance(end);
        }
        gapped.keep();
        let before = gapped.said(end);
        for reading in &late {
            assert_eq!(gapped.observe(reading), Taken::TooLate);
        }
        gapped.reopen();
        sorted.keep();
        assert_ne!(before, gapped.said(end), "{day}: nothing was built anew");
        assert_eq!(sorted.said(end), gapped.said(end), "{day}");
    }
}

#[test]
fn a_window_that_is_still_remembered_changes_its_alert_and_an_older_one_does_not() {
    let world =
        World::new().with(clause("month", PlaceKind::Room, Measure::Co2DayMean, Period::Month, 900.0));
    let world = world.with(co2());
    let gap = Span::new(at("03-10 00:00"), at("03-20 00:00"));
    let mut keeper = Keeper::new(world.run());
    let steady = |from: &str, to: &str, value: f64| {
        let (from, to) = (at(from), at(to));
        let steps = 0..to.since(from) / 300_000;
        steps.map(move |step| reading("s1", Quantity::Co2, from.plus_ms(step * 300_000), value))
    };
    for reading in steady("03-01 00:00", "04-01 00:00", 950.0).filter(|r| !gap.contains(r.time)) {
        keeper.observe(&reading);
    }
    keeper.run.advance(at("04-01 06:00"));
    assert_eq!(keeper.run.of("month").len(), 1);
    assert_eq!(keeper.run.of("month")[0].outcome, Outcome::Insufficient, "a third is missing");
    for reading in steady("03-10 00:00", "03-20 00:00", 1300.0) {
        keeper.observe(&reading);
    }
    assert!(keeper.run.kinds().is_empty());
    keeper.reopen();
    let month = keeper.store.values().find(|v| v.clause.id == "own-1/month").unwrap();
    assert_eq!((month.outcome, month.revision), (Outcome::Breach, 2));
    assert_eq!(keeper.run.engine.alerts().len(), 1, "the month's alone: its window is remembered");
    let hours = keeper.store.values().filter(|v| v.clause.id == "own-1/co2" && gap.contains(v.window.from));
    assert!(hours.clone().count() >= 239 && hours.clone().all(|v| v.outcome == Outcome::Breach));
}

#[test]
fn what_days_built_anew_have_raised_is_part_of_the_next_checkpoint() {
    let monthly = clause("month", PlaceKind::Building, Measure::Electricity, Period::Month, 50.0);
    let mut world = World::new().with(monthly);
    world.meter("m", "b", |_| {});
    let mut keeper = Keeper::new(world.run());
    let sent = |time: &str, value: f64| reading("m", Quantity::EnergyImport, at(time), value);
    keeper.observe_all(&[sent("03-15 00:00", 100.0), sent("04-01 00:00", 110.0)]);
    keeper.run.advance(at("04-01 06:00"));
    assert_eq!(keeper.observe(&sent("03-01 00:00", 0.0)), Taken::TooLate);
    let mut saved: BTreeMap<_, _> = keeper.run.engine.take_changed().into_iter().collect();
    assert_eq!(keeper.reopen_told(), [TransitionKind::Firing]);
    saved.extend(keeper.run.engine.take_changed());
    let mut next = world.engine();
    saved.into_iter().for_each(|(key, piece)| next.restore(&key, piece));
    assert_eq!(next.alerts(), keeper.run.engine.alerts());
}

#[test]
fn a_late_reading_of_a_meter_is_spread_between_its_neighbours_and_changes_no_total() {
    let yearly = |name: &str, period| Clause {
        min_coverage: 0.0,
        ..clause(name, PlaceKind::Building, Measure::Electricity, period, 1e9)
    };
    let mut world = World::new().with(yearly("day", Period::Day)).with(yearly("month", Period::Month));
    world.meter("m", "b", |_| {});
    let start = at("03-01 00:00");
    let hours = (0..=40 * 24_i64).map(|hour| {
        let used = (hour * hour) as f64 / 100.0;
        reading("m", Quantity::EnergyImport, start.plus_ms(hour * HOUR), used)
    });
    let all: Vec<Reading> = hours.collect();
    let gap = Span::new(at("03-12 05:00"), at("03-15 17:00"));
    let (mut sorted, mut gapped) = (Keeper::new(world.run()), Keeper::new(world.run()));
    sorted.observe_all(&all);
    gapped.observe_all(all.iter().filter(|r| !gap.contains(r.time)));
    for keeper in [&mut sorted, &mut gapped] {
        keeper.run.advance(at("04-10 06:00"));
        keeper.keep();
    }
    let end = at("04-10 06:00");
    let total = |keeper: &Keeper| {
        let months = keeper.said(end).into_iter().filter(|((clause, ..), _)| clause == "own-1/month");
        months.map(|(_, (_, value, _))| value).collect::<Vec<_>>()
    };
    assert_eq!(total(&sorted), total(&gapped));
    assert_ne!(sorted.said(end), gapped.said(end));
    gapped.observe_all(all.iter().filter(|r| gap.contains(r.time)));
    gapped.reopen();
    assert_eq!(sorted.said(end), gapped.said(end));
}

fn sizes() -> impl Strategy<Value = Size> {
    (20_i64..72, 1_i64..4, 1_i64..7, 0_i64..3).prop_map(|(hours, rooms, sensors, meters)| Size {
        hours,
        rooms,
        sensors,
        meters,
    })
}

/// The first window of which late data says something else than the same data in order.
fn differing(seed: u64, size: Size) -> Option<String> {
    let mut case = Case::new(seed, size);
    case.believe_zeros();
    let start = || {
        let register = Arc::new(case.register.clone());
        let engine = Engine::new(register, &case.clauses, EngineOptions::default());
        Keeper::new(Run { engine, out: Vec::new() })
    };
    let dice = &mut Dice(seed ^ 77);
    let first = case.readings.first().map_or(case.end, |reading| reading.time);
    let middle = first.plus_ms((case.end.since(first) / MINUTE * 2 / 3) * MINUTE);
    let mut seen = BTreeSet::new();
    // Each series begins in time, then loses some.
    let (late, timely): (Vec<Reading>, Vec<Reading>) = case
        .readings
        .iter()
        .cloned()
        .partition(|r| !seen.insert(r.series.clone()) && r.time < middle && dice.one_in(3));
    let end = case.end.plus_ms(4 * DAY);
    let mut sorted = start();
    sorted.observe_all(&case.readings);
    sorted.run.advance(end);
    sorted.keep();
    let mut gapped = start();
    gapped.observe_all(&timely);
    gapped.run.advance(end);
    gapped.observe_all(&late);
    gapped.reopen();
    let to = case.end.plus_ms(3 * DAY);
    let (ours, theirs) = (gapped.said(to), sorted.said(to));
    let mut keys = ours.keys().chain(theirs.keys());
    let key = keys.find(|key| ours.get(*key) != theirs.get(*key))?;
    Some(format!("{key:?}: {:?} and not {:?}", ours.get(key), theirs.get(key)))
}

#[test]
fn a_building_whose_meter_was_moved_away_is_still_asked_for_it_when_its_days_are_built_anew() {
    assert_eq!(
        differing(6_911_341_363_847_133_850, Size { hours: 65, rooms: 3, sensors: 1, meters: 2 }),
        None
    );
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(16) })]

    #[test]
    fn what_comes_days_late_ends_in_what_is_said_in_order(seed: u64, size in sizes()) {
        prop_assert_eq!(differing(seed, size), None);
    }
}
