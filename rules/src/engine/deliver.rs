//! What a shard delivers of its meters for the figures of bodies, when a window ends and when late data
//! changes one that has ended.

use model::{Instant, Period, Span};

use super::{
    feed::{Delivery, Feed},
    shard::Shard,
};
use crate::{
    almanac::HourFacts,
    measure::{estate::Estate, holding::Delivered, meters::Supply},
};

impl Shard {
    /// From now on the shard delivers to a body. Its topmost places close last, and so tell when.
    pub(super) fn feed(&mut self, feed: Feed) {
        for top in self.tops().collect::<Vec<_>>() {
            if let Some(state) = self.places.get_mut(top) {
                state.feeds_bodies = true;
            }
        }
        self.feeds.push(feed);
    }

    fn tops(&self) -> impl Iterator<Item = usize> {
        self.ways.roots.iter().filter_map(|root| self.index.get(root).copied())
    }

    /// Up to where all topmost places that were ever heard of are closed; `None` when none was.
    pub(super) fn delivers_to(&self) -> Option<Instant> {
        let open = self.tops().filter_map(|top| self.places.get(top)?.kept.next_hour);
        open.map(|hour| hour.from).min()
    }

    /// How long after its end a window is delivered, ms.
    pub(super) fn delivery_ms(&self) -> i64 {
        self.tops().filter_map(|top| self.places.get(top)).map(|state| state.grace_ms).max().unwrap_or(0)
    }

    /// What the meters here counted for a body over a window.
    pub(super) fn delivery(&self, estate: &Estate, window: Span, period: Period) -> Delivered {
        let supply = Supply { chains: &self.meters, facts: &self.facts, meters: &[], moves: &[] };
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

    /// Delivers the windows that end with an hour, when it is the last topmost place to close it.
    pub(super) fn deliver_closed(&mut self, place: usize, facts: &HourFacts, now: Instant) {
        let end = facts.hour.to;
        let is_behind = |top: usize| self.places.get(top).is_some_and(|state| state.is_open_before(end));
        if self.tops().any(|top| top != place && is_behind(top)) {
            return;
        }
        self.deliver(place, now, |_, period| {
            vec![facts.window(period)].into_iter().filter(|w| w.to == end).collect()
        });
    }

    /// Delivers the windows again in which late data has changed what a meter counted.
    pub(super) fn deliver_again(&mut self, place: usize, span: Span, now: Instant) {
        let closed_to = self.delivers_to().unwrap_or(Instant::MIN);
        let opened = self.places.get(place).and_then(|state| state.kept.opened).unwrap_or(closed_to);
        let touched = Span::new(span.from.max(opened), span.to.min(closed_to));
        self.deliver(place, now, |shard, period| {
            let windows = shard.register.calendar.windows(period, touched);
            windows.into_iter().filter(|window| window.to <= closed_to).collect()
        });
    }

    fn deliver(&mut self, place: usize, now: Instant, windows: impl Fn(&Self, Period) -> Vec<Span>) {
        if self.feeds.is_empty() || !self.tops().any(|top| top == place) {
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
