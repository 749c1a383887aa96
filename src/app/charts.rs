//! The history as the source of charts.

use model::{Flags, Instant, Series, Span};

use crate::{history::History, web::ChartSource};

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
