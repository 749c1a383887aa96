//! `effective_users`: people at work on a day as sensors see them, count.
//!
//! Formula: mean over working days of the most people at one instant. Coverage: share of the
//! window in which the count is known. Source: the product's own definition.

use model::Span;

use super::{
    Context, Figure, average,
    gauge::{plain, total},
};
use crate::partial::{Partial, ratio};

/// The figure of a window from its days.
pub(crate) fn figure(days: &[(Span, Partial)], context: Context<'_>) -> Figure {
    let calendar = context.calendar();
    let peaks: Vec<f64> = days
        .iter()
        .filter(|(day, _)| calendar.is_working_day(calendar.date(day.from)))
        .filter_map(|(_, partial)| partial.peak)
        .map(|(value, _)| ratio(i128::from(value), 1_000_000))
        .collect();
    Figure { value: average(&peaks), ..plain(&total(days)) }
}
