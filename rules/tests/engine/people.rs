//! Who is in a room: fusion, hold-off, doors, aggregates.

use model::{Period, PlaceKind, Quantity, Reading, RoomUse, register::Sensor};
use rules::{Fact, Measure, measure};

use crate::world::{World, at, clause, id, place, reading};

fn all(world: &World, measured: Measure, name: &str, readings: &[Reading]) -> (Option<f64>, f64) {
    let register = std::sync::Arc::new(world.register.clone());
    let rows = measure(&register, measured, Period::Hour, None, None, readings.to_vec()).unwrap();
    let row = rows.iter().find(|row| row.place == id(name)).unwrap();
    (row.value, row.coverage)
}

/// A value every 5 minutes from 10:00 to 11:00 on a Monday, as far as `value` gives one.
fn hour(sensor: &str, quantity: Quantity, value: impl Fn(i64) -> Option<f64>) -> Vec<Reading> {
    let minutes = (0..60).step_by(5);
    let sent = minutes.filter_map(|minute| Some((minute, value(minute)?)));
    sent.map(|(minute, v)| reading(sensor, quantity, at("03-02 10:00").plus_ms(minute * 60_000), v)).collect()
}

#[test]
fn motion_occupies_for_the_hold_off_after_each_value_above_zero() {
    let motion = hour("s1", Quantity::Motion, |minute| Some(f64::from(u8::from(minute == 20))));
    assert_eq!(all(&World::new(), Measure::Utilisation, "r1", &motion), (Some(0.25), 1.0));
    let events = hour("s1", Quantity::MotionCount, |minute| Some(if minute == 20 { 7.0 } else { 0.0 }));
    assert_eq!(all(&World::new(), Measure::Utilisation, "r1", &events), (Some(0.25), 1.0));
}

#[test]
fn held_motion_ends_where_the_sensor_is_no_longer_observed() {
    let mut world = World::new();
    world.sensor(Sensor { max_gap_s: 300.0, ..Sensor::new(id("s1"), id("r1")) });
    let motion =
        hour("s1", Quantity::Motion, |minute| (minute <= 20).then_some(f64::from(u8::from(minute == 20))));
    let (value, coverage) = all(&world, Measure::Utilisation, "r1", &motion);
    assert_eq!((value, coverage), (Some(0.2), 0.416_667), "5 of the 25 minutes that are known");
}

#[test]
fn an_observed_count_decides_over_presence_and_presence_over_motion() {
    let mut readings = hour("s1", Quantity::PeopleCount, |minute| (minute < 10).then_some(0.0));
    readings.extend(hour("t1", Quantity::Occupied, |minute| (minute < 30).then_some(1.0)));
    readings.extend(hour("t1", Quantity::Motion, |_| Some(0.0)));
    // Count: 0 to 20 (its last value stands 15). Presence: 20 to 40. Motion: 40 to 60.
    assert_eq!(all(&World::new(), Measure::Utilisation, "r1", &readings), (Some(0.333_333), 1.0));
}

#[test]
fn a_silent_presence_sensor_leaves_the_room_unknown_unless_another_sees_somebody() {
    let mut readings = hour("s1", Quantity::Occupied, |minute| Some(f64::from(u8::from(minute < 15))));
    readings.extend(hour("t1", Quantity::Occupied, |minute| (minute < 15 || minute == 40).then_some(0.0)));
    // The second is known to 25 and from 40 to 45; else the first alone cannot say that nobody is there.
    assert_eq!(all(&World::new(), Measure::Utilisation, "r1", &readings), (Some(0.5), 0.5));
}

#[test]
fn counts_of_zones_add_and_overlapping_zones_give_the_larger() {
    let zoned = |overlaps: Option<&str>| {
        let mut world = World::new();
        let sensor = |name: &str, zone: &str, overlaps: Option<&str>| Sensor {
            zone: Some(zone.to_owned()),
            overlaps: overlaps.map(str::to_owned),
            ..Sensor::new(id(name), id("r1"))
        };
        world.sensor(sensor("s1", "north", None));
        world.sensor(sensor("t1", "south", overlaps));
        let mut readings = hour("s1", Quantity::PeopleCount, |_| Some(2.0));
        readings.extend(hour("t1", Quantity::PeopleCount, |_| Some(3.0)));
        all(&world, Measure::PeakPeople, "r1", &readings).0
    };
    assert_eq!((zoned(None), zoned(Some("north"))), (Some(5.0), Some(3.0)));
}

#[test]
fn doors_count_from_nobody_at_local_midnight_and_why_says_so() {
    let peak = clause("peak", PlaceKind::Room, Measure::PeakPeople, Period::Day, 100.0);
    let mut run = World::new().with(peak).run();
    let mut time = at("03-02 00:00");
    while time < at("03-04 00:00") {
        let came = if time == at("03-02 09:00") || time == at("03-03 08:00") { 5.0 } else { 0.0 };
        let left = if time == at("03-02 18:00") { 2.0 } else { 0.0 };
        run.send("s1", Quantity::PeopleIn, time, came);
        run.send("s1", Quantity::PeopleOut, time, left);
        time = time.plus_ms(300_000);
    }
    run.advance(at("03-04 01:00"));
    let said: Vec<_> = run.verdicts().iter().map(|v| (v.value, v.coverage)).collect();
    assert_eq!(
        said,
        [(Some(5.0), 1.0), (Some(5.0), 1.0)],
        "three are still inside at midnight: they are gone"
    );
    let why = run.verdicts()[0].why.get("counted").cloned();
    assert!(matches!(why, Some(Fact::Text(text)) if text.contains("midnight")));
}

#[test]
fn what_passed_a_door_late_changes_the_rest_of_its_day() {
    let peak = clause("peak", PlaceKind::Room, Measure::PeakPeople, Period::Hour, 100.0);
    let feed = |late: bool| {
        let mut run = World::new().with(peak.clone()).run();
        let mut time = at("03-02 08:00");
        while time < at("03-02 12:00") {
            let came = f64::from(u8::from(time == at("03-02 08:30")));
            if !(late && came > 0.0) {
                run.send("s1", Quantity::PeopleIn, time, came);
            }
            run.send("s1", Quantity::PeopleOut, time, 0.0);
            time = time.plus_ms(300_000);
        }
        if late {
            run.send("s1", Quantity::PeopleIn, at("03-02 08:30"), 1.0);
        }
        run.advance(at("03-02 13:00"));
        run.state().into_values().map(|v| (v.value, v.coverage)).collect::<Vec<_>>()
    };
    assert_eq!(feed(false).iter().map(|(v, _)| *v).collect::<Vec<_>>(), [Some(1.0); 4]);
    assert_eq!(feed(false), feed(true));
}

#[test]
fn a_building_weights_occupation_by_area_and_unobserved_rooms_lower_the_coverage() {
    let mut world = World::new();
    let mut big = place("r2", PlaceKind::Room, Some("b"));
    big.usable_area_m2 = Some(60.0);
    world.place(big);
    world.place(place("r3", PlaceKind::Room, Some("b")));
    let mut store = place("r4", PlaceKind::Room, Some("b"));
    store.room_use = Some(RoomUse::Storage);
    world.place(store);
    let mut readings = hour("s1", Quantity::Occupied, |_| Some(1.0));
    readings.extend(hour("s2", Quantity::Occupied, |_| Some(0.0)));
    assert_eq!(all(&world, Measure::Utilisation, "b", &readings), (Some(0.25), 0.8));
}

#[test]
fn the_peak_of_a_building_is_the_peak_of_the_sum() {
    let mut readings = hour("s1", Quantity::PeopleCount, |minute| Some(if minute < 30 { 3.0 } else { 0.0 }));
    readings.extend(hour("s2", Quantity::PeopleCount, |minute| Some(if minute < 30 { 0.0 } else { 4.0 })));
    assert_eq!(all(&World::new(), Measure::PeakPeople, "b", &readings).0, Some(4.0));
}

#[test]
fn use_of_seats_and_area_count_people_and_name_what_is_missing() {
    let people = hour("s1", Quantity::PeopleCount, |minute| Some(if minute < 30 { 2.0 } else { 0.0 }));
    assert_eq!(all(&World::new(), Measure::SeatUtilisation, "r1", &people).0, Some(0.25));
    assert_eq!(all(&World::new(), Measure::AreaPerPerson, "r1", &people), (Some(10.0), 1.0));
    let mut world =
        World::new().with(clause("seats", PlaceKind::Room, Measure::SeatUtilisation, Period::Hour, 1.0));
    let mut bare = place("r1", PlaceKind::Room, Some("b"));
    bare.capacity = None;
    world.place(bare);
    let mut run = world.run();
    people.iter().for_each(|r| {
        run.observe(r);
    });
    run.finish();
    assert_eq!(run.verdicts()[0].why.get("missing"), Some(&Fact::from("capacity")));
    assert_eq!(run.verdicts()[0].outcome, rules::Outcome::Insufficient);
}

#[test]
fn an_unobserved_day_is_not_an_idle_one() {
    let idle = clause("idle", PlaceKind::Room, Measure::IdleWorkingDays, Period::Week, 1.0);
    let mut run = World::new().with(idle).run();
    // Monday to Friday: empty, empty, unobserved, used, half observed.
    for (day, state) in [("03-02", 0.0), ("03-03", 0.0), ("03-05", 1.0)] {
        run.steady("s1", Quantity::Occupied, at(&format!("{day} 08:00")), at(&format!("{day} 19:00")), state);
    }
    run.steady("s1", Quantity::Occupied, at("03-06 09:00"), at("03-06 13:00"), 0.0);
    run.advance(at("03-09 01:00"));
    assert_eq!(run.verdicts()[0].value, Some(2.0));
    assert_eq!(run.verdicts()[0].why.get("working_days"), Some(&Fact::Number(5.0)));
}

fn covered(world: &World, period: Period, readings: &[Reading]) -> Vec<(Option<f64>, f64)> {
    let register = std::sync::Arc::new(world.register.clone());
    let rows = measure(&register, Measure::Utilisation, period, None, None, readings.to_vec()).unwrap();
    rows.iter().filter(|row| row.place == id("r1")).map(|row| (row.value, row.coverage)).collect()
}

#[test]
fn a_week_is_covered_only_as_far_as_it_was_observed_also_before_the_first_and_after_the_last_reading() {
    // 45 working hours from Monday to Friday: 9 of them on the first Friday, 3 on the second Monday.
    let day = |from: &str, hours: i64| {
        let start = at(from);
        let sent = (0..hours * 12).map(move |n| start.plus_ms(n * 300_000));
        sent.map(|time| reading("s1", Quantity::Occupied, time, 1.0)).collect::<Vec<_>>()
    };
    let readings = [day("03-06 09:00", 9), day("03-09 09:00", 3)].concat();
    assert_eq!(covered(&World::new(), Period::Week, &readings), [(Some(1.0), 0.2), (Some(1.0), 0.066_667)]);
}

#[test]
fn a_recording_as_a_whole_ends_with_its_last_reading_and_not_with_the_hour() {
    let sent = (0..18).map(|n| at("03-06 10:05").plus_ms(n * 300_000));
    let readings: Vec<Reading> = sent.map(|time| reading("s1", Quantity::Occupied, time, 1.0)).collect();
    assert_eq!(covered(&World::new(), Period::All, &readings), [(Some(1.0), 1.0)]);
}

#[test]
fn a_building_is_covered_only_as_far_as_its_rooms_were_observed() {
    let sent = (0..54).map(|n| at("03-06 13:30").plus_ms(n * 300_000));
    let readings: Vec<Reading> =
        sent.flat_map(|t| ["s1", "s2"].map(|s| reading(s, Quantity::Occupied, t, 1.0))).collect();
    let register = std::sync::Arc::new(World::new().register);
    let rows = measure(&register, Measure::Utilisation, Period::Day, None, None, readings).unwrap();
    let row = rows.iter().find(|row| row.place == id("b")).unwrap();
    assert_eq!((row.value, row.coverage), (Some(1.0), 0.5));
}
