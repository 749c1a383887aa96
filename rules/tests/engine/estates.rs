//! Random estates: a body's figure a person against a naive sum over its buildings, however the input comes.

use std::collections::{BTreeMap, BTreeSet};

use model::{
    Instant, PlaceKind, Quantity, Reading, Span,
    register::{Dated, History},
};
use proptest::prelude::*;
use rules::{EngineOptions, Outcome, SavedShard, Subject, Taken, Verdict};

use crate::{
    bodies::{held, quota, staffed},
    case::{Dice, MINUTE},
    world::{Run, World, at, id, reading},
};

const DAY: i64 = 1440 * MINUTE;

/// A building: who holds it from the start of the year, who from another day on, and its register.
struct House {
    rows: Vec<(Instant, usize)>,
    readings: Vec<(Instant, f64)>,
}

/// An agency (0) with a bureau (1) below it, and a stranger (2).
struct Estate {
    span: Span,
    heads: [Vec<(Instant, f64)>; 2],
    houses: Vec<House>,
}

const BODIES: [&str; 3] = ["agency", "bureau", "stranger"];

fn rows<T>(dice: &mut Dice, span: Span, mut value: impl FnMut(&mut Dice) -> T) -> Vec<(Instant, T)> {
    let mut found = vec![(Instant::MIN, value(dice))];
    if dice.one_in(2) {
        found.push((span.from.plus_ms((1 + dice.below(363)) * DAY), value(dice)));
    }
    found
}

fn history<V, T: Clone>(rows: &[(Instant, V)], make: impl Fn(&V) -> T) -> History<T> {
    let mut history = History::default();
    for (index, (from, value)) in rows.iter().enumerate() {
        let to = rows.get(index + 1).map_or(Instant::MAX, |next| next.0);
        history.insert(Dated { span: Span::new(*from, to), value: make(value) }).unwrap();
    }
    history
}

impl Estate {
    fn new(dice: &mut Dice) -> Self {
        let span = Span::new(at("2025-01-01 00:00"), at("2026-01-01 00:00"));
        let heads = [(); 2].map(|()| rows(dice, span, |dice| (1 + dice.below(80)) as f64));
        let houses = (0..1 + dice.below(3)).map(|_| {
            let rows = rows(dice, span, |dice| dice.of(&[0, 0, 1, 1, 2]) as usize);
            let mut readings = Vec::new();
            let (mut time, mut register) = (span.from.plus_ms((dice.below(20) - 15) * DAY), 0.0);
            while time < span.to.plus_ms(DAY) {
                readings.push((time, register));
                time = time.plus_ms((1 + dice.below(30)) * DAY + dice.below(1440) * MINUTE);
                register += dice.below(400) as f64;
                if dice.one_in(12) {
                    // Nobody declared it: the step is unknown.
                    register = 0.0;
                }
            }
            House { rows, readings }
        });
        Self { span, heads, houses: houses.collect() }
    }

    fn world(&self) -> World {
        let mut world = World::new().with(quota());
        world.options = EngineOptions { horizon_ms: 10 * DAY, ..EngineOptions::default() };
        let bodies = &mut world.register.bodies;
        for (name, parent, heads) in
            [("agency", None, &self.heads[0]), ("bureau", Some("agency"), &self.heads[1])]
        {
            bodies.insert(id(name), history(heads, |people| staffed(name, parent, Some(*people))));
        }
        bodies.insert(id("stranger"), History::always(staffed("stranger", None, None)));
        for (number, house) in self.houses.iter().enumerate() {
            let name = format!("h{number}");
            let rows = history(&house.rows, |by| held(&name, PlaceKind::Building, None, Some(BODIES[*by])));
            world.register.places.insert(id(&name), rows);
            world.meter(&format!("m{number}"), &name, |_| {});
        }
        world
    }

    fn readings(&self) -> Vec<Reading> {
        let mut all: Vec<Reading> = Vec::new();
        for (number, house) in self.houses.iter().enumerate() {
            let name = format!("m{number}");
            let of = |(at, v): &(Instant, f64)| reading(&name, Quantity::EnergyImport, *at, *v);
            all.extend(house.readings.iter().map(of));
        }
        all.sort_by_key(|r| (r.time, r.series.sensor.clone()));
        all
    }

    /// The days of the year on which a house changes hands between those who count and others.
    fn days(&self, who: &[usize]) -> Vec<Span> {
        let mut borders = BTreeSet::from([self.span.from, self.span.to]);
        for house in &self.houses {
            for pair in house.rows.windows(2) {
                if who.contains(&pair[0].1) != who.contains(&pair[1].1) {
                    borders.insert(pair[1].0);
                }
            }
        }
        let borders: Vec<Instant> = borders.into_iter().collect();
        borders.windows(2).map(|pair| Span::new(pair[0], pair[1])).collect()
    }

    /// Value and coverage of those who count; `None` where they hold nothing.
    fn figure(&self, who: &[usize]) -> Option<(Option<f64>, f64)> {
        // The headcount of the one above holds the people of the one below.
        let heads = mean(&self.heads[who[0]], self.span);
        let days = self.days(who);
        let (mut used, mut coverage, mut is_any, mut is_known) = (0.0, 0.0, false, true);
        let mut least = vec![f64::INFINITY; days.len()];
        for house in &self.houses {
            let (mut held, mut known, mut scaled) = (0.0, 0.0, 0.0);
            for (index, stretch) in days.iter().enumerate() {
                let holder = house.rows.iter().rfind(|(from, _)| *from <= stretch.from).unwrap().1;
                if !who.contains(&holder) {
                    continue;
                }
                held += stretch.millis() as f64;
                let (kwh, seen) = seen(&house.readings, *stretch);
                least[index] = least[index].min(seen / stretch.millis() as f64);
                if seen > 0.0 {
                    known += stretch.millis() as f64;
                    scaled += kwh * stretch.millis() as f64 / seen;
                }
            }
            is_any |= held > 0.0;
            is_known &= held == 0.0 || known > 0.0;
            used += if known > 0.0 { scaled * held / known } else { 0.0 };
        }
        for (share, stretch) in least.iter().zip(&days) {
            coverage += share.min(1.0) * f64::from(u8::from(share.is_finite())) * stretch.millis() as f64;
        }
        let coverage = coverage / self.span.millis() as f64;
        is_any.then(|| if is_known { (Some(used / heads), coverage) } else { (None, 0.0) })
    }
}

fn mean(rows: &[(Instant, f64)], span: Span) -> f64 {
    let mut sum = 0.0;
    for (index, (from, value)) in rows.iter().enumerate() {
        let to = rows.get(index + 1).map_or(span.to, |next| next.0);
        sum += value * to.since((*from).max(span.from)) as f64;
    }
    sum / span.millis() as f64
}

/// What a register counted inside a span, and for how much of it.
fn seen(readings: &[(Instant, f64)], span: Span) -> (f64, f64) {
    let (mut kwh, mut seen) = (0.0, 0.0);
    for pair in readings.windows(2).filter(|pair| pair[1].1 >= pair[0].1) {
        let part = pair[1].0.min(span.to).since(pair[0].0.max(span.from)).max(0) as f64;
        kwh += (pair[1].1 - pair[0].1) * part / pair[1].0.since(pair[0].0) as f64;
        seen += part;
    }
    (kwh, seen)
}

type Said = BTreeMap<Subject, (Outcome, Option<f64>, f64)>;

/// The newest verdict of the year for each body.
fn said(run: &Run, span: Span) -> Said {
    let of = |v: &Verdict| (v.subject.clone(), (v.outcome, v.value, v.coverage));
    run.verdicts().into_iter().filter(|v| v.window == span).map(of).collect()
}

fn close(run: &mut Run, span: Span) {
    run.advance(span.to.plus_ms(40 * DAY));
    run.advance(span.to.plus_ms(40 * DAY + 1));
}

proptest! {
    #![proptest_config(crate::properties::config())]

    #[test]
    fn a_body_is_what_adding_up_its_buildings_by_hand_says_however_the_input_comes(seed: u64) {
        let dice = &mut Dice(seed);
        let estate = Estate::new(dice);
        let (world, readings) = (estate.world(), estate.readings());
        let mut run = world.run();
        for reading in &readings {
            run.observe(reading);
        }
        close(&mut run, estate.span);
        let whole = said(&run, estate.span);
        for (name, who) in [("agency", [0, 1].as_slice()), ("bureau", &[1])] {
            let found = whole.get(&Subject::Body(id(name)));
            let expected = estate.figure(who);
            let Some((value, coverage)) = expected else {
                prop_assert_eq!(found, None, "{} holds nothing", name);
                continue;
            };
            let Some((outcome, ours, covered)) = found else {
                return Err(TestCaseError::fail(format!("{name}: nothing is said, naive {expected:?}")));
            };
            prop_assert_eq!(ours.is_some(), value.is_some(), "{} {:?} {:?}", name, found, expected);
            if let (Some(ours), Some(naive)) = (ours, value) {
                prop_assert!((ours - naive).abs() < 1e-6 * naive.max(1.0), "{name}: {ours}, naive {naive}");
                prop_assert!((covered - coverage).abs() < 2e-6, "{name}: {covered}, naive {coverage}");
            }
            let is_proven = value.is_some() && *covered >= 0.9;
            prop_assert_eq!(*outcome != Outcome::Insufficient, is_proven);
        }

        // Late and in disorder, with ticks between, and a restart now and then.
        let mut keyed: Vec<(Instant, Reading)> =
            readings.iter().map(|r| (r.time.plus_ms(dice.below(9 * DAY)), r.clone())).collect();
        dice.shuffle(&mut keyed);
        keyed.sort_by_key(|(time, _)| *time);
        let mut other = world.run();
        let mut saved: BTreeMap<String, String> = BTreeMap::new();
        for (time, reading) in keyed {
            prop_assert_ne!(other.observe(&reading), Taken::TooLate);
            if dice.one_in(3) {
                other.advance(time.plus_ms(-9 * DAY));
            }
            if dice.one_in(6) {
                for (key, piece) in other.engine.take_changed() {
                    saved.insert(key, serde_json::to_string(&piece).unwrap());
                }
                let mut next = Run { engine: world.engine(), out: std::mem::take(&mut other.out) };
                for (key, text) in &saved {
                    next.engine.restore(key, serde_json::from_str::<SavedShard>(text).unwrap());
                }
                other = next;
            }
        }
        close(&mut other, estate.span);
        prop_assert_eq!(whole, said(&other, estate.span));
        let alerts = |run: &Run| -> Vec<_> {
            run.engine.alerts().into_iter().map(|a| (a.check, a.state, a.started_at)).collect()
        };
        prop_assert_eq!(alerts(&run), alerts(&other));
    }
}
