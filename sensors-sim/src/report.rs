//! What a device tells at one time, before it is written in a wire format.

use model::{Id, Instant, Quantity};

/// What a report is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ReportKind {
    /// Readings.
    Up,
    /// A network's word about battery and link: no reading of the room.
    Status,
    /// The device has joined the network.
    Join,
}

/// One message to be.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Report {
    /// When it reaches the broker.
    pub(crate) arrival: Instant,
    /// When it was observed.
    pub(crate) time: Instant,
    /// When the device says that it was observed.
    pub(crate) stamp: Instant,
    /// Index of the device.
    pub(crate) device: usize,
    /// Count of the device's messages, up to a constant.
    pub(crate) serial: i64,
    /// 1 for the second copy of a message.
    pub(crate) copy: u8,
    /// What it is.
    pub(crate) kind: ReportKind,
    /// Values in canonical units; registers of meters raw, before the multiplier.
    pub(crate) values: Vec<(Quantity, f64)>,
}

/// Milliseconds as days.
pub(crate) fn days(ms: i64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "spans of years fit in 53 bits")]
    let ms = ms as f64;
    ms / 86_400_000.0
}

/// Milliseconds as hours.
pub(crate) fn hours(ms: i64) -> f64 {
    days(ms) * 24.0
}

/// One reading.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// When it was observed.
    pub time: Instant,
    /// Who observed it.
    pub sensor: Id,
    /// What was observed.
    pub quantity: Quantity,
    /// The value in the quantity's canonical unit.
    pub value: f64,
}
