//! Partials: what 15 minutes of a series come to, mergeable and exact.
//!
//! Values are whole micro-units, so that sums do not depend on order.

use super::{block::Point, column};
use crate::varint::Cursor;

/// Milliseconds of one partial.
pub(super) const SLOT_MS: i64 = 900_000;
/// Partials of a day.
pub(super) const SLOTS: usize = 96;
const VERSION: u8 = 1;

/// Count, sum, extremes and ends of some readings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Partial {
    /// Readings, those that may enter a measure.
    pub count: u32,
    /// Their sum in micro-units.
    pub sum: i128,
    /// The least, micro-units.
    pub min: i64,
    /// The greatest, micro-units.
    pub max: i64,
    /// Time (ms since the epoch) and value (micro-units) of the first.
    pub first: (i64, i64),
    /// Time and value of the last.
    pub last: (i64, i64),
}

#[expect(clippy::cast_possible_truncation, reason = "`as` saturates; ranges of quantities end far below")]
pub(super) fn micro(value: f64) -> i64 {
    (value * 1e6).round() as i64
}

#[expect(clippy::cast_precision_loss, reason = "for charts")]
pub(super) fn value_of(micro: i64) -> f64 {
    micro as f64 / 1e6
}

impl Partial {
    pub(super) fn of(point: &Point) -> Self {
        let value = micro(point.value);
        let end = (point.at, value);
        Self { count: 1, sum: i128::from(value), min: value, max: value, first: end, last: end }
    }

    /// Both together, in whatever order.
    #[must_use]
    pub fn merge(self, other: Self) -> Self {
        Self {
            count: self.count.saturating_add(other.count),
            sum: self.sum + other.sum,
            min: self.min.min(other.min),
            max: self.max.max(other.max),
            first: self.first.min(other.first),
            last: self.last.max(other.last),
        }
    }

    /// The mean of the readings in the canonical unit, each counting the same.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "for charts")]
    pub fn mean(&self) -> f64 {
        self.sum as f64 / f64::from(self.count) / 1e6
    }
}

/// The partials of one day; `None` where there is no usable reading.
pub(super) type Day = [Option<Partial>; SLOTS];

/// The partials of usable points of one day, `from` being its start.
pub(super) fn of_points(points: &[Point], from: i64) -> Day {
    let mut day: Day = [None; SLOTS];
    for point in points.iter().filter(|point| model::Flags(point.flags).is_usable()) {
        let slot = usize::try_from((point.at - from).div_euclid(SLOT_MS)).ok();
        if let Some(place) = slot.and_then(|slot| day.get_mut(slot)) {
            let one = Partial::of(point);
            *place = Some(place.map_or(one, |sum| sum.merge(one)));
        }
    }
    day
}

/// Encodes a day; columns of like numbers compress well.
pub(super) fn encode(day: &Day, from: i64) -> Vec<u8> {
    let mut out = vec![VERSION];
    let mut present = [0_u8; SLOTS / 8];
    let mut columns: [Vec<i64>; 9] = Default::default();
    for (slot, partial) in (0..).zip(day) {
        let Some(partial) = partial else { continue };
        if let Some(byte) = present.get_mut(slot / 8) {
            *byte |= 1 << (slot % 8);
        }
        let numbers = numbers(partial, slot_start(from, slot));
        for (column, number) in columns.iter_mut().zip(numbers) {
            column.push(number);
        }
    }
    out.extend_from_slice(&present);
    for column in &columns {
        column::put_integers(&mut out, column);
    }
    out
}

fn slot_start(from: i64, slot: usize) -> i64 {
    from + i64::try_from(slot).unwrap_or(0) * SLOT_MS
}

/// A partial as numbers near each other: mean and rest instead of the sum, distances instead of extremes.
fn numbers(partial: &Partial, start: i64) -> [i64; 9] {
    let count = i128::from(partial.count.max(1));
    let mean = i64::try_from(partial.sum.div_euclid(count)).unwrap_or(0);
    let rest = i64::try_from(partial.sum.rem_euclid(count)).unwrap_or(0);
    [
        i64::from(partial.count),
        mean,
        rest,
        mean.wrapping_sub(partial.min),
        partial.max.wrapping_sub(mean),
        partial.first.0 - start,
        partial.first.1.wrapping_sub(mean),
        partial.last.0 - start,
        partial.last.1.wrapping_sub(mean),
    ]
}

fn partial(numbers: [i64; 9], start: i64) -> Option<Partial> {
    let [count, mean, rest, below, above, first_at, first, last_at, last] = numbers;
    Some(Partial {
        count: u32::try_from(count).ok()?,
        sum: i128::from(mean) * i128::from(count) + i128::from(rest),
        min: mean.wrapping_sub(below),
        max: mean.wrapping_add(above),
        first: (start.checked_add(first_at)?, mean.wrapping_add(first)),
        last: (start.checked_add(last_at)?, mean.wrapping_add(last)),
    })
}

/// Decodes a day; `None` when the bytes are no day of ours.
pub(super) fn decode(bytes: &[u8], from: i64) -> Option<Day> {
    let mut cursor = Cursor(bytes);
    if cursor.byte()? != VERSION {
        return None;
    }
    let present = cursor.take(SLOTS / 8)?;
    let is_there = |slot: usize| present.get(slot / 8).is_some_and(|byte| byte >> (slot % 8) & 1 == 1);
    let count = (0..SLOTS).filter(|slot| is_there(*slot)).count();
    let mut columns: [std::vec::IntoIter<i64>; 9] = Default::default();
    for column in &mut columns {
        *column = column::integers(&mut cursor, count)?.into_iter();
    }
    let mut day: Day = [None; SLOTS];
    for (slot, place) in (0..).zip(&mut day) {
        if is_there(slot) {
            let mut numbers = [0; 9];
            for (number, column) in numbers.iter_mut().zip(&mut columns) {
                *number = column.next()?;
            }
            *place = Some(partial(numbers, slot_start(from, slot))?);
        }
    }
    Some(day)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_points() -> impl Strategy<Value = Vec<Point>> {
        let point = (0..86_400_000_i64, -1e12..1e12_f64, 0..20_u16);
        prop::collection::vec(point, 0..200)
            .prop_map(|rows| rows.into_iter().map(|(at, value, flags)| Point { at, value, flags }).collect())
    }

    proptest! {
        #[test]
        fn a_day_comes_back_as_it_was(points in any_points()) {
            let day = of_points(&points, 0);
            prop_assert_eq!(decode(&encode(&day, 0), 0), Some(day));
        }

        #[test]
        fn merging_parts_gives_the_whole_in_any_order(points in any_points(), cut in any::<prop::sample::Index>()) {
            let usable: Vec<Partial> = points.iter().map(Partial::of).collect();
            let whole = usable.iter().copied().reduce(Partial::merge);
            let (a, b) = usable.split_at(if usable.is_empty() { 0 } else { cut.index(usable.len()) });
            let parts = [b.iter().copied().rev().reduce(Partial::merge), a.iter().copied().reduce(Partial::merge)];
            prop_assert_eq!(parts.into_iter().flatten().reduce(Partial::merge), whole);
        }

        #[test]
        fn hostile_bytes_are_none_and_no_panic(mut body in prop::collection::vec(any::<u8>(), 1..80)) {
            body[0] = VERSION;
            prop_assert!(decode(&body, 0).is_none_or(|day| day.len() == SLOTS));
        }
    }

    #[test]
    fn a_barred_reading_enters_no_partial() {
        let barred = Point { at: 1, value: 9e9, flags: model::Flags::RANGE.0 };
        let good = Point { at: 2, value: 20.5, flags: 0 };
        let day = of_points(&[barred, good], 0);
        assert_eq!(day[0].map(|p| (p.count, p.max)), Some((1, 20_500_000)));
    }
}
