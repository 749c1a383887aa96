//! Which energy counts, which area divides it, and whose headcount.

use model::{
    Period, PlaceKind, Quantity,
    register::{Body, EndUse, History},
};
use rules::{Clause, Fact, Measure, Outcome, Verdict};

use crate::world::{World, at, body, clause, id, place, two};

fn yearly(measure: Measure) -> Clause {
    Clause { min_coverage: 0.9, ..clause("year", PlaceKind::Building, measure, Period::Year, 1e9) }
}

fn meter(world: &mut World, name: &str, at_place: &str, end_use: EndUse) {
    world.meter(name, at_place, |meter| {
        meter.end_use = end_use;
        meter.parent = (end_use != EndUse::Total).then(|| id("m"));
    });
}

/// The verdicts of 2025, in which each meter counted so much.
fn year(world: &World, used: &[(&str, f64)]) -> Vec<Verdict> {
    let mut run = world.run();
    for (time, share) in [("2025-01-01 00:00", 0.0), ("2026-01-01 00:00", 1.0)] {
        for (name, amount) in used {
            run.send(name, Quantity::EnergyImport, at(time), amount * share);
        }
    }
    run.advance(at("2026-01-01 03:00"));
    run.verdicts().into_iter().cloned().collect()
}

/// A week of hours: what a meter uses in an hour of which we say the hour of the week.
fn week(world: &World, meters: &[(&str, &dyn Fn(i64) -> f64)]) -> Verdict {
    let mut run = world.run();
    let mut registers = vec![0.0; meters.len()];
    for hour in 0..=7 * 24_i64 {
        let time = at("03-02 00:00").plus_ms(hour * 3_600_000);
        for ((name, used), register) in meters.iter().zip(&mut registers) {
            run.send(name, Quantity::EnergyImport, time, *register);
            *register += used(hour);
        }
    }
    run.advance(at("03-09 03:00"));
    run.verdicts()[0].clone()
}

#[test]
fn the_rest_day_ratio_of_the_chilled_plant_counts_the_chilled_plant_alone() {
    let mut plant = clause("rest", PlaceKind::Building, Measure::RestDayRatio, Period::Week, 0.7);
    plant.energy.only = vec![EndUse::Cooling];
    let mut world = World::new().with(plant);
    meter(&mut world, "m", "b", EndUse::Total);
    meter(&mut world, "c", "b", EndUse::Cooling);
    let is_rest = |hour: i64| hour >= 120;
    let total = |hour| if is_rest(hour) { 4.0 } else { 10.0 };
    let cooling = |hour| if is_rest(hour) { 1.8 } else { 2.0 };
    let verdict = week(&world, &[("m", &total), ("c", &cooling)]);
    assert_eq!((verdict.value, verdict.outcome), (Some(0.9), Outcome::Breach));
    assert_eq!(verdict.why["meters"], Fact::List(vec!["c".into()]));
}

#[test]
fn a_building_without_a_meter_for_the_plant_is_not_judged_by_its_total() {
    let mut plant = clause("rest", PlaceKind::Building, Measure::RestDayRatio, Period::Week, 0.7);
    plant.energy.only = vec![EndUse::Cooling];
    let mut world = World::new().with(plant);
    meter(&mut world, "m", "b", EndUse::Total);
    let verdict = week(&world, &[("m", &|_| 5.0)]);
    assert_eq!((verdict.value, verdict.outcome), (None, Outcome::Insufficient));
}

#[test]
fn the_night_ratio_follows_the_end_uses_of_its_clause() {
    let is_night = |hour: i64| matches!(hour % 24, 21.. | 0..=4);
    let total = |hour: i64| if is_night(hour) { 6.0 } else { 10.0 };
    let server = |_: i64| 5.0;
    let ratio = |change: fn(&mut Clause)| {
        let mut night = clause("night", PlaceKind::Building, Measure::NightRatio, Period::Week, 0.3);
        change(&mut night);
        let mut world = World::new().with(night);
        meter(&mut world, "m", "b", EndUse::Total);
        meter(&mut world, "d", "b", EndUse::DataCentre);
        week(&world, &[("m", &total), ("d", &server)]).value
    };
    assert_eq!(ratio(|_| {}), Some(0.6));
    assert_eq!(ratio(|clause| clause.energy.only = vec![EndUse::DataCentre]), Some(1.0));
    // (6 - 5) / (10 - 5)
    assert_eq!(ratio(|clause| clause.energy.without = vec![EndUse::DataCentre]), Some(0.2));
}

#[test]
fn heating_taken_out_of_the_energy_leaves_the_area_as_it_is() {
    for (end_use, area, value) in [
        (EndUse::Heating, 1000.0, 80.0),
        (EndUse::Transport, 1000.0, 80.0),
        (EndUse::DataCentre, 800.0, 100.0),
        (EndUse::Kitchen, 800.0, 100.0),
        (EndUse::Special, 800.0, 100.0),
    ] {
        let mut without = yearly(Measure::Eui);
        without.energy.without =
            vec![EndUse::Heating, EndUse::Transport, EndUse::DataCentre, EndUse::Kitchen, EndUse::Special];
        let mut world = World::new().with(without);
        let mut house = place("b", PlaceKind::Building, None);
        house.excluded_area_m2 = Some(200.0);
        world.place(house);
        meter(&mut world, "m", "b", EndUse::Total);
        meter(&mut world, "x", "b", end_use);
        let verdict = year(&world, &[("m", 100_000.0), ("x", 20_000.0)]).remove(0);
        assert_eq!((verdict.value, &verdict.why["area_m2"]), (Some(value), &Fact::Number(area)), "{end_use}");
    }
}

/// Building `b` of the agency (50 people) with a meter.
fn agency() -> World {
    let mut world = World::new().with(yearly(Measure::EnergyPerPerson));
    let mut house = place("b", PlaceKind::Building, None);
    house.body = Some(id("agency"));
    world.place(house);
    staff(&mut world, "agency", None, Some(50.0));
    meter(&mut world, "m", "b", EndUse::Total);
    world
}

fn staff(world: &mut World, name: &str, parent: Option<&str>, people: Option<f64>) {
    let staffed = Body { energy_headcount: people, parent: parent.map(id), ..body(name) };
    world.register.bodies.insert(id(name), History::always(staffed));
}

fn held(world: &mut World, name: &str, kind: PlaceKind, parent: Option<&str>, by: &str) {
    let mut held = place(name, kind, parent);
    held.body = Some(id(by));
    world.place(held);
}

/// Value, or what is missing.
fn per_person(world: &World) -> Result<f64, String> {
    let verdict = year(world, &[("m", 5000.0)]).remove(0);
    match (verdict.value, verdict.why.get("missing")) {
        (Some(value), None) => Ok(value),
        (None, Some(Fact::Text(why)))
            if (verdict.outcome, verdict.coverage) == (Outcome::Insufficient, 0.0) =>
        {
            Err(why.clone())
        }
        other => unreachable!("{other:?}"),
    }
}

#[test]
fn one_body_in_one_building_is_judged_by_its_headcount() {
    assert_eq!(per_person(&agency()), Ok(100.0));
    let mut with_department = agency();
    staff(&mut with_department, "department", Some("agency"), Some(10.0));
    held(&mut with_department, "r1", PlaceKind::Room, Some("b"), "department");
    assert_eq!(per_person(&with_department), Ok(100.0), "a department's people are the agency's");
}

#[test]
fn the_people_of_two_buildings_do_not_divide_the_energy_of_one() {
    let mut world = agency();
    held(&mut world, "annexe", PlaceKind::Building, None, "agency");
    let why = per_person(&world).unwrap_err();
    assert_eq!(why, "a headcount of b alone: agency counts its people at annexe too");
    let mut floor = agency();
    staff(&mut floor, "landlord", None, Some(500.0));
    held(&mut floor, "tower", PlaceKind::Building, None, "landlord");
    held(&mut floor, "tower-3", PlaceKind::Floor, Some("tower"), "agency");
    assert!(per_person(&floor).unwrap_err().contains("tower-3"), "rooms elsewhere count as well");
}

#[test]
fn a_body_that_holds_a_whole_site_counts_its_people_in_every_building_of_it() {
    let mut world = agency();
    world.place(place("b", PlaceKind::Building, Some("site")));
    held(&mut world, "site", PlaceKind::Site, None, "agency");
    assert_eq!(per_person(&world), Ok(100.0), "one building is the whole site");
    world.place(place("gatehouse", PlaceKind::Room, Some("site")));
    staff(&mut world, "tenant", None, Some(20.0));
    held(&mut world, "let", PlaceKind::Building, Some("site"), "tenant");
    assert_eq!(
        per_person(&world),
        Ok(100.0),
        "neither a room beside it nor a tenant's house has agency people"
    );
    world.place(place("annexe", PlaceKind::Building, Some("site")));
    assert!(per_person(&world).unwrap_err().contains("annexe"));
}

#[test]
fn a_building_of_two_bodies_has_no_headcount_of_one() {
    let mut world = agency();
    staff(&mut world, "tenant", None, Some(20.0));
    held(&mut world, "r1", PlaceKind::Room, Some("b"), "tenant");
    let why = per_person(&world).unwrap_err();
    assert_eq!(why, "a headcount of everybody here: r1 is held by tenant, not by agency");
}

#[test]
fn a_department_elsewhere_is_among_the_people_of_its_agency_whatever_headcount_it_has() {
    for own in [None, Some(10.0)] {
        let mut world = agency();
        staff(&mut world, "department", Some("agency"), own);
        held(&mut world, "annexe", PlaceKind::Building, None, "department");
        let why = per_person(&world).unwrap_err();
        assert_eq!(why, "a headcount of b alone: agency counts its people at annexe too");
    }
}

#[test]
fn an_agency_that_holds_a_building_and_is_counted_with_nobody_is_unknown_whatever_its_departments_have() {
    let mut world = agency();
    staff(&mut world, "agency", None, None);
    for (department, people, room) in [("first", 30.0, "r1"), ("second", 20.0, "r2")] {
        staff(&mut world, department, Some("agency"), Some(people));
        held(&mut world, room, PlaceKind::Room, Some("b"), department);
    }
    // The building itself is held by the agency, which counts with nobody.
    assert_eq!(per_person(&world), Err("energy_headcount".to_owned()));
    let mut house = place("b", PlaceKind::Building, None);
    house.body = Some(id("agency"));
    staff(&mut world, "agency", None, Some(60.0));
    world.place(house);
    assert_eq!(per_person(&world), Ok(83.333_333), "the agency's own headcount holds them all");
}

#[test]
fn a_second_building_for_part_of_the_year_is_enough_to_stand_in_the_way() {
    let mut world = agency();
    let empty = place("annexe", PlaceKind::Building, None);
    let mut taken = empty.clone();
    taken.body = Some(id("agency"));
    world.register.places.insert(id("annexe"), two(empty, at("2025-10-01 00:00"), taken));
    assert!(per_person(&world).is_err());
}

#[test]
fn a_missing_headcount_is_named() {
    let mut world = agency();
    staff(&mut world, "agency", None, None);
    assert_eq!(per_person(&world), Err("energy_headcount".to_owned()));
}

#[test]
fn the_effectiveness_of_a_data_centre_needs_a_meter_of_its_it() {
    let mut world = World::new().with(yearly(Measure::EnergyUseEffectiveness));
    meter(&mut world, "m", "b", EndUse::Total);
    assert!(year(&world, &[("m", 100_000.0)]).is_empty(), "no data centre, nothing to judge");
    meter(&mut world, "d", "b", EndUse::DataCentre);
    let without = year(&world, &[("m", 100_000.0), ("d", 44_000.0)]).remove(0);
    assert_eq!(without.outcome, Outcome::Insufficient);
    assert_eq!(without.why["missing"], Fact::from("a meter with end use it"));
    world.meter("i", "b", |meter| (meter.end_use, meter.parent) = (EndUse::It, Some(id("d"))));
    let known = year(&world, &[("m", 100_000.0), ("d", 44_000.0), ("i", 20_000.0)]).remove(0);
    assert_eq!((known.value, known.coverage), (Some(2.2), 1.0));
}

#[test]
fn a_carrier_whose_meter_is_silent_all_year_is_unknown_and_not_nothing() {
    let mut both = yearly(Measure::Eui);
    both.energy.factors =
        [(model::register::Carrier::Electricity, 1.0), (model::register::Carrier::Gas, 10.0)].into();
    let mut world = World::new().with(both);
    meter(&mut world, "m", "b", EndUse::Total);
    assert_eq!(year(&world, &[("m", 80_000.0)])[0].value, Some(80.0), "no gas meter, no gas");
    world.meter("g", "b", |meter| meter.carrier = model::register::Carrier::Gas);
    let verdict = year(&world, &[("m", 80_000.0)]).remove(0);
    assert_eq!((verdict.value, verdict.outcome), (None, Outcome::Insufficient));
    assert_eq!(verdict.why["missing"], Fact::from("readings of the gas meters"));
}

#[test]
fn what_is_taken_off_is_not_guessed_for_the_time_before_it_was_metered() {
    let mut without = yearly(Measure::Eui);
    without.energy.without = vec![EndUse::DataCentre];
    let mut world = World::new().with(without);
    meter(&mut world, "m", "b", EndUse::Total);
    meter(&mut world, "d", "b", EndUse::DataCentre);
    // Metered apart from October on: what was used before stays in.
    let row = world.register.meters[&id("d")].last().unwrap().clone();
    let mut history = History::default();
    let span = model::Span::new(at("2025-10-01 00:00"), model::Instant::MAX);
    history.insert(model::register::Dated { span, value: row }).unwrap();
    world.register.meters.insert(id("d"), history);
    let mut run = world.run();
    for (name, time, value) in [
        ("m", "2025-01-01 00:00", 0.0),
        ("d", "2025-10-01 00:00", 0.0),
        ("m", "2026-01-01 00:00", 100_000.0),
        ("d", "2026-01-01 00:00", 10_000.0),
    ] {
        run.send(name, Quantity::EnergyImport, at(time), value);
    }
    run.advance(at("2026-01-01 03:00"));
    let verdict = run.verdicts()[0];
    assert_eq!((verdict.value, verdict.coverage), (Some(90.0), 1.0));
}

#[test]
fn half_a_year_of_what_is_taken_off_is_too_little_to_judge() {
    let mut without = yearly(Measure::Eui);
    without.energy.without = vec![EndUse::Heating];
    let mut world = World::new().with(without);
    meter(&mut world, "m", "b", EndUse::Total);
    meter(&mut world, "h", "b", EndUse::Heating);
    let mut run = world.run();
    for (name, time, value) in [
        ("m", "2025-01-01 00:00", 0.0),
        ("h", "2025-01-01 00:00", 0.0),
        ("h", "2025-07-02 12:00", 10_000.0),
        ("m", "2026-01-01 00:00", 100_000.0),
    ] {
        run.send(name, Quantity::EnergyImport, at(time), value);
    }
    run.advance(at("2026-01-01 03:00"));
    let verdict = run.verdicts()[0];
    assert_eq!((verdict.coverage, verdict.outcome), (0.5, Outcome::Insufficient));
}

#[test]
fn the_use_of_a_building_whose_second_meter_was_silent_is_no_figure() {
    let mut world = World::new().with(yearly(Measure::Electricity));
    meter(&mut world, "m", "b", EndUse::Total);
    meter(&mut world, "n", "b", EndUse::Total);
    let said = |used: &[(&str, f64)]| {
        let verdicts = year(&world, used);
        (verdicts[0].value, verdicts[0].coverage, verdicts[0].why.get("missing").cloned())
    };
    let missing = Some("readings of the electricity meters".into());
    assert_eq!(said(&[("m", 700.0)]), (None, 0.0, missing));
    assert_eq!(said(&[("m", 700.0), ("n", 300.0)]), (Some(1000.0), 1.0, None));
}
