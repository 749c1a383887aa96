//! `lighting_power_density`: power of the lighting circuits over usable area, W/m².
//!
//! Formula: mean power of the metered lighting over the window, over usable area. It is the load
//! in use, which is at most the installed load that the sources limit.

use model::{Period, register::EndUse};

use super::{Context, Figure, metered::weighted};
use crate::{Energy, Measure, partial::ratio};

/// The figure of a window.
pub(crate) fn figure(context: Context<'_>, period: Period) -> Figure {
    let lighting = Energy { only: vec![EndUse::Lighting], ..Energy::default() };
    let (mut figure, sum) = weighted(Measure::Electricity, &context, period, &lighting);
    let Some(area) = context.place.usable_area_m2.filter(|a| *a > 0.0) else {
        figure.why.insert("missing".to_owned(), "usable_area_m2".into());
        return Figure { value: None, coverage: 0.0, ..figure };
    };
    let hours = ratio(i128::from(context.window.millis()), 3_600_000);
    figure.why.insert("usable_area_m2".to_owned(), area.into());
    figure.value = sum.map(|s| s.scaled / hours * 1000.0 / area);
    figure
}
