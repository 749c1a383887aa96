//! `seat_utilisation`: people over seats, 1.
//!
//! Formula: time-weighted mean of people in observed working hours / capacity. Coverage: observed
//! share of the working time. Source: the usual definition of space studies.

use model::Span;

use super::{
    Context, Figure,
    gauge::{missing, plain, total},
};
use crate::partial::Partial;

/// The figure of a window from its days.
pub(crate) fn figure(days: &[(Span, Partial)], context: Context<'_>) -> Figure {
    let sum = total(days);
    let Some(capacity) = context.place.capacity.filter(|c| *c > 0.0) else {
        return missing(&sum, "capacity");
    };
    let mut figure = Figure { value: sum.mean().map(|people| people / capacity), ..plain(&sum) };
    figure.why.insert("capacity".to_owned(), capacity.into());
    figure
}
