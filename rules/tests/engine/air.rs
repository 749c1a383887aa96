//! Gauges, coverage and gates.

use model::{Instant, Period, PlaceKind, Quantity, Span, register::Sensor};
use rules::{Clause, Fact, Gate, Measure, Outcome};

use crate::world::{Run, World, at, clause, co2, gated, id};

const HOUR: i64 = 3_600_000;

#[test]
fn unobserved_time_is_in_no_mean_and_lowers_the_coverage() {
    let mut run = World::new().with(co2()).run();
    run.steady("s1", Quantity::Co2, at("03-02 08:00"), at("03-02 08:30"), 800.0);
    run.advance(at("03-02 10:00"));
    let verdict = run.verdicts()[0].clone();
    // Half an hour less five minutes, and the last reading stands a quarter more.
    assert_eq!((verdict.value, verdict.coverage), (Some(800.0), 0.666_667));
    assert_eq!(verdict.outcome, Outcome::Insufficient);
}

#[test]
fn coverage_of_exactly_the_least_is_enough() {
    let mut run = World::new().with(co2()).run();
    run.steady("s1", Quantity::Co2, at("03-02 08:00"), at("03-02 08:35"), 800.0);
    run.advance(at("03-02 10:00"));
    assert_eq!((run.verdicts()[0].coverage, run.verdicts()[0].outcome), (0.75, Outcome::Compliant));
}

#[test]
fn several_sensors_give_the_mean_of_those_that_are_observed() {
    let mut run = World::new().with(co2()).run();
    run.steady("s1", Quantity::Co2, at("03-02 08:00"), at("03-02 09:00"), 800.0);
    run.steady("t1", Quantity::Co2, at("03-02 08:30"), at("03-02 09:00"), 1000.0);
    run.advance(at("03-02 10:00"));
    assert_eq!(run.engine.verdicts()[0].value, Some(850.0));
}

#[test]
fn a_verdict_names_the_sensors_that_it_was_taken_from_gate_included() {
    let mut run = World::new().with(gated(co2())).run();
    run.steady("t1", Quantity::Occupied, at("03-02 12:00"), at("03-02 13:00"), 1.0);
    run.steady("s1", Quantity::Co2, at("03-02 12:00"), at("03-02 13:00"), 1200.0);
    run.steady("s1", Quantity::Temperature, at("03-02 12:00"), at("03-02 13:00"), 22.0);
    run.advance(at("03-02 14:00"));
    assert_eq!(run.verdicts()[0].why["sensors"], Fact::List(vec!["s1".into(), "t1".into()]));
}

#[test]
fn only_time_within_the_gate_is_judged() {
    let mut run = World::new().with(gated(co2())).run();
    let noon = at("03-02 12:00");
    for minute in (0..60).step_by(5) {
        let time = noon.plus_ms(minute * 60_000);
        run.send("t1", Quantity::Occupied, time, f64::from(u8::from(minute < 30)));
        run.send("s1", Quantity::Co2, time, if minute < 30 { 1200.0 } else { 400.0 });
    }
    run.advance(at("03-02 14:00"));
    assert_eq!((run.verdicts()[0].value, run.verdicts()[0].coverage), (Some(1200.0), 1.0));
}

#[test]
fn an_unknown_gate_counts_as_unobserved() {
    let mut run = World::new().with(gated(co2())).run();
    run.steady("t1", Quantity::Occupied, at("03-02 12:00"), at("03-02 12:20"), 1.0);
    run.steady("s1", Quantity::Co2, at("03-02 12:00"), at("03-02 13:00"), 1200.0);
    run.advance(at("03-02 14:00"));
    // Known for 15 minutes and the 15 that the last state stands.
    assert_eq!((run.verdicts()[0].value, run.verdicts()[0].coverage), (Some(1200.0), 0.5));
    assert_eq!(run.verdicts()[0].outcome, Outcome::Insufficient);
}

#[test]
fn a_room_without_a_sensor_for_the_gate_is_judged_at_all_times_and_why_says_so() {
    let mut run = World::new().with(gated(co2())).run();
    run.co2_hours(at("03-02 08:00"), &[Some(1100.0)]);
    let verdict = run.verdicts()[0];
    assert_eq!((verdict.outcome, verdict.coverage), (Outcome::Breach, 1.0));
    assert!(matches!(verdict.why.get("gate"), Some(Fact::Text(text)) if text.contains("no sensor")));
}

#[test]
fn from_its_first_reading_on_a_sensor_is_the_gate() {
    let mut run = World::new().with(gated(co2())).run();
    run.co2_hours(at("03-02 08:00"), &[Some(1100.0), Some(1100.0)]);
    run.steady("t1", Quantity::Occupied, at("03-02 10:15"), at("03-02 11:15"), 1.0);
    run.steady("s1", Quantity::Co2, at("03-02 10:15"), at("03-02 11:15"), 1100.0);
    run.advance(at("03-02 12:00"));
    let gates: Vec<bool> = run.verdicts().iter().map(|v| v.why.contains_key("gate")).collect();
    assert_eq!(gates, [true, true, false]);
}

#[test]
fn a_value_that_is_sent_on_change_stands_until_the_heartbeat_is_due() {
    let mut world = World::new().with(co2());
    let quiet = Sensor {
        reporting: model::register::Reporting::OnChange,
        max_gap_s: 7200.0,
        ..Sensor::new(id("s1"), id("r1"))
    };
    world.sensor(quiet);
    let mut run = world.run();
    run.send("s1", Quantity::Co2, at("03-02 08:00"), 800.0);
    run.advance(at("03-02 13:01"));
    let coverage: Vec<f64> = run.verdicts().iter().map(|v| v.coverage).collect();
    assert_eq!(coverage, [1.0, 1.0, 0.0], "an hour is closed when the longest gap of the room has passed");
}

#[test]
fn where_the_input_ends_the_last_reading_stands_one_interval_even_in_hours_closed_before() {
    let mut run = World::new().with(co2()).run();
    run.steady("s1", Quantity::Co2, at("03-02 08:00"), at("03-02 09:00"), 800.0);
    run.steady("s2", Quantity::Co2, at("03-02 08:00"), at("03-02 11:00"), 800.0);
    let standing = run.state();
    run.finish();
    let ended = run.state();
    let second = ("own-1/co2".to_owned(), rules::Subject::Place(id("r1")), at("03-02 09:00"));
    assert_eq!(standing[&second].coverage, 0.166_667, "ten of the fifteen minutes reach into the hour");
    assert_eq!((ended[&second].coverage, ended[&second].revision), (0.0, 2));
}

#[test]
fn a_day_mean_is_weighted_by_time_and_hours_are_not() {
    let mut run =
        World::new().with(clause("day", PlaceKind::Room, Measure::Co2DayMean, Period::Day, 1000.0)).run();
    run.steady("s1", Quantity::Co2, at("03-02 00:00"), at("03-02 06:00"), 400.0);
    run.steady("s1", Quantity::Co2, at("03-02 06:00"), at("03-03 00:00"), 800.0);
    run.advance(at("03-03 01:00"));
    assert_eq!((run.verdicts()[0].value, run.verdicts()[0].coverage), (Some(700.0), 1.0));
}

#[test]
fn a_sensor_speaks_for_its_room_only_and_not_beyond_its_binding() {
    let mut world = World::new().with(co2());
    let moved = crate::world::two(
        Sensor::new(id("s1"), id("r1")),
        at("03-03 00:00"),
        Sensor::new(id("s1"), id("r2")),
    );
    world.register.sensors.insert(id("s1"), moved);
    let mut run = world.run();
    run.steady("s1", Quantity::Co2, at("03-02 23:00"), at("03-03 01:00"), 1100.0);
    run.advance(at("03-03 02:00"));
    let spoke = run.verdicts().into_iter().filter(|v| v.outcome == Outcome::Breach);
    let spoke: Vec<(&str, _)> = spoke.map(|v| (v.subject.id().as_str(), v.window.from)).collect();
    assert_eq!(spoke, [("r1", at("03-02 23:00")), ("r2", at("03-03 00:00"))]);
}

#[test]
fn a_reading_of_an_unknown_or_unbound_sensor_judges_nothing() {
    let mut run = World::new().with(co2()).run();
    let ghost = crate::world::reading("ghost", Quantity::Co2, at("03-02 08:00"), 1.0e3);
    assert_eq!(run.observe(&ghost), rules::Taken::Unbound);
    run.advance(at("03-03 00:00"));
    assert!(run.out.is_empty());
}

fn above_outdoors() -> World {
    let mut world = World::new().with(Clause { outdoor_ppm: Some(400.0), ..co2() });
    world.place(crate::world::place("site", PlaceKind::Site, None));
    let mut building = crate::world::place("b", PlaceKind::Building, Some("site"));
    building.floor_area_m2 = None;
    world.place(building);
    world.sensor(Sensor::new(id("roof"), id("site")));
    world
}

#[test]
fn a_limit_above_outdoor_air_moves_with_the_sensors_of_the_site() {
    let mut run = above_outdoors().run();
    run.steady("roof", Quantity::OutdoorCo2, at("03-02 08:00"), at("03-02 09:00"), 450.0);
    run.co2_hours(at("03-02 08:00"), &[Some(1040.0), Some(1040.0)]);
    let said: Vec<_> = run.verdicts().iter().map(|v| (v.outcome, v.value, v.limit)).collect();
    let known = (Outcome::Compliant, Some(1040.0), Some(1050.0));
    // Ten minutes of the second hour are known, which is better than an assumption.
    assert_eq!(said, [known, known]);
    assert_eq!(run.verdicts()[0].why.get("outdoor_ppm"), Some(&Fact::Number(450.0)));
}

#[test]
fn without_outdoor_sensors_the_limit_stands_above_an_assumption_that_why_states() {
    let mut run = above_outdoors().run();
    run.co2_hours(at("03-02 08:00"), &[Some(1040.0)]);
    let verdict = run.verdicts()[0];
    assert_eq!((verdict.outcome, verdict.limit), (Outcome::Breach, Some(1000.0)));
    assert_eq!(verdict.why.get("outdoor_ppm"), Some(&Fact::Number(400.0)));
    assert!(matches!(verdict.why.get("outdoor_from"), Some(Fact::Text(text)) if text.contains("assumed")));
}

#[test]
fn late_outdoor_air_opens_the_hours_that_it_moves() {
    let mut run = above_outdoors().run();
    run.co2_hours(at("03-02 08:00"), &[Some(1040.0), Some(1040.0)]);
    run.steady("roof", Quantity::OutdoorCo2, at("03-02 08:00"), at("03-02 09:00"), 450.0);
    run.advance(at("03-02 11:01"));
    assert!(run.state().values().all(|v| v.outcome == Outcome::Compliant && v.revision == 2));
    assert!(run.alert().is_none());
}

#[test]
fn a_mean_of_working_hours_leaves_out_the_night_and_needs_none_of_it() {
    let day = clause("day", PlaceKind::Room, Measure::Co2DayMean, Period::Day, 1000.0);
    let world = World::new().with(Clause { gate: Some(Gate::Working), ..day });
    let mut run = world.run();
    // Working time is from 9 to 18: the room is aired before, and nothing is heard after.
    run.steady("s1", Quantity::Co2, at("03-02 06:00"), at("03-02 09:00"), 400.0);
    run.steady("s1", Quantity::Co2, at("03-02 09:00"), at("03-02 13:30"), 900.0);
    run.steady("s1", Quantity::Co2, at("03-02 13:30"), at("03-02 18:00"), 1200.0);
    run.advance(at("03-03 01:00"));
    let verdict = run.verdicts()[0].clone();
    assert_eq!((verdict.value, verdict.coverage, verdict.outcome), (Some(1050.0), 1.0, Outcome::Breach));
    assert!(!verdict.why.contains_key("gate"), "no sensor is asked for it");
    // What nobody saw of working time counts as unobserved, also before the first reading.
    let mut run = world.run();
    run.steady("s1", Quantity::Co2, at("03-02 13:30"), at("03-02 18:00"), 1200.0);
    run.advance(at("03-03 01:00"));
    assert_eq!((run.verdicts()[0].value, run.verdicts()[0].coverage), (Some(1200.0), 0.5));
}

#[test]
fn a_day_without_working_time_has_no_mean_of_it() {
    let day = clause("day", PlaceKind::Room, Measure::Co2DayMean, Period::Day, 1000.0);
    let mut run = World::new().with(Clause { gate: Some(Gate::Working), ..day }).run();
    run.steady("s1", Quantity::Co2, at("02-28 00:00"), at("03-01 00:00"), 1200.0);
    run.advance(at("03-01 01:00"));
    assert!(run.verdicts().is_empty(), "a Saturday");
}

#[test]
fn each_gate_looks_at_its_own_plant() {
    for (gate, plant, other) in [
        (Gate::Cooling, Quantity::CoolingOn, Quantity::HeatingOn),
        (Gate::Heating, Quantity::HeatingOn, Quantity::CoolingOn),
    ] {
        let warm = clause("warm", PlaceKind::Room, Measure::TemperatureHourMean, Period::Hour, 26.0);
        let mut run = World::new().with(Clause { gate: Some(gate), ..warm }).run();
        for minute in (0..60).step_by(5) {
            let time = at("03-02 12:00").plus_ms(minute * 60_000);
            let runs = minute < 30;
            run.send("t1", plant, time, f64::from(u8::from(runs)));
            run.send("t1", other, time, f64::from(u8::from(!runs)));
            run.send("s1", Quantity::Temperature, time, if runs { 28.0 } else { 20.0 });
        }
        run.advance(at("03-02 14:00"));
        assert_eq!((run.verdicts()[0].value, run.verdicts()[0].coverage), (Some(28.0), 1.0), "{gate:?}");
    }
}

#[test]
fn a_sensor_first_heard_as_an_hour_ends_says_nothing_of_that_hour() {
    let warm = clause("warm", PlaceKind::Room, Measure::TemperatureHourMean, Period::Hour, 26.0);
    let mut run = World::new().with(co2()).with(warm).run();
    run.steady("t1", Quantity::Temperature, at("03-02 08:00"), at("03-02 09:00"), 22.0);
    run.steady("s1", Quantity::Co2, at("03-02 09:00"), at("03-02 10:00"), 600.0);
    run.advance(at("03-02 10:30"));
    let hours: Vec<_> = run.of("co2").iter().map(|v| v.window.from).collect();
    assert_eq!(hours, [at("03-02 09:00")]);
}

#[test]
fn late_outdoor_air_of_yesterday_moves_the_edition_of_yesterday_alone() {
    let border = at("03-03 00:00");
    let mut world = above_outdoors();
    let next = world.clauses[0].clause.as_ref().clone();
    world = world.with(Clause { id: "own-2/co2".to_owned(), ..next });
    world.clauses[0].in_force = Span::new(Instant::MIN, border);
    world.clauses[1].in_force = Span::new(border, Instant::MAX);
    let mut run = world.run();
    run.steady("s1", Quantity::Co2, at("03-02 22:00"), at("03-03 02:00"), 1040.0);
    run.advance(at("03-03 02:30"));
    assert_eq!(run.outcomes(), [Outcome::Breach; 4], "1000 above an assumed 400");
    run.steady("roof", Quantity::OutdoorCo2, at("03-02 22:00"), at("03-02 23:45"), 450.0);
    run.advance(at("03-03 03:30"));
    let again = run.verdicts().into_iter().filter(|v| v.revision > 1);
    let said: Vec<_> = again.map(|v| (v.clause.id.as_str(), v.outcome)).collect();
    assert_eq!(said, [("own-1/co2", Outcome::Compliant); 2]);
    let open: Vec<String> = run.engine.alerts().into_iter().map(|a| a.check.clause).collect();
    assert_eq!(open, ["own-2/co2"], "the day after breaches as before");
}

#[test]
fn the_figure_of_an_hour_is_known_as_long_as_its_readings_are() {
    let mut run = World::new().with(gated(co2())).run();
    // A day comes at once, as from a device that buffers; the verdict of each hour is asked for its figure afterwards.
    let start = at("03-02 08:00");
    run.co2_hours(start, &[Some(1100.0), Some(1200.0), None, Some(1300.0)]);
    let hour = |number: i64| Span::new(start.plus_ms(number * HOUR), start.plus_ms((number + 1) * HOUR));
    let known = |run: &Run, number| {
        let figure = run.engine.figure(&id("r1"), Measure::Co2HourMean, hour(number), Period::Hour);
        figure.map(|figure| (figure.value, figure.coverage))
    };
    let figures = [0, 1, 2, 3].map(|number| known(&run, number));
    let full = |value| Some((Some(value), 1.0));
    // The last value of the second hour stands for ten minutes of the third.
    assert_eq!(figures, [full(1100.0), full(1200.0), Some((Some(1200.0), 1.0 / 6.0)), full(1300.0)]);
    run.advance(at("03-10 08:00"));
    assert_eq!(known(&run, 0), None, "unknown, and not unobserved");
}
