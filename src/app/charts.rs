//! History and state as sources of charts and records.

use model::{Flags, Id, Instant, Series, Span};

use crate::{
    history::History,
    state::{EventRow, RefusedLine, State, VerdictRow},
    web::{ChartSource, RecordSource},
};

/// The service's own history.
#[derive(Debug, Clone)]
pub(super) struct Charts(pub(super) History);

impl ChartSource for Charts {
    fn points(&self, series: &Series, span: Span, max: usize) -> Result<Vec<(Instant, f64)>, String> {
        self.0.points(series, span, max).map_err(|error| error.to_string())
    }

    fn flagged(&self, series: &Series, span: Span, max: usize) -> Result<Vec<(Instant, f64, Flags)>, String> {
        // Marks are kept with raw readings only; a longer span would read too many of them.
        const LONGEST_MS: i64 = 8 * 86_400_000;
        if span.millis() > LONGEST_MS {
            return Ok(Vec::new());
        }
        let readings = self.0.readings(series, span).map_err(|error| error.to_string())?;
        let flagged = readings.into_iter().filter(|reading| !reading.flags.is_empty());
        Ok(flagged.map(|r| (r.time, r.value, r.flags)).take(max).collect())
    }
}

/// The service's own state.
#[derive(Debug, Clone)]
pub(super) struct Records(pub(super) State);

impl RecordSource for Records {
    fn verdicts(&self, subject: &Id, span: Span, max: usize) -> Result<Vec<VerdictRow>, String> {
        self.0.verdicts_of(subject, span, max).map_err(|error| error.to_string())
    }

    fn events(&self, span: Span) -> Result<Vec<EventRow>, String> {
        self.0.events(span).map_err(|error| error.to_string())
    }

    fn refused_lines(&self, max: usize) -> Result<Vec<(Instant, RefusedLine)>, String> {
        self.0.refused_lines(max).map_err(|error| error.to_string())
    }
}
