//! `running_mean_outdoor`: running mean of the outdoor temperature (Trm), °C.
//!
//! Formula: (T1 + 0.8 T2 + 0.6 T3 + 0.5 T4 + 0.4 T5 + 0.3 T6 + 0.2 T7) / 3.8, T1 being the mean of the
//! day before, T2 of the one before that and so on. A day counts that was observed to a half at
//! least; the weights of the others carry the mean. Without yesterday there is none. Coverage: the
//! weight that is known. Source: EN 16798-1, the form for daily means of one week.

use super::Figure;
use crate::partial::Partial;

/// Weights of the days before, yesterday first.
const WEIGHTS: [f64; 7] = [1.0, 0.8, 0.6, 0.5, 0.4, 0.3, 0.2];
/// Least coverage of a day whose mean counts.
const DAY_COVERAGE: f64 = 0.5;

/// How many days before are asked for.
pub(crate) const DAYS: usize = WEIGHTS.len();

/// The figure from the days before, yesterday first.
pub(crate) fn figure(days: &[Partial]) -> Figure {
    let mean = |day: &Partial| day.mean().filter(|_| day.coverage() >= DAY_COVERAGE);
    let (mut sum, mut known) = (0.0, 0.0);
    for (weight, day) in WEIGHTS.iter().zip(days) {
        if let Some(mean) = mean(day) {
            sum += weight * mean;
            known += weight;
        }
    }
    let has_yesterday = days.first().and_then(mean).is_some();
    let mut figure = Figure {
        value: has_yesterday.then(|| sum / known),
        coverage: if has_yesterday { known / WEIGHTS.iter().sum::<f64>() } else { 0.0 },
        has_judged_time: true,
        ..Figure::default()
    };
    if !has_yesterday {
        figure.why.insert("missing".to_owned(), "outdoor_temperature of the day before".into());
    }
    figure
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(temperature: i64, hours: i64) -> Partial {
        let mut partial = Partial { judged: 24 * 3_600_000, ..Partial::default() };
        partial.add(hours * 3_600_000, temperature * 1_000_000);
        partial
    }

    #[test]
    fn yesterday_weighs_most() {
        let days = [20, 10, 10, 10, 10, 10, 10].map(|t| day(t, 24));
        let figure = figure(&days);
        // (20 + 2.8 x 10) / 3.8
        assert!((figure.value.unwrap() - 48.0 / 3.8).abs() < 1e-9);
        assert!((figure.coverage - 1.0).abs() < 1e-9);
    }

    #[test]
    fn unobserved_days_carry_no_weight_and_yesterday_must_be_known() {
        let found = figure(&[day(20, 12), day(10, 24), day(99, 11)]);
        assert!((found.value.unwrap() - 28.0 / 1.8).abs() < 1e-9);
        assert!((found.coverage - 1.8 / 3.8).abs() < 1e-9);
        assert_eq!(figure(&[Partial::default(), day(10, 24)]).value, None);
    }
}
