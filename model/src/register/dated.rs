//! Rows that hold between two dates.

use crate::{Instant, Span};

/// A row and the span in which it holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Dated<T> {
    /// When it holds.
    pub span: Span,
    /// What holds.
    pub value: T,
}

/// The rows of one id in time order; they never overlap (checked when the register loads).
#[derive(Debug, Clone, PartialEq)]
pub struct History<T>(Vec<Dated<T>>);

impl<T> Default for History<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> History<T> {
    /// A history of one row that always holds.
    #[must_use]
    pub fn always(value: T) -> Self {
        Self(vec![Dated { span: Span::ALWAYS, value }])
    }

    /// Adds a row, keeping time order.
    ///
    /// # Errors
    /// Returns the span of the row that it would overlap.
    pub fn insert(&mut self, row: Dated<T>) -> Result<(), Span> {
        if let Some(clash) = self.0.iter().find(|r| r.span.intersect(row.span).is_some()) {
            return Err(clash.span);
        }
        let at = self.0.partition_point(|r| r.span.from <= row.span.from);
        // Nearly all have one row, and a large register has very many.
        self.0.reserve_exact(1);
        self.0.insert(at, row);
        Ok(())
    }

    /// What holds at an instant.
    #[must_use]
    pub fn at(&self, at: Instant) -> Option<&T> {
        self.0.iter().find(|row| row.span.contains(at)).map(|row| &row.value)
    }

    /// The rows in time order.
    pub fn rows(&self) -> impl Iterator<Item = &Dated<T>> {
        self.0.iter()
    }

    /// The last row in time, which describes the present unless it has ended.
    #[must_use]
    pub fn last(&self) -> Option<&T> {
        self.0.last().map(|row| &row.value)
    }
}
