//! One building, or some that share places over time: its clock, its timers, its places and meters.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use model::{Id, Instant, Nature, Reading, Register, Span, register::Sensor};

use super::{
    devices::Device,
    feed::{Delivery, Feed},
    options::EngineOptions,
    place::PlaceState,
    ways::{Group, Ways},
};
use crate::{
    Alert, Correction, Energy, Figure, Output, Taken, Verdict,
    about::millis,
    almanac::Almanac,
    buffer::SeriesBuffer,
    check::Check,
    listening::Listening,
    meter::{MeterFacts, Meters},
    quick::QuickMap,
};

/// All places of a building, or of some that share places over time, with one event clock.
#[derive(Debug, Clone)]
pub(super) struct Shard {
    /// The first of its topmost places, which names it.
    pub(super) root: Id,
    /// All of them, and how places move between them.
    pub(super) ways: Arc<Ways>,
    pub(super) register: Arc<Register>,
    pub(super) options: EngineOptions,
    /// Rooms first: at one instant a building is judged after its rooms.
    pub(super) places: Vec<PlaceState>,
    pub(super) index: QuickMap<Id, usize>,
    pub(super) devices: Vec<Device>,
    pub(super) meters: Meters,
    pub(super) facts: BTreeMap<Id, Arc<MeterFacts>>,
    pub(super) changed_chains: BTreeSet<usize>,
    /// Outdoor air of the building and its site.
    pub(super) outdoor: Vec<SeriesBuffer>,
    pub(super) is_outdoor_changed: bool,
    /// Running means of the outdoor temperature that were asked for lately, by the start of their day and
    /// whose air it is.
    pub(super) weather: BTreeMap<(Instant, Id), Figure>,
    pub(super) almanac: Almanac,
    pub(super) clock: Option<Instant>,
    /// Places whose next hour is due at an instant; an entry whose place has moved on counts for nothing.
    pub(super) timers: BTreeMap<Instant, Vec<usize>>,
    /// Places that late data has touched.
    pub(super) touched: BTreeSet<usize>,
    /// Meters have forgotten what lies before.
    pub(super) tidied_to: Option<Instant>,
    pub(super) has_ended: bool,
    /// Where the input ended, if it did: silence after it says nothing.
    pub(super) ended_at: Option<Instant>,
    /// Whether somebody has told that we listen: from then on every device counts, and its place is open.
    pub(super) has_begun: bool,
    /// When we listened.
    pub(super) listening: Listening,
    /// Only time inside counts; all of it but in `measure`.
    pub(super) clip: Span,
    /// Clock and listening at the last checkpoint.
    pub(super) saved_moment: Option<(Option<Instant>, Box<Listening>)>,
    /// Whether the end of the input ends the time that counts.
    pub(super) is_clipped: bool,
    /// The bodies that it delivers to, and what it has delivered since somebody last asked.
    pub(super) feeds: Vec<Feed>,
    pub(super) deliveries: Vec<Delivery>,
    /// What a corrected intensity that no clause asks for is taken with; only in `measure`.
    pub(super) usual: Option<(Energy, Correction)>,
}

/// What is still known of the time of a reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Age {
    /// All of it.
    Held,
    /// Alerts, meters, outdoor air and devices, but not the readings of gauges.
    Old,
    /// Nothing that a reading could change here.
    Gone,
}

/// In order, or late where it changes what has been judged.
pub(super) const fn taken(is_late: bool) -> Taken {
    if is_late { Taken::Late } else { Taken::InOrder }
}

impl Shard {
    /// Without places, devices and checks yet.
    pub(super) fn new(group: &Group, register: Arc<Register>, options: EngineOptions) -> Self {
        let root = group.roots.first().or_else(|| group.members.first());
        let root = root.cloned().unwrap_or_else(|| register.id.clone());
        Self {
            root,
            ways: Arc::default(),
            places: Vec::new(),
            index: QuickMap::default(),
            devices: Vec::new(),
            meters: Meters::default(),
            facts: BTreeMap::new(),
            changed_chains: BTreeSet::new(),
            outdoor: Vec::new(),
            is_outdoor_changed: false,
            weather: BTreeMap::new(),
            almanac: Almanac::new(Arc::clone(&register)),
            clock: None,
            timers: BTreeMap::new(),
            touched: BTreeSet::new(),
            tidied_to: None,
            has_ended: false,
            ended_at: None,
            has_begun: false,
            listening: Listening::default(),
            clip: Span::ALWAYS,
            saved_moment: None,
            is_clipped: false,
            feeds: Vec::new(),
            deliveries: Vec::new(),
            usual: None,
            options,
            register,
        }
    }

    pub(super) const fn clock(&self) -> Option<Instant> {
        self.clock
    }

    /// Takes a reading of a device of this shard.
    pub(super) fn observe(&mut self, reading: &Reading, device: usize, out: &mut Vec<Output>) -> Taken {
        match self.step_to(reading.time, out) {
            Age::Gone => Taken::TooLate,
            Age::Old => self.take_old(reading, device),
            Age::Held => taken(self.take(reading, device)),
        }
    }

    /// Takes a reading of outdoor air from a sensor of the site above.
    pub(super) fn observe_outdoor(
        &mut self,
        reading: &Reading,
        sensor: &Sensor,
        span: Span,
        out: &mut Vec<Output>,
    ) {
        if self.step_to(reading.time, out) != Age::Gone {
            self.take_outdoor(reading, sensor, span);
        }
    }

    /// Lets event time reach a reading that is newer than all others; says how old any other is.
    fn step_to(&mut self, at: Instant, out: &mut Vec<Output>) -> Age {
        match self.clock {
            Some(clock) if at <= clock => match clock.since(at) {
                age if age > self.options.horizon_ms => Age::Gone,
                age if age > self.options.held_ms() => Age::Old,
                _ => Age::Held,
            },
            _ => {
                self.run_timers(at, out);
                self.clock = Some(at);
                Age::Held
            }
        }
    }

    /// We have listened from `since` to `to`.
    pub(super) fn listen(&mut self, since: Instant, to: Instant) {
        // What came before the first word was not listened to, unless readings alone say so.
        let before = if self.options.listening_is_told { Some(Instant::MIN) } else { self.clock };
        self.listening.note(since, to, before);
    }

    /// Lets event time reach `to`; what is due before it happens.
    pub(super) fn advance(&mut self, to: Instant, out: &mut Vec<Output>) {
        if self.clock.is_none_or(|clock| to > clock) {
            self.run_timers(to, out);
            self.clock = Some(to);
        }
    }

    /// Judges again what late data touched, then fires every timer due before `until`.
    fn run_timers(&mut self, until: Instant, out: &mut Vec<Output>) {
        if let Some(clock) = self.clock.filter(|_| !self.touched.is_empty()) {
            // Places that late data has opened catch up first: those above are mended from them.
            self.fire_before(clock, out);
            self.mend(clock, out);
        }
        self.fire_before(until, out);
    }

    fn fire_before(&mut self, until: Instant, out: &mut Vec<Output>) {
        while let Some(entry) = self.timers.first_entry() {
            if *entry.key() >= until {
                return;
            }
            let (due, mut places) = entry.remove_entry();
            places.sort_unstable();
            for place in places {
                // Another entry may have closed this hour already.
                if self.places.get(place).and_then(PlaceState::due) == Some(due) {
                    self.close_hour(place, self.clock.map_or(due, |clock| clock.max(due)), out);
                }
            }
        }
    }

    /// Sets the timer of a place's next hour.
    pub(super) fn set_timer(&mut self, place: usize) {
        if let Some(due) = self.places.get(place).and_then(PlaceState::due) {
            self.timers.entry(due).or_default().push(place);
        }
    }

    /// Where the input of this shard ends: its newest reading plus that sensor's interval.
    pub(super) fn end_of_input(&self) -> Option<Instant> {
        let gauges = self.places.iter().flat_map(|p| &p.kept.buffers);
        let gauges = gauges.filter_map(|b| b.newest().map(|(at, _)| at.plus_ms(b.about.interval_ms)));
        let meters = self.meters.chains.iter().filter_map(|chain| {
            let (at, _) = chain.newest()?;
            let is_interval = chain.series.quantity.nature() == Nature::Interval;
            let meter = self.facts.get(&chain.series.sensor).and_then(|facts| facts.at(at));
            let stands = meter.filter(|_| is_interval).map_or(0, |meter| millis(meter.interval_s));
            Some(at.plus_ms(stands))
        });
        gauges.chain(meters).chain(self.last_heard()).max()
    }

    /// Ends the input at `end`.
    pub(super) fn finish(&mut self, end: Instant, out: &mut Vec<Output>) {
        self.has_ended = true;
        self.ended_at = Some(end);
        if self.is_clipped {
            self.clip.to = self.clip.to.min(end);
        }
        self.cut_last_readings();
        self.cut_outdoors();
        if let Some(clock) = self.clock {
            self.fire_before(clock, out);
            self.mend(clock, out);
        }
        while let Some((due, mut places)) = self.timers.pop_first() {
            places.sort_unstable();
            for place in places {
                let Some(state) = self.places.get(place) else { continue };
                let has_begun = state.kept.next_hour.is_some_and(|hour| hour.from < end);
                if has_begun && state.due() == Some(due) {
                    self.close_hour(place, due, out);
                }
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
}
