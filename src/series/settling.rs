//! How far the server's word can be trusted: a 204 is not yet a disk.
//!
//! Some servers answer before they have written and lose the last seconds when they are
//! killed. So what they acknowledged counts as settled only after a while, and after an
//! outage everything that was not settled is written again, which changes nothing twice.

use std::{collections::VecDeque, time::Duration};

use tokio::time::Instant;

/// Marks (positions, row numbers) that were acknowledged, the newest of which still have to settle.
#[derive(Debug)]
pub(super) struct Settling<T> {
    after: Duration,
    settled: T,
    newest: T,
    recent: VecDeque<Group<T>>,
}

/// Acknowledgements of about one second.
#[derive(Debug)]
struct Group<T> {
    began: Instant,
    ended: Instant,
    mark: T,
}

impl<T: Copy + PartialOrd> Settling<T> {
    /// Begins with everything up to `settled` in place.
    pub(super) fn new(settled: T, after: Duration) -> Self {
        Self { after, settled, newest: settled, recent: VecDeque::new() }
    }

    /// Several lanes as one: `newest` was acknowledged by `now`, and only what `settled` says has settled yet.
    pub(super) fn joined(settled: T, newest: T, after: Duration, now: Instant) -> Self {
        let recent = VecDeque::from([Group { began: now, ended: now, mark: newest }]);
        Self { after, settled, newest, recent }
    }

    /// The newest mark that was acknowledged.
    pub(super) fn newest(&self) -> T {
        self.newest
    }

    /// The newest mark that has settled.
    pub(super) fn settled(&self) -> T {
        self.settled
    }

    /// Takes a mark that the server acknowledged at `now`.
    pub(super) fn acknowledge(&mut self, mark: T, now: Instant) {
        self.newest = mark;
        // A mark a second is enough to know the newest settled one.
        match self.recent.back_mut() {
            Some(group) if now.duration_since(group.began) < Duration::from_secs(1) => {
                group.ended = now;
                group.mark = mark;
            }
            _ => self.recent.push_back(Group { began: now, ended: now, mark }),
        }
        self.pass(now);
    }

    /// Lets time pass; whether the settled mark moved.
    pub(super) fn pass(&mut self, now: Instant) -> bool {
        let before = self.recent.len();
        while let Some(group) = self.recent.front()
            && now.duration_since(group.ended) >= self.after
        {
            self.settled = group.mark;
            self.recent.pop_front();
        }
        self.recent.len() < before
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_settles_after_its_time() {
        let start = Instant::now();
        let at = |secs| start + Duration::from_secs(secs);
        let mut marks = Settling::new(0, Duration::from_secs(60));
        marks.acknowledge(1, at(0));
        marks.acknowledge(2, at(30));
        marks.acknowledge(3, at(59));
        assert_eq!((marks.settled(), marks.newest()), (0, 3));
        assert!(marks.pass(at(90)));
        assert_eq!((marks.settled(), marks.newest()), (2, 3));
        assert!(!marks.pass(at(118)));
        assert!(marks.pass(at(119)));
        assert_eq!(marks.settled(), 3);
    }

    #[test]
    fn acknowledgements_in_quick_succession_never_settle_early() {
        let start = Instant::now();
        let mut marks = Settling::new(0, Duration::from_secs(60));
        for n in 0..1000_u64 {
            marks.acknowledge(n, start + Duration::from_millis(n * 100));
        }
        // At 99.9 s only what was acknowledged by 39.9 s may have settled.
        assert!((380..=399).contains(&marks.settled()), "{}", marks.settled());
    }
}
