//! Sensors that were never heard: told while we listen, and only named where nobody says that we did.

use model::{
    Instant, Period, PlaceKind, Quantity,
    register::{Dated, History, Sensor},
};
use rules::{Clause, Fact, Measure, Outcome, TransitionKind, Verdict};

use crate::{
    silence::{said, silent, silent_names, told, world},
    world::{Run, at, clause, id},
};

const HOUR: i64 = 3_600_000;
const MINUTE: i64 = 60_000;

/// `s1` speaks every five minutes, and as often we say that we listen since `from`.
fn listen(run: &mut Run, from: Instant, to: Instant) {
    let mut time = from;
    while time < to {
        run.send("s1", Quantity::Co2, time, 600.0);
        run.engine.advance_listening(time, from, &mut run.out);
        time = time.plus_ms(5 * MINUTE);
    }
    run.engine.advance_listening(to, from, &mut run.out);
}

fn unheard_names(verdict: &Verdict) -> Option<&Fact> {
    verdict.why.get("unheard")
}

#[test]
fn a_sensor_that_never_speaks_is_told_after_its_while_and_not_earlier_as_long_as_we_listen() {
    let mut run = world(Clause { hold_ms: 24 * HOUR, ..silent() }).run();
    // What came before the first word says nothing of the others.
    run.steady("s1", Quantity::Co2, at("02-20 08:00"), at("03-02 08:00"), 600.0);
    assert_eq!(said(&run, "r2", at("03-01 08:00")), None, "its place is not even open");
    listen(&mut run, at("03-02 08:00"), at("03-03 10:10"));
    assert_eq!(said(&run, "r2", at("03-02 08:00")), Some((Some(0.75), Outcome::Compliant)));
    assert_eq!(said(&run, "r2", at("03-02 09:00")), Some((Some(1.75), Outcome::Breach)));
    assert!(run.transitions().is_empty(), "it has not lasted longer than 24 h");
    listen(&mut run, at("03-03 10:10"), at("03-03 10:30"));
    assert_eq!(told(&run, "r2"), [TransitionKind::Firing]);
    let alert = run.alert().unwrap();
    assert_eq!(silent_names(&alert.verdict), ["s2 never heard"]);
    assert_eq!(alert.started_at, at("03-02 09:00"));
}

#[test]
fn in_a_file_a_sensor_without_any_reading_is_named_and_never_told_as_silent() {
    let mut world = world(silent());
    world.sensor(Sensor::new(id("s3"), id("r1")));
    world.sensor(Sensor::new(id("s4"), id("b")));
    let of_building = clause("silent-building", PlaceKind::Building, Measure::Absence, Period::Hour, 1.0);
    let mut run = world.with(of_building).run();
    run.steady("s1", Quantity::Co2, at("03-02 08:00"), at("03-05 08:00"), 600.0);
    run.finish();
    assert!(run.transitions().is_empty());
    assert_eq!(said(&run, "r2", at("03-02 12:00")), None, "nothing of its own was ever read");
    assert_eq!(said(&run, "r1", at("03-02 12:00")), Some((Some(0.0), Outcome::Compliant)), "s1 was heard");
    let of = |place: &str| run.verdicts().into_iter().rfind(|v| v.subject.id() == &id(place)).unwrap();
    let names = |name: &str| Fact::List(vec![Fact::Text(name.to_owned())]);
    assert_eq!(unheard_names(of("r1")), Some(&names("s3")));
    let building = of("b");
    assert_eq!((building.value, building.outcome), (None, Outcome::Insufficient), "its rooms were heard");
    assert_eq!(unheard_names(building), Some(&names("s4")));
}

#[test]
fn in_a_file_a_place_opens_with_the_first_reading_of_a_sensor_of_its_own() {
    for is_late in [false, true] {
        let mut run = world(silent()).run();
        run.steady("s1", Quantity::Co2, at("03-02 08:00"), at("03-02 11:00"), 600.0);
        if !is_late {
            run.send("s2", Quantity::Co2, at("03-02 11:30"), 600.0);
        }
        run.steady("s1", Quantity::Co2, at("03-02 11:00"), at("03-02 16:00"), 600.0);
        if is_late {
            run.send("s2", Quantity::Co2, at("03-02 11:30"), 600.0);
        }
        run.advance(at("03-02 16:16"));
        assert_eq!(said(&run, "r2", at("03-02 10:00")), None);
        assert_eq!(said(&run, "r2", at("03-02 11:00")), Some((Some(0.25), Outcome::Compliant)), "{is_late}");
        assert_eq!(said(&run, "r2", at("03-02 15:00")), Some((Some(4.25), Outcome::Breach)), "{is_late}");
    }
}

#[test]
fn a_sensor_heard_before_the_first_word_is_silent_since_it_spoke() {
    let mut run = world(silent()).run();
    run.send("s1", Quantity::Co2, at("03-02 06:00"), 600.0).send(
        "s2",
        Quantity::Co2,
        at("03-02 07:50"),
        600.0,
    );
    listen(&mut run, at("03-02 08:00"), at("03-02 11:30"));
    assert_eq!(said(&run, "r2", at("03-02 08:00")), Some((Some(0.916_667), Outcome::Compliant)));
    assert_eq!(said(&run, "r2", at("03-02 10:00")), Some((Some(2.916_667), Outcome::Breach)));
}

#[test]
fn a_sensor_never_heard_counts_from_our_first_word_or_its_binding_if_that_is_later() {
    let mut world = world(silent());
    let mut late = History::default();
    let span = model::Span::new(at("03-02 12:00"), Instant::MAX);
    late.insert(Dated { span, value: Sensor::new(id("s3"), id("r2")) }).unwrap();
    world.register.sensors.insert(id("s3"), late);
    let mut run = world.run();
    listen(&mut run, at("03-02 08:00"), at("03-02 15:20"));
    assert_eq!(said(&run, "r2", at("03-02 08:00")), Some((Some(0.75), Outcome::Compliant)), "s2 from 08:00");
    assert_eq!(said(&run, "r2", at("03-02 14:00")), Some((Some(6.75), Outcome::Breach)));
    let last = run.verdicts().into_iter().rfind(|v| v.subject.id() == &id("r2")).unwrap();
    assert_eq!(silent_names(last), ["s2 never heard", "s3 never heard"]);
    run.send("s2", Quantity::Co2, at("03-02 15:20"), 600.0);
    listen(&mut run, at("03-02 15:20"), at("03-02 17:20"));
    assert_eq!(said(&run, "r2", at("03-02 16:00")), Some((Some(4.75), Outcome::Breach)), "s3 from 12:00");
}

#[test]
fn a_building_without_any_sound_is_silent_too() {
    let mut world = world(silent());
    world.place(crate::world::place("b9", PlaceKind::Building, None));
    world.place(crate::world::place("r9", PlaceKind::Room, Some("b9")));
    world.sensor(Sensor::new(id("s9"), id("r9")));
    let mut run = world.run();
    listen(&mut run, at("03-02 08:00"), at("03-02 11:30"));
    assert_eq!(said(&run, "r9", at("03-02 10:00")), Some((Some(2.75), Outcome::Breach)));
}

#[test]
fn a_sensor_that_a_new_register_brings_counts_from_then_on() {
    let mut world = world(silent());
    let mut before = world.run();
    listen(&mut before, at("03-02 08:00"), at("03-03 08:00"));
    world.sensor(Sensor::new(id("s3"), id("r1")));
    world.place(crate::world::place("r3", PlaceKind::Room, Some("b")));
    world.sensor(Sensor::new(id("s4"), id("r3")));
    let mut run = world.run();
    for (key, saved) in before.engine.take_changed() {
        run.engine.restore(&key, saved);
    }
    let mut time = at("03-03 08:00");
    while time < at("03-03 12:25") {
        run.send("s1", Quantity::Co2, time, 600.0);
        run.engine.advance_listening(time, at("03-02 08:00"), &mut run.out);
        time = time.plus_ms(5 * MINUTE);
    }
    for room in ["r1", "r3"] {
        assert_eq!(said(&run, room, at("03-03 11:00")), Some((Some(3.75), Outcome::Breach)), "{room}");
    }
    assert_eq!(said(&run, "r2", at("03-03 11:00")), Some((Some(27.75), Outcome::Breach)), "s2 as before");
}
