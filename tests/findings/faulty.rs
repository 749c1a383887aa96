//! Offices with failing sensors: no alarm that a fault has made, and nothing told to be over that goes on.
//!
//! Where nothing but another sensor could tell the difference, the case is named and counted.

use std::collections::BTreeSet;

use model::Span;
use sensors_sim::Scenario;

use crate::{
    compare::{Comparison, Pair, Seeded, compare},
    office::{demo, scenario, small, with_faults},
    play::{DAY, Files, HOUR, at, days, play, play_edited, play_with},
};

const MONDAY: &str = "2026-01-19T00:00:00+01:00";
const WEDNESDAY: &str = "2026-01-21";

const CO2: &str = "gb-t-18883-2022/co2";
const EMPTY: &str = "normwatch-policy-1/energy-while-empty";

/// Sensors of rooms that are seeded to breach, and of rooms that are not.
const SENSORS: [&str; 11] = [
    "air-duty-120",
    "air-meeting-131",
    "count-office-104",
    "air-office-102",
    "hvac-office-102",
    "plug-office-101",
    "air-office-103",
    "count-office-106",
    "air-single-110",
    "air-meeting-130",
    "hvac-office-103",
];
const METERS: [&str; 4] = ["plug-office-101", "meter-lighting", "meter-sockets", "meter-total"];
/// Rooms in breach whose sensors go away.
const BREACHED: [&str; 4] = ["duty-120", "meeting-131", "office-104", "office-102"];

fn week() -> Span {
    days(at(MONDAY), 7)
}

/// What a fault of the sensors does that nobody can know from these sensors alone.
#[derive(Default)]
struct Known<'a> {
    alarms: &'a [(&'a str, &'a str)],
    hidden: &'a [(&'a str, &'a str)],
}

impl Known<'_> {
    fn check(&self, title: &str, found: &Comparison) {
        let named = |pairs: &[(&str, &str)]| -> BTreeSet<Pair> {
            pairs.iter().map(|(clause, place)| ((*clause).to_owned(), (*place).to_owned())).collect()
        };
        assert_eq!(found.fired_falsely, named(self.alarms), "{title}: alarms made by the fault");
        assert_eq!(
            found.hidden(),
            named(self.hidden),
            "{title}: {:#?} {:#?}",
            found.missed,
            found.false_all_clears
        );
        assert!(found.never_told.is_empty(), "{title}: never told {:?}", found.never_told);
        assert!(found.unsaid.is_empty(), "{title}: not said {:#?}", found.unsaid);
    }
}

/// A fault of each sensor from Tuesday at a local time on.
fn faults(kind: &str, sensors: &[&str], at: &str, hours: u32, more: &str) -> String {
    let row = |sensor: &&str| {
        format!(
            "[[fault]]\nsensor = \"{sensor}\"\nkind = \"{kind}\"\nday = 1\nat = \"{at}\"\nhours = {hours}\n{more}\n"
        )
    };
    sensors.iter().map(row).collect()
}

/// From the month before on, so that the idle room of December is told.
fn past() -> Span {
    Span::new(at("2025-11-30T00:00:00+01:00"), at(MONDAY))
}

/// A clause with the room of each sensor.
fn rooms_of(clause: &str, sensors: &[&str]) -> BTreeSet<Pair> {
    let room = |sensor: &&str| sensor.split_once('-').map_or_else(String::new, |(_, room)| room.to_owned());
    sensors.iter().map(|sensor| (clause.to_owned(), room(sensor))).collect()
}

fn judge(title: &str, faults: &str, known: &Known<'_>) -> Comparison {
    let scenario = scenario(&with_faults(&small(), faults), at(MONDAY));
    let played = play(&scenario, Some(past()), week());
    let comparison = compare(&played, &Seeded::of(&scenario, week()), week().from);
    comparison.print(title);
    known.check(title, &comparison);
    comparison
}

#[test]
fn all_faults_of_the_demo_make_no_alarm_and_hide_no_breach() {
    for start in ["2026-01-12T00:00:00+08:00", "2026-07-20T00:00:00+08:00"] {
        let scenario = scenario(&demo(), at(start));
        let run = days(at(start), 7);
        let played = play(&scenario, Some(crate::office::past(start)), run);
        let comparison = compare(&played, &Seeded::of(&scenario, run), run.from);
        comparison.print(&format!("the demo with all its faults, {start}"));
        comparison.assert_true(start);
    }
}

#[test]
fn faults_that_show_make_no_alarm_and_hide_no_breach() {
    for (kind, hours, more) in [
        ("silent", 60, ""),
        ("spike", 60, "quantity = \"co2\"\nsize = 500"),
        ("clock_skew", 60, "size = 7200"),
        ("duplicate", 60, ""),
        ("late", 20, ""),
        ("wrong_unit", 60, "quantity = \"temperature\""),
        ("drift", 60, "quantity = \"humidity\"\nsize = 1.5"),
    ] {
        let title = format!("{kind} {more}");
        let found = judge(&title, &faults(kind, &SENSORS, "10:30", hours, more), &Known::default());
        assert!(found.false_alarms.is_empty(), "{title}: {:#?}", found.false_alarms);
        let silent = if kind == "silent" {
            rooms_of("normwatch-policy-1/silent-room", &SENSORS)
        } else {
            BTreeSet::new()
        };
        assert_eq!(found.devices, silent, "{title}: silent and stuck sensors");
    }
    for kind in ["declared_reset", "undeclared_reset", "meter_change"] {
        let found = judge(kind, &faults(kind, &METERS, "10:30", 0, ""), &Known::default());
        assert!(found.false_alarms.is_empty(), "{kind}: {:#?}", found.false_alarms);
    }
}

#[test]
fn a_clock_that_is_behind_moves_findings_in_time_but_makes_and_ends_none() {
    // Its messages look like late ones: hours that were over for the room are judged two hours early.
    let behind = faults("clock_skew", &SENSORS, "10:30", 60, "size = -7200");
    let found = judge("clock_skew behind", &behind, &Known::default());
    let moved: BTreeSet<&str> = found.false_alarms.iter().map(|((_, place), _)| place.as_str()).collect();
    assert_eq!(moved, BTreeSet::from(["office-102", "office-104"]));
}

#[test]
fn a_stuck_sensor_ends_no_alert_but_where_standing_still_is_what_a_sound_one_may_do() {
    // A plug whose register stands still may have used nothing.
    let known = Known { hidden: &[(EMPTY, "office-101")], ..Known::default() };
    let found = judge("stuck by day", &faults("stuck", &SENSORS, "10:30", 60, ""), &known);
    let air: Vec<&str> = SENSORS.into_iter().filter(|sensor| sensor.starts_with("air-")).collect();
    assert_eq!(
        found.devices,
        rooms_of("normwatch-policy-1/stuck-room", &air),
        "what can be known to be stuck"
    );
    // Fresh night air in a meeting room is plausible for the twelve hours until it has stood still too long.
    let known = Known { hidden: &[(CO2, "meeting-131"), (EMPTY, "office-101")], ..Known::default() };
    let by_night = faults("stuck", &SENSORS, "01:00", 60, "");
    let found = judge("stuck by night", &by_night, &known);
    let stale = found.missed.iter().filter(|((clause, _), _)| clause == CO2).count();
    assert!(stale <= 4, "only until it is known: {:#?}", found.missed);
}

#[test]
fn a_drift_or_a_unit_inside_the_plausible_range_fools_a_lone_sensor() {
    let rooms = [(CO2, "meeting-130"), (CO2, "office-102"), (CO2, "office-103"), (CO2, "single-110")];
    for (kind, more, known) in [
        ("drift", "quantity = \"co2\"\nsize = 300", Known { alarms: &rooms, ..Known::default() }),
        ("wrong_unit", "quantity = \"co2\"\nsize = 2", Known { alarms: &rooms, ..Known::default() }),
        (
            "drift",
            "quantity = \"co2\"\nsize = -300",
            Known { hidden: &[(CO2, "duty-120")], ..Known::default() },
        ),
        (
            "wrong_unit",
            "quantity = \"co2\"\nsize = 0.6",
            Known { hidden: &[(CO2, "duty-120")], ..Known::default() },
        ),
    ] {
        judge(&format!("{kind} {more}"), &faults(kind, &SENSORS, "10:30", 60, more), &known);
    }
}

/// `sensors.csv` with another text for each row of a breached room.
fn edited(scenario: &Scenario, mut each: impl FnMut(&str, &str) -> Vec<String>) -> Files {
    let mut files = scenario.register_files();
    let text = String::from_utf8(files["sensors.csv"].clone()).unwrap();
    let mut lines = text.lines();
    let mut rows = vec![format!("{},from,to", lines.next().unwrap())];
    for line in lines {
        let place = line.split(',').nth(1).unwrap();
        if BREACHED.contains(&place) {
            rows.extend(each(line, place));
        } else {
            rows.push(format!("{line},,"));
        }
    }
    files.insert("sensors.csv".to_owned(), format!("{}\n", rows.join("\n")).into_bytes());
    files
}

#[test]
fn a_sensor_that_is_taken_away_or_moved_ends_no_alert() {
    let scenario = scenario(&with_faults(&small(), ""), at(MONDAY));
    let wednesday = at(&format!("{WEDNESDAY}T00:00:00+01:00"));
    let unseen = |seeded: Seeded, place: &&str| seeded.without_sensors(place, wednesday);
    let seeded = BREACHED.iter().fold(Seeded::of(&scenario, week()), unseen);
    let removed = edited(&scenario, |line, _| vec![format!("{line},,{WEDNESDAY}")]);
    let moved = edited(&scenario, |line, place| {
        let there = line.replacen(&format!(",{place},"), ",storage-150,", 1);
        vec![format!("{line},,{WEDNESDAY}"), format!("{there},{WEDNESDAY},")]
    });
    for (title, files) in [("removed", removed), ("moved", moved)] {
        let comparison = compare(&play_with(&scenario, &files, Some(past()), week()), &seeded, week().from);
        comparison.print(title);
        Known::default().check(title, &comparison);
    }
}

#[test]
fn a_row_deleted_from_the_register_leaves_its_alert_unproven_not_over() {
    let scenario = scenario(&with_faults(&small(), ""), at(MONDAY));
    let cut = at(MONDAY).plus_ms(DAY + 11 * HOUR);
    // What the engine held of the hour before goes with the row.
    let unseen = |seeded: Seeded, place: &&str| seeded.without_sensors(place, cut.plus_ms(-HOUR));
    let seeded = BREACHED.iter().fold(Seeded::of(&scenario, week()), unseen);
    let files = edited(&scenario, |_, _| Vec::new());
    let played = play_edited(&scenario, &files, week(), cut);
    let comparison = compare(&played, &seeded, week().from);
    comparison.print("deleted");
    assert!(comparison.fired_falsely.is_empty() && comparison.hidden().is_empty());
    assert!(comparison.unsaid.is_empty(), "{:#?}", comparison.unsaid);
    let lasting: BTreeSet<String> = played.alerts.iter().map(|a| a.check.subject.id().to_string()).collect();
    assert!(BREACHED.iter().all(|place| lasting.contains(*place)), "{lasting:?}");
    assert_eq!(played.unknown.len(), 9, "what they go on to say waits to be claimed: {:?}", played.unknown);
}
