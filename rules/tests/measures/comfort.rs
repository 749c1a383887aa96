//! Set-points, shares outside a band, particles, and limits that follow the outdoor air.

use std::sync::Arc;

use model::{Instant, Period, PlaceKind, Quantity, register::Sensor};
use rules::{Bound, Catalogue, Clause, Evidence, Fact, Gate, LiveClause, Measure, Outcome};

use crate::world::{Run, World, at, clause, gated, id, place};

const DAY: i64 = 86_400_000;
const HOUR: i64 = 3_600_000;

fn pack(world: World, name: &str) -> World {
    let clause = Arc::clone(Catalogue::builtin().unwrap().clause(name).unwrap());
    World { clauses: vec![LiveClause { clause, in_force: model::Span::ALWAYS, is_enforced: true }], ..world }
}

fn outcomes(run: &Run) -> Vec<(Outcome, Option<f64>)> {
    run.verdicts().iter().map(|v| (v.outcome, v.value)).collect()
}

#[test]
fn a_set_point_below_26_while_cooling_runs_is_firm_evidence() {
    let mut world = pack(World::new(), "cn-42-2007/setpoint-cooling");
    world.register.calendar.cooling = Some(((1, 1), (12, 31)));
    let mut run = world.run();
    for (hour, set_point, is_on) in [(0, 26.0, 1.0), (1, 25.5, 1.0), (2, 20.0, 0.0)] {
        let from = at("03-02 09:00").plus_ms(hour * HOUR);
        run.steady("s1", Quantity::Setpoint, from, from.plus_ms(HOUR), set_point);
        run.steady("t1", Quantity::CoolingOn, from, from.plus_ms(HOUR), is_on);
    }
    run.send("t1", Quantity::CoolingOn, at("03-02 12:00"), 0.0);
    run.advance(at("03-02 13:00"));
    let known: Vec<_> = run.verdicts().into_iter().filter(|v| v.window.from < at("03-02 12:00")).collect();
    let said: Vec<_> = known.iter().map(|v| (v.outcome, v.value)).collect();
    // What an air conditioner is set to while it is off says nothing.
    assert_eq!(said, [(Outcome::Compliant, Some(26.0)), (Outcome::Breach, Some(25.5))]);
    assert!(known.iter().all(|v| v.evidence() == Evidence::Firm));
}

#[test]
fn a_share_outside_a_band_is_of_the_observed_time_and_the_ends_are_inside() {
    let band = Bound { at_least: Some(22.0), at_most: Some(28.0) };
    let share = Clause {
        within: Some(band),
        ..clause("share", PlaceKind::Room, Measure::TemperatureOutside, Period::Day, 0.2)
    };
    let mut run = World::new().with(share).run();
    let midnight = at("03-02 00:00");
    // Four hours too cold, two too warm, twelve on the ends, six unobserved but for the carry.
    for (from, hours, value) in [(0, 4, 21.9), (4, 6, 22.0), (10, 6, 28.0), (16, 2, 28.1)] {
        let from = midnight.plus_ms(from * HOUR);
        run.steady("s1", Quantity::Temperature, from, from.plus_ms(hours * HOUR), value);
    }
    run.advance(midnight.plus_ms(DAY + HOUR));
    let verdict = run.verdicts()[0].clone();
    // The last reading stands ten minutes more: 6 h 10 min of 18 h 10 min.
    assert_eq!((verdict.value, verdict.outcome), (Some(0.339_45), Outcome::Breach));
}

#[test]
fn a_share_outside_a_band_counts_only_time_within_the_gate() {
    let band = Bound { at_least: Some(40.0), at_most: Some(80.0) };
    let share = Clause {
        within: Some(band),
        ..clause("share", PlaceKind::Room, Measure::HumidityOutside, Period::Hour, 0.2)
    };
    let mut run = World::new().with(gated(share)).run();
    let noon = at("03-02 12:00");
    run.steady("t1", Quantity::Occupied, noon, noon.plus_ms(HOUR / 2), 1.0);
    run.steady("t1", Quantity::Occupied, noon.plus_ms(HOUR / 2), noon.plus_ms(HOUR), 0.0);
    run.steady("s1", Quantity::Humidity, noon, noon.plus_ms(HOUR / 4), 30.0);
    run.steady("s1", Quantity::Humidity, noon.plus_ms(HOUR / 4), noon.plus_ms(HOUR), 50.0);
    run.advance(at("03-02 13:16"));
    assert_eq!(outcomes(&run), [(Outcome::Breach, Some(0.5))]);
}

#[test]
fn particles_are_judged_by_the_mean_of_a_day() {
    let mut run = pack(World::new(), "gb-t-18883-2022/pm2-5").run();
    let midnight = at("03-02 00:00");
    run.steady("s1", Quantity::Pm2_5, midnight, midnight.plus_ms(DAY / 2), 30.0);
    run.steady("s1", Quantity::Pm2_5, midnight.plus_ms(DAY / 2), midnight.plus_ms(DAY), 71.0);
    run.advance(midnight.plus_ms(DAY + HOUR));
    assert_eq!(outcomes(&run), [(Outcome::Breach, Some(50.5))]);
}

/// The office on a site with a weather station that sends every hour.
fn outdoors(clause: &str) -> World {
    let mut world = pack(World::new(), clause);
    world.place(place("site", PlaceKind::Site, None));
    world.place(place("b", PlaceKind::Building, Some("site")));
    world.sensor(Sensor { interval_s: 3600.0, max_gap_s: 7200.0, ..Sensor::new(id("roof"), id("site")) });
    world
}

/// Hourly weather of whole days from `from` on, a mean for each.
fn weather(run: &mut Run, from: Instant, means: &[f64]) {
    for (day, mean) in (0..).zip(means) {
        for hour in 0..24 {
            run.send("roof", Quantity::OutdoorTemperature, from.plus_ms(day * DAY + hour * HOUR), *mean);
        }
    }
}

/// One hour of a room on the ninth of March.
fn room(run: &mut Run, temperature: f64) {
    let from = at("03-09 10:00");
    run.steady("s1", Quantity::Temperature, from, from.plus_ms(HOUR), temperature);
    run.advance(from.plus_ms(HOUR + 20 * 60_000));
}

#[test]
fn the_adaptive_limit_moves_with_the_weather_of_the_week_before() {
    // Trm = (21 + 2.8 x 17.2) / 3.8 = 18.2; Tc = 0.33 x 18.2 + 18.8 = 24.806; category II: 20.806 to 27.806.
    for (temperature, outcome, limit) in [
        (27.806, Outcome::Compliant, 27.806),
        (27.81, Outcome::Breach, 27.806),
        (20.806, Outcome::Compliant, 20.806),
        (20.80, Outcome::Breach, 20.806),
    ] {
        let mut run = outdoors("en-16798-1-2019/adaptive-2").run();
        weather(&mut run, at("03-02 00:00"), &[17.2, 17.2, 17.2, 17.2, 17.2, 17.2, 21.0]);
        room(&mut run, temperature);
        let verdict = run.verdicts()[0].clone();
        assert_eq!((verdict.outcome, verdict.limit), (outcome, Some(limit)), "{temperature}");
        assert_eq!(verdict.why["running_mean_outdoor"], Fact::Number(18.2));
    }
}

#[test]
fn each_category_has_its_own_distance_from_the_comfort_temperature() {
    // A week of 20 °C: Tc = 25.4.
    for (category, low, high) in [(1, 22.4, 27.4), (2, 21.4, 28.4), (3, 20.4, 29.4)] {
        for (temperature, limit) in [(high + 0.1, high), (low - 0.1, low)] {
            let mut run = outdoors(&format!("en-16798-1-2019/adaptive-{category}")).run();
            weather(&mut run, at("03-02 00:00"), &[20.0; 7]);
            room(&mut run, temperature);
            let verdict = run.verdicts()[0];
            assert_eq!((verdict.outcome, verdict.limit), (Outcome::Breach, Some(limit)), "{category}");
        }
    }
}

#[test]
fn outside_the_weather_of_the_model_nothing_is_judged() {
    for (mean, is_judged) in [(9.9, false), (10.0, true), (30.0, true), (30.1, false)] {
        let mut run = outdoors("en-16798-1-2019/adaptive-2").run();
        weather(&mut run, at("03-02 00:00"), &[mean; 7]);
        room(&mut run, 24.0);
        assert_eq!(!run.verdicts().is_empty(), is_judged, "{mean}");
    }
}

#[test]
fn without_the_weather_of_the_week_before_the_verdict_is_insufficient() {
    let mut run = outdoors("en-16798-1-2019/adaptive-2").run();
    // Two of seven days are half of the weight, and too little.
    weather(&mut run, at("03-07 00:00"), &[20.0, 20.0]);
    room(&mut run, 24.0);
    let verdict = run.verdicts()[0];
    assert_eq!((verdict.outcome, verdict.value), (Outcome::Insufficient, None));
    assert_eq!(verdict.why["missing"], Fact::from("outdoor_temperature of the seven days before"));
}

#[test]
fn late_weather_opens_the_hours_that_it_moves() {
    let mut run = outdoors("en-16798-1-2019/adaptive-2").run();
    weather(&mut run, at("03-02 00:00"), &[20.0; 6]);
    room(&mut run, 28.0);
    assert_eq!(run.verdicts()[0].outcome, Outcome::Insufficient, "yesterday is unknown");
    weather(&mut run, at("03-08 00:00"), &[20.0]);
    run.advance(at("03-09 12:00"));
    let state = run.state();
    let verdict = state.values().next().unwrap();
    assert_eq!((verdict.outcome, verdict.revision, verdict.limit), (Outcome::Compliant, 2, Some(28.4)));
}

#[test]
fn a_checkpoint_keeps_the_weather() {
    let world = outdoors("en-16798-1-2019/adaptive-2");
    let mut before = world.run();
    weather(&mut before, at("03-02 00:00"), &[20.0; 7]);
    let saved = before.engine.take_changed();
    let mut run = world.run();
    saved.into_iter().for_each(|(key, piece)| run.engine.restore(&key, piece));
    room(&mut run, 28.5);
    assert_eq!((run.verdicts()[0].outcome, run.verdicts()[0].limit), (Outcome::Breach, Some(28.4)));
}

#[test]
fn the_running_mean_is_a_measure_of_its_own() {
    let mut readings = Vec::new();
    for hour in 0..9 * 24_i64 {
        let time = at("03-02 00:00").plus_ms(hour * HOUR);
        let mean = if hour < 7 * 24 { 10.0 } else { 20.0 };
        readings.push(crate::world::reading("roof", Quantity::OutdoorTemperature, time, mean));
    }
    let register = Arc::new(outdoors("en-16798-1-2019/adaptive-2").register);
    let rows =
        rules::measure(&register, Measure::RunningMeanOutdoor, Period::Day, None, None, readings).unwrap();
    let last = rows.iter().rfind(|row| row.place == id("b")).unwrap();
    // The tenth: yesterday 20, the day before 10, and so on: (20 + 28) / 3.8.
    assert_eq!((last.from, last.value), (at("03-10 00:00"), Some(12.631_579)));
    assert_eq!(rows[0].value, None, "nothing is known of the days before the first");
}

#[test]
fn co2_above_outdoors_is_the_difference_of_both_means() {
    let above = Clause {
        gate: Some(Gate::Occupied),
        ..clause("above", PlaceKind::Room, Measure::Co2AboveOutdoor, Period::Hour, 800.0)
    };
    let mut world = World::new().with(above);
    world.place(place("site", PlaceKind::Site, None));
    world.place(place("b", PlaceKind::Building, Some("site")));
    world.sensor(Sensor::new(id("roof"), id("site")));
    let mut run = world.run();
    let from = at("03-02 10:00");
    run.steady("roof", Quantity::OutdoorCo2, from, from.plus_ms(HOUR), 430.0);
    run.steady("s1", Quantity::Co2, from, from.plus_ms(HOUR), 1250.0);
    run.advance(at("03-02 11:20"));
    assert_eq!(outcomes(&run), [(Outcome::Breach, Some(820.0))]);
    let mut silent =
        World::new().with(clause("a", PlaceKind::Room, Measure::Co2AboveOutdoor, Period::Hour, 800.0)).run();
    silent.steady("s1", Quantity::Co2, from, from.plus_ms(HOUR), 1250.0);
    silent.advance(at("03-02 11:20"));
    assert_eq!(outcomes(&silent), [(Outcome::Insufficient, None)]);
    assert_eq!(silent.verdicts()[0].why["missing"], Fact::from("outdoor_co2"));
}
