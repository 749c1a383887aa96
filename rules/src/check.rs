//! Checks: one clause bound to one place, the verdicts it gave and the alert they add up to.

use std::sync::Arc;

use model::{Instant, Span};

pub(crate) use crate::memory::Memory;
use crate::{
    Alert, AlertState, CheckId, Clause, Outcome, Output, Subject, Transition, TransitionId, TransitionKind,
    Verdict,
    finding::Finding,
    life::{Life, Phase, Rule},
    memory::Last,
    seen::Seen,
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

/// One clause bound to one place or body.
#[derive(Debug, Clone)]
pub(crate) struct Check {
    pub(crate) live: Arc<LiveClause>,
    /// Shared by the checks of one place.
    subject: Arc<Subject>,
    pub(crate) memory: Memory,
}

impl Check {
    pub(crate) fn new(live: Arc<LiveClause>, subject: Arc<Subject>) -> Self {
        Self { live, subject, memory: Memory::default() }
    }

    fn id(&self) -> CheckId {
        CheckId { clause: self.live.clause.id.clone(), subject: (*self.subject).clone() }
    }

    pub(crate) fn rule(&self, stale_after_ms: i64) -> Rule {
        Rule::of(&self.live.clause, stale_after_ms)
    }

    /// Windows that end by this instant are closed for good.
    pub(crate) fn pruned_to(&self) -> Instant {
        self.memory.pruned_to()
    }

    /// What it is bound to.
    pub(crate) fn subject(&self) -> &Subject {
        &self.subject
    }

    /// Where the alert stands.
    pub(crate) fn life(&self) -> Life {
        self.memory.life().clone()
    }

    /// What is left of a verdict whose evidence late data took away; `None` if none was given.
    pub(crate) fn withdrawal(&self, window: Span) -> Option<Finding> {
        self.memory.seen(window.from)?;
        Some(Finding::nothing_left(window))
    }

    /// The verdict of a finding as if nothing had been said of its window before.
    pub(crate) fn first_verdict(&self, finding: Finding, at: Instant) -> Verdict {
        self.verdict(finding, 1, at)
    }

    /// Takes a finding; returns a verdict if it says anything new, and whether it turns the outcome of one
    /// that was given before. [`Self::settle`] follows.
    pub(crate) fn note(
        &mut self,
        finding: Finding,
        at: Instant,
        stale_after_ms: i64,
    ) -> Option<(Verdict, bool)> {
        let known = self.memory.seen(finding.window.from);
        let seen = Seen::new(&finding, &self.live.clause, at, known.as_ref());
        if known.is_some_and(|k| k.print == seen.print) {
            return None;
        }
        // Insufficient is never told, so only a turn between the two that are is news.
        let speaks = |outcome| outcome != Outcome::Insufficient;
        let is_turned =
            known.is_some_and(|k| k.outcome != seen.outcome && speaks(k.outcome) && speaks(seen.outcome));
        let last = Last::new(&finding, seen.revision(), at);
        self.memory.take(seen, last, &self.rule(stale_after_ms));
        Some((self.verdict(finding, seen.revision(), at), is_turned))
    }

    /// After some verdicts, of which `verdict` was the last: what became of the alert since `before`, told at `at`.
    ///
    /// `turned`: the last of them whose outcome late data turned. A corrected figure of the same
    /// outcome is a new revision of the verdict, but nothing to tell anybody.
    pub(crate) fn settle(
        &mut self,
        before: &Life,
        (at, verdict): (Instant, &Verdict),
        turned: Option<&Verdict>,
        stale_after_ms: i64,
    ) -> Option<Transition> {
        self.memory.settle(before, (at, verdict.revision), &self.rule(stale_after_ms));
        let transition =
            if self.live.is_enforced { self.transition(before, (at, verdict), turned) } else { None };
        self.memory.tidy();
        transition
    }

    fn verdict(&self, finding: Finding, revision: u32, at: Instant) -> Verdict {
        Verdict {
            time: at,
            subject: (*self.subject).clone(),
            clause: Arc::clone(&self.live.clause),
            outcome: finding.outcome,
            rating: finding.rating,
            value: finding.value,
            limit: finding.limit,
            is_minimum: finding.is_minimum,
            coverage: finding.coverage,
            waived: finding.waived,
            window: finding.window,
            revision,
            why: finding.why,
        }
    }

    fn transition(
        &self,
        before: &Life,
        (now, verdict): (Instant, &Verdict),
        turned: Option<&Verdict>,
    ) -> Option<Transition> {
        let after = self.memory.life();
        let was = before.phase() == Phase::Firing;
        let is = after.phase() == Phase::Firing;
        let turned = turned.filter(|v| after.started_at().is_some_and(|start| start <= v.window.from));
        let corrected = turned.unwrap_or(verdict);
        let (kind, at, revision) = match (was, is) {
            (false, true) => {
                let (at, revision) = after.fired()?;
                (TransitionKind::Firing, at, revision)
            }
            (true, false) => (TransitionKind::Resolved, now, verdict.revision),
            (true, true) if after.is_unproven() && !before.is_unproven() => {
                (TransitionKind::Unproven, now, verdict.revision)
            }
            (true, true) if before.started_at() != after.started_at() || turned.is_some() => {
                (TransitionKind::Revised, corrected.window.from, corrected.revision)
            }
            _ => return None,
        };
        let told = match kind {
            // A correction tells what was corrected, the others what was proven last.
            TransitionKind::Revised => None,
            _ => self.memory.spoke().map(|last| self.revive(last)),
        };
        let life = if is { after } else { before };
        let mut alert = self.alert_of(life, told.unwrap_or_else(|| corrected.clone()))?;
        if kind == TransitionKind::Resolved {
            alert.state = AlertState::Resolved;
            alert.resolved_at = Some(now);
        }
        Some(Transition { id: TransitionId::new(&self.id(), kind, at, revision), kind, at, alert })
    }

    fn alert_of(&self, life: &Life, verdict: Verdict) -> Option<Alert> {
        let started_at = life.started_at()?;
        let (state, id) = match (life.phase(), life.fired()) {
            (Phase::Firing, Some((at, revision))) => {
                (AlertState::Firing, TransitionId::new(&self.id(), TransitionKind::Firing, at, revision))
            }
            (Phase::Pending, _) => {
                (AlertState::Pending, TransitionId::new(&self.id(), TransitionKind::Firing, started_at, 0))
            }
            _ => return None,
        };
        Some(Alert {
            id,
            check: self.id(),
            state,
            started_at,
            fired_at: life.fired().map(|(at, _)| at),
            resolved_at: None,
            is_unproven: life.is_unproven(),
            verdict,
        })
    }

    /// The alert as it stands, if the check is pending or firing and its clause is enforced.
    pub(crate) fn alert(&self) -> Option<Alert> {
        if !self.live.is_enforced || self.memory.life().is_over() {
            return None;
        }
        let spoke = self.memory.spoke().or(self.memory.last())?;
        self.alert_of(self.memory.life(), self.revive(spoke))
    }

    /// The alert is no longer proven where nothing was judged for too long; `None` where that is no news.
    pub(crate) fn fade(&mut self, now: Instant, stale_after_ms: i64) -> Option<Transition> {
        if !self.memory.fade(now, stale_after_ms) {
            return None;
        }
        let alert = self.alert()?;
        let kind = TransitionKind::Unproven;
        let id = TransitionId::new(&self.id(), kind, now, alert.verdict.revision);
        Some(Transition { id, kind, at: now, alert })
    }

    /// The alert ends at `at` because this check is no more; `None` when nothing was told of it.
    pub(crate) fn withdraw(&self, at: Instant) -> Option<Transition> {
        let mut alert = self.alert().filter(|alert| alert.state == AlertState::Firing)?;
        alert.state = AlertState::Withdrawn;
        let kind = TransitionKind::Withdrawn;
        let id = TransitionId::new(&self.id(), kind, at, alert.verdict.revision);
        Some(Transition { id, kind, at, alert })
    }

    /// Takes what was found of windows, in order; the alert changes once, after all of them.
    pub(crate) fn note_all(
        &mut self,
        all: Vec<(Span, Option<Finding>)>,
        now: Instant,
        stale_after_ms: i64,
        out: &mut Vec<Output>,
    ) {
        let before = self.life();
        let (mut spoke, mut turned) = (None, None);
        for (window, found) in all {
            let found = found.or_else(|| self.withdrawal(window));
            let noted = found.and_then(|found| self.note(found, now, stale_after_ms));
            let Some((verdict, is_turned)) = noted else { continue };
            let verdict = Arc::new(verdict);
            if is_turned {
                turned = Some(Arc::clone(&verdict));
            }
            out.push(Output::Verdict(Arc::clone(&verdict)));
            spoke = Some(verdict);
        }
        if let Some(verdict) = spoke {
            let transition = self.settle(&before, (now, &verdict), turned.as_deref(), stale_after_ms);
            out.extend(transition.map(|t| Output::Transition(Box::new(t))));
        }
    }

    /// Whether what this check remembers holds for `next` too: it judges the same figure over the same
    /// windows, and raises alerts as it did. Another limit does not matter.
    pub(crate) fn goes_on_as(&self, next: &LiveClause) -> bool {
        let (old, new) = (&self.live.clause, &next.clause);
        (old.measure, old.period, old.gate) == (new.measure, new.period, new.gate)
            && self.live.is_enforced == next.is_enforced
    }

    /// The newest verdict.
    pub(crate) fn last_verdict(&self) -> Option<Verdict> {
        self.memory.last().map(|last| self.revive(last))
    }

    fn revive(&self, last: &Last) -> Verdict {
        self.verdict(last.finding(), last.revision(), last.time())
    }

    /// Forgets verdicts of windows that late data can no longer re-open; the newest stays.
    pub(crate) fn prune(&mut self, before: Instant, stale_after_ms: i64) {
        self.memory.prune(before, &self.rule(stale_after_ms));
    }
}
