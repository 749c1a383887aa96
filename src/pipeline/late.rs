//! Late data from before what the engine holds: which of its days are to be built anew, and when.

use std::collections::{BTreeMap, BTreeSet};

use model::{Instant, Series, Span};
use rules::LateDay;
use serde::{Deserialize, Serialize};

/// Days are built anew when event time has passed so much, ms, in whole steps.
const GATHER_MS: i64 = 15 * 60_000;
/// The same where days were built within the last such step already: a device that is always late must not
/// have its building read four times an hour.
const AGAIN_MS: i64 = 60 * 60_000;
/// How long the engine of a service holds readings, ms: windows of an hour with their carry are open no
/// longer, and most of what is late comes within it.
const HELD_MS: i64 = 6 * 3_600_000;
/// A history that reaches back less, ms, may lack what a day of two days ago is built from.
const LEAST_RAW_MS: i64 = 7 * 86_400_000;

/// How long the engine is to hold readings, ms, where raw readings of the last `raw_ms` are in the history.
#[must_use]
pub const fn held_ms(raw_ms: i64) -> i64 {
    if raw_ms < LEAST_RAW_MS { i64::MAX } else { HELD_MS }
}

/// Days to be built anew, as the checkpoint holds them.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Late {
    days: BTreeSet<LateDay>,
    /// Series of meters, and from when to when readings came: their use is spread between what lies beside.
    meters: BTreeMap<Series, Span>,
    /// Event time at which they are built.
    due: Option<Instant>,
    /// Event time at which days were built last.
    #[serde(default)]
    built: Option<Instant>,
    #[serde(skip)]
    pub(super) is_changed: bool,
}

impl Late {
    fn is_empty(&self) -> bool {
        self.days.is_empty() && self.meters.is_empty()
    }

    /// Days to be built anew whose readings are not late themselves.
    pub(super) fn add(&mut self, days: impl IntoIterator<Item = LateDay>) {
        let before = self.days.len();
        self.days.extend(days);
        self.is_changed |= self.days.len() > before;
    }

    /// What waits is built at this event time, unless it is to be sooner.
    pub(super) fn hasten(&mut self, due: Instant) {
        if !self.is_empty() {
            self.due = Some(self.due.map_or(due, |held| held.min(due)));
            self.is_changed = true;
        }
    }

    /// The use of a meter over a time at which a reading came.
    pub(super) fn add_use(&mut self, series: &Series, at: Instant) {
        let held = self.meters.entry(series.clone()).or_insert(Span::new(at, at));
        *held = Span::new(held.from.min(at), held.to.max(at));
    }

    /// What waits is gathered from now on, unless that has begun already.
    pub(super) fn gather(&mut self, now: Instant) {
        if !self.is_empty() {
            self.due.get_or_insert(due_after(now, self.built));
            self.is_changed = true;
        }
    }

    /// Whether it is time to build.
    pub(super) fn is_due(&self, now: Option<Instant>) -> bool {
        self.due.zip(now).is_some_and(|(due, now)| now >= due)
    }

    /// What is to be built: days, and meters over the time of their readings.
    pub(super) fn take(&mut self) -> (BTreeSet<LateDay>, BTreeMap<Series, Span>) {
        (std::mem::take(&mut self.days), std::mem::take(&mut self.meters))
    }

    /// Nothing waits: all was built at this event time.
    pub(super) fn after(built: Option<Instant>) -> Self {
        Self { built, is_changed: true, ..Self::default() }
    }
}

/// When days that are touched now are built, where some were built before.
fn due_after(now: Instant, built: Option<Instant>) -> Instant {
    let is_again = built.is_some_and(|built| now.since(built) < AGAIN_MS);
    let gather = if is_again { AGAIN_MS } else { GATHER_MS };
    Instant::from_millis((now.millis().div_euclid(gather) + 1) * gather)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_built_at_the_quarter_and_just_after_others_at_the_full_hour() {
        let at = |text: &str| Instant::parse(&format!("2026-03-02T{text}:00Z")).unwrap();
        assert_eq!(due_after(at("08:01"), None), at("08:15"));
        assert_eq!(due_after(at("08:15"), None), at("08:30"));
        assert_eq!(due_after(at("08:16"), Some(at("08:15"))), at("09:00"));
        assert_eq!(due_after(at("09:14"), Some(at("08:15"))), at("10:00"));
        assert_eq!(due_after(at("09:15"), Some(at("08:15"))), at("09:30"));
    }

    #[test]
    fn without_a_long_history_the_engine_holds_all() {
        let day = 86_400_000;
        assert_eq!((held_ms(35 * day), held_ms(7 * day)), (HELD_MS, HELD_MS));
        assert_eq!(held_ms(6 * day), i64::MAX);
    }
}
