//! What was said of one window, as small as it goes: very many are remembered.

use model::Instant;
use serde::{Deserialize, Serialize};

use crate::{Clause, Outcome, RatingLevel, compact, finding::Finding, life::Step};

/// What was said of one window: enough to see whether a correction says anything else, and to
/// tell the life of the alert anew.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(from = "Written", into = "Written")]
pub(crate) struct Seen {
    /// Start of the window, s since 1970; windows begin on whole seconds.
    pub(crate) from_s: u32,
    pub(crate) length_s: u32,
    /// When it was first judged.
    pub(crate) time: Instant,
    /// Hash of every field that is printed.
    pub(crate) print: u32,
    pub(crate) revision: u16,
    pub(crate) outcome: Outcome,
    /// Of a breach: whether it is waived. Else: whether the value keeps the clear limit as well.
    pub(crate) is_eased: bool,
}

/// How a checkpoint holds it, in the words of 0.1.
#[derive(Serialize, Deserialize)]
struct Written {
    #[serde(with = "compact::instant")]
    from: Instant,
    #[serde(with = "compact::instant")]
    time: Instant,
    print: u64,
    length_s: u32,
    revision: u16,
    outcome: Outcome,
    is_eased: bool,
}

impl From<Written> for Seen {
    fn from(w: Written) -> Self {
        Self {
            from_s: small(w.from.millis() / 1000),
            length_s: w.length_s,
            time: w.time,
            print: low(w.print),
            revision: w.revision,
            outcome: w.outcome,
            is_eased: w.is_eased,
        }
    }
}

impl From<Seen> for Written {
    fn from(seen: Seen) -> Self {
        Self {
            from: seen.from(),
            time: seen.time,
            print: u64::from(seen.print),
            length_s: seen.length_s,
            revision: seen.revision,
            outcome: seen.outcome,
            is_eased: seen.is_eased,
        }
    }
}

/// As near as it goes.
fn small(number: i64) -> u32 {
    u32::try_from(number.max(0)).unwrap_or(u32::MAX)
}

/// The lower half: two figures of one window that share it are one in four billion.
fn low(print: u64) -> u32 {
    u32::try_from(print & u64::from(u32::MAX)).unwrap_or(0)
}

impl Seen {
    pub(crate) fn new(finding: &Finding, clause: &Clause, at: Instant, known: Option<&Self>) -> Self {
        let is_clear = finding.value.zip(clause.clear).is_none_or(|(value, clear)| clear.is_kept_by(value));
        let is_breach = finding.outcome == Outcome::Breach;
        Self {
            from_s: small(finding.window.from.millis() / 1000),
            length_s: small(finding.window.millis() / 1000),
            time: known.map_or(at, |k| k.time),
            print: low(print(finding)),
            revision: known.map_or(1, |k| k.revision.saturating_add(1)),
            outcome: finding.outcome,
            is_eased: if is_breach { finding.waived.is_some() } else { is_clear },
        }
    }

    /// Start of the window.
    pub(crate) fn from(&self) -> Instant {
        Instant::from_millis(i64::from(self.from_s) * 1000)
    }

    /// How often the window has been told.
    pub(crate) fn revision(&self) -> u32 {
        u32::from(self.revision)
    }

    fn length_ms(&self) -> i64 {
        i64::from(self.length_s) * 1000
    }

    /// End of the window.
    pub(crate) fn to(&self) -> Instant {
        self.from().plus_ms(self.length_ms())
    }

    /// What it means to the alert.
    pub(crate) fn step(&self) -> Step {
        let is_breach = self.outcome == Outcome::Breach;
        Step {
            from: self.from(),
            length_ms: self.length_ms(),
            time: self.time,
            revision: self.revision(),
            outcome: self.outcome,
            is_waived: is_breach && self.is_eased,
            is_clear: !is_breach && self.is_eased,
        }
    }

    /// Whether it leaves a check that was at rest at rest.
    pub(crate) const fn is_calm(&self) -> bool {
        matches!(self.outcome, Outcome::Compliant) && self.is_eased
    }
}

/// FNV-1a over what is printed of a finding; checkpoints hold it, so it must not change.
fn print(finding: &Finding) -> u64 {
    let number = |v: Option<f64>| {
        v.map_or([0; 9], |v| {
            let mut bytes = [1; 9];
            bytes.iter_mut().zip(v.to_bits().to_le_bytes()).for_each(|(to, from)| *to = from);
            bytes
        })
    };
    let outcome = match finding.outcome {
        Outcome::Compliant => 0,
        Outcome::Breach => 1,
        Outcome::Insufficient => 2,
    };
    let rating = match finding.rating {
        None => 0,
        Some(RatingLevel::Guide) => 1,
        Some(RatingLevel::Baseline) => 2,
        Some(RatingLevel::Constraint) => 3,
        Some(RatingLevel::AboveConstraint) => 4,
    };
    let head = [outcome, rating, u8::from(finding.is_minimum)];
    let numbers = [finding.value, finding.limit, Some(finding.coverage)].map(number);
    let bytes = head.iter().chain(numbers.iter().flatten()).copied();
    bytes
        .chain(finding.waived.iter().flat_map(|w| w.bytes()))
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
