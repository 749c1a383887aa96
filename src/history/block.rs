//! The raw readings of one series in one hour, or one day, as a compressed block.

use super::column;
use crate::varint::{Cursor, put_i64, put_len, put_u64};

const VERSION: u8 = 1;
const REGULAR: u8 = 0;
const STEPS: u8 = 1;

/// One reading inside its series.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Point {
    /// Milliseconds since the epoch.
    pub(crate) at: i64,
    /// The value in the canonical unit.
    pub(crate) value: f64,
    /// Quality marks.
    pub(crate) flags: u16,
}

impl Point {
    /// Whether nothing of it differs, to the bit.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.at == other.at && self.value.to_bits() == other.value.to_bits() && self.flags == other.flags
    }
}

/// Brings points into time order; of several at one instant the last one given stays.
pub(super) fn settle(points: &mut Vec<Point>) {
    points.sort_by_key(|point| point.at); // stable: those of one instant keep their order
    points.reverse();
    points.dedup_by_key(|point| point.at); // keeps the first of a run, which is the last given
    points.reverse();
}

/// Encodes points in time order; `from` is the start of their hour.
pub(crate) fn encode(points: &[Point], from: i64) -> Vec<u8> {
    let mut out = vec![VERSION];
    put_len(&mut out, points.len());
    put_times(&mut out, points, from);
    let values: Vec<f64> = points.iter().map(|point| point.value).collect();
    column::put_floats(&mut out, &values);
    let flags: Vec<u16> = points.iter().map(|point| point.flags).collect();
    column::put_runs(&mut out, &flags);
    out
}

/// Times as steps of their common divisor; of a regular series only start and step.
fn put_times(out: &mut Vec<u8>, points: &[Point], from: i64) {
    let first = points.first().map_or(0, |point| point.at - from);
    let steps: Vec<u64> = points.array_windows().map(|[a, b]| b.at.abs_diff(a.at)).collect();
    let unit = steps.iter().copied().fold(0, column::divisor);
    let is_regular = steps.iter().all(|step| *step == unit);
    out.push(if is_regular { REGULAR } else { STEPS });
    put_i64(out, first);
    put_u64(out, unit);
    if !is_regular {
        for step in steps {
            put_u64(out, step / unit.max(1));
        }
    }
}

/// Decodes a block; `None` when the bytes are no block of ours.
pub(crate) fn decode(bytes: &[u8], from: i64) -> Option<Vec<Point>> {
    let mut cursor = Cursor(bytes);
    if cursor.byte()? != VERSION {
        return None;
    }
    let count = cursor.len()?;
    if count > MOST_POINTS {
        return None;
    }
    let times = times(&mut cursor, count, from)?;
    let values = column::floats(&mut cursor, count)?;
    let flags = column::runs(&mut cursor, count)?;
    let points = times.into_iter().zip(values).zip(flags);
    Some(points.map(|((at, value), flags)| Point { at, value, flags }).collect())
}

/// One point a millisecond is the most that a day can hold.
const MOST_POINTS: usize = 86_400_000;

fn times(cursor: &mut Cursor<'_>, count: usize, from: i64) -> Option<Vec<i64>> {
    let is_regular = cursor.byte()? == REGULAR;
    let first = from.checked_add(cursor.i64()?)?;
    let unit = i64::try_from(cursor.u64()?).ok()?;
    let (mut times, mut at) = (Vec::new(), first);
    for n in 0..count {
        if n > 0 {
            let steps = if is_regular { 1 } else { i64::try_from(cursor.u64()?).ok()? };
            at = at.checked_add(steps.checked_mul(unit)?)?;
        }
        times.push(at);
    }
    Some(times)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_points() -> impl Strategy<Value = Vec<Point>> {
        let point = (0..3_600_000_i64, prop::num::f64::NORMAL, 0..4_u16);
        prop::collection::vec(point, 0..100).prop_map(|rows| {
            let mut points: Vec<Point> = rows
                .into_iter()
                .map(|(at, value, flags)| Point { at: at + 7_200_000, value, flags })
                .collect();
            settle(&mut points);
            points
        })
    }

    proptest! {
        #[test]
        fn points_come_back_as_they_were(points in any_points()) {
            let back = decode(&encode(&points, 7_200_000), 7_200_000).unwrap();
            prop_assert!(back.len() == points.len() && back.iter().zip(&points).all(|(a, b)| a.is_same(b)));
        }

        #[test]
        fn hostile_bytes_are_none_and_no_panic(mut body in prop::collection::vec(any::<u8>(), 1..60)) {
            body[0] = VERSION;
            drop(decode(&body, 0));
        }
    }

    #[test]
    fn of_one_instant_the_last_given_stays() {
        let point = |at, value| Point { at, value, flags: 0 };
        let mut points = vec![point(2, 1.0), point(1, 1.0), point(2, 2.0), point(1, 3.0), point(1, 4.0)];
        settle(&mut points);
        assert_eq!(points, [point(1, 4.0), point(2, 2.0)]);
    }

    #[test]
    fn an_hour_of_a_steady_sensor_takes_few_bytes() {
        let points: Vec<Point> = (0..60).map(|n| Point { at: n * 60_000, value: 21.5, flags: 0 }).collect();
        assert!(encode(&points, 0).len() < 24);
    }
}
