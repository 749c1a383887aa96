//! The people of a body, and whether they are of one place alone.
//!
//! One rule for every figure a person: a headcount is of the body with all below it, as the authorised one is.
//! Without one, the people of a body are the sum of the nearest headcounts below it, and unknown while a body
//! that holds room is counted with nobody. A body without a headcount below another one is counted above.

use model::{Id, Instant, Place, Register, register::Body};

use super::{Context, over_time};

/// The people of a body.
///
/// # Errors
/// Returns the body that holds room and is counted with nobody, or the body itself.
pub(crate) fn people<'r>(register: &'r Register, body: &'r Id, at: Instant) -> Result<f64, &'r Id> {
    let has_room = |holder: &Id| {
        let mut places = register.places.values().filter_map(|history| history.at(at));
        places.any(|place| place.body.as_ref() == Some(holder))
    };
    people_among(register.bodies.keys(), has_room, register, body, at)
}

/// The same where it is known which bodies can be at or below it, and which hold room.
pub(crate) fn people_among<'r>(
    members: impl Iterator<Item = &'r Id>,
    has_room: impl Fn(&Id) -> bool,
    register: &Register,
    body: &'r Id,
    at: Instant,
) -> Result<f64, &'r Id> {
    let headcount = |id: &Id| register.body(id, at).and_then(|body| body.energy_headcount);
    let mut people = 0.0;
    for member in members {
        let chain = register.up_bodies(member, at);
        let Some(own) = chain.iter().position(|id| *id == body) else { continue };
        let mut counted = chain.iter().take(own + 1).filter_map(|id| headcount(id));
        let is_counted = counted.next().is_some();
        // The topmost headcount holds all below it.
        if counted.next().is_none() {
            people += headcount(member).unwrap_or(0.0);
        }
        if !is_counted && has_room(member) {
            return Err(member);
        }
    }
    if people > 0.0 { Ok(people) } else { Err(body) }
}

/// Whether the people of a body are counted with those of one above it, so that nothing is judged of it apart.
pub(crate) fn is_counted_above(body: &Body) -> bool {
    body.energy_headcount.is_none() && body.parent.is_some()
}

/// The people of the body that holds the place, over the window.
pub(crate) fn mean(context: Context<'_>) -> Option<f64> {
    let register = context.register;
    over_time::mean_over(context, |at| {
        let body = register.body_of(&context.place.id, at)?;
        people(register, &body.id, at).ok()
    })
}

/// Whether the headcount of the body that holds the place is of this place alone, all through the window.
///
/// It is not where the body's people also sit elsewhere, or where others sit here. Bodies below it belong to it,
/// here and elsewhere, with a headcount of their own or without.
///
/// # Errors
/// Returns what stands in the way, for people.
pub(crate) fn alone(context: Context<'_>) -> Result<(), String> {
    for at in over_time::stretches(context).into_iter().map(|stretch| stretch.from) {
        let register = context.register;
        let Some(body) = register.body_of(&context.place.id, at) else { continue };
        alone_at(register, context.place, body, at)?;
    }
    Ok(())
}

fn alone_at(register: &Register, place: &Place, body: &Body, at: Instant) -> Result<(), String> {
    for other in register.places.values().filter_map(|history| history.at(at)) {
        // Only a place that says whose it is can be in the way; those below inherit.
        let Some(holder) = other.body.as_ref().and_then(|id| register.bodies.get(id)?.at(at)) else {
            continue;
        };
        let chain = register.ancestors(&other.id, at);
        let is_inside = chain.iter().any(|p| p.id == place.id);
        let is_above = register.ancestors(&place.id, at).iter().any(|p| p.id == other.id);
        let is_mine = is_at_or_below(register, holder, body, at);
        if is_inside && !is_mine {
            return Err(format!(
                "a headcount of everybody here: {} is held by {}, not by {}",
                other.id, holder.id, body.id
            ));
        }
        if !is_inside && !is_above && is_mine {
            return Err(also_at(place, body, other));
        }
        if is_above && is_mine && other.id != place.id {
            siblings_without_holder(register, place, (other, body), at)?;
        }
    }
    Ok(())
}

/// A place above is held by the body as a whole: any other of the same kind inside it is the body's too.
fn siblings_without_holder(
    register: &Register,
    place: &Place,
    (above, body): (&Place, &Body),
    at: Instant,
) -> Result<(), String> {
    let alike = register.places.values().filter_map(|history| history.at(at));
    for other in alike.filter(|p| p.kind == place.kind && p.id != place.id) {
        let is_below = register.ancestors(&other.id, at).iter().any(|p| p.id == above.id);
        let held = register.body_of(&other.id, at);
        if is_below && held.is_some_and(|b| is_at_or_below(register, b, body, at)) {
            return Err(also_at(place, body, other));
        }
    }
    Ok(())
}

fn also_at(place: &Place, body: &Body, other: &Place) -> String {
    format!("a headcount of {} alone: {} counts its people at {} too", place.id, body.id, other.id)
}

fn is_at_or_below(register: &Register, body: &Body, above: &Body, at: Instant) -> bool {
    register.up_bodies(&body.id, at).contains(&&above.id)
}
