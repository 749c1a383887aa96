//! From a figure to a finding: limit, coverage, rating, waiver.

use model::{Instant, Place, Register, Season, Span, register::Body};

use crate::{
    Attribute, Clause, Outcome, Rating,
    check::LiveClause,
    finding::Finding,
    measure::{Context, Figure},
    partial::printed,
    standard::{Resolved, Scope, judge, rating_of},
};

/// The number that a clause holds against a subject, with the ratings below it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Measuring {
    pub(crate) resolved: Resolved,
    pub(crate) rating: Option<Rating>,
}

impl Measuring {
    /// Of a subject whose attribute the register lacks.
    const fn without(attribute: Attribute) -> Self {
        Self { resolved: Resolved::MissingAttribute(attribute), rating: None }
    }
}

/// Whether a clause is to be judged for a window at all: edition in force at its start, place it
/// applies to then, and season. Without a declared season a seasonal clause is never judged.
///
/// Returns what the clause measures with, or `None` when it is not to be judged.
pub(crate) fn measuring(live: &LiveClause, context: Context<'_>) -> Option<Measuring> {
    let clause = &live.clause;
    let (register, place, at) = (context.register, context.place, context.at());
    if !live.in_force.contains(at) || !clause.season.is_none_or(|s| in_season(s, register, at)) {
        return None;
    }
    scope_of_place(clause, register, place, at)
}

/// What a clause measures a place with; `None` where it does not apply, or has no number for such a place.
pub(crate) fn scope_of_place(
    clause: &Clause,
    register: &Register,
    place: &Place,
    at: Instant,
) -> Option<Measuring> {
    let measuring = match clause.scope_of_place(register, place, at) {
        Scope::Foreign => return None,
        Scope::Unknown(attribute) => Measuring::without(attribute),
        Scope::Applies => Measuring {
            resolved: clause.bound_for_place(register, place, at),
            rating: clause.rating_for_place(register, place, at),
        },
    };
    (measuring.resolved != Resolved::NoRow).then_some(measuring)
}

/// Whether a clause is to be judged of a body for a window that begins at `at`, and with what; as for a place.
pub(crate) fn measuring_body(
    live: &LiveClause,
    register: &Register,
    body: &Body,
    at: Instant,
) -> Option<Measuring> {
    let clause = &live.clause;
    let is_due = live.in_force.contains(at) && clause.season.is_none_or(|s| in_season(s, register, at));
    is_due.then(|| scope_of_body(clause, register, body, at)).flatten()
}

/// What a clause measures a body with; as for a place.
pub(crate) fn scope_of_body(
    clause: &Clause,
    register: &Register,
    body: &Body,
    at: Instant,
) -> Option<Measuring> {
    let measuring = match clause.scope_of_body(register, body, at) {
        Scope::Foreign => return None,
        Scope::Unknown(attribute) => Measuring::without(attribute),
        Scope::Applies => Measuring {
            resolved: clause.bound_for_body(register, body, at),
            rating: clause.rating_for_body(register, body, at),
        },
    };
    (measuring.resolved != Resolved::NoRow).then_some(measuring)
}

fn in_season(season: Season, register: &Register, at: Instant) -> bool {
    register.calendar.is_season(season, register.calendar.date(at)) == Some(true)
}

/// Compares a figure with the clause's limit. `None` when there was no time to judge.
///
/// `waived` gives the reason of a waiver in force; it is asked only for a breach.
pub(crate) fn finding(
    clause: &Clause,
    figure: Figure,
    measuring: Measuring,
    waived: impl FnOnce() -> Option<String>,
    window: Span,
) -> Option<Finding> {
    if !figure.has_judged_time {
        return None;
    }
    let value = figure.value.map(printed);
    let coverage = printed(figure.coverage);
    let mut found = Finding {
        window,
        outcome: Outcome::Insufficient,
        rating: None,
        value,
        limit: None,
        is_minimum: false,
        coverage,
        waived: None,
        why: figure.why,
    };
    let bound = match measuring.resolved {
        Resolved::Bound(bound) => bound,
        Resolved::MissingAttribute(attribute) => {
            found.why.insert("missing_attribute".to_owned(), attribute.name().into());
            return Some(found);
        }
        Resolved::NoRow => return None,
    };
    let Some(value) = value else {
        found.limit = bound.at_most.or(bound.at_least);
        found.is_minimum = bound.at_most.is_none();
        return Some(found);
    };
    let judged = judge(&bound, value);
    found.limit = judged.limit;
    found.is_minimum = judged.is_minimum;
    if coverage >= clause.min_coverage {
        if judged.outcome == Outcome::Breach {
            advise(clause, &mut found);
        }
        found.outcome = judged.outcome;
        found.rating = measuring.rating.map(|rating| rating_of(&rating, &bound, value));
        found.waived = if judged.outcome == Outcome::Breach { waived() } else { None };
    }
    Some(found)
}

/// Says how a breach of the document's own cap is handled by how far it goes.
fn advise(clause: &Clause, found: &mut Finding) {
    let (Some(handling), Some(cap), Some(value)) = (&clause.handling, found.limit, found.value) else {
        return;
    };
    if found.is_minimum || cap <= 0.0 || clause.moved_by.is_some() {
        return;
    }
    let excess = printed(value / cap - 1.0);
    found.why.insert("excess_over_cap".to_owned(), excess.into());
    found.why.insert("handling".to_owned(), handling.of(excess).into());
    let source = format!("{} ({})", handling.citation, handling.provenance.name());
    found.why.insert("handling_from".to_owned(), source.into());
}
