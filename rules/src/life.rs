//! The life of one alert as a fold over the verdicts of its check.

use model::Instant;
use serde::{Deserialize, Serialize};

use crate::{Clause, Flap, Outcome};

/// How an alert begins and ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Rule {
    /// How long a breach must last before it fires, ms.
    pub(crate) hold_ms: i64,
    /// How long the value must be clear before it resolves, ms.
    pub(crate) keep_ms: i64,
    pub(crate) flap: Option<Flap>,
    /// How long without proof until it is unproven, ms.
    pub(crate) stale_after_ms: i64,
}

impl Rule {
    pub(crate) fn of(clause: &Clause, stale_after_ms: i64) -> Self {
        let (hold_ms, keep_ms, flap) = (clause.hold_ms, clause.firing.keep_ms, clause.firing.flap);
        Self { hold_ms, keep_ms, flap, stale_after_ms }
    }
}

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

impl Step {
    /// End of the window.
    const fn end(&self) -> Instant {
        self.from.plus_ms(self.length_ms)
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
    spoke_at: Option<Instant>,
    /// It fires but nothing has proven so for too long.
    pub(crate) is_unproven: bool,
    /// How it is kept from ending; absent where the clause asks for nothing of the kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    guard: Option<Box<Guard>>,
}

/// What keep-firing and the flap guard remember.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
struct Guard {
    /// Clear time so far while firing, ms; insufficient windows do not count.
    clear_ms: i64,
    /// Ends of the windows with which it fired or resolved lately, in order.
    changes: Vec<Instant>,
    /// It has changed too often: it resolves only after a whole while of being clear.
    is_flapping: bool,
}

impl Life {
    /// Takes the next verdict in time order.
    ///
    /// A breach fires when it has lasted longer than `hold_ms`: a limit left exactly when that
    /// ends does not fire. Insufficient changes nothing. A firing alert ends only with a compliant
    /// value that also keeps the clear limit, has done so for `keep_ms`, and does not flap.
    pub(crate) fn step(&mut self, step: &Step, rule: &Rule) {
        match step.outcome {
            Outcome::Insufficient => {
                let since = self.spoke_at.unwrap_or(step.time);
                if self.phase == Phase::Firing && step.time.since(since) >= rule.stale_after_ms {
                    self.is_unproven = true;
                }
            }
            Outcome::Breach if step.is_waived => {
                self.spoke_at = Some(step.time);
                self.not_clear();
                if self.phase == Phase::Pending {
                    self.end();
                }
            }
            Outcome::Breach => {
                self.spoke_at = Some(step.time);
                self.is_unproven = false;
                self.not_clear();
                self.started_at.get_or_insert(step.from);
                self.breached_ms = self.breached_ms.saturating_add(step.length_ms);
                if self.phase == Phase::Inactive {
                    self.phase = Phase::Pending;
                }
                if self.phase == Phase::Pending && self.breached_ms > rule.hold_ms {
                    self.phase = Phase::Firing;
                    self.fired = Some((step.time, step.revision));
                    self.note_change(step.end(), rule);
                }
            }
            Outcome::Compliant => {
                self.spoke_at = Some(step.time);
                self.is_unproven = false;
                if self.phase != Phase::Firing {
                    self.end();
                } else if !step.is_clear {
                    self.not_clear();
                } else if self.may_resolve(step, rule) {
                    self.note_change(step.end(), rule);
                    self.end();
                }
            }
        }
    }

    fn not_clear(&mut self) {
        if let Some(guard) = &mut self.guard {
            guard.clear_ms = 0;
        }
    }

    /// Whether a firing alert ends with this clear window.
    fn may_resolve(&mut self, step: &Step, rule: &Rule) -> bool {
        if rule.keep_ms == 0 && rule.flap.is_none() {
            return true;
        }
        let guard = self.guard.get_or_insert_default();
        guard.clear_ms = guard.clear_ms.saturating_add(step.length_ms);
        let Some(flap) = rule.flap else { return guard.clear_ms >= rule.keep_ms };
        guard.forget(step.end(), flap);
        guard.is_flapping |= guard.changes.len() >= usize::from(flap.changes);
        let least = if guard.is_flapping { rule.keep_ms.max(flap.within_ms) } else { rule.keep_ms };
        guard.clear_ms >= least
    }

    /// Notes that it fired or resolved with a window that ended at `end`.
    fn note_change(&mut self, end: Instant, rule: &Rule) {
        let Some(flap) = rule.flap else { return };
        let guard = self.guard.get_or_insert_default();
        guard.changes.push(end);
        guard.forget(end, flap);
    }

    fn end(&mut self) {
        // Only the changes outlive an alert: they decide whether the next one flaps.
        let changes = self.guard.take().map(|guard| guard.changes).filter(|changes| !changes.is_empty());
        let guard = changes.map(|changes| Box::new(Guard { changes, ..Guard::default() }));
        *self = Self { spoke_at: self.spoke_at, guard, ..Self::default() };
    }

    /// Whether any verdict was proven.
    pub(crate) const fn has_spoken(&self) -> bool {
        self.spoke_at.is_some()
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

impl Guard {
    /// Forgets changes that lie a whole while back at `end`.
    fn forget(&mut self, end: Instant, flap: Flap) {
        self.changes.retain(|change| end.since(*change) < flap.within_ms);
    }
}
