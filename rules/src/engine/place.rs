//! One place in the engine: its recent readings, partials and checks.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use model::{Calendar, Id, Instant, Period, Quantity, Span};
use serde::{Deserialize, Serialize};

use super::devices::DeviceLog;
use crate::{
    Gate,
    buffer::{DOORS, OCCUPANCY, SeriesBuffer},
    check::{Check, Memory},
    compact,
    ledger::Ledger,
    measure::Basis,
    partial::Partial,
    rare::Rare,
    steps::Micro,
};

/// A place, and what was seen there.
#[derive(Debug, Clone)]
pub(crate) struct PlaceState {
    pub(crate) id: Id,
    /// Rooms below and when they were, for a place that is not a room itself.
    pub(crate) rooms: Vec<(usize, Span)>,
    /// Places above at any time, nearest first.
    pub(crate) above: Vec<usize>,
    /// What hour partials are needed here and how long.
    pub(crate) bases: Arc<Needs>,
    pub(crate) checks: Vec<Check>,
    /// Meters that were ever bound here or below, with where.
    pub(crate) meters: Vec<(Id, Id)>,
    /// Numbers of the devices ever bound here.
    pub(crate) devices: Vec<u32>,
    /// Whether anything asks if they are heard.
    pub(crate) watches_devices: bool,
    /// Whether a check here asks at once for gauges and for what is remembered longer than they are: meters,
    /// devices.
    pub(crate) joins_sources: bool,
    /// Quantities that anything here is taken from, a bit each.
    wanted: u64,
    /// How long after an hour it is judged, ms.
    pub(crate) grace_ms: i64,
    /// Whether a limit here moves with outdoor air.
    pub(crate) asks_outdoors: bool,
    /// Whether a limit here moves with the outdoor temperature of the days before.
    pub(crate) asks_weather: bool,
    /// Whether the building tells bodies from here when a window has ended.
    pub(crate) feeds_bodies: bool,
    /// Whether a check here asks in which hours of a year people were there.
    pub(crate) wants_presence: bool,
    /// What must survive a restart.
    pub(crate) kept: Kept,
    /// Whether `kept` or a check's memory changed since the last checkpoint.
    pub(crate) is_changed: bool,
}

/// What hour partials a place needs; places that need the same share the table.
pub(crate) type Needs = BTreeMap<Basis, Need>;

/// For how long the partials of a basis are needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Need {
    /// The longest period that a figure is taken over.
    pub(crate) longest: Period,
    /// Whether places above build theirs from it.
    pub(crate) is_shared: bool,
}

impl Need {
    /// How long days are kept after they can no longer change, ms: two windows of the longest period.
    pub(crate) const fn keep_ms(self) -> i64 {
        const DAY_MS: i64 = 86_400_000;
        match self.longest {
            Period::Hour => 0,
            Period::Day => 2 * DAY_MS,
            Period::Week => 16 * DAY_MS,
            Period::Month => 64 * DAY_MS,
            Period::Year => 740 * DAY_MS,
            Period::All | Period::Register => i64::MAX,
        }
    }
}

/// The quantities that a basis is taken from.
fn quantities(basis: Basis) -> Vec<Quantity> {
    if matches!(basis, Basis::Regularity(..)) {
        // Meters and outdoor air are kept elsewhere.
        return Vec::new();
    }
    let people = || OCCUPANCY.iter().chain(DOORS.iter().flatten()).copied();
    let (Basis::Gauge(quantity, gate) | Basis::Outside(quantity, gate, _)) = basis else {
        return people().collect();
    };
    match gate {
        None | Some(Gate::Working) => vec![quantity],
        Some(Gate::Occupied) => people().chain([quantity]).collect(),
        Some(Gate::Cooling) => vec![quantity, Quantity::CoolingOn],
        Some(Gate::Heating) => vec![quantity, Quantity::HeatingOn],
    }
}

/// The closed list has fewer than 64 members.
const fn bit(quantity: Quantity) -> u64 {
    1 << (quantity as u32 % 64)
}

/// The part of a place that a checkpoint holds.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(crate) struct Kept {
    pub(crate) buffers: Vec<SeriesBuffer>,
    pub(crate) ledgers: Vec<(Basis, Ledger<Partial>)>,
    /// Mean people of the hours that were observed well enough, in millionths, by the hour's start.
    #[serde(with = "compact::map")]
    pub(crate) presence: BTreeMap<Instant, Micro>,
    /// The hour that is closed next; `None` before the first reading.
    pub(crate) next_hour: Option<Span>,
    /// First hour ever judged here.
    pub(crate) opened: Option<Instant>,
    /// Hours already closed whose partials late data has touched.
    pub(crate) dirty: Rare<BTreeSet<Instant>>,
    /// Closed time in which a meter's use has changed.
    pub(crate) touched_use: Option<Span>,
    /// Memories of checks that this catalogue does not have (kept for a catalogue that does).
    pub(crate) memories: Rare<BTreeMap<String, Memory>>,
    /// When devices were heard; filled only to be written (absent in files of 0.1).
    #[serde(default)]
    pub(crate) heard: Rare<Vec<DeviceLog>>,
}

impl PlaceState {
    pub(crate) fn new(id: &Id) -> Self {
        Self {
            id: id.clone(),
            rooms: Vec::new(),
            above: Vec::new(),
            bases: Arc::default(),
            checks: Vec::new(),
            meters: Vec::new(),
            devices: Vec::new(),
            watches_devices: false,
            joins_sources: false,
            wanted: 0,
            grace_ms: 0,
            asks_outdoors: false,
            asks_weather: false,
            feeds_bodies: false,
            wants_presence: false,
            kept: Kept::default(),
            is_changed: false,
        }
    }

    /// The same place as the register has it, with nothing seen and nothing to judge; it still knows since
    /// when there is which sensor.
    pub(crate) fn hollow(&self) -> Self {
        let mut place = Self::new(&self.id);
        place.rooms.clone_from(&self.rooms);
        place.above.clone_from(&self.above);
        place.bases = Arc::clone(&self.bases);
        place.meters.clone_from(&self.meters);
        place.wanted = self.wanted;
        place.grace_ms = self.grace_ms;
        place.asks_outdoors = self.asks_outdoors;
        place.feeds_bodies = self.feeds_bodies;
        place.wants_presence = self.wants_presence;
        place.kept.buffers = self.kept.buffers.iter().map(SeriesBuffer::hollow).collect();
        place
    }

    /// Takes the partials of a day from a copy of this place; `closed` is the part of it that has been judged.
    pub(crate) fn adopt_day(&mut self, found: &Self, day: Span, closed: Span) {
        for basis in self.bases.keys() {
            let nothing = Ledger::default();
            let found = found.ledger(*basis).unwrap_or(&nothing);
            match self.kept.ledgers.binary_search_by_key(basis, |(held, _)| *held) {
                Ok(index) => {
                    if let Some((_, ledger)) = self.kept.ledgers.get_mut(index) {
                        ledger.adopt_day(found, day, closed);
                    }
                }
                Err(index) => {
                    let mut ledger = Ledger::default();
                    ledger.adopt_day(found, day, closed);
                    self.kept.ledgers.insert(index, (*basis, ledger));
                }
            }
        }
        if self.wants_presence {
            let hours = closed.from..closed.to;
            self.kept.presence.retain(|hour, _| !hours.contains(hour));
            self.kept.presence.extend(found.kept.presence.range(hours).map(|(hour, mean)| (*hour, *mean)));
        }
        self.is_changed = true;
    }

    /// Whether anything here is to be judged.
    pub(crate) fn is_watched(&self) -> bool {
        !self.checks.is_empty() || !self.bases.is_empty() || self.watches_devices || self.feeds_bodies
    }

    /// Makes the place keep partials for figures of a period.
    pub(crate) fn need(&mut self, basis: Basis, need: Need) {
        let held = Arc::make_mut(&mut self.bases).entry(basis).or_insert(need);
        held.longest = held.longest.max(need.longest);
        held.is_shared |= need.is_shared;
        for quantity in quantities(basis) {
            self.wanted |= bit(quantity);
        }
    }

    /// Whether any basis here is taken from a quantity.
    pub(crate) const fn wants(&self, quantity: Quantity) -> bool {
        self.wanted & bit(quantity) != 0
    }

    /// Whether a figure here joins meters with who was there, hour by hour.
    pub(crate) fn joins_meters(&self) -> bool {
        self.joins_sources || self.bases.contains_key(&Basis::WhileEmpty)
    }

    /// Whether late data of meters changes hours here, and not windows alone.
    pub(crate) fn mends_hours_of_meters(&self) -> bool {
        self.joins_sources || self.bases.keys().any(|basis| basis.is_of_meters())
    }

    /// Instant at which the next hour is due, if the place is open.
    pub(crate) fn due(&self) -> Option<Instant> {
        self.kept.next_hour.map(|hour| hour.to.plus_ms(self.grace_ms))
    }

    /// Whether an hour that begins before an instant is still to be closed here.
    pub(crate) fn is_open_before(&self, at: Instant) -> bool {
        self.kept.next_hour.is_some_and(|hour| hour.from < at)
    }

    /// Whether a sensor bound here had sent this quantity before an instant.
    pub(crate) fn has(&self, quantity: Quantity, before: Instant) -> bool {
        self.kept.buffers.iter().any(|b| b.series.quantity == quantity && b.first < before)
    }

    /// The sensors bound here that had sent before an instant what a basis is taken from; one may come twice.
    pub(crate) fn sensors(&self, basis: Basis, before: Instant) -> impl Iterator<Item = &Id> {
        let of_people =
            |quantity: Quantity| OCCUPANCY.contains(&quantity) || DOORS.as_flattened().contains(&quantity);
        let is_asked = move |quantity: Quantity| match basis {
            Basis::Gauge(asked, gate) | Basis::Outside(asked, gate, _) => {
                quantity == asked
                    || match gate {
                        Some(Gate::Occupied) => of_people(quantity),
                        Some(Gate::Cooling) => quantity == Quantity::CoolingOn,
                        Some(Gate::Heating) => quantity == Quantity::HeatingOn,
                        None | Some(Gate::Working) => false,
                    }
            }
            Basis::Regularity(..) => false,
            _ => of_people(quantity),
        };
        let heard = self.kept.buffers.iter().filter(move |b| b.first < before && is_asked(b.series.quantity));
        heard.map(|buffer| &buffer.series.sensor)
    }

    /// Whether a sensor bound here had told before an instant if somebody is in.
    pub(crate) fn has_occupancy(&self, before: Instant) -> bool {
        OCCUPANCY.iter().any(|q| self.has(*q, before)) || self.has_doors(before)
    }

    fn has_doors(&self, before: Instant) -> bool {
        DOORS.iter().any(|pair| pair.iter().all(|q| self.has(*q, before)))
    }

    /// Whether its people are known only from counters at its doors.
    pub(crate) fn counts_at_doors(&self, before: Instant) -> bool {
        !self.has(Quantity::PeopleCount, before) && self.has_doors(before)
    }

    /// Whether a sensor for a gate had reported before an instant.
    pub(crate) fn has_gate(&self, gate: Gate, before: Instant) -> bool {
        match gate {
            Gate::Occupied => self.has_occupancy(before),
            Gate::Cooling => self.has(Quantity::CoolingOn, before),
            Gate::Heating => self.has(Quantity::HeatingOn, before),
            Gate::Working => true,
        }
    }

    /// The partials of a basis, if any hour ever had one.
    pub(crate) fn ledger(&self, basis: Basis) -> Option<&Ledger<Partial>> {
        self.kept.ledgers.iter().find(|(held, _)| *held == basis).map(|(_, ledger)| ledger)
    }

    /// The partial of an hour.
    pub(crate) fn hour(&self, basis: Basis, hour: Instant) -> Option<Partial> {
        self.ledger(basis)?.hour(hour)
    }

    /// Stores the partial of an hour, or takes it away.
    pub(crate) fn set_partial(&mut self, basis: Basis, hour: Instant, partial: Option<Partial>) {
        let index = self.kept.ledgers.iter().position(|(held, _)| *held == basis);
        match (index.and_then(|i| self.kept.ledgers.get_mut(i)), partial) {
            (Some((_, ledger)), partial) => ledger.set(hour, partial.unwrap_or_default()),
            (None, Some(partial)) => {
                let mut ledger = Ledger::default();
                ledger.set(hour, partial);
                self.kept.ledgers.reserve_exact(1);
                self.kept.ledgers.push((basis, ledger));
                self.kept.ledgers.sort_by_key(|(basis, _)| *basis);
            }
            (None, None) => {}
        }
    }

    /// Partials of a window by day; by the hour itself for an hour.
    pub(crate) fn partials(
        &self,
        basis: Basis,
        window: Span,
        calendar: &Calendar,
    ) -> Option<Vec<(Span, Partial)>> {
        let ledger = self.ledger(basis)?;
        // A window need not begin on the hour: the hour that holds its start was clipped to it.
        let from = calendar.window(Period::Hour, window.from).from;
        if window.to.since(from) <= 3_600_000 {
            return Some(ledger.hour(from).map(|hour| (window, hour)).into_iter().collect());
        }
        Some(ledger.daily(Span::new(from, window.to), calendar))
    }
}
