//! `area_per_person`: usable area over people present, m² a person.
//!
//! Formula: usable area / time-weighted mean of people while somebody is there. Coverage: share
//! of the time in which somebody is or may be there that the count is known. Source: design
//! minima of office standards; applied to people present they are an analogy.

use model::Span;

use super::{
    Context, Figure,
    gauge::{missing, plain, total},
};
use crate::partial::Partial;

/// The figure of a window from its days.
pub(crate) fn figure(days: &[(Span, Partial)], context: Context<'_>) -> Figure {
    let sum = total(days);
    let Some(area) = context.place.usable_area_m2.filter(|a| *a > 0.0) else {
        return missing(&sum, "usable_area_m2");
    };
    let people = sum.mean().filter(|p| *p > 0.0);
    let mut figure = Figure { value: people.map(|p| area / p), ..plain(&sum) };
    figure.why.insert("usable_area_m2".to_owned(), area.into());
    if let Some(people) = people {
        figure.why.insert("mean_people_present".to_owned(), people.into());
    }
    figure
}
