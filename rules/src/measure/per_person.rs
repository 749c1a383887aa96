//! `energy_per_person` (kWh/(p.a), or kgce/(p.a) by the factors of a clause) and `water_per_person` (m3/(p.a)).
//!
//! Formula: use of a year x expected / valid hours, over the energy-using headcount of the body
//! that holds the place; a headcount that changes counts by the time it held. The headcount is the
//! body's, so it divides the meters of a building only where body and building belong to each other
//! alone; otherwise the figure is insufficient and `why` says which place or body stands in the way.
//! Source: the quota standards of public institutions in the packs.

use model::Period;

use super::{
    Context, Figure,
    headcount::{alone, mean},
    meters::weighted,
};
use crate::{Energy, Measure};

/// The figure of a year.
pub(crate) fn figure(measure: Measure, context: Context<'_>, period: Period, energy: &Energy) -> Figure {
    let (mut figure, sum) = weighted(measure, context, period, energy);
    let missing = |mut figure: Figure, what: String| {
        figure.why.insert("missing".to_owned(), what.into());
        Figure { value: None, coverage: 0.0, ..figure }
    };
    if let Err(reason) = alone(context) {
        return missing(figure, reason);
    }
    let Some(headcount) = mean(context) else { return missing(figure, "energy_headcount".to_owned()) };
    figure.why.insert("energy_headcount".to_owned(), headcount.into());
    figure.value = sum.map(|s| s.scaled / headcount);
    figure
}
