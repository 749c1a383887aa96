//! Quotas a person of a body: the use of all its buildings over its people.

use std::collections::BTreeMap;

use model::{
    Instant, Period, PlaceKind, Quantity, Span,
    register::{Body, Dated, EndUse, History, Level},
};
use rules::{
    AppliesTo, Clause, Fact, Measure, MeasureRow, Outcome, Subject, TransitionKind, Verdict, measure,
};

use crate::world::{Run, World, at, body, clause, id, place, reading, two};

/// At most 2000 kWh a person in a year.
pub(crate) fn quota() -> Clause {
    let clause = clause("quota", PlaceKind::Building, Measure::EnergyPerPerson, Period::Year, 2000.0);
    Clause { applies_to: AppliesTo::default(), min_coverage: 0.9, ..clause }
}

pub(crate) fn staffed(name: &str, parent: Option<&str>, people: Option<f64>) -> Body {
    Body { energy_headcount: people, parent: parent.map(id), ..body(name) }
}

fn staff(world: &mut World, name: &str, parent: Option<&str>, people: Option<f64>) {
    world.register.bodies.insert(id(name), History::always(staffed(name, parent, people)));
}

pub(crate) fn held(name: &str, kind: PlaceKind, parent: Option<&str>, by: Option<&str>) -> model::Place {
    model::Place { body: by.map(id), ..place(name, kind, parent) }
}

/// `b` and `annexe`, each with a meter, of an agency of 100 people.
pub(crate) fn agency() -> World {
    let mut world = World::new().with(quota());
    world.place(held("b", PlaceKind::Building, None, Some("agency")));
    world.place(held("annexe", PlaceKind::Building, None, Some("agency")));
    staff(&mut world, "agency", None, Some(100.0));
    world.meter("m-b", "b", |_| {});
    world.meter("m-a", "annexe", |_| {});
    world
}

/// 2025: what meters had counted at the ends of the year, and at instants between.
fn year(world: &World, used: &[(&str, &[(&str, f64)])]) -> Run {
    let mut run = world.run();
    let mut readings: Vec<(Instant, &str, f64)> = Vec::new();
    for (meter, counted) in used {
        readings.push((at("2025-01-01 00:00"), meter, 0.0));
        readings.extend(counted.iter().map(|(time, value)| (at(time), *meter, *value)));
    }
    readings.sort_by_key(|(time, ..)| *time);
    for (time, meter, value) in readings {
        run.send(meter, Quantity::EnergyImport, time, value);
    }
    run.advance(at("2026-01-01 02:00"));
    run
}

const END: &str = "2026-01-01 00:00";

fn plain(world: &World) -> Run {
    year(world, &[("m-b", &[(END, 200_000.0)]), ("m-a", &[(END, 100_000.0)])])
}

fn of<'a>(run: &'a Run, body: &str) -> Vec<&'a Verdict> {
    run.verdicts().into_iter().filter(|v| v.subject == Subject::Body(id(body))).collect()
}

fn missing(run: &Run) -> String {
    let said = of(run, "agency");
    assert_eq!((said.len(), said[0].outcome, said[0].value), (1, Outcome::Insufficient, None), "{said:?}");
    assert_eq!(said[0].coverage.to_bits(), 0.0_f64.to_bits());
    let Some(Fact::Text(missing)) = said[0].why.get("missing") else { panic!("{:?}", said[0].why) };
    missing.clone()
}

#[test]
fn two_buildings_over_a_headcount_that_changes_in_july_are_what_they_are_by_hand() {
    let mut world = agency();
    let (first, then) = (staffed("agency", None, Some(100.0)), staffed("agency", None, Some(150.0)));
    world.register.bodies.insert(id("agency"), two(first, at("2025-07-01 00:00"), then));
    let run = plain(&world);
    let said = of(&run, "agency");
    // 300000 kWh; (181 x 100 + 184 x 150) / 365 = 125.205479 people.
    assert_eq!(said.len(), 1);
    assert_eq!((said[0].value, said[0].coverage), (Some(2_396.061_269), 1.0));
    assert_eq!((said[0].outcome, said[0].limit), (Outcome::Breach, Some(2000.0)));
    assert_eq!(said[0].window, Span::new(at("2025-01-01 00:00"), at(END)));
    assert_eq!(said[0].time, at("2026-01-01 01:00"));
    let listed = |names: &[&str]| Fact::List(names.iter().map(|name| Fact::from(*name)).collect());
    assert_eq!(said[0].why["buildings"], listed(&["annexe", "b"]));
    assert_eq!(said[0].why["meters"], listed(&["m-a", "m-b"]));
    assert_eq!(run.kinds(), [TransitionKind::Firing]);
    assert_eq!(run.alert().unwrap().check.subject, Subject::Body(id("agency")));
    assert_eq!(run.engine.verdicts().len(), 1);
}

#[test]
fn a_body_above_counts_the_buildings_and_people_below_it_once() {
    let mut world = agency();
    staff(&mut world, "bureau", Some("agency"), Some(30.0));
    staff(&mut world, "division", Some("agency"), None);
    world.place(held("annexe", PlaceKind::Building, None, Some("bureau")));
    world.place(held("r1", PlaceKind::Room, Some("b"), Some("division")));
    let run = plain(&world);
    assert_eq!(of(&run, "agency")[0].value, Some(3000.0), "300000 over 100, of whom 30 are the bureau's");
    assert_eq!(of(&run, "bureau")[0].value, Some(3_333.333_333), "100000 over 30");
    assert!(of(&run, "division").is_empty(), "its people are the agency's");
}

#[test]
fn a_building_without_a_meter_is_named() {
    let mut world = agency();
    world.place(held("shed", PlaceKind::Building, None, Some("agency")));
    assert_eq!(missing(&plain(&world)), "a meter of shed");
    // A total of the site counts for all that stands there.
    for name in ["b", "annexe", "shed"] {
        world.place(held(name, PlaceKind::Building, Some("site"), None));
    }
    world.place(held("site", PlaceKind::Site, None, Some("agency")));
    for name in ["m-b", "m-a"] {
        let place = if name == "m-b" { "b" } else { "annexe" };
        world.meter(name, place, |m| m.parent = Some(id("incomer")));
    }
    world.meter("incomer", "site", |_| {});
    let used: [(&str, &[(&str, f64)]); 3] =
        [("m-b", &[(END, 200_000.0)]), ("m-a", &[(END, 100_000.0)]), ("incomer", &[(END, 310_000.0)])];
    let run = year(&world, &used);
    assert_eq!(of(&run, "agency")[0].value, Some(3100.0));
}

#[test]
fn who_else_sits_there_and_who_is_not_counted_stand_in_the_way() {
    let mut world = agency();
    staff(&mut world, "tenant", None, Some(5.0));
    world.place(held("r2", PlaceKind::Room, Some("b"), Some("tenant")));
    assert_eq!(missing(&plain(&world)), "a headcount of everybody here: r2 is held by tenant, not by agency");
    let mut world = agency();
    staff(&mut world, "agency", None, None);
    staff(&mut world, "bureau", Some("agency"), Some(30.0));
    assert_eq!(missing(&plain(&world)), "energy_headcount of agency");
    world.place(held("b", PlaceKind::Building, None, Some("bureau")));
    world.place(held("annexe", PlaceKind::Building, None, Some("bureau")));
    assert_eq!(of(&plain(&world), "agency")[0].value, Some(10_000.0), "all of it is the bureau's");
}

#[test]
fn a_headcount_of_nobody_and_a_meter_that_counted_nothing_are_missing() {
    let mut world = agency();
    staff(&mut world, "agency", None, Some(0.0));
    assert_eq!(missing(&plain(&world)), "energy_headcount of agency");
    // One reading of the annexe is no use of any time.
    let run = year(&agency(), &[("m-b", &[(END, 200_000.0)]), ("m-a", &[])]);
    assert_eq!(missing(&run), "readings of the electricity meters");
}

#[test]
fn a_building_counts_from_the_day_on_which_it_is_taken() {
    let mut world = agency();
    let annexe = |by| held("annexe", PlaceKind::Building, None, by);
    let taken = two(annexe(None), at("2025-07-01 00:00"), annexe(Some("agency")));
    world.register.places.insert(id("annexe"), taken);
    let used: [(&str, &[(&str, f64)]); 2] =
        [("m-b", &[(END, 200_000.0)]), ("m-a", &[("2025-07-01 00:00", 40_000.0), (END, 100_000.0)])];
    let run = year(&world, &used);
    assert_eq!((of(&run, "agency")[0].value, of(&run, "agency")[0].coverage), (Some(2600.0), 1.0));
}

#[test]
fn late_data_of_one_building_gives_a_revision() {
    let world = agency();
    let used: [(&str, &[(&str, f64)]); 2] =
        [("m-b", &[(END, 200_000.0)]), ("m-a", &[("2025-12-31 00:00", 99_000.0)])];
    let mut run = year(&world, &used);
    assert_eq!(of(&run, "agency").len(), 1);
    // 200000 + 99000 x 365 / 364 over 100; of the annexe a day is unknown.
    assert_eq!(of(&run, "agency")[0].value, Some(2_992.719_78));
    assert_eq!(of(&run, "agency")[0].coverage, 0.99726);
    run.send("m-a", Quantity::EnergyImport, at(END), 80_000.0 + 20_000.0);
    run.advance(at("2026-01-01 03:00"));
    let said = of(&run, "agency");
    assert_eq!((said.len(), said[1].revision), (2, 2));
    assert_eq!((said[1].value, said[1].coverage), (Some(3000.0), 1.0));
    assert_eq!(run.kinds(), [TransitionKind::Firing], "the same breach");
}

#[test]
fn whichever_building_closes_last_the_same_is_said() {
    let mut world = agency();
    world.meter("m-a", "annexe", |meter| meter.max_gap_s = 7200.0);
    let mut orders = Vec::new();
    for order in [["m-a", "m-b"], ["m-b", "m-a"]] {
        let mut run = world.run();
        for meter in order {
            run.send(meter, Quantity::EnergyImport, at("2025-01-01 00:00"), 0.0);
        }
        for meter in order {
            let last = if meter == "m-b" { 200_000.0 } else { 100_000.0 };
            for (time, value) in [(END, last), ("2026-01-01 05:00", last)] {
                run.send(meter, Quantity::EnergyImport, at(time), value);
            }
            assert_eq!(run.verdicts().len(), usize::from(meter == order[1]), "it waits for the other");
        }
        orders.push(run.out);
    }
    assert_eq!(orders[0], orders[1]);
}

#[test]
fn a_rule_that_goes_takes_the_alert_of_a_body_with_it_and_one_that_stays_keeps_it() {
    let world = agency();
    let mut run = plain(&world);
    let register = || std::sync::Arc::new(world.register.clone());
    let gone = run.engine.rebind(register(), &world.clauses, world.options, &mut run.out);
    assert!(gone.is_empty(), "{gone:?}");
    assert_eq!(run.engine.alerts().len(), 1);
    assert!(run.engine.take_changed().iter().any(|(key, _)| key == "body/agency"));
    let gone = run.engine.rebind(register(), &[], world.options, &mut run.out);
    assert!(gone.contains(&"body/agency".to_owned()), "{gone:?}");
    assert_eq!(run.kinds(), [TransitionKind::Firing, TransitionKind::Withdrawn]);
    assert!(run.engine.alerts().is_empty());
}

#[test]
fn measure_has_a_row_for_the_body_after_those_of_its_buildings() {
    let world = agency();
    let readings = [("m-b", 200_000.0), ("m-a", 100_000.0)].into_iter().flat_map(|(meter, used)| {
        [("2025-01-01 00:00", 0.0), (END, used)]
            .map(|(time, value)| reading(meter, Quantity::EnergyImport, at(time), value))
    });
    let register = std::sync::Arc::new(world.register.clone());
    let rows =
        measure(&register, Measure::EnergyPerPerson, Period::Year, None, None, readings.collect()).unwrap();
    let of = |name: &str| rows.iter().filter(|row| row.place == id(name)).collect::<Vec<&MeasureRow>>();
    assert_eq!((of("agency")[0].value, of("agency")[0].coverage), (Some(3000.0), 1.0));
    assert_eq!(of("b")[0].value, None, "its people sit in the annexe too");
    assert_eq!(rows.last().unwrap().place, id("agency"));
}

#[test]
fn what_is_metered_apart_leaves_the_sum_of_all_buildings() {
    for (end_use, has_rooms) in [(EndUse::DataCentre, true), (EndUse::Lighting, false)] {
        let apart = rules::Energy { without: vec![end_use], ..rules::Energy::default() };
        let mut world = World::new().with(Clause { energy: apart, ..quota() });
        world.register = agency().register;
        world.meter("apart", "annexe", |m| m.end_use = end_use);
        let used: [(&str, &[(&str, f64)]); 3] =
            [("m-b", &[(END, 200_000.0)]), ("m-a", &[(END, 100_000.0)]), ("apart", &[(END, 60_000.0)])];
        let run = year(&world, &used);
        assert_eq!(of(&run, "agency")[0].value, Some(2400.0));
        assert_eq!(of(&run, "agency")[0].why.contains_key("space_left_out"), has_rooms);
        assert_eq!(of(&plain(&world), "agency")[0].value, Some(3000.0), "that meter was never heard");
    }
}

#[test]
fn an_edition_that_is_not_in_force_asks_nothing_of_a_body() {
    let mut world = agency();
    world.clauses[0].in_force = Span::new(Instant::MIN, at("2025-01-01 00:00"));
    assert!(plain(&world).out.is_empty());
}

#[test]
fn a_body_none_of_whose_meters_was_heard_and_one_that_is_counted_above_are_not_judged() {
    let world = agency();
    let mut run = world.run();
    run.send("s1", Quantity::Co2, at("2025-06-01 00:00"), 500.0).advance(at("2026-01-01 02:00"));
    assert!(of(&run, "agency").is_empty());
    // Until last year the bureau had people of its own.
    let mut world = agency();
    let bureau = |people| staffed("bureau", Some("agency"), people);
    world.register.bodies.insert(id("bureau"), two(bureau(Some(30.0)), at("2025-01-01 00:00"), bureau(None)));
    world.place(held("annexe", PlaceKind::Building, None, Some("bureau")));
    let run = plain(&world);
    assert_eq!((of(&run, "agency").len(), of(&run, "bureau").len()), (1, 0));
}

#[test]
fn each_of_two_bodies_has_its_own_memory_back_from_a_checkpoint() {
    let mut world = agency();
    staff(&mut world, "bureau", None, Some(100.0));
    world.place(held("annexe", PlaceKind::Building, None, Some("bureau")));
    // 2200 and 100 kWh a person.
    let mut run = year(&world, &[("m-b", &[(END, 220_000.0)]), ("m-a", &[(END, 10_000.0)])]);
    let mut next = Run { engine: world.engine(), out: Vec::new() };
    for (key, piece) in run.engine.take_changed() {
        next.engine.restore(&key, piece);
    }
    let said = |run: &Run| {
        let said = run.engine.verdicts().into_iter().map(|v| (v.subject.id().to_string(), v.value));
        said.collect::<Vec<_>>()
    };
    assert_eq!(said(&next), [("agency".to_owned(), Some(2200.0)), ("bureau".to_owned(), Some(100.0))]);
    assert_eq!(next.engine.alerts(), run.engine.alerts());
    next.advance(at("2026-01-02 00:00"));
    assert!(next.out.is_empty());
}

#[test]
fn a_body_that_has_to_begin_anew_does_not_get_its_alert_back_with_a_restart() {
    let mut world = agency();
    let mut run = plain(&world);
    let mut saved: BTreeMap<String, rules::SavedShard> = run.engine.take_changed().into_iter().collect();
    assert_eq!(run.engine.alerts().len(), 1);
    let judged_otherwise = Clause { measure: Measure::WaterPerPerson, ..quota() };
    world.clauses.clear();
    let world = world.with(judged_otherwise);
    let register = std::sync::Arc::new(world.register.clone());
    for gone in run.engine.rebind(register, &world.clauses, world.options, &mut run.out) {
        saved.remove(&gone);
    }
    saved.extend(run.engine.take_changed());
    assert!(run.engine.alerts().is_empty());
    let mut next = world.engine();
    saved.into_iter().for_each(|(key, piece)| next.restore(&key, piece));
    assert_eq!(next.alerts(), []);
}

#[test]
fn the_alert_of_a_body_that_the_register_ends_or_gives_another_level_is_withdrawn_a_window_later() {
    let monthly = Clause { period: Period::Month, ..quota() };
    let level = |level| Body { level: Some(level), ..staffed("agency", None, Some(10.0)) };
    let county = level(Level::County);
    let closed = |value: &Body| {
        let mut rows = History::default();
        let span = Span::new(Instant::MIN, at("2026-03-01 00:00"));
        rows.insert(Dated { span, value: value.clone() }).unwrap();
        rows
    };
    let raised = |to| two(county.clone(), at("2026-03-01 00:00"), level(to));
    let staffed =
        two(county.clone(), at("2026-03-01 00:00"), Body { name: "renamed".to_owned(), ..county.clone() });
    for (rows, ends) in [(closed(&county), true), (raised(Level::City), true), (staffed, false)] {
        let mut clause = monthly.clone();
        clause.applies_to.level = vec![Level::County, Level::Township];
        let mut world = agency();
        world.clauses.clear();
        let mut world = world.with(clause);
        world.register.bodies.insert(id("agency"), rows);
        let mut run = world.run();
        for (time, total) in [("01-01", 0.0), ("02-01", 30_000.0), ("03-01", 60_000.0), ("04-01", 60_000.0)] {
            for (meter, total) in [("m-b", total), ("m-a", 0.0)] {
                run.send(meter, Quantity::EnergyImport, at(&format!("{time} 00:00")), total);
            }
        }
        assert_eq!(run.kinds(), [TransitionKind::Firing]);
        assert_eq!(run.engine.alerts().len(), 1, "March is not over");
        run.advance(at("04-01 02:00"));
        if ends {
            assert_eq!(run.kinds(), [TransitionKind::Firing, TransitionKind::Withdrawn]);
            let told = run.transitions()[1];
            assert_eq!(told.alert.verdict.why["no_longer_applies_to"], Fact::from("agency"));
            assert!(run.engine.alerts().is_empty());
            run.advance(at("05-02 00:00"));
            assert_eq!(run.kinds().len(), 2, "it is said once");
        } else {
            assert_eq!(run.kinds(), [TransitionKind::Firing, TransitionKind::Resolved], "March used nothing");
        }
    }
}
