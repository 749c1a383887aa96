//! Numbers of the register that change within a window.

use std::sync::Arc;

use model::{
    Period, PlaceKind, Quantity,
    register::{History, Post, Rank},
};
use rules::{Clause, Fact, Measure, Output, RegisterChecks};

use crate::world::{World, at, body, clause, id, place, two};

fn yearly(measure: Measure) -> Clause {
    Clause { min_coverage: 0.9, ..clause("year", PlaceKind::Building, measure, Period::Year, 81.0) }
}

/// 8760 kWh over 2025, one an hour.
fn year_of(world: &World) -> rules::Verdict {
    let mut run = world.run();
    for hour in 0..=8760 {
        let time = at("2025-01-01 00:00").plus_ms(hour * 3_600_000);
        run.send("m", Quantity::EnergyImport, time, hour as f64);
    }
    run.advance(at("2026-01-01 02:00"));
    assert_eq!(run.verdicts().len(), 1);
    run.verdicts()[0].clone()
}

fn metered(clause: Clause) -> World {
    let mut world = World::new().with(clause);
    world.meter("m", "b", |_| {});
    world
}

#[test]
fn an_area_that_changes_within_the_year_counts_by_the_time_it_held() {
    let mut world = metered(yearly(Measure::Eui));
    let mut wider = place("b", PlaceKind::Building, None);
    wider.floor_area_m2 = Some(2000.0);
    // 73 of 365 days at 1000 m², the rest at 2000.
    let history = two(place("b", PlaceKind::Building, None), at("2025-03-15 00:00"), wider);
    world.register.places.insert(id("b"), history);
    let verdict = year_of(&world);
    assert_eq!(verdict.why.get("area_m2"), Some(&Fact::Number(1800.0)));
    assert_eq!((verdict.value, verdict.coverage), (Some(4.866_667), 1.0));
}

#[test]
fn a_headcount_that_changes_within_the_year_counts_by_the_time_it_held() {
    let mut world = metered(yearly(Measure::EnergyPerPerson));
    let mut building = place("b", PlaceKind::Building, None);
    building.body = Some(id("office"));
    world.place(building);
    let staffed = |people| model::register::Body { energy_headcount: Some(people), ..body("office") };
    let history = two(staffed(10.0), at("2025-03-15 00:00"), staffed(20.0));
    world.register.bodies.insert(id("office"), history);
    let verdict = year_of(&world);
    assert_eq!(verdict.why.get("energy_headcount"), Some(&Fact::Number(18.0)));
    assert_eq!(verdict.value, Some(486.666_667));
}

#[test]
fn a_meter_that_came_within_the_year_is_scaled_and_lowers_the_coverage() {
    let mut world = metered(yearly(Measure::Eui));
    let meter = world.register.meters[&id("m")].last().unwrap().clone();
    let mut history = History::default();
    let span = model::Span::new(at("2025-03-15 00:00"), model::Instant::MAX);
    history.insert(model::register::Dated { span, value: meter }).unwrap();
    world.register.meters.insert(id("m"), history);
    let mut run = world.run();
    run.steady("s1", Quantity::Co2, at("2025-01-01 00:00"), at("2025-01-01 00:10"), 400.0);
    for hour in 73 * 24..=8760 {
        let time = at("2025-01-01 00:00").plus_ms(hour * 3_600_000);
        run.send("m", Quantity::EnergyImport, time, hour as f64);
    }
    run.advance(at("2026-01-01 02:00"));
    let verdict = run.verdicts()[0].clone();
    assert_eq!((verdict.value, verdict.coverage), (Some(8.76), 0.8));
    assert_eq!(verdict.outcome, rules::Outcome::Insufficient);
}

#[test]
fn what_is_left_out_is_subtracted_only_where_it_is_metered_and_its_area_with_it() {
    let mut without = yearly(Measure::Eui);
    without.energy.without = vec![model::register::EndUse::DataCentre];
    let mut world = metered(without);
    let mut building = place("b", PlaceKind::Building, None);
    building.excluded_area_m2 = Some(100.0);
    world.place(building);
    assert_eq!(year_of(&world).value, Some(8.76), "not metered: neither energy nor area is left out");
    world.meter("dc", "b", |meter| {
        meter.end_use = model::register::EndUse::DataCentre;
        meter.parent = Some(id("m"));
    });
    let mut run = world.run();
    for hour in 0..=8760 {
        let time = at("2025-01-01 00:00").plus_ms(hour * 3_600_000);
        run.send("m", Quantity::EnergyImport, time, hour as f64);
        run.send("dc", Quantity::EnergyImport, time, hour as f64 / 2.0);
    }
    run.advance(at("2026-01-01 02:00"));
    let verdict = run.verdicts()[0];
    assert_eq!((verdict.value, verdict.why.get("area_m2")), (Some(4.866_667), Some(&Fact::Number(900.0))));
    assert!(verdict.why.contains_key("subtracted_electricity"));
}

#[test]
fn a_room_that_moves_to_another_floor_counts_there_from_that_day_on() {
    let mut world =
        World::new().with(clause("busy", PlaceKind::Floor, Measure::Utilisation, Period::Day, 2.0));
    world.place(place("f1", PlaceKind::Floor, Some("b")));
    world.place(place("f2", PlaceKind::Floor, Some("b")));
    let moved = two(
        place("r1", PlaceKind::Room, Some("f1")),
        at("03-03 00:00"),
        place("r1", PlaceKind::Room, Some("f2")),
    );
    world.register.places.insert(id("r1"), moved);
    let mut run = world.run();
    run.steady("s1", Quantity::Occupied, at("03-02 00:00"), at("03-04 00:00"), 1.0);
    run.advance(at("03-04 01:00"));
    let said: Vec<_> = run.verdicts().iter().map(|v| (v.subject.id().to_string(), v.window.from)).collect();
    assert_eq!(said, [("f1".to_owned(), at("03-02 00:00")), ("f2".to_owned(), at("03-03 00:00"))]);
}

#[test]
fn a_sensor_that_moves_to_another_building_is_heard_in_both() {
    let mut world = World::new().with(crate::world::co2());
    world.place(place("c", PlaceKind::Building, None));
    world.place(place("r9", PlaceKind::Room, Some("c")));
    let sensor = |room: &str| model::register::Sensor::new(id("s1"), id(room));
    world.register.sensors.insert(id("s1"), two(sensor("r1"), at("03-03 00:00"), sensor("r9")));
    let mut run = world.run();
    run.steady("s1", Quantity::Co2, at("03-02 22:00"), at("03-03 02:00"), 700.0);
    run.finish();
    let said = run.verdicts().into_iter().filter(|v| v.coverage > 0.5);
    let mut said: Vec<_> = said.map(|v| (v.window.from, v.subject.id().to_string())).collect();
    said.sort();
    let rooms: Vec<&str> = said.iter().map(|(_, room)| room.as_str()).collect();
    assert_eq!(rooms, ["r1", "r1", "r9", "r9"]);
}

#[test]
fn a_finding_of_the_register_is_told_when_it_changes_and_goes_on_over_a_restart_and_an_edit() {
    let mut world = World::new();
    let area = |m2| model::Place { usable_area_m2: Some(m2), ..place("r1", PlaceKind::Room, Some("b")) };
    world.register.places.insert(id("r1"), two(area(60.0), at("03-04 00:00"), area(70.0)));
    let most = |m2| clause("area", PlaceKind::Room, Measure::RoomArea, Period::Register, m2);
    let world = world.with(most(50.0));
    let register = || Arc::new(world.register.clone());
    let mut checks = RegisterChecks::new(register(), &world.clauses);
    let told = |checks: &mut RegisterChecks, day: &str| {
        let mut out = Vec::new();
        checks.advance(at(day), &mut out);
        said(&out)
    };
    assert_eq!(told(&mut checks, "03-02 08:00"), ["r1 60", "Firing", "r2 20"]);
    assert!(checks.take_changed().is_some());
    assert!(told(&mut checks, "03-02 20:00").is_empty());
    assert!(checks.take_changed().is_none(), "the day was judged");
    assert!(told(&mut checks, "03-03 08:00").is_empty(), "nothing new");
    assert_eq!(told(&mut checks, "03-04 08:00"), ["r1 70"]);
    assert_eq!((checks.alerts().len(), checks.verdicts().len()), (1, 2));
    let mut next = RegisterChecks::new(register(), &world.clauses);
    next.restore(checks.take_changed().unwrap());
    assert_eq!((next.alerts(), next.verdicts()), (checks.alerts(), checks.verdicts()));
    assert!(told(&mut next, "03-04 20:00").is_empty());
    // Another limit goes on with the alert, another rule ends it.
    let mut edited = |clause| {
        let mut out = Vec::new();
        let clauses = World::new().with(clause).clauses;
        next.rebind(register(), &clauses, Some(at("03-04 21:00")), &mut out);
        said(&out)
    };
    assert_eq!(edited(most(65.0)), ["r1 70", "r2 20"]);
    let other = Clause { id: "own-1/other".to_owned(), ..most(100.0) };
    assert_eq!(edited(other), ["Withdrawn", "r1 70", "r2 20"]);
    assert!(next.alerts().is_empty());
}

#[test]
fn a_finding_on_an_office_ends_when_its_post_gets_a_rank_for_which_there_is_no_cap() {
    let mut world = World::new();
    world.place(model::Place { usable_area_m2: Some(60.0), ..place("r1", PlaceKind::Room, Some("b")) });
    world.register.bodies.insert(id("office"), History::always(body("office")));
    let post = |rank| Post { id: id("head"), rank, body: id("office"), room: Some(id("r1")) };
    let posts = two(post(Rank::SectionHead), at("03-04 00:00"), post(Rank::Minister));
    world.register.posts.insert(id("head"), posts);
    let mut area =
        clause("area", PlaceKind::Room, Measure::PrivateOfficeArea, Period::Register, f64::INFINITY);
    let bound = rules::Bound { at_most: Some(18.0), at_least: None };
    let row = rules::Row { key: vec!["section_head".to_owned()], bound, rating: None };
    area.limit.table = Some(rules::LimitTable { by: vec![rules::Attribute::Rank], rows: vec![row] });
    let world = world.with(area);
    let mut checks = RegisterChecks::new(Arc::new(world.register.clone()), &world.clauses);
    let mut told = |day: &str| {
        let mut out = Vec::new();
        checks.advance(at(day), &mut out);
        said(&out).into_iter().filter(|line| !line.starts_with("r2")).collect::<Vec<_>>()
    };
    assert_eq!(told("03-03 08:00"), ["r1 60", "Firing"]);
    assert_eq!(told("03-04 08:00"), ["Withdrawn"]);
}

fn said(out: &[Output]) -> Vec<String> {
    let line = |said: &Output| match said {
        Output::Verdict(v) => format!("{} {}", v.subject.id(), v.value.unwrap_or_default()),
        Output::Transition(t) => format!("{:?}", t.kind),
    };
    out.iter().map(line).collect()
}
