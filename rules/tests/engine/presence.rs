//! Who is in a room at the engine's clock.

use std::sync::Arc;

use model::{Instant, Period, PlaceKind, Quantity, register::Sensor};
use rules::{Measure, Presence};

use crate::world::{Run, World, at, clause, id, two};

fn world() -> World {
    World::new().with(clause("use", PlaceKind::Room, Measure::Utilisation, Period::Day, 1.0))
}

fn run() -> Run {
    world().run()
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

/// What tells if somebody is in: by motion, presence, count and at the doors.
const WAYS: [&[Quantity]; 4] = [
    &[Quantity::Motion],
    &[Quantity::Occupied],
    &[Quantity::PeopleCount],
    &[Quantity::PeopleIn, Quantity::PeopleOut],
];

/// What is known of `r1` after `s1` has spoken on one day and `t1`, ten minutes long, on the next.
fn after_both(run: &mut Run, way: &[Quantity], between: impl FnOnce(&mut Run)) -> Option<bool> {
    for quantity in way {
        run.send("s1", *quantity, at("03-02 23:50"), 0.0);
    }
    between(run);
    for time in ["03-03 10:00", "03-03 10:05"] {
        for quantity in way {
            run.send("t1", *quantity, at(time), 0.0);
        }
    }
    seen(run, at("03-03 10:06")).flatten().map(|presence| presence.is_occupied)
}

#[test]
fn a_sensor_that_has_moved_away_leaves_nothing_unknown_beside_the_one_that_took_its_place() {
    for way in WAYS {
        let mut moving = world();
        let [here, there] = ["r1", "r2"].map(|room| Sensor::new(id("s1"), id(room)));
        moving.register.sensors.insert(id("s1"), two(here, at("03-03 00:00"), there));
        assert_eq!(after_both(&mut moving.run(), way, |_| ()), Some(false), "{way:?}");
        // Still there, and silent: of two counters of one zone the other is enough.
        let known = (*way == [Quantity::PeopleCount]).then_some(false);
        assert_eq!(after_both(&mut run(), way, |_| ()), known, "{way:?}");
    }
}

#[test]
fn a_sensor_without_a_row_leaves_nothing_unknown_either() {
    for way in WAYS {
        let removed = |run: &mut Run| {
            let mut next = world();
            next.register.sensors.remove(&id("s1"));
            run.engine.rebind(Arc::new(next.register), &next.clauses, next.options, &mut run.out);
        };
        assert_eq!(after_both(&mut run(), way, removed), Some(false), "{way:?}");
    }
}
