//! The engine: readings in event order go in, verdicts and transitions come out.
//!
//! Timers are instants of event time and fire in order, so the same input gives the same output
//! live, in `replay` and in tests, however it is cut into batches.

mod aggregate;
mod anew;
mod bind;
mod bodies;
mod bound;
mod deliver;
mod devices;
mod feed;
mod hours;
mod judging;
mod late;
mod options;
mod outdoor;
mod part;
mod place;
mod presence;
mod rebind;
mod reopen;
mod save;
mod saved;
mod shard;
mod shared;
mod silence;
mod take;
mod unseen;
mod ways;
mod weather;

use std::{ops::Range, sync::Arc};

use model::{Id, Instant, Period, PlaceKind, Reading, Register, Span};

pub use bind::Built;
use bind::Wanted;
use bodies::BodyState;
use bound::Bound;
pub use options::EngineOptions;
pub use part::Part;
pub use presence::Presence;
pub use reopen::{LateDay, Reopened, Reopening, Stretch, moved_days};
pub use saved::SavedShard;
use shard::Shard;

use crate::{
    Alert, Correction, Energy, Figure, LiveClause, Measure, Output, Taken, Verdict, check::Check,
    quick::QuickMap, rare::Rare,
};

/// All checks of a register, a shard for each building, or for buildings that a place has moved between.
#[derive(Debug, Clone)]
pub struct Engine {
    register: Arc<Register>,
    options: EngineOptions,
    /// In the order of their first topmost place's id.
    shards: Vec<Shard>,
    /// Shard of each place.
    homes: QuickMap<Id, usize>,
    /// Where each sensor and meter is bound.
    routes: QuickMap<Id, Routes>,
    /// For each shard those that breathe the same outdoor air.
    downwind: Vec<Vec<usize>>,
    /// Bodies that are judged by what the meters of their buildings count, in the order of their ids.
    bodies: Vec<BodyState>,
}

/// The bindings of one id; nearly all have one, which stands in the table itself.
#[derive(Debug, Clone)]
struct Routes {
    first: Route,
    more: Rare<Vec<Route>>,
}

/// A device as its shard numbers it, over the time of one binding.
#[derive(Debug, Clone, Copy)]
struct Route {
    span: Span,
    shard: u32,
    device: u32,
}

impl Routes {
    fn at(&self, at: Instant) -> Option<(usize, usize)> {
        let mut all = std::iter::once(&self.first).chain(self.more.get().into_iter().flatten());
        let route = all.find(|route| route.span.contains(at))?;
        Some((route.shard as usize, route.device as usize))
    }
}

impl Engine {
    /// An engine that has seen nothing yet.
    #[must_use]
    pub fn new(register: Arc<Register>, clauses: &[LiveClause], options: EngineOptions) -> Self {
        Self::built_by(register, clauses, options, |count, build| vec![build(0..count)])
    }

    /// The same for a large register: `spread` gets a number of buildings and what builds some of them, may have that
    /// done at once in several ranges, and returns what was built in their order. What comes out is the same.
    #[must_use]
    pub fn built_by(
        register: Arc<Register>,
        clauses: &[LiveClause],
        options: EngineOptions,
        spread: impl FnOnce(usize, &(dyn Fn(Range<usize>) -> Built + Sync)) -> Vec<Built>,
    ) -> Self {
        let has_site_checks = clauses.iter().any(|c| {
            // What is asked of a site's own devices needs none of its buildings.
            c.clause.applies_to.kind == Some(PlaceKind::Site) && !c.clause.measure.is_of_devices()
        });
        let groups = ways::groups(&register, has_site_checks);
        let mut engine = Self {
            register,
            options,
            shards: Vec::new(),
            homes: QuickMap::default(),
            routes: QuickMap::default(),
            downwind: Vec::new(),
            bodies: Vec::new(),
        };
        engine.homes.reserve(engine.register.places.len());
        for (number, group) in groups.iter().enumerate() {
            engine.homes.extend(group.members.iter().map(|place| (place.clone(), number)));
        }
        engine.shards = {
            let bound = Bound::of(&engine.register);
            let wanted: Vec<Wanted> = clauses.iter().map(Wanted::new).collect();
            let build = |range| bind::shards(&groups, range, &engine.register, &bound, &wanted, options);
            spread(groups.len(), &build).into_iter().flat_map(|built| built.0).collect()
        };
        engine.routes.reserve(engine.register.sensors.len() + engine.register.meters.len());
        for (number, shard) in (0..).zip(&engine.shards) {
            for (device, id, span) in shard.bindings() {
                let route = Route { span, shard: number, device };
                let known = engine.routes.entry(id).and_modify(|routes| routes.more.open().push(route));
                known.or_insert(Routes { first: route, more: Rare::default() });
            }
        }
        engine.downwind = outdoor::downwind(&engine.register, &engine.shards, &engine.homes);
        engine.bind_bodies(clauses);
        engine
    }

    /// Makes every place keep the partials of a measure, whether or not a clause asks for it.
    /// `clip` leaves out what lies outside.
    /// `usual` is what a corrected intensity is taken with.
    pub(crate) fn watch(
        &mut self,
        measure: Measure,
        clip: Option<Span>,
        usual: Option<&(Energy, Correction)>,
    ) {
        self.shards.iter_mut().for_each(|shard| shard.watch(measure, clip, usual.cloned()));
    }

    fn home(&self, place: &str) -> Option<&Shard> {
        self.homes.get(place).and_then(|number| self.shards.get(*number))
    }

    /// Whether the place has seen a sensor, or has a meter, that this measure can be taken from at some time of a range.
    #[must_use]
    pub fn can_tell(&self, place: &Id, measure: Measure, range: Span) -> bool {
        self.home(place.as_str()).is_some_and(|shard| shard.can_tell(place, measure, range))
    }

    /// The figure of a measure over a window that ends on an hour, without any clause.
    ///
    /// `None` where nothing is kept that tells it: what no clause judges over such a period, and
    /// hours that are long past.
    #[must_use]
    pub fn figure(&self, place: &Id, measure: Measure, window: Span, period: Period) -> Option<Figure> {
        self.home(place.as_str())?.figure_of(place, measure, window, period)
    }

    /// The register in use.
    #[must_use]
    pub const fn register(&self) -> &Arc<Register> {
        &self.register
    }

    /// Takes one reading. Readings should come in event order; late ones re-open what they touch.
    pub fn observe(&mut self, reading: &Reading, out: &mut Vec<Output>) -> Taken {
        let routes = self.routes.get(&reading.series.sensor);
        let bound = routes.and_then(|routes| routes.at(reading.time));
        if !reading.flags.is_usable() {
            if let Some((shard, device)) = bound
                && let Some(shard) = self.shards.get_mut(shard)
            {
                shard.hear_barred(reading, device);
            }
            return Taken::Barred;
        }
        let Some((shard, device)) = bound else { return Taken::Unbound };
        if outdoor::is_outdoor(reading) {
            self.observe_outdoor(reading, (shard, device), out);
        }
        let Some(home) = self.shards.get_mut(shard) else { return Taken::Unbound };
        let taken = home.observe(reading, device, out);
        self.take_deliveries(shard, out);
        taken
    }

    /// Hands a reading of a site's outdoor air to the buildings of the site.
    fn observe_outdoor(&mut self, reading: &Reading, (shard, device): (usize, usize), out: &mut Vec<Output>) {
        let about = self.shards.get(shard).and_then(|shard| shard.outdoor_sensor(device));
        let Some((sensor, span)) = about else { return };
        for below in 0.. {
            let Some(number) = self.downwind.get(shard).and_then(|all| all.get(below)).copied() else {
                return;
            };
            if let Some(shard) = self.shards.get_mut(number) {
                shard.observe_outdoor(reading, &sensor, span, out);
            }
            self.take_deliveries(number, out);
        }
    }

    /// Event time has reached `to` although no reading says so: everything due before `to` happens.
    ///
    /// What is due exactly at `to` waits for the next step of time, as readings of that instant
    /// may still come.
    pub fn advance(&mut self, to: Instant, out: &mut Vec<Output>) {
        self.shards.iter_mut().for_each(|shard| shard.advance(to, out));
        self.take_all_deliveries(out);
    }

    /// Like [`Self::advance`], by somebody who knows that we have listened without a break since
    /// `since`, at least up to `to`: a sensor that said nothing then was silent. What lies between that
    /// and what was told before was an outage of ours, and no sensor's silence.
    pub fn advance_listening(&mut self, to: Instant, since: Instant, out: &mut Vec<Output>) {
        for shard in &mut self.shards {
            shard.begin(to.max(since));
            shard.listen(since, to);
            shard.advance(to, out);
        }
        self.take_all_deliveries(out);
    }

    /// Buildings that have seen nothing yet begin at `now`: what is observed from before then is of the past.
    pub fn begin(&mut self, now: Instant) {
        for shard in &mut self.shards {
            shard.clock.get_or_insert(now);
        }
    }

    /// The input has ended: the last reading of each series stands one interval, and every hour
    /// that has begun is judged, with the longer windows that end there.
    ///
    /// `end` moves the end of the input; by default it is the newest reading plus its interval.
    pub fn finish(&mut self, end: Option<Instant>, out: &mut Vec<Output>) {
        let newest = self.shards.iter().filter_map(Shard::end_of_input).max();
        let Some(end) = end.or(newest) else { return };
        self.shards.iter_mut().for_each(|shard| shard.finish(end, out));
        self.take_all_deliveries(out);
    }

    /// The newest event time of any shard.
    #[must_use]
    pub fn event_time(&self) -> Option<Instant> {
        self.shards.iter().filter_map(Shard::clock).max()
    }

    /// Alerts that are pending or firing.
    #[must_use]
    pub fn alerts(&self) -> Vec<Alert> {
        let of_bodies = self.body_checks().filter_map(Check::alert);
        self.shards.iter().flat_map(Shard::alerts).chain(of_bodies).collect()
    }

    /// The newest verdict of every check that has given one.
    #[must_use]
    pub fn verdicts(&self) -> Vec<Verdict> {
        let of_bodies = self.body_checks().filter_map(Check::last_verdict);
        self.shards.iter().flat_map(Shard::verdicts).chain(of_bodies).collect()
    }

    /// What changed since the last call, to be written to a checkpoint under its key.
    pub fn take_changed(&mut self) -> Vec<(String, SavedShard)> {
        let mut changed: Vec<_> = self.shards.iter_mut().flat_map(Shard::take_changed).collect();
        changed.extend(self.take_changed_bodies());
        changed
    }
}
