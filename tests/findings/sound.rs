//! The demo office with sound sensors, in every season.

use crate::{
    compare::{Comparison, Seeded, compare},
    office::{demo, past, scenario, with_faults, with_seed},
    play::{at, days, play},
};

/// Seven days from a Monday, in two offices that chance has made differently.
fn judge_weeks(weeks: &[(&str, u64)]) {
    let mut all = Comparison::default();
    for (start, seed) in weeks {
        let scenario = scenario(&with_seed(&with_faults(&demo(), ""), *seed), at(start));
        let run = days(at(start), 7);
        let comparison =
            compare(&play(&scenario, Some(past(start)), run), &Seeded::of(&scenario, run), run.from);
        all.add(&comparison);
        comparison.assert_true(start);
        assert!(
            comparison.devices.is_empty(),
            "{start}: no sensor is silent or stuck: {:?}",
            comparison.devices
        );
    }
    all.print(&format!("sound sensors: {weeks:?}"));
}

#[test]
fn from_autumn_to_spring_every_seeded_breach_is_told_and_nothing_else() {
    judge_weeks(&[("2026-01-12T00:00:00+08:00", 20_260_301), ("2026-11-16T00:00:00+08:00", 7)]);
}

#[test]
fn from_spring_to_autumn_every_seeded_breach_is_told_and_nothing_else() {
    judge_weeks(&[("2026-04-13T00:00:00+08:00", 20_260_301), ("2026-07-20T00:00:00+08:00", 7)]);
}

#[test]
fn in_weeks_with_days_off_every_seeded_breach_is_told_and_nothing_else() {
    judge_weeks(&[("2026-04-27T00:00:00+08:00", 7), ("2026-09-28T00:00:00+08:00", 20_260_301)]);
}
