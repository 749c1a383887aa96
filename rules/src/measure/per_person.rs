//! `energy_per_person` (kgce/(p.a) or kWh/(p.a)) and `water_per_person` (m3/(p.a)).
//!
//! Formula: use of a year x expected / valid hours, over the energy-using headcount of the body
//! that holds the place; a headcount that changes counts by the time it held. Source: the quota
//! standards of public institutions in the packs.

use model::Period;

use super::{Context, Figure, meters::weighted, over_time::mean_over};
use crate::{Energy, Measure};

/// The figure of a year.
pub(crate) fn figure(measure: Measure, context: Context<'_>, period: Period, energy: &Energy) -> Figure {
    let (mut figure, sum) = weighted(measure, context, period, energy);
    let Some(headcount) = headcount(context) else {
        figure.why.insert("missing".to_owned(), "energy_headcount".into());
        return Figure { value: None, coverage: 0.0, ..figure };
    };
    figure.why.insert("energy_headcount".to_owned(), headcount.into());
    figure.value = sum.map(|s| s.scaled / headcount);
    figure
}

/// The energy-using headcount of the body that holds the place, over the window.
pub(crate) fn headcount(context: Context<'_>) -> Option<f64> {
    mean_over(context, |at| {
        let body = context.register.body_of(&context.place.id, at)?;
        body.energy_headcount.filter(|h| *h > 0.0)
    })
}
