//! Figures of a building or floor from its rooms.

use model::{Place, Register, RoomUse, Span};

use super::place::PlaceState;
use crate::{
    Gate,
    measure::{
        Basis,
        inputs::{Inputs, OCCUPANCY},
    },
    partial::Partial,
    steps::{Micro, Steps, sweep},
};

/// Rooms that count as office space in figures of a building.
const OFFICE: [RoomUse; 4] = [RoomUse::Office, RoomUse::SingleOffice, RoomUse::OpenOffice, RoomUse::Meeting];

/// Whether a place has ever seen a sensor for a gate.
pub(super) fn has_gate(state: &PlaceState, gate: Gate) -> bool {
    match gate {
        Gate::Occupied => OCCUPANCY.iter().any(|q| state.has(*q)),
        Gate::Cooling => state.has(model::Quantity::CoolingOn),
        Gate::Heating => state.has(model::Quantity::HeatingOn),
    }
}

/// What an hour of the rooms together adds; `None` when no room has a sensor for it.
///
/// Occupation weights every office room by its area, sensors or not, so that a few observed rooms
/// cannot speak for a building. People add up room by room, each scaled to its judged time. The
/// peak is the peak of the sum, not the sum of the peaks.
pub(super) fn of_rooms<'a>(
    basis: Basis,
    hour: Span,
    rooms: impl Iterator<Item = &'a PlaceState>,
    register: &Register,
    has_ended: bool,
) -> Option<Partial> {
    let rooms: Vec<(&PlaceState, &Place)> = rooms
        .filter_map(|state| Some((state, register.place(&state.id, hour.from)?)))
        .filter(|(_, place)| place.room_use.is_some_and(|u| OFFICE.contains(&u)))
        .collect();
    let partials: Vec<(i64, Option<Partial>)> = rooms
        .iter()
        .map(|(state, place)| {
            let partial = state.kept.ledgers.get(&basis).and_then(|l| l.hour(hour.from)).copied();
            (weight(place), partial)
        })
        .collect();
    if rooms.iter().all(|(state, _)| !OCCUPANCY.iter().any(|q| state.has(*q))) {
        return None;
    }
    match basis {
        Basis::Occupied => Some(weighted(&partials)),
        Basis::People | Basis::WeekdayPeople => Some(added(&partials)),
        Basis::Peak => Some(peak_of_sum(&rooms, hour, register, has_ended)),
        Basis::Present | Basis::Gauge(..) => None,
    }
}

/// Usable area in hundredths of a square metre; 1 m² where the register is silent.
#[expect(clippy::cast_possible_truncation, reason = "`as` saturates; an area is small")]
fn weight(place: &Place) -> i64 {
    let area = place.usable_area_m2.or(place.floor_area_m2).filter(|a| *a > 0.0).unwrap_or(1.0);
    (area * 100.0).round() as i64
}

fn weighted(partials: &[(i64, Option<Partial>)]) -> Partial {
    // A room without any partial is judged like its neighbours, and unobserved.
    let judged = partials.iter().filter_map(|(_, p)| p.map(|p| p.judged)).max().unwrap_or(0);
    let mut sum = Partial::default();
    for (weight, partial) in partials {
        let partial = partial.unwrap_or(Partial { judged, ..Partial::default() });
        sum.judged += partial.judged * weight;
        sum.observed += partial.observed * weight;
        sum.time += partial.time * weight;
        sum.sum += partial.sum * i128::from(*weight);
    }
    sum
}

fn added(partials: &[(i64, Option<Partial>)]) -> Partial {
    let judged = partials.iter().filter_map(|(_, p)| p.map(|p| p.judged)).max().unwrap_or(0);
    let mut sum = Partial { time: 0, ..Partial::default() };
    for (weight, partial) in partials {
        let partial = partial.unwrap_or_default();
        sum.judged += judged * weight;
        sum.observed += partial.observed * weight;
        if partial.observed > 0 {
            sum.time = judged;
            sum.sum += partial.sum * i128::from(judged) / i128::from(partial.observed);
        }
    }
    sum
}

fn peak_of_sum(rooms: &[(&PlaceState, &Place)], hour: Span, register: &Register, has_ended: bool) -> Partial {
    let tracks: Vec<Steps<Micro>> = rooms
        .iter()
        .filter(|(state, _)| state.has(model::Quantity::PeopleCount))
        .map(|(state, _)| {
            let inputs = Inputs::new(hour, &state.kept.buffers, &register.calendar, has_ended);
            let mut people = Steps::default();
            for (span, occupancy) in inputs.occupancy().iter() {
                if let Some(count) = occupancy.people {
                    people.push(span, count);
                }
            }
            people
        })
        .collect();
    let refs: Vec<&Steps<Micro>> = tracks.iter().collect();
    let mut partial = Partial { judged: hour.millis(), ..Partial::default() };
    sweep(&refs, hour, |span, values| {
        // A sum with an unknown part is no sum.
        if !values.is_empty() && values.iter().all(Option::is_some) {
            let sum = values.iter().flatten().sum();
            partial.add(span.millis(), sum);
            partial.note_peak(sum, span.from);
        }
    });
    partial
}
