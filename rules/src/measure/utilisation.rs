//! `utilisation`: occupied share of observed working time, 1.
//!
//! Formula: occupied / observed time inside working hours of working days; rooms of a building
//! are weighted by usable area. Coverage: observed share of the working time. Source: the usual
//! definition of room utilisation studies; unobserved time is in neither side.

use model::Span;

use super::{Figure, gauge};
use crate::partial::Partial;

/// The figure of a window from its days.
pub(crate) fn figure(days: &[(Span, Partial)]) -> Figure {
    gauge::mean(days)
}
