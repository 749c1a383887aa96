//! Another register or other clauses while the engine runs.

use std::{collections::BTreeSet, sync::Arc};

use model::{Instant, Period, PlaceKind, Quantity, register::Sensor};
use proptest::prelude::*;
use rules::{AlertState, Bound, Clause, Gate, Limit, Measure, Output, Taken, TransitionKind, Verdict};

use crate::{
    case::{Case, Dice, Size},
    properties::apart,
    world::{Run, World, at, clause, co2, id, place, reading},
};

const HOUR: i64 = 3_600_000;

/// The run goes on as another world.
fn rebind(run: &mut Run, world: &World) -> Vec<String> {
    let register = Arc::new(world.register.clone());
    run.engine.rebind(register, &world.clauses, world.options, &mut run.out)
}

fn warm() -> Clause {
    clause("warm", PlaceKind::Room, Measure::TemperatureHourMean, Period::Hour, 26.0)
}

fn capped(clause: Clause, cap: f64) -> Clause {
    let fixed = Bound { at_most: Some(cap), at_least: None };
    Clause { limit: Limit { fixed, ..clause.limit.clone() }, ..clause }
}

/// An hour of bad air and heat.
fn hour_of(run: &mut Run, from: Instant, co2: f64, celsius: f64) {
    run.steady("s1", Quantity::Co2, from, from.plus_ms(HOUR), co2);
    run.steady("t1", Quantity::Temperature, from, from.plus_ms(HOUR), celsius);
}

#[test]
fn a_clause_that_is_gone_withdraws_its_alert_and_no_other_and_says_it_once() {
    let both = World::new().with(co2()).with(warm());
    let mut run = both.run();
    hour_of(&mut run, at("03-02 08:00"), 1200.0, 30.0);
    run.advance(at("03-02 09:30"));
    assert_eq!(run.kinds(), [TransitionKind::Firing, TransitionKind::Firing]);
    rebind(&mut run, &World::new().with(co2()));
    let last = run.transitions().pop().unwrap().clone();
    assert_eq!((last.kind, last.at), (TransitionKind::Withdrawn, at("03-02 09:30")));
    assert_eq!(last.alert.check.clause, "own-1/warm");
    assert_eq!((last.alert.state, last.alert.resolved_at), (AlertState::Withdrawn, None));
    let left: Vec<String> = run.engine.alerts().into_iter().map(|a| a.check.clause).collect();
    assert_eq!(left, ["own-1/co2"]);
    // The clause comes back: it knows nothing of the alert that was withdrawn.
    rebind(&mut run, &both);
    assert_eq!(run.kinds().len(), 3);
    assert_eq!(run.engine.alerts().len(), 1);
    hour_of(&mut run, at("03-02 10:00"), 1200.0, 30.0);
    run.advance(at("03-02 11:30"));
    assert_eq!(run.kinds()[3..], [TransitionKind::Firing]);
    assert_eq!(run.transitions().last().unwrap().alert.started_at, at("03-02 10:00"));
}

#[test]
fn clauses_in_another_order_and_with_others_between_go_on_with_what_they_remember() {
    let cool = || clause("cool", PlaceKind::Room, Measure::TemperatureHourMean, Period::Hour, 40.0);
    let mut run = World::new().with(co2()).with(warm()).run();
    hour_of(&mut run, at("03-02 08:00"), 1200.0, 30.0);
    run.advance(at("03-02 09:30"));
    let alerts = |run: &Run| -> BTreeSet<_> {
        run.engine.alerts().into_iter().map(|alert| (alert.check.clause, alert.started_at)).collect()
    };
    let held = alerts(&run);
    assert_eq!(held.len(), 2);
    for world in [
        World::new().with(warm()).with(co2()),
        World::new().with(cool()).with(co2()).with(warm()),
        World::new().with(warm()).with(cool()).with(co2()),
    ] {
        rebind(&mut run, &world);
        assert_eq!(alerts(&run), held);
    }
    assert_eq!(run.kinds(), [TransitionKind::Firing, TransitionKind::Firing]);
}

#[test]
fn a_building_that_has_seen_nothing_begins_where_it_is_told_and_no_other_does() {
    let mut world = World::new().with(co2());
    world.place(place("c", PlaceKind::Building, None));
    world.place(place("r9", PlaceKind::Room, Some("c")));
    world.sensor(Sensor::new(id("s9"), id("r9")));
    world.options.held_ms = HOUR;
    let mut run = world.run();
    run.steady("s1", Quantity::Co2, at("03-02 08:00"), at("03-02 08:30"), 800.0);
    run.engine.begin(at("03-02 14:00"));
    let mut out = Vec::new();
    let late = reading("s9", Quantity::Co2, at("03-02 08:00"), 1200.0);
    assert_eq!(run.engine.observe(&late, &mut out), Taken::TooLate);
    let next = reading("s1", Quantity::Co2, at("03-02 08:30"), 800.0);
    assert_eq!(run.engine.observe(&next, &mut out), Taken::InOrder);
    assert!(out.is_empty(), "{out:?}");
}

#[test]
fn an_alert_does_not_outlive_the_figure_that_it_is_about_or_the_right_to_raise_it() {
    let gated = World::new().with(Clause { gate: Some(Gate::Working), ..co2() });
    let mut unverified = World::new().with(co2());
    unverified.clauses[0].is_enforced = false;
    for (next, is_withdrawn) in
        [(gated, true), (unverified, true), (World::new().with(capped(co2(), 900.0)), false)]
    {
        let mut run = World::new().with(co2()).run();
        hour_of(&mut run, at("03-02 08:00"), 1200.0, 20.0);
        run.advance(at("03-02 09:30"));
        rebind(&mut run, &next);
        assert_eq!(run.kinds().contains(&TransitionKind::Withdrawn), is_withdrawn);
        assert_eq!(run.alert().is_none(), is_withdrawn);
    }
}

#[test]
fn a_room_that_is_gone_withdraws_its_alert_and_names_the_piece_that_goes() {
    let world = World::new().with(co2());
    let mut run = world.run();
    hour_of(&mut run, at("03-02 08:00"), 1200.0, 20.0);
    run.advance(at("03-02 09:30"));
    let mut less = world.clone();
    less.register.places.remove(&id("r1"));
    less.register.sensors.remove(&id("s1"));
    less.register.sensors.remove(&id("t1"));
    assert_eq!(rebind(&mut run, &less), ["place/r1"]);
    assert_eq!(run.kinds(), [TransitionKind::Firing, TransitionKind::Withdrawn]);
    assert!(run.engine.alerts().is_empty());
}

#[test]
fn a_pending_alert_ends_in_silence_with_its_clause_and_keeps_its_clock_with_another_limit() {
    let held = |cap: f64| Clause { hold_ms: 2 * HOUR, ..capped(co2(), cap) };
    let mut gone = World::new().with(held(1000.0)).run();
    let mut moved = World::new().with(held(1000.0)).run();
    for run in [&mut gone, &mut moved] {
        run.co2_hours(at("03-02 08:00"), &[Some(1200.0), Some(1200.0)]);
    }
    rebind(&mut gone, &World::new());
    assert!(gone.kinds().is_empty() && gone.engine.alerts().is_empty());
    rebind(&mut moved, &World::new().with(held(900.0)));
    moved.co2_hours(at("03-02 10:00"), &[Some(950.0)]);
    let alert = moved.alert().unwrap();
    assert_eq!((alert.state, alert.started_at), (AlertState::Firing, at("03-02 08:00")));
    assert_eq!((alert.verdict.limit, alert.verdict.value), (Some(900.0), Some(950.0)));
}

#[test]
fn a_limit_that_moves_does_not_touch_what_was_judged_and_holds_for_the_running_hour() {
    let mut run = World::new().with(co2()).run();
    run.co2_hours(at("03-02 08:00"), &[Some(950.0)]);
    run.steady("s1", Quantity::Co2, at("03-02 09:00"), at("03-02 09:40"), 950.0);
    rebind(&mut run, &World::new().with(capped(co2(), 900.0)));
    run.steady("s1", Quantity::Co2, at("03-02 09:40"), at("03-02 10:00"), 950.0);
    run.advance(at("03-02 10:30"));
    let limits: Vec<Option<f64>> = run.verdicts().iter().map(|v| v.limit).collect();
    assert_eq!(limits, [Some(1000.0), Some(900.0)]);
    assert_eq!(run.verdicts()[1].coverage, 1.0, "nothing of the hour was lost");
}

#[test]
fn a_clause_of_a_building_that_comes_later_finds_the_rooms_that_have_been_there() {
    let mut with_building = World::new().with(co2());
    let mut run = with_building.run();
    hour_of(&mut run, at("03-02 08:00"), 800.0, 20.0);
    run.steady("s1", Quantity::Motion, at("03-02 09:00"), at("03-02 09:20"), 1.0);
    let busy = clause("busy", PlaceKind::Building, Measure::Utilisation, Period::Day, 2.0);
    with_building = with_building.with(Clause { min_coverage: 0.0, ..busy });
    rebind(&mut run, &with_building);
    run.steady("s1", Quantity::Motion, at("03-02 09:20"), at("03-02 17:00"), 1.0);
    run.advance(at("03-03 01:00"));
    assert_eq!(run.of("busy").len(), 1, "{:?}", run.of("busy"));
}

#[test]
fn buildings_that_join_under_a_site_go_on_with_their_clocks() {
    let mut world = World::new().with(co2());
    world.place(place("c", PlaceKind::Building, None));
    world.place(place("r9", PlaceKind::Room, Some("c")));
    let mut run = world.run();
    run.co2_hours(at("03-02 08:00"), &[Some(1200.0)]);
    let mut joined = world.clone();
    joined.place(place("site", PlaceKind::Site, None));
    for name in ["b", "c"] {
        joined.place(place(name, PlaceKind::Building, Some("site")));
    }
    joined = joined.with(clause("all", PlaceKind::Site, Measure::PeakPeople, Period::Day, 9.0));
    rebind(&mut run, &joined);
    assert_eq!(run.engine.event_time(), Some(at("03-02 10:00")));
    run.co2_hours(at("03-02 10:00"), &[Some(900.0)]);
    assert_eq!(run.kinds(), [TransitionKind::Firing, TransitionKind::Resolved]);
    assert!(run.of("co2").len() >= 2);
}

fn sizes() -> impl Strategy<Value = Size> {
    (20_i64..60, 1_i64..4, 0_i64..7, 0_i64..3).prop_map(|(hours, rooms, sensors, meters)| Size {
        hours,
        rooms,
        sensors,
        meters,
    })
}

/// Plays a case while `turn` changes the engine now and then.
fn play(case: &Case, seed: u64, mut turn: impl FnMut(&mut Run, usize)) -> Vec<Output> {
    let dice = &mut Dice(seed);
    let register = Arc::new(case.register.clone());
    let engine = rules::Engine::new(register, &case.clauses, rules::EngineOptions::default());
    let mut run = Run { engine, out: Vec::new() };
    let mut turns = 0;
    for reading in &case.readings {
        run.observe(reading);
        if dice.one_in(40) {
            turns += 1;
            turn(&mut run, turns);
        }
    }
    run.engine.finish(Some(case.end), &mut run.out);
    run.out
}

fn again(case: &Case, run: &mut Run, clauses: &[rules::LiveClause]) {
    let register = Arc::new(case.register.clone());
    let gone = run.engine.rebind(register, clauses, rules::EngineOptions::default(), &mut run.out);
    assert!(gone.is_empty(), "{gone:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(12) })]

    #[test]
    fn taking_up_the_same_again_changes_nothing_that_is_said(seed: u64, size in sizes()) {
        let case = Case::new(seed, size);
        let still = play(&case, seed, |_, _| {});
        let turned = play(&case, seed, |run, _| again(&case, run, &case.clauses));
        // Of two buildings that are due at one instant either may speak first.
        prop_assert_eq!(apart(still, turned), None);
    }

    #[test]
    fn a_clause_that_comes_and_goes_changes_nothing_that_the_others_say(seed: u64, size in sizes()) {
        let case = Case::new(seed, size);
        let dice = &mut Dice(seed ^ 9);
        let gone = case.clauses[dice.below(case.clauses.len() as i64) as usize].clause.id.clone();
        let rest: Vec<_> = case.clauses.iter().filter(|live| live.clause.id != gone).cloned().collect();
        // An edition that ends waits for the next one: both come and go together.
        let name = |clause: &str| clause.split_once('/').unwrap().1.to_owned();
        let others = |out: Vec<Output>| {
            out.into_iter().filter(|said| name(&clause_of(said)) != name(&gone)).collect()
        };
        let still = play(&case, seed, |_, _| {});
        let turned = play(&case, seed, |run, turns| {
            again(&case, run, if turns % 2 == 1 { &rest } else { &case.clauses });
        });
        // At one instant a place's checks speak in the order of the clauses, which stays.
        prop_assert_eq!(apart(others(still), others(turned)), None, "{}", gone);
    }
}

fn clause_of(said: &Output) -> String {
    match said {
        Output::Verdict(verdict) => verdict.clause.id.clone(),
        Output::Transition(transition) => transition.alert.check.clause.clone(),
    }
}

#[test]
fn every_window_is_judged_once_whatever_is_taken_up_between() {
    let world = World::new().with(co2()).with(warm());
    let mut run = world.run();
    for hour in 0..30 {
        let from = at("03-02 08:00").plus_ms(hour * HOUR);
        hour_of(&mut run, from, 800.0 + hour as f64, 20.0);
        rebind(&mut run, &world);
    }
    let windows: Vec<(String, Instant)> =
        run.verdicts().iter().map(|v: &&Verdict| (v.clause.id.clone(), v.window.from)).collect();
    let distinct: BTreeSet<_> = windows.iter().collect();
    assert_eq!((windows.len(), distinct.len()), (2 * 29, 2 * 29));
}
