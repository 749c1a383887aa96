//! One building: its clock, its timers, its places and meters.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use model::{
    Id, Instant, Nature, Period, PlaceKind, Reading, Register, Span,
    register::{Meter, Sensor},
};

use super::{
    EngineOptions, Output, Taken, aggregate,
    place::{Kept, PlaceState},
    saved::{Piece, SavedShard},
};
use crate::{
    Alert, Energy, LiveClause, Measure, Subject, Verdict,
    buffer::{SeriesBuffer, millis},
    check::{Check, Finding},
    judge::{finding, measuring},
    measure::{Basis, Context, Figure, Source, energy, figure, source_of},
    meter::Chain,
    steps::micro,
};

/// What a sensor id is bound to over some time.
#[derive(Debug, Clone)]
struct Binding {
    span: Span,
    place: usize,
    device: Device,
}

#[derive(Debug, Clone)]
enum Device {
    Sensor(Sensor),
    Meter(Meter),
}

/// All places of one building with one event clock.
#[derive(Debug, Clone)]
pub(super) struct Shard {
    register: Arc<Register>,
    options: EngineOptions,
    places: Vec<PlaceState>,
    index: HashMap<Id, usize>,
    bindings: HashMap<Id, Vec<Binding>>,
    meters: energy::Meters,
    changed_meters: BTreeSet<Id>,
    clock: Option<Instant>,
    timers: BTreeSet<(Instant, usize)>,
    has_ended: bool,
    /// Only time inside counts; all of it but in `measure`.
    clip: Span,
}

impl Shard {
    pub(super) fn new(
        register: Arc<Register>,
        members: &[Id],
        clauses: &[LiveClause],
        options: EngineOptions,
    ) -> Self {
        let mut ids: Vec<&Id> = members.iter().collect();
        // Rooms first: at one instant a building is judged after its rooms.
        ids.sort_by_key(|id| (kind_of(&register, id) != PlaceKind::Room, *id));
        let index: HashMap<Id, usize> = ids.iter().enumerate().map(|(i, id)| ((*id).clone(), i)).collect();
        let mut shard = Self {
            places: ids.iter().map(|id| blank(id)).collect(),
            bindings: HashMap::new(),
            meters: BTreeMap::new(),
            changed_meters: BTreeSet::new(),
            clock: None,
            timers: BTreeSet::new(),
            has_ended: false,
            clip: Span::ALWAYS,
            index,
            options,
            register,
        };
        shard.bind_devices();
        shard.link_places();
        shard.bind_checks(clauses);
        shard
    }

    fn bind_devices(&mut self) {
        let register = Arc::clone(&self.register);
        let sensors = register.sensors.iter().flat_map(|(id, rows)| {
            rows.rows().map(move |r| (id, r.span, &r.value.place, Device::Sensor(r.value.clone())))
        });
        let meters = register.meters.iter().flat_map(|(id, rows)| {
            rows.rows().map(move |r| (id, r.span, &r.value.place, Device::Meter(r.value.clone())))
        });
        for (id, span, place, device) in sensors.chain(meters) {
            let Some(place) = self.index.get(place).copied() else { continue };
            let gap = match &device {
                Device::Sensor(sensor) => millis(sensor.max_gap_s),
                Device::Meter(meter) => millis(meter.max_gap_s),
            };
            if let Some(state) = self.places.get_mut(place) {
                state.grace_ms = state.grace_ms.max(gap);
            }
            self.bindings.entry(id.clone()).or_default().push(Binding { span, place, device });
        }
    }

    /// Finds for every place those above it, at any time, and gives them its grace.
    fn link_places(&mut self) {
        let register = Arc::clone(&self.register);
        for place in 0..self.places.len() {
            let Some(id) = self.places.get(place).map(|p| p.id.clone()) else { continue };
            let mut above = Vec::new();
            for row in register.places.get(&id).into_iter().flat_map(|h| h.rows()) {
                for up in register.ancestors(&id, row.span.from).iter().skip(1) {
                    above.extend(self.index.get(&up.id).filter(|i| !above.contains(*i)).copied());
                }
            }
            let grace = self.places.get(place).map_or(0, |p| p.grace_ms);
            let is_room = kind_of(&register, &id) == PlaceKind::Room;
            for up in &above {
                if let Some(state) = self.places.get_mut(*up) {
                    state.grace_ms = state.grace_ms.max(grace);
                    if is_room {
                        state.rooms.push(place);
                    }
                }
            }
            if let Some(state) = self.places.get_mut(place) {
                state.above = above;
            }
        }
    }

    fn bind_checks(&mut self, clauses: &[LiveClause]) {
        let register = Arc::clone(&self.register);
        for place in 0..self.places.len() {
            let Some(id) = self.places.get(place).map(|p| p.id.clone()) else { continue };
            let rows: Vec<_> = register.places.get(&id).into_iter().flat_map(|h| h.rows()).collect();
            let rooms = self.places.get(place).map(|p| p.rooms.clone()).unwrap_or_default();
            for live in clauses {
                // The rest of the scope can change with the register's dates; it is asked at each window.
                let to = &live.clause.applies_to;
                let applies = rows.iter().any(|r| {
                    let has_use = r.value.room_use.is_some_and(|u| to.room_use.contains(&u));
                    to.kind == Some(r.value.kind) && (to.room_use.is_empty() || has_use)
                });
                if !applies || live.clause.period == Period::Register {
                    continue;
                }
                if let Source::Basis(basis) = source_of(live.clause.measure, live.clause.gate) {
                    for needed in rooms.iter().chain([&place]) {
                        if let Some(state) = self.places.get_mut(*needed) {
                            state.bases.insert(basis);
                        }
                    }
                }
                if let Some(state) = self.places.get_mut(place) {
                    state.checks.push(Check::new(live.clone(), Subject::Place(id.clone())));
                }
            }
        }
    }

    pub(super) fn sensors(&self) -> impl Iterator<Item = &Id> {
        self.bindings.keys()
    }

    pub(super) fn clock(&self) -> Option<Instant> {
        self.clock
    }

    pub(super) fn observe(&mut self, reading: &Reading, out: &mut Vec<Output>) -> Taken {
        if !reading.flags.is_usable() {
            return Taken::Barred;
        }
        let at = reading.time;
        let rows = self.bindings.get(&reading.series.sensor);
        let Some(row) = rows.and_then(|rows| rows.iter().find(|b| b.span.contains(at))) else {
            return Taken::Unbound;
        };
        let (place, span) = (row.place, row.span);
        if self.clock.is_none_or(|clock| at > clock) {
            self.run_timers(at, false, out);
            self.clock = Some(at);
        } else if self.clock.is_some_and(|clock| clock.since(at) > self.options.horizon_ms) {
            return Taken::TooLate;
        }
        let touched = self.take(reading, place, span);
        self.open(place, at);
        if self.touch(place, touched) { Taken::Late } else { Taken::InOrder }
    }

    /// Puts a reading where it belongs and returns the span that it can change.
    fn take(&mut self, reading: &Reading, place: usize, span: Span) -> Span {
        let series = &reading.series;
        let device = self
            .bindings
            .get(&series.sensor)
            .and_then(|rows| rows.iter().find(|b| b.span == span))
            .map(|b| &b.device);
        let value = micro(reading.value);
        let is_gauge = matches!(series.quantity.nature(), Nature::Gauge | Nature::SinceLast);
        if let (Some(Device::Meter(meter)), false) = (device, is_gauge) {
            let chains = self.meters.entry(series.sensor.clone()).or_default();
            if !self.changed_meters.contains(&series.sensor) {
                self.changed_meters.insert(series.sensor.clone());
            }
            let found = chains.iter().position(|c| c.series == *series && c.meter.place == meter.place);
            let index = found.unwrap_or_else(|| {
                chains.push(Chain::new(series.clone(), meter.clone()));
                chains.len() - 1
            });
            let Some(chain) = chains.get_mut(index) else { return Span::new(reading.time, reading.time) };
            return chain.insert(reading.time, value, &self.register.meter_events, &self.register.calendar);
        }
        let Some(state) = self.places.get_mut(place) else { return Span::new(reading.time, reading.time) };
        state.is_changed = true;
        let buffers = &mut state.kept.buffers;
        let is_same = |b: &&mut SeriesBuffer| {
            b.series.quantity == series.quantity && b.series == *series && b.binding == span
        };
        if let Some(buffer) = buffers.iter_mut().find(is_same) {
            return buffer.insert(reading.time, value);
        }
        let mut buffer = match device {
            Some(Device::Sensor(sensor)) => SeriesBuffer::new(series.clone(), sensor, span),
            Some(Device::Meter(meter)) => {
                SeriesBuffer::gauge(series.clone(), span, millis(meter.max_gap_s), millis(meter.interval_s))
            }
            None => return Span::new(reading.time, reading.time),
        };
        let touched = buffer.insert(reading.time, value);
        buffers.push(buffer);
        touched
    }

    /// Opens a place and those above it with their first hour.
    fn open(&mut self, place: usize, at: Instant) {
        if self.places.get(place).is_some_and(|p| p.kept.opened.is_some_and(|o| o <= at)) {
            return;
        }
        let above = self.places.get(place).map(|p| p.above.clone()).unwrap_or_default();
        let hour = self.register.calendar.window(Period::Hour, at);
        for index in above.into_iter().chain([place]) {
            let Some(state) = self.places.get_mut(index) else { continue };
            if !state.is_watched() || state.kept.opened.is_some_and(|o| o <= hour.from) {
                continue;
            }
            let was_open = state.kept.opened.replace(hour.from).is_some();
            state.is_changed = true;
            if !was_open {
                state.kept.next_hour = Some(hour);
                self.timers.extend(state.due().map(|due| (due, index)));
            }
        }
    }

    /// Marks what a reading changes in hours that are closed already. Returns whether there are any.
    fn touch(&mut self, place: usize, span: Span) -> bool {
        let above = self.places.get(place).map(|p| p.above.clone()).unwrap_or_default();
        let mut is_late = false;
        for index in above.into_iter().chain([place]) {
            let Some(state) = self.places.get_mut(index) else { continue };
            let Some(next) = state.kept.next_hour else { continue };
            let closed = Span::new(span.from, span.to.min(next.from).max(span.from));
            if closed.is_empty() {
                continue;
            }
            is_late = true;
            state.is_changed = true;
            let oldest = next.from.plus_ms(-self.options.horizon_ms);
            let inside = Span::new(closed.from.max(oldest), closed.to);
            state
                .kept
                .dirty
                .extend(self.register.calendar.windows(Period::Hour, inside).iter().map(|h| h.from));
        }
        is_late
    }

    pub(super) fn advance(&mut self, to: Instant, out: &mut Vec<Output>) {
        if self.clock.is_some_and(|clock| to <= clock) {
            return;
        }
        self.run_timers(to, true, out);
        self.clock = Some(to);
    }

    /// Re-judges what late data touched, then fires every timer due before `until` (or at it).
    fn run_timers(&mut self, until: Instant, is_included: bool, out: &mut Vec<Output>) {
        if let Some(clock) = self.clock {
            self.mend(clock, out);
        }
        while let Some((due, place)) = self.timers.first().copied() {
            if due > until || (due == until && !is_included) {
                return;
            }
            self.timers.pop_first();
            self.close_hour(place, due, out);
        }
    }

    fn mend(&mut self, now: Instant, out: &mut Vec<Output>) {
        for place in 0..self.places.len() {
            let Some(state) = self.places.get_mut(place) else { continue };
            if state.kept.dirty.is_empty() {
                continue;
            }
            let dirty = std::mem::take(&mut state.kept.dirty);
            for from in &dirty {
                let hour = self.register.calendar.window(Period::Hour, *from);
                self.compute(place, hour);
            }
            self.judge_again(place, &dirty, now, out);
        }
    }

    /// Judges again every window that holds a mended hour and has ended.
    fn judge_again(&mut self, place: usize, dirty: &BTreeSet<Instant>, now: Instant, out: &mut Vec<Output>) {
        let Some(state) = self.places.get(place) else { return };
        let closed_to = state.kept.next_hour.map_or(Instant::MIN, |hour| hour.from);
        let opened = state.kept.opened.unwrap_or(Instant::MIN);
        let periods: Vec<Period> = state.checks.iter().map(|c| c.live.clause.period).collect();
        for (check, period) in periods.into_iter().enumerate() {
            let mut windows: Vec<Span> =
                dirty.iter().map(|from| self.register.calendar.window(period, *from)).collect();
            windows.dedup();
            for window in windows {
                let is_known = self
                    .places
                    .get(place)
                    .and_then(|s| s.checks.get(check))
                    .is_some_and(|c| c.has_judged(window));
                if window.to <= closed_to && (is_known || window.to > opened) {
                    self.judge(place, check, window, now, out);
                }
            }
        }
    }

    fn close_hour(&mut self, place: usize, now: Instant, out: &mut Vec<Output>) {
        let Some(hour) = self.places.get(place).and_then(|p| p.kept.next_hour) else { return };
        self.compute(place, hour);
        let calendar = self.register.calendar.clone();
        let ending: Vec<(usize, Span)> = self
            .places
            .get(place)
            .map(|state| {
                let checks = state.checks.iter().enumerate();
                let windows = checks.map(|(i, c)| (i, calendar.window(c.live.clause.period, hour.from)));
                windows.filter(|(_, window)| window.to == hour.to).collect()
            })
            .unwrap_or_default();
        for (check, window) in ending {
            self.judge(place, check, window, now, out);
        }
        let next = calendar.window(Period::Hour, hour.to);
        let is_midnight = calendar.window(Period::Day, hour.to).from == hour.to;
        let Some(state) = self.places.get_mut(place) else { return };
        state.kept.next_hour = Some(next);
        state.is_changed = true;
        self.timers.extend(state.due().map(|due| (due, place)));
        let before = hour.to.plus_ms(-self.options.horizon_ms);
        for buffer in &mut state.kept.buffers {
            buffer.prune(before);
        }
        if is_midnight {
            self.tidy(place, before);
        }
    }

    /// Once a day: rolls hours into days, forgets what no window needs.
    fn tidy(&mut self, place: usize, before: Instant) {
        const KEEP_MS: i64 = 800 * 86_400_000;
        let oldest = before.plus_ms(-KEEP_MS);
        let register = Arc::clone(&self.register);
        let Some(state) = self.places.get_mut(place) else { return };
        for ledger in state.kept.ledgers.values_mut() {
            ledger.roll(before, oldest, &register.calendar);
        }
        for check in &mut state.checks {
            check.prune(before, self.options.stale_after_ms);
        }
        let is_top = state.above.is_empty();
        if is_top {
            for (id, chains) in &mut self.meters {
                self.changed_meters.insert(id.clone());
                for chain in chains {
                    chain.prune(before, &register.meter_events);
                    chain.used.roll(before, oldest, &register.calendar);
                }
            }
        }
    }

    /// Takes the partials of one hour of a place from the readings that are there now.
    fn compute(&mut self, place: usize, hour: Span) {
        let calendar = &self.register.calendar;
        let Some(state) = self.places.get(place) else { return };
        let from = hour.from;
        let Some(hour) = hour.intersect(self.clip) else { return };
        let mut partials = state.own_partials(hour, calendar, self.has_ended);
        if !state.rooms.is_empty() {
            for (basis, partial) in &mut partials {
                if partial.is_none() {
                    let rooms = state.rooms.iter().filter_map(|i| self.places.get(*i));
                    *partial = aggregate::of_rooms(*basis, hour, rooms, &self.register, self.has_ended);
                }
            }
        }
        let Some(state) = self.places.get_mut(place) else { return };
        state.is_changed = true;
        for (basis, partial) in partials {
            if let Some(partial) = partial {
                state.set_partial(basis, from, partial);
            }
        }
    }

    fn judge(&mut self, place: usize, check: usize, window: Span, now: Instant, out: &mut Vec<Output>) {
        let Some(found) = self.finding(place, check, window) else { return };
        let stale = self.options.stale_after_ms;
        let Some(state) = self.places.get_mut(place) else { return };
        let Some(check) = state.checks.get_mut(check) else { return };
        if let Some((verdict, transition)) = check.record(found, now, stale) {
            out.push(Output::Verdict(Arc::new(verdict)));
            out.extend(transition.map(|t| Output::Transition(Box::new(t))));
        }
    }

    fn finding(&self, place: usize, check: usize, window: Span) -> Option<Finding> {
        let state = self.places.get(place)?;
        let check = state.checks.get(check)?;
        let clause = &check.live.clause;
        let at = self.register.place(&state.id, window.from)?;
        let context = Context { register: &self.register, place: at, window };
        let measuring = measuring(&check.live, context)?;
        let figure = self.figure(state, clause, context)?;
        let waiver = self.register.waiver(&clause.id, &state.id, window.from);
        finding(clause, figure, measuring, waiver.map(|w| w.reason.clone()), window)
    }

    fn figure(&self, state: &PlaceState, clause: &crate::Clause, context: Context<'_>) -> Option<Figure> {
        match source_of(clause.measure, clause.gate) {
            Source::Register => None,
            Source::Meters => {
                let has = energy::has_meters(clause.measure, &self.meters, context, &clause.energy);
                has.then(|| {
                    energy::figure(
                        clause.measure,
                        &self.meters,
                        context,
                        clause.period,
                        &clause.energy,
                        clause.correction.as_ref(),
                    )
                })
            }
            Source::Basis(basis) => {
                let days = state.partials(basis, context.window, &self.register.calendar)?;
                let mut figure = figure(clause.measure, &days, context);
                if let Basis::Gauge(_, Some(gate)) = basis
                    && !aggregate::has_gate(state, gate)
                {
                    figure.why.insert("gate".to_owned(), "no sensor for it here: judged at all times".into());
                }
                Some(figure)
            }
        }
    }

    pub(super) fn watch(&mut self, measure: Measure, clip: Option<Span>) {
        self.clip = clip.unwrap_or(Span::ALWAYS);
        if let Source::Basis(basis) = source_of(measure, None) {
            for state in &mut self.places {
                state.bases.insert(basis);
            }
        }
    }

    pub(super) fn can_tell(&self, place: &Id, measure: Measure, at: Instant) -> bool {
        let Some(state) = self.index.get(place).and_then(|i| self.places.get(*i)) else { return false };
        match source_of(measure, None) {
            Source::Register => false,
            Source::Basis(basis) => state.kept.ledgers.contains_key(&basis),
            Source::Meters => self.register.place(place, at).is_some_and(|at_place| {
                let context =
                    Context { register: &self.register, place: at_place, window: Span::new(at, at) };
                energy::has_meters(measure, &self.meters, context, &Energy::default())
            }),
        }
    }

    pub(super) fn figure_of(
        &self,
        place: &Id,
        measure: Measure,
        window: Span,
        period: Period,
    ) -> Option<Figure> {
        let state = self.index.get(place).and_then(|i| self.places.get(*i))?;
        let place = self.register.place(place, window.from)?;
        let context = Context { register: &self.register, place, window };
        match source_of(measure, None) {
            Source::Register => None,
            Source::Meters => {
                Some(energy::figure(measure, &self.meters, context, period, &Energy::default(), None))
            }
            Source::Basis(basis) => {
                let days = state.partials(basis, window, &self.register.calendar)?;
                Some(figure(measure, &days, context))
            }
        }
    }

    /// Where the input of this shard ends: its newest reading plus that sensor's interval.
    pub(super) fn end_of_input(&self) -> Option<Instant> {
        let gauges = self.places.iter().flat_map(|p| &p.kept.buffers);
        let gauges = gauges.filter_map(|b| b.newest().map(|(at, _)| at.plus_ms(b.interval_ms)));
        let chains = self.meters.values().flatten();
        let meters = chains.filter_map(|c| {
            let is_interval = c.series.quantity.nature() == Nature::Interval;
            let stands = if is_interval { millis(c.meter.interval_s) } else { 0 };
            c.newest().map(|(at, _)| at.plus_ms(stands))
        });
        gauges.chain(meters).max()
    }

    pub(super) fn finish(&mut self, end: Instant, out: &mut Vec<Output>) {
        self.has_ended = true;
        if let Some(clock) = self.clock {
            self.mend(clock, out);
        }
        while let Some((due, place)) = self.timers.first().copied() {
            let hour = self.places.get(place).and_then(|p| p.kept.next_hour);
            self.timers.pop_first();
            if hour.is_some_and(|hour| hour.from < end) {
                self.close_hour(place, due, out);
            }
        }
        self.clock = self.clock.max(Some(end));
    }

    pub(super) fn alerts(&self) -> impl Iterator<Item = Alert> + '_ {
        self.places.iter().flat_map(|p| &p.checks).filter_map(Check::alert)
    }

    pub(super) fn verdicts(&self) -> impl Iterator<Item = Verdict> + '_ {
        self.places.iter().flat_map(|p| &p.checks).filter_map(Check::last_verdict)
    }

    pub(super) fn take_changed(&mut self) -> Vec<(String, SavedShard)> {
        let mut changed = Vec::new();
        for state in self.places.iter_mut().filter(|s| s.is_changed) {
            state.is_changed = false;
            let mut kept = state.kept.clone();
            for check in &state.checks {
                kept.memories.insert(check.id.clause.clone(), check.memory.clone());
            }
            changed.push((format!("place/{}", state.id), SavedShard(Piece::Place(Box::new(kept)))));
        }
        for id in std::mem::take(&mut self.changed_meters) {
            let chains = self.meters.get(&id).cloned().unwrap_or_default();
            changed.push((format!("meter/{id}"), SavedShard(Piece::Meter(chains))));
        }
        if let Some(clock) = self.clock {
            changed.push(("clock".to_owned(), SavedShard(Piece::Clock(clock))));
        }
        changed
    }

    pub(super) fn restore(&mut self, key: &str, saved: SavedShard) {
        match (key.split_once('/'), saved.0) {
            (None, Piece::Clock(clock)) => self.clock = Some(clock),
            (Some(("place", id)), Piece::Place(kept)) => self.restore_place(id, *kept),
            (Some(("meter", id)), Piece::Meter(chains)) => {
                if let Ok(id) = Id::parse(id) {
                    self.meters.insert(id, chains);
                }
            }
            _ => {}
        }
    }

    fn restore_place(&mut self, id: &str, mut kept: Kept) {
        let Some(index) = self.index.get(id).copied() else { return };
        let Some(state) = self.places.get_mut(index) else { return };
        for check in &mut state.checks {
            if let Some(memory) = kept.memories.remove(&check.id.clause) {
                check.memory = memory;
            }
        }
        if let Some(due) = state.due() {
            self.timers.remove(&(due, index));
        }
        state.kept = kept;
        self.timers.extend(state.due().map(|due| (due, index)));
    }
}

fn blank(id: &Id) -> PlaceState {
    PlaceState {
        id: id.clone(),
        rooms: Vec::new(),
        above: Vec::new(),
        bases: BTreeSet::new(),
        checks: Vec::new(),
        grace_ms: 0,
        kept: Kept::default(),
        is_changed: false,
    }
}

fn kind_of(register: &Register, id: &Id) -> PlaceKind {
    register.places.get(id).and_then(|h| h.last()).map_or(PlaceKind::Room, |p| p.kind)
}
