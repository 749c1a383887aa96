//! Who is in a room at the engine's clock.

use model::{Instant, Period, PlaceKind, Quantity};
use rules::{Measure, Presence};

use crate::world::{Run, World, at, clause, id};

fn run() -> Run {
    let use_of_rooms = clause("use", PlaceKind::Room, Measure::Utilisation, Period::Day, 1.0);
    World::new().with(use_of_rooms).run()
}

/// What the engine says of `r1` at `now`; nothing where no sensor was heard.
fn seen(run: &mut Run, now: Instant) -> Option<Option<Presence>> {
    run.advance(now);
    run.engine.presences().into_iter().find(|(place, _)| *place == id("r1")).map(|(_, seen)| seen)
}

#[test]
fn motion_holds_a_room_for_its_hold_off_and_then_it_is_free_while_observed() {
    let mut run = run();
    assert_eq!(seen(&mut run, at("03-02 09:59")), None, "nothing heard");
    run.send("s1", Quantity::Motion, at("03-02 10:00"), 1.0);
    run.send("s1", Quantity::Motion, at("03-02 10:05"), 0.0);
    let occupied = Presence { is_occupied: true, people: None };
    assert_eq!(seen(&mut run, at("03-02 10:12")), Some(Some(occupied)));
    assert_eq!(seen(&mut run, at("03-02 10:17")).flatten().map(|p| p.is_occupied), Some(false));
    assert_eq!(seen(&mut run, at("03-02 10:21")), Some(None), "silent for longer than its gap");
}

#[test]
fn a_count_gives_people_and_outranks_presence() {
    let mut run = run();
    run.send("t1", Quantity::Occupied, at("03-02 10:00"), 1.0);
    run.send("s1", Quantity::PeopleCount, at("03-02 10:01"), 3.0);
    let three = Presence { is_occupied: true, people: Some(3.0) };
    assert_eq!(seen(&mut run, at("03-02 10:02")), Some(Some(three)));
    run.send("s1", Quantity::PeopleCount, at("03-02 10:03"), 0.0);
    let nobody = Presence { is_occupied: false, people: Some(0.0) };
    assert_eq!(seen(&mut run, at("03-02 10:04")), Some(Some(nobody)));
}
