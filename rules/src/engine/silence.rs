//! Devices of a place: when each was heard, which are stuck, and what that says of a window.

use model::{Flags, Instant, Reading, Span};

use super::{devices::Device, place::PlaceState, shard::Shard};
use crate::{
    Figure, Measure,
    measure::{
        absence::{self, Silent},
        stuck::{self, Frozen},
    },
};

impl Shard {
    /// The first word that we listen, or the first with another register: what was never heard counts as
    /// silent from here on, and its place is judged from here on at the latest.
    pub(super) fn begin(&mut self, at: Instant) {
        if self.has_begun {
            return;
        }
        self.has_begun = true;
        for device in &mut self.devices {
            device.known.get_or_insert(at);
        }
        for place in 0..self.places.len() {
            let Some(state) = self.places.get_mut(place).filter(|state| state.watches_devices) else {
                continue;
            };
            state.is_changed = true;
            self.open(place, at);
        }
    }

    /// From now on something asks whether the devices of a place are heard, if it has any.
    pub(super) fn watch_devices(&mut self, place: usize) {
        if let Some(state) = self.places.get_mut(place) {
            state.watches_devices = !state.devices.is_empty();
        }
    }

    /// Notes that a device was heard. Returns whether it changes what has been judged.
    pub(super) fn hear(&mut self, reading: &Reading, number: usize) -> bool {
        let Some(device) = self.devices.get_mut(number) else { return false };
        let place = device.place;
        let Some(state) = self.places.get_mut(place).filter(|state| state.watches_devices) else {
            return false;
        };
        state.is_changed = true;
        let (series, at) = (&reading.series, reading.time);
        let is_early = state.kept.opened.is_none_or(|opened| at < opened);
        let carry_ms = device.max_gap_ms();
        let mut changed = device.heard.insert(at, carry_ms);
        let from = if reading.flags.has(Flags::STUCK) {
            Some(device.stuck.get_or_insert_default().flagged(series, at))
        } else if reading.flags.is_usable() {
            device.stuck.as_mut().and_then(|stuck| stuck.clean(series, at))
        } else {
            None
        };
        // Where listening is told, nobody asks before its first word.
        if is_early && (self.has_begun || !self.options.listening_is_told) {
            self.open(place, at);
        }
        if let Some(from) = from {
            let first = changed.map_or(from, |span| span.from.min(from));
            changed = Some(Span::new(first, Instant::MAX));
        }
        changed.is_some_and(|span| self.touch_own(place, span))
    }

    /// Takes a reading that is barred from measures: its device is alive all the same.
    pub(super) fn hear_barred(&mut self, reading: &Reading, device: usize) {
        let is_told = !reading.flags.has(Flags::FUTURE) && !reading.flags.has(Flags::TOO_LATE);
        let oldest = self.clock.map(|clock| clock.plus_ms(self.options.horizon_ms.saturating_neg()));
        if is_told && oldest.is_none_or(|oldest| reading.time >= oldest) {
            self.hear(reading, device);
        }
    }

    /// What a window says of the devices of a place; `None` where none has been bound for `linger_ms`.
    pub(super) fn device_figure(
        &self,
        state: &PlaceState,
        measure: Measure,
        window: Span,
        linger_ms: i64,
    ) -> Option<Figure> {
        let end = window.to.min(self.ended_at.unwrap_or(Instant::MAX));
        let all = || state.devices.iter().filter_map(|number| self.devices.get(*number as usize));
        let bound: Vec<&Device> = all().filter(|device| device.span.contains(end)).collect();
        if bound.is_empty() {
            let since = window.from.plus_ms(linger_ms.saturating_neg());
            let is_fresh = |device: &Device| device.span.to > since && device.span.from < window.to;
            return all().any(is_fresh).then(absence::removed);
        }
        let zone = &self.register.calendar.zone;
        let time = |at: Instant| at.rfc3339(zone);
        if measure == Measure::Stuck {
            return Some(stuck::figure(frozen(&bound, end), time));
        }
        if !self.listening.is_sure(end, self.options.listening_is_told) {
            return Some(absence::unheard());
        }
        let (unheard, heard): (Vec<&Device>, Vec<&Device>) =
            bound.into_iter().partition(|device| is_unheard(device, end));
        let silent = heard.iter().filter_map(|device| self.silent(device, end)).collect();
        Some(absence::figure(heard.len(), silent, unheard.iter().map(|device| &device.id).collect(), time))
    }

    /// A device that had said nothing for longer than its carry by `end`.
    fn silent<'a>(&self, device: &'a Device, end: Instant) -> Option<Silent<'a>> {
        let last = device.heard.silent_since(end).ok()?;
        let since = last.or_else(|| Some(device.span.from.max(device.known?)))?;
        let listened = if since < end { self.listening.inside(Span::new(since, end)) } else { 0 };
        let ms = listened - device.max_gap_ms();
        (ms > 0).then_some(Silent { id: &device.id, last, ms })
    }

    /// Until when the newest readings of watched devices stand where the input ends.
    pub(super) fn last_heard(&self) -> impl Iterator<Item = Instant> + '_ {
        self.devices.iter().filter_map(|device| {
            let last = device.heard.last().filter(|last| Some(*last) <= self.clock)?;
            Some(last.plus_ms(device.interval_ms()))
        })
    }

    /// Forgets silences and runs that late data can no longer touch.
    pub(super) fn tidy_devices(&mut self, place: usize, before: Instant) {
        let Some(state) = self.places.get(place).filter(|state| state.watches_devices) else { return };
        for number in &state.devices {
            let Some(device) = self.devices.get_mut(*number as usize) else { continue };
            device.heard.prune(before);
            if let Some(stuck) = &mut device.stuck {
                stuck.prune(before);
                if stuck.is_empty() {
                    device.stuck = None;
                }
            }
        }
    }
}

/// Whether nothing is known of a device by `end`: it had not been heard, nor had we said that we listen.
fn is_unheard(device: &Device, end: Instant) -> bool {
    device.known.is_none_or(|known| end <= known) && device.heard.silent_since(end) == Ok(None)
}

fn frozen<'a>(devices: &[&'a Device], end: Instant) -> Vec<Frozen<'a>> {
    let mut found = Vec::new();
    for device in devices {
        let carry_ms = device.max_gap_ms();
        let runs = device.stuck.iter().flat_map(|stuck| stuck.at(end, carry_ms));
        found.extend(runs.map(|(quantity, since, ms)| Frozen { id: &device.id, quantity, since, ms }));
    }
    found
}
