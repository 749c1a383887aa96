//! `peak_people`: most people at one instant, count.
//!
//! Formula: the maximum over the window; of a building the peak of the sum of its rooms, not the
//! sum of their peaks. Coverage: share of the window in which the count is known. Source: the
//! product's own definition.

use model::Span;

use super::{
    Figure,
    gauge::{plain, total},
};
use crate::partial::{Partial, ratio};

/// The figure of a window from its days.
pub(crate) fn figure(days: &[(Span, Partial)]) -> Figure {
    let sum = total(days);
    let value = sum.peak.map(|(value, _)| ratio(i128::from(value), 1_000_000));
    let mut figure = Figure { value, ..plain(&sum) };
    if let Some((_, at)) = sum.peak {
        figure.why.insert("peak_first_at".to_owned(), at.to_string().into());
    }
    figure
}
