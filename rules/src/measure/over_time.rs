//! Numbers of the register that change within a window.

use model::{Instant, Span};

use super::{Context, meters::pieces};
use crate::partial::ratio;

/// The mean over the window of a number that the register's dates change, weighted by time.
///
/// Time in which it is unknown does not count; `None` when it is unknown all along.
pub(crate) fn mean_over(context: Context<'_>, number: impl Fn(Instant) -> Option<f64>) -> Option<f64> {
    mean_of(&stretches(context), number)
}

/// The mean over stretches in each of which a number stays what it is at the start, likewise.
pub(crate) fn mean_of(stretches: &[Span], number: impl Fn(Instant) -> Option<f64>) -> Option<f64> {
    let (mut sum, mut ms) = (0.0, 0);
    for stretch in stretches {
        if let Some(value) = number(stretch.from) {
            sum += value * ratio(i128::from(stretch.millis()), 1);
            ms += stretch.millis();
        }
    }
    (ms > 0).then(|| sum / ratio(i128::from(ms), 1))
}

/// The parts of the window in which no row of a place or body begins or ends.
pub(crate) fn stretches(context: Context<'_>) -> Vec<Span> {
    let register = context.register;
    let places = register.places.values().flat_map(|history| history.rows().map(|row| row.span));
    let bodies = register.bodies.values().flat_map(|history| history.rows().map(|row| row.span));
    pieces(context.window, places.chain(bodies).flat_map(|span| [span.from, span.to]))
}
