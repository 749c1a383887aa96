//! `energy_per_person` (kWh/(p.a), or kgce/(p.a) by the factors of a clause) and `water_per_person` (m3/(p.a)).
//!
//! Formula: use of a year x expected / valid hours, over the energy-using headcount; a headcount that
//! changes counts by the time it held.
//!
//! Of a body: the use of all that it and the bodies below it hold, over its people, whose headcount is of all below
//! it too. A building without a meter, or one in which others sit too, makes the figure insufficient.
//! Of a place: the headcount is that of the body that holds it, so it divides the meters of a building
//! only where body and building belong to each other alone. `why` says what stands in the way.
//! Source: the quota standards of public institutions in the packs.

use model::Period;

use super::{
    Context, Figure,
    headcount::{alone, mean},
    holding::Holding,
    metered::{Metered, weighted},
    over_time::mean_of,
};
use crate::{Energy, Fact, Measure};

/// The figure of a body over a year; none is judged of a body that holds nothing.
pub(crate) fn of_body(measure: Measure, holding: Holding<'_>, period: Period, energy: &Energy) -> Figure {
    if !holding.is_any() {
        return Figure::default();
    }
    let (mut figure, sum) = weighted(measure, &holding, period, energy);
    let (register, estate) = (holding.register, holding.estate);
    let stretches = holding.stretches();
    let units = stretches.iter().flat_map(|stretch| estate.units(register, stretch.from));
    let mut buildings: Vec<Fact> = Vec::new();
    for unit in units.map(|id| Fact::from(id.as_str())) {
        if !buildings.contains(&unit) {
            buildings.push(unit);
        }
    }
    figure.why.insert("buildings".to_owned(), Fact::List(buildings));
    let pieces = estate.pieces(holding.window);
    let people = mean_of(&pieces, |at| estate.people(register, at).ok());
    let nobody = || pieces.iter().find_map(|stretch| estate.people(register, stretch.from).err());
    let foreign = pieces.iter().find_map(|stretch| estate.foreign(register, stretch.from));
    let missing = if let Some(unit) = holding.without_meter(measure, energy) {
        Some(format!("a meter of {unit}"))
    } else if let Some((place, holder)) = foreign {
        let body = &estate.body;
        Some(format!("a headcount of everybody here: {place} is held by {holder}, not by {body}"))
    } else if people.is_none() {
        Some(format!("energy_headcount of {}", nobody().unwrap_or(&estate.body)))
    } else {
        None
    };
    if let Some(missing) = missing {
        figure.why.insert("missing".to_owned(), missing.into());
        return Figure { value: None, coverage: 0.0, ..figure };
    }
    figure.why.extend(people.map(|people| ("energy_headcount".to_owned(), people.into())));
    figure.value = sum.zip(people).map(|(sum, people)| sum.scaled / people);
    figure
}

/// The figure of a year.
pub(crate) fn figure(measure: Measure, context: Context<'_>, period: Period, energy: &Energy) -> Figure {
    let (mut figure, sum) = weighted(measure, &context, period, energy);
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
