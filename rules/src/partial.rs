//! Partials: what one hour of one place adds to a measure. Integers only, so that any order gives the same sum.

use model::Instant;
use serde::{Deserialize, Serialize, Serializer};

use crate::steps::Micro;

/// Mergeable part of a measure over some time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
pub(crate) struct Partial {
    /// Time that was to be judged, ms (weighted for aggregates).
    pub(crate) judged: i64,
    /// Part of it that was observed, ms (weighted likewise).
    pub(crate) observed: i64,
    /// Time that divides `sum` for a mean, ms.
    pub(crate) time: i64,
    /// Value times time, micro-units x ms.
    #[serde(with = "wide")]
    pub(crate) sum: i128,
    /// Largest value seen and the first instant of it.
    pub(crate) peak: Option<(Micro, Instant)>,
}

impl Partial {
    /// Adds an observed piece.
    pub(crate) fn add(&mut self, ms: i64, value: Micro) {
        self.observed += ms;
        self.time += ms;
        self.sum += i128::from(value) * i128::from(ms);
    }

    /// Notes a value as a candidate for the peak; the first of equal ones stays.
    pub(crate) fn note_peak(&mut self, value: Micro, at: Instant) {
        let beats = match self.peak {
            Some((held, since)) => value > held || (value == held && at < since),
            None => true,
        };
        if beats {
            self.peak = Some((value, at));
        }
    }

    /// Adds another part.
    pub(crate) fn merge(&mut self, other: &Self) {
        self.judged += other.judged;
        self.observed += other.observed;
        self.time += other.time;
        self.sum += other.sum;
        if let Some((value, at)) = other.peak {
            self.note_peak(value, at);
        }
    }

    /// Whether it says nothing at all.
    #[must_use]
    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Mean value over the observed time; `None` when nothing was observed.
    #[must_use]
    pub(crate) fn mean(&self) -> Option<f64> {
        (self.time > 0).then(|| ratio(self.sum, i128::from(self.time) * 1_000_000))
    }

    /// Observed share of the judged time, 0 to 1; 0 when nothing was to be judged.
    #[must_use]
    pub(crate) fn coverage(&self) -> f64 {
        if self.judged > 0 { ratio(i128::from(self.observed), i128::from(self.judged)) } else { 0.0 }
    }
}

/// A partial as a ledger holds it: that of an hour of a room fits a third of the bytes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(from = "Partial", into = "Partial")]
pub(crate) enum Slim {
    Small { judged: u32, observed: u32, time: u32, sum: i64 },
    Whole(Box<Partial>),
}

impl Default for Slim {
    fn default() -> Self {
        Self::Small { judged: 0, observed: 0, time: 0, sum: 0 }
    }
}

impl Slim {
    fn small(partial: &Partial) -> Option<Self> {
        let fits = |ms: i64| u32::try_from(ms).ok();
        let (judged, observed, time) = (fits(partial.judged)?, fits(partial.observed)?, fits(partial.time)?);
        let sum = i64::try_from(partial.sum).ok().filter(|_| partial.peak.is_none())?;
        Some(Self::Small { judged, observed, time, sum })
    }
}

impl From<Partial> for Slim {
    fn from(partial: Partial) -> Self {
        Self::small(&partial).unwrap_or_else(|| Self::Whole(Box::new(partial)))
    }
}

impl From<&Slim> for Partial {
    fn from(slim: &Slim) -> Self {
        match slim {
            Slim::Small { judged, observed, time, sum } => Self {
                judged: (*judged).into(),
                observed: (*observed).into(),
                time: (*time).into(),
                sum: (*sum).into(),
                peak: None,
            },
            Slim::Whole(partial) => **partial,
        }
    }
}

impl From<Slim> for Partial {
    fn from(slim: Slim) -> Self {
        Self::from(&slim)
    }
}

/// The quotient of two integers as a float. Exact to the float's precision, whatever the size.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "the integer part and the rest are divided apart")]
pub(crate) fn ratio(numerator: i128, denominator: i128) -> f64 {
    if denominator == 0 {
        return 0.0;
    }
    let whole = numerator.div_euclid(denominator);
    let rest = numerator.rem_euclid(denominator);
    whole as f64 + rest as f64 / denominator as f64
}

/// Rounds a printed figure to six decimals; what is printed is what is compared with a limit.
#[must_use]
pub(crate) fn printed(value: f64) -> f64 {
    let rounded = (value * 1e6).round() / 1e6;
    if rounded.is_finite() { rounded + 0.0 } else { value }
}

/// As a list: a checkpoint holds very many. Files of 0.1 have names in it, which are read too.
impl Serialize for Partial {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Sum(#[serde(with = "wide")] i128);
        (self.judged, self.observed, self.time, Sum(self.sum), self.peak).serialize(s)
    }
}

/// `i128` as two halves: not every wire format has integers of this size.
pub(crate) mod wide {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the halves of one integer")]
    pub(crate) fn serialize<S: Serializer>(value: &i128, s: S) -> Result<S::Ok, S::Error> {
        ((value >> 64) as i64, *value as u64).serialize(s)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<i128, D::Error> {
        let (high, low) = <(i64, u64)>::deserialize(d)?;
        Ok((i128::from(high) << 64) | i128::from(low))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mean_of_equal_values_is_that_value_exactly() {
        let mut partial = Partial::default();
        for ms in [1, 7, 3_599_992] {
            partial.add(ms, 1_000_000_000);
        }
        assert_eq!(partial.mean().map(f64::to_bits), Some(1000.0_f64.to_bits()));
    }

    #[test]
    fn where_nothing_was_to_be_judged_nothing_is_covered() {
        assert_eq!(Partial::default().coverage().to_bits(), 0.0_f64.to_bits());
    }

    #[test]
    fn a_printed_figure_has_six_decimals_and_no_minus_before_zero() {
        assert_eq!(printed(1.000_000_51).to_bits(), 1.000_001_f64.to_bits());
        assert_eq!(printed(-0.000_000_1).to_bits(), 0.0_f64.to_bits(), "what is printed is 0");
    }

    #[test]
    fn merging_in_any_order_gives_the_same_partial() {
        let part = |judged, ms, value: i64, at| {
            let mut p = Partial { judged, ..Partial::default() };
            p.add(ms, value);
            p.note_peak(value, Instant::from_millis(at));
            p
        };
        let parts = [part(10, 5, 3, 9), part(20, 7, -4, 1), part(5, 1, 3, 2)];
        let fold = |order: [usize; 3]| {
            let mut sum = Partial::default();
            order.iter().for_each(|i| sum.merge(&parts[*i]));
            sum
        };
        assert_eq!(fold([0, 1, 2]), fold([2, 0, 1]));
        assert_eq!(fold([0, 1, 2]).peak, Some((3, Instant::from_millis(2))));
    }

    #[test]
    fn a_sum_of_any_size_is_read_back_as_it_was_written() {
        for sum in [0, 1, -1, i128::from(u64::MAX), 1 << 70, -(1 << 70), i128::MAX, i128::MIN] {
            let partial = Partial { sum, ..Partial::default() };
            let text = serde_json::to_string(&partial).unwrap();
            assert_eq!(serde_json::from_str::<Partial>(&text).unwrap(), partial, "{text}");
        }
    }

    #[test]
    fn a_partial_with_names_is_read_as_the_list_is() {
        let named = r#"{"judged":9,"observed":7,"time":5,"sum":[-1,6],"peak":[4,"2026-03-02T00:00:00Z"]}"#;
        let at = Instant::parse("2026-03-02T00:00:00Z").unwrap();
        let sum = (-1_i128 << 64) | 6;
        let wanted = Partial { judged: 9, observed: 7, time: 5, sum, peak: Some((4, at)) };
        assert_eq!(serde_json::from_str::<Partial>(named).unwrap(), wanted);
        assert_eq!(serde_json::to_string(&wanted).unwrap(), r#"[9,7,5,[-1,6],[4,"2026-03-02T00:00:00Z"]]"#);
    }
}
