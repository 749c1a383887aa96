//! Checks: one clause bound to one place, the verdicts it gave and the alert they add up to.

use std::{collections::BTreeMap, sync::Arc};

use model::{Instant, Span};
use serde::{Deserialize, Serialize};

use crate::{
    Alert, AlertState, CheckId, Clause, Outcome, RatingLevel, Subject, Transition, TransitionId,
    TransitionKind, Verdict, Why,
    life::{Digest, Life, Phase},
};

/// A clause as the engine uses it.
#[derive(Debug, Clone)]
pub struct LiveClause {
    /// The clause.
    pub clause: Arc<Clause>,
    /// When its edition is in force; a window is judged by the edition in force at its start.
    pub in_force: Span,
    /// Whether a breach raises an alert (unverified clauses only once accepted).
    pub is_enforced: bool,
}

/// What a judgement found, before it is compared with earlier ones of the same window.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Finding {
    pub(crate) window: Span,
    pub(crate) outcome: Outcome,
    pub(crate) rating: Option<RatingLevel>,
    pub(crate) value: Option<f64>,
    pub(crate) limit: Option<f64>,
    pub(crate) is_minimum: bool,
    pub(crate) coverage: f64,
    pub(crate) waived: Option<String>,
    pub(crate) why: Why,
}

/// The newest verdict as it is saved: everything but the clause.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Last {
    digest: Digest,
    is_minimum: bool,
    waived: Option<String>,
    why: Why,
}

/// What a check must remember over a restart.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(crate) struct Memory {
    /// Verdicts of recent windows, by window start.
    history: BTreeMap<Instant, Digest>,
    /// The alert before the oldest of them.
    base: Life,
    /// The alert now.
    life: Life,
    /// The newest verdict, and the newest that spoke while an alert lives.
    last: Option<Last>,
    spoke: Option<Last>,
}

/// One clause bound to one place or body.
#[derive(Debug, Clone)]
pub(crate) struct Check {
    pub(crate) live: LiveClause,
    pub(crate) id: CheckId,
    pub(crate) memory: Memory,
}

impl Check {
    pub(crate) fn new(live: LiveClause, subject: Subject) -> Self {
        let id = CheckId { clause: live.clause.id.clone(), subject };
        Self { live, id, memory: Memory::default() }
    }

    /// Whether this window has been judged before.
    pub(crate) fn has_judged(&self, window: Span) -> bool {
        self.memory.history.contains_key(&window.from)
    }

    /// Takes a finding: a verdict if it says anything new, and a transition if the alert changes.
    pub(crate) fn record(
        &mut self,
        finding: Finding,
        at: Instant,
        stale_after_ms: i64,
    ) -> Option<(Verdict, Option<Transition>)> {
        let known = self.memory.history.get(&finding.window.from);
        let digest = Digest {
            window: finding.window,
            time: known.map_or(at, |d| d.time),
            outcome: finding.outcome,
            rating: finding.rating,
            value: finding.value,
            limit: finding.limit,
            coverage: finding.coverage,
            is_waived: finding.waived.is_some(),
            revision: known.map_or(1, |d| d.revision + 1),
        };
        if known.is_some_and(|d| d.says_the_same(&digest)) {
            return None;
        }
        let is_turned = known.is_some_and(|d| d.outcome != digest.outcome);
        let before = self.memory.life.clone();
        let is_newest =
            self.memory.history.last_key_value().is_none_or(|(from, _)| *from < digest.window.from);
        self.memory.history.insert(digest.window.from, digest.clone());
        let clause = Arc::clone(&self.live.clause);
        if is_newest {
            self.memory.life.step(&digest, &clause, stale_after_ms);
        } else {
            self.memory.life = self.fold(stale_after_ms);
        }
        let verdict = self.verdict(&finding, digest.revision, at);
        let last = Last {
            digest: Digest { time: at, ..digest },
            is_minimum: finding.is_minimum,
            waived: finding.waived,
            why: finding.why,
        };
        if last.digest.outcome != Outcome::Insufficient {
            self.memory.spoke = Some(last.clone());
        }
        if is_newest || self.memory.last.as_ref().is_some_and(|l| l.digest.window == last.digest.window) {
            self.memory.last = Some(last);
        }
        let transition =
            if self.live.is_enforced { self.transition(&before, &verdict, is_turned) } else { None };
        Some((verdict, transition))
    }

    fn fold(&self, stale_after_ms: i64) -> Life {
        let mut life = self.memory.base.clone();
        for digest in self.memory.history.values() {
            life.step(digest, &self.live.clause, stale_after_ms);
        }
        life
    }

    fn verdict(&self, finding: &Finding, revision: u32, at: Instant) -> Verdict {
        Verdict {
            time: at,
            subject: self.id.subject.clone(),
            clause: Arc::clone(&self.live.clause),
            outcome: finding.outcome,
            rating: finding.rating,
            value: finding.value,
            limit: finding.limit,
            is_minimum: finding.is_minimum,
            coverage: finding.coverage,
            waived: finding.waived.clone(),
            window: finding.window,
            revision,
            why: finding.why.clone(),
        }
    }

    /// `is_turned`: late data turned the outcome of a window that had been judged. A corrected figure of
    /// the same outcome is a new revision of the verdict, but nothing to tell anybody.
    fn transition(&self, before: &Life, verdict: &Verdict, is_turned: bool) -> Option<Transition> {
        let after = &self.memory.life;
        let was = before.phase == Phase::Firing;
        let is = after.phase == Phase::Firing;
        let (kind, at, revision) = match (was, is) {
            (false, true) => {
                let (at, revision) = after.fired?;
                (TransitionKind::Firing, at, revision)
            }
            (true, false) => (TransitionKind::Resolved, verdict.time, verdict.revision),
            (true, true) if after.is_unproven && !before.is_unproven => {
                (TransitionKind::Unproven, verdict.time, verdict.revision)
            }
            (true, true) if is_turned => (TransitionKind::Revised, verdict.window.from, verdict.revision),
            _ => return None,
        };
        let life = if is { after } else { before };
        let mut alert = self.alert_of(life, verdict.clone())?;
        if kind == TransitionKind::Resolved {
            alert.state = AlertState::Resolved;
            alert.resolved_at = Some(verdict.time);
        }
        Some(Transition { id: TransitionId::new(&self.id, kind, at, revision), kind, at, alert })
    }

    fn alert_of(&self, life: &Life, verdict: Verdict) -> Option<Alert> {
        let started_at = life.started_at?;
        let (state, id) = match (life.phase, life.fired) {
            (Phase::Firing, Some((at, revision))) => {
                (AlertState::Firing, TransitionId::new(&self.id, TransitionKind::Firing, at, revision))
            }
            (Phase::Pending, _) => {
                (AlertState::Pending, TransitionId::new(&self.id, TransitionKind::Firing, started_at, 0))
            }
            _ => return None,
        };
        Some(Alert {
            id,
            check: self.id.clone(),
            state,
            started_at,
            fired_at: life.fired.map(|(at, _)| at),
            resolved_at: None,
            is_unproven: life.is_unproven,
            verdict,
        })
    }

    /// The alert as it stands, if the check is pending or firing and its clause is enforced.
    pub(crate) fn alert(&self) -> Option<Alert> {
        if !self.live.is_enforced {
            return None;
        }
        let spoke = self.memory.spoke.as_ref()?;
        self.alert_of(&self.memory.life, self.revive(spoke))
    }

    /// The newest verdict.
    pub(crate) fn last_verdict(&self) -> Option<Verdict> {
        self.memory.last.as_ref().map(|last| self.revive(last))
    }

    fn revive(&self, last: &Last) -> Verdict {
        let digest = &last.digest;
        Verdict {
            time: digest.time,
            subject: self.id.subject.clone(),
            clause: Arc::clone(&self.live.clause),
            outcome: digest.outcome,
            rating: digest.rating,
            value: digest.value,
            limit: digest.limit,
            is_minimum: last.is_minimum,
            coverage: digest.coverage,
            waived: last.waived.clone(),
            window: digest.window,
            revision: digest.revision,
            why: last.why.clone(),
        }
    }

    /// Forgets verdicts of windows that late data can no longer re-open; the newest two stay.
    pub(crate) fn prune(&mut self, before: Instant, stale_after_ms: i64) {
        while self.memory.history.len() > 2 {
            let Some(oldest) = self.memory.history.first_entry() else { return };
            if oldest.get().window.to > before {
                return;
            }
            let digest = oldest.remove();
            self.memory.base.step(&digest, &self.live.clause, stale_after_ms);
        }
    }
}
