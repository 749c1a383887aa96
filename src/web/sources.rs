//! Where pages and the API get what is not in the snapshot: points of charts, mails, records.

use std::sync::Arc;

use model::{Flags, Id, Instant, Series, Span};

use crate::{
    state::{EventRow, RefusedLine, VerdictRow},
    view::MailView,
};

/// Where charts get their points. The history store implements it; calls may block on a disk.
pub trait ChartSource: Send + Sync {
    /// At most about `max` points of a series in time order, values in the quantity's unit.
    ///
    /// # Errors
    /// Returns a text for operations when the history cannot be read.
    fn points(&self, series: &Series, span: Span, max: usize) -> Result<Vec<(Instant, f64)>, String>;

    /// At most about `max` readings of the span that carry a quality mark; none where marks are not kept.
    ///
    /// # Errors
    /// Returns a text for operations when the history cannot be read.
    fn flagged(
        &self,
        _series: &Series,
        _span: Span,
        _max: usize,
    ) -> Result<Vec<(Instant, f64, Flags)>, String> {
        Ok(Vec::new())
    }
}

/// A source without points, for a service that keeps no history.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoCharts;

impl ChartSource for NoCharts {
    fn points(&self, _: &Series, _: Span, _: usize) -> Result<Vec<(Instant, f64)>, String> {
        Ok(Vec::new())
    }
}

/// Where pages find mails. The outbox implements it; calls may block on a disk.
pub trait MailSource: Send + Sync {
    /// The newest mails, newest first, at most `max`.
    ///
    /// # Errors
    /// Returns a text for operations when the outbox cannot be read.
    fn newest(&self, max: usize) -> Result<Vec<Arc<MailView>>, String>;

    /// The mail of this id, with its words as long as they are kept.
    ///
    /// # Errors
    /// Returns a text for operations when the outbox cannot be read.
    fn one(&self, id: &str) -> Result<Option<Arc<MailView>>, String>;

    /// Mails that a server has taken, over the life of the outbox.
    ///
    /// # Errors
    /// Returns a text for operations when the outbox cannot be read.
    fn sent(&self) -> Result<u64, String>;
}

/// No mails, for a service without a mail server.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoMails;

impl MailSource for NoMails {
    fn newest(&self, _: usize) -> Result<Vec<Arc<MailView>>, String> {
        Ok(Vec::new())
    }

    fn one(&self, _: &str) -> Result<Option<Arc<MailView>>, String> {
        Ok(None)
    }

    fn sent(&self) -> Result<u64, String> {
        Ok(0)
    }
}

/// Where pages find what was said of windows long closed, and what charts mark. Calls may block on a disk.
pub trait RecordSource: Send + Sync {
    /// What was last said of every window of a place or body that begins in `span`, in time order, at most `max`.
    ///
    /// # Errors
    /// Returns a text for operations when the state cannot be read.
    fn verdicts(&self, subject: &Id, span: Span, max: usize) -> Result<Vec<VerdictRow>, String>;

    /// Events in `span`, in time order.
    ///
    /// # Errors
    /// Returns a text for operations when the state cannot be read.
    fn events(&self, span: Span) -> Result<Vec<EventRow>, String>;

    /// Lines that the time-series server refused for good, newest first, at most `max`.
    ///
    /// # Errors
    /// Returns a text for operations when the state cannot be read.
    fn refused_lines(&self, _max: usize) -> Result<Vec<(Instant, RefusedLine)>, String> {
        Ok(Vec::new())
    }
}

/// No records, for a service that keeps none.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoRecords;

impl RecordSource for NoRecords {
    fn verdicts(&self, _: &Id, _: Span, _: usize) -> Result<Vec<VerdictRow>, String> {
        Ok(Vec::new())
    }

    fn events(&self, _: Span) -> Result<Vec<EventRow>, String> {
        Ok(Vec::new())
    }
}
