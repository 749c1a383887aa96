//! Marks that the quality stage puts on a reading.

use serde::{Deserialize, Serialize};

use crate::TimeFrom;

/// A set of quality marks of one reading; a bit each, stored as an integer field of the series.
///
/// The two highest bits are no marks: they say whose clock the reading's time is from, and stay in our own files.
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
    /// Out of order: older than the newest of its series: used, marked.
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
    /// Kept by the broker and told again when we subscribed: used at the time that it states, marked.
    pub const RETAINED: Self = Self(1 << 11);
    /// A counter fell: it was reset or replaced: a new base, marked.
    pub const COUNTER_RESET: Self = Self(1 << 12);
    /// A counter fell from near its end, as the register says that it does: used, marked.
    pub const ROLLOVER: Self = Self(1 << 13);

    /// Every mark with its name, in the order of their bits.
    pub const NAMES: [(Self, &'static str); 14] = [
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
        (Self::RETAINED, "retained"),
        (Self::COUNTER_RESET, "counter_reset"),
        (Self::ROLLOVER, "rollover"),
    ];
    /// Where the two bits stand that say whose clock the time is from.
    const CLOCK_SHIFT: u32 = 14;

    /// The marks alone.
    #[must_use]
    pub const fn marks(self) -> Self {
        Self(self.0 & ((1 << Self::CLOCK_SHIFT) - 1))
    }

    /// The same marks, of a reading whose time is from this clock.
    #[must_use]
    pub const fn timed_by(self, clock: TimeFrom) -> Self {
        let number: u16 = match clock {
            TimeFrom::Device => 1,
            TimeFrom::Gateway => 2,
            TimeFrom::Arrival => 3,
        };
        Self(self.marks().0 | number << Self::CLOCK_SHIFT)
    }

    /// Whose clock the reading's time is from; `None` for readings of files and of releases before 0.2.
    #[must_use]
    pub const fn time_from(self) -> Option<TimeFrom> {
        match self.0 >> Self::CLOCK_SHIFT {
            1 => Some(TimeFrom::Device),
            2 => Some(TimeFrom::Gateway),
            3 => Some(TimeFrom::Arrival),
            _ => None,
        }
    }

    /// Both sets together.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The same without the marks of `other`.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Whether every mark of `other` is set.
    #[must_use]
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether no mark is set.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.marks().0 == 0
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whose_clock_it_was_is_no_mark_and_every_mark_has_a_bit_below_it() {
        let late = Flags::LATE;
        for clock in TimeFrom::ALL {
            let timed = late.timed_by(clock);
            assert_eq!((timed.time_from(), timed.marks()), (Some(clock), late));
            assert_eq!(
                timed.timed_by(TimeFrom::Device).time_from(),
                Some(TimeFrom::Device),
                "the last word holds"
            );
            assert!(Flags::NONE.timed_by(clock).is_empty());
            assert!(Flags::NONE.timed_by(clock).is_usable());
        }
        assert_eq!(late.time_from(), None);
        let all = Flags::NAMES.iter().fold(Flags::NONE, |all, (flag, _)| all.with(*flag));
        assert_eq!(all, all.marks());
        assert_eq!(all.names().count(), Flags::NAMES.len());
    }
}
