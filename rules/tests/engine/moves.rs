//! Rooms that move from one building to another: each building is judged with them while it has them.

use std::{collections::BTreeMap, sync::Arc};

use model::{
    Id, Instant, Period, Place, PlaceKind, Quantity, Reading, Span,
    register::{History, Sensor},
};
use rules::{
    Clause, EngineOptions, Fact, Measure, MeasureRow, SavedShard, Subject, Verdict, measure, moved_days,
};

use crate::{
    bodies::{held, quota, staffed},
    reopen::Keeper,
    world::{Run, World, at, clause, co2, id, place, reading, two},
};

const HOUR: i64 = 3_600_000;

/// A room of `area` m2 in a building.
fn room(name: &str, building: &str, area: f64) -> Place {
    Place { usable_area_m2: Some(area), ..place(name, PlaceKind::Room, Some(building)) }
}

/// Buildings `b` and `c`: `r1` of 20 m2 and `r2` of 40 m2 in the first, `r3` of 20 m2 in the second, with a
/// sensor each and electricity meters in `r1` and `r3`, every hour; nobody moves.
fn still() -> World {
    let mut world = World::new();
    world.place(place("c", PlaceKind::Building, None));
    for (name, building, area) in [("r1", "b", 20.0), ("r2", "b", 40.0), ("r3", "c", 20.0)] {
        world.place(room(name, building, area));
        let sensor = Sensor::new(id(&name.replace('r', "s")), id(name));
        world.sensor(Sensor { interval_s: 3600.0, max_gap_s: 3600.0, ..sensor });
    }
    world.register.sensors.remove("t1");
    world.meter("m1", "r1", |_| {});
    world.meter("m3", "r3", |_| {});
    world.options = EngineOptions { horizon_ms: 40 * 24 * HOUR, ..world.options };
    world
}

/// The same, and `r1` is a room of `c` from the tenth of March on.
fn moving() -> World {
    let mut world = still();
    let rows = two(room("r1", "b", 20.0), at("03-10 00:00"), room("r1", "c", 20.0));
    world.register.places.insert(id("r1"), rows);
    world
}

/// Every hour of March: `r1` is always used, by four people, at 1 kW; `r3` by two at none, and `r2` by nobody.
fn march() -> Vec<Reading> {
    let mut all = Vec::new();
    let mut time = at("03-01 00:00");
    let mut register = 0.0;
    while time <= at("04-01 00:00") {
        all.push(reading("m1", Quantity::EnergyImport, time, register));
        all.push(reading("m3", Quantity::EnergyImport, time, 0.0));
        register += 1.0;
        if time < at("04-01 00:00") {
            for (sensor, people) in [("s1", 4.0), ("s2", 0.0), ("s3", 2.0)] {
                all.push(reading(sensor, Quantity::PeopleCount, time, people));
            }
        }
        time = time.plus_ms(HOUR);
    }
    all
}

fn of(rows: &[MeasureRow], place: &str) -> Vec<(Option<f64>, f64)> {
    rows.iter().filter(|row| row.place.as_str() == place).map(|row| (row.value, row.coverage)).collect()
}

fn taken(world: &World, what: Measure, period: Period) -> Vec<MeasureRow> {
    let (from, to) = (Some(at("03-01 00:00")), Some(at("04-01 00:00")));
    measure(&Arc::new(world.register.clone()), what, period, from, to, march()).unwrap()
}

#[test]
fn a_room_of_20_m2_that_moves_on_the_tenth_counts_in_each_building_while_it_is_there() {
    // March 2026 has 6 working days before the tenth and 16 from then on; r3 is used too.
    let rows = taken(&moving(), Measure::Utilisation, Period::Month);
    // b: 20 of 60 m2 on 6 days, 0 of 40 on 16. c: 20 of 20 m2 on 6 days, 40 of 40 on 16.
    assert_eq!(of(&rows, "b"), [(Some(0.12), 1.0)]);
    assert_eq!(of(&rows, "c"), [(Some(1.0), 1.0)]);
    // Nobody moved: 20 of 60 m2 all month.
    let rows = taken(&still(), Measure::Utilisation, Period::Month);
    assert_eq!(of(&rows, "b"), [(Some(0.333_333), 1.0)]);
}

#[test]
fn what_the_meter_of_a_room_counts_goes_to_the_building_where_the_room_is() {
    let rows = taken(&moving(), Measure::Electricity, Period::Month);
    // 1 kW on the 9 days before the tenth, and on the 22 from then on.
    assert_eq!(of(&rows, "b")[0].0, Some(216.0));
    assert_eq!(of(&rows, "c")[0].0, Some(528.0));
    assert_eq!(of(&rows, "r1"), [(Some(744.0), 1.0)]);
}

#[test]
fn the_most_people_of_a_day_are_those_of_the_rooms_that_a_building_has_on_that_day() {
    let rows = taken(&moving(), Measure::PeakPeople, Period::Day);
    let peaks =
        |building| of(&rows, building).into_iter().map(|(value, _)| value.unwrap()).collect::<Vec<_>>();
    assert_eq!(peaks("b")[8..10], [4.0, 0.0], "on the ninth and on the tenth");
    assert_eq!(peaks("c")[8..10], [2.0, 6.0]);
}

#[test]
fn a_building_without_any_sensor_of_its_own_is_judged_from_the_day_on_which_a_room_moves_in() {
    let mut world =
        moving().with(clause("people", PlaceKind::Building, Measure::PeakPeople, Period::Day, 9.0));
    world.register.sensors.remove("s3");
    let mut run = world.run();
    for reading in &march() {
        run.observe(reading);
    }
    run.finish();
    let first = |building: &str| {
        let mut of = run.verdicts().into_iter().filter(|v| v.subject == Subject::Place(id(building)));
        of.next().map(|v| (v.window.from, v.value, v.coverage))
    };
    assert_eq!(first("b"), Some((at("03-01 00:00"), Some(4.0), 1.0)));
    assert_eq!(first("c"), Some((at("03-10 00:00"), Some(4.0), 1.0)));
}

/// What is said last of each window, but not when, nor how often it was said.
fn said(run: &Run) -> BTreeMap<(String, Subject, Instant), Verdict> {
    let plain = |v: Verdict| Verdict { time: Instant::MIN, revision: 0, ..v };
    run.state().into_iter().map(|(key, verdict)| (key, plain(verdict))).collect()
}

/// The first window of which two runs do not say the same.
fn difference(one: &Run, other: &Run) -> Option<String> {
    let (one, other) = (said(one), said(other));
    let mut keys = one.keys().chain(other.keys());
    let said = |v: Option<&Verdict>| v.map(|v| (v.outcome, v.value, v.coverage, v.why.clone()));
    let differs = |key: &&(String, Subject, Instant)| one.get(*key) != other.get(*key);
    keys.find(differs).map(|key| format!("{key:?}: {:?}, {:?}", said(one.get(key)), said(other.get(key))))
}

fn judged(world: World) -> World {
    let outdoors = Clause { outdoor_ppm: Some(400.0), ..co2() };
    let people = |name, period| clause(name, PlaceKind::Building, Measure::PeakPeople, period, 3.0);
    let used = clause("used", PlaceKind::Building, Measure::Electricity, Period::Day, 20.0);
    let mut world = world.with(people("people", Period::Day)).with(used).with(outdoors);
    for (sensor, building) in [("o-b", "b"), ("o-c", "c")] {
        let sensor = Sensor::new(id(sensor), id(building));
        world.sensor(Sensor { interval_s: 3600.0, max_gap_s: 3600.0, ..sensor });
    }
    world
}

/// March, with 900 ppm in every room, 400 ppm before the first building and 600 before the second.
fn air() -> Vec<Reading> {
    let mut all = march();
    let mut time = at("03-01 00:00");
    while time < at("04-01 00:00") {
        let values = [("s1", 900.0), ("s2", 900.0), ("s3", 900.0)];
        all.extend(values.map(|(sensor, ppm)| reading(sensor, Quantity::Co2, time, ppm)));
        let values = [("o-b", 400.0), ("o-c", 600.0)];
        all.extend(values.map(|(sensor, ppm)| reading(sensor, Quantity::OutdoorCo2, time, ppm)));
        time = time.plus_ms(HOUR);
    }
    all.sort_by_key(|reading| reading.time);
    all
}

#[test]
fn a_room_breathes_the_outdoor_air_of_the_building_where_it_is() {
    let mut run = judged(moving()).run();
    for reading in &air() {
        run.observe(reading);
    }
    run.finish();
    let outdoors = |room: &str, time: &str| {
        let key = ("own-1/co2".to_owned(), Subject::Place(id(room)), at(time));
        run.state()[&key].why["outdoor_ppm"].clone()
    };
    assert_eq!(outdoors("r1", "03-09 23:00"), Fact::Number(400.0));
    assert_eq!(outdoors("r1", "03-10 00:00"), Fact::Number(600.0));
    assert_eq!(outdoors("r2", "03-20 12:00"), Fact::Number(400.0));
    assert_eq!(outdoors("r3", "03-05 12:00"), Fact::Number(600.0));
}

#[test]
fn a_restart_between_the_days_of_a_move_changes_nothing_that_is_said() {
    let world = judged(moving());
    let mut whole = world.run();
    let mut run = world.run();
    let mut saved: BTreeMap<String, String> = BTreeMap::new();
    for (number, reading) in air().iter().enumerate() {
        whole.observe(reading);
        run.observe(reading);
        if number % 700 != 0 {
            continue;
        }
        for (key, piece) in run.engine.take_changed() {
            saved.insert(key, serde_json::to_string(&piece).unwrap());
        }
        let mut next = Run { engine: world.engine(), out: std::mem::take(&mut run.out) };
        for (key, text) in &saved {
            next.engine.restore(key, serde_json::from_str::<SavedShard>(text).unwrap());
        }
        run = next;
    }
    whole.finish();
    run.finish();
    assert_eq!(whole.out, run.out);
}

#[test]
fn a_move_that_the_register_learns_of_in_time_is_judged_as_if_it_had_always_been_known() {
    let (before, after) = (judged(still()), judged(moving()));
    let mut known = after.run();
    let mut told = before.run();
    let mut is_told = false;
    for reading in air() {
        if !is_told && reading.time >= at("03-05 12:00") {
            let register = Arc::new(after.register.clone());
            let mut gone = told.engine.rebind(register, &after.clauses, after.options, &mut told.out);
            gone.sort();
            assert_eq!(gone, ["clock/c", "outdoor/c"], "two shards have become one");
            is_told = true;
        }
        known.observe(&reading);
        told.observe(&reading);
    }
    known.finish();
    told.finish();
    assert_eq!(difference(&known, &told), None);
    // The first building has no meter from the tenth on.
    assert_eq!(said(&known).len(), 3 * 31 * 24 + 3 * 31 + 9);
}

#[test]
fn a_move_that_the_register_learns_of_too_late_is_told_anew_from_its_day_on() {
    let (before, after) = (judged(still()), judged(moving()));
    let mut known = Keeper::new(after.run());
    let mut told = Keeper::new(before.run());
    let learns = at("03-14 12:00");
    let mut is_told = false;
    for reading in air() {
        if !is_told && reading.time >= learns {
            let register = Arc::new(after.register.clone());
            told.run.engine.rebind(register, &after.clauses, after.options, &mut told.run.out);
            let reach = Span::new(at("03-01 00:00"), learns);
            let days = moved_days(&before.register, &after.register, reach);
            let first = days.first().unwrap();
            assert_eq!((first.place.as_str(), first.day, days.len()), ("r1", at("03-10 00:00"), 2 * 5));
            told.mark(days);
            told.reopen();
            is_told = true;
        }
        known.observe(&reading);
        told.observe(&reading);
    }
    for keeper in [&mut known, &mut told] {
        keeper.run.finish();
        keeper.keep();
    }
    let end = at("04-01 00:00");
    let (known, told) = (known.said(end), told.said(end));
    for key in known.keys().chain(told.keys()) {
        assert_eq!(known.get(key), told.get(key), "{key:?}");
    }
}

#[test]
fn days_are_marked_where_a_place_or_one_above_it_has_moved_and_nowhere_else() {
    let reach = Span::new(at("03-01 00:00"), at("03-12 08:00"));
    let (still, moving) = (still().register, moving().register);
    assert!(moved_days(&moving, &moving, reach).is_empty());
    let days = |before, after| {
        let days = moved_days(before, after, reach).into_iter().filter(|day| day.is_meter);
        days.map(|day| (day.place.to_string(), day.day)).collect::<Vec<_>>()
    };
    let moved: Vec<(String, Instant)> =
        ["03-10", "03-11", "03-12"].map(|day| ("r1".to_owned(), at(&format!("{day} 00:00")))).into();
    assert_eq!(days(&still, &moving), moved);
    assert_eq!(days(&moving, &still), moved, "taken back");
    // A floor takes its room along; a room that is new, or gone, has moved nowhere.
    let floor = |building| place("f", PlaceKind::Floor, Some(building));
    let mut before = still.clone();
    before.places.insert(id("f"), History::always(floor("b")));
    before.places.insert(id("r1"), History::always(place("r1", PlaceKind::Room, Some("f"))));
    let mut after = before.clone();
    after.places.insert(id("f"), two(floor("b"), at("03-11 00:00"), floor("c")));
    after.places.insert(id("new"), History::always(place("new", PlaceKind::Room, Some("f"))));
    after.places.remove(&id("r3"));
    let names: Vec<String> = days(&before, &after).into_iter().map(|(place, _)| place).collect();
    assert_eq!(names, ["f", "f", "r1", "r1"]);
}

#[test]
fn a_move_that_is_taken_back_before_its_day_leaves_two_buildings_that_go_on_each_for_itself() {
    let (before, after) = (judged(moving()), judged(still()));
    let mut never = after.run();
    let mut told = before.run();
    let mut is_told = false;
    for reading in air() {
        if !is_told && reading.time >= at("03-05 12:00") {
            let register = Arc::new(after.register.clone());
            let gone = told.engine.rebind(register, &after.clauses, after.options, &mut told.out);
            assert_eq!(gone, Vec::<String>::new());
            is_told = true;
        }
        never.observe(&reading);
        told.observe(&reading);
    }
    never.finish();
    told.finish();
    assert_eq!(difference(&never, &told), None);
}

#[test]
fn a_body_has_the_use_of_a_room_while_the_room_is_in_a_building_of_its_own() {
    let mut world = World::new().with(quota());
    for (building, agency, people) in [("b", "agency", 100.0), ("c", "bureau", 50.0)] {
        world.place(held(building, PlaceKind::Building, None, Some(agency)));
        world.register.bodies.insert(id(agency), History::always(staffed(agency, None, Some(people))));
        world.meter(&format!("m-{building}"), building, |_| {});
    }
    let border = at("2025-07-01 00:00");
    world.register.places.insert(id("r1"), two(room("r1", "b", 20.0), border, room("r1", "c", 20.0)));
    world.meter("m1", "r1", |_| {});
    let mut run = world.run();
    for (time, totals) in [
        (at("2025-01-01 00:00"), [0.0, 0.0, 0.0]),
        (border, [90_000.0, 20_000.0, 100_000.0]),
        (at("2026-01-01 00:00"), [200_000.0, 50_000.0, 400_000.0]),
    ] {
        for (meter, total) in ["m-b", "m-c", "m1"].into_iter().zip(totals) {
            run.send(meter, Quantity::EnergyImport, time, total);
        }
    }
    run.advance(at("2026-01-01 02:00"));
    let figure = |body: &str| {
        let of =
            |v: &&Verdict| v.subject == Subject::Body(id(body)) && v.window.from == at("2025-01-01 00:00");
        let said: Vec<&Verdict> = run.verdicts().into_iter().filter(of).collect();
        (said.len(), said[0].value, said[0].coverage)
    };
    // 200 MWh of the building and 100 of the room, over 100 people; 50 and 300 over 50.
    assert_eq!(figure("agency"), (1, Some(3000.0), 1.0));
    assert_eq!(figure("bureau"), (1, Some(7000.0), 1.0));
}

#[test]
fn a_floor_takes_its_rooms_along_and_buildings_that_share_nothing_stay_apart() {
    let mut world = World::new();
    for building in ["c", "d"] {
        world.place(place(building, PlaceKind::Building, None));
    }
    let floor = |building| place("f", PlaceKind::Floor, Some(building));
    world.register.places.insert(id("f"), two(floor("b"), at("03-10 00:00"), floor("c")));
    world.place(place("r1", PlaceKind::Room, Some("f")));
    world.place(place("r3", PlaceKind::Room, Some("d")));
    world.sensor(Sensor::new(id("s3"), id("r3")));
    let world = world.with(clause("people", PlaceKind::Building, Measure::PeakPeople, Period::Hour, 1.0));
    let mut run = world.run();
    for time in [at("03-09 23:00"), at("03-10 12:00")] {
        run.steady("s1", Quantity::PeopleCount, time, time.plus_ms(HOUR), 2.0);
        run.steady("s3", Quantity::PeopleCount, time, time.plus_ms(HOUR), 3.0);
    }
    run.finish();
    let seen = |building: &str| -> Vec<(Instant, Option<f64>)> {
        let subject = Subject::Place(Id::parse(building).unwrap());
        let state = run.state().into_values();
        let known = state.filter(|v| v.subject == subject && v.value.is_some() && v.coverage == 1.0);
        known.map(|v| (v.window.from, v.value)).collect()
    };
    assert_eq!(seen("b"), [(at("03-09 23:00"), Some(2.0))]);
    assert_eq!(seen("c"), [(at("03-10 12:00"), Some(2.0))]);
    assert_eq!(seen("d"), [(at("03-09 23:00"), Some(3.0)), (at("03-10 12:00"), Some(3.0))]);
    let mut clocks: Vec<String> = run.engine.take_changed().into_iter().map(|(key, _)| key).collect();
    clocks.retain(|key| key.starts_with("clock/"));
    assert_eq!(clocks, ["clock/b", "clock/d"], "d shares nothing with the others");
}
