//! Correction of an energy intensity for hours of use and density.

use model::{Calendar, Span};

use crate::{
    Correction,
    measure::{Context, Figure},
};

/// Applies `(a + (1 - a) * hours / T) * (b + (1 - b) * S / area)` to a figure.
///
/// T: declared opening hours of the window, h. S: floor area over energy-using headcount, m² a person.
/// Either of them unknown or zero makes the figure insufficient; which was used stands in `why`.
pub(crate) fn corrected(mut figure: Figure, correction: Option<&Correction>, context: Context<'_>) -> Figure {
    let Some(correction) = correction else {
        figure.why.insert("missing".to_owned(), "correction".into());
        return Figure { value: None, coverage: 0.0, ..figure };
    };
    let hours = opening_hours(context.calendar(), context.window).filter(|h| *h > 0.0);
    let body = context.register.body_of(&context.place.id, context.at());
    let density = body
        .and_then(|b| b.energy_headcount)
        .filter(|h| *h > 0.0)
        .zip(context.place.floor_area_m2.filter(|a| *a > 0.0))
        .map(|(people, area)| area / people);
    let (Some(hours), Some(density)) = (hours, density) else {
        let name = if hours.is_none() { "opening_hours" } else { "energy_headcount" };
        figure.why.insert("missing".to_owned(), name.into());
        return Figure { value: None, coverage: 0.0, ..figure };
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
    figure.why.insert("hours_from".to_owned(), "declared opening hours".into());
    figure.why.insert("density_from".to_owned(), "energy headcount".into());
    if let Some(value) = figure.value {
        figure.why.insert("uncorrected".to_owned(), value.into());
    }
    figure.value = figure.value.map(|v| v * by_hours * by_area);
    figure
}

/// Declared opening hours inside the window, h; `None` when none are declared.
fn opening_hours(calendar: &Calendar, window: Span) -> Option<f64> {
    let ms: i64 = calendar.opening_spans(window)?.iter().map(|s| s.millis()).sum();
    Some(crate::partial::ratio(i128::from(ms), 3_600_000))
}
