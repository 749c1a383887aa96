//! `eui`: energy use intensity, kWh/(m2.a) (or kgce/(m2.a), as the clause's factors say).
//!
//! Formula: use of a year x expected / valid hours, over area. Gaps and long runs of zeros are not
//! valid. An area that changes within the year counts by the time it held. The excluded area leaves
//! the divisor only with the energy of a space (data centre, kitchen, special equipment) that is
//! metered apart and subtracted: heating or transport taken out leaves no room out. Source: the
//! energy quota standards of the packs; the scaling is that of the reference results.

use model::Period;

use super::{
    Context, Figure,
    metered::{SPACE_LEFT_OUT, weighted},
    over_time::mean_over,
};
use crate::{AreaBasis, Energy, Measure, partial::ratio};

const YEAR_MS: i128 = 365 * 86_400_000;

/// The figure of a window; one other than a year is brought to a year by its length.
pub(crate) fn figure(measure: Measure, context: Context<'_>, period: Period, energy: &Energy) -> Figure {
    let (mut figure, sum) = weighted(measure, &context, period, energy);
    let is_heated = energy.area == AreaBasis::Heated;
    let is_reduced = figure.why.contains_key(SPACE_LEFT_OUT);
    let area = mean_over(context, |at| {
        let place = context.register.place(&context.place.id, at)?;
        let area = if is_heated { place.heated_area_m2 } else { place.floor_area_m2 };
        let left_out = if is_reduced { place.excluded_area_m2.unwrap_or(0.0) } else { 0.0 };
        area.map(|a| a - left_out).filter(|a| *a > 0.0)
    });
    let Some(area) = area else {
        let name = if is_heated { "heated_area_m2" } else { "floor_area_m2" };
        figure.why.insert("missing".to_owned(), name.into());
        return Figure { value: None, coverage: 0.0, ..figure };
    };
    figure.why.insert("area_m2".to_owned(), area.into());
    if let Some(sum) = sum {
        figure.why.insert("used_as_observed".to_owned(), sum.observed.into());
    }
    let years =
        if period == Period::Year { 1.0 } else { ratio(i128::from(context.window.millis()), YEAR_MS) };
    figure.value = sum.map(|s| s.scaled / area / years);
    figure
}
