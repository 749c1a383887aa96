//! Lanes: the newest first, and what an outage left behind it, oldest first, beside it.
//!
//! Marks are numbers that grow (positions of the spool, numbers of waiting lines). The live lane goes on from
//! where it was cut; each cut leaves a stretch behind. Two marks may name the same point only if the later
//! one says so (its reading is marked late, a repetition, or backfilled). Such a mark is held while anything
//! older is on its way, and goes when that has gone: so of two values of one point the older is never the
//! one that stays. What outlives the process is one mark, up to which everything has settled.

use std::{collections::VecDeque, time::Duration};

use tokio::time::Instant;

use super::settling::Settling;

/// Stretches behind; with so many the live lane is not cut again until one has gone.
const MOST_BEHIND: usize = 32;

/// Which marks of a stretch are to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Which {
    /// Every one.
    All,
    /// Those that were held.
    Held,
}

/// A stretch on its way.
#[derive(Debug)]
struct Stretch {
    /// It begins behind this mark.
    begin: u64,
    marks: Settling<u64>,
    /// Its last mark; none: it follows the live lane.
    upto: Option<u64>,
    which: Which,
}

/// What to read next of what was left behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Next {
    /// Marks behind this one,
    pub(super) after: u64,
    /// up to this one,
    pub(super) upto: u64,
    /// and of those these.
    pub(super) which: Which,
    /// Whether a mark that may name an older point again must be held.
    pub(super) holds: bool,
}

/// The live lane and the stretches behind it.
#[derive(Debug)]
pub(super) struct Lanes {
    after: Duration,
    live: Stretch,
    /// Oldest first.
    behind: VecDeque<Stretch>,
    /// The oldest mark that is held.
    held_from: Option<u64>,
}

impl Stretch {
    fn new(begin: u64, upto: Option<u64>, which: Which, after: Duration) -> Self {
        Self { begin, marks: Settling::new(begin, after), upto, which }
    }

    /// Its last mark, the live lane being at `live`.
    fn end(&self, live: u64) -> u64 {
        self.upto.unwrap_or(live)
    }

    fn is_through(&self, live: u64) -> bool {
        self.marks.newest() >= self.end(live)
    }
}

impl Lanes {
    /// Everything up to `start` is in place; `after` as for [`Settling::new`].
    pub(super) fn new(start: u64, after: Duration) -> Self {
        let live = Stretch::new(start, None, Which::All, after);
        Self { after, live, behind: VecDeque::new(), held_from: None }
    }

    /// Everything up to here has settled.
    pub(super) fn settled(&self) -> u64 {
        let held = self.held_from.map(|first| first.saturating_sub(1));
        self.stretches().map(|lane| lane.marks.settled()).chain(held).min().unwrap_or(0)
    }

    fn stretches(&self) -> impl Iterator<Item = &Stretch> {
        self.behind.iter().chain([&self.live])
    }

    /// Newest mark of the live lane.
    pub(super) fn newest(&self) -> u64 {
        self.live.marks.newest()
    }

    /// Whether the live lane must hold what may name an older point again.
    pub(super) fn holds(&self) -> bool {
        !self.behind.is_empty() || self.held_from.is_some()
    }

    /// What to write next of what was left behind.
    pub(super) fn next_behind(&self) -> Option<Next> {
        let live = self.newest();
        let lane = self.behind.iter().find(|lane| !lane.is_through(live))?;
        Some(Next {
            after: lane.marks.newest(),
            upto: lane.end(live),
            which: lane.which,
            holds: lane.which == Which::All && self.held_from.is_some_and(|held| held <= lane.end(live)),
        })
    }

    /// What is still to be written, as stretches `(after, upto)`; the live lane's has no end.
    pub(super) fn missing(&self) -> Vec<(u64, Option<u64>)> {
        let live = self.newest();
        let behind = self.behind.iter().filter(|lane| lane.which == Which::All && !lane.is_through(live));
        let behind = behind.map(|lane| (lane.marks.newest(), Some(lane.end(live))));
        behind.chain([(live, None)]).collect()
    }

    /// Stretches `(after, upto)` that have settled.
    pub(super) fn settled_stretches(&self) -> Vec<(u64, u64)> {
        let all = self.stretches().filter(|lane| lane.which == Which::All);
        all.map(|lane| (lane.begin, lane.marks.settled())).collect()
    }

    /// Cuts the live lane when it is more than `most` behind `newest`: it goes on with the newest tenth of that, and
    /// what lies between is left behind.
    pub(super) fn overtake(&mut self, newest: u64, most: u64) {
        if newest.saturating_sub(self.newest()) <= most || self.behind.len() >= MOST_BEHIND {
            return;
        }
        let cut = self.newest();
        for lane in &mut self.behind {
            lane.upto.get_or_insert(cut);
        }
        let start = newest.saturating_sub(most / 10);
        let fresh = Stretch::new(start, None, Which::All, self.after);
        let left = std::mem::replace(&mut self.live, fresh);
        self.behind.push_back(Stretch { upto: Some(start), ..left });
    }

    /// The server took the live lane up to `mark`, but for what was held from `held` on.
    pub(super) fn acknowledge_live(&mut self, mark: u64, held: Option<u64>, now: Instant) {
        self.hold(held);
        self.live.marks.acknowledge(mark, now);
    }

    /// The server took what [`Self::next_behind`] said, up to `mark`.
    pub(super) fn acknowledge_behind(&mut self, mark: u64, held: Option<u64>, now: Instant) {
        self.hold(held);
        let live = self.newest();
        let Some(lane) = self.behind.iter_mut().find(|lane| !lane.is_through(live)) else { return };
        lane.marks.acknowledge(mark, now);
        let end = lane.end(live);
        if lane.which == Which::Held && mark >= end {
            // What was held up to its end has gone with it.
            let later = (live > end).then(|| end.saturating_add(1));
            self.held_from = self.held_from.and_then(|held| later.map(|later| later.max(held)));
        }
    }

    fn hold(&mut self, held: Option<u64>) {
        self.held_from = self.held_from.into_iter().chain(held).min();
    }

    /// Lets time pass; when nothing is left behind, what was held goes, and then all is one lane again.
    pub(super) fn pass(&mut self, now: Instant) {
        self.live.marks.pass(now);
        for lane in &mut self.behind {
            lane.marks.pass(now);
        }
        let live = self.newest();
        if !self.holds() || self.behind.iter().any(|lane| !lane.is_through(live)) {
            return;
        }
        if let Some(first) = self.held_from.take_if(|first| *first <= live) {
            let held = Stretch::new(first.saturating_sub(1), None, Which::Held, self.after);
            self.behind.push_back(held);
            return;
        }
        self.held_from = None;
        let begin = self.stretches().map(|lane| lane.begin).min().unwrap_or(0);
        let marks = Settling::joined(self.settled(), live, self.after, now);
        self.behind.clear();
        self.live = Stretch { begin, marks, upto: None, which: Which::All };
    }

    /// After an outage: goes back to what had settled before it. What the lanes had done beyond that is written
    /// again, in order: the server may have lost any of it.
    pub(super) fn rewind(&mut self) {
        let begin = self.stretches().map(|lane| lane.begin).min().unwrap_or(0);
        *self = Self::new(self.settled(), self.after);
        self.live.begin = begin;
    }

    /// Gives up what lies up to `gone`, which is no more; returns how many marks nobody had written.
    pub(super) fn skip(&mut self, gone: u64) -> u64 {
        let (mut skipped, live) = (0, self.newest());
        for lane in self.behind.iter_mut().chain([&mut self.live]) {
            let to = gone.min(lane.upto.unwrap_or(gone));
            let from = lane.marks.newest();
            if from < to {
                skipped += if lane.which == Which::All { to - from } else { 0 };
                lane.marks = Settling::new(to, self.after);
            }
        }
        self.held_from = self.held_from.map(|held| held.max(gone.saturating_add(1)));
        if self.newest() > live {
            self.held_from = None;
        }
        skipped
    }
}

#[cfg(test)]
mod tests;
