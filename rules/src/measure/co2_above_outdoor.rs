//! `co2_above_outdoor`: mean CO2 of an hour less that outdoors, ppm.
//!
//! Formula: time-weighted mean within the clause's gate less the mean of the outdoor sensors of the
//! building or its site over the hour, else less the level outdoors that the clause assumes.
//! Coverage: that of the room's mean. Source: outdoor-relative limits such as EN 16798-1.

use super::Figure;

/// Takes the outdoor level, measured or assumed, off a figure of the room.
pub(crate) fn less(mut figure: Figure, measured: Option<f64>, assumed: Option<f64>) -> Figure {
    let Some(outdoors) = measured.or(assumed) else {
        figure.why.insert("missing".to_owned(), "outdoor_co2".into());
        return Figure { value: None, coverage: 0.0, ..figure };
    };
    figure.why.insert("outdoor_ppm".to_owned(), outdoors.into());
    figure.why.insert("outdoor_from".to_owned(), from(measured.is_some()).into());
    figure.value = figure.value.map(|value| value - outdoors);
    figure
}

/// Where the level outdoors is from, for people.
pub(crate) const fn from(is_measured: bool) -> &'static str {
    if is_measured { "outdoor sensors" } else { "assumed: no outdoor sensor tells" }
}
