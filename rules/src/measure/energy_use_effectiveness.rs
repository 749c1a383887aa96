//! `energy_use_effectiveness`: electricity of a data centre over that of its IT equipment (EUE), 1.
//!
//! Formula: yearly use of the meters with end use `data_centre` over that of the meters with end
//! use `it`, both x expected / valid hours. Both must be metered. Coverage: that of the worse.
//! Source: DB37/T 2672-2019, table 5.

use model::{Period, register::EndUse};

use super::{Context, Figure, metered::weighted};
use crate::{Energy, Measure};

/// The figure of a year.
pub(crate) fn figure(context: Context<'_>, period: Period) -> Figure {
    let of = |end_use| {
        let energy = Energy { only: vec![end_use], ..Energy::default() };
        weighted(Measure::Electricity, &context, period, &energy)
    };
    let (mut figure, all) = of(EndUse::DataCentre);
    let (of_it, it) = of(EndUse::It);
    let (Some(all), Some(it)) = (all, it.filter(|it| it.scaled > 0.0)) else {
        let end_use = if all.is_none() { "data_centre" } else { "it" };
        figure.why.insert("missing".to_owned(), format!("a meter with end use {end_use}").into());
        return Figure { value: None, coverage: 0.0, has_judged_time: all.is_some(), ..figure };
    };
    figure.why.insert("data_centre_kwh".to_owned(), all.scaled.into());
    figure.why.insert("it_kwh".to_owned(), it.scaled.into());
    figure.coverage = figure.coverage.min(of_it.coverage);
    figure.value = Some(all.scaled / it.scaled);
    figure
}
