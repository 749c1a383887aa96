//! Checkpoints: what changed, piece by piece, and how it is taken up again.

use model::{Id, Instant};

use super::{
    devices::DeviceLog,
    place::Kept,
    saved::{Piece, SavedShard},
    shard::Shard,
};
use crate::{check::Memory, listening::Listening, meter::Chain};

pub(super) fn place_key(place: &Id) -> String {
    format!("place/{place}")
}

pub(super) fn chain_key(chain: &Chain) -> String {
    let series = &chain.series;
    let channel = series.channel.as_ref().map_or("", |channel| channel.as_str());
    format!("chain/{}/{}/{}/{channel}", chain.place, series.sensor, series.quantity)
}

pub(super) fn outdoor_key(root: &Id) -> String {
    format!("outdoor/{root}")
}

pub(super) fn clock_key(root: &Id) -> String {
    format!("clock/{root}")
}

impl Shard {
    /// The pieces that changed since the last call, each under a key of its own.
    pub(super) fn take_changed(&mut self) -> Vec<(String, SavedShard)> {
        let mut changed = Vec::new();
        for state in self.places.iter_mut().filter(|s| s.is_changed) {
            state.is_changed = false;
            let watched = if state.watches_devices { state.devices.as_slice() } else { &[] };
            let devices = watched.iter().filter_map(|number| self.devices.get(*number as usize));
            let heard: Vec<DeviceLog> = devices.map(DeviceLog::of).collect();
            let kept = Kept { heard: heard.into(), ..state.kept.clone() };
            let known = state.checks.iter().filter(|check| check.memory != Memory::default());
            let memories = known.map(|c| (c.live.clause.id.clone(), c.memory.clone())).collect();
            let piece = Piece::Place(Box::new(kept), memories);
            changed.push((place_key(&state.id), SavedShard(piece)));
        }
        for number in std::mem::take(&mut self.changed_chains) {
            let Some(chain) = self.meters.chains.get(number) else { continue };
            changed.push((chain_key(chain), SavedShard(Piece::Chain(Box::new(chain.clone())))));
        }
        if std::mem::take(&mut self.is_outdoor_changed) {
            let piece = Piece::Outdoor(self.outdoor.clone());
            changed.push((outdoor_key(&self.root), SavedShard(piece)));
        }
        let is_told = |(clock, listening): &(Option<Instant>, Box<Listening>)| {
            *clock == self.clock && **listening == self.listening
        };
        if !self.saved_moment.as_ref().is_some_and(is_told) {
            let moment = (self.clock, Box::new(self.listening.clone()));
            self.saved_moment = Some(moment.clone());
            changed.push((clock_key(&self.root), SavedShard(Piece::Moment(moment.0, moment.1))));
        }
        changed
    }

    /// Takes up one piece.
    pub(super) fn restore(&mut self, place: &str, saved: SavedShard) {
        self.has_begun = false;
        match saved.0 {
            // After a change of the register two clocks may meet here: the newer one holds.
            Piece::Clock(clock) => self.clock = self.clock.max(Some(clock)),
            Piece::Moment(clock, listening) => {
                self.clock = self.clock.max(clock);
                self.listening = *listening;
            }
            Piece::Body(..) => {}
            Piece::Outdoor(outdoor) => self.restore_outdoors(outdoor, place == self.root.as_str()),
            Piece::Place(kept, memories) => self.restore_place(place, *kept, memories),
            Piece::Chain(chain) => {
                self.meters.put(*chain);
                self.devices.iter_mut().for_each(super::devices::Device::forget);
            }
        }
    }

    fn restore_place(&mut self, id: &str, mut kept: Kept, memories: Vec<(String, Memory)>) {
        let Some(number) = self.index.get(id).copied() else { return };
        let logs = kept.heard.take();
        let own = self.places.get(number).map(|state| state.devices.clone()).unwrap_or_default();
        let mut is_known = vec![false; kept.buffers.len()];
        for device in own {
            let Some(device) = self.devices.get_mut(device as usize) else { continue };
            device.forget();
            if let Some(log) = logs.iter().find(|log| log.is_of(device)) {
                device.heard = log.heard.clone();
                device.stuck = log.stuck.clone();
                device.known = log.known;
            }
            for (buffer, is_known) in kept.buffers.iter_mut().zip(&mut is_known) {
                // The row may have got another end since.
                if buffer.series.sensor == device.id && device.span.contains(buffer.first) {
                    device.describe(buffer);
                    *is_known = true;
                }
            }
        }
        let gone = kept.buffers.iter_mut().zip(is_known).filter(|(_, is_known)| !is_known);
        gone.for_each(|(buffer, _)| buffer.unbind());
        let Some(state) = self.places.get_mut(number) else { return };
        let others = kept.memories.take();
        let mut next = 0;
        for (clause, memory) in others.into_iter().chain(memories) {
            // Mostly they come in the order of the checks: looked for from behind the last one on, all around.
            let (before, behind) = state.checks.split_at_mut(next);
            let mut around = (next..).zip(behind).chain((0..).zip(before));
            match around.find(|(_, check)| check.live.clause.id == clause) {
                Some((number, check)) => {
                    check.memory = memory;
                    next = number + 1;
                }
                None => {
                    kept.memories.open().insert(clause, memory);
                }
            }
        }
        if kept.dirty.get().is_some_and(|hours| !hours.is_empty()) || kept.touched_use.is_some() {
            self.touched.insert(number);
        }
        state.kept = kept;
        if state.is_watched() {
            self.set_timer(number);
        }
    }
}
