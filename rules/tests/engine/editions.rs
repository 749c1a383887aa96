//! What becomes of an alert when the edition that raised it is in force no longer.

use std::sync::Arc;

use model::{
    Instant, Period, PlaceKind, Span,
    register::{Body, ClimateZone, History, Level},
};
use rules::{AlertState, Clause, Fact, LiveClause, Measure, Output, RegisterChecks, TransitionKind};

use crate::world::{Run, World, at, body, co2, id, place, two};

fn edition(clause: Clause, name: &str, in_force: Span) -> LiveClause {
    let clause = Clause {
        id: clause.id.replace("own-1", name),
        pack: name.to_owned(),
        document: "own-2002".to_owned(),
        ..clause
    };
    LiveClause { clause: Arc::new(clause), in_force, is_enforced: true }
}

fn before(border: Instant) -> Span {
    Span::new(Instant::MIN, border)
}

fn from(border: Instant) -> Span {
    Span::new(border, Instant::MAX)
}

/// An hour of bad air each from 08:00 on; the first edition ends at 10:00.
fn office(editions: Vec<LiveClause>) -> Run {
    let world = World { clauses: editions, ..World::new() };
    let mut run = world.run();
    run.co2_hours(at("03-02 08:00"), &[Some(1200.0), Some(1200.0)]);
    assert_eq!(run.kinds(), [TransitionKind::Firing]);
    run
}

#[test]
fn an_edition_that_ends_without_a_successor_withdraws_its_alert_a_window_later_and_says_why() {
    let border = at("03-02 10:00");
    let mut run = office(vec![edition(co2(), "own-1", before(border))]);
    run.advance(at("03-02 11:00"));
    assert_eq!(run.alert().unwrap().state, AlertState::Firing, "the hour is not over");
    run.advance(at("03-02 12:00"));
    assert_eq!(run.kinds(), [TransitionKind::Firing, TransitionKind::Withdrawn]);
    let told = run.transitions()[1];
    assert_eq!(told.alert.state, AlertState::Withdrawn);
    assert_eq!(told.alert.verdict.why["no_longer_in_force"], Fact::from("own-1/co2"));
    assert!(run.engine.alerts().is_empty());
    run.advance(at("03-03 12:00"));
    assert_eq!(run.kinds().len(), 2, "it is said once");
}

#[test]
fn a_successor_that_has_proven_nothing_leaves_the_alert_and_one_that_has_takes_over() {
    let border = at("03-02 10:00");
    for (means, left) in [(vec![Some(900.0)], vec![]), (vec![Some(1300.0)], vec!["own-2/co2"])] {
        let editions = vec![edition(co2(), "own-1", before(border)), edition(co2(), "own-2", from(border))];
        let mut run = office(editions);
        run.co2_hours(border, &[None, None]);
        assert_eq!(run.kinds(), [TransitionKind::Firing], "silence clears nothing");
        run.co2_hours(at("03-02 12:00"), &means);
        let told = run.transitions();
        let told = told.iter().find(|t| t.kind == TransitionKind::Withdrawn).unwrap();
        assert_eq!(told.alert.check.clause, "own-1/co2");
        assert_eq!(told.alert.verdict.why["judged_from_now_on_by"], Fact::from("own-2/co2"));
        let alerts: Vec<String> = run.engine.alerts().into_iter().map(|a| a.check.clause).collect();
        assert_eq!(alerts, left);
    }
}

#[test]
fn a_successor_that_spoke_long_ago_and_is_silent_since_has_taken_over_for_good() {
    let border = at("03-02 10:00");
    let mut run =
        office(vec![edition(co2(), "own-1", before(border)), edition(co2(), "own-2", from(border))]);
    run.co2_hours(border, &[Some(900.0)]);
    assert_eq!(run.kinds(), [TransitionKind::Firing, TransitionKind::Withdrawn]);
    run.advance(at("03-05 00:00"));
    assert_eq!(run.outcomes().last(), Some(&rules::Outcome::Insufficient));
    assert_eq!((run.kinds().len(), run.engine.alerts().len()), (2, 0));
}

#[test]
fn another_document_and_another_figure_take_nothing_over() {
    let border = at("03-02 10:00");
    let day = Clause { measure: Measure::Co2DayMean, period: Period::Day, ..co2() };
    let mut other = edition(co2(), "own-3", from(border));
    Arc::make_mut(&mut other.clause).document = "foreign".to_owned();
    let mut run =
        office(vec![edition(co2(), "own-1", before(border)), edition(day, "own-2", from(border)), other]);
    run.advance(at("03-02 12:00"));
    assert_eq!(run.kinds(), [TransitionKind::Firing, TransitionKind::Withdrawn]);
    assert!(!run.transitions()[1].alert.verdict.why.contains_key("judged_from_now_on_by"));
}

#[test]
fn what_late_data_finds_of_an_ended_edition_is_withdrawn_again() {
    let border = at("03-02 10:00");
    let world = World { clauses: vec![edition(co2(), "own-1", before(border))], ..World::new() };
    let mut run = world.run();
    run.co2_hours(at("03-02 08:00"), &[Some(900.0), None, Some(900.0), Some(900.0)]);
    run.steady("s1", model::Quantity::Co2, at("03-02 09:00"), border, 1500.0);
    run.advance(at("03-02 14:00"));
    assert_eq!(run.kinds(), [TransitionKind::Firing, TransitionKind::Withdrawn]);
    assert!(run.engine.alerts().is_empty());
}

#[test]
fn an_edition_that_is_given_more_time_has_its_alert_back() {
    let border = at("03-02 10:00");
    let mut run = office(vec![edition(co2(), "own-1", before(border))]);
    run.advance(at("03-02 12:00"));
    assert!(run.engine.alerts().is_empty());
    let longer = vec![edition(co2(), "own-1", before(at("03-05 00:00")))];
    let world = World::new();
    run.engine.rebind(Arc::new(world.register.clone()), &longer, world.options, &mut run.out);
    run.co2_hours(at("03-02 12:00"), &[Some(1200.0)]);
    assert_eq!(run.alert().unwrap().state, AlertState::Firing);
    assert_eq!(run.kinds(), [TransitionKind::Firing, TransitionKind::Withdrawn, TransitionKind::Firing]);
    assert_eq!(run.untold(), None, "whoever was told of its end is told that it is back");
}

#[test]
fn a_finding_of_the_register_ends_with_its_edition_too() {
    let mut world = World::new();
    let mut room = place("r1", PlaceKind::Room, Some("b"));
    room.usable_area_m2 = Some(90.0);
    world.register.places.insert(id("r1"), History::always(room));
    let area = Clause { measure: Measure::RoomArea, period: Period::Register, ..co2() };
    let limit = rules::Limit { unit: "m2".to_owned(), ..area.limit.clone() };
    let fixed = rules::Bound { at_most: Some(50.0), at_least: None };
    let area = Clause { limit: rules::Limit { fixed, ..limit }, ..area };
    let clauses = [edition(area, "own-1", before(at("03-04 00:00")))];
    let mut checks = RegisterChecks::new(Arc::new(world.register), &clauses);
    let mut out = Vec::new();
    for day in ["03-02 08:00", "03-03 08:00", "03-04 08:00", "03-05 08:00"] {
        checks.advance(at(day), &mut out);
    }
    let kinds: Vec<TransitionKind> = out
        .iter()
        .filter_map(|said| if let Output::Transition(t) = said { Some(t.kind) } else { None })
        .collect();
    assert_eq!(kinds, [TransitionKind::Firing, TransitionKind::Withdrawn]);
    assert!(checks.alerts().is_empty());
}

/// Room `r1` as `World` has it, until a day.
fn ended(until: &str) -> World {
    let mut world = World::new().with(co2());
    let mut rows = History::default();
    let value = place("r1", PlaceKind::Room, Some("b"));
    rows.insert(model::register::Dated { span: before(at(until)), value }).unwrap();
    world.register.places.insert(id("r1"), rows);
    world
}

#[test]
fn the_alert_of_a_room_that_the_register_ends_is_withdrawn_a_window_later_and_says_why() {
    let mut run = ended("03-03 00:00").run();
    run.steady("s1", model::Quantity::Co2, at("03-02 22:00"), at("03-03 00:00"), 1200.0);
    run.advance(at("03-03 01:00"));
    assert_eq!(run.alert().unwrap().state, AlertState::Firing, "the hour is not over");
    run.advance(at("03-03 02:00"));
    assert_eq!(run.kinds(), [TransitionKind::Firing, TransitionKind::Withdrawn]);
    let told = run.transitions()[1];
    assert_eq!((told.alert.state, told.alert.resolved_at), (AlertState::Withdrawn, None));
    assert_eq!(told.alert.verdict.why["no_longer_applies_to"], Fact::from("r1"));
    assert!(run.engine.alerts().is_empty());
    // Its sensor goes on; nobody judges it, and nothing is said again.
    run.steady("s1", model::Quantity::Co2, at("03-03 02:00"), at("03-03 12:00"), 1300.0);
    run.advance(at("03-04 00:00"));
    assert_eq!(run.kinds().len(), 2);
}

#[test]
fn a_room_put_to_another_use_takes_its_alert_along_and_one_that_only_grows_does_not() {
    for (use_after, left) in [(model::RoomUse::Storage, 0), (model::RoomUse::Office, 1)] {
        let mut clause = co2();
        clause.applies_to.room_use = vec![model::RoomUse::Office];
        let mut world = World::new().with(clause);
        let room = place("r1", PlaceKind::Room, Some("b"));
        let after = model::Place { room_use: Some(use_after), usable_area_m2: Some(90.0), ..room.clone() };
        world.register.places.insert(id("r1"), two(room, at("03-03 00:00"), after));
        let mut run = world.run();
        run.steady("s1", model::Quantity::Co2, at("03-02 22:00"), at("03-03 00:00"), 1200.0);
        run.advance(at("03-03 03:00"));
        assert_eq!(run.engine.alerts().len(), left);
        assert!(!run.kinds().contains(&TransitionKind::Resolved));
    }
}

#[test]
fn a_room_that_is_given_more_time_has_its_alert_back() {
    let mut run = ended("03-03 00:00").run();
    run.steady("s1", model::Quantity::Co2, at("03-02 22:00"), at("03-03 00:00"), 1200.0);
    run.advance(at("03-03 02:00"));
    assert!(run.engine.alerts().is_empty());
    let longer = World::new().with(co2());
    let register = Arc::new(longer.register.clone());
    run.engine.rebind(register, &longer.clauses, longer.options, &mut run.out);
    run.co2_hours(at("03-03 02:00"), &[Some(1200.0)]);
    assert_eq!(run.alert().unwrap().state, AlertState::Firing);
}

#[test]
fn a_finding_of_the_register_ends_with_its_room_too() {
    let mut world = ended("03-04 00:00");
    let area = Clause { measure: Measure::RoomArea, period: Period::Register, ..co2() };
    let fixed = rules::Bound { at_most: Some(10.0), at_least: None };
    let limit = rules::Limit { unit: "m2".to_owned(), fixed, ..area.limit.clone() };
    world.clauses.clear();
    let world = world.with(Clause { limit, ..area });
    let mut checks = RegisterChecks::new(Arc::new(world.register.clone()), &world.clauses);
    let mut out = Vec::new();
    for day in ["03-02 08:00", "03-03 08:00", "03-04 08:00", "03-05 08:00"] {
        checks.advance(at(day), &mut out);
    }
    let told = out.iter().filter_map(|said| if let Output::Transition(t) = said { Some(t) } else { None });
    let kinds: Vec<(TransitionKind, &str)> = told
        .map(|t| (t.kind, t.alert.check.subject.id().as_str()))
        .filter(|(_, room)| *room == "r1")
        .collect();
    assert_eq!(kinds, [(TransitionKind::Firing, "r1"), (TransitionKind::Withdrawn, "r1")]);
}

/// A county's room `r1` in a building of a cold zone, whose alert fires in the last hour of the second of March;
/// then the register changes.
fn of_county(clause: Clause, body_after: Body, zone_after: ClimateZone) -> Run {
    let border = at("03-03 00:00");
    let mut world = World::new().with(clause);
    let body = Body { level: Some(Level::County), ..body("office") };
    world.register.bodies.insert(id("office"), two(body, border, body_after));
    let building = |zone| model::Place {
        body: Some(id("office")),
        climate_zone: Some(zone),
        ..place("b", PlaceKind::Building, None)
    };
    let buildings = two(building(ClimateZone::Cold), border, building(zone_after));
    world.register.places.insert(id("b"), buildings);
    let mut run = world.run();
    run.steady("s1", model::Quantity::Co2, at("03-02 22:00"), border, 1200.0);
    run.advance(at("03-03 01:00"));
    assert_eq!(run.alert().unwrap().state, AlertState::Firing, "the hour is not over");
    run.advance(at("03-03 03:00"));
    run
}

#[test]
fn an_alert_ends_where_level_or_zone_change_so_that_the_clause_is_for_another() {
    let at_level = |level| Body { level: Some(level), ..body("office") };
    let mut scoped = co2();
    scoped.applies_to.level = vec![Level::County];
    scoped.applies_to.climate_zone = vec![ClimateZone::Cold, ClimateZone::SevereCold];
    let mut tabled = co2();
    let row = rules::Row {
        key: vec!["county".to_owned()],
        bound: rules::Bound { at_most: Some(1000.0), at_least: None },
        rating: None,
    };
    tabled.limit.table = Some(rules::LimitTable { by: vec![rules::Attribute::Level], rows: vec![row] });
    let ended = vec![TransitionKind::Firing, TransitionKind::Withdrawn];
    let stands = vec![TransitionKind::Firing];
    for (clause, level, zone, told) in [
        (&scoped, Level::City, ClimateZone::Cold, &ended),
        (&scoped, Level::County, ClimateZone::Temperate, &ended),
        (&scoped, Level::County, ClimateZone::SevereCold, &stands),
        (&tabled, Level::City, ClimateZone::Cold, &ended),
        (&tabled, Level::County, ClimateZone::Temperate, &stands),
    ] {
        let run = of_county(clause.clone(), at_level(level), zone);
        assert_eq!(run.kinds(), *told, "{level:?} {zone:?}");
        assert_eq!(run.engine.alerts().len(), 2 - told.len());
    }
    // A level that is not known asks for nothing less: it is to be told.
    let run = of_county(scoped, body("office"), ClimateZone::Cold);
    assert_eq!(run.kinds(), stands);
}

#[test]
fn a_register_that_says_that_the_clause_never_applied_ends_its_alert_at_once() {
    let level = |level| {
        let mut world = World::new();
        let mut clause = co2();
        clause.applies_to.level = vec![Level::County];
        let building = model::Place { body: Some(id("office")), ..place("b", PlaceKind::Building, None) };
        world.place(building);
        world
            .register
            .bodies
            .insert(id("office"), History::always(Body { level: Some(level), ..body("office") }));
        world.with(clause)
    };
    let mut run = level(Level::County).run();
    run.co2_hours(at("03-02 08:00"), &[Some(1200.0)]);
    assert_eq!(run.kinds(), [TransitionKind::Firing]);
    let world = level(Level::City);
    run.engine.rebind(Arc::new(world.register.clone()), &world.clauses, world.options, &mut run.out);
    run.co2_hours(at("03-02 10:00"), &[Some(1200.0)]);
    assert_eq!(run.kinds(), [TransitionKind::Firing, TransitionKind::Withdrawn]);
    assert!(run.engine.alerts().is_empty());
}
