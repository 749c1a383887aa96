//! `idle_working_days`: working days without any occupation, d.
//!
//! Formula: the number of working days that were observed to three quarters at least and in which
//! nobody was seen in working hours; an unobserved day is not an empty one. Coverage: observed
//! share of the working time. Source: the product's own policy; no national text defines idle.

use model::Span;

use super::{
    Figure, count,
    gauge::{plain, total},
};
use crate::partial::Partial;

/// Least coverage of a day before it counts as idle.
const DAY_COVERAGE: f64 = 0.75;

/// The figure of a window from its days.
pub(crate) fn figure(days: &[(Span, Partial)]) -> Figure {
    let sum = total(days);
    let judged = || days.iter().map(|(_, day)| day).filter(|day| day.judged > 0);
    let idle = judged().filter(|day| day.coverage() >= DAY_COVERAGE && day.sum == 0).count();
    let mut figure = Figure { value: (sum.observed > 0).then(|| count(idle)), ..plain(&sum) };
    figure.why.insert("working_days".to_owned(), count(judged().count()).into());
    figure
}
