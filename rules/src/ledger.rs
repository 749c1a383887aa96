//! A place's partials: by local hour while late data may still change them, by local day after that.

use model::{Calendar, Instant, Period, Span};
use serde::{Deserialize, Serialize};

use crate::{
    compact,
    partial::{Partial, Slim},
    rare::Rare,
    sorted::Sorted,
};

/// What can be added up over time.
pub(crate) trait Merge: Default {
    /// How it is held: there are very many.
    type Held: Default + Clone + PartialEq + From<Self> + Into<Self>;
    fn merge(&mut self, other: &Self::Held);
    fn is_empty(&self) -> bool;
}

impl Merge for Partial {
    type Held = Slim;
    fn merge(&mut self, other: &Slim) {
        Self::merge(self, &other.into());
    }
    fn is_empty(&self) -> bool {
        Self::is_empty(self)
    }
}

/// Partials by the start of their hour or day. Every instant lies in at most one of the two.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(bound(serialize = "P::Held: Serialize", deserialize = "P::Held: Deserialize<'de>"))]
pub(crate) struct Ledger<P: Merge> {
    hours: Sorted<P::Held>,
    /// Most figures are of an hour.
    days: Rare<Sorted<P::Held>>,
    /// Hours before this instant have been rolled into days.
    #[serde(with = "compact::instant")]
    rolled_to: Instant,
}

impl<P: Merge> Default for Ledger<P> {
    fn default() -> Self {
        Self { hours: Sorted::default(), days: Rare::default(), rolled_to: Instant::MIN }
    }
}

impl<P: Merge> Ledger<P> {
    /// Replaces the partial of an hour. Hours that were rolled into days cannot change any more.
    pub(crate) fn set(&mut self, hour: Instant, partial: P) {
        if hour < self.rolled_to {
            return;
        }
        if partial.is_empty() {
            self.hours.remove(hour);
        } else {
            self.hours.insert(hour, partial.into());
        }
    }

    /// Changes the partial of an hour in place (or of its day, when it was rolled).
    pub(crate) fn change(&mut self, hour: Instant, day: Span, f: impl FnOnce(&mut P)) {
        let (kept, at) =
            if hour < self.rolled_to { (self.days.open(), day.from) } else { (&mut self.hours, hour) };
        if change(kept.entry(at), f) {
            kept.remove(at);
        }
    }

    /// Takes a day from another ledger that holds it by the hour: all of it where hours were rolled, else
    /// the hours of `closed`.
    pub(crate) fn adopt_day(&mut self, found: &Self, day: Span, closed: Span) {
        if day.from < self.rolled_to {
            let sum = found.over(day);
            if sum.is_empty() {
                self.days.get_mut().into_iter().for_each(|days| days.remove(day.from));
            } else {
                self.days.open().insert(day.from, sum.into());
            }
            return;
        }
        let held: Vec<Instant> = self.hours.range(closed).map(|(hour, _)| *hour).collect();
        held.into_iter().for_each(|hour| self.hours.remove(hour));
        for (hour, partial) in found.hours.range(closed) {
            self.hours.insert(*hour, partial.clone());
        }
    }

    /// Forgets the hours before an instant.
    pub(crate) fn forget_hours(&mut self, before: Instant) {
        self.hours.split_before(before);
    }

    /// The partial of one hour.
    pub(crate) fn hour(&self, hour: Instant) -> Option<P> {
        self.hours.get(hour).cloned().map(Into::into)
    }

    /// Days, then hours inside a window.
    fn all(&self, window: Span) -> impl Iterator<Item = &(Instant, P::Held)> {
        let days = self.days.get().into_iter().flat_map(move |days| days.range(window));
        days.chain(self.hours.range(window))
    }

    /// Everything inside a window that begins and ends on hours (and on days, where hours were rolled).
    pub(crate) fn over(&self, window: Span) -> P {
        let mut sum = P::default();
        for (_, partial) in self.all(window) {
            sum.merge(partial);
        }
        sum
    }

    /// Everything inside a window, day by day; days without any partial are left out.
    pub(crate) fn daily(&self, window: Span, calendar: &Calendar) -> Vec<(Span, P)> {
        let mut found: Vec<(Span, P)> = Vec::new();
        for (at, partial) in self.all(window) {
            match found.last_mut() {
                Some((day, sum)) if day.contains(*at) => sum.merge(partial),
                _ => found.push((calendar.window(Period::Day, *at), partial.clone().into())),
            }
        }
        found
    }

    /// Rolls the hours of every day that ended by `before` into days, and forgets days that ended by `oldest`.
    pub(crate) fn roll(&mut self, before: Instant, oldest: Instant, calendar: &Calendar) {
        let limit = calendar.window(Period::Day, before).from;
        if limit <= self.rolled_to {
            return;
        }
        let mut known: Option<Span> = None;
        for (hour, partial) in self.hours.split_before(limit) {
            let day = known.filter(|day| day.contains(hour));
            let day = day.unwrap_or_else(|| calendar.window(Period::Day, hour));
            known = Some(day);
            change(self.days.open().entry(day.from), |sum: &mut P| sum.merge(&partial));
        }
        self.rolled_to = limit;
        if let Some(days) = self.days.get_mut() {
            days.split_before(oldest);
        }
    }
}

/// Changes what is held; returns whether nothing is left of it.
fn change<P: Merge>(held: &mut P::Held, f: impl FnOnce(&mut P)) -> bool {
    let mut changed: P = std::mem::take(held).into();
    f(&mut changed);
    let is_empty = changed.is_empty();
    *held = changed.into();
    is_empty
}
