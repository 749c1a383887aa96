//! Lanes against a server that is a map, in any course of outages, crashes and late values.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

/// One mark: which point it names. Marks that name a point again say so.
#[derive(Debug, Clone, Copy)]
struct Mark {
    point: u8,
    is_again: bool,
}

#[derive(Debug, Clone)]
enum Course {
    /// So many new marks of new points, or of a point that was named before.
    Arrive(Vec<Option<u8>>),
    /// So many turns of the writer, reading so many marks at a time.
    Turns(u8, u8),
    /// The server loses what has not settled.
    Outage,
    /// We lose what is not kept.
    Crash,
    /// Seconds pass.
    Time(u8),
}

fn any_course() -> impl Strategy<Value = Course> {
    prop_oneof![
        3 => prop::collection::vec(prop_oneof![3 => Just(None), 1 => any::<u8>().prop_map(Some)], 1..60)
            .prop_map(Course::Arrive),
        4 => (1..6_u8, 1..20_u8).prop_map(|(turns, most)| Course::Turns(turns, most)),
        1 => Just(Course::Outage),
        1 => Just(Course::Crash),
        2 => (1..90_u8).prop_map(Course::Time),
    ]
}

/// A writer over a log of marks, and a server that keeps the newest write of each point.
struct World {
    log: Vec<Mark>,
    lanes: Lanes,
    kept: u64,
    server: BTreeMap<u8, u64>,
    now: Instant,
    /// Since the last rewind: the newest mark written of each point.
    seen: BTreeMap<u8, u64>,
}

const SETTLE: Duration = Duration::from_secs(60);

impl World {
    fn new() -> Self {
        let lanes = Lanes::new(0, SETTLE);
        let kept = lanes.settled();
        Self {
            log: Vec::new(),
            lanes,
            kept,
            server: BTreeMap::new(),
            now: Instant::now(),
            seen: BTreeMap::new(),
        }
    }

    fn arrive(&mut self, points: &[Option<u8>]) {
        for again in points {
            let used = u8::try_from(self.log.iter().filter(|mark| !mark.is_again).count()).unwrap_or(255);
            let mark = match again {
                Some(point) if used > 0 => Mark { point: point % used, is_again: true },
                _ if used < 250 => Mark { point: used, is_again: false },
                _ => continue,
            };
            self.log.push(mark);
        }
    }

    /// Writes `(after, upto]`, at most `most` marks; returns the last and the first that was held.
    fn write(&mut self, after: u64, upto: u64, which: Which, holds: bool, most: u64) -> (u64, Option<u64>) {
        let last = upto.min(after + most);
        let mut held = None;
        for at in after + 1..=last {
            let mark = self.log[usize::try_from(at).unwrap() - 1];
            if which == Which::Held && !mark.is_again {
                continue;
            }
            if which == Which::All && holds && mark.is_again {
                held = held.or(Some(at));
                continue;
            }
            let before = self.seen.insert(mark.point, at);
            assert!(before.is_none_or(|before| before <= at), "{before:?} was there, {at} is older");
            self.server.insert(mark.point, at);
        }
        (last, held)
    }

    fn turn(&mut self, most: u64) {
        let newest = self.log.len() as u64;
        self.lanes.overtake(newest, 25);
        let from = self.lanes.newest();
        if from < newest {
            let (last, held) = self.write(from, newest, Which::All, self.lanes.holds(), most);
            self.lanes.acknowledge_live(last, held, self.now);
        }
        if let Some(next) = self.lanes.next_behind() {
            let (last, held) = self.write(next.after, next.upto, next.which, next.holds, most);
            self.lanes.acknowledge_behind(last, held, self.now);
        }
        self.lanes.pass(self.now);
        self.kept = self.lanes.settled();
    }

    fn is_done(&self) -> bool {
        self.lanes.newest() == self.log.len() as u64
            && self.lanes.next_behind().is_none()
            && !self.lanes.holds()
    }

    fn live(&mut self, course: &Course) {
        match course {
            Course::Arrive(points) => self.arrive(points),
            Course::Turns(turns, most) => (0..*turns).for_each(|_| self.turn(u64::from(*most))),
            Course::Outage => {
                // Whatever was not promised may be gone.
                let settled = self.lanes.settled();
                self.server.retain(|_, at| *at <= settled);
                self.lanes.rewind();
                self.seen.clear();
            }
            Course::Crash => {
                self.lanes = Lanes::new(self.kept, SETTLE);
                self.seen.clear();
            }
            Course::Time(secs) => {
                self.now += Duration::from_secs(u64::from(*secs));
                self.lanes.pass(self.now);
                self.kept = self.lanes.settled();
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn in_any_course_every_point_ends_with_its_newest_value_and_none_goes_back(
        course in prop::collection::vec(any_course(), 1..40),
    ) {
        let mut world = World::new();
        for step in &course {
            world.live(step);
        }
        for _ in 0..2000 {
            if world.is_done() { break; }
            world.turn(20);
        }
        prop_assert!(world.is_done(), "{:?}", world.lanes);
        let mut expected = BTreeMap::new();
        for (at, mark) in (1_u64..).zip(&world.log) {
            expected.insert(mark.point, at);
        }
        prop_assert_eq!(&world.server, &expected);
        world.now += SETTLE * 2;
        world.lanes.pass(world.now);
        prop_assert_eq!(world.lanes.settled(), world.log.len() as u64);
    }
}

#[test]
fn after_an_outage_the_newest_goes_first_and_the_rest_beside_it() {
    let now = Instant::now();
    let mut lanes = Lanes::new(0, Duration::ZERO);
    lanes.acknowledge_live(10, None, now);
    lanes.overtake(1000, 100);
    assert_eq!(lanes.newest(), 990, "the newest go on at once");
    let next = Next { after: 10, upto: 990, which: Which::All, holds: false };
    assert_eq!(lanes.next_behind(), Some(next));
    lanes.acknowledge_live(1005, Some(1003), now);
    assert_eq!(lanes.settled(), 10, "what was left behind must stay in the spool");
    lanes.acknowledge_behind(990, None, now);
    lanes.pass(now);
    let held = Next { after: 1002, upto: 1005, which: Which::Held, holds: false };
    assert_eq!(lanes.next_behind(), Some(held), "what was held goes when nothing older is left");
    lanes.acknowledge_behind(1005, None, now);
    lanes.pass(now);
    assert_eq!((lanes.next_behind(), lanes.holds()), (None, false));
    lanes.pass(now);
    assert_eq!(lanes.settled(), 1005);
}

#[test]
fn marks_that_were_given_up_are_counted_once() {
    let mut lanes = Lanes::new(0, Duration::ZERO);
    lanes.overtake(1000, 100);
    assert_eq!(lanes.skip(600), 600);
    assert_eq!(lanes.skip(600), 0);
    assert_eq!(lanes.next_behind().map(|next| next.after), Some(600));
    assert_eq!(lanes.skip(1200), 600);
    assert_eq!((lanes.newest(), lanes.next_behind()), (1200, None));
}
