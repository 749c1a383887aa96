//! Numbers of the register that change within a window.

use model::Instant;

use super::Context;
use crate::partial::ratio;

/// The mean over the window of a number that the register's dates change, weighted by time.
///
/// Time in which it is unknown does not count; `None` when it is unknown all along.
pub(crate) fn mean_over(context: Context<'_>, number: impl Fn(Instant) -> Option<f64>) -> Option<f64> {
    let borders = borders(context);
    let (mut sum, mut ms) = (0.0, 0);
    for (from, to) in borders.iter().zip(borders.iter().skip(1)) {
        if let Some(value) = number(*from) {
            sum += value * ratio(i128::from(to.since(*from)), 1);
            ms += to.since(*from);
        }
    }
    (ms > 0).then(|| sum / ratio(i128::from(ms), 1))
}

/// The instants of the window, its ends included, at which a row of a place or body begins or ends.
pub(crate) fn borders(context: Context<'_>) -> Vec<Instant> {
    let register = context.register;
    let rows = register
        .places
        .values()
        .flat_map(|history| history.rows().map(|row| row.span))
        .chain(register.bodies.values().flat_map(|history| history.rows().map(|row| row.span)));
    let mut borders: Vec<Instant> = rows
        .flat_map(|span| [span.from, span.to])
        .filter(|at| context.window.from < *at && *at < context.window.to)
        .collect();
    borders.extend([context.window.from, context.window.to]);
    borders.sort_unstable();
    borders.dedup();
    borders
}
