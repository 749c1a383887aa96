//! What a building delivers of its meters for the figures of bodies, when a window ends and when late data
//! changes one that has ended.

use std::{collections::BTreeSet, sync::Arc};

use model::{Instant, Period, Span};

use super::shard::Shard;
use crate::{
    almanac::HourFacts,
    measure::{estate::Estate, holding::Delivered, meters::Supply},
};

/// A body that has meters in this building.
#[derive(Debug, Clone)]
pub(super) struct Feed {
    /// Its number in the engine.
    pub(super) body: usize,
    pub(super) estate: Arc<Estate>,
    /// Over what it is judged.
    pub(super) periods: BTreeSet<Period>,
}

/// What the meters of one building counted for a body over a window.
#[derive(Debug, Clone)]
pub(super) struct Delivery {
    pub(super) body: usize,
    pub(super) period: Period,
    pub(super) window: Span,
    pub(super) part: Delivered,
    /// Event time at which it is delivered.
    pub(super) now: Instant,
}

impl Shard {
    /// From now on the building delivers to a body. Its topmost place closes last, and so tells when.
    pub(super) fn feed(&mut self, feed: Feed) {
        if let Some(state) = self.top().and_then(|top| self.places.get_mut(top)) {
            state.feeds_bodies = true;
            self.feeds.push(feed);
        }
    }

    fn top(&self) -> Option<usize> {
        self.index.get(&self.root).copied()
    }

    /// Up to where the building can deliver; `None` when nothing was ever heard of it.
    pub(super) fn delivers_to(&self) -> Option<Instant> {
        Some(self.places.get(self.top()?)?.kept.next_hour?.from)
    }

    /// How long after its end a window is delivered, ms.
    pub(super) fn delivery_ms(&self) -> i64 {
        self.top().and_then(|top| self.places.get(top)).map_or(0, |state| state.grace_ms)
    }

    /// What the meters here counted for a body over a window.
    pub(super) fn delivery(&self, estate: &Estate, window: Span, period: Period) -> Delivered {
        let supply = Supply { chains: &self.meters, facts: &self.facts, meters: &[] };
        let mut part = Delivered::default();
        for stretch in estate.stretches(&self.register, window) {
            for meter in estate.meters_at(&self.register, stretch.from) {
                if !self.index.contains_key(&meter.place) || self.meters.of(&meter.id).next().is_none() {
                    continue;
                }
                let counted = supply.counted(meter, stretch, None, |used| used.within(period));
                part.add(&meter.id, stretch.from, counted.unwrap_or_default());
            }
        }
        part
    }

    /// Delivers the windows that end with an hour.
    pub(super) fn deliver_closed(&mut self, place: usize, facts: &HourFacts, now: Instant) {
        let end = facts.hour.to;
        self.deliver(place, now, |_, period| {
            vec![facts.window(period)].into_iter().filter(|w| w.to == end).collect()
        });
    }

    /// Delivers the windows again in which late data has changed what a meter counted.
    pub(super) fn deliver_again(&mut self, place: usize, span: Span, now: Instant) {
        let closed_to = self.closed(place);
        let opened = self.places.get(place).and_then(|state| state.kept.opened).unwrap_or(closed_to);
        let touched = Span::new(span.from.max(opened), span.to.min(closed_to));
        self.deliver(place, now, |shard, period| {
            let windows = shard.register.calendar.windows(period, touched);
            windows.into_iter().filter(|window| window.to <= closed_to).collect()
        });
    }

    fn deliver(&mut self, place: usize, now: Instant, windows: impl Fn(&Self, Period) -> Vec<Span>) {
        if self.feeds.is_empty() || self.top() != Some(place) {
            return;
        }
        let mut told = Vec::new();
        for Feed { body, estate, periods } in &self.feeds {
            for period in periods {
                told.extend(windows(self, *period).into_iter().map(|window| Delivery {
                    body: *body,
                    period: *period,
                    window,
                    part: self.delivery(estate, window, *period),
                    now,
                }));
            }
        }
        self.deliveries.extend(told);
    }
}
