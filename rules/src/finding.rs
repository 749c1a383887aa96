//! What a judgement found of one window.

use model::Span;

use crate::{Outcome, RatingLevel, Why};

/// What a judgement found, before it is compared with earlier ones of the same window.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Finding {
    pub(crate) window: Span,
    pub(crate) outcome: Outcome,
    pub(crate) rating: Option<RatingLevel>,
    pub(crate) value: Option<f64>,
    pub(crate) limit: Option<f64>,
    pub(crate) is_minimum: bool,
    pub(crate) coverage: f64,
    pub(crate) waived: Option<String>,
    pub(crate) why: Why,
}

impl Finding {
    /// What is said of a window of which late data left nothing to judge.
    pub(crate) fn nothing_left(window: Span) -> Self {
        let why = Why::from([("withdrawn".to_owned(), "late data left no time to judge".into())]);
        Self {
            window,
            outcome: Outcome::Insufficient,
            rating: None,
            value: None,
            limit: None,
            is_minimum: false,
            coverage: 0.0,
            waived: None,
            why,
        }
    }

    /// The same with an outcome that says nothing: it is not known whether the clause asks at all.
    pub(crate) fn unproven(self) -> Self {
        Self { outcome: Outcome::Insufficient, rating: None, waived: None, ..self }
    }
}
