//! Numbers as other numbers.

/// A count as a float; counts of days and steps are far below 2^53.
#[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
pub(crate) const fn float(count: i64) -> f64 {
    count as f64
}

/// Hours as whole milliseconds.
#[expect(clippy::cast_possible_truncation, reason = "hours of a scenario")]
pub(crate) fn ms_of_hours(hours: f64) -> i64 {
    (hours * 3_600_000.0).round() as i64
}
