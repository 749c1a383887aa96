//! `electricity` (kWh), `gas` (m³), `heat` (GJ), `water` (m³): what the meters of a place counted.
//!
//! Formula: the sum of the steps of its counted meters, pro rata by time at the borders of the
//! window; as observed, not scaled. Coverage: observed share of the window, of the worst meter.
//! Source: the product's own definition.

use model::Period;

use super::{Context, Figure, metered::weighted};
use crate::{Energy, Measure};

/// The figure of a window.
pub(crate) fn figure(measure: Measure, context: Context<'_>, period: Period, energy: &Energy) -> Figure {
    let (figure, sum) = weighted(measure, &context, period, energy);
    Figure { value: sum.map(|s| s.observed), ..figure }
}
