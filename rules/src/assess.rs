//! Checks of the register alone: areas against posts and headcounts, no readings.

use std::sync::Arc;

use model::{Id, Instant, Period, Register, RoomUse, Span, register::Body};

use crate::{
    Clause, Fact, LiveClause, Measure, Resolved, Scope, Subject, Verdict, Why,
    judge::{Measuring, finding},
    measure::Figure,
    posts_in,
};

/// Rooms that serve everybody in a body, by the wording of the area standard: meeting, reception, archive and the like.
const SERVICE: [RoomUse; 8] = [
    RoomUse::Meeting,
    RoomUse::Reception,
    RoomUse::Service,
    RoomUse::Archive,
    RoomUse::Print,
    RoomUse::Storage,
    RoomUse::Pantry,
    RoomUse::Toilet,
];

/// Judges every register clause as of the local day of `on`, in the order of clauses and subjects.
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
        let resolved = match clause.scope_of_place(register, place, at) {
            Scope::Foreign => continue,
            Scope::Unknown(attribute) => Resolved::MissingAttribute(attribute),
            Scope::Applies => clause.bound_for_place(register, place, at),
        };
        let figure = match clause.measure {
            Measure::PrivateOfficeArea => office_area(register, &place.id, place.usable_area_m2, at),
            _ => continue,
        };
        verdicts.extend(verdict(
            register,
            clause,
            Subject::Place(place.id.clone()),
            figure,
            resolved,
            window,
        ));
    }
    verdicts
}

fn of_bodies(register: &Register, clause: &Arc<Clause>, window: Span) -> Vec<Verdict> {
    let at = window.from;
    let mut verdicts = Vec::new();
    for body in register.bodies.values().filter_map(|history| history.at(at)) {
        let resolved = match clause.scope_of_body(register, body, at) {
            Scope::Foreign => continue,
            Scope::Unknown(attribute) => Resolved::MissingAttribute(attribute),
            Scope::Applies => clause.bound_for_body(register, body, at),
        };
        let figure = match clause.measure {
            Measure::ServiceArea => service_area(register, body, at),
            _ => continue,
        };
        verdicts.extend(verdict(register, clause, Subject::Body(body.id.clone()), figure, resolved, window));
    }
    verdicts
}

/// Usable area of a room over the posts assigned to it, m² a post. A room without posts is not judged.
fn office_area(register: &Register, room: &Id, area: Option<f64>, at: Instant) -> Figure {
    let posts = posts_in(register, room, at);
    if posts.is_empty() {
        return Figure::default();
    }
    let count = u32::try_from(posts.len()).map_or(f64::MAX, f64::from);
    let mut why = Why::new();
    why.insert("posts".to_owned(), Fact::List(posts.iter().map(|p| p.id.as_str().into()).collect()));
    why.insert("ranks".to_owned(), Fact::List(posts.iter().map(|p| p.rank.name().into()).collect()));
    known(area, "usable_area_m2", count, why)
}

/// Usable area of a body's service rooms over its authorised headcount, m² a person. A body
/// without any such room is not judged.
fn service_area(register: &Register, body: &Body, at: Instant) -> Figure {
    let rooms: Vec<_> = register
        .places
        .values()
        .filter_map(|history| history.at(at))
        .filter(|place| place.room_use.is_some_and(|u| SERVICE.contains(&u)))
        .filter(|place| holds(register, body, &place.id, at))
        .collect();
    if rooms.is_empty() {
        return Figure::default();
    }
    let mut why = Why::new();
    why.insert("rooms".to_owned(), Fact::List(rooms.iter().map(|r| r.id.as_str().into()).collect()));
    let area: Option<f64> = rooms.iter().map(|room| room.usable_area_m2).sum();
    let Some(headcount) = body.authorised_headcount.filter(|h| *h > 0.0) else {
        why.insert("missing".to_owned(), "authorised_headcount".into());
        return Figure { has_judged_time: true, why, ..Figure::default() };
    };
    why.insert("authorised_headcount".to_owned(), headcount.into());
    known(area, "usable_area_m2", headcount, why)
}

/// Whether a place is held by a body or by one below it.
fn holds(register: &Register, body: &Body, place: &Id, at: Instant) -> bool {
    let mut next = register.body_of(place, at);
    for _ in 0..register.bodies.len() {
        match next {
            Some(held) if held.id == body.id => return true,
            Some(held) => {
                next = held.parent.as_ref().and_then(|id| register.bodies.get(id)).and_then(|h| h.at(at));
            }
            None => return false,
        }
    }
    false
}

fn known(area: Option<f64>, name: &str, divisor: f64, mut why: Why) -> Figure {
    if area.is_none() {
        why.insert("missing".to_owned(), name.into());
    }
    let coverage = if area.is_some() { 1.0 } else { 0.0 };
    Figure { value: area.map(|a| a / divisor), coverage, has_judged_time: true, why }
}

fn verdict(
    register: &Register,
    clause: &Arc<Clause>,
    subject: Subject,
    figure: Figure,
    resolved: Resolved,
    window: Span,
) -> Option<Verdict> {
    let waived = || register.waiver(&clause.id, subject.id(), window.from).map(|w| w.reason.clone());
    let found = finding(clause, figure, Measuring { resolved, rating: None }, waived, window)?;
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
