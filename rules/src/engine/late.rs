//! Late data: hours are taken again and windows judged again.

use std::sync::Arc;

use model::{Instant, Span};

use super::{
    shard::Shard,
    shared::{Asked, Shared},
};
use crate::{Measure, Output, measure::Source};

impl Shard {
    /// Takes again what late data touched and judges its windows again, rooms first.
    pub(super) fn mend(&mut self, now: Instant, out: &mut Vec<Output>) {
        let touched = std::mem::take(&mut self.touched);
        for place in touched {
            let Some(state) = self.places.get_mut(place) else { continue };
            let dirty: Vec<Instant> = state.kept.dirty.take().into_iter().collect();
            let use_of = state.kept.touched_use.take();
            // A checkpoint that still held these would mend, and tell, once more.
            state.is_changed = true;
            let held_from =
                self.closed(place).plus_ms(self.held(place).gauges_ms.saturating_neg() - 3_600_000);
            for hour in &dirty {
                let facts = self.almanac.at(*hour);
                if *hour < held_from {
                    self.compute_old(place, &facts);
                } else {
                    self.compute(place, &facts);
                }
            }
            self.judge_again(place, (&dirty, held_from), use_of, now, out);
            let closed_to = self.closed(place);
            self.outlive(place, closed_to, now, out);
            if let Some(span) = use_of {
                self.deliver_again(place, span, now);
            }
        }
    }

    /// Up to where the hours of a place are closed.
    pub(super) fn closed(&self, place: usize) -> Instant {
        let next = self.places.get(place).and_then(|state| state.kept.next_hour);
        next.map_or(Instant::MIN, |hour| hour.from)
    }

    /// Judges again every window that holds a mended hour and has ended. Of hours before the second instant
    /// of `dirty` no gauges are held.
    fn judge_again(
        &mut self,
        place: usize,
        dirty: (&[Instant], Instant),
        use_of: Option<Span>,
        now: Instant,
        out: &mut Vec<Output>,
    ) {
        let checks = self.places.get(place).map_or(0, |p| p.checks.len());
        let register = Arc::clone(&self.register);
        let mut shared = Shared::new(&register);
        for check in 0..checks {
            let windows = self.reopened(place, check, dirty, use_of);
            if !windows.is_empty() {
                self.judge(place, check, &windows, &mut shared, (now, out));
            }
        }
    }

    /// The windows of a check that are to be judged again, in order.
    fn reopened(
        &mut self,
        place: usize,
        check: usize,
        (dirty, held_from): (&[Instant], Instant),
        use_of: Option<Span>,
    ) -> Vec<Span> {
        let Some(state) = self.places.get(place) else { return Vec::new() };
        let Some(check) = state.checks.get(check) else { return Vec::new() };
        let clause = &check.live.clause;
        let closed_to = state.kept.next_hour.map_or(Instant::MIN, |hour| hour.from);
        let opened = state.kept.opened.unwrap_or(closed_to);
        let oldest = check.pruned_to();
        let is_of = |meters: bool| {
            let mut asked = Asked::all(clause);
            asked.any(|asked| (asked.source() == Source::Meters) == meters)
        };
        let mut hours = Vec::new();
        if let (Some(span), true) = (use_of, is_of(true)) {
            let from = span.from.max(oldest).max(opened);
            hours.extend(self.almanac.hours(Span::new(from, span.to.min(closed_to))));
        }
        // The corrected intensity asks for meters and for who was there.
        if is_of(false) || clause.measure == Measure::EuiCorrected {
            let asks_gauges = Asked::all(clause).any(|asked| asked.source().is_of_gauges());
            hours.extend(dirty.iter().filter(|hour| !asks_gauges || **hour >= held_from));
        }
        let windows = hours.into_iter().map(|hour| self.almanac.at(hour).window(clause.period));
        let mut windows: Vec<Span> = windows.filter(|w| w.to <= closed_to && w.to > oldest).collect();
        windows.sort_unstable();
        windows.dedup();
        windows
    }
}
