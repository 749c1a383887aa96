//! The life of one alert as a fold over the verdicts of its check.

use model::{Instant, Span};
use serde::{Deserialize, Serialize};

use crate::{Clause, Outcome, RatingLevel, judge::keeps};

/// What a verdict printed, kept so that a correction is told only when something changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Digest {
    pub(crate) window: Span,
    pub(crate) time: Instant,
    pub(crate) outcome: Outcome,
    pub(crate) rating: Option<RatingLevel>,
    pub(crate) value: Option<f64>,
    pub(crate) limit: Option<f64>,
    pub(crate) coverage: f64,
    pub(crate) is_waived: bool,
    pub(crate) revision: u32,
}

impl Digest {
    pub(crate) fn says_the_same(&self, other: &Self) -> bool {
        let bits = |v: Option<f64>| v.map(f64::to_bits);
        self.outcome == other.outcome
            && self.rating == other.rating
            && bits(self.value) == bits(other.value)
            && bits(self.limit) == bits(other.limit)
            && self.coverage.to_bits() == other.coverage.to_bits()
            && self.is_waived == other.is_waived
    }
}

/// How far an alert has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) enum Phase {
    /// No breach.
    #[default]
    Inactive,
    /// A breach, not yet long enough.
    Pending,
    /// Told.
    Firing,
}

/// Where the alert of a check stands.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Life {
    pub(crate) phase: Phase,
    /// Start of the first breaching window.
    pub(crate) started_at: Option<Instant>,
    /// Event time of the verdict with which it began to fire, and its revision.
    pub(crate) fired: Option<(Instant, u32)>,
    /// Breaching time so far, ms; insufficient windows do not count.
    breached_ms: i64,
    /// Event time of the newest verdict that spoke (compliant or breach).
    pub(crate) spoke_at: Option<Instant>,
    /// It fires but nothing has proven so for too long.
    pub(crate) is_unproven: bool,
}

impl Life {
    /// Takes the next verdict in time order.
    ///
    /// A breach fires when it has lasted longer than the clause's `for`: a limit left exactly when
    /// that ends does not fire. Insufficient changes nothing. A firing alert ends only with a
    /// compliant value that also keeps the clear limit.
    pub(crate) fn step(&mut self, digest: &Digest, clause: &Clause, stale_after_ms: i64) {
        match digest.outcome {
            Outcome::Insufficient => {
                let since = self.spoke_at.unwrap_or(digest.time);
                if self.phase == Phase::Firing && digest.time.since(since) >= stale_after_ms {
                    self.is_unproven = true;
                }
            }
            Outcome::Breach if digest.is_waived => {
                self.spoke_at = Some(digest.time);
                if self.phase == Phase::Pending {
                    *self = Self { spoke_at: self.spoke_at, ..Self::default() };
                }
            }
            Outcome::Breach => {
                self.spoke_at = Some(digest.time);
                self.is_unproven = false;
                self.started_at.get_or_insert(digest.window.from);
                self.breached_ms = self.breached_ms.saturating_add(digest.window.millis());
                if self.phase == Phase::Inactive {
                    self.phase = Phase::Pending;
                }
                if self.phase == Phase::Pending && self.breached_ms > clause.hold_ms {
                    self.phase = Phase::Firing;
                    self.fired = Some((digest.time, digest.revision));
                }
            }
            Outcome::Compliant => {
                self.spoke_at = Some(digest.time);
                self.is_unproven = false;
                let is_clear =
                    digest.value.zip(clause.clear).is_none_or(|(value, clear)| keeps(&clear, value));
                if self.phase != Phase::Firing || is_clear {
                    *self = Self { spoke_at: self.spoke_at, ..Self::default() };
                }
            }
        }
    }
}
