//! Alerts whose clause is no longer in force, or no longer applies to its place or body.
//!
//! An edition ends, and with it what it asks; or the register ends a place or body, puts a room to another use, or
//! gives a body a level for which the clause is not. The alert of a breach that it found stands for one more window
//! and is withdrawn when that is over, because nothing can prove it over any more. Where the next edition of
//! the document asks for the same figure, the alert waits until that has proven something either way.

use std::collections::BTreeSet;

use model::{Calendar, Id, Instant, Period, Register};

use crate::{
    Attribute, Output, Subject, Transition,
    check::Check,
    judge::{scope_of_body, scope_of_place},
    standard::family,
    stays::stays,
};

/// Ends the alerts of checks that have outlived their edition or subject, `closed_to` being up to where windows
/// have ended. What succeeds a check is looked for among the others.
pub(crate) fn outlive(
    checks: &mut [&mut Check],
    (closed_to, register): (Instant, &Register),
    now: Instant,
    stale_after_ms: i64,
    out: &mut Vec<Output>,
) {
    for number in 0..checks.len() {
        let Some(ended) = checks.get(number).filter(|check| check.may_outlive(closed_to, register)) else {
            continue;
        };
        // Of a subject that is gone nothing will ever be proven.
        let subject_end = ended.subject_end(register, closed_to);
        let is_gone = subject_end <= closed_to;
        let successor = checks.iter().find(|next| !is_gone && next.succeeds(ended));
        let successor = successor.map(|next| (next.live.clause.id.clone(), next.memory.has_spoken()));
        let successor = successor.as_ref().map(|(id, has_spoken)| (id.as_str(), *has_spoken));
        let Some(check) = checks.get_mut(number) else { continue };
        let is_out = check.has_outlived(subject_end, closed_to, &register.calendar)
            && successor.is_none_or(|(_, has_spoken)| has_spoken);
        let told = check.outlive(is_out, now, stale_after_ms);
        let told = told.map(|t| if is_out { t.because(successor.map(|(id, _)| id), is_gone) } else { t });
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

    /// Whether the register lets the clause apply at an instant: its place or body is there, and one of those that
    /// the clause is for.
    fn applies(&self, register: &Register, at: Instant) -> bool {
        let clause = &self.live.clause;
        match self.subject() {
            Subject::Place(id) => register
                .place(id, at)
                .is_some_and(|place| scope_of_place(clause, register, place, at).is_some()),
            Subject::Body(id) => {
                register.body(id, at).is_some_and(|body| scope_of_body(clause, register, body, at).is_some())
            }
        }
    }

    /// When the register has let the clause apply for the last time; the latest instant as long as it applies at
    /// `closed_to`, the earliest if it never did.
    fn subject_end(&self, register: &Register, closed_to: Instant) -> Instant {
        if self.applies(register, closed_to) {
            return Instant::MAX;
        }
        let mut end = Instant::MAX;
        for border in self.borders(register).into_iter().rev() {
            if self.applies(register, border) {
                return end;
            }
            end = border;
        }
        Instant::MIN
    }

    /// The instants at which something changes in the register by which the clause may apply or not.
    fn borders(&self, register: &Register) -> BTreeSet<Instant> {
        let mut borders = BTreeSet::new();
        let mut bodies: Vec<&Id> = Vec::new();
        match self.subject() {
            Subject::Body(id) => bodies.push(id),
            Subject::Place(id) => {
                for stay in stays(register, id) {
                    borders.extend([stay.from, stay.to]);
                    let chain = register.ancestors(id, stay.from);
                    bodies.extend(chain.into_iter().filter_map(|place| place.body.as_ref()));
                }
                if self.live.clause.key_attributes().contains(&Attribute::Rank) {
                    let rows = register.posts.values().flat_map(|history| history.rows());
                    for row in rows.filter(|row| row.value.room.as_ref() == Some(id)) {
                        borders.extend([row.span.from, row.span.to]);
                        bodies.push(&row.value.body);
                    }
                }
            }
        }
        let mut known: BTreeSet<&Id> = BTreeSet::new();
        while let Some(id) = bodies.pop() {
            if !known.insert(id) {
                continue;
            }
            for row in register.bodies.get(id).into_iter().flat_map(|history| history.rows()) {
                borders.extend([row.span.from, row.span.to]);
                bodies.extend(row.value.parent.as_ref());
            }
        }
        borders
    }

    /// Whether the first window that is no longer judged has ended, `closed_to` being up to where windows have.
    /// Only then an alert can end with its edition or subject: until then it stands as it was found.
    fn has_outlived(&self, subject_end: Instant, closed_to: Instant, calendar: &Calendar) -> bool {
        let end = self.live.in_force.to.min(subject_end);
        if closed_to < end {
            return false;
        }
        if end == Instant::MIN {
            return true;
        }
        let period = match self.live.clause.period {
            Period::Register => Period::Day,
            period => period,
        };
        let window = calendar.window(period, end);
        let first = if window.from == end { window } else { calendar.window(period, window.to) };
        first.to <= closed_to
    }

    /// Ends the alert of a check that is out of force, or takes it up again where late data has taken away what a
    /// successor had said.
    fn outlive(&mut self, is_out: bool, now: Instant, stale_after_ms: i64) -> Option<Transition> {
        if is_out == self.memory.is_out_of_force() {
            return None;
        }
        let before = self.life();
        let withdrawn = is_out.then(|| self.withdraw(now)).flatten();
        self.memory.set_out_of_force(is_out);
        let transition = match (is_out, self.last_verdict()) {
            (false, Some(verdict)) => self.settle(&before, (now, &verdict), None, stale_after_ms),
            _ => {
                self.memory.settle(&before, (now, 0), &self.rule(stale_after_ms));
                self.memory.tidy();
                None
            }
        };
        withdrawn.or(transition)
    }

    /// Whether its edition or its subject has ended by an instant, so that its alert may have to end too.
    pub(crate) fn may_outlive(&self, closed_to: Instant, register: &Register) -> bool {
        let is_ended =
            || self.live.in_force.to <= closed_to || self.subject_end(register, closed_to) <= closed_to;
        self.memory.is_out_of_force() || !self.memory.life().is_over() && is_ended()
    }
}
