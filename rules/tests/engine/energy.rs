//! Energy joined with people, nights and rest days, and the corrected intensity.

use model::{Instant, Period, PlaceKind, Quantity, Span, register::EndUse};
use rules::{Clause, Correction, Fact, Measure, Outcome, measure};

use crate::world::{Run, World, at, body, clause, id, place, reading, two};

fn while_empty(kind: PlaceKind, period: Period) -> Clause {
    clause("empty", kind, Measure::EnergyWhileEmpty, period, 1.0)
}

/// Register readings every quarter, rising by `kw` over four.
fn meter(run: &mut Run, name: &str, from: Instant, to: Instant, kw: f64) {
    let mut time = from;
    let mut register = 0.0;
    while time <= to {
        run.send(name, Quantity::EnergyImport, time, register);
        register += kw / 4.0;
        time = time.plus_ms(900_000);
    }
}

#[test]
fn energy_while_empty_joins_a_room_meter_with_its_occupancy_within_the_hour() {
    let mut world = World::new().with(while_empty(PlaceKind::Room, Period::Hour));
    world.meter("m", "r1", |m| m.max_gap_s = 900.0);
    let mut run = world.run();
    meter(&mut run, "m", at("03-02 09:00"), at("03-02 10:00"), 4.0);
    run.steady("s1", Quantity::Occupied, at("03-02 09:00"), at("03-02 09:20"), 1.0);
    run.steady("s1", Quantity::Occupied, at("03-02 09:20"), at("03-02 10:30"), 0.0);
    let state = run.state();
    let verdict = state.values().next().unwrap();
    assert_eq!((verdict.value, verdict.coverage), (Some(2.666_667), 1.0));
    assert_eq!(verdict.outcome, Outcome::Breach);
}

#[test]
fn energy_while_empty_is_unknown_where_nobody_knows_who_is_there() {
    let mut world = World::new().with(while_empty(PlaceKind::Room, Period::Hour));
    world.meter("m", "r1", |m| m.max_gap_s = 900.0);
    let mut run = world.run();
    run.steady("s1", Quantity::Occupied, at("03-02 09:00"), at("03-02 09:20"), 0.0);
    meter(&mut run, "m", at("03-02 09:00"), at("03-02 12:00"), 4.0);
    let state = run.state();
    let first = state.values().next().unwrap();
    assert_eq!((first.value, first.coverage), (Some(2.0), 0.5), "known until 09:30");
    assert_eq!(first.outcome, Outcome::Insufficient);
}

#[test]
fn a_building_is_empty_while_all_its_office_rooms_are_known_to_be() {
    let mut world = World::new().with(while_empty(PlaceKind::Building, Period::Hour));
    world.meter("m", "b", |m| m.max_gap_s = 900.0);
    let mut run = world.run();
    meter(&mut run, "m", at("03-02 09:00"), at("03-02 11:00"), 4.0);
    // r1 is empty from 09:15 on, r2 from 09:30; from 09:45 on r2 is unknown and r1 empty.
    run.steady("s1", Quantity::Occupied, at("03-02 09:00"), at("03-02 09:15"), 1.0);
    run.steady("s1", Quantity::Occupied, at("03-02 09:15"), at("03-02 11:00"), 0.0);
    run.steady("s2", Quantity::Occupied, at("03-02 09:00"), at("03-02 09:30"), 1.0);
    run.send("s2", Quantity::Occupied, at("03-02 09:30"), 0.0);
    run.advance(at("03-02 11:01"));
    let state = run.state();
    let first = state.values().next().unwrap();
    assert_eq!((first.value, first.coverage), (Some(1.0), 0.75));
}

#[test]
fn steps_longer_than_an_hour_say_nothing_of_who_was_there() {
    let mut world = World::new().with(while_empty(PlaceKind::Room, Period::Day));
    world.meter("m", "r1", |_| {});
    let mut run = world.run();
    run.steady("s1", Quantity::Occupied, at("03-02 00:00"), at("03-03 00:00"), 0.0);
    run.send("m", Quantity::EnergyImport, at("03-02 00:00"), 0.0);
    run.send("m", Quantity::EnergyImport, at("03-02 12:00"), 30.0);
    run.advance(at("03-03 02:00"));
    assert!(run.state().values().all(|v| v.value.is_none() && v.outcome == Outcome::Insufficient));
}

#[test]
fn a_room_without_a_meter_of_its_own_is_not_judged_for_energy_while_empty() {
    let mut world = World::new().with(while_empty(PlaceKind::Room, Period::Hour));
    world.meter("m", "b", |m| m.max_gap_s = 900.0);
    let mut run = world.run();
    meter(&mut run, "m", at("03-02 09:00"), at("03-02 11:00"), 4.0);
    run.steady("s1", Quantity::Occupied, at("03-02 11:00"), at("03-02 14:00"), 0.0);
    assert!(run.out.is_empty());
}

#[test]
fn the_night_ratio_of_a_month_outlives_the_hours_it_came_from() {
    let nightly = clause("night", PlaceKind::Building, Measure::NightRatio, Period::Month, 0.3);
    let mut world = World::new().with(nightly);
    world.meter("m", "b", |_| {});
    let mut run = world.run();
    let mut register = 0.0;
    for hour in 0..=31 * 24_i64 {
        let time = at("03-01 00:00").plus_ms(hour * 3_600_000);
        run.send("m", Quantity::EnergyImport, time, register);
        register += match hour % 24 {
            21.. | 0..=4 => 2.0,
            8..=17 => 8.0,
            _ => 100.0,
        };
    }
    run.advance(at("2026-04-01 02:00"));
    let verdict = run.verdicts()[0];
    assert_eq!((verdict.value, verdict.coverage), (Some(0.25), 1.0));
}

#[test]
fn the_rest_day_ratio_compares_whole_days() {
    let weekly = clause("rest", PlaceKind::Building, Measure::RestDayRatio, Period::Week, 0.3);
    let mut world = World::new().with(weekly);
    world.meter("m", "b", |_| {});
    let mut run = world.run();
    let mut register = 0.0;
    for hour in 0..=7 * 24_i64 {
        run.send("m", Quantity::EnergyImport, at("03-02 00:00").plus_ms(hour * 3_600_000), register);
        register += if hour < 120 { 10.0 } else { 4.0 };
    }
    run.advance(at("03-09 02:00"));
    assert_eq!((run.verdicts()[0].value, run.verdicts()[0].outcome), (Some(0.4), Outcome::Breach));
}

#[test]
fn lighting_power_is_that_of_the_lighting_circuits_over_usable_area() {
    let light = clause("light", PlaceKind::Room, Measure::LightingPowerDensity, Period::Hour, 9.0);
    let mut world = World::new().with(light);
    world.meter("l", "r1", |m| m.end_use = EndUse::Lighting);
    world.meter("m", "r1", |_| {});
    let mut run = world.run();
    for (time, register) in [("03-02 09:00", 0.0), ("03-02 10:00", 0.18)] {
        run.send("l", Quantity::EnergyImport, at(time), register);
        run.send("m", Quantity::EnergyImport, at(time), register * 100.0);
    }
    run.finish();
    assert_eq!((run.verdicts()[0].value, run.verdicts()[0].outcome), (Some(9.0), Outcome::Compliant));
}

const CORRECTION: Correction = Correction { hours: 2500.0, hours_fixed: 0.3, area: 10.0, area_fixed: 0.7 };

fn corrected() -> World {
    let clause = clause("year", PlaceKind::Building, Measure::EuiCorrected, Period::Year, 81.0);
    let mut world = World::new().with(Clause { correction: Some(CORRECTION), min_coverage: 0.9, ..clause });
    world.meter("m", "b", |_| {});
    world
}

/// 2025: 50 kWh an hour, and people every 5 minutes of 09:00 to 17:00 on working days, if any.
fn year(world: &World, people: Option<f64>) -> rules::Verdict {
    let mut run = world.run();
    for hour in 0..=8760_i64 {
        let time = at("2025-01-01 00:00").plus_ms(hour * 3_600_000);
        run.send("m", Quantity::EnergyImport, time, 50.0 * hour as f64);
        let Some(people) = people else { continue };
        let calendar = &world.register.calendar;
        let is_used = calendar.is_working_day(calendar.date(time)) && (9..17).contains(&(hour % 24));
        let count = if is_used { people } else { 0.0 };
        run.steady("s1", Quantity::PeopleCount, time, time.plus_ms(3_600_000), count);
    }
    run.advance(at("2026-01-01 02:00"));
    run.verdicts()[0].clone()
}

#[test]
fn a_corrected_intensity_uses_declared_hours_and_headcount_first() {
    let mut world = corrected();
    let mut building = place("b", PlaceKind::Building, None);
    building.body = Some(id("office"));
    world.place(building);
    let staffed = model::register::Body { energy_headcount: Some(50.0), ..body("office") };
    world.register.bodies.insert(id("office"), model::register::History::always(staffed));
    world.register.calendar.opening_hours = Some(model::WorkingHours::default());
    let verdict = year(&world, Some(3.0));
    // 261 weekdays of 9 hours; 1000 m² for 50 people.
    assert_eq!(verdict.why.get("hours_of_use"), Some(&Fact::Number(2349.0)));
    assert_eq!(verdict.why.get("area_per_person_m2"), Some(&Fact::Number(20.0)));
    let expected = 438.0 * (0.3 + 0.7 * 2500.0 / 2349.0) * (0.7 + 0.3 * 2.0);
    assert!((verdict.value.unwrap() - expected).abs() < 1e-6);
    assert_eq!(verdict.why.get("hours_from"), Some(&Fact::from("declared opening hours")));
}

#[test]
fn without_them_it_counts_the_hours_and_people_that_the_sensors_saw() {
    let verdict = year(&corrected(), Some(40.0));
    assert_eq!(verdict.why.get("hours_of_use"), Some(&Fact::Number(2088.0)));
    assert_eq!(verdict.why.get("area_per_person_m2"), Some(&Fact::Number(25.0)));
    assert_eq!(verdict.why.get("hours_from"), Some(&Fact::from("hours with people present")));
    assert_eq!(verdict.why.get("density_from"), Some(&Fact::from("mean working-day peak of people")));
    let expected = 438.0 * (0.3 + 0.7 * 2500.0 / 2088.0) * (0.7 + 0.3 * 2.5);
    assert!((verdict.value.unwrap() - expected).abs() < 1e-6);
}

#[test]
fn hours_or_people_of_zero_make_the_corrected_intensity_insufficient() {
    for people in [None, Some(0.0)] {
        let verdict = year(&corrected(), people);
        assert_eq!((verdict.outcome, verdict.value), (Outcome::Insufficient, None), "{people:?}");
        assert_eq!(verdict.why.get("missing"), Some(&Fact::from("opening_hours")));
    }
}

#[test]
fn a_meter_that_was_read_elsewhere_says_nothing_of_a_room_until_it_is_read_there() {
    let mut world = World::new().with(while_empty(PlaceKind::Room, Period::Hour));
    let here = crate::world::hourly_meter("m", "r1");
    let elsewhere = crate::world::hourly_meter("m", "b");
    let history = two(elsewhere, at("03-03 00:00"), here);
    world.register.meters.insert(id("m"), history);
    let mut run = world.run();
    meter(&mut run, "m", at("03-02 22:00"), at("03-02 23:45"), 4.0);
    run.steady("s1", Quantity::Occupied, at("03-02 22:00"), at("03-03 03:00"), 0.0);
    run.send("m", Quantity::EnergyImport, at("03-03 01:00"), 20.0);
    run.send("m", Quantity::EnergyImport, at("03-03 02:00"), 22.0);
    run.advance(at("03-03 06:00"));
    let told = run.of("empty");
    assert_eq!(told[0].window.from, at("03-03 01:00"), "the hour of its first reading there");
    assert_eq!((told[0].value, told[0].coverage), (Some(2.0), 1.0));
}

#[test]
fn measure_has_rows_for_what_came_later_and_for_a_meter_that_never_spoke() {
    let mut world = World::new();
    world.meter("m-b", "b", |_| {});
    world.meter("m-old", "old", |_| {});
    world.place(place("old", PlaceKind::Building, None));
    let begun = at("03-03 00:00");
    let mut rows = model::register::History::default();
    let annexe = place("annexe", PlaceKind::Building, None);
    rows.insert(model::register::Dated { span: Span::new(begun, Instant::MAX), value: annexe }).unwrap();
    world.register.places.insert(id("annexe"), rows);
    world.meter("m-a", "annexe", |_| {});
    let hours = |meter: &'static str, from: Instant, hours: i64| {
        (0..=hours).map(move |hour| {
            reading(meter, Quantity::EnergyImport, from.plus_ms(hour * 3_600_000), hour as f64)
        })
    };
    let readings = hours("m-b", at("03-02 00:00"), 48).chain(hours("m-a", begun, 24)).collect();
    let register = std::sync::Arc::new(world.register);
    let rows = measure(&register, Measure::Electricity, Period::Day, None, None, readings).unwrap();
    let told: Vec<(&str, Option<f64>, f64)> =
        rows.iter().map(|row| (row.place.as_str(), row.value, row.coverage)).collect();
    let expected = [
        ("annexe", None, 0.0),
        ("annexe", Some(24.0), 1.0),
        ("b", Some(24.0), 1.0),
        ("b", Some(24.0), 1.0),
        ("old", None, 0.0),
        ("old", None, 0.0),
    ];
    assert_eq!(told, expected);
}
