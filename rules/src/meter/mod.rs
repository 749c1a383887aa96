//! Meters: from register readings and interval amounts to what was used when.
//!
//! A step between two register readings counts in full in a period that contains it and pro rata
//! by time at its borders. What cannot be known (an undeclared fall, a reset without its old
//! reading) is unobserved: never negative, never giant.

mod chain;
mod facts;
mod pieces;
mod steps;
mod usage;

use std::collections::BTreeMap;

use model::{Id, Series};

pub(crate) use chain::Chain;
pub(crate) use facts::MeterFacts;
pub use steps::is_rollover;
pub(crate) use usage::{Part, Use};

/// All meter series of a shard.
#[derive(Debug, Clone, Default)]
pub(crate) struct Meters {
    pub(crate) chains: Vec<Chain>,
    of: BTreeMap<Id, Vec<usize>>,
}

impl Meters {
    /// The series of one meter, at whichever place.
    pub(crate) fn of(&self, meter: &Id) -> impl Iterator<Item = &Chain> {
        self.of.get(meter).into_iter().flatten().filter_map(|index| self.chains.get(*index))
    }

    /// The number of the chain of a series while it was bound to a place.
    pub(crate) fn find(&self, series: &Series, place: &Id) -> Option<usize> {
        let known = self.of.get(&series.sensor)?;
        known
            .iter()
            .copied()
            .find(|index| self.chains.get(*index).is_some_and(|c| c.series == *series && c.place == *place))
    }

    /// Chains that hold nothing, but know since when there are readings.
    pub(crate) fn hollow(&self) -> Self {
        Self { chains: self.chains.iter().map(Chain::hollow).collect(), of: self.of.clone() }
    }

    /// Adds a chain, or replaces the one of the same series and place; returns its number.
    pub(crate) fn put(&mut self, chain: Chain) -> usize {
        if let Some(index) = self.find(&chain.series, &chain.place) {
            if let Some(held) = self.chains.get_mut(index) {
                *held = chain;
            }
            return index;
        }
        let index = self.chains.len();
        self.of.entry(chain.series.sensor.clone()).or_default().push(index);
        self.chains.push(chain);
        index
    }
}
