//! The small office in a zone that changes its clock, and over days off.

use model::Span;
use rules::Outcome;

use crate::{
    compare::{Seeded, compare},
    office::{scenario, small},
    play::{Played, at, play},
};

fn judge(past: &str, from: &str, to: &str) -> Played {
    let run = Span::new(at(from), at(to));
    let scenario = scenario(&small(), run.from);
    let played = play(&scenario, Some(Span::new(at(past), run.from)), run);
    let comparison = compare(&played, &Seeded::of(&scenario, run), run.from);
    comparison.print(&format!("the small office, {from}"));
    comparison.assert_true(from);
    played
}

/// Windows of a clause at a place that begin in a span, and breach.
fn breaches(played: &Played, clause: &str, place: &str, from: &str, to: &str) -> usize {
    let span = Span::new(at(from), at(to));
    let found =
        played.verdicts.values().filter(|v| v.clause.id == clause && v.subject.id().as_str() == place);
    found.filter(|v| span.contains(v.window.from) && v.outcome == Outcome::Breach).count()
}

fn idle_days(played: &Played, month: &str) -> Option<f64> {
    let key = ("normwatch-policy-1/idle-room".to_owned(), "office-105".to_owned(), at(month));
    played.verdicts.get(&key).and_then(|v| v.value)
}

const CO2: &str = "gb-t-18883-2022/co2";

#[test]
fn the_spring_day_of_23_hours_has_23_judged_hours() {
    let played = judge("2026-01-31T00:00:00+01:00", "2026-03-23T00:00:00+01:00", "2026-04-01T00:00:00+02:00");
    let (from, to) = ("2026-03-29T00:00:00+01:00", "2026-03-30T00:00:00+02:00");
    assert_eq!(breaches(&played, CO2, "duty-120", from, to), 23);
    assert_eq!(idle_days(&played, "2026-03-01T00:00:00+01:00"), Some(22.0));
}

#[test]
fn the_autumn_day_of_25_hours_has_25_judged_hours() {
    let played = judge("2026-08-31T00:00:00+02:00", "2026-10-19T00:00:00+02:00", "2026-11-01T00:00:00+01:00");
    let (from, to) = ("2026-10-25T00:00:00+02:00", "2026-10-26T00:00:00+01:00");
    assert_eq!(breaches(&played, CO2, "duty-120", from, to), 25);
    assert_eq!(idle_days(&played, "2026-10-01T00:00:00+02:00"), Some(22.0), "3 October was a Saturday");
}

#[test]
fn on_a_day_off_nobody_is_expected() {
    let played = judge("2026-10-31T00:00:00+01:00", "2026-12-21T00:00:00+01:00", "2027-01-01T00:00:00+01:00");
    let crowded = |day: &str| {
        let from = format!("{day}T00:00:00+01:00");
        let to = format!("{day}T23:59:59+01:00");
        breaches(&played, "jgj-t-67-2019/office-crowding", "office-104", &from, &to)
    };
    assert!(crowded("2026-12-24") >= 8);
    assert_eq!(crowded("2026-12-25"), 0);
    assert_eq!(
        idle_days(&played, "2026-12-01T00:00:00+01:00"),
        Some(22.0),
        "23 weekdays, one of them a day off"
    );
}
