//! Checks of the register alone: areas against posts and headcounts, no readings.

use std::sync::Arc;

use model::{Instant, Period, Register, Span};

use crate::{
    Clause, LiveClause, Subject, Verdict,
    judge::{Measuring, finding, scope_of_body, scope_of_place},
    measure::{Figure, register as figures},
};

/// Judges every register clause as of the local day of `on`, in the order of clauses and subjects.
///
/// What the register does not say is never guessed: the verdict is insufficient and `why` names the
/// missing attribute. A subject that a clause does not concern (a body without canteen, an office
/// that still has its post) gets no verdict.
#[must_use]
pub fn assess(register: &Register, clauses: &[LiveClause], on: Instant) -> Vec<Verdict> {
    let window = register.calendar.window(Period::Day, on);
    let mut verdicts = Vec::new();
    let due = clauses
        .iter()
        .filter(|live| live.clause.period == Period::Register && live.in_force.contains(window.from));
    for live in due {
        verdicts.extend(of_places(register, &live.clause, window));
        verdicts.extend(of_bodies(register, &live.clause, window));
    }
    verdicts
}

fn of_places(register: &Register, clause: &Arc<Clause>, window: Span) -> Vec<Verdict> {
    let at = window.from;
    let mut verdicts = Vec::new();
    for place in register.places.values().filter_map(|history| history.at(at)) {
        let Some(measuring) = scope_of_place(clause, register, place, at) else { continue };
        let Some(figure) = figures::of_place(clause.measure, register, place, at) else { continue };
        let subject = Subject::Place(place.id.clone());
        verdicts.extend(verdict(register, clause, subject, figure, measuring, window));
    }
    verdicts
}

fn of_bodies(register: &Register, clause: &Arc<Clause>, window: Span) -> Vec<Verdict> {
    let at = window.from;
    let mut verdicts = Vec::new();
    for body in register.bodies.values().filter_map(|history| history.at(at)) {
        let Some(measuring) = scope_of_body(clause, register, body, at) else { continue };
        let Some(figure) = figures::of_body(clause.measure, register, body, at) else { continue };
        let subject = Subject::Body(body.id.clone());
        verdicts.extend(verdict(register, clause, subject, figure, measuring, window));
    }
    verdicts
}

fn verdict(
    register: &Register,
    clause: &Arc<Clause>,
    subject: Subject,
    figure: Figure,
    measuring: Measuring,
    window: Span,
) -> Option<Verdict> {
    let waived = || register.waiver(&clause.id, subject.id(), window.from).map(|w| w.reason.clone());
    let found = finding(clause, figure, measuring, waived, window)?;
    Some(Verdict {
        time: window.from,
        subject,
        clause: Arc::clone(clause),
        outcome: found.outcome,
        rating: found.rating,
        value: found.value,
        limit: found.limit,
        is_minimum: found.is_minimum,
        coverage: found.coverage,
        waived: found.waived,
        window,
        revision: 1,
        why: found.why,
    })
}
