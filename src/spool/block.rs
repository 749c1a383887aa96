//! One commit group as bytes: a version, a checksum, then the entries, compressed when that helps.
//!
//! The series of a group stand once at its head; an entry names them by number.

use std::{
    collections::HashMap,
    io::{Read, Write},
};

use flate2::{Compression, read::DeflateDecoder, write::DeflateEncoder};
use model::{Flags, Id, Instant, Quantity, Reading, Series};

use super::entry::{Content, Entry, Kind};
use crate::varint::{Cursor, put_bytes, put_i64, put_len, put_u64};

const VERSION: u8 = 1;
const PLAIN: u8 = 0;
const DEFLATE: u8 = 1;
/// Below this many bytes compression gains nothing worth its time.
const COMPRESS_FROM: usize = 256;

const READINGS: u8 = 0;
const TICK: u8 = 1;
const CHANGE: u8 = 2;
/// A tick that says since when we listen.
const LISTENED: u8 = 3;

/// Why a row of the spool cannot be read. It is never skipped: what was acknowledged is not dropped in silence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BlockError {
    /// Written by a release whose encoding this one does not know.
    #[error("unknown encoding version {0}")]
    Version(u8),
    /// The bytes are not those that were written.
    #[error("checksum does not match: the disk or another program changed the row")]
    Checksum,
    /// The checksum holds but the bytes make no sense: an error of ours.
    #[error("entries cannot be decoded")]
    Malformed,
}

/// Encodes entries; [`decode`] returns them in the same order.
pub(super) fn encode<'a>(entries: impl Iterator<Item = (Instant, Content<'a>)>) -> Vec<u8> {
    let (mut body, mut rows) = (Vec::new(), Vec::new());
    let mut known: HashMap<&Series, usize> = HashMap::new();
    let mut series: Vec<&Series> = Vec::new();
    let (mut count, mut last) = (0_usize, 0_i64);
    for (arrival, content) in entries {
        count += 1;
        let arrival = arrival.millis();
        put_i64(&mut rows, arrival - last);
        last = arrival;
        match content {
            Content::Readings(readings) => {
                rows.push(READINGS);
                put_len(&mut rows, readings.len());
                for reading in readings {
                    let number = *known.entry(&reading.series).or_insert_with(|| {
                        series.push(&reading.series);
                        series.len() - 1
                    });
                    put_len(&mut rows, number);
                    put_i64(&mut rows, reading.time.millis() - arrival);
                    rows.extend_from_slice(&reading.value.to_le_bytes());
                    put_u64(&mut rows, u64::from(reading.flags.0));
                }
            }
            Content::Tick { to, since } => {
                rows.push(if since.is_some() { LISTENED } else { TICK });
                put_i64(&mut rows, to.millis() - arrival);
                if let Some(since) = since {
                    put_i64(&mut rows, since.millis() - arrival);
                }
            }
            Content::Change { kind, body } => {
                rows.push(CHANGE);
                put_bytes(&mut rows, kind.as_bytes());
                put_bytes(&mut rows, body);
            }
        }
    }
    put_len(&mut body, series.len());
    for one in series {
        put_bytes(&mut body, one.sensor.as_str().as_bytes());
        put_bytes(&mut body, one.quantity.name().as_bytes());
        put_bytes(&mut body, one.channel.as_ref().map_or("", Id::as_str).as_bytes());
    }
    put_len(&mut body, count);
    body.extend_from_slice(&rows);
    seal(&body)
}

/// Puts version, checksum and method before the body.
fn seal(body: &[u8]) -> Vec<u8> {
    let squeezed = if body.len() < COMPRESS_FROM { None } else { squeeze(body) };
    let (method, body) = match &squeezed {
        Some(bytes) if bytes.len() < body.len() => (DEFLATE, bytes.as_slice()),
        _ => (PLAIN, body),
    };
    let mut out = Vec::with_capacity(body.len() + 10);
    out.push(VERSION);
    out.extend_from_slice(&checksum(method, body));
    out.push(method);
    out.extend_from_slice(body);
    out
}

fn squeeze(body: &[u8]) -> Option<Vec<u8>> {
    let mut encoder = DeflateEncoder::new(Vec::with_capacity(body.len() / 2), Compression::fast());
    encoder.write_all(body).ok()?;
    encoder.finish().ok()
}

fn checksum(method: u8, body: &[u8]) -> [u8; 8] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&[method]).update(body);
    let mut sum = [0; 8];
    hasher.finalize_xof().fill(&mut sum);
    sum
}

/// Decodes the entries of one row.
pub(super) fn decode(bytes: &[u8]) -> Result<Vec<Entry>, BlockError> {
    let mut head = Cursor(bytes);
    let version = head.byte().ok_or(BlockError::Malformed)?;
    if version != VERSION {
        return Err(BlockError::Version(version));
    }
    let sum = head.take(8).ok_or(BlockError::Malformed)?;
    let method = head.byte().ok_or(BlockError::Malformed)?;
    if checksum(method, head.0) != sum {
        return Err(BlockError::Checksum);
    }
    if method == PLAIN {
        return entries(head.0).ok_or(BlockError::Malformed);
    }
    let mut body = Vec::new();
    DeflateDecoder::new(head.0).read_to_end(&mut body).map_err(|_| BlockError::Malformed)?;
    entries(&body).ok_or(BlockError::Malformed)
}

fn entries(body: &[u8]) -> Option<Vec<Entry>> {
    let mut cursor = Cursor(body);
    let mut series = Vec::new();
    for _ in 0..cursor.len()? {
        let sensor = Id::parse(cursor.text()?).ok()?;
        let quantity = Quantity::parse(cursor.text()?)?;
        let channel = match cursor.text()? {
            "" => None,
            text => Some(Id::parse(text).ok()?),
        };
        series.push(Series { sensor, quantity, channel });
    }
    let (count, mut last) = (cursor.len()?, 0_i64);
    let mut out = Vec::new();
    for _ in 0..count {
        last = last.checked_add(cursor.i64()?)?;
        out.push(Entry { arrival: Instant::from_millis(last), kind: kind(&mut cursor, last, &series)? });
    }
    cursor.0.is_empty().then_some(out)
}

fn kind(cursor: &mut Cursor<'_>, arrival: i64, series: &[Series]) -> Option<Kind> {
    match cursor.byte()? {
        READINGS => {
            let mut readings = Vec::new();
            for _ in 0..cursor.len()? {
                readings.push(reading(cursor, arrival, series)?);
            }
            Some(Kind::Readings(readings))
        }
        TICK => Some(Kind::Tick { to: instant(cursor, arrival)?, since: None }),
        LISTENED => {
            let to = instant(cursor, arrival)?;
            Some(Kind::Tick { to, since: Some(instant(cursor, arrival)?) })
        }
        CHANGE => Some(Kind::Change { kind: cursor.text()?.to_owned(), body: cursor.bytes()?.to_vec() }),
        _ => None,
    }
}

fn instant(cursor: &mut Cursor<'_>, arrival: i64) -> Option<Instant> {
    arrival.checked_add(cursor.i64()?).map(Instant::from_millis)
}

fn reading(cursor: &mut Cursor<'_>, arrival: i64, series: &[Series]) -> Option<Reading> {
    let series = series.get(cursor.len()?)?.clone();
    let time = instant(cursor, arrival)?;
    let value = cursor.f64()?;
    let flags = Flags(u16::try_from(cursor.u64()?).ok()?);
    Some(Reading { series, time, value, flags })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_instant() -> impl Strategy<Value = Instant> {
        prop_oneof![
            (0..4_000_000_000_000_i64).prop_map(Instant::from_millis),
            any::<i64>().prop_map(Instant::from_millis)
        ]
    }

    fn any_reading() -> impl Strategy<Value = Reading> {
        let channel = prop::option::of("[a-z0-9]{1,3}".prop_map(|text| Id::parse(&text).unwrap()));
        let series =
            ("[A-Za-z0-9._-]{1,64}", 0..Quantity::ALL.len(), channel).prop_map(|(sensor, q, channel)| {
                Series { sensor: Id::parse(&sensor).unwrap(), quantity: Quantity::ALL[q], channel }
            });
        (series, any_instant(), prop::num::f64::NORMAL | prop::num::f64::ZERO, any::<u16>())
            .prop_map(|(series, time, value, flags)| Reading { series, time, value, flags: Flags(flags) })
    }

    fn any_entry() -> impl Strategy<Value = Entry> {
        let kind = prop_oneof![
            prop::collection::vec(any_reading(), 0..8).prop_map(Kind::Readings),
            (any_instant(), prop::option::of(any_instant())).prop_map(|(to, since)| Kind::Tick { to, since }),
            (".{0,9}", prop::collection::vec(any::<u8>(), 0..300))
                .prop_map(|(kind, body)| Kind::Change { kind, body }),
        ];
        (any_instant(), kind).prop_map(|(arrival, kind)| Entry { arrival, kind })
    }

    #[test]
    fn a_tick_as_the_first_release_wrote_it_is_read_without_since() {
        let arrival = Instant::from_millis(1_772_000_000_000);
        let mut body = Vec::new();
        put_len(&mut body, 0);
        put_len(&mut body, 1);
        put_i64(&mut body, arrival.millis());
        body.push(1);
        put_i64(&mut body, -120_000);
        let kind = Kind::Tick { to: arrival.plus_ms(-120_000), since: None };
        assert_eq!(decode(&seal(&body)), Ok(vec![Entry { arrival, kind }]));
    }

    proptest! {
        #[test]
        fn entries_come_back_as_they_were(entries in prop::collection::vec(any_entry(), 0..20)) {
            prop_assert_eq!(decode(&encode(entries.iter().map(Entry::content))), Ok(entries));
        }

        #[test]
        fn one_changed_byte_is_noticed(
            entries in prop::collection::vec(any_entry(), 1..6),
            at in any::<prop::sample::Index>(),
            bit in 0..8_u32,
        ) {
            let mut bytes = encode(entries.iter().map(Entry::content));
            let index = at.index(bytes.len());
            bytes[index] ^= 1 << bit;
            prop_assert!(decode(&bytes).is_err());
        }

        #[test]
        fn hostile_bytes_are_an_error_and_no_panic(body in prop::collection::vec(any::<u8>(), 0..200)) {
            drop(entries(&body));
            prop_assert!(decode(&body).is_err());
        }
    }
}
