//! What goes in and what comes out.

use model::{Flags, Id, Instant, Quantity};

/// Most readings that one message may bring: a week of six quantities every five minutes, with room.
pub const MAX_READINGS: usize = 20_000;

/// A message as the broker delivered it.
#[derive(Debug, Clone, Copy)]
pub struct Message<'a> {
    /// Topic it was published on.
    pub topic: &'a str,
    /// Its bytes, whatever they are.
    pub payload: &'a [u8],
    /// Whether the broker kept it: an old value replayed, not news.
    pub retained: bool,
    /// When it reached us; the reference for relative times. `None` in a recording without it.
    pub received_at: Option<Instant>,
}

/// What a message said.
#[derive(Debug, Clone, PartialEq)]
pub enum Decoded {
    /// At least one reading.
    Readings(Vec<RawReading>),
    /// Understood, but no reading, with the reason: `join`, `status`, `birth`, `config`, `no_route` ...
    Ignored(&'static str),
}

/// One value as the message gave it, in the canonical unit, before the quality stage.
#[derive(Debug, Clone, PartialEq)]
pub struct RawReading {
    /// Who published it, by the id on the wire.
    pub sensor: Id,
    /// What was observed.
    pub quantity: Quantity,
    /// Which of several alike: a number or a phase for values of the same kind.
    ///
    /// On a temperature the channels `soil`, `probe`, `flow`, `return`, `water`, `surface`, `server` and those that begin
    /// with `other-` are not the room's air, and on a CO2 `equivalent` is computed from other gases: neither may be judged as the room's.
    pub channel: Option<Id>,
    /// The value in [`Quantity::unit`]; always finite.
    pub value: f64,
    /// When it was observed, if the message says so.
    pub time: Option<Instant>,
    /// Marks that the message itself warrants (sentinel, estimated).
    pub flags: Flags,
}

impl Decoded {
    /// Readings, or `Ignored` with `reason` when there are none.
    pub(crate) fn readings_or(readings: Vec<RawReading>, reason: &'static str) -> Self {
        if readings.is_empty() { Self::Ignored(reason) } else { Self::Readings(readings) }
    }
}
