//! Late data from before what the engine holds: its days are built anew from the history.
//!
//! Days are gathered until event time passes the next full quarter of an hour, and then built anew. A
//! checkpoint is written just before and just after: so a crash finds either the days still to be built,
//! with the history as it was, or the work done, and says the same as without a crash.

use std::collections::{BTreeMap, BTreeSet};

use model::{Instant, Nature, Reading, Series, Span};
use rules::{LateDay, Reopened, Stretch};
use serde::{Deserialize, Serialize};

use super::judge::{Judge, JudgeError};
use crate::{metrics::LateOutcome, state::VerdictRow};

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
}

impl Judge {
    /// Notes a reading that the engine could not take because it is too old. Returns whether it is so old that
    /// nobody will judge it.
    pub(super) fn note_late(&mut self, reading: &Reading) -> bool {
        let Some(now) = self.engine.event_time() else { return false };
        if now.since(reading.time) > self.parts.raw_ms {
            self.parts.metrics.late(LateOutcome::TooLate);
            return true;
        }
        self.parts.metrics.late(LateOutcome::Reopened);
        if is_meter(&reading.series) {
            let at = Span::new(reading.time, reading.time);
            let held = self.late.meters.entry(reading.series.clone()).or_insert(at);
            *held = Span::new(held.from.min(reading.time), held.to.max(reading.time));
        } else {
            let at = Span::new(reading.time, reading.time);
            self.late.days.extend(self.engine.late_days(reading, at));
        }
        if !self.late.is_empty() {
            let due = due_after(now, self.late.built);
            self.late.due.get_or_insert(due);
            self.late.is_changed = true;
        }
        false
    }

    /// Builds the gathered days anew when it is time.
    pub(super) fn reopen_when_due(&mut self) -> Result<(), JudgeError> {
        let now = self.engine.event_time();
        if self.late.due.is_none_or(|due| now.is_none_or(|now| now < due)) {
            return Ok(());
        }
        self.is_changed = true;
        self.checkpoint()?;
        let began = tokio::time::Instant::now();
        let revised = self.reopen()?;
        self.late = Late { built: now, is_changed: true, ..Late::default() };
        self.is_changed = true;
        self.checkpoint()?;
        tracing::info!(revised, took = ?began.elapsed(), "late data: days built anew from the history");
        Ok(())
    }

    fn reopen(&mut self) -> Result<usize, JudgeError> {
        let kept_from = self.engine.event_time().map_or(Instant::MIN, |now| now.plus_ms(-self.parts.raw_ms));
        let mut days = std::mem::take(&mut self.late.days);
        for (series, span) in std::mem::take(&mut self.late.meters) {
            let reading = Reading { series, time: span.from, value: 0.0, flags: model::Flags::NONE };
            let (before, after) = self.parts.history.beside(&reading.series, span_after(span))?;
            let beside = Span::new(
                before.map_or(span.from, |before| before.time),
                after.map_or(span.to, |after| after.time),
            );
            days.extend(self.engine.late_days(&reading, beside));
        }
        let mut told = Vec::new();
        while let Some(mut work) = self.engine.reopening(&mut days, kept_from) {
            for stretch in work.stretches() {
                let readings = self.read(&stretch)?;
                self.engine.absorb(&mut work, &stretch, &readings);
            }
            told.extend(self.engine.conclude(work, &mut self.outputs));
        }
        self.settle_outputs();
        let mut revised = 0;
        for reopened in told {
            revised += usize::from(self.tell_again(reopened)?);
        }
        Ok(revised)
    }

    /// What the history has of a stretch, in the order of time.
    fn read(&self, stretch: &Stretch) -> Result<Vec<Reading>, JudgeError> {
        let history = &self.parts.history;
        let mut readings = Vec::new();
        for series in history.series() {
            if !stretch.sensors.contains(&series.sensor) {
                continue;
            }
            let beside =
                if is_meter(&series) { history.beside(&series, stretch.span)? } else { (None, None) };
            readings.extend(beside.0);
            readings.extend(history.readings(&series, stretch.span)?);
            readings.extend(beside.1);
        }
        readings.sort_by(|a, b| (a.time, &a.series).cmp(&(b.time, &b.series)));
        Ok(readings)
    }

    /// Tells what is now said of a window, if it was not said before. No alert changes: it is too long ago.
    fn tell_again(&mut self, reopened: Reopened) -> Result<bool, JudgeError> {
        let mut verdict = reopened.verdict;
        let new = VerdictRow::from(&verdict);
        let held = self.parts.state.verdict(&new.clause, &new.subject, new.window.from)?;
        match held {
            None if reopened.is_withdrawal => return Ok(false),
            None => {}
            Some(held) if held.says_the_same(&new) => return Ok(false),
            Some(held) => verdict.revision = held.revision.saturating_add(1),
        }
        let verdict = std::sync::Arc::new(verdict);
        self.told(&verdict);
        self.chart_figures(&[verdict]);
        Ok(true)
    }
}

/// When days that are touched now are built, where some were built before.
fn due_after(now: Instant, built: Option<Instant>) -> Instant {
    let is_again = built.is_some_and(|built| now.since(built) < AGAIN_MS);
    let gather = if is_again { AGAIN_MS } else { GATHER_MS };
    Instant::from_millis((now.millis().div_euclid(gather) + 1) * gather)
}

fn is_meter(series: &Series) -> bool {
    matches!(series.quantity.nature(), Nature::Counter | Nature::Interval)
}

/// The span so that what lies exactly at its end is inside.
fn span_after(span: Span) -> Span {
    Span::new(span.from, span.to.plus_ms(1))
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
