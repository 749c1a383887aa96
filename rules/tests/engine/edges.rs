//! Where limits, `for`, clear limits and editions meet.

use std::sync::Arc;

use model::{Calendar, Instant, Period, PlaceKind, Quantity, Span};
use rules::{AlertState, Bound, Clause, LiveClause, Measure, Outcome, TransitionKind};

use crate::world::{Run, World, at, clause, co2};

const HOUR: i64 = 3_600_000;

/// Temperature from 20 to 26, clear from 21 to 25.
fn band() -> Clause {
    let mut band = clause("t", PlaceKind::Room, Measure::TemperatureHourMean, Period::Hour, 0.0);
    band.limit.fixed = Bound { at_most: Some(26.0), at_least: Some(20.0) };
    band.clear = Some(Bound { at_most: Some(25.0), at_least: Some(21.0) });
    band
}

fn temperatures(clause: Clause, means: &[f64]) -> Run {
    let mut run = World::new().with(clause).run();
    for (hour, mean) in (0..).zip(means) {
        let from = at("03-02 08:00").plus_ms(hour * HOUR);
        run.steady("s1", Quantity::Temperature, from, from.plus_ms(HOUR), *mean);
    }
    run.advance(at("03-02 08:00").plus_ms((means.len() as i64 + 1) * HOUR));
    run
}

#[test]
fn a_band_clears_only_inside_the_clear_band_whichever_side_was_broken() {
    use TransitionKind::{Firing, Resolved};
    for (means, kinds) in [
        (vec![26.1, 25.1], vec![Firing]),
        (vec![26.1, 25.0], vec![Firing, Resolved]),
        (vec![26.1, 20.5], vec![Firing]),
        (vec![19.9, 20.9], vec![Firing]),
        (vec![19.9, 21.0], vec![Firing, Resolved]),
        (vec![19.9, 25.5], vec![Firing]),
    ] {
        assert_eq!(temperatures(band(), &means).kinds(), kinds, "{means:?}");
    }
}

#[test]
fn from_one_side_of_a_band_to_the_other_is_one_alert() {
    let run = temperatures(band(), &[26.1, 19.9]);
    assert_eq!(run.kinds(), [TransitionKind::Firing]);
    assert_eq!(run.alert().map(|a| a.started_at), Some(at("03-02 08:00")));
}

#[test]
fn a_clear_limit_on_one_side_lets_the_other_side_clear_at_its_limit() {
    let clear = Some(Bound { at_most: Some(25.0), at_least: None });
    let run = temperatures(Clause { clear, ..band() }, &[19.9, 20.0]);
    assert_eq!(run.kinds(), [TransitionKind::Firing, TransitionKind::Resolved]);
}

#[test]
fn between_limit_and_clear_a_pending_alert_ends() {
    let run = temperatures(Clause { hold_ms: HOUR, ..band() }, &[26.1, 25.5, 26.1]);
    assert!(run.kinds().is_empty());
    assert_eq!(run.alert().map(|a| (a.state, a.started_at)), Some((AlertState::Pending, at("03-02 10:00"))));
}

#[test]
fn late_data_that_makes_a_compliant_hour_a_breach_inside_for_fires() {
    let mut run = World::new().with(Clause { hold_ms: 2 * HOUR, ..co2() }).run();
    run.co2_hours(at("03-02 08:00"), &[Some(1100.0), Some(990.0), Some(1100.0)]);
    assert!(run.kinds().is_empty(), "the hour in between broke it off");
    run.send("s1", Quantity::Co2, at("03-02 09:02"), 2000.0);
    run.advance(at("03-02 12:30"));
    assert_eq!(run.kinds(), [TransitionKind::Firing]);
    assert_eq!(run.alert().map(|a| a.started_at), Some(at("03-02 08:00")));
}

#[test]
fn late_data_that_makes_a_breach_compliant_inside_for_leaves_nothing_pending() {
    let mut run = World::new().with(Clause { hold_ms: 2 * HOUR, ..co2() }).run();
    run.co2_hours(at("03-02 08:00"), &[Some(1010.0), Some(1010.0)]);
    run.send("s1", Quantity::Co2, at("03-02 09:02"), 400.0);
    run.advance(at("03-02 11:30"));
    assert!(run.kinds().is_empty() && run.alert().is_none());
}

#[test]
fn an_edition_begins_at_local_midnight_of_a_day_with_a_clock_change() {
    // 25 October 2026 has 25 hours in Berlin; it begins at 22:00 of the 24th in UTC.
    let midnight = Instant::parse("2026-10-24T22:00:00Z").unwrap();
    let mut world = World::new();
    world.register.calendar = Calendar::new(jiff::tz::TimeZone::get("Europe/Berlin").unwrap());
    let edition = |name: &str, cap: f64, in_force: Span| {
        let mut clause = clause("co2", PlaceKind::Room, Measure::Co2DayMean, Period::Day, cap);
        clause.id = format!("{name}/co2");
        LiveClause { clause: Arc::new(clause), in_force, is_enforced: true }
    };
    world.clauses.push(edition("old", 1000.0, Span::new(Instant::MIN, midnight)));
    world.clauses.push(edition("new", 800.0, Span::new(midnight, Instant::MAX)));
    let mut run = world.run();
    let start = midnight.plus_ms(-24 * HOUR);
    run.steady("s1", Quantity::Co2, start, start.plus_ms(73 * HOUR), 900.0);
    run.advance(start.plus_ms(75 * HOUR));
    let said: Vec<_> =
        run.verdicts().iter().map(|v| (v.clause.id.as_str(), v.window.millis() / HOUR, v.outcome)).collect();
    assert_eq!(
        said,
        [
            ("old/co2", 24, Outcome::Compliant),
            ("new/co2", 25, Outcome::Breach),
            ("new/co2", 24, Outcome::Breach)
        ]
    );
}

#[test]
fn two_clauses_of_one_figure_are_each_held_against_their_own_limit_and_gate() {
    let strict = Clause { id: "own-1/strict".to_owned(), ..co2() };
    let strict = Clause { limit: rules::Limit { fixed: cap(800.0), ..strict.limit.clone() }, ..strict };
    let gated = crate::world::gated(Clause { id: "own-1/gated".to_owned(), ..strict.clone() });
    let mut run = World::new().with(co2()).with(strict).with(gated).run();
    // Crowded in the first half of the hour, empty in the second.
    run.steady("t1", Quantity::Occupied, at("03-02 08:00"), at("03-02 08:30"), 1.0);
    run.steady("s1", Quantity::Co2, at("03-02 08:00"), at("03-02 08:30"), 1100.0);
    run.steady("t1", Quantity::Occupied, at("03-02 08:30"), at("03-02 09:00"), 0.0);
    run.steady("s1", Quantity::Co2, at("03-02 08:30"), at("03-02 09:00"), 700.0);
    run.advance(at("03-02 10:00"));
    let said: Vec<_> = run.verdicts().iter().map(|v| (v.clause.id.as_str(), v.value, v.outcome)).collect();
    assert_eq!(
        said,
        [
            ("own-1/co2", Some(900.0), Outcome::Compliant),
            ("own-1/strict", Some(900.0), Outcome::Breach),
            ("own-1/gated", Some(1100.0), Outcome::Breach)
        ]
    );
}

fn cap(most: f64) -> Bound {
    Bound { at_most: Some(most), at_least: None }
}
