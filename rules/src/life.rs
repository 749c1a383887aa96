//! The life of one alert as a fold over the verdicts of its check.

use model::Instant;
use serde::{Deserialize, Serialize};

use crate::Outcome;

/// What one verdict means to the alert.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Step {
    /// Start of the window.
    pub(crate) from: Instant,
    pub(crate) length_ms: i64,
    /// When it was first judged, event time.
    pub(crate) time: Instant,
    pub(crate) revision: u32,
    pub(crate) outcome: Outcome,
    pub(crate) is_waived: bool,
    /// Whether the value keeps the clear limit as well.
    pub(crate) is_clear: bool,
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Life {
    pub(crate) phase: Phase,
    /// Start of the first breaching window.
    pub(crate) started_at: Option<Instant>,
    /// Event time of the verdict with which it began to fire, and its revision.
    pub(crate) fired: Option<(Instant, u32)>,
    /// Breaching time so far, ms; insufficient windows do not count.
    breached_ms: i64,
    /// Event time of the newest verdict that spoke (compliant or breach).
    spoke_at: Option<Instant>,
    /// It fires but nothing has proven so for too long.
    pub(crate) is_unproven: bool,
}

impl Life {
    /// Takes the next verdict in time order.
    ///
    /// A breach fires when it has lasted longer than `hold_ms`: a limit left exactly when that
    /// ends does not fire. Insufficient changes nothing. A firing alert ends only with a compliant
    /// value that also keeps the clear limit.
    pub(crate) fn step(&mut self, step: &Step, hold_ms: i64, stale_after_ms: i64) {
        match step.outcome {
            Outcome::Insufficient => {
                let since = self.spoke_at.unwrap_or(step.time);
                if self.phase == Phase::Firing && step.time.since(since) >= stale_after_ms {
                    self.is_unproven = true;
                }
            }
            Outcome::Breach if step.is_waived => {
                self.spoke_at = Some(step.time);
                if self.phase == Phase::Pending {
                    self.end();
                }
            }
            Outcome::Breach => {
                self.spoke_at = Some(step.time);
                self.is_unproven = false;
                self.started_at.get_or_insert(step.from);
                self.breached_ms = self.breached_ms.saturating_add(step.length_ms);
                if self.phase == Phase::Inactive {
                    self.phase = Phase::Pending;
                }
                if self.phase == Phase::Pending && self.breached_ms > hold_ms {
                    self.phase = Phase::Firing;
                    self.fired = Some((step.time, step.revision));
                }
            }
            Outcome::Compliant => {
                self.spoke_at = Some(step.time);
                self.is_unproven = false;
                if self.phase != Phase::Firing || step.is_clear {
                    self.end();
                }
            }
        }
    }

    fn end(&mut self) {
        *self = Self { spoke_at: self.spoke_at, ..Self::default() };
    }

    /// Whether there is nothing to tell.
    pub(crate) fn is_over(&self) -> bool {
        self.phase == Phase::Inactive
    }

    /// An alert that fired before and fires still keeps what it was known by.
    pub(crate) fn go_on_from(&mut self, before: &Self) {
        if self.phase == Phase::Firing && before.phase == Phase::Firing {
            self.fired = before.fired;
        }
    }
}
