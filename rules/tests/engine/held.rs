//! Late data from within the horizon of alerts, but from before the readings that are held: with a history
//! behind it the engine ends where one ends that holds everything.

use std::sync::Arc;

use model::{Instant, Period, PlaceKind, Quantity, Reading, register::Sensor};
use proptest::prelude::*;
use rules::{Adaptive, Clause, Engine, EngineOptions, Gate, Measure, Taken, TransitionKind};

use crate::{
    case::{Case, Dice, Size},
    properties::{alerts, config, disordered},
    reopen::Keeper,
    world::{Run, World, at, clause, co2, id, place, reading},
};

const HOUR: i64 = 3_600_000;

/// As a service runs it.
const SHORT: EngineOptions = EngineOptions {
    stale_after_ms: 168 * HOUR,
    horizon_ms: 48 * HOUR,
    held_ms: 6 * HOUR,
    listening_is_told: false,
};

/// Feeds readings as they arrive, and builds days anew whenever an hour has passed, as a service does.
fn feed(keeper: &mut Keeper, arriving: &[Reading]) {
    let mut due = Instant::MIN;
    for reading in arriving {
        keeper.observe(reading);
        let now = keeper.run.engine.event_time().unwrap_or(Instant::MIN);
        if now >= due {
            keeper.reopen();
            due = now.plus_ms(HOUR);
        }
    }
    keeper.reopen();
}

fn sizes() -> impl Strategy<Value = Size> {
    (20_i64..60, 1_i64..4, 1_i64..6, 0_i64..3).prop_map(|(hours, rooms, sensors, meters)| Size {
        hours,
        rooms,
        sensors,
        meters,
    })
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn what_comes_many_hours_late_ends_in_what_is_said_in_order_alerts_included(seed: u64, size in sizes()) {
        let mut case = Case::new(seed, size);
        case.believe_zeros();
        let start = |options| {
            let engine = Engine::new(Arc::new(case.register.clone()), &case.clauses, options);
            Keeper::new(Run { engine, out: Vec::new() })
        };
        let (mut sorted, mut late) = (start(EngineOptions::default()), start(SHORT));
        sorted.observe_all(&case.readings);
        feed(&mut late, &disordered(&case.readings, &mut Dice(seed ^ 9), 36));
        let end = case.end.plus_ms(4 * HOUR);
        for keeper in [&mut sorted, &mut late] {
            keeper.run.advance(end);
            keeper.keep();
        }
        let (ours, theirs) = (late.said(end), sorted.said(end));
        for key in ours.keys().chain(theirs.keys()) {
            prop_assert_eq!(ours.get(key), theirs.get(key), "{:?}", key);
        }
        prop_assert_eq!(alerts(&late.run), alerts(&sorted.run));
    }
}

/// The same readings, in the same order of arrival, for an engine that holds everything and one that does not.
fn both(world: &World, timely: &[Reading], late: &[Reading], end: Instant) -> [Keeper; 2] {
    [EngineOptions::default(), SHORT].map(|options| {
        let mut keeper = Keeper::new(World { options, ..world.clone() }.run());
        keeper.observe_all(timely);
        keeper.run.advance(end.plus_ms(-HOUR));
        let taken: Vec<Taken> = late.iter().map(|reading| keeper.observe(reading)).collect();
        assert_eq!(taken.contains(&Taken::TooLate), options == SHORT);
        keeper.reopen();
        keeper.run.advance(end);
        keeper.keep();
        keeper
    })
}

fn steady(sensor: &str, quantity: Quantity, from: Instant, to: Instant, value: f64) -> Vec<Reading> {
    let steps = 0..to.since(from) / 300_000;
    steps.map(|step| reading(sensor, quantity, from.plus_ms(step * 300_000), value)).collect()
}

fn in_order(mut readings: Vec<Reading>) -> Vec<Reading> {
    readings.sort_by_key(|reading| reading.time);
    readings
}

#[test]
fn a_breach_of_half_a_day_ago_fires_and_late_clear_hours_end_it() {
    let hold = Clause { hold_ms: 2 * HOUR, ..co2() };
    let (start, end) = (at("03-02 00:00"), at("03-02 20:00"));
    let timely = in_order(
        [
            steady("s1", Quantity::Co2, start, at("03-02 04:00"), 600.0),
            steady("s2", Quantity::Co2, start, end, 600.0),
        ]
        .concat(),
    );
    let late = steady("s1", Quantity::Co2, at("03-02 04:00"), at("03-02 09:00"), 1500.0);
    for keeper in both(&World::new().with(hold.clone()), &timely, &late, at("03-02 21:30")) {
        let alert = keeper.run.alert().unwrap();
        assert_eq!(alert.started_at, at("03-02 04:00"));
    }
    let clear = steady("s1", Quantity::Co2, at("03-02 09:00"), at("03-02 10:00"), 600.0);
    let [all, short] = both(&World::new().with(hold), &timely, &[late, clear].concat(), at("03-02 21:30"));
    assert!(all.run.alert().is_none() && short.run.alert().is_none());
    assert_eq!(all.said(end), short.said(end));
}

#[test]
fn a_late_correction_resolves_what_it_disproves() {
    let start = at("03-02 00:00");
    let timely = in_order(
        [
            steady("s1", Quantity::Co2, start, at("03-02 01:00"), 1010.0),
            steady("s2", Quantity::Co2, start, at("03-02 12:00"), 600.0),
        ]
        .concat(),
    );
    let late = [reading("s1", Quantity::Co2, at("03-02 00:02"), 400.0)];
    for keeper in both(&World::new().with(co2()), &timely, &late, at("03-02 13:00")) {
        assert!(keeper.run.alert().is_none());
    }
    let mut keeper = Keeper::new(World { options: SHORT, ..World::new().with(co2()) }.run());
    feed(&mut keeper, &timely);
    assert_eq!(keeper.run.alert().map(|alert| alert.started_at), Some(start));
    keeper.observe_all(&late);
    let kinds = keeper.reopen_told();
    assert_eq!(kinds, [TransitionKind::Resolved]);
}

#[test]
fn that_a_sensor_spoke_is_noted_however_old_its_words_are() {
    let silent = clause("silent", PlaceKind::Room, Measure::Absence, Period::Hour, 1.0);
    let mut world = World::new().with(silent);
    world.register.sensors.remove(&id("t1"));
    let (start, end) = (at("03-02 00:00"), at("03-02 22:00"));
    let own = [(start, at("03-02 02:00")), (at("03-02 12:00"), end)];
    let own = own.map(|(from, to)| steady("s1", Quantity::Co2, from, to, 600.0)).concat();
    let timely = in_order([own, steady("s2", Quantity::Co2, start, end, 600.0)].concat());
    let late = steady("s1", Quantity::Co2, at("03-02 02:00"), at("03-02 12:00"), 600.0);
    let [all, short] = both(&world, &timely, &late, at("03-02 23:00"));
    assert_eq!(all.said(end), short.said(end));
    assert!(short.run.alert().is_none());
}

#[test]
fn late_air_and_weather_outdoors_move_the_limits_of_the_hours_since() {
    let adaptive = Adaptive { slope: 0.33, offset: 18.8, trm_from: 0.0, trm_to: 40.0 };
    let warm = clause("warm", PlaceKind::Room, Measure::TemperatureHourMean, Period::Hour, 3.0);
    let mut world = World::new()
        .with(Clause { outdoor_ppm: Some(400.0), ..co2() })
        .with(Clause { adaptive: Some(adaptive), ..warm })
        .with(Clause { gate: Some(Gate::Occupied), ..co2_day() });
    world.place(place("site", PlaceKind::Site, None));
    world.place(place("b", PlaceKind::Building, Some("site")));
    world.sensor(Sensor::new(id("roof"), id("site")));
    let (start, gone, end) = (at("03-02 00:00"), at("03-10 14:00"), at("03-11 20:00"));
    let outdoors = |from, to, ppm, celsius| {
        let temperature = steady("roof", Quantity::OutdoorTemperature, from, to, celsius);
        [steady("roof", Quantity::OutdoorCo2, from, to, ppm), temperature].concat()
    };
    let back = at("03-11 06:00");
    let rooms = [("s1", 1040.0, 26.0), ("s2", 700.0, 21.0)].map(|(sensor, ppm, celsius)| {
        let from = at("03-10 00:00");
        let air = steady(sensor, Quantity::Co2, from, end, ppm);
        [air, steady(sensor, Quantity::Temperature, from, end, celsius)].concat()
    });
    let timely =
        [rooms.concat(), outdoors(start, gone, 420.0, 8.0), outdoors(back, end, 420.0, 9.0)].concat();
    let late = outdoors(gone, back, 520.0, 14.0);
    let [all, short] = both(&world, &in_order(timely), &late, at("03-11 22:00"));
    let said = all.said(end);
    assert!(said.len() > 100, "{}", said.len());
    assert_eq!(said, short.said(end));
    assert_eq!(alerts(&all.run), alerts(&short.run));
}

fn co2_day() -> Clause {
    clause("co2-day", PlaceKind::Room, Measure::Co2DayMean, Period::Day, 900.0)
}
