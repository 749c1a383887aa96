//! Columns of numbers in few bytes: several encodings are tried and the shortest is kept.

use pco::{ChunkConfig, standalone};

use crate::varint::{Cursor, put_bytes, put_i64, put_len, put_u64};

const DELTAS: u8 = 0;
const CODEC: u8 = 1;
const CONSTANT: u8 = 2;
const RAW: u8 = 3;
/// Whole numbers with a common divisor.
const UNITS: u8 = 4;
const TWELFTHS: u8 = 9;
/// Decimal columns have the tag `DECIMAL + places`.
const DECIMAL: u8 = 16;
/// Decimal places tried: sensors rarely give more than two, means written as text up to nine.
const MOST_PLACES: u8 = 9;
/// Added to the tag of whole numbers that the codec has packed.
const PACKED: u8 = 64;
/// Below this many numbers the codec's own head is larger than what it saves.
const CODEC_FROM: usize = 12;
/// A decimal column of at most this many bytes a number is not tried with the codec.
const GOOD_ENOUGH: usize = 2;
/// Integers beyond this are not exact as floats.
const EXACT: f64 = 9_007_199_254_740_992.0;

fn codec_config() -> ChunkConfig {
    ChunkConfig::default().with_compression_level(8)
}

/// Appends whole numbers.
pub(super) fn put_integers(out: &mut Vec<u8>, numbers: &[i64]) {
    if let Some((first, rest)) = numbers.split_first()
        && rest.iter().all(|number| number == first)
    {
        out.push(CONSTANT);
        put_i64(out, *first);
        return;
    }
    let unit = numbers.iter().fold(0, |unit, number| divisor(unit, number.unsigned_abs()));
    if let Some(unit) = i64::try_from(unit).ok().filter(|unit| *unit > 1) {
        // Micro-units of what a sensor gives in tenths.
        let units: Vec<i64> = numbers.iter().map(|number| number / unit).collect();
        out.push(UNITS);
        put_i64(out, unit);
        put_plain(out, &units);
        return;
    }
    put_plain(out, numbers);
}

fn put_plain(out: &mut Vec<u8>, numbers: &[i64]) {
    let mut deltas = Vec::with_capacity(numbers.len() * 2);
    put_deltas(&mut deltas, numbers.iter().copied());
    if numbers.len() >= CODEC_FROM
        && deltas.len() > numbers.len() * GOOD_ENOUGH
        && let Ok(packed) = standalone::simple_compress(numbers, &codec_config())
        && packed.len() < deltas.len()
    {
        out.push(CODEC);
        put_bytes(out, &packed);
        return;
    }
    out.push(DELTAS);
    out.extend_from_slice(&deltas);
}

/// Reads `count` whole numbers.
pub(super) fn integers(cursor: &mut Cursor<'_>, count: usize) -> Option<Vec<i64>> {
    match cursor.byte()? {
        CONSTANT => {
            let number = cursor.i64()?;
            Some(vec![number; count])
        }
        UNITS => {
            let unit = cursor.i64()?;
            let tag = cursor.byte()?;
            plain(tag, cursor, count)?.into_iter().map(|number| number.checked_mul(unit)).collect()
        }
        tag => plain(tag, cursor, count),
    }
}

fn plain(tag: u8, cursor: &mut Cursor<'_>, count: usize) -> Option<Vec<i64>> {
    match tag {
        DELTAS => deltas(cursor, count),
        CODEC => unpack(cursor, count),
        _ => None,
    }
}

/// The greatest common divisor; 0 has none of its own.
pub(super) const fn divisor(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { divisor(b, a % b) }
}

fn put_deltas(out: &mut Vec<u8>, numbers: impl Iterator<Item = i64>) {
    let mut last = 0_i64;
    for number in numbers {
        put_i64(out, number.wrapping_sub(last));
        last = number;
    }
}

fn deltas(cursor: &mut Cursor<'_>, count: usize) -> Option<Vec<i64>> {
    let (mut numbers, mut last) = (Vec::new(), 0_i64);
    for _ in 0..count {
        last = last.wrapping_add(cursor.i64()?);
        numbers.push(last);
    }
    Some(numbers)
}

fn unpack<T: pco::data_types::Number>(cursor: &mut Cursor<'_>, count: usize) -> Option<Vec<T>> {
    let numbers: Vec<T> = standalone::simple_decompress(cursor.bytes()?).ok()?;
    (numbers.len() == count).then_some(numbers)
}

/// Appends floats; every bit comes back.
pub(super) fn put_floats(out: &mut Vec<u8>, values: &[f64]) {
    if let Some((first, rest)) = values.split_first()
        && rest.iter().all(|value| value.to_bits() == first.to_bits())
    {
        out.push(CONSTANT);
        out.extend_from_slice(&first.to_le_bytes());
        return;
    }
    let whole = best_whole(values);
    let mut best = whole.as_ref().map(|(tag, whole)| {
        let mut bytes = vec![*tag];
        put_deltas(&mut bytes, whole.iter().copied());
        bytes
    });
    if let Some((tag, whole)) = &whole
        && values.len() >= CODEC_FROM
        && best.as_ref().is_some_and(|bytes| bytes.len() > values.len() * GOOD_ENOUGH)
        && let Ok(packed) = standalone::simple_compress(whole, &codec_config())
    {
        let mut coded = vec![PACKED + tag];
        put_bytes(&mut coded, &packed);
        if best.as_ref().is_none_or(|bytes| coded.len() < bytes.len()) {
            best = Some(coded);
        }
    }
    let is_good = best.as_ref().is_some_and(|bytes| bytes.len() <= values.len() * GOOD_ENOUGH);
    if !is_good
        && values.len() >= CODEC_FROM
        && let Ok(packed) = standalone::simple_compress(values, &codec_config())
    {
        let mut coded = vec![CODEC];
        put_bytes(&mut coded, &packed);
        if best.as_ref().is_none_or(|bytes| coded.len() < bytes.len()) {
            best = Some(coded);
        }
    }
    let raw_size = 1 + values.len() * 8;
    match best {
        Some(bytes) if bytes.len() < raw_size => out.extend_from_slice(&bytes),
        _ => {
            out.push(RAW);
            out.extend(values.iter().flat_map(|value| value.to_le_bytes()));
        }
    }
}

/// The values as whole numbers of a decimal place, or of a twelfth, when all are such numbers
/// exactly, and the tag that says which. (Means of twelve five-second values are common in one-minute data.)
fn best_whole(values: &[f64]) -> Option<(u8, Vec<i64>)> {
    let places = (0..=MOST_PLACES).map(|places| (DECIMAL + places, power(places)));
    places.chain([(TWELFTHS, 12.0)]).find_map(|(tag, scale)| {
        let whole: Option<Vec<i64>> = values.iter().map(|value| whole(*value, scale)).collect();
        Some((tag, whole?))
    })
}

fn power(places: u8) -> f64 {
    10_f64.powi(i32::from(places))
}

#[expect(clippy::cast_possible_truncation, reason = "held within the exact integers of a float")]
#[expect(clippy::cast_precision_loss, reason = "the same")]
fn whole(value: f64, scale: f64) -> Option<i64> {
    let scaled = (value * scale).round();
    if scaled.abs() >= EXACT {
        return None;
    }
    let whole = scaled as i64;
    (((whole as f64) / scale).to_bits() == value.to_bits()).then_some(whole)
}

/// Reads `count` floats.
pub(super) fn floats(cursor: &mut Cursor<'_>, count: usize) -> Option<Vec<f64>> {
    match cursor.byte()? {
        CONSTANT => {
            let value = cursor.f64()?;
            Some(vec![value; count])
        }
        RAW => (0..count).map(|_| cursor.f64()).collect(),
        CODEC => unpack(cursor, count),
        tag if tag >= PACKED => scaled(unpack(cursor, count)?, scale_of(tag - PACKED)?),
        tag => scaled(deltas(cursor, count)?, scale_of(tag)?),
    }
}

/// How many of the whole numbers of a tag make one.
fn scale_of(tag: u8) -> Option<f64> {
    match tag {
        TWELFTHS => Some(12.0),
        DECIMAL.. if tag <= DECIMAL + MOST_PLACES => Some(power(tag - DECIMAL)),
        _ => None,
    }
}

#[expect(clippy::cast_precision_loss, reason = "written only when exact")]
#[expect(clippy::unnecessary_wraps, reason = "one arm among those that can fail")]
fn scaled(whole: Vec<i64>, scale: f64) -> Option<Vec<f64>> {
    Some(whole.into_iter().map(|number| number as f64 / scale).collect())
}

/// Appends small numbers that mostly repeat (flags), as runs.
pub(super) fn put_runs(out: &mut Vec<u8>, numbers: &[u16]) {
    let runs: Vec<&[u16]> = numbers.chunk_by(|a, b| a == b).collect();
    put_len(out, runs.len());
    for run in runs {
        put_u64(out, u64::from(run.first().copied().unwrap_or(0)));
        put_len(out, run.len());
    }
}

/// Reads `count` small numbers written as runs.
pub(super) fn runs(cursor: &mut Cursor<'_>, count: usize) -> Option<Vec<u16>> {
    let mut numbers = Vec::new();
    for _ in 0..cursor.len()? {
        let number = u16::try_from(cursor.u64()?).ok()?;
        let length = cursor.len()?;
        if numbers.len().checked_add(length)? > count {
            return None;
        }
        numbers.resize(numbers.len() + length, number);
    }
    (numbers.len() == count).then_some(numbers)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn same_bits(a: &[f64], b: &[f64]) -> bool {
        a.iter().map(|v| v.to_bits()).eq(b.iter().map(|v| v.to_bits()))
    }

    fn round_trip(values: &[f64]) -> (Vec<f64>, usize) {
        let mut out = Vec::new();
        put_floats(&mut out, values);
        (floats(&mut Cursor(&out), values.len()).unwrap(), out.len())
    }

    proptest! {
        #[test]
        fn any_floats_come_back_bit_for_bit(values in prop::collection::vec(any::<f64>(), 0..80)) {
            prop_assert!(same_bits(&round_trip(&values).0, &values));
        }

        #[test]
        fn decimals_come_back_bit_for_bit_in_few_bytes(
            whole in prop::collection::vec(2000..2100_i32, 40..80), places in 0..4_i32,
        ) {
            let values: Vec<f64> = whole.iter().map(|n| f64::from(*n) / 10_f64.powi(places)).collect();
            let (back, size) = round_trip(&values);
            prop_assert!(same_bits(&back, &values));
            prop_assert!(size <= values.len() * 2 + 2, "{} values in {size} bytes", values.len());
        }

        #[test]
        fn integers_and_runs_come_back(
            numbers in prop::collection::vec(any::<i64>(), 0..80),
            small in prop::collection::vec(0..3_u16, 0..80),
        ) {
            let mut out = Vec::new();
            put_integers(&mut out, &numbers);
            put_runs(&mut out, &small);
            let mut cursor = Cursor(&out);
            prop_assert_eq!(integers(&mut cursor, numbers.len()), Some(numbers));
            prop_assert_eq!(runs(&mut cursor, small.len()), Some(small));
        }

        #[test]
        fn hostile_bytes_are_none_and_no_panic(body in prop::collection::vec(any::<u8>(), 0..60)) {
            drop(floats(&mut Cursor(&body), 20));
            drop(integers(&mut Cursor(&body), 20));
            drop(runs(&mut Cursor(&body), 20));
        }
    }

    #[test]
    fn a_negative_zero_keeps_its_sign() {
        let values = [0.0, -0.0, 1.0];
        assert!(same_bits(&round_trip(&values).0, &values));
    }
}
