//! What the register says of one meter over time: its rows and what was declared to have happened.

use model::{
    Id, Instant, Register,
    register::{History, Meter, MeterEvent, MeterEventKind},
};

use crate::steps::{Micro, micro};

/// The rows of one meter, and its events in time order.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct MeterFacts {
    rows: History<Meter>,
    events: Vec<MeterEvent>,
}

impl MeterFacts {
    /// Collects what the register holds; `None` for a meter without rows.
    ///
    /// A row with another multiplier than the one before it counts as a change of the multiplier, of its own or as
    /// part of what was declared for the same instant: a new meter often comes with other transformers.
    pub(crate) fn new(register: &Register, id: &Id) -> Option<Self> {
        let rows = register.meters.get(id)?.clone();
        let mut events: Vec<MeterEvent> =
            register.meter_events.iter().filter(|e| e.sensor == *id).cloned().collect();
        let mut before: Option<f64> = None;
        for row in rows.rows() {
            let multiplier = row.value.multiplier;
            if before.is_some_and(|b| micro(b) != micro(multiplier)) {
                declare(&mut events, id, row.span.from, multiplier);
            }
            before = Some(multiplier);
        }
        events.sort_by_key(|e| e.time);
        rows.last()?;
        Some(Self { rows, events })
    }

    /// The row in force at an instant, else the newest.
    pub(crate) fn at(&self, at: Instant) -> Option<&Meter> {
        self.rows.at(at).or_else(|| self.rows.last())
    }

    /// The row in force at an instant.
    pub(crate) fn row(&self, at: Instant) -> Option<&Meter> {
        self.rows.at(at)
    }

    /// All rows in time order.
    pub(crate) fn rows(&self) -> impl Iterator<Item = &Meter> {
        self.rows.rows().map(|row| &row.value)
    }

    /// When its rows begin and end.
    pub(crate) fn borders(&self) -> impl Iterator<Item = Instant> {
        self.rows.rows().flat_map(|row| [row.span.from, row.span.to])
    }

    /// What was declared in `[from, to]`.
    pub(crate) fn over(&self, from: Instant, to: Instant) -> impl Iterator<Item = &MeterEvent> {
        self.events.iter().filter(move |e| e.time >= from && e.time <= to)
    }

    /// The factor from register units to real ones at an instant, in millionths.
    pub(crate) fn multiplier(&self, at: Instant) -> Micro {
        let declared = self.events.iter().filter(|e| e.time <= at).filter_map(|e| e.multiplier).next_back();
        let first = || self.rows.rows().next().map_or(1.0, |row| row.value.multiplier);
        micro(declared.unwrap_or_else(first))
    }
}

/// Takes up that a row has another multiplier from `time` on, unless an event of that instant says which.
fn declare(events: &mut Vec<MeterEvent>, id: &Id, time: Instant, multiplier: f64) {
    if events.iter().any(|e| e.time == time && e.multiplier.is_some()) {
        return;
    }
    let multiplier = Some(multiplier);
    match events.iter_mut().rfind(|e| e.time == time) {
        Some(event) => event.multiplier = multiplier,
        None => events.push(MeterEvent {
            sensor: id.clone(),
            time,
            kind: MeterEventKind::Multiplier,
            old_reading: None,
            new_reading: None,
            multiplier,
        }),
    }
}
