//! Verdicts: what one check says of one window.

use std::sync::Arc;

use model::{Id, Instant, Span};
use serde::{Deserialize, Serialize, Serializer};

use crate::{Clause, Evidence, RatingLevel, Why};

/// What a check is bound to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Subject {
    /// A place, by id.
    Place(Id),
    /// A body, by id.
    Body(Id),
}

impl Subject {
    /// The id, whichever it is.
    #[must_use]
    pub const fn id(&self) -> &Id {
        match self {
            Self::Place(id) | Self::Body(id) => id,
        }
    }
}

/// What a window shows of a limit. Silence is never compliance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// The value keeps the limit; equality keeps it.
    Compliant,
    /// The value breaks the limit.
    Breach,
    /// Not enough evidence to say.
    Insufficient,
}

/// One thing that the explanation of a verdict states.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Fact {
    /// Yes or no.
    Bool(bool),
    /// A number; its key says the unit.
    Number(f64),
    /// A word or a sentence.
    Text(String),
    /// Several of them.
    List(Vec<Fact>),
}

impl From<f64> for Fact {
    /// Nine significant digits: what a reader checks, without the noise of binary fractions.
    fn from(value: f64) -> Self {
        Self::Number(nine_digits(value))
    }
}
impl From<bool> for Fact {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}
impl From<&str> for Fact {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}
impl From<String> for Fact {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}

fn nine_digits(value: f64) -> f64 {
    let magnitude = value.abs();
    if !(1e-12..1e9).contains(&magnitude) {
        return value;
    }
    #[expect(clippy::cast_possible_truncation, reason = "between -12 and 8")]
    let digits = 8 - magnitude.log10().floor() as i32;
    let scale = 10_f64.powi(digits);
    (value * scale).round() / scale
}

/// What one check says of one window.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// Event time at which it was reached.
    pub time: Instant,
    /// What was judged.
    pub subject: Subject,
    /// By which clause.
    pub clause: Arc<Clause>,
    /// The outcome.
    pub outcome: Outcome,
    /// Rating below the limit, for clauses that have one (constraint, baseline, guide).
    pub rating: Option<RatingLevel>,
    /// Measured value in `unit`; absent without evidence.
    pub value: Option<f64>,
    /// The limit it was compared with: of a band the bound that is broken or nearer.
    pub limit: Option<f64>,
    /// Whether `limit` is a minimum (breached below) and not a cap.
    pub is_minimum: bool,
    /// Observed share of the judged time, 0 to 1.
    pub coverage: f64,
    /// Reason of the waiver under which the breach is exempt.
    pub waived: Option<String>,
    /// The judged window.
    pub window: Span,
    /// 1 for the first verdict of a window, one more for each correction.
    pub revision: u32,
    /// The explanation.
    pub why: Why,
}

impl Verdict {
    /// How sure the sensor can be.
    #[must_use]
    pub fn evidence(&self) -> Evidence {
        self.clause.evidence
    }

    /// Whether every field that is printed for users is the same (revision and time apart).
    #[must_use]
    pub fn says_the_same(&self, other: &Self) -> bool {
        let same = |a: Option<f64>, b: Option<f64>| a.map(f64::to_bits) == b.map(f64::to_bits);
        self.outcome == other.outcome
            && self.rating == other.rating
            && same(self.value, other.value)
            && same(self.limit, other.limit)
            && self.coverage.to_bits() == other.coverage.to_bits()
            && self.waived == other.waived
    }
}

/// The machine line of `replay`, `assess` and the API.
#[derive(Serialize)]
struct Line<'a> {
    time: Instant,
    #[serde(skip_serializing_if = "Option::is_none")]
    place: Option<&'a Id>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<&'a Id>,
    clause: &'a str,
    document: &'a str,
    edition: &'a str,
    verdict: Outcome,
    #[serde(skip_serializing_if = "Option::is_none")]
    rating: Option<RatingLevel>,
    value: Option<f64>,
    limit: Option<f64>,
    unit: &'a str,
    coverage: f64,
    evidence: Evidence,
    #[serde(skip_serializing_if = "Option::is_none")]
    waived: Option<&'a str>,
    from: Instant,
    to: Instant,
    revision: u32,
    why: &'a Why,
}

impl Serialize for Verdict {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        let (place, body) = match &self.subject {
            Subject::Place(id) => (Some(id), None),
            Subject::Body(id) => (None, Some(id)),
        };
        Line {
            time: self.time,
            place,
            body,
            clause: &self.clause.id,
            document: &self.clause.document,
            edition: &self.clause.pack,
            verdict: self.outcome,
            rating: self.rating,
            value: self.value,
            limit: self.limit,
            unit: &self.clause.limit.unit,
            coverage: self.coverage,
            evidence: self.clause.evidence,
            waived: self.waived.as_deref(),
            from: self.window.from,
            to: self.window.to,
            revision: self.revision,
            why: &self.why,
        }
        .serialize(s)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_of_an_explanation_is_said_with_nine_digits() {
        let said = [
            211_366.535_999_999_96,
            0.970_498_084_291_187_7,
            2610.0,
            0.0,
            -1.660_000_000_000_000_1,
            1e12 + 0.5,
        ];
        let said = said.map(|value| serde_json::to_string(&Fact::from(value)).unwrap());
        assert_eq!(said, ["211366.536", "0.970498084", "2610.0", "0.0", "-1.66", "1000000000000.5"]);
    }

    #[test]
    fn two_verdicts_say_the_same_when_all_that_is_printed_of_them_is_the_same() {
        let bound = crate::Bound { at_most: Some(5.0), at_least: None };
        let clause =
            Clause::new("own-1", "a", crate::Measure::RoomArea, model::Period::Register, bound).into();
        let one = Verdict {
            time: Instant::MIN,
            subject: Subject::Place(Id::parse("r").unwrap()),
            clause,
            outcome: Outcome::Breach,
            rating: None,
            value: Some(6.0),
            limit: Some(5.0),
            is_minimum: false,
            coverage: 1.0,
            waived: None,
            window: Span::ALWAYS,
            revision: 1,
            why: Why::default(),
        };
        assert!(one.says_the_same(&Verdict { time: Instant::MAX, revision: 2, ..one.clone() }));
        for other in [
            Verdict { outcome: Outcome::Compliant, ..one.clone() },
            Verdict { rating: Some(RatingLevel::Guide), ..one.clone() },
            Verdict { value: Some(7.0), ..one.clone() },
            Verdict { limit: None, ..one.clone() },
            Verdict { coverage: 0.5, ..one.clone() },
            Verdict { waived: Some("order 3".to_owned()), ..one.clone() },
        ] {
            assert!(!one.says_the_same(&other), "{other:?}");
        }
    }
}
