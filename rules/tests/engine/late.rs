//! Late data: windows are opened again, and told again only when a printed field changes.

use model::{Period, PlaceKind, Quantity};
use rules::{AlertState, Measure, Outcome, Taken, TransitionKind};

use crate::world::{Run, World, at, clause, co2, gated, reading};

#[test]
fn late_data_gives_revision_two_with_what_it_changes() {
    let mut run = World::new().with(co2()).run();
    run.co2_hours(at("03-02 08:00"), &[Some(900.0), Some(900.0)]);
    let late = reading("s1", Quantity::Co2, at("03-02 08:02"), 1500.0);
    assert_eq!(run.observe(&late), Taken::Late);
    run.advance(at("03-02 12:00"));
    let again = run.verdicts().into_iter().rfind(|v| v.window.from == at("03-02 08:00")).unwrap();
    assert_eq!((again.revision, again.value), (2, Some(930.0)));
}

#[test]
fn late_data_that_changes_nothing_printed_is_not_told() {
    let mut run = World::new().with(co2()).run();
    run.co2_hours(at("03-02 08:00"), &[Some(900.0), Some(900.0)]);
    let told = run.out.len();
    run.send("s1", Quantity::Co2, at("03-02 08:02"), 900.0);
    run.send("s1", Quantity::Co2, at("03-02 08:05"), 900.0);
    run.advance(at("03-02 10:30"));
    assert_eq!(run.out.len(), told);
}

#[test]
fn a_late_reading_that_removes_the_only_breach_resolves_the_alert() {
    let mut run = World::new().with(co2()).run();
    run.co2_hours(at("03-02 08:00"), &[Some(1010.0)]);
    assert_eq!(run.alert().map(|a| a.state), Some(AlertState::Firing));
    run.send("s1", Quantity::Co2, at("03-02 08:02"), 400.0);
    run.advance(at("03-02 10:30"));
    assert_eq!(run.kinds(), [TransitionKind::Firing, TransitionKind::Resolved]);
    assert!(run.alert().is_none());
    assert_eq!(run.transitions()[1].alert.id, run.transitions()[0].alert.id);
}

#[test]
fn a_late_breach_before_a_firing_alert_moves_its_start_and_keeps_its_id() {
    let mut run = World::new().with(co2()).run();
    run.co2_hours(at("03-02 08:00"), &[Some(1000.0), Some(1100.0)]);
    let id = run.alert().unwrap().id;
    run.send("s1", Quantity::Co2, at("03-02 08:02"), 2000.0);
    run.advance(at("03-02 11:30"));
    let alert = run.alert().unwrap();
    assert_eq!((alert.started_at, alert.id), (at("03-02 08:00"), id));
    assert_eq!(run.kinds(), [TransitionKind::Firing, TransitionKind::Revised]);
}

#[test]
fn an_alert_that_late_data_takes_back_and_gives_again_is_told_each_time() {
    let mut run = World::new().with(co2()).run();
    run.co2_hours(at("03-02 08:00"), &[Some(1010.0)]);
    let reading = |value| reading("s1", Quantity::Co2, at("03-02 08:02"), value);
    for (value, until) in [(400.0, "03-02 10:30"), (1030.0, "03-02 10:45"), (400.0, "03-02 11:00")] {
        run.observe(&reading(value));
        run.advance(at(until));
    }
    let kinds = [TransitionKind::Firing, TransitionKind::Resolved];
    assert_eq!(run.kinds(), [kinds, kinds].concat());
    assert_eq!(run.untold(), None);
    let [first, ended, second, last] = run.transitions()[..] else { unreachable!() };
    assert_eq!((&ended.alert.id, &last.alert.id), (&first.alert.id, &second.alert.id));
    assert_eq!(second.alert.fired_at, Some(at("03-02 10:30")), "when it was known, not when it was");
}

#[test]
fn an_alert_shows_no_breach_that_late_data_has_taken_back() {
    let mut run = World::new().with(gated(co2())).run();
    run.co2_hours(at("03-02 08:00"), &[Some(1100.0), Some(1200.0)]);
    assert_eq!(run.alert().unwrap().verdict.value, Some(1200.0));
    // Nobody was there in the second hour.
    run.steady("t1", Quantity::Occupied, at("03-02 08:00"), at("03-02 09:00"), 1.0);
    run.steady("t1", Quantity::Occupied, at("03-02 09:00"), at("03-02 10:00"), 0.0);
    run.advance(at("03-02 11:30"));
    let alert = run.alert().unwrap();
    assert_eq!((alert.state, alert.started_at), (AlertState::Firing, at("03-02 08:00")));
    assert_eq!((alert.verdict.outcome, alert.verdict.value), (Outcome::Insufficient, None));
}

#[test]
fn a_correction_of_a_window_before_the_alert_is_no_news_of_the_alert() {
    let mut run = World::new().with(co2()).run();
    run.co2_hours(at("03-02 08:00"), &[Some(500.0), Some(1100.0)]);
    run.send("s1", Quantity::Co2, at("03-02 08:02"), 600.0);
    run.advance(at("03-02 11:30"));
    assert_eq!(run.kinds(), [TransitionKind::Firing]);
    assert_eq!(run.of("co2").iter().filter(|v| v.revision == 2).count(), 1);
}

#[test]
fn data_older_than_the_horizon_judges_nothing() {
    let mut world = World::new().with(co2());
    world.options.horizon_ms = 2 * 3_600_000;
    let mut run = world.run();
    run.co2_hours(at("03-02 08:00"), &[Some(900.0); 5]);
    // The clock stands at 14:00.
    assert_eq!(run.observe(&reading("s1", Quantity::Co2, at("03-02 11:59"), 2000.0)), Taken::TooLate);
    assert_eq!(run.observe(&reading("s1", Quantity::Co2, at("03-02 12:00"), 2000.0)), Taken::Late);
}

#[test]
fn a_late_first_reading_opens_the_hours_from_it_on() {
    let mut sorted = World::new().with(co2()).run();
    sorted.send("s1", Quantity::Co2, at("03-02 08:10"), 900.0);
    sorted.co2_hours(at("03-02 12:00"), &[Some(900.0)]);
    let mut late = World::new().with(co2()).run();
    late.co2_hours(at("03-02 12:00"), &[Some(900.0)]);
    late.send("s1", Quantity::Co2, at("03-02 08:10"), 900.0);
    late.advance(at("03-02 14:01"));
    sorted.advance(at("03-02 14:01"));
    let said = |run: &Run| -> Vec<_> {
        run.state().into_values().map(|v| (v.window.from, v.outcome, v.coverage)).collect()
    };
    assert_eq!(said(&sorted).len(), 5, "from 08:00 to 13:00");
    assert_eq!(said(&sorted), said(&late));
}

#[test]
fn a_verdict_whose_judged_time_late_data_takes_away_is_withdrawn() {
    let mut run = World::new().with(gated(co2())).run();
    run.co2_hours(at("03-02 08:00"), &[Some(1100.0)]);
    assert_eq!(run.outcomes(), [Outcome::Breach]);
    // Only now it turns out that a sensor knew the room to be empty.
    run.steady("t1", Quantity::Occupied, at("03-02 08:00"), at("03-02 09:00"), 0.0);
    run.advance(at("03-02 10:01"));
    let last = run.verdicts().pop().unwrap();
    assert_eq!((last.outcome, last.revision), (Outcome::Insufficient, 2));
    assert!(last.why.contains_key("withdrawn"));
    assert!(run.state().is_empty());
    assert!(run.alert().is_none(), "what fired was no breach");
}

#[test]
fn late_data_of_a_room_corrects_its_building() {
    let building = clause("busy", PlaceKind::Building, Measure::Utilisation, Period::Hour, 0.9);
    let mut run = World::new().with(building).run();
    run.steady("s1", Quantity::Occupied, at("03-02 09:00"), at("03-02 10:00"), 1.0);
    run.steady("s2", Quantity::Occupied, at("03-02 09:00"), at("03-02 09:05"), 1.0);
    run.advance(at("03-02 11:00"));
    run.steady("s2", Quantity::Occupied, at("03-02 09:05"), at("03-02 10:00"), 0.0);
    run.advance(at("03-02 11:01"));
    let said: Vec<_> = run.verdicts().iter().map(|v| (v.value, v.coverage, v.revision)).collect();
    assert_eq!(said, [(Some(1.0), 0.625, 1), (Some(0.541_667), 1.0, 2)]);
}

#[test]
fn of_several_values_at_one_instant_the_last_wins() {
    let mut run = World::new().with(co2()).run();
    run.steady("s1", Quantity::Co2, at("03-02 08:00"), at("03-02 09:00"), 700.0);
    run.steady("s1", Quantity::Co2, at("03-02 08:00"), at("03-02 09:00"), 900.0);
    run.advance(at("03-02 10:00"));
    assert_eq!(run.verdicts()[0].value, Some(900.0));
}

#[test]
fn what_is_due_at_an_instant_waits_for_the_readings_of_that_instant() {
    let hourly = clause("use", PlaceKind::Building, Measure::Electricity, Period::Hour, 5.0);
    let mut world = World::new().with(hourly);
    world.meter("m", "b", |meter| meter.max_gap_s = 900.0);
    let mut run = world.run();
    run.send("m", Quantity::EnergyImport, at("03-02 08:00"), 0.0);
    run.send("m", Quantity::EnergyImport, at("03-02 08:30"), 1.0);
    run.advance(at("03-02 09:15"));
    run.send("m", Quantity::EnergyImport, at("03-02 09:15"), 4.0);
    run.advance(at("03-02 09:16"));
    let said: Vec<_> = run.verdicts().iter().map(|v| (v.value, v.coverage, v.revision)).collect();
    assert_eq!(said, [(Some(3.0), 1.0, 1)]);
}

#[test]
fn the_newest_verdict_says_how_often_its_window_was_told() {
    let mut run = World::new().with(co2()).run();
    run.co2_hours(at("03-02 08:00"), &[Some(900.0)]);
    assert_eq!(run.engine.verdicts()[0].revision, 1);
    run.steady("t1", Quantity::Co2, at("03-02 08:00"), at("03-02 09:00"), 1300.0);
    run.advance(at("03-02 10:10"));
    let newest = run.engine.verdicts().remove(0);
    assert_eq!((newest.window.from, newest.value, newest.revision), (at("03-02 08:00"), Some(1100.0), 2));
    assert_eq!(run.alert().unwrap().verdict.revision, 2);
}
