//! Use over some time, told apart by the length of the steps it was read in.

use model::Period;
use serde::{Deserialize, Serialize};

use crate::{ledger::Merge, partial::wide};

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;
/// Longest step, ms, that a day (with a clock change), a week and a month can use.
const LONGEST_MS: [i64; 3] = [DAY_MS + HOUR_MS, 7 * DAY_MS + HOUR_MS, 31 * DAY_MS + HOUR_MS];

/// Which part of the day an hour belongs to (the night ratio compares the first two).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Part {
    /// 21:00 to 05:00 of the local clock.
    Night,
    /// 08:00 to 18:00.
    Day,
    /// The rest.
    Edge,
}

impl Part {
    /// The part in which an hour of the local clock (0 to 23) lies.
    pub(crate) const fn of_clock(hour: i8) -> Self {
        match hour {
            21.. | ..=4 => Self::Night,
            8..=17 => Self::Day,
            _ => Self::Edge,
        }
    }
}

/// Length of a step: up to an hour (by the part of the day it falls in), day, week, month, or longer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Grain(u8);

impl Grain {
    /// The grain of a step of this length in an hour of this part of the day.
    pub(crate) fn of(step_ms: i64, part: Part) -> Self {
        if step_ms <= HOUR_MS {
            return Self::within(part);
        }
        let longer = LONGEST_MS.iter().take_while(|most| step_ms > **most).count();
        Self(3 + u8::try_from(longer).unwrap_or(3))
    }

    const fn within(part: Part) -> Self {
        match part {
            Part::Night => Self(0),
            Part::Day => Self(1),
            Part::Edge => Self(2),
        }
    }

    /// Whether a figure of this period can use steps of this grain.
    const fn fits(self, period: Period) -> bool {
        match period {
            Period::Hour => self.0 <= 2,
            Period::Day => self.0 <= 3,
            Period::Week => self.0 <= 4,
            Period::Month => self.0 <= 5,
            Period::Year | Period::All | Period::Register => true,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Piece {
    grain: Grain,
    /// Micro-units of the carrier's quantity.
    #[serde(with = "wide")]
    amount: i128,
    /// Observed time, ms.
    observed: i64,
}

/// Use over some time. Amounts are micro-units, time is ms.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Use(Vec<Piece>);

impl Use {
    /// Adds an amount and observed time; both may be negative, to take back what was added.
    pub(crate) fn add(&mut self, grain: Grain, amount: i128, observed: i64) {
        match self.0.binary_search_by_key(&grain, |p| p.grain) {
            Ok(index) => {
                let Some(held) = self.0.get_mut(index) else { return };
                held.amount += amount;
                held.observed += observed;
                if held.amount == 0 && held.observed == 0 {
                    self.0.remove(index);
                }
            }
            Err(index) if amount != 0 || observed != 0 => {
                self.0.insert(index, Piece { grain, amount, observed });
            }
            Err(_) => {}
        }
    }

    /// Amount and observed time as far as steps are no longer than the period.
    pub(crate) fn within(&self, period: Period) -> (i128, i64) {
        self.sum(|grain| grain.fits(period))
    }

    /// Amount and observed time of steps of at most an hour in one part of the day.
    pub(crate) fn part(&self, part: Part) -> (i128, i64) {
        self.sum(|grain| grain == Grain::within(part))
    }

    fn sum(&self, counts: impl Fn(Grain) -> bool) -> (i128, i64) {
        let pieces = self.0.iter().filter(|p| counts(p.grain));
        pieces.fold((0, 0), |(amount, observed), p| (amount + p.amount, observed + p.observed))
    }
}

impl Merge for Use {
    type Held = Self;
    fn merge(&mut self, other: &Self) {
        for piece in &other.0 {
            self.add(piece.grain, piece.amount, piece.observed);
        }
    }
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_longer_than_the_period_is_not_used_for_it() {
        let mut used = Use::default();
        used.add(Grain::of(HOUR_MS, Part::Day), 5, 10);
        used.add(Grain::of(HOUR_MS + 1, Part::Day), 7, 20);
        used.add(Grain::of(40 * DAY_MS, Part::Night), 11, 30);
        assert_eq!(used.within(Period::Hour), (5, 10));
        assert_eq!(used.within(Period::Day), (12, 30));
        assert_eq!(used.within(Period::Month), (12, 30));
        assert_eq!(used.within(Period::Year), (23, 60));
        assert_eq!((used.part(Part::Day), used.part(Part::Night)), ((5, 10), (0, 0)));
    }

    #[test]
    fn taking_back_what_was_added_leaves_nothing() {
        let mut used = Use::default();
        used.add(Grain::of(1, Part::Edge), 5, 10);
        used.add(Grain::of(1, Part::Edge), -5, -10);
        assert!(Merge::is_empty(&used));
    }

    #[test]
    fn nothing_added_leaves_nothing_and_either_an_amount_or_a_time_is_something() {
        for (amount, observed) in [(0, 0), (5, 0), (0, 10)] {
            let mut used = Use::default();
            used.add(Grain::of(1, Part::Edge), amount, observed);
            assert_eq!(used.within(Period::Hour), (amount, observed));
            assert_eq!(Merge::is_empty(&used), (amount, observed) == (0, 0));
        }
    }
}
