//! One place in the engine: its recent readings, partials and checks.

use std::collections::{BTreeMap, BTreeSet};

use model::{Calendar, Id, Instant, Period, Quantity, Span};
use serde::{Deserialize, Serialize};

use crate::{
    buffer::SeriesBuffer,
    check::{Check, Memory},
    ledger::Ledger,
    measure::{Basis, inputs::Inputs, room},
    partial::Partial,
};

/// A place, and what was seen there.
#[derive(Debug, Clone)]
pub(crate) struct PlaceState {
    pub(crate) id: Id,
    /// Rooms below, for a place that is not a room itself.
    pub(crate) rooms: Vec<usize>,
    /// Places above, nearest first.
    pub(crate) above: Vec<usize>,
    /// What hour partials are needed here, by its own checks or those of a place above.
    pub(crate) bases: BTreeSet<Basis>,
    pub(crate) checks: Vec<Check>,
    /// How long after an hour it is judged, ms.
    pub(crate) grace_ms: i64,
    /// What must survive a restart.
    pub(crate) kept: Kept,
    /// Whether `kept` or a check's memory changed since the last checkpoint.
    pub(crate) is_changed: bool,
}

/// The part of a place that a checkpoint holds.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(crate) struct Kept {
    pub(crate) buffers: Vec<SeriesBuffer>,
    pub(crate) ledgers: BTreeMap<Basis, Ledger<Partial>>,
    /// The hour that is closed next; `None` before the first reading.
    pub(crate) next_hour: Option<Span>,
    /// First hour ever judged here.
    pub(crate) opened: Option<Instant>,
    /// Hours already closed that late data has touched.
    pub(crate) dirty: BTreeSet<Instant>,
    /// Memories of checks that this catalogue does not have (kept for a catalogue that does).
    pub(crate) memories: BTreeMap<String, Memory>,
}

impl PlaceState {
    /// Whether anything here is to be judged.
    pub(crate) fn is_watched(&self) -> bool {
        !self.checks.is_empty() || !self.bases.is_empty()
    }

    /// Instant at which the next hour is due, if the place is open.
    pub(crate) fn due(&self) -> Option<Instant> {
        self.kept.next_hour.map(|hour| hour.to.plus_ms(self.grace_ms))
    }

    /// Hour partials of a room, from its own sensors.
    pub(crate) fn own_partials(
        &self,
        hour: Span,
        calendar: &Calendar,
        has_ended: bool,
    ) -> Vec<(Basis, Option<Partial>)> {
        let inputs = Inputs::new(hour, &self.kept.buffers, calendar, has_ended);
        self.bases.iter().map(|basis| (*basis, room::hour_partial(*basis, &inputs))).collect()
    }

    /// Whether a sensor bound here has ever sent this quantity.
    pub(crate) fn has(&self, quantity: Quantity) -> bool {
        self.kept.buffers.iter().any(|b| b.series.quantity == quantity)
    }

    /// Stores the partial of an hour.
    pub(crate) fn set_partial(&mut self, basis: Basis, hour: Instant, partial: Partial) {
        self.kept.ledgers.entry(basis).or_default().set(hour, partial);
    }

    /// Partials of a window by day; by the hour itself for an hour.
    pub(crate) fn partials(
        &self,
        basis: Basis,
        window: Span,
        calendar: &Calendar,
    ) -> Option<Vec<(Span, Partial)>> {
        let ledger = self.kept.ledgers.get(&basis)?;
        if window.millis() <= 3_600_000 {
            return Some(ledger.hour(window.from).map(|hour| (window, *hour)).into_iter().collect());
        }
        // A window need not begin on the hour: the hour that holds its start was clipped to it.
        let from = calendar.window(Period::Hour, window.from).from;
        Some(ledger.daily(Span::new(from, window.to), calendar))
    }
}
