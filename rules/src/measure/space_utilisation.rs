//! `space_utilisation`: people present over the people that the area is for, 1.
//!
//! Formula: mean over weekdays of people present in working hours / (usable area / 13.935 m²);
//! holidays count as days, every day weighs the same. Coverage: observed share of those hours.
//! Source: US USE IT Act (P.L. 118-272 sec. 2302), 150 usable square feet a person.

use model::Span;

use super::{
    Context, Figure, average,
    gauge::{missing, plain, total},
};
use crate::partial::Partial;

/// 150 square feet in m².
const AREA_PER_PERSON_M2: f64 = 13.935;

/// The figure of a window from its days.
pub(crate) fn figure(days: &[(Span, Partial)], context: Context<'_>) -> Figure {
    let sum = total(days);
    let Some(area) = context.place.usable_area_m2.filter(|a| *a > 0.0) else {
        return missing(&sum, "usable_area_m2");
    };
    let means: Vec<f64> = days.iter().filter_map(|(_, day)| day.mean()).collect();
    let capacity = area / AREA_PER_PERSON_M2;
    let people = average(&means);
    let mut figure = Figure { value: people.map(|p| p / capacity), ..plain(&sum) };
    figure.why.insert("capacity_people".to_owned(), capacity.into());
    if let Some(people) = people {
        figure.why.insert("mean_people_present".to_owned(), people.into());
    }
    figure
}
