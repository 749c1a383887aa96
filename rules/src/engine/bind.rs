//! From the register to a shard: which devices, which places above which, which checks.

use std::{collections::BTreeSet, ops::Range, sync::Arc};

use model::{Id, Period, PlaceKind, Register, Span};

use super::{
    bound::Bound,
    devices::{Device, DeviceKind},
    options::EngineOptions,
    place::{Need, Needs, PlaceState},
    shard::Shard,
    shared::Asked,
    ways::{self, Group, Stay, Ways},
};
use crate::{
    LiveClause, Measure, Subject,
    about::About,
    check::Check,
    measure::{Basis, Moment, Source},
    meter::MeterFacts,
    stays,
};

/// Some buildings, set up. Opaque: only an engine is made of it.
#[derive(Debug)]
pub struct Built(pub(super) Vec<Shard>);

/// A clause, and what it asks of every place that it may apply to.
#[derive(Debug)]
pub(super) struct Wanted {
    live: Arc<LiveClause>,
    sources: Vec<Source>,
    is_joined: bool,
    is_corrected: bool,
    asks_outdoors: bool,
    asks_weather: bool,
}

impl Wanted {
    pub(super) fn new(live: &LiveClause) -> Self {
        let clause = &live.clause;
        let sources: Vec<Source> = Asked::all(clause).map(|asked| asked.source()).collect();
        let asks = |measure| Asked::all(clause).any(|asked| asked.measure == measure);
        Self {
            is_joined: sources.iter().any(Source::outlasts_gauges)
                && sources.iter().any(Source::is_of_gauges),
            is_corrected: clause.measure == Measure::EuiCorrected,
            asks_outdoors: clause.outdoor_ppm.is_some() || asks(Measure::Co2AboveOutdoor),
            asks_weather: clause.adaptive.is_some()
                || asks(Measure::RunningMeanOutdoor)
                || asks(Measure::WeatherRegularity),
            sources,
            live: Arc::new(live.clone()),
        }
    }
}

/// The shards of some groups, in their order.
pub(super) fn shards(
    groups: &[Group],
    range: Range<usize>,
    register: &Arc<Register>,
    bound: &Bound<'_>,
    wanted: &[Wanted],
    options: EngineOptions,
) -> Built {
    let one = |group| {
        let mut shard = Shard::new(group, Arc::clone(register), options);
        shard.bind(group, bound, wanted);
        shard
    };
    Built(groups.get(range).into_iter().flatten().map(one).collect())
}

impl Shard {
    /// Sets up places, devices and checks.
    fn bind(&mut self, group: &Group, bound: &Bound<'_>, clauses: &[Wanted]) {
        let mut ids: Vec<&Id> = group.members.iter().collect();
        ids.sort_by_key(|id| (kind_of(&self.register, id) != PlaceKind::Room, *id));
        self.index = ids.iter().enumerate().map(|(number, id)| ((*id).clone(), number)).collect();
        self.places = ids.iter().map(|id| PlaceState::new(id)).collect();
        self.bind_devices(bound);
        let mut ways = Ways::new(&group.roots);
        let mut air = None;
        for place in 0..self.places.len() {
            self.link(place, &mut ways, &mut air);
        }
        self.list_meters(&mut ways);
        self.ways = Arc::new(ways);
        for place in 0..self.places.len() {
            self.bind_checks(place, clauses);
        }
        self.share_needs();
    }

    /// Lets places that need the same share one table of it.
    fn share_needs(&mut self) {
        let mut known: Vec<Arc<Needs>> = Vec::new();
        for state in &mut self.places {
            match known.iter().find(|held| **held == state.bases) {
                Some(held) => state.bases = Arc::clone(held),
                None => known.push(Arc::clone(&state.bases)),
            }
        }
    }

    /// Number, id and span of every device.
    pub(super) fn bindings(&self) -> impl Iterator<Item = (u32, Id, Span)> {
        (0..).zip(&self.devices).map(|(number, device)| (number, device.id.clone(), device.span))
    }

    fn bind_devices(&mut self, bound: &Bound<'_>) {
        let register = Arc::clone(&self.register);
        // Most sensors of a building are alike.
        let mut last: Option<Arc<About>> = None;
        for (id, rows) in bound.sensors_at(self.index.keys()) {
            for row in rows.rows() {
                self.bind_device(id, row.span, &row.value.place, || {
                    let about = About::of_sensor(&row.value, row.span).shared(last.as_ref());
                    DeviceKind::Sensor(Arc::clone(last.insert(about)))
                });
            }
        }
        for (id, rows) in bound.meters_at(self.index.keys()) {
            let Some(facts) = MeterFacts::new(&register, id).map(Arc::new) else { continue };
            for row in rows.rows() {
                let kind = || DeviceKind::Meter(Arc::clone(&facts));
                if self.bind_device(id, row.span, &row.value.place, kind) {
                    self.facts.insert(id.clone(), Arc::clone(&facts));
                }
            }
        }
    }

    fn bind_device(&mut self, id: &Id, span: Span, place: &Id, kind: impl FnOnce() -> DeviceKind) -> bool {
        let Some(place) = self.index.get(place).copied() else { return false };
        let device = Device::new(id.clone(), span, place, kind());
        if let Some(state) = self.places.get_mut(place) {
            state.grace_ms = state.grace_ms.max(device.max_gap_ms());
            state.devices.extend(u32::try_from(self.devices.len()));
        }
        self.devices.push(device);
        true
    }

    /// Finds the places above one, at any time; they wait for its data too. `air` is whose outdoor air the
    /// places before breathe.
    fn link(&mut self, place: usize, ways: &mut Ways, air: &mut Option<Vec<Id>>) {
        let Some((id, grace)) = self.places.get(place).map(|p| (p.id.clone(), p.grace_ms)) else { return };
        let register = Arc::clone(&self.register);
        let is_room = kind_of(&register, &id) == PlaceKind::Room;
        let mut above: Vec<usize> = Vec::new();
        let mut stays: Vec<Stay> = Vec::new();
        for span in stays::stays(&register, &id) {
            let chain = register.ancestors(&id, span.from);
            let own = ways::air(&chain).iter().map(|place| &place.id);
            let known = air.get_or_insert_with(|| own.clone().cloned().collect());
            ways.mixes_air |= !own.eq(known.iter());
            let chain: Vec<usize> =
                chain.iter().skip(1).filter_map(|up| self.index.get(&up.id).copied()).collect();
            for number in chain.iter().copied() {
                if !above.contains(&number) {
                    above.push(number);
                }
                let Some(state) = self.places.get_mut(number) else { continue };
                state.grace_ms = state.grace_ms.max(grace);
                match state.rooms.last_mut() {
                    Some((room, held)) if *room == place && held.to == span.from => held.to = span.to,
                    _ if is_room => state.rooms.push((place, span)),
                    _ => {}
                }
            }
            match stays.last_mut() {
                Some(stay) if stay.above == chain && stay.span.to == span.from => stay.span.to = span.to,
                _ => stays.push(Stay { span, above: chain }),
            }
        }
        ways.note(place, stays);
        if let Some(state) = self.places.get_mut(place) {
            state.above = above;
        }
    }

    /// Gives each place the meters that were ever bound there or below.
    fn list_meters(&mut self, ways: &mut Ways) {
        let meters = self.devices.iter().filter(|d| matches!(d.kind, DeviceKind::Meter(_)));
        let meters: Vec<(Id, usize)> = meters.map(|d| (d.id.clone(), d.place)).collect();
        let metered: BTreeSet<usize> = meters.iter().map(|(_, place)| *place).collect();
        metered.into_iter().for_each(|place| ways.note_meters(place));
        for (id, place) in meters {
            let Some(bound) = self.places.get(place) else { continue };
            let entry = (id, bound.id.clone());
            for number in bound.above.clone().into_iter().chain([place]) {
                if let Some(state) = self.places.get_mut(number).filter(|s| !s.meters.contains(&entry)) {
                    state.meters.push(entry.clone());
                }
            }
        }
    }

    fn bind_checks(&mut self, place: usize, clauses: &[Wanted]) {
        let Some((id, has_devices)) = self.places.get(place).map(|p| (p.id.clone(), !p.devices.is_empty()))
        else {
            return;
        };
        let register = Arc::clone(&self.register);
        let Some(history) = register.places.get(&id) else { return };
        let subject = Arc::new(Subject::Place(id));
        for wanted in clauses {
            let clause = &wanted.live.clause;
            // Whether a clause can apply at some time. The rest of its scope can change with the register's dates; it
            // is asked at each window.
            if clause.period == Period::Register
                || !history.rows().any(|row| clause.applies_to.may_hold(&row.value))
                || (clause.measure.is_of_devices() && !has_devices)
            {
                continue;
            }
            for source in &wanted.sources {
                match source {
                    Source::Basis(basis) => self.need(place, *basis, clause.period),
                    Source::Devices => self.watch_devices(place),
                    Source::Meters | Source::Register | Source::Outdoors => {}
                }
            }
            if wanted.is_corrected {
                self.need(place, Basis::Peak, clause.period);
            }
            if let Some(state) = self.places.get_mut(place) {
                state.wants_presence |= wanted.is_corrected;
                state.joins_sources |= wanted.is_joined;
                state.asks_outdoors |= wanted.asks_outdoors;
                state.asks_weather |= wanted.asks_weather;
                state.checks.push(Check::new(Arc::clone(&wanted.live), Arc::clone(&subject)));
            }
        }
        if let Some(state) = self.places.get_mut(place) {
            state.checks.shrink_to_fit();
        }
    }

    /// Makes a place keep partials for figures of a period, and its rooms what they are built from.
    pub(super) fn need(&mut self, place: usize, basis: Basis, period: Period) {
        if let Basis::Regularity(_, is_gated) = basis {
            let Some(state) = self.places.get_mut(place) else { return };
            for moment in Moment::ALL {
                state.need(Basis::Regularity(moment, is_gated), Need { longest: period, is_shared: false });
            }
            return;
        }
        let rooms = self.places.get(place).map(|p| p.rooms.clone()).unwrap_or_default();
        if let Some(state) = self.places.get_mut(place) {
            state.need(basis, Need { longest: period, is_shared: false });
        }
        // Whether rooms are empty is asked of their sensors directly.
        let of_rooms = if basis == Basis::WhileEmpty { Basis::Occupied } else { basis };
        for (room, _) in rooms {
            if let Some(state) = self.places.get_mut(room) {
                state.need(of_rooms, Need { longest: Period::Hour, is_shared: true });
            }
        }
    }
}

fn kind_of(register: &Register, id: &Id) -> PlaceKind {
    register.places.get(id).and_then(|h| h.last()).map_or(PlaceKind::Room, |p| p.kind)
}
