//! Means of gauges: `co2_hour_mean`, `co2_day_mean` (ppm), `temperature_hour_mean` (Cel),
//! `humidity_hour_mean` (%RH), `illuminance` (lx); `window_open`, `cooling_on`, `heating_on` (1),
//! where the mean of a switch is the share of time in which it is on.
//!
//! Formula: time-weighted mean over the observed time within the clause's gate; several sensors
//! give the mean of those that are observed. Coverage: observed share of the time within the
//! gate, or in which it is unknown. Source: the averaging times of the packs' standards.

use model::Span;

use super::Figure;
use crate::partial::Partial;

/// The figure of a window from its days.
pub(crate) fn mean(days: &[(Span, Partial)]) -> Figure {
    let sum = total(days);
    Figure { value: sum.mean(), ..plain(&sum) }
}

/// All days together.
pub(crate) fn total(days: &[(Span, Partial)]) -> Partial {
    let mut sum = Partial::default();
    days.iter().for_each(|(_, partial)| sum.merge(partial));
    sum
}

/// A figure with the coverage of a partial and no value yet.
pub(crate) fn plain(sum: &Partial) -> Figure {
    Figure { coverage: sum.coverage(), has_judged_time: sum.judged > 0, ..Figure::default() }
}

/// A figure that the register lacks an attribute for.
pub(crate) fn missing(sum: &Partial, attribute: &str) -> Figure {
    let mut figure = Figure { coverage: 0.0, ..plain(sum) };
    figure.why.insert("missing".to_owned(), attribute.into());
    figure
}
