//! `energy_while_empty`: electricity used while nobody was there, kWh.
//!
//! Formula: the sum over the counted meters of the place of what they used in time in which its
//! rooms were known to be empty. Steps of at most an hour are spread evenly over their time;
//! longer ones say nothing about who was there. Coverage: the share of the time in which both
//! use and occupation are known. Source: the product's own policy; no standard defines it.

use model::{Span, register::Carrier};

use super::{
    Context, Figure,
    gauge::{plain, total},
    inputs::Inputs,
    meters::quantities,
};
use crate::{
    partial::{Partial, ratio},
    steps::{Micro, Steps, sweep},
};

/// A step is cut wherever somebody comes or goes: each cut may lose this share of a micro-kWh.
const FINER: i128 = 1_000_000;
/// Parts of a kWh in which use while empty is summed.
const SCALE: i128 = 1_000_000 * FINER;

/// Use per step of each counted electricity meter of a place in an hour, in micro-kWh.
///
/// `None` when the place has no electricity meter that was seen.
pub(crate) fn steps(context: Context<'_>) -> Option<Vec<Vec<(Span, i128)>>> {
    let (supply, window) = (context.supply, context.window);
    let counted = supply.roots(context.register, context.place, window.from, Carrier::Electricity, &[]);
    let mut tracks = Vec::new();
    let mut is_seen = false;
    for meter in counted {
        let of_quantity = |quantity| {
            let facts = supply.facts.get(&meter.id)?;
            let parts = supply.whole(meter, quantity, window.to);
            let steps: Vec<Vec<_>> = parts.into_iter().map(|c| c.fine_steps(window, facts)).collect();
            steps.iter().any(|steps| !steps.is_empty()).then_some(steps)
        };
        is_seen |= supply.chains.of(&meter.id).any(|c| c.place == meter.place && c.first < window.to);
        // Each part is a track: what was used is known where all of them are.
        let steps = quantities(Carrier::Electricity).into_iter().find_map(of_quantity);
        tracks.extend(steps.unwrap_or_else(|| vec![Vec::new()]));
    }
    is_seen.then_some(tracks)
}

/// Whether a room is known to be empty (1) or occupied (0); `None` without a sensor for it.
pub(crate) fn room(inputs: &Inputs<'_>) -> Option<Steps<Micro>> {
    inputs.has_occupancy().then(|| inputs.occupancy().map(|o| Micro::from(!o.is_occupied)))
}

/// What an hour adds: `sum` is [`SCALE`]d kWh used while empty, `observed` the time in which both are known.
pub(crate) fn partial(meters: &[Vec<(Span, i128)>], empty: &Steps<Micro>, window: Span) -> Partial {
    let mut known: Vec<Steps<Micro>> = Vec::new();
    for steps in meters {
        let mut track = Steps::default();
        for (index, (span, _)) in steps.iter().enumerate() {
            if let Some(inside) = span.intersect(window) {
                track.push(inside, Micro::try_from(index).unwrap_or(Micro::MAX));
            }
        }
        known.push(track);
    }
    let mut tracks: Vec<&Steps<Micro>> = vec![empty];
    tracks.extend(&known);
    let mut partial = Partial { judged: window.millis(), ..Partial::default() };
    sweep(&tracks, window, |span, values| {
        let Some((Some(is_empty), indices)) = values.split_first() else { return };
        if indices.is_empty() || indices.iter().any(Option::is_none) {
            return;
        }
        partial.observed += span.millis();
        partial.time += span.millis();
        if *is_empty == 0 {
            return;
        }
        for (steps, index) in meters.iter().zip(indices) {
            let step = index.and_then(|i| usize::try_from(i).ok()).and_then(|i| steps.get(i));
            partial.sum += step.map_or(0, |(of, amount)| share(*of, *amount, span));
        }
    });
    partial
}

/// The part of an evenly spread amount of micro-kWh that falls into a span, in parts of [`SCALE`].
fn share(of: Span, amount: i128, part: Span) -> i128 {
    let length = i128::from(of.millis()).max(1);
    let until = |at: model::Instant| amount * FINER * i128::from(at.since(of.from)) / length;
    until(part.to) - until(part.from)
}

/// The figure of a window from its days.
pub(crate) fn figure(days: &[(Span, Partial)]) -> Figure {
    let sum = total(days);
    let value = (sum.observed > 0).then(|| ratio(sum.sum, SCALE));
    Figure { value, ..plain(&sum) }
}
