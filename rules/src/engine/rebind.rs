//! Another register or other clauses, while the engine runs.
//!
//! What is kept goes on piece by piece, as over a restart: windows, pending alerts, alerts that fire.
//! A check that is no more takes its alert with it, and says so: nothing has proven that alert over.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use model::{Id, Instant, Register, Span};

use super::{
    Engine,
    options::EngineOptions,
    place::Kept,
    save::{chain_key, clock_key, outdoor_key, place_key},
    saved::{Piece, SavedShard},
    shard::Shard,
};
use crate::{
    LiveClause, Output,
    check::{Check, Memory},
};

impl Engine {
    /// Goes on with another register and other clauses. Alerts whose check is no more are withdrawn.
    ///
    /// Every piece that goes on is written to the next checkpoint; returns the keys of those that
    /// are no more.
    pub fn rebind(
        &mut self,
        register: Arc<Register>,
        clauses: &[LiveClause],
        options: EngineOptions,
        out: &mut Vec<Output>,
    ) -> Vec<String> {
        let now = self.event_time();
        let mut next = Self::new(register, clauses, options);
        let mut gone = BTreeSet::new();
        let mut clocks: HashMap<Id, Instant> = HashMap::new();
        // Shard by shard, so that the memory never holds all of them twice.
        for mut shard in std::mem::take(&mut self.shards) {
            clocks.extend(
                shard
                    .clock
                    .into_iter()
                    .flat_map(|clock| shard.index.keys().map(move |place| (place.clone(), clock))),
            );
            shard.everything_changed();
            let lost = now.map(|now| next.withdraw(&shard, now, out)).unwrap_or_default();
            for (key, saved) in shard.take_changed() {
                next.take_up(&shard, &key, without(&key, saved, &lost));
                gone.insert(key);
            }
        }
        for shard in &mut next.shards {
            let reached = shard.index.keys().filter_map(|place| clocks.get(place)).max().copied();
            shard.go_on(shard.clock.max(reached));
        }
        for key in next.shards.iter().flat_map(Shard::keys) {
            gone.remove(&key);
        }
        gone.extend(next.go_on_with_bodies(std::mem::take(&mut self.bodies), now, out));
        *self = next;
        gone.into_iter().collect()
    }

    /// Takes up a piece of an old shard. Its clock and its outdoor air go to every shard that has one of its
    /// places now: a place that moves joins shards, and its move taken back parts them.
    fn take_up(&mut self, old: &Shard, key: &str, saved: SavedShard) {
        if !matches!(saved.0, Piece::Outdoor(_) | Piece::Moment(..)) {
            return self.restore(key, saved);
        }
        let numbers: BTreeSet<usize> =
            old.index.keys().filter_map(|place| self.homes.get(place).copied()).collect();
        for number in numbers {
            if let Some(shard) = self.shards.get_mut(number) {
                shard.restore(old.root.as_str(), saved.clone());
            }
        }
    }

    /// Withdraws the alerts of a shard whose checks are no more here. Returns those checks, by place.
    fn withdraw(&self, old: &Shard, now: Instant, out: &mut Vec<Output>) -> BTreeMap<Id, BTreeSet<String>> {
        let mut lost: BTreeMap<Id, BTreeSet<String>> = BTreeMap::new();
        for place in &old.places {
            let checks: &[Check] = self
                .home(place.id.as_str())
                .and_then(|shard| shard.places.get(*shard.index.get(&place.id)?))
                .map_or(&[], |state| &state.checks);
            for check in &place.checks {
                let clause = &check.live.clause.id;
                let next = checks.iter().find(|next| next.live.clause.id == *clause);
                if next.is_some_and(|next| check.goes_on_as(&next.live)) {
                    continue;
                }
                out.extend(check.withdraw(now).map(|t| Output::Transition(Box::new(t))));
                lost.entry(place.id.clone()).or_default().insert(clause.clone());
            }
        }
        lost
    }
}

/// A piece without the memories of checks that are no more: should one come back, it begins anew.
fn without(key: &str, mut saved: SavedShard, lost: &BTreeMap<Id, BTreeSet<String>>) -> SavedShard {
    if let Piece::Place(_, memories) = &mut saved.0
        && let Some(lost) = key.split('/').nth(1).and_then(|place| lost.get(place))
    {
        memories.retain(|(clause, _)| !lost.contains(clause));
    }
    saved
}

impl Shard {
    /// The keys of everything that a checkpoint may hold of it.
    fn keys(&self) -> impl Iterator<Item = String> {
        let places = self.places.iter().map(|state| place_key(&state.id));
        let chains = self.meters.chains.iter().map(chain_key);
        places.chain(chains).chain([outdoor_key(&self.root), clock_key(&self.root)])
    }

    /// Makes every piece that says anything part of the next checkpoint.
    fn everything_changed(&mut self) {
        for state in &mut self.places {
            let remembers = || state.checks.iter().any(|check| check.memory != Memory::default());
            state.is_changed |= state.kept != Kept::default() || remembers();
        }
        self.changed_chains = (0..self.meters.chains.len()).collect();
        self.is_outdoor_changed = !self.outdoor.is_empty();
        self.saved_moment = None;
    }

    /// Takes up the work at an instant, after everything was restored.
    fn go_on(&mut self, clock: Option<Instant>) {
        self.clock = clock;
        for place in 0..self.places.len() {
            let Some(state) = self.places.get_mut(place) else { continue };
            if !state.is_watched() {
                // Should it be watched again, the time until then was nobody's to judge.
                (state.kept.opened, state.kept.next_hour) = (None, None);
                continue;
            }
            let Some(next) = state.kept.next_hour else { continue };
            let above = self.ways.above_at(place, next.from).unwrap_or(&state.above).to_vec();
            for above in above {
                self.open_above(above, next);
            }
        }
        self.everything_changed();
    }

    /// Opens a place that is watched from now on although its rooms have been for long.
    fn open_above(&mut self, place: usize, hour: Span) {
        let Some(state) = self.places.get_mut(place) else { return };
        if state.is_watched() && state.kept.opened.is_none() {
            (state.kept.opened, state.kept.next_hour) = (Some(hour.from), Some(hour));
            self.set_timer(place);
        }
    }
}
