//! Readings that are only kept in case late data comes: about two bytes each instead of sixteen.
//!
//! Sensors send at even intervals and in coarse steps, so what is stored is the change of the
//! interval and the change of the value with its trailing zeros cut off.

use model::Instant;

use crate::steps::Micro;

/// Readings in time order, packed. They can be added at the end and read from the start.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Packed {
    bytes: Vec<u8>,
    count: u32,
    last_ms: i64,
    last_value: Micro,
    step_ms: i64,
}

/// Set in the head when the interval has changed.
const NEW_STEP: u8 = 0x80;
/// A reading mostly takes fewer bytes.
const ROOM: usize = 16;
/// Set in the head when more bytes of the value follow.
const MORE: u8 = 0x08;

impl Packed {
    /// Adds a reading later than all others.
    pub(crate) fn push(&mut self, (at, value): (Instant, Micro)) {
        let step = at.millis().wrapping_sub(self.last_ms);
        let (change, zeros) = strip(value.wrapping_sub(self.last_value));
        let folded = fold(change);
        let rest = folded >> 3;
        let mut head = (zeros << 4) | u8::try_from(folded & 7).unwrap_or(0);
        if rest > 0 {
            head |= MORE;
        }
        if step != self.step_ms {
            head |= NEW_STEP;
        }
        if self.bytes.capacity() - self.bytes.len() < ROOM {
            // Doubling from nothing would move the first readings four times.
            self.bytes.reserve_exact(2 * ROOM);
        }
        self.bytes.push(head);
        if rest > 0 {
            put(&mut self.bytes, rest);
        }
        if step != self.step_ms {
            put(&mut self.bytes, fold(step.wrapping_sub(self.step_ms)));
            self.step_ms = step;
        }
        (self.last_ms, self.last_value) = (at.millis(), value);
        self.count += 1;
    }

    /// How many there are.
    pub(crate) const fn len(&self) -> usize {
        self.count as usize
    }

    /// The newest.
    pub(crate) fn last(&self) -> Option<(Instant, Micro)> {
        (self.count > 0).then(|| (Instant::from_millis(self.last_ms), self.last_value))
    }

    /// Of readings in time order.
    pub(crate) fn of(readings: &[(Instant, Micro)]) -> Self {
        let mut packed = Self::default();
        readings.iter().for_each(|reading| packed.push(*reading));
        packed
    }

    /// Its bytes for good: nothing is added any more.
    pub(crate) fn into_bytes(self) -> Box<[u8]> {
        self.bytes.into_boxed_slice()
    }

    /// All of them, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Instant, Micro)> + '_ {
        unpack(&self.bytes)
    }

    /// Its bytes; [`unpack`] reads them.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// The readings in packed bytes; ends where they end.
pub(crate) fn unpack(bytes: &[u8]) -> impl Iterator<Item = (Instant, Micro)> + '_ {
    let mut bytes = bytes.iter().copied();
    let (mut at, mut value, mut step) = (0_i64, 0_i64, 0_i64);
    std::iter::from_fn(move || {
        let head = bytes.next()?;
        let mut folded = u64::from(head & 7);
        if head & MORE != 0 {
            folded |= number(&mut bytes) << 3;
        }
        if head & NEW_STEP != 0 {
            step = step.wrapping_add(unfold(number(&mut bytes)));
        }
        let power = 10_i64.wrapping_pow(u32::from((head >> 4) & 7));
        value = value.wrapping_add(unfold(folded).wrapping_mul(power));
        at = at.wrapping_add(step);
        Some((Instant::from_millis(at), value))
    })
}

/// Writes seven bits a byte, the lowest first.
pub(crate) fn put(bytes: &mut Vec<u8>, mut rest: u64) {
    while rest > 0x7f {
        bytes.push(u8::try_from(rest & 0x7f).unwrap_or(0) | 0x80);
        rest >>= 7;
    }
    bytes.push(u8::try_from(rest).unwrap_or(0));
}

/// Reads what [`put`] has written.
pub(crate) fn number(bytes: &mut impl Iterator<Item = u8>) -> u64 {
    let mut out = 0;
    for place in 0..10 {
        let Some(byte) = bytes.next() else { return out };
        out |= u64::from(byte & 0x7f) << (place * 7);
        if byte & 0x80 == 0 {
            break;
        }
    }
    out
}

/// A number without its trailing zeros, at most seven, and how many they were.
const fn strip(mut number: i64) -> (i64, u8) {
    let mut zeros = 0;
    // Values come in millionths: most end in at least four.
    if number != 0 && number % 10_000 == 0 {
        number /= 10_000;
        zeros = 4;
    }
    while number != 0 && zeros < 7 && number % 10 == 0 {
        number /= 10;
        zeros += 1;
    }
    (number, zeros)
}

/// Small numbers of either sign become small numbers.
pub(crate) const fn fold(number: i64) -> u64 {
    (number.wrapping_shl(1) ^ (number >> 63)).cast_unsigned()
}

pub(crate) const fn unfold(folded: u64) -> i64 {
    (folded >> 1).cast_signed() ^ -((folded & 1).cast_signed())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_steady_sensor_costs_two_bytes_a_reading() {
        let mut packed = Packed::default();
        for n in 0..576_i64 {
            packed.push((
                Instant::from_millis(1_772_000_000_000 + n * 300_000),
                (600 + n * 37 % 64 * 4) * 1_000_000,
            ));
        }
        assert!(packed.bytes().len() <= 576 * 2 + 16, "{}", packed.bytes().len());
    }

    proptest! {
        #[test]
        fn what_is_packed_comes_out_again(
            steps in prop::collection::vec((0..400_000_i64, prop_oneof![Just(0), -50..50_i64, any::<i64>()]), 0..200),
            start in 0..2_000_000_000_000_i64,
        ) {
            let mut readings = Vec::new();
            let mut packed = Packed::default();
            let mut at = start;
            for (step, value) in steps {
                at += step;
                let value = if value.abs() < 50 { value * 1_000_000 } else { value };
                readings.push((Instant::from_millis(at), value));
                packed.push((Instant::from_millis(at), value));
            }
            prop_assert_eq!(packed.iter().collect::<Vec<_>>(), readings.clone());
            prop_assert_eq!(packed.last(), readings.last().copied());
            prop_assert_eq!(packed.len(), readings.len());
        }
    }
}
