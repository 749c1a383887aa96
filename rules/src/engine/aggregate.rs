//! Figures of a building or floor from its rooms.

use model::{Place, Quantity, Register, RoomUse, Span};

use super::place::PlaceState;
use crate::{
    almanac::HourFacts,
    measure::{Basis, inputs::Inputs},
    partial::Partial,
    steps::{Micro, Steps, sweep},
};

/// Rooms that count as office space in figures of a building.
const OFFICE: [RoomUse; 4] = [RoomUse::Office, RoomUse::SingleOffice, RoomUse::OpenOffice, RoomUse::Meeting];

/// The office rooms of a place in one hour.
pub(super) struct Rooms<'a> {
    facts: &'a HourFacts,
    window: Span,
    rooms: Vec<(&'a PlaceState, &'a Place)>,
    has_ended: bool,
}

impl<'a> Rooms<'a> {
    /// `None` when no room has had a sensor that tells if somebody is in.
    pub(super) fn new(
        facts: &'a HourFacts,
        window: Span,
        rooms: impl Iterator<Item = &'a PlaceState>,
        register: &'a Register,
        has_ended: bool,
    ) -> Option<Self> {
        let rooms: Vec<(&PlaceState, &Place)> = rooms
            .filter_map(|state| Some((state, register.place(&state.id, window.from)?)))
            .filter(|(_, place)| place.room_use.is_some_and(|u| OFFICE.contains(&u)))
            .collect();
        let is_known = rooms.iter().any(|(state, _)| state.has_occupancy(window.to));
        is_known.then_some(Self { facts, window, rooms, has_ended })
    }

    /// What the hour of the rooms together adds.
    ///
    /// Occupation weights every office room by its area, sensors or not, so that a few observed
    /// rooms cannot speak for a building. People add up room by room, each scaled to its judged
    /// time. The peak is the peak of the sum, not the sum of the peaks.
    pub(super) fn partial(&self, basis: Basis) -> Option<Partial> {
        match basis {
            Basis::Occupied => Some(weighted(&self.hours(basis))),
            Basis::People | Basis::WeekdayPeople => Some(added(&self.hours(basis))),
            Basis::Peak => Some(self.peak_of_sum()),
            Basis::Present
            | Basis::WhileEmpty
            | Basis::Regularity(..)
            | Basis::Gauge(..)
            | Basis::Outside(..) => None,
        }
    }

    /// Weight and partial of each room.
    fn hours(&self, basis: Basis) -> Vec<(i64, Option<Partial>)> {
        let hour = self.facts.hour.from;
        let rooms = self.rooms.iter();
        rooms.map(|(state, place)| (weight(place), state.hour(basis, hour))).collect()
    }

    fn inputs(&self, state: &'a PlaceState) -> Inputs<'a> {
        Inputs::new(self.window, self.facts, &state.kept.buffers, self.has_ended)
    }

    /// The sum of all rooms with a counter; a sum with an unknown part is no sum.
    fn peak_of_sum(&self) -> Partial {
        let counted = |state: &PlaceState| {
            state.has(Quantity::PeopleCount, self.window.to) || state.counts_at_doors(self.window.to)
        };
        let tracks: Vec<Steps<Micro>> = self
            .rooms
            .iter()
            .filter(|(state, _)| counted(state))
            .map(|(state, _)| {
                let mut people = Steps::default();
                for (span, occupancy) in self.inputs(state).occupancy().iter() {
                    if let Some(count) = occupancy.people {
                        people.push(span, count);
                    }
                }
                people
            })
            .collect();
        let mut partial = Partial { judged: self.window.millis(), ..Partial::default() };
        let refs: Vec<&Steps<Micro>> = tracks.iter().collect();
        sweep(&refs, self.window, |span, values| {
            if !values.is_empty() && values.iter().all(Option::is_some) {
                let sum = values.iter().flatten().sum();
                partial.add(span.millis(), sum);
                partial.note_peak(sum, span.from);
            }
        });
        partial
    }

    /// Whether the rooms are all known to be empty (1), or one is known to be occupied (0).
    pub(super) fn known_empty(&self) -> Steps<Micro> {
        let tracks: Vec<Steps<Micro>> = self
            .rooms
            .iter()
            .map(|(state, _)| self.inputs(state).occupancy().map(|o| Micro::from(!o.is_occupied)))
            .collect();
        let refs: Vec<&Steps<Micro>> = tracks.iter().collect();
        let mut out = Steps::default();
        sweep(&refs, self.window, |span, values| {
            if values.contains(&Some(0)) {
                out.push(span, 0);
            } else if !values.is_empty() && values.iter().all(Option::is_some) {
                out.push(span, 1);
            }
        });
        out
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
