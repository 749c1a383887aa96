//! The energy-using headcount behind a place: whose it is, and whether it is of this place alone.

use model::{Instant, Place, Register, register::Body};

use super::{Context, over_time};

/// The energy-using headcount of the body that holds the place, over the window.
pub(crate) fn mean(context: Context<'_>) -> Option<f64> {
    over_time::mean_over(context, |at| {
        let body = context.register.body_of(&context.place.id, at)?;
        body.energy_headcount.filter(|h| *h > 0.0)
    })
}

/// Whether the headcount of the body that holds the place is of this place alone, all through the window.
///
/// It is not where the body's people also sit elsewhere, or where others sit here. Bodies below it
/// belong to it; elsewhere only while they have no headcount of their own.
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
        if is_inside && !register.up_bodies(&holder.id, at).contains(&&body.id) {
            return Err(format!(
                "a headcount of everybody here: {} is held by {}, not by {}",
                other.id, holder.id, body.id
            ));
        }
        let is_mine = is_counted_with(register, holder, body, at);
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
        if is_below && held.is_some_and(|b| is_counted_with(register, b, body, at)) {
            return Err(also_at(place, body, other));
        }
    }
    Ok(())
}

fn also_at(place: &Place, body: &Body, other: &Place) -> String {
    format!("a headcount of {} alone: {} counts its people at {} too", place.id, body.id, other.id)
}

/// Whether the people of a body stand in the headcount of another: the same body, or one below it
/// without a headcount of its own in between.
fn is_counted_with(register: &Register, body: &Body, above: &Body, at: Instant) -> bool {
    for id in register.up_bodies(&body.id, at) {
        if *id == above.id {
            return true;
        }
        if register.body(id, at).is_some_and(|held| held.energy_headcount.is_some()) {
            return false;
        }
    }
    false
}
