//! Sensors that say nothing, and sensors that repeat themselves: checks of their own.

use model::{
    Flags, Instant, Period, PlaceKind, Quantity,
    register::{Dated, History, Sensor},
};
use rules::{AlertState, Clause, Engine, Fact, Measure, Outcome, Output, TransitionKind, Verdict};

use crate::world::{Run, World, at, clause, co2, id, reading};

const HOUR: i64 = 3_600_000;
const MINUTE: i64 = 60_000;

/// Silent for more than an hour beyond its carry.
pub(crate) fn silent() -> Clause {
    clause("silent", PlaceKind::Room, Measure::Absence, Period::Hour, 1.0)
}

fn stuck() -> Clause {
    clause("stuck", PlaceKind::Room, Measure::Stuck, Period::Hour, 0.0)
}

/// Only `s1` in `r1` and `s2` in `r2`.
pub(crate) fn world(clause: Clause) -> World {
    let mut world = World::new().with(clause);
    world.register.sensors.remove(&id("t1"));
    world
}

/// What was said of a room, by the start of the window: the newest value and outcome.
pub(crate) fn said(run: &Run, place: &str, from: Instant) -> Option<(Option<f64>, Outcome)> {
    let found = run.verdicts().into_iter().rfind(|v| v.subject.id() == &id(place) && v.window.from == from);
    found.map(|v| (v.value, v.outcome))
}

pub(crate) fn silent_names(verdict: &Verdict) -> Vec<String> {
    let Some(Fact::List(list)) = verdict.why.get("silent") else { return Vec::new() };
    list.iter().map(|fact| if let Fact::Text(text) = fact { text.clone() } else { String::new() }).collect()
}

pub(crate) fn told(run: &Run, place: &str) -> Vec<TransitionKind> {
    let of_place = run.transitions().into_iter().filter(|t| t.alert.check.subject.id() == &id(place));
    of_place.map(|t| t.kind).collect()
}

#[test]
fn a_sensor_heard_in_time_is_not_silent_and_one_that_stops_is_by_the_hour() {
    let mut run = world(silent()).run();
    run.steady("s1", Quantity::Co2, at("03-02 08:00"), at("03-02 12:00"), 600.0);
    run.steady("s2", Quantity::Co2, at("03-02 08:00"), at("03-02 09:00"), 600.0);
    run.advance(at("03-02 12:16"));
    assert_eq!(said(&run, "r1", at("03-02 11:00")), Some((Some(0.0), Outcome::Compliant)));
    // Last heard at 08:55, standing for 15 minutes: 50 minutes at 10:00, 1 h 50 min at 11:00.
    assert_eq!(said(&run, "r2", at("03-02 08:00")), Some((Some(0.0), Outcome::Compliant)));
    assert_eq!(said(&run, "r2", at("03-02 09:00")), Some((Some(0.833_333), Outcome::Compliant)));
    assert_eq!(said(&run, "r2", at("03-02 10:00")), Some((Some(1.833_333), Outcome::Breach)));
    let last = run.verdicts().into_iter().rfind(|v| v.outcome == Outcome::Breach).unwrap();
    assert_eq!(silent_names(last), ["s2 since 2026-03-02T08:55:00+08:00"]);
}

#[test]
fn a_sensor_of_outdoor_air_that_speaks_is_heard_whether_or_not_anybody_asks_for_the_air() {
    for quantity in [Quantity::OutdoorCo2, Quantity::OutdoorTemperature] {
        let mut run = world(silent()).run();
        run.steady("s1", quantity, at("03-02 08:00"), at("03-02 12:00"), 20.0);
        run.advance(at("03-02 12:16"));
        assert_eq!(said(&run, "r1", at("03-02 10:00")), Some((Some(0.0), Outcome::Compliant)), "{quantity}");
    }
}

#[test]
fn the_alert_of_a_silent_sensor_resolves_when_it_speaks_again() {
    let mut run = world(Clause { hold_ms: 2 * HOUR, ..silent() }).run();
    run.steady("s2", Quantity::Co2, at("03-02 08:00"), at("03-02 08:30"), 600.0);
    run.steady("s1", Quantity::Co2, at("03-02 08:00"), at("03-02 20:00"), 600.0);
    run.advance(at("03-02 20:30"));
    assert_eq!(told(&run, "r2"), [TransitionKind::Firing]);
    let alert = run.alert().unwrap();
    assert_eq!((alert.started_at, alert.state), (at("03-02 09:00"), AlertState::Firing));
    // 09:00 to 12:00 are three breaching hours, more than the two of `for`.
    assert_eq!(alert.fired_at, Some(at("03-02 12:15")));
    run.send("s2", Quantity::Co2, at("03-02 20:31"), 600.0);
    run.advance(at("03-02 21:30"));
    assert_eq!(told(&run, "r2"), [TransitionKind::Firing, TransitionKind::Resolved]);
    assert!(told(&run, "r1").is_empty());
}

#[test]
fn a_silent_sensor_proves_nothing_of_other_clauses() {
    let mut run = world(co2()).with(silent()).run();
    run.steady("s2", Quantity::Co2, at("03-02 08:00"), at("03-02 09:00"), 1500.0);
    run.steady("s1", Quantity::Co2, at("03-02 08:00"), at("03-02 18:00"), 600.0);
    run.advance(at("03-02 18:30"));
    let open: Vec<String> = run.engine.alerts().iter().map(|a| a.check.clause.clone()).collect();
    assert_eq!(open, ["own-1/co2", "own-1/silent"]);
}

#[test]
fn an_outage_of_ours_is_no_sensors_silence() {
    let mut run = world(silent()).run();
    let connected = at("03-02 07:00");
    let mut time = at("03-02 08:00");
    while time < at("03-02 10:00") {
        run.send("s1", Quantity::Co2, time, 600.0).send("s2", Quantity::Co2, time, 600.0);
        run.engine.advance_listening(time, connected, &mut run.out);
        time = time.plus_ms(5 * MINUTE);
    }
    // We were away until the next day's noon; only then s1 is heard again, and s2 never.
    let back = at("03-03 12:00");
    let mut time = back;
    while time < at("03-03 16:00") {
        run.send("s1", Quantity::Co2, time, 600.0);
        run.engine.advance_listening(time, back, &mut run.out);
        time = time.plus_ms(5 * MINUTE);
    }
    run.engine.advance_listening(at("03-03 16:20"), back, &mut run.out);
    assert_eq!(said(&run, "r2", at("03-02 09:00")), Some((Some(0.0), Outcome::Compliant)));
    let away = said(&run, "r2", at("03-02 22:00"));
    assert_eq!(away, Some((None, Outcome::Insufficient)), "nobody knows");
    assert_eq!(said(&run, "r1", at("03-03 12:00")), Some((Some(0.0), Outcome::Compliant)));
    let back_again = said(&run, "r2", at("03-03 12:00")).and_then(|(value, _)| value);
    assert_eq!(back_again, Some(0.75), "from when we listen again, less what it stands for");
    assert_eq!(said(&run, "r2", at("03-03 14:00")), Some((Some(2.75), Outcome::Breach)));
}

#[test]
fn a_short_outage_of_ours_does_not_clear_what_was_silent_before_and_after() {
    let mut run = world(silent()).run();
    let mut time = at("03-02 08:00");
    let mut since = time;
    while time < at("03-02 20:00") {
        if time == at("03-02 15:00") {
            // Ten minutes away.
            time = time.plus_ms(10 * MINUTE);
            since = time;
        }
        run.send("s1", Quantity::Co2, time, 600.0);
        run.engine.advance_listening(time, since, &mut run.out);
        time = time.plus_ms(5 * MINUTE);
    }
    assert_eq!(told(&run, "r2"), [TransitionKind::Firing]);
    let (value, outcome) = said(&run, "r2", at("03-02 18:00")).unwrap();
    assert_eq!((value, outcome), (Some(10.5), Outcome::Breach), "11 h less the outage and its carry");
}

#[test]
fn where_listening_is_told_what_comes_before_the_first_word_proves_no_silence() {
    let mut world = world(silent());
    world.options.listening_is_told = true;
    let mut run = world.run();
    // The past as somebody hands it over: all of s1, nothing of s2.
    run.steady("s1", Quantity::Co2, at("03-01 08:00"), at("03-02 08:00"), 600.0);
    assert_eq!(said(&run, "r2", at("03-02 06:00")), None, "nobody asks before the first word");
    let since = at("03-02 08:00");
    for minute in (0..240).step_by(5) {
        let time = since.plus_ms(minute * MINUTE);
        run.send("s1", Quantity::Co2, time, 600.0);
        run.engine.advance_listening(time, since, &mut run.out);
    }
    assert_eq!(said(&run, "r2", at("03-02 08:00")), Some((Some(0.75), Outcome::Compliant)));
    assert_eq!(said(&run, "r2", at("03-02 10:00")), Some((Some(2.75), Outcome::Breach)));
}

#[test]
fn a_backlog_before_the_next_word_that_we_listen_judges_no_silence() {
    let mut run = world(silent()).run();
    let since = at("03-02 08:00");
    run.send("s1", Quantity::Co2, since, 600.0).send("s2", Quantity::Co2, since, 600.0);
    run.engine.advance_listening(since, since, &mut run.out);
    // What a broker kept of s1 while we were away; s2 sends with a quality that is not kept.
    run.steady("s1", Quantity::Co2, at("03-02 08:05"), at("03-02 14:00"), 600.0);
    assert_eq!(said(&run, "r2", at("03-02 12:00")), Some((None, Outcome::Insufficient)));
    assert!(run.transitions().is_empty());
}

#[test]
fn a_removed_sensor_is_no_longer_silent_and_clears_nothing_else() {
    let mut world = world(silent()).with(co2());
    let mut history = History::default();
    let bound = model::Span::new(Instant::MIN, at("03-03 00:00"));
    history.insert(Dated { span: bound, value: Sensor::new(id("s2"), id("r2")) }).unwrap();
    world.register.sensors.insert(id("s2"), history);
    let mut run = world.run();
    run.steady("s1", Quantity::Co2, at("03-02 08:00"), at("03-03 06:00"), 600.0);
    run.steady("s2", Quantity::Co2, at("03-02 08:00"), at("03-02 09:00"), 1500.0);
    run.advance(at("03-03 06:30"));
    let resolved = run.transitions().into_iter().find(|t| t.kind == TransitionKind::Resolved).unwrap();
    assert_eq!(resolved.alert.check.clause, "own-1/silent");
    assert!(resolved.alert.verdict.why.contains_key("removed"));
    assert_eq!(resolved.alert.verdict.window.to, at("03-03 00:00"));
    let open: Vec<String> = run.engine.alerts().iter().map(|a| a.check.clause.clone()).collect();
    assert_eq!(open, ["own-1/co2"], "what it found is not cleared by taking it away");
    assert_eq!(
        said(&run, "r2", at("03-03 01:00")),
        Some((None, Outcome::Insufficient)),
        "only CO2 is judged"
    );
}

#[test]
fn a_flagged_reading_is_heard_but_one_from_the_future_is_not() {
    for (flags, value) in [(Flags::RANGE, Some(0.0)), (Flags::FUTURE, Some(1.75))] {
        let mut run = world(silent()).run();
        run.send("s2", Quantity::Co2, at("03-02 08:00"), 600.0);
        for minute in (0..180).step_by(5) {
            let time = at("03-02 08:00").plus_ms(minute * MINUTE);
            let mut odd = reading("s2", Quantity::Co2, time, 1.0);
            odd.flags = flags;
            run.observe(&odd);
            run.send("s1", Quantity::Co2, time, 600.0);
        }
        assert_eq!(said(&run, "r2", at("03-02 09:00")).and_then(|(value, _)| value), value, "{flags:?}");
    }
}

#[test]
fn a_sensor_that_reports_changes_is_silent_only_beyond_its_heartbeat() {
    let mut world = world(silent());
    let mut door = Sensor::new(id("s2"), id("r2"));
    door.reporting = model::register::Reporting::OnChange;
    door.max_gap_s = 25.0 * 3600.0;
    world.sensor(door);
    let mut run = world.run();
    run.send("s2", Quantity::WindowOpen, at("03-02 08:00"), 0.0);
    run.steady("s1", Quantity::Co2, at("03-02 08:00"), at("03-04 12:00"), 600.0);
    run.advance(at("03-06 00:00"));
    assert_eq!(said(&run, "r2", at("03-03 08:00")), Some((Some(0.0), Outcome::Compliant)));
    assert_eq!(said(&run, "r2", at("03-03 10:00")), Some((Some(2.0), Outcome::Breach)));
}

#[test]
fn inside_a_file_a_gap_is_judged_and_after_its_end_nothing_is() {
    let mut run = world(silent()).run();
    run.send("s2", Quantity::Co2, at("03-02 08:00"), 600.0);
    run.steady("s1", Quantity::Co2, at("03-02 08:00"), at("03-02 11:30"), 600.0);
    run.finish();
    // The file ends at 11:30; s2 is silent since 08:00 and stands for 15 minutes.
    assert_eq!(said(&run, "r2", at("03-02 11:00")), Some((Some(3.25), Outcome::Breach)));
    assert_eq!(said(&run, "r1", at("03-02 11:00")), Some((Some(0.0), Outcome::Compliant)));
    assert_eq!(said(&run, "r2", at("03-02 12:00")), None);
}

#[test]
fn late_readings_end_a_silence_as_if_they_had_come_in_time() {
    let mut run = world(silent()).run();
    run.steady("s1", Quantity::Co2, at("03-02 08:00"), at("03-02 16:00"), 600.0);
    run.send("s2", Quantity::Co2, at("03-02 08:00"), 600.0);
    run.advance(at("03-02 16:30"));
    assert_eq!(said(&run, "r2", at("03-02 13:00")), Some((Some(5.75), Outcome::Breach)));
    assert_eq!(told(&run, "r2"), [TransitionKind::Firing]);
    // The gateway had kept them.
    run.steady("s2", Quantity::Co2, at("03-02 08:05"), at("03-02 16:30"), 600.0);
    run.advance(at("03-02 17:30"));
    assert_eq!(said(&run, "r2", at("03-02 13:00")), Some((Some(0.0), Outcome::Compliant)));
    assert_eq!(told(&run, "r2"), [TransitionKind::Firing, TransitionKind::Resolved]);
}

#[test]
fn a_place_without_devices_is_not_judged_for_silence() {
    let mut world = world(silent());
    world.place(crate::world::place("bare", PlaceKind::Room, Some("b")));
    let mut run = world.run();
    run.steady("s1", Quantity::Co2, at("03-02 08:00"), at("03-02 11:00"), 600.0);
    run.advance(at("03-02 11:30"));
    assert_eq!(said(&run, "bare", at("03-02 10:00")), None);
}

/// A reading that the quality stage has flagged.
fn frozen(sensor: &str, time: Instant) -> model::Reading {
    let mut reading = reading(sensor, Quantity::Co2, time, 600.0);
    reading.flags = Flags::STUCK;
    reading
}

#[test]
fn a_stuck_sensor_is_told_and_ends_only_when_its_value_moves() {
    let mut run = world(Clause { hold_ms: 2 * HOUR, ..stuck() }).run();
    run.steady("s1", Quantity::Co2, at("03-02 08:00"), at("03-02 09:30"), 600.0);
    run.steady("s2", Quantity::Co2, at("03-02 08:00"), at("03-02 09:30"), 600.0);
    let mut time = at("03-02 09:30");
    while time < at("03-02 14:00") {
        run.observe(&frozen("s2", time));
        run.send("s1", Quantity::Co2, time, 601.0);
        time = time.plus_ms(5 * MINUTE);
    }
    run.advance(at("03-02 14:16"));
    assert_eq!(said(&run, "r1", at("03-02 13:00")), Some((Some(0.0), Outcome::Compliant)));
    assert_eq!(said(&run, "r2", at("03-02 08:00")), Some((Some(0.0), Outcome::Compliant)));
    assert_eq!(said(&run, "r2", at("03-02 09:00")), Some((Some(0.5), Outcome::Breach)));
    assert_eq!(told(&run, "r2"), [TransitionKind::Firing]);
    let verdict = run.alert().unwrap().verdict;
    let names = Fact::List(vec![Fact::Text("s2 co2 since 2026-03-02T09:30:00+08:00".to_owned())]);
    assert_eq!(verdict.why.get("stuck"), Some(&names));
    // Silence is no proof that it lives.
    run.steady("s1", Quantity::Co2, at("03-02 14:00"), at("03-02 20:00"), 602.0);
    assert_eq!(
        said(&run, "r2", at("03-02 18:00")),
        Some((Some(4.666_667), Outcome::Breach)),
        "it stands until 14:10"
    );
    run.steady("s2", Quantity::Co2, at("03-02 20:00"), at("03-02 21:00"), 640.0);
    run.advance(at("03-02 22:00"));
    assert_eq!(told(&run, "r2"), [TransitionKind::Firing, TransitionKind::Resolved]);
}

#[test]
fn a_checkpoint_in_the_middle_of_silence_changes_nothing() {
    let mut world = world(Clause { hold_ms: 3 * HOUR, ..silent() }).with(stuck());
    world.options.horizon_ms = 12 * HOUR;
    let feed = |engine: &mut Engine, out: &mut Vec<Output>, from: i64, to: i64| {
        for minute in (from..to).step_by(5) {
            let time = at("03-02 08:00").plus_ms(minute * MINUTE);
            engine.observe(&reading("s1", Quantity::Co2, time, 600.0), out);
            if !(60..900).contains(&minute) {
                engine.observe(&reading("s2", Quantity::Co2, time, 600.0), out);
            } else if (300..600).contains(&minute) {
                engine.observe(&frozen("s2", time), out);
            }
            let since = if minute < 500 { 0 } else { 500 };
            engine.advance_listening(time, at("03-02 08:00").plus_ms(since * MINUTE), out);
        }
    };
    let mut whole = world.run();
    feed(&mut whole.engine, &mut whole.out, 0, 1400);
    for cut in [70, 240, 500, 700, 1000] {
        let mut before = world.run();
        feed(&mut before.engine, &mut before.out, 0, cut);
        let mut after = Run { engine: world.engine(), out: before.out };
        for (key, saved) in before.engine.take_changed() {
            after.engine.restore(&key, saved);
        }
        feed(&mut after.engine, &mut after.out, cut, 1400);
        assert_eq!(after.out, whole.out, "cut at {cut}");
    }
    assert!(
        whole.kinds().contains(&TransitionKind::Firing) && whole.kinds().contains(&TransitionKind::Resolved)
    );
}
