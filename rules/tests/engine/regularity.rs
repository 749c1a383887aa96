//! How far the cooling follows the weather: worked by hand, and held against a naive reckoning.

use std::{collections::BTreeMap, sync::Arc};

use jiff::tz::TimeZone;
use model::{
    Calendar, Instant, Period, PlaceKind, Quantity, Reading, Span,
    register::{EndUse, Sensor},
};
use proptest::prelude::*;
use rules::{Bound, Clause, EngineOptions, Fact, Gate, Measure, Outcome, SavedShard, Verdict, measure};

use crate::{
    case::{Dice, MINUTE},
    properties::disordered,
    world::{Run, World, at, clause, id, reading},
};

const HOUR: i64 = 60 * MINUTE;

/// At least 0.6 over a week.
fn regular() -> Clause {
    let clause = clause("regular", PlaceKind::Building, Measure::WeatherRegularity, Period::Week, 0.0);
    let fixed = Bound { at_most: None, at_least: Some(0.6) };
    Clause { limit: rules::Limit { fixed, ..clause.limit.clone() }, min_coverage: 0.3, ..clause }
}

/// Building `b` with a chiller's meter every hour and an outdoor sensor every hour.
fn plant() -> World {
    let mut world = World::new();
    world.meter("chiller", "b", |meter| meter.end_use = EndUse::Cooling);
    world.sensor(Sensor { interval_s: 3600.0, max_gap_s: 3600.0, ..Sensor::new(id("out"), id("b")) });
    world
}

/// Some hours from a Monday on: outdoor temperature and cooling power of each.
fn week(hours: &[(f64, f64)]) -> Vec<Reading> {
    let (mut time, mut register) = (at("03-02 00:00"), 0.0);
    let mut all = vec![reading("chiller", Quantity::EnergyImport, time, register)];
    for (celsius, kw) in hours {
        all.push(reading("out", Quantity::OutdoorTemperature, time, *celsius));
        register += kw;
        time = time.plus_ms(HOUR);
        all.push(reading("chiller", Quantity::EnergyImport, time, register));
    }
    all
}

/// The newest verdict of the week.
fn said(world: &World, readings: &[Reading]) -> Verdict {
    let mut run = world.run();
    for reading in readings {
        run.observe(reading);
    }
    run.advance(at("03-09 06:00"));
    run.engine.verdicts().pop().unwrap()
}

#[test]
fn power_on_a_straight_line_of_the_temperature_is_wholly_regular_and_a_square_of_points_is_not_at_all() {
    let world = plant().with(regular());
    let line: Vec<(f64, f64)> =
        (0..168).map(|h| (20.0 + f64::from(h % 24) / 2.0, 10.0 + f64::from(h % 24))).collect();
    let verdict = said(&world, &week(&line));
    assert_eq!((verdict.value, verdict.coverage, verdict.outcome), (Some(1.0), 1.0, Outcome::Compliant));
    assert_eq!(verdict.why["hours"], Fact::Number(168.0));
    let square = |h: usize| [(20.0, 10.0), (20.0, 20.0), (30.0, 10.0), (30.0, 20.0)][h % 4];
    let square: Vec<(f64, f64)> = (0..168).map(square).collect();
    let verdict = said(&world, &week(&square));
    assert_eq!((verdict.value, verdict.outcome), (Some(0.0), Outcome::Breach));
}

#[test]
fn four_points_by_hand_give_their_r_squared_on_either_side_of_the_limit() {
    // x 20, 22, 24, 26. y 10, 12, 11, 15: Sxy 14, Sxx 20, Syy 14. y 10, 12, 11, 12: Sxy 5, Sxx 20, Syy 2.75.
    for (last, value, outcome) in
        [(15.0, 196.0 / 280.0, Outcome::Compliant), (12.0, 25.0 / 55.0, Outcome::Breach)]
    {
        let points = [(20.0, 10.0), (22.0, 12.0), (24.0, 11.0), (26.0, last)];
        let hours: Vec<(f64, f64)> = (0..168).map(|h| points[h % 4]).collect();
        let verdict = said(&plant().with(regular()), &week(&hours));
        assert!((verdict.value.unwrap() - value).abs() < 1e-6, "{:?}, {value}", verdict.value);
        assert_eq!(verdict.outcome, outcome);
    }
}

#[test]
fn fewer_than_72_hours_and_what_never_changes_tell_nothing_and_why_says_so() {
    let line =
        |hours: i32| (0..hours).map(|h| (20.0 + f64::from(h % 24), 10.0 + f64::from(h % 24))).collect();
    let (few, enough): (Vec<_>, Vec<_>) = (line(71), line(72));
    let still: Vec<_> = (0..100).map(|_| (25.0, 10.0)).collect();
    let idle: Vec<_> = (0..100).map(|h| (20.0 + f64::from(h % 24), 0.0)).collect();
    let world = plant().with(regular());
    assert_eq!(said(&world, &week(&enough)).value, Some(1.0));
    for (hours, what) in [
        (few, "72 hours of cooling power and outdoor temperature"),
        (still, "an outdoor temperature that changes"),
        (idle, "a cooling power that changes"),
    ] {
        let verdict = said(&world, &week(&hours));
        assert_eq!((verdict.value, verdict.outcome, verdict.coverage), (None, Outcome::Insufficient, 0.0));
        assert_eq!(verdict.why["missing"], Fact::from(what));
    }
}

#[test]
fn a_clause_of_working_hours_asks_nothing_of_the_night() {
    // By day a line, at night cold weather and full power: 09:00 to 18:00 on five days are 45 hours, a month 198.
    let month = Clause { period: Period::Month, ..regular() };
    let gated = Clause { gate: Some(Gate::Working), ..month.clone() };
    let hours: Vec<(f64, f64)> =
        (0..744)
            .map(|h| {
                if (9..18).contains(&(h % 24)) { (f64::from(h % 24), f64::from(h % 24)) } else { (0.0, 50.0) }
            })
            .collect();
    let readings: Vec<Reading> = week(&hours);
    let value = |clause: Clause| {
        let mut run = plant().with(clause).run();
        for reading in &readings {
            run.observe(reading);
        }
        run.advance(at("04-02 06:00"));
        let verdict = run.engine.verdicts().pop().unwrap();
        (verdict.value, verdict.why["hours"].clone())
    };
    assert_eq!(value(gated), (Some(1.0), Fact::Number(198.0)));
    let (all, hours) = value(month);
    assert!(all.unwrap() < 0.99 && hours == Fact::Number(720.0), "{all:?} {hours:?}");
}

#[test]
fn a_building_without_a_cooling_meter_is_not_judged_and_measure_has_a_row_for_one_with() {
    let line: Vec<(f64, f64)> =
        (0..168).map(|h| (20.0 + f64::from(h % 24), 10.0 + f64::from(h % 24))).collect();
    let mut world = plant().with(regular());
    let register = Arc::new(world.register.clone());
    let rows = measure(&register, Measure::WeatherRegularity, Period::All, None, None, week(&line)).unwrap();
    let rows: Vec<_> = rows.iter().map(|row| (row.place.as_str(), row.value)).collect();
    assert_eq!(rows, [("b", Some(1.0))]);
    world.meter("chiller", "b", |_| {});
    let mut run = world.run();
    for reading in week(&line) {
        run.observe(&reading);
    }
    assert!(run.advance(at("03-09 06:00")).out.is_empty());
}

#[test]
fn an_hour_counts_from_half_of_its_temperature_on_and_an_hour_before_the_meter_was_heard_is_unobserved() {
    // The temperature is told once an hour and stands for half of it, or for a minute less; the meter is first
    // read on the second day, and a room is heard from the first on.
    let line: Vec<(f64, f64)> =
        (0..168).map(|h| (20.0 + f64::from(h % 24), 10.0 + f64::from(h % 24))).collect();
    let is_early = |r: &Reading| r.series.sensor == id("chiller") && r.time < at("03-03 00:00");
    let mut readings = vec![reading("s1", Quantity::Co2, at("03-02 00:00"), 500.0)];
    readings.extend(week(&line).into_iter().filter(|r| !is_early(r)));
    for (stands_min, hours, coverage) in [(30.0, 144.0, 0.857_143), (29.0, 0.0, 0.0)] {
        let mut world = plant().with(crate::world::co2()).with(regular());
        let max_gap_s = stands_min * 60.0;
        world.sensor(Sensor { interval_s: max_gap_s, max_gap_s, ..Sensor::new(id("out"), id("b")) });
        let verdict = said(&world, &readings);
        assert_eq!((verdict.coverage, &verdict.why["hours"]), (coverage, &Fact::Number(hours)));
    }
}

#[test]
fn a_week_of_holidays_has_no_working_hours_to_compare() {
    let month = Clause { gate: Some(Gate::Working), ..regular() };
    let mut world = plant().with(month);
    world.options = EngineOptions { horizon_ms: 20 * 24 * HOUR, ..world.options };
    for day in 9..16_i8 {
        let date = jiff::civil::date(2026, 3, day);
        world.register.calendar.exceptions.insert(date, model::DayKind::Holiday);
    }
    let line: Vec<(f64, f64)> =
        (0..3 * 168).map(|h| (20.0 + f64::from(h % 24), 10.0 + f64::from(h % 24))).collect();
    let mut run = world.run();
    for reading in week(&line) {
        run.observe(&reading);
    }
    run.advance(at("03-23 06:00"));
    let judged: Vec<Instant> = run.verdicts().iter().map(|v| v.window.from).collect();
    assert_eq!(judged, [at("03-02 00:00"), at("03-16 00:00")]);
}

/// A plant in a random zone with gaps in what it says, over a week and a half.
struct Case {
    world: World,
    readings: Vec<Reading>,
    end: Instant,
}

fn case(dice: &mut Dice) -> Case {
    let mut world = World::new().with(regular());
    let zone = dice.of(&["Asia/Shanghai", "Asia/Kathmandu", "Europe/Berlin", "Australia/Lord_Howe"]);
    world.register.calendar = Calendar::new(TimeZone::get(zone).unwrap());
    let step = dice.of(&[10, 15, 30, 60, 90]);
    world.meter("chiller", "b", |meter| {
        meter.end_use = EndUse::Cooling;
        meter.max_gap_s = (step * 60) as f64;
    });
    world.sensor(Sensor { interval_s: 600.0, max_gap_s: 1800.0, ..Sensor::new(id("out"), id("b")) });
    world.options = EngineOptions { horizon_ms: 20 * 24 * HOUR, ..world.options };
    let start = Instant::parse("2026-03-22T00:00:00Z").unwrap();
    let end = start.plus_ms(15 * 24 * HOUR);
    let mut readings = Vec::new();
    let (mut time, mut register) = (start, 0.0);
    while time < end {
        readings.push(reading("chiller", Quantity::EnergyImport, time, register));
        let missed = if dice.one_in(60) { dice.below(20) } else { 0 };
        register += (1 + missed) as f64 * dice.below(40) as f64;
        time = time.plus_ms(step * (1 + missed) * MINUTE);
    }
    let mut time = start.plus_ms(dice.below(60) * MINUTE);
    while time < end {
        let celsius = 15.0 + dice.below(200) as f64 / 10.0;
        readings.push(reading("out", Quantity::OutdoorTemperature, time, celsius));
        time = time.plus_ms(if dice.one_in(20) { dice.below(400) } else { 10 } * MINUTE + MINUTE * 5);
    }
    readings.sort_by_key(|reading| reading.time);
    Case { world, readings, end }
}

/// Value and coverage of a window, minute by minute from all readings.
fn naive(case: &Case, window: Span) -> (Option<f64>, f64) {
    let of = |quantity: Quantity| -> Vec<(Instant, f64)> {
        let mine = case.readings.iter().filter(|reading| reading.series.quantity == quantity);
        mine.map(|reading| (reading.time, reading.value)).collect()
    };
    let (weather, register) = (of(Quantity::OutdoorTemperature), of(Quantity::EnergyImport));
    let mut points: Vec<(f64, f64)> = Vec::new();
    let hours = case.world.register.calendar.windows(Period::Hour, window);
    for hour in &hours {
        let (mut celsius, mut seen, mut kwh, mut known) = (0.0, 0, 0.0, 0);
        let mut minute = hour.from;
        while minute < hour.to {
            let last = weather.iter().rposition(|(time, _)| *time <= minute);
            if let Some((time, value)) = last.map(|index| weather[index])
                && minute.since(time) < 30 * MINUTE
            {
                celsius += value;
                seen += 1;
            }
            let after = register.partition_point(|(time, _)| *time <= minute);
            if after > 0 && after < register.len() {
                let ((t0, v0), (t1, v1)) = (register[after - 1], register[after]);
                if t1.since(t0) <= HOUR {
                    kwh += (v1 - v0) * MINUTE as f64 / t1.since(t0) as f64;
                    known += 1;
                }
            }
            minute = minute.plus_ms(MINUTE);
        }
        let length = hour.millis() / MINUTE;
        if 2 * seen >= length && known == length {
            points.push((celsius / seen as f64, kwh * 60.0 / length as f64));
        }
    }
    let judged = window.millis() as f64;
    if points.len() < 72 {
        return (None, 0.0);
    }
    let n = points.len() as f64;
    let mean = |f: fn(&(f64, f64)) -> f64| points.iter().map(f).sum::<f64>() / n;
    let (mx, my) = (mean(|p| p.0), mean(|p| p.1));
    let (mut xy, mut xx, mut yy) = (0.0, 0.0, 0.0);
    for (x, y) in &points {
        xy += (x - mx) * (y - my);
        xx += (x - mx) * (x - mx);
        yy += (y - my) * (y - my);
    }
    (Some(xy * xy / (xx * yy)), n * HOUR as f64 / judged)
}

type Weeks = BTreeMap<Instant, (Span, Option<f64>, f64)>;

fn weeks(run: &Run) -> Weeks {
    let state = run.state().into_values();
    state.map(|v| (v.window.from, (v.window, v.value, v.coverage))).collect()
}

proptest! {
    #![proptest_config(crate::properties::config())]

    #[test]
    fn regularity_is_what_taking_every_minute_says_in_any_order_and_over_any_restart(seed: u64) {
        let dice = &mut Dice(seed);
        let case = case(dice);
        let mut run = case.world.run();
        for reading in &case.readings {
            run.observe(reading);
        }
        run.advance(case.end.plus_ms(2 * HOUR));
        let whole = weeks(&run);
        prop_assert!(!whole.is_empty());
        for (window, value, coverage) in whole.values() {
            let (naive, covered) = naive(&case, *window);
            prop_assert_eq!(value.is_some(), naive.is_some(), "{:?}", window);
            if let (Some(ours), Some(naive)) = (value, naive) {
                prop_assert!((ours - naive).abs() < 3e-6, "{ours}, naive {naive}");
                // Hours of Lord Howe's change are longer or shorter: each counts as one here.
                prop_assert!((coverage - covered).abs() < 0.01, "{coverage}, naive {covered}");
            }
        }
        let mut other = case.world.run();
        let mut saved: BTreeMap<String, String> = BTreeMap::new();
        for (number, reading) in disordered(&case.readings, dice, 30).iter().enumerate() {
            other.observe(reading);
            if number % 500 == 499 {
                for (key, piece) in other.engine.take_changed() {
                    saved.insert(key, serde_json::to_string(&piece).unwrap());
                }
                let mut next = Run { engine: case.world.engine(), out: std::mem::take(&mut other.out) };
                for (key, text) in &saved {
                    next.engine.restore(key, serde_json::from_str::<SavedShard>(text).unwrap());
                }
                other = next;
            }
        }
        other.advance(case.end.plus_ms(40 * HOUR));
        other.advance(case.end.plus_ms(40 * HOUR + 1));
        let late = weeks(&other);
        for (from, week) in &whole {
            prop_assert_eq!(Some(week), late.get(from));
        }
    }
}
