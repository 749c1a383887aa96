//! Hour partials of rooms: what one hour adds to each basis.

use std::rc::Rc;

use model::Span;

use super::{Basis, inputs::Inputs};
use crate::{
    Gate,
    occupancy::Occupancy,
    partial::Partial,
    steps::{Micro, Steps, mask, sweep},
};

/// What one hour of a room adds; `None` when the room has no sensor for it.
pub(crate) fn hour_partial(basis: Basis, inputs: &Inputs<'_>) -> Option<Partial> {
    match basis {
        Basis::Occupied => inputs
            .has_occupancy()
            .then(|| within(inputs.working(), inputs, |o| Some(Micro::from(o.is_occupied) * 1_000_000))),
        Basis::People => inputs.has_people().then(|| within(inputs.working(), inputs, |o| o.people)),
        Basis::WeekdayPeople => {
            inputs.has_people().then(|| within(inputs.weekday_working(), inputs, |o| o.people))
        }
        Basis::Present => inputs.has_people().then(|| present(inputs)),
        Basis::Peak => inputs.has_people().then(|| peak(inputs)),
        Basis::WhileEmpty | Basis::Regularity(..) => None,
        Basis::Gauge(quantity, gate) => {
            inputs.has(quantity).then(|| gated(&inputs.gauge(quantity), gate, inputs))
        }
        Basis::Outside(quantity, gate, range) => inputs.has(quantity).then(|| {
            let outside = inputs.gauge(quantity).map(|v| if range.holds(v) { 0 } else { 1_000_000 });
            gated(&outside, gate, inputs)
        }),
    }
}

fn within(spans: &[Span], inputs: &Inputs<'_>, value: impl Fn(Occupancy) -> Option<Micro>) -> Partial {
    let window = inputs.window;
    let judged = mask(spans, window);
    let mut partial = Partial::default();
    // Occupancy mapped to plain values; what the room cannot say stays unobserved.
    let mut known: Steps<Micro> = Steps::default();
    for (span, occupancy) in inputs.occupancy().iter() {
        if let Some(v) = value(occupancy) {
            known.push(span, v);
        }
    }
    sweep(&[&judged, &known], window, |span, values| {
        if let [Some(_), known] = values {
            partial.judged += span.millis();
            if let Some(v) = known {
                partial.add(span.millis(), *v);
            }
        }
    });
    partial
}

/// People while somebody is there; unknown time is judged and unobserved.
fn present(inputs: &Inputs<'_>) -> Partial {
    let mut partial = Partial::default();
    sweep(&[inputs.occupancy()], inputs.window, |span, values| match values {
        [Some(Occupancy { is_occupied: false, .. })] => {}
        [Some(Occupancy { people: Some(people), .. })] => {
            partial.judged += span.millis();
            partial.add(span.millis(), *people);
        }
        _ => partial.judged += span.millis(),
    });
    partial
}

fn peak(inputs: &Inputs<'_>) -> Partial {
    let mut partial = Partial { judged: inputs.window.millis(), ..Partial::default() };
    for (span, occupancy) in inputs.occupancy().iter() {
        if let Some(people) = occupancy.people {
            partial.add(span.millis(), people);
            partial.note_peak(people, span.from);
        }
    }
    partial
}

/// A gauge over the time in which the gate holds or might hold.
fn gated(values: &Steps<Micro>, gate: Option<Gate>, inputs: &Inputs<'_>) -> Partial {
    let mut partial = Partial::default();
    let gate = gate.filter(|g| inputs.has_gate(*g));
    let open = match gate {
        Some(gate) => inputs.gate(gate),
        None => Rc::new(mask(&[inputs.window], inputs.window)),
    };
    sweep(&[&*open, values], inputs.window, |span, at| match at {
        [Some(0), _] => {}
        [Some(_), Some(value)] => {
            partial.judged += span.millis();
            partial.add(span.millis(), *value);
        }
        _ => partial.judged += span.millis(),
    });
    partial
}
