//! `eui_corrected`: energy use intensity corrected for hours of use and density, kWh/(m2.a).
//!
//! Formula: `eui x (a + (1 - a) x hours / T) x (b + (1 - b) x S / area)`, numbers from the clause.
//! T, h: declared opening hours, else the hours of the year in which at least 20 % of the usual
//! working-day peak of people were in the office rooms, scaled for unobserved hours. S, m² a
//! person: floor area over the energy-using headcount where that is of this place alone, else over
//! the mean working-day peak of people.
//! Source: GB/T 51161; which of them was used stands in `why`.

use std::collections::BTreeMap;

use model::{Calendar, Instant, Span};

use super::{Context, Figure, count, headcount, over_time::mean_over};
use crate::{Correction, Why, partial::ratio, steps::Micro};

/// Share of the usual peak that makes an hour an hour of use.
const PRESENT_SHARE: f64 = 0.2;

/// Who was in the office rooms over a window.
#[derive(Debug, Clone, Copy)]
pub(crate) struct People<'a> {
    /// Mean over working days of the most people at one instant.
    pub(crate) usual_peak: Option<f64>,
    /// Mean people of the hours that were observed, in millionths, by the hour's start.
    pub(crate) hours: &'a BTreeMap<Instant, Micro>,
}

/// Corrects a figure. T or S unknown or zero makes it insufficient.
pub(crate) fn corrected(
    mut figure: Figure,
    correction: Option<&Correction>,
    context: Context<'_>,
    people: People<'_>,
) -> Figure {
    let missing = |mut figure: Figure, name: &str| {
        figure.why.insert("missing".to_owned(), name.into());
        Figure { value: None, coverage: 0.0, ..figure }
    };
    let Some(correction) = correction else { return missing(figure, "correction") };
    let Some(hours) = hours_of_use(context, people, &mut figure.why) else {
        return missing(figure, "opening_hours");
    };
    let Some(density) = density(context, people, &mut figure.why) else {
        return missing(figure, "energy_headcount");
    };
    let by_hours = correction.hours_fixed + (1.0 - correction.hours_fixed) * correction.hours / hours;
    let by_area = correction.area_fixed + (1.0 - correction.area_fixed) * density / correction.area;
    for (key, value) in [
        ("hours_of_use", hours),
        ("area_per_person_m2", density),
        ("factor_hours", by_hours),
        ("factor_density", by_area),
    ] {
        figure.why.insert(key.to_owned(), value.into());
    }
    if let Some(value) = figure.value {
        figure.why.insert("uncorrected".to_owned(), value.into());
    }
    figure.value = figure.value.map(|v| v * by_hours * by_area);
    figure
}

fn hours_of_use(context: Context<'_>, people: People<'_>, why: &mut Why) -> Option<f64> {
    let declared = opening_hours(context.calendar(), context.window);
    let (hours, from) = match declared {
        Some(hours) => (hours, "declared opening hours"),
        None => (present_hours(context.window, people)?, "hours with people present"),
    };
    why.insert("hours_from".to_owned(), from.into());
    (hours > 0.0).then_some(hours)
}

/// Declared opening hours inside the window, h; `None` when none are declared.
fn opening_hours(calendar: &Calendar, window: Span) -> Option<f64> {
    let ms: i64 = calendar.opening_spans(window)?.iter().map(|s| s.millis()).sum();
    Some(ratio(i128::from(ms), 3_600_000))
}

/// Hours with people, scaled from the observed hours to all of the window.
fn present_hours(window: Span, people: People<'_>) -> Option<f64> {
    let least = people.usual_peak.filter(|peak| *peak > 0.0)? * PRESENT_SHARE;
    let observed: Vec<f64> = people
        .hours
        .range(window.from..window.to.max(window.from))
        .map(|(_, mean)| ratio(i128::from(*mean), 1_000_000))
        .collect();
    let present = observed.iter().filter(|mean| **mean >= least).count();
    let all = ratio(i128::from(window.millis()), 3_600_000);
    (!observed.is_empty()).then(|| count(present) * all / count(observed.len()))
}

fn density(context: Context<'_>, people: People<'_>, why: &mut Why) -> Option<f64> {
    let area = mean_over(context, |at| {
        let place = context.register.place(&context.place.id, at)?;
        place.floor_area_m2.filter(|a| *a > 0.0)
    })?;
    let own = match headcount::alone(context) {
        Ok(()) => headcount::mean(context),
        Err(reason) => {
            why.insert("headcount_not_used".to_owned(), reason.into());
            None
        }
    };
    let (persons, from) = match own {
        Some(headcount) => (headcount, "energy headcount"),
        None => (people.usual_peak.filter(|p| *p > 0.0)?, "mean working-day peak of people"),
    };
    why.insert("density_from".to_owned(), from.into());
    Some(area / persons)
}
