//! A checkpoint taken up in parts: buildings know nothing of each other, so each of some threads can take its own.

use model::Id;

use super::{Engine, saved::SavedShard, shard::Shard};
use crate::quick::QuickMap;

/// Some of an engine's buildings, while a checkpoint is taken up.
#[derive(Debug)]
pub struct Part<'e> {
    /// Number of the first of them.
    first: usize,
    shards: &'e mut [Shard],
    homes: &'e QuickMap<Id, usize>,
}

impl Part<'_> {
    /// The place of a piece, and the number of its building among these.
    fn home<'k>(&self, key: &'k str) -> Option<(&'k str, usize)> {
        // kind/place, or kind/place/series of a meter
        let place = key.split('/').nth(1)?;
        let number = self.homes.get(place)?.checked_sub(self.first)?;
        (number < self.shards.len()).then_some((place, number))
    }

    /// Whether the piece under a key is of one of these buildings.
    #[must_use]
    pub fn owns(&self, key: &str) -> bool {
        !Engine::is_of_body(key) && self.home(key).is_some()
    }

    /// Takes up a piece; that of another part is ignored.
    pub fn restore(&mut self, key: &str, saved: SavedShard) {
        if let Some((place, number)) = self.home(key)
            && let Some(shard) = self.shards.get_mut(number)
        {
            shard.restore(place, saved);
        }
    }
}

impl Engine {
    /// Whether the piece under a key is of a body, which no part owns.
    #[must_use]
    pub fn is_of_body(key: &str) -> bool {
        key.starts_with("body/")
    }

    /// At most so many parts that together own all buildings. Whatever part takes up a piece, the engine comes to the
    /// same as by [`Self::restore`]; the pieces of one building must come in one order.
    pub fn parts(&mut self, count: usize) -> Vec<Part<'_>> {
        let each = self.shards.len().div_ceil(count.max(1)).max(1);
        let homes = &self.homes;
        let some = self.shards.chunks_mut(each).enumerate();
        some.map(|(number, shards)| Part { first: number * each, shards, homes }).collect()
    }

    /// Takes up what a checkpoint holds; keys that this register does not have are ignored.
    ///
    /// All pieces together make the engine go on exactly where the checkpoint was taken.
    pub fn restore(&mut self, key: &str, saved: SavedShard) {
        if Self::is_of_body(key) {
            self.restore_body(key, saved);
        } else if let Some(part) = self.parts(1).first_mut() {
            part.restore(key, saved);
        }
    }
}
