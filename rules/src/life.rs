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

/// Where the alert of a check stands. Most are at rest: they hold no more than when they spoke.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(from = "Written", into = "Written")]
pub(crate) struct Life {
    /// Event time of the newest verdict that spoke (compliant or breach).
    spoke_at: Option<Instant>,
    /// The alert; absent where there is nothing to say of it.
    alert: Option<Box<Living>>,
}

/// An alert, or what is remembered of those before it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Living {
    phase: Phase,
    /// Start of the first breaching window.
    started_at: Option<Instant>,
    /// Event time of the verdict with which it began to fire, and its revision.
    fired: Option<(Instant, u32)>,
    /// Breaching time so far, ms; insufficient windows do not count.
    breached_ms: i64,
    /// It fires but nothing has proven so for too long.
    is_unproven: bool,
    /// How it is kept from ending; absent where the clause asks for nothing of the kind.
    guard: Option<Box<Guard>>,
}

/// How a checkpoint holds it.
#[derive(Serialize, Deserialize)]
struct Written {
    phase: Phase,
    started_at: Option<Instant>,
    fired: Option<(Instant, u32)>,
    breached_ms: i64,
    spoke_at: Option<Instant>,
    is_unproven: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    guard: Option<Box<Guard>>,
}

impl From<Written> for Life {
    fn from(w: Written) -> Self {
        let Written { phase, started_at, fired, breached_ms, spoke_at, is_unproven, guard } = w;
        let alert = Living { phase, started_at, fired, breached_ms, is_unproven, guard };
        Self { spoke_at, alert: (alert != Living::default()).then(|| Box::new(alert)) }
    }
}

impl From<Life> for Written {
    fn from(life: Life) -> Self {
        let Living { phase, started_at, fired, breached_ms, is_unproven, guard } =
            life.alert.map(|alert| *alert).unwrap_or_default();
        Self { phase, started_at, fired, breached_ms, spoke_at: life.spoke_at, is_unproven, guard }
    }
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
    /// No alert, and nothing proven yet.
    pub(crate) const REST: Self = Self { spoke_at: None, alert: None };

    /// How far the alert has come.
    pub(crate) fn phase(&self) -> Phase {
        self.alert.as_ref().map_or(Phase::Inactive, |alert| alert.phase)
    }

    /// Start of the first breaching window.
    pub(crate) fn started_at(&self) -> Option<Instant> {
        self.alert.as_ref()?.started_at
    }

    /// Event time of the verdict with which it began to fire, and its revision.
    pub(crate) fn fired(&self) -> Option<(Instant, u32)> {
        self.alert.as_ref()?.fired
    }

    /// Whether it fires but nothing has proven so for too long.
    pub(crate) fn is_unproven(&self) -> bool {
        self.alert.as_ref().is_some_and(|alert| alert.is_unproven)
    }

    /// Takes the next verdict in time order.
    ///
    /// A breach fires when it has lasted longer than `hold_ms`: a limit left exactly when that
    /// ends does not fire. Insufficient changes nothing. A firing alert ends only with a compliant
    /// value that also keeps the clear limit, has done so for `keep_ms`, and does not flap.
    pub(crate) fn step(&mut self, step: &Step, rule: &Rule) {
        match step.outcome {
            Outcome::Insufficient => {
                let since = self.spoke_at.unwrap_or(step.time);
                if let Some(alert) = self.alert.as_mut().filter(|alert| alert.phase == Phase::Firing)
                    && step.time.since(since) >= rule.stale_after_ms
                {
                    alert.is_unproven = true;
                }
            }
            Outcome::Breach if step.is_waived => {
                self.spoke_at = Some(step.time);
                if let Some(alert) = &mut self.alert {
                    alert.not_clear();
                    if alert.phase == Phase::Pending {
                        self.end();
                    }
                }
            }
            Outcome::Breach => {
                self.spoke_at = Some(step.time);
                self.alert.get_or_insert_default().breach(step, rule);
            }
            Outcome::Compliant => {
                self.spoke_at = Some(step.time);
                if self.alert.as_mut().is_some_and(|alert| alert.comply(step, rule)) {
                    self.end();
                }
            }
        }
    }

    fn end(&mut self) {
        // Only the changes outlive an alert: they decide whether the next one flaps.
        let guard = self.alert.take().and_then(|alert| alert.guard);
        let changes = guard.map(|guard| guard.changes).filter(|changes| !changes.is_empty());
        let guard = changes.map(|changes| Box::new(Guard { changes, ..Guard::default() }));
        self.alert = guard.map(|guard| Box::new(Living { guard: Some(guard), ..Living::default() }));
    }

    /// Whether any verdict was proven.
    pub(crate) const fn has_spoken(&self) -> bool {
        self.spoke_at.is_some()
    }

    /// Whether there is nothing to tell.
    pub(crate) fn is_over(&self) -> bool {
        self.phase() == Phase::Inactive
    }

    /// Nothing was judged for longer than `stale_ms`, as out of season or behind a gate that stays shut: the alert goes on
    /// and is no longer proven. Returns whether that is news.
    pub(crate) fn fade(&mut self, now: Instant, stale_ms: i64) -> bool {
        let is_stale = self.spoke_at.is_some_and(|spoke| now.since(spoke) >= stale_ms);
        let alert = self.alert.as_mut().filter(|alert| alert.phase == Phase::Firing && !alert.is_unproven);
        alert.filter(|_| is_stale).map(|alert| alert.is_unproven = true).is_some()
    }

    /// A life told anew: an alert that fired before and fires still keeps what it was known by; one that did not
    /// begins with `cause`, event time and revision of what has changed it, since whoever was told of an alert of
    /// the same windows was told of its end too.
    pub(crate) fn go_on_from(&mut self, before: &Self, cause: (Instant, u32)) {
        if let Some(alert) = self.alert.as_mut().filter(|alert| alert.phase == Phase::Firing) {
            alert.fired = if before.phase() == Phase::Firing { before.fired() } else { Some(cause) };
            alert.is_unproven |= before.is_unproven() && self.spoke_at == before.spoke_at;
        }
    }
}

impl Living {
    fn breach(&mut self, step: &Step, rule: &Rule) {
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

    /// Takes a compliant window. Returns whether the alert ends with it.
    fn comply(&mut self, step: &Step, rule: &Rule) -> bool {
        self.is_unproven = false;
        if self.phase != Phase::Firing {
            return true;
        }
        if !step.is_clear {
            self.not_clear();
            return false;
        }
        let ends = self.may_resolve(step, rule);
        if ends {
            self.note_change(step.end(), rule);
        }
        ends
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
}

impl Guard {
    /// Forgets changes that lie a whole while back at `end`.
    fn forget(&mut self, end: Instant, flap: Flap) {
        self.changes.retain(|change| end.since(*change) < flap.within_ms);
    }
}
