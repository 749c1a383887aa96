//! What was said of the recent windows of one check, packed: about six bytes each instead of 24.
//!
//! A window mostly follows the one before, is as long, and is judged as long after its end. Only the hash
//! of what was printed is new each time.

use std::fmt;

use model::Instant;
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{self, SeqAccess, Visitor},
};

use crate::{
    Outcome,
    pack::{fold, number, put, unfold},
    seen::Seen,
};

/// Set in the head where the window begins where the one before ended.
const NEXT: u8 = 0x08;
/// Set where it is as long.
const AS_LONG: u8 = 0x10;
/// Set where it was judged as long after its end.
const AS_SOON: u8 = 0x20;
/// Set where it has been told once.
const ONCE: u8 = 0x40;
/// A window mostly takes no more bytes.
const MOST: usize = 16;
/// Forgotten windows that may stand before the others, so that not each of them moves all.
const IDLE: u8 = 12;

/// Windows in the order of time.
#[derive(Debug, Clone, Default)]
pub(crate) struct Past {
    bytes: Vec<u8>,
    last: Option<Seen>,
    /// So many of the first are forgotten.
    skip: u8,
}

impl Past {
    /// All of them, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Seen> + '_ {
        self.all().skip(usize::from(self.skip))
    }

    fn all(&self) -> impl Iterator<Item = Seen> + '_ {
        let mut bytes = self.bytes.iter().copied();
        let mut before = None;
        std::iter::from_fn(move || {
            before = next(&mut bytes, before.as_ref());
            before
        })
    }

    /// What was said of the window that begins at an instant.
    pub(crate) fn get(&self, from: Instant) -> Option<Seen> {
        let last = self.last.filter(|last| from <= last.from())?;
        if last.from() == from { Some(last) } else { self.iter().find(|seen| seen.from() == from) }
    }

    /// Takes what is now said of a window. Returns whether it changes what lies before the newest, or that.
    pub(crate) fn put(&mut self, seen: Seen) -> bool {
        if self.last.is_none_or(|last| last.from() < seen.from()) {
            self.push(seen);
            return false;
        }
        let mut all: Vec<Seen> = self.iter().collect();
        match all.binary_search_by_key(&seen.from_s, |held| held.from_s) {
            Ok(index) => {
                if let Some(held) = all.get_mut(index) {
                    *held = seen;
                }
            }
            Err(index) => all.insert(index, seen),
        }
        *self = all.into_iter().collect();
        true
    }

    /// Takes out the first, if it ended by `before` and is not the newest.
    pub(crate) fn forget_first(&mut self, before: Instant) -> Option<Seen> {
        let mut held = self.iter();
        let first = held.next().filter(|seen| seen.to() <= before)?;
        held.next()?;
        drop(held);
        self.skip += 1;
        if self.skip >= IDLE {
            *self = self.iter().collect();
        }
        Some(first)
    }

    fn push(&mut self, seen: Seen) {
        if self.bytes.capacity() - self.bytes.len() < MOST {
            // Doubling would leave much room that is never used.
            self.bytes.reserve_exact(MOST + self.bytes.len() / 8);
        }
        append(&mut self.bytes, &seen, self.last.as_ref());
        self.last = Some(seen);
    }
}

/// How long after its end a window was judged, ms.
fn lag(seen: &Seen) -> i64 {
    seen.time.since(seen.to())
}

fn append(bytes: &mut Vec<u8>, seen: &Seen, before: Option<&Seen>) {
    let outcome = match seen.outcome {
        Outcome::Compliant => 0,
        Outcome::Breach => 1,
        Outcome::Insufficient => 2,
    };
    let is_next = before.is_some_and(|b| b.to() == seen.from());
    let is_as_long = before.is_some_and(|b| b.length_s == seen.length_s);
    let is_as_soon = before.is_some_and(|b| lag(b) == lag(seen));
    let flag = |is_set: bool, flag: u8| if is_set { flag } else { 0 };
    bytes.push(
        outcome
            | flag(seen.is_eased, 4)
            | flag(is_next, NEXT)
            | flag(is_as_long, AS_LONG)
            | flag(is_as_soon, AS_SOON)
            | flag(seen.revision == 1, ONCE),
    );
    if !is_next {
        put(bytes, u64::from(seen.from_s));
    }
    if !is_as_long {
        put(bytes, u64::from(seen.length_s));
    }
    if !is_as_soon {
        put(bytes, fold(lag(seen)));
    }
    if seen.revision != 1 {
        put(bytes, u64::from(seen.revision));
    }
    bytes.extend_from_slice(&seen.print.to_le_bytes());
}

fn next(bytes: &mut impl Iterator<Item = u8>, before: Option<&Seen>) -> Option<Seen> {
    let head = bytes.next()?;
    let small = |n: u64| u32::try_from(n).unwrap_or(u32::MAX);
    let from_s = match before.filter(|_| head & NEXT != 0) {
        Some(before) => before.from_s.saturating_add(before.length_s),
        None => small(number(bytes)),
    };
    let length_s = match before.filter(|_| head & AS_LONG != 0) {
        Some(before) => before.length_s,
        None => small(number(bytes)),
    };
    let lag = match before.filter(|_| head & AS_SOON != 0) {
        Some(before) => lag(before),
        None => unfold(number(bytes)),
    };
    let revision = if head & ONCE != 0 { 1 } else { u16::try_from(number(bytes)).unwrap_or(u16::MAX) };
    let mut print = [0; 4];
    for place in &mut print {
        *place = bytes.next()?;
    }
    let mut seen = Seen {
        from_s,
        length_s,
        time: Instant::MIN,
        print: u32::from_le_bytes(print),
        revision,
        outcome: match head & 3 {
            0 => Outcome::Compliant,
            1 => Outcome::Breach,
            _ => Outcome::Insufficient,
        },
        is_eased: head & 4 != 0,
    };
    seen.time = seen.to().plus_ms(lag);
    Some(seen)
}

impl FromIterator<Seen> for Past {
    fn from_iter<I: IntoIterator<Item = Seen>>(all: I) -> Self {
        let mut past = Self::default();
        all.into_iter().for_each(|seen| past.push(seen));
        past
    }
}

/// Two are the same when they hold the same windows.
impl PartialEq for Past {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

/// As a list of windows for people, packed in a binary form.
impl Serialize for Past {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        if s.is_human_readable() {
            s.collect_seq(self.iter())
        } else if self.skip == 0 {
            s.serialize_bytes(&self.bytes)
        } else {
            s.serialize_bytes(&self.iter().collect::<Self>().bytes)
        }
    }
}

/// Binary forms of 0.1 hold lists too.
impl<'de> Deserialize<'de> for Past {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        if d.is_human_readable() { d.deserialize_seq(Read) } else { d.deserialize_any(Read) }
    }
}

struct Read;

impl<'de> Visitor<'de> for Read {
    type Value = Past;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("windows")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut all: A) -> Result<Past, A::Error> {
        let mut past = Past::default();
        while let Some(seen) = all.next_element()? {
            past.push(seen);
        }
        Ok(past)
    }

    fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Past, E> {
        let mut past = Past { bytes: bytes.to_vec(), ..Past::default() };
        past.last = past.all().last();
        Ok(past)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn seen() -> impl Strategy<Value = Seen> {
        let length = prop_oneof![4 => Just(3600_u32), 1 => 1..90_000_u32];
        let lag = prop_oneof![4 => Just(900_000_i64), 1 => -5_000..90_000_000_i64];
        let revision = prop_oneof![4 => Just(1_u16), 1 => 2..u16::MAX];
        (0..60_u32, length, lag, revision, any::<u32>(), 0..3_u8, any::<bool>()).prop_map(
            |(hour, length_s, lag, revision, print, outcome, is_eased)| {
                let from_s = 1_772_380_800 + hour * 3600;
                let to = Instant::from_millis(i64::from(from_s + length_s) * 1000);
                let outcome = match outcome {
                    0 => Outcome::Compliant,
                    1 => Outcome::Breach,
                    _ => Outcome::Insufficient,
                };
                Seen { from_s, length_s, time: to.plus_ms(lag), print, revision, outcome, is_eased }
            },
        )
    }

    proptest! {
        #[test]
        fn what_is_packed_is_what_a_map_holds(
            all in prop::collection::vec(seen(), 0..80),
            every in 3..20_usize,
        ) {
            let mut past = Past::default();
            let mut plain: BTreeMap<u32, Seen> = BTreeMap::new();
            for (number, seen) in all.iter().enumerate() {
                let is_newest = plain.last_key_value().is_none_or(|(last, _)| *last < seen.from_s);
                prop_assert_eq!(past.put(*seen), !is_newest);
                plain.insert(seen.from_s, *seen);
                if number % every == 0 {
                    let before = seen.from();
                    while let Some(gone) = past.forget_first(before) {
                        prop_assert_eq!(plain.pop_first().map(|(_, seen)| seen), Some(gone));
                        prop_assert!(gone.to() <= before && !plain.is_empty());
                    }
                    let is_over = plain.first_key_value().is_some_and(|(_, seen)| seen.to() <= before);
                    prop_assert!(!is_over || plain.len() == 1);
                }
                for seen in &all {
                    prop_assert_eq!(past.get(seen.from()), plain.get(&seen.from_s).copied());
                }
            }
            prop_assert_eq!(past.iter().collect::<Vec<_>>(), plain.into_values().collect::<Vec<_>>());
            let text = serde_json::to_string(&past).unwrap();
            prop_assert_eq!(serde_json::from_str::<Past>(&text).unwrap(), past);
        }
    }

    #[test]
    fn two_days_of_hours_take_some_three_hundred_bytes() {
        let mut past = Past::default();
        for hour in 0..48 {
            let from_s = 1_772_380_800 + hour * 3600;
            let time = Instant::from_millis(i64::from(from_s + 4500) * 1000);
            let (outcome, is_eased) = (Outcome::Compliant, true);
            past.put(Seen { from_s, length_s: 3600, time, print: hour * 77, revision: 1, outcome, is_eased });
        }
        assert!(past.bytes.capacity() <= 310, "{}", past.bytes.capacity());
    }
}
