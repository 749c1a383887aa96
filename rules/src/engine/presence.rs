//! Who is in the rooms at the engine's clock, for pages: the same fusion that measures are taken from.

use model::{Id, Span};

use super::{Engine, shard::Shard};
use crate::{measure::inputs::Inputs, partial::ratio};

/// Who is in a place at an instant.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Presence {
    /// Whether somebody is there.
    pub is_occupied: bool,
    /// How many people, where a counter says so.
    pub people: Option<f64>,
}

impl Engine {
    /// Every place whose sensors can tell presence, with what they say at the newest instant of its
    /// building; `None` where they are silent or do not agree on nobody.
    #[must_use]
    pub fn presences(&self) -> Vec<(Id, Option<Presence>)> {
        self.shards.iter().flat_map(Shard::presences).collect()
    }
}

impl Shard {
    fn presences(&self) -> Vec<(Id, Option<Presence>)> {
        let Some(clock) = self.clock else { return Vec::new() };
        // The almanac learns while it answers; pages must not change the engine, so a copy is asked.
        let facts = self.almanac.clone().at(clock);
        let now = Span::new(clock, clock.plus_ms(1));
        let seen = self.places.iter().filter_map(|state| {
            let inputs = Inputs::new(now, &facts, &state.kept.buffers, self.has_ended);
            inputs.has_occupancy().then(|| {
                let fused = inputs.occupancy().iter().next().map(|(_, occupancy)| Presence {
                    is_occupied: occupancy.is_occupied,
                    people: occupancy.people.map(|people| ratio(i128::from(people), 1_000_000)),
                });
                (state.id.clone(), fused)
            })
        });
        seen.collect()
    }
}
