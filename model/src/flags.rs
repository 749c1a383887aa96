//! Marks that the quality stage puts on a reading.

use serde::{Deserialize, Serialize};

/// A set of quality marks of one reading; a bit each, stored as an integer field of the series.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Flags(pub u16);

impl Flags {
    /// No mark.
    pub const NONE: Self = Self(0);
    /// Outside the physical range of its quantity: enters no measure.
    pub const RANGE: Self = Self(1);
    /// A vendor's stand-in for "no value": enters no measure.
    pub const SENTINEL: Self = Self(1 << 1);
    /// Stamped in the future: enters no measure.
    pub const FUTURE: Self = Self(1 << 2);
    /// The sensor repeats itself more than its class can: enters no measure.
    pub const STUCK: Self = Self(1 << 3);
    /// A jump that its neighbours do not share: used, marked.
    pub const SPIKE: Self = Self(1 << 4);
    /// Older than what had already been judged: used, marked.
    pub const LATE: Self = Self(1 << 5);
    /// The same reading again: used once, marked.
    pub const DUPLICATE: Self = Self(1 << 6);
    /// The sensor's time was unusable and the arrival time was taken: used, marked.
    pub const CLOCK: Self = Self(1 << 7);
    /// Older than the history reaches: stored, marked, judged by nothing.
    pub const TOO_LATE: Self = Self(1 << 8);
    /// An estimate by the device (an equivalent, not a measurement): used, marked.
    pub const ESTIMATED: Self = Self(1 << 9);
    /// From a file, after the fact (`normwatch backfill`): used, marked.
    pub const BACKFILL: Self = Self(1 << 10);

    const NAMES: [(Self, &'static str); 11] = [
        (Self::RANGE, "range"),
        (Self::SENTINEL, "sentinel"),
        (Self::FUTURE, "future"),
        (Self::STUCK, "stuck"),
        (Self::SPIKE, "spike"),
        (Self::LATE, "late"),
        (Self::DUPLICATE, "duplicate"),
        (Self::CLOCK, "clock"),
        (Self::TOO_LATE, "too_late"),
        (Self::ESTIMATED, "estimated"),
        (Self::BACKFILL, "backfill"),
    ];

    /// Both sets together.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether every mark of `other` is set.
    #[must_use]
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether no mark is set.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether the reading may enter a measure (design: range, sentinel, future and stuck may not).
    #[must_use]
    pub const fn is_usable(self) -> bool {
        let barred = Self::RANGE.0 | Self::SENTINEL.0 | Self::FUTURE.0 | Self::STUCK.0 | Self::TOO_LATE.0;
        self.0 & barred == 0
    }

    /// The names of the marks that are set.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        Self::NAMES.into_iter().filter(move |(flag, _)| self.has(*flag)).map(|(_, name)| name)
    }
}
