//! Figures of people and space.

use model::{PlaceKind, Span};

use super::{Context, Figure, room::total};
use crate::partial::Partial;

/// 150 usable square feet a person (US USE IT Act, P.L. 118-272 sec. 2302), in m².
const USE_IT_AREA_M2: f64 = 13.935;
/// Least coverage of a day before it counts as idle: an unobserved day is not an empty one.
const DAY_COVERAGE: f64 = 0.75;

fn plain(sum: &Partial, value: Option<f64>) -> Figure {
    Figure { value, coverage: sum.coverage(), has_judged_time: sum.judged > 0, ..Figure::default() }
}

fn missing(sum: &Partial, attribute: &str) -> Figure {
    let mut figure = plain(sum, None);
    figure.coverage = 0.0;
    figure.why.insert("missing".to_owned(), attribute.into());
    figure
}

/// Time-weighted mean of people in observed working hours over seats, 1.
pub(crate) fn seat_utilisation(days: &[(Span, Partial)], context: Context<'_>) -> Figure {
    let sum = total(days);
    let Some(capacity) = context.place.capacity.filter(|c| *c > 0.0) else {
        return missing(&sum, "capacity");
    };
    let mut figure = plain(&sum, sum.mean().map(|people| people / capacity));
    figure.why.insert("capacity".to_owned(), capacity.into());
    figure
}

/// US USE IT: mean over weekdays of people present in working hours, over usable area / 13.935 m²;
/// holidays count as days (public guidance counts them). Every day weighs the same.
pub(crate) fn space_utilisation(days: &[(Span, Partial)], context: Context<'_>) -> Figure {
    let sum = total(days);
    let Some(area) = context.place.usable_area_m2.filter(|a| *a > 0.0) else {
        return missing(&sum, "usable_area_m2");
    };
    let means: Vec<f64> = days.iter().filter_map(|(_, day)| day.mean()).collect();
    let capacity = area / USE_IT_AREA_M2;
    let people = average(&means);
    let mut figure = plain(&sum, people.map(|p| p / capacity));
    figure.why.insert("capacity_people".to_owned(), capacity.into());
    if let Some(people) = people {
        figure.why.insert("mean_people_present".to_owned(), people.into());
    }
    figure
}

/// Most people at one instant.
pub(crate) fn peak_people(days: &[(Span, Partial)]) -> Figure {
    let sum = total(days);
    let mut figure =
        plain(&sum, sum.peak.map(|(value, _)| crate::partial::ratio(i128::from(value), 1_000_000)));
    if let Some((_, at)) = sum.peak {
        figure.why.insert("peak_first_at".to_owned(), at.to_string().into());
    }
    figure
}

/// Mean over working days of the most people at one instant.
pub(crate) fn effective_users(days: &[(Span, Partial)], context: Context<'_>) -> Figure {
    let sum = total(days);
    let calendar = context.calendar();
    let peaks: Vec<f64> = days
        .iter()
        .filter(|(day, _)| calendar.is_working_day(calendar.date(day.from)))
        .filter_map(|(_, partial)| partial.peak)
        .map(|(value, _)| crate::partial::ratio(i128::from(value), 1_000_000))
        .collect();
    plain(&sum, average(&peaks))
}

/// Working days that were observed (to three quarters at least) and without any occupation.
pub(crate) fn idle_working_days(days: &[(Span, Partial)], context: Context<'_>) -> Figure {
    let sum = total(days);
    let idle =
        days.iter().filter(|(_, day)| day.judged > 0 && day.coverage() >= DAY_COVERAGE && day.sum == 0);
    let working = days.iter().filter(|(_, day)| day.judged > 0).count();
    let mut figure = plain(&sum, (sum.observed > 0).then(|| count(idle.count())));
    figure.why.insert("working_days".to_owned(), count(working).into());
    if context.place.kind != PlaceKind::Room {
        figure.why.insert("place_kind".to_owned(), context.place.kind.name().into());
    }
    figure
}

/// Usable area over the mean of people while somebody is there, m² a person.
///
/// The sources state a design minimum; applied to people present it is an analogy.
pub(crate) fn area_per_person(days: &[(Span, Partial)], context: Context<'_>) -> Figure {
    let sum = total(days);
    let Some(area) = context.place.usable_area_m2.filter(|a| *a > 0.0) else {
        return missing(&sum, "usable_area_m2");
    };
    let people = sum.mean().filter(|p| *p > 0.0);
    let mut figure = plain(&sum, people.map(|p| area / p));
    figure.why.insert("usable_area_m2".to_owned(), area.into());
    if let Some(people) = people {
        figure.why.insert("mean_people_present".to_owned(), people.into());
    }
    figure
}

pub(crate) fn average(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / count(values.len()))
}

pub(crate) fn count(n: usize) -> f64 {
    u32::try_from(n).map_or(f64::MAX, f64::from)
}
