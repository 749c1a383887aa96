//! Comparing a value with a bound.

use super::{Bound, Rating, RatingLevel};
use crate::Outcome;

/// What a comparison with a bound says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Judged {
    /// Compliant or breach; equality complies.
    pub outcome: Outcome,
    /// The bound that is broken, or of two the nearer; `None` when there is no bound.
    pub limit: Option<f64>,
    /// Whether `limit` is a minimum.
    pub is_minimum: bool,
}

impl Bound {
    /// Whether a value keeps both sides.
    pub(crate) fn is_kept_by(&self, value: f64) -> bool {
        judge(self, value).outcome == Outcome::Compliant
    }
}

/// Compares a value with a bound: caps are broken above, minima below, equality complies.
#[must_use]
pub fn judge(bound: &Bound, value: f64) -> Judged {
    let over = bound.at_most.filter(|most| value > *most);
    let under = bound.at_least.filter(|least| value < *least);
    let (limit, is_minimum) = match (over, under, bound.at_most, bound.at_least) {
        (Some(most), ..) => (Some(most), false),
        (None, Some(least), ..) => (Some(least), true),
        (None, None, Some(most), Some(least)) if value - least < most - value => (Some(least), true),
        (None, None, Some(most), _) => (Some(most), false),
        (None, None, None, least) => (least, least.is_some()),
    };
    let outcome = if over.is_some() || under.is_some() { Outcome::Breach } else { Outcome::Compliant };
    Judged { outcome, limit, is_minimum }
}

/// How good a value is below the cap of `bound`. Only [`RatingLevel::AboveConstraint`] is a breach.
///
/// Without a baseline in the document everything between guide and constraint rates as constraint.
#[must_use]
pub fn rating_of(rating: &Rating, bound: &Bound, value: f64) -> RatingLevel {
    if bound.at_most.is_some_and(|most| value > most) {
        RatingLevel::AboveConstraint
    } else if value <= rating.guide {
        RatingLevel::Guide
    } else if rating.baseline.is_some_and(|baseline| value <= baseline) {
        RatingLevel::Baseline
    } else {
        RatingLevel::Constraint
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equality_complies_on_both_sides() {
        let band = Bound { at_most: Some(28.0), at_least: Some(22.0) };
        for (value, outcome, limit, is_minimum) in [
            (22.0, Outcome::Compliant, 22.0, true),
            (28.0, Outcome::Compliant, 28.0, false),
            (24.9, Outcome::Compliant, 22.0, true),
            (25.0, Outcome::Compliant, 28.0, false),
            (28.1, Outcome::Breach, 28.0, false),
            (21.9, Outcome::Breach, 22.0, true),
            (24.0, Outcome::Compliant, 22.0, true),
            (26.0, Outcome::Compliant, 28.0, false),
        ] {
            assert_eq!(judge(&band, value), Judged { outcome, limit: Some(limit), is_minimum }, "{value}");
        }
    }

    #[test]
    fn only_above_the_constraint_is_a_breach() {
        let rating = Rating { baseline: Some(52.0), guide: 35.5 };
        let bound = Bound { at_most: Some(81.0), at_least: None };
        let levels = [35.5, 52.0, 81.0, 81.1].map(|value| rating_of(&rating, &bound, value));
        use RatingLevel as R;
        assert_eq!(levels, [R::Guide, R::Baseline, R::Constraint, R::AboveConstraint]);
        let outcomes = [35.5, 52.0, 81.0, 81.1].map(|value| judge(&bound, value).outcome);
        use Outcome as O;
        assert_eq!(outcomes, [O::Compliant, O::Compliant, O::Compliant, O::Breach]);
    }
}
