//! How a firing alert is kept from ending too soon: keep-firing, and the flap guard.

use rules::{AlertState, Bound, Clause, Engine, Firing, Flap, TransitionKind};

use crate::world::{Run, World, at, co2, reading};

const HOUR: i64 = 3_600_000;

use TransitionKind::{Firing as Fired, Resolved, Revised};

const HIGH: Option<f64> = Some(1100.0);
const LOW: Option<f64> = Some(600.0);

fn kept(hours: i64) -> Clause {
    Clause { firing: Firing { keep_ms: hours * HOUR, flap: None }, ..co2() }
}

fn guarded(changes: u8, hours: i64) -> Clause {
    let flap = Some(Flap { changes, within_ms: hours * HOUR });
    Clause { firing: Firing { keep_ms: 0, flap }, ..co2() }
}

fn run_of(clause: Clause, means: &[Option<f64>]) -> Run {
    let mut run = World::new().with(clause).run();
    run.co2_hours(at("03-02 00:00"), means);
    run
}

#[test]
fn an_alert_keeps_firing_until_the_value_has_been_clear_for_as_long_as_asked() {
    let run = run_of(kept(3), &[HIGH, LOW, LOW]);
    assert_eq!(run.alert().map(|a| a.state), Some(AlertState::Firing));
    let run = run_of(kept(3), &[HIGH, LOW, LOW, LOW]);
    assert_eq!(run.kinds(), [Fired, Resolved]);
    assert_eq!(run.transitions()[1].at, at("03-02 04:15"));
}

#[test]
fn a_breach_in_between_just_goes_on_and_starts_the_keeping_anew() {
    let run = run_of(kept(2), &[HIGH, LOW, HIGH, LOW]);
    assert_eq!(run.kinds(), [Fired]);
    assert_eq!(run.alert().map(|a| a.started_at), Some(at("03-02 00:00")), "one alert");
    let run = run_of(kept(2), &[HIGH, LOW, HIGH, LOW, LOW]);
    assert_eq!(run.kinds(), [Fired, Resolved]);
}

#[test]
fn silence_and_a_value_between_limit_and_clear_prove_no_clear_time() {
    let clear = Some(Bound { at_most: Some(900.0), at_least: None });
    let clause = Clause { clear, ..kept(2) };
    let run = run_of(clause.clone(), &[HIGH, LOW, None, None]);
    assert_eq!(run.kinds(), [Fired], "nobody knows");
    let run = run_of(clause.clone(), &[HIGH, LOW, None, LOW]);
    assert_eq!(run.kinds(), [Fired, Resolved], "the clear hours add up over silence");
    let run = run_of(clause, &[HIGH, LOW, Some(950.0), LOW]);
    assert_eq!(run.kinds(), [Fired], "950 is no breach, but not clear either");
}

#[test]
fn without_keeping_an_alert_ends_with_the_first_clear_window() {
    assert_eq!(run_of(co2(), &[HIGH, LOW]).kinds(), [Fired, Resolved]);
}

#[test]
fn an_alert_that_comes_and_goes_stays_firing_until_a_whole_while_was_clear() {
    // Fires, resolves, fires, resolves: four changes. From the next firing on it flaps.
    let clause = || guarded(4, 8);
    let flapping = [HIGH, LOW, HIGH, LOW, HIGH, LOW];
    let run = run_of(clause(), &flapping);
    assert_eq!(run.kinds(), [Fired, Resolved, Fired, Resolved, Fired]);
    assert_eq!(run.alert().map(|a| a.state), Some(AlertState::Firing));
    let long = |clear: usize| [flapping.as_slice(), &vec![LOW; clear]].concat();
    // One clear hour is there already.
    assert_eq!(run_of(clause(), &long(6)).kinds().len(), 5);
    let done = run_of(clause(), &long(7));
    assert_eq!(done.kinds().last(), Some(&Resolved));
    assert_eq!(done.transitions()[5].at, at("03-02 13:15"));
}

#[test]
fn while_it_flaps_a_breach_begins_the_while_anew_even_when_the_changes_are_old() {
    let mut means = vec![HIGH, LOW, HIGH, LOW, HIGH, LOW, LOW, LOW, LOW, LOW, LOW, HIGH];
    means.extend([LOW; 7]);
    assert_eq!(run_of(guarded(4, 8), &means).kinds().len(), 5, "still the third alert");
    means.push(LOW);
    assert_eq!(run_of(guarded(4, 8), &means).kinds().last(), Some(&Resolved));
}

#[test]
fn changes_that_lie_a_while_back_do_not_count() {
    let slow = [HIGH, LOW, LOW, LOW, HIGH, LOW, LOW, LOW, HIGH, LOW];
    assert_eq!(run_of(guarded(4, 4), &slow).kinds(), [Fired, Resolved, Fired, Resolved, Fired, Resolved]);
}

#[test]
fn late_data_tells_the_life_of_a_guarded_alert_anew() {
    let mut run = run_of(guarded(4, 8), &[HIGH, LOW, HIGH, LOW, HIGH, LOW]);
    // The second breach was none: then there were only two changes before the last firing.
    run.send("s1", model::Quantity::Co2, at("03-02 02:02"), 0.0);
    run.steady("s1", model::Quantity::Co2, at("03-02 02:03"), at("03-02 02:58"), 600.0);
    run.advance(at("03-02 08:00"));
    assert_eq!(run.kinds().last(), Some(&Resolved));
}

#[test]
fn a_checkpoint_while_pending_kept_or_flapping_changes_nothing() {
    let means = [HIGH, HIGH, LOW, HIGH, HIGH, LOW, LOW, HIGH, HIGH, LOW, LOW, LOW, LOW, LOW, LOW, LOW];
    let firing = Firing { keep_ms: HOUR, flap: Some(Flap { changes: 4, within_ms: 9 * HOUR }) };
    let clause = Clause { firing, hold_ms: HOUR, ..co2() };
    let mut world = World::new().with(clause);
    // Short enough that old windows are folded into the state.
    world.options.horizon_ms = 2 * HOUR;
    let feed = |run: &mut Run, from: usize, to: usize| {
        for (hour, mean) in means.iter().enumerate().take(to).skip(from) {
            let start = at("03-02 00:00").plus_ms(hour as i64 * HOUR);
            for minute in 0..12 {
                let time = start.plus_ms(minute * 300_000);
                run.observe(&reading("s1", model::Quantity::Co2, time, mean.unwrap()));
            }
        }
    };
    let mut whole = world.run();
    feed(&mut whole, 0, means.len());
    assert_eq!(whole.kinds(), [Fired, Resolved, Fired, Resolved, Fired]);
    for cut in 1..means.len() {
        let mut before = world.run();
        feed(&mut before, 0, cut);
        let mut engine: Engine = world.engine();
        for (key, saved) in before.engine.take_changed() {
            engine.restore(&key, saved);
        }
        let mut after = Run { engine, out: before.out };
        feed(&mut after, cut, means.len());
        assert_eq!(after.out, whole.out, "cut after {cut} hours");
        assert_eq!(after.engine.alerts(), whole.engine.alerts(), "cut after {cut} hours");
    }
}

#[test]
fn late_data_that_turns_a_clear_hour_into_a_breach_keeps_the_alert() {
    let mut run = run_of(kept(2), &[HIGH, LOW]);
    run.send("s1", model::Quantity::Co2, at("03-02 01:02"), 9000.0);
    run.advance(at("03-02 03:30"));
    run.co2_hours(at("03-02 04:00"), &[LOW]);
    assert_eq!(run.kinds(), [Fired, Revised], "one clear hour since");
}

#[test]
fn a_change_exactly_a_while_back_is_forgotten() {
    // Fired by 01:00, resolved by 02:00, fired by 04:00: at 05:00 the first lies four hours back.
    let run = run_of(guarded(3, 4), &[HIGH, LOW, LOW, HIGH, LOW]);
    assert_eq!(run.kinds(), [Fired, Resolved, Fired, Resolved]);
    let run = run_of(guarded(3, 5), &[HIGH, LOW, LOW, HIGH, LOW]);
    assert_eq!(run.kinds(), [Fired, Resolved, Fired], "within five hours it counts");
}
