//! Late data from before what the engine holds: its days are built anew from the history.
//!
//! Days are gathered until event time passes the next full quarter of an hour, and then built anew. A
//! checkpoint is written just before and just after: so a crash finds either the days still to be built,
//! with the history as it was, or the work done, and says the same as without a crash.

use model::{Instant, Nature, Reading, Series, Span};
use rules::{Reopened, Stretch};

use super::{
    judge::{Judge, JudgeError},
    late::Late,
};
use crate::{metrics::LateOutcome, state::VerdictRow};

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
            self.late.add_use(&reading.series, reading.time);
        } else {
            let at = Span::new(reading.time, reading.time);
            self.late.add(self.engine.late_days(reading, at));
        }
        self.late.gather(now);
        false
    }

    /// Builds the gathered days anew when it is time.
    pub(super) fn reopen_when_due(&mut self) -> Result<(), JudgeError> {
        let now = self.engine.event_time();
        if !self.late.is_due(now) {
            return Ok(());
        }
        self.is_changed = true;
        self.checkpoint()?;
        let began = tokio::time::Instant::now();
        let revised = self.reopen()?;
        self.late = Late::after(now);
        self.is_changed = true;
        self.checkpoint()?;
        tracing::info!(revised, took = ?began.elapsed(), "late data: days built anew from the history");
        Ok(())
    }

    fn reopen(&mut self) -> Result<usize, JudgeError> {
        let kept_from = self.engine.event_time().map_or(Instant::MIN, |now| now.plus_ms(-self.parts.raw_ms));
        let (mut days, meters) = self.late.take();
        for (series, span) in meters {
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

fn is_meter(series: &Series) -> bool {
    matches!(series.quantity.nature(), Nature::Counter | Nature::Interval)
}

/// The span so that what lies exactly at its end is inside.
fn span_after(span: Span) -> Span {
    Span::new(span.from, span.to.plus_ms(1))
}
