//! Properties over random offices: the engine says what the oracle says, however its input comes.

use std::{collections::BTreeMap, sync::Arc};

use model::{Instant, Reading};
use proptest::prelude::*;
use rules::{AlertState, Engine, EngineOptions, Output, SavedShard, Subject};

use crate::{
    case::{Case, Dice, MINUTE, Size},
    oracle::{Alerts, Key, Oracle, Said},
    world::Run,
};

/// Cases of each property; `PROPTEST_CASES` asks for more.
pub(crate) fn config() -> ProptestConfig {
    let asked = ProptestConfig::default();
    let usual = ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(16) };
    if asked.cases == 256 { usual } else { ProptestConfig { cases: asked.cases, ..usual } }
}

fn sizes() -> impl Strategy<Value = Size> {
    (20_i64..72, 1_i64..4, 0_i64..7, 0_i64..3).prop_map(|(hours, rooms, sensors, meters)| Size {
        hours,
        rooms,
        sensors,
        meters,
    })
}

pub(crate) fn start(case: &Case) -> Run {
    // Longer than any case, so that the end of the input reaches every series.
    let options = EngineOptions { horizon_ms: 100 * 60 * MINUTE, ..EngineOptions::default() };
    start_with(case, options)
}

fn start_with(case: &Case, options: EngineOptions) -> Run {
    let engine = Engine::new(Arc::new(case.register.clone()), &case.clauses, options);
    Run { engine, out: Vec::new() }
}

pub(crate) fn finish(run: &mut Run, case: &Case) {
    run.engine.finish(Some(case.end), &mut run.out);
}

pub(crate) fn feed(run: &mut Run, readings: &[Reading]) {
    for reading in readings {
        run.observe(reading);
    }
}

pub(crate) fn state(run: &Run) -> BTreeMap<Key, Said> {
    let state = run.state().into_iter().map(|((clause, subject, from), v)| {
        let said = Said { outcome: v.outcome, value: v.value, coverage: v.coverage };
        ((clause, subject.id().clone(), from), said)
    });
    state.collect()
}

pub(crate) fn alerts(run: &Run) -> Alerts {
    let alerts = run.engine.alerts();
    let alerts = alerts.iter().map(|a| {
        let key = (a.check.clause.clone(), a.check.subject.id().clone());
        (key, (a.state == AlertState::Firing, a.started_at))
    });
    alerts.collect()
}

/// What was said of each place, in order. Buildings that share nothing have clocks of their own.
fn by_place(out: Vec<Output>) -> BTreeMap<Subject, Vec<Output>> {
    let mut said: BTreeMap<Subject, Vec<Output>> = BTreeMap::new();
    for output in out {
        let subject = match &output {
            Output::Verdict(verdict) => verdict.subject.clone(),
            Output::Transition(transition) => transition.alert.check.subject.clone(),
        };
        said.entry(subject).or_default().push(output);
    }
    said
}

/// The first thing of which two engines do not say the same.
pub(crate) fn apart(one: Vec<Output>, other: Vec<Output>) -> Option<String> {
    let (one, other) = (by_place(one), by_place(other));
    let brief = |said: Option<&Output>| {
        said.map(|said| match said {
            Output::Verdict(v) => {
                format!(
                    "{} {:?} {:?} {} at {:?}, {}",
                    v.clause.id, v.window, v.value, v.coverage, v.time, v.revision
                )
            }
            Output::Transition(t) => format!("{} {:?} at {:?}", t.alert.check.clause, t.kind, t.at),
        })
    };
    one.keys().chain(other.keys()).find_map(|subject| {
        let empty = Vec::new();
        let (a, b) = (one.get(subject).unwrap_or(&empty), other.get(subject).unwrap_or(&empty));
        let at = (0..a.len().max(b.len())).find(|at| a.get(*at) != b.get(*at))?;
        Some(format!("{subject:?}: {:?} | {:?}", brief(a.get(at)), brief(b.get(at))))
    })
}

/// Where two answers differ by more than rounding.
fn difference(ours: &BTreeMap<Key, Said>, theirs: &BTreeMap<Key, Said>) -> Option<String> {
    let near = |a: Option<f64>, b: Option<f64>| match (a, b) {
        (Some(a), Some(b)) => (a - b).abs() <= 3e-6 * a.abs().max(1.0),
        (None, None) => true,
        _ => false,
    };
    for key in ours.keys().chain(theirs.keys()) {
        let (a, b) = (ours.get(key), theirs.get(key));
        let is_same = match (a, b) {
            (Some(a), Some(b)) => {
                a.outcome == b.outcome && near(a.value, b.value) && near(Some(a.coverage), Some(b.coverage))
            }
            _ => false,
        };
        if !is_same {
            return Some(format!("{key:?}: engine {a:?}, oracle {b:?}"));
        }
    }
    None
}

/// Moves each reading at most `hours` later in the order, at random.
pub(crate) fn disordered(readings: &[Reading], dice: &mut Dice, hours: i64) -> Vec<Reading> {
    let mut keyed: Vec<(Instant, Reading)> = readings
        .iter()
        .map(|r| {
            let delay = if dice.one_in(3) { dice.below(hours * 60) } else { 0 };
            (r.time.plus_ms(delay * MINUTE), r.clone())
        })
        .collect();
    for at in (0..keyed.len()).step_by(11) {
        let (time, again) = keyed[at].clone();
        keyed.push((time.plus_ms(dice.below(hours * 60) * MINUTE), again));
    }
    dice.shuffle(&mut keyed);
    keyed.sort_by_key(|(time, _)| *time);
    keyed.into_iter().map(|(_, r)| r).collect()
}

/// What is said at the end under a short horizon: in order, and with each reading up to four hours late.
fn with_a_short_horizon(seed: u64, size: Size) -> [Run; 2] {
    let mut case = Case::new(seed, size);
    // A day of zeros is disbelieved as a whole: what reaches back further than the horizon depends
    // on when it is found out.
    let hours = if seed.is_multiple_of(2) { 8 } else { 36 };
    if hours < 24 {
        case.believe_zeros();
    }
    let options = EngineOptions { horizon_ms: hours * 60 * MINUTE, ..EngineOptions::default() };
    let ended = |readings: &[Reading]| {
        let mut run = start_with(&case, options);
        let out = &mut run.out;
        for reading in readings {
            assert_ne!(run.engine.observe(reading, out), rules::Taken::TooLate);
        }
        finish(&mut run, &case);
        run
    };
    [ended(&case.readings), ended(&disordered(&case.readings, &mut Dice(seed ^ 2), 4))]
}

#[test]
fn a_building_that_waits_longer_than_its_rooms_still_finds_what_they_heard() {
    for (seed, hours, rooms, sensors, meters) in
        [(18_340_949_065_665_926_580, 60, 2, 5, 0), (2_979_974_456_602_689_722, 56, 3, 6, 1)]
    {
        let [sorted, late] = with_a_short_horizon(seed, Size { hours, rooms, sensors, meters });
        assert_eq!(difference(&state(&sorted), &state(&late)), None, "{seed}");
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn the_engine_says_what_looking_at_every_minute_says(seed: u64, size in sizes()) {
        let case = Case::new(seed, size);
        let mut run = start(&case);
        feed(&mut run, &case.readings);
        finish(&mut run, &case);
        let oracle = Oracle::new(&case);
        let expected = oracle.verdicts();
        prop_assert_eq!(difference(&state(&run), &expected), None);
        prop_assert_eq!(alerts(&run), oracle.alerts(&expected));
    }

    #[test]
    fn disorder_and_duplicates_within_the_horizon_end_in_the_same_state(seed: u64, size in sizes()) {
        let case = Case::new(seed, size);
        let mut sorted = start(&case);
        feed(&mut sorted, &case.readings);
        finish(&mut sorted, &case);
        let mut late = start(&case);
        feed(&mut late, &disordered(&case.readings, &mut Dice(seed ^ 1), 30));
        finish(&mut late, &case);
        prop_assert_eq!(state(&sorted), state(&late));
        prop_assert_eq!(alerts(&sorted), alerts(&late));
        prop_assert_eq!(late.untold(), None);
    }

    #[test]
    fn a_short_horizon_forgets_nothing_that_late_data_within_it_needs(seed: u64, size in sizes()) {
        let [sorted, late] = with_a_short_horizon(seed, size);
        prop_assert_eq!(difference(&state(&sorted), &state(&late)), None);
        prop_assert_eq!(state(&sorted), state(&late));
        prop_assert_eq!(alerts(&sorted), alerts(&late));
    }

    #[test]
    fn ticks_between_sorted_readings_change_nothing_that_is_said(seed: u64, size in sizes()) {
        let case = Case::new(seed, size);
        let mut whole = start(&case);
        feed(&mut whole, &case.readings);
        let mut ticked = start(&case);
        let dice = &mut Dice(seed ^ 3);
        for (index, reading) in case.readings.iter().enumerate() {
            ticked.observe(reading);
            let Some(next) = case.readings.get(index + 1) else { break };
            for _ in 0..dice.below(3) {
                let ahead = next.time.since(reading.time) / MINUTE;
                let to = reading.time.plus_ms(dice.below(ahead + 1) * MINUTE);
                ticked.advance(to);
            }
        }
        finish(&mut whole, &case);
        finish(&mut ticked, &case);
        prop_assert_eq!(apart(whole.out, ticked.out), None);
    }

    #[test]
    fn the_order_within_one_instant_does_not_matter(seed: u64, size in sizes()) {
        let case = Case::new(seed, size);
        let mut whole = start(&case);
        feed(&mut whole, &case.readings);
        let mut shuffled = case.readings.clone();
        Dice(seed ^ 4).shuffle(&mut shuffled);
        shuffled.sort_by_key(|r| r.time);
        let mut other = start(&case);
        feed(&mut other, &shuffled);
        finish(&mut whole, &case);
        finish(&mut other, &case);
        prop_assert_eq!(apart(whole.out, other.out), None);
    }

    #[test]
    fn a_restart_from_a_checkpoint_changes_nothing_that_is_said(seed: u64, size in sizes()) {
        let case = Case::new(seed, size);
        let dice = &mut Dice(seed ^ 5);
        let readings = disordered(&case.readings, dice, 10);
        let mut whole = start(&case);
        feed(&mut whole, &readings);
        finish(&mut whole, &case);
        let mut run = start(&case);
        let mut saved: BTreeMap<String, String> = BTreeMap::new();
        let mut rest = readings.as_slice();
        while !rest.is_empty() {
            let (now, then) = rest.split_at(1 + dice.below(rest.len() as i64) as usize);
            feed(&mut run, now);
            rest = then;
            // Only what changed is written; all that was ever written is read back.
            for (key, piece) in run.engine.take_changed() {
                saved.insert(key, serde_json::to_string(&piece).unwrap());
            }
            let mut next = start(&case);
            for (key, text) in &saved {
                let piece: SavedShard = serde_json::from_str(text).unwrap();
                next.engine.restore(key, piece);
            }
            prop_assert_eq!(alerts(&next), alerts(&run));
            next.out = std::mem::take(&mut run.out);
            run = next;
        }
        finish(&mut run, &case);
        let first = whole.out.iter().zip(&run.out).position(|(a, b)| a != b);
        prop_assert_eq!(first.map(|at| (&whole.out[at], &run.out[at])), None::<(&Output, &Output)>);
        prop_assert_eq!(whole.out.len(), run.out.len());
    }
}
