//! Alerts whose clause is no longer in force.
//!
//! An edition ends, and with it what it asks. The alert of a breach that it found stands for one more window
//! and is withdrawn when that is over, because nothing can prove it over any more. Where the next edition of
//! the document asks for the same figure, the alert waits until that has proven something either way.

use model::{Calendar, Instant, Period};

use crate::{Output, Transition, check::Check, standard::family};

/// Ends the alerts of checks that have outlived their edition, `closed_to` being up to where windows have
/// ended. What succeeds a check is looked for among the others.
pub(crate) fn outlive(
    checks: &mut [&mut Check],
    (closed_to, calendar): (Instant, &Calendar),
    now: Instant,
    stale_after_ms: i64,
    out: &mut Vec<Output>,
) {
    for number in 0..checks.len() {
        let Some(ended) = checks.get(number).filter(|check| check.may_outlive(closed_to)) else { continue };
        let successor = checks.iter().find(|next| next.succeeds(ended));
        let successor = successor.map(|next| (next.live.clause.id.clone(), next.memory.has_spoken()));
        let successor = successor.as_ref().map(|(id, has_spoken)| (id.as_str(), *has_spoken));
        let told = checks
            .get_mut(number)
            .and_then(|check| check.outlive((closed_to, calendar), successor, now, stale_after_ms));
        out.extend(told.map(|t| Output::Transition(Box::new(t))));
    }
}

impl Check {
    /// Whether the clause of this check goes on where that of `ended` ends: the next edition of its document
    /// asks for the same figure over the same windows.
    fn succeeds(&self, ended: &Self) -> bool {
        let (old, new) = (&ended.live, &self.live);
        new.in_force.from == old.in_force.to
            && self.subject() == ended.subject()
            && family(&new.clause.document) == family(&old.clause.document)
            && self.goes_on_as(&ended.live)
    }

    /// Whether the first window that its edition no longer judges has ended, `closed_to` being up to where
    /// windows have. Only then an alert can end with its edition: until then it stands as it was found.
    fn has_outlived(&self, closed_to: Instant, calendar: &Calendar) -> bool {
        let end = self.live.in_force.to;
        if closed_to < end {
            return false;
        }
        let period = match self.live.clause.period {
            Period::Register => Period::Day,
            period => period,
        };
        let window = calendar.window(period, end);
        let first = if window.from == end { window } else { calendar.window(period, window.to) };
        first.to <= closed_to
    }

    /// Ends the alert whose clause is no longer in force, or takes it up again where late data has taken away
    /// what a successor had said. `successor` is the check that goes on where this one ends: as long as it has
    /// proven nothing, the alert stays, since silence must not clear a finding.
    fn outlive(
        &mut self,
        (closed_to, calendar): (Instant, &Calendar),
        successor: Option<(&str, bool)>,
        now: Instant,
        stale_after_ms: i64,
    ) -> Option<Transition> {
        let is_out =
            self.has_outlived(closed_to, calendar) && successor.is_none_or(|(_, has_spoken)| has_spoken);
        if is_out == self.memory.is_out_of_force() {
            return None;
        }
        let before = self.life();
        let withdrawn = is_out.then(|| self.withdraw(now)).flatten();
        self.memory.set_out_of_force(is_out);
        let transition = match (is_out, self.last_verdict()) {
            (false, Some(verdict)) => self.settle(&before, &verdict, None, stale_after_ms),
            _ => {
                self.memory.settle(&before, &self.rule(stale_after_ms));
                self.memory.tidy();
                None
            }
        };
        withdrawn.map(|told| told.because(successor.map(|(id, _)| id))).or(transition)
    }

    /// Whether its edition has ended by an instant, so that its alert may have to end too.
    pub(crate) fn may_outlive(&self, closed_to: Instant) -> bool {
        let is_ended = self.live.in_force.to <= closed_to;
        self.memory.is_out_of_force() || is_ended && !self.memory.life().is_over()
    }
}
