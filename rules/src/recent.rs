//! The readings of one series that are held, packed.

use std::fmt;

use model::Instant;
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{self, Visitor},
};

use crate::{
    pack::{Packed, unpack},
    steps::Micro,
};

/// Readings that are packed together and forgotten together.
const CHUNK: usize = 32;

/// Readings in time order, each at an instant of its own.
///
/// All of them are packed, the newest too: an hour is looked at once and held for many.
#[derive(Debug, Clone, Default)]
pub(crate) struct Recent {
    full: Box<[Full]>,
    /// The newest; empty only when there are none at all.
    open: Packed,
}

/// A pack that grows no more.
#[derive(Debug, Clone)]
struct Full {
    bytes: Box<[u8]>,
    last: Instant,
}

impl Full {
    fn of(readings: &[(Instant, Micro)]) -> Self {
        let last = readings.last().map_or(Instant::MIN, |(at, _)| *at);
        Self { bytes: Packed::of(readings).into_bytes(), last }
    }
}

impl Recent {
    /// Puts a reading where it belongs; returns whether it is news.
    pub(crate) fn insert(&mut self, at: Instant, value: Micro) -> bool {
        match self.newest() {
            Some((last, _)) if at <= last => return self.insert_late(at, value),
            Some((last, _)) if self.open.len() >= CHUNK => {
                let bytes = std::mem::take(&mut self.open).into_bytes();
                self.change_full(|full| {
                    full.reserve_exact(1);
                    full.push(Full { bytes, last });
                });
            }
            _ => {}
        }
        self.open.push((at, value));
        true
    }

    fn insert_late(&mut self, at: Instant, value: Micro) -> bool {
        let index = self.full.partition_point(|pack| pack.last < at);
        let mut readings: Vec<(Instant, Micro)> = match self.full.get(index) {
            Some(pack) => unpack(&pack.bytes).collect(),
            None => self.open.iter().collect(),
        };
        let place = readings.partition_point(|(held, _)| *held < at);
        match readings.get_mut(place) {
            Some(held) if *held == (at, value) => return false,
            Some(held) if held.0 == at => held.1 = value,
            _ => readings.insert(place, (at, value)),
        }
        if index < self.full.len() {
            // Many that are late would make one pack long, and each of them opens all of it.
            let most = if readings.len() > 2 * CHUNK { CHUNK } else { readings.len() };
            self.change_full(|full| drop(full.splice(index..=index, readings.chunks(most).map(Full::of))));
        } else {
            self.open = Packed::of(&readings);
        }
        true
    }

    /// Changes the packs that grow no more; hardly ever, and nearly all the time they are only held.
    fn change_full(&mut self, change: impl FnOnce(&mut Vec<Full>)) {
        let mut full = std::mem::take(&mut self.full).into_vec();
        change(&mut full);
        self.full = full.into_boxed_slice();
    }

    /// The newest reading.
    pub(crate) fn newest(&self) -> Option<(Instant, Micro)> {
        self.open.last()
    }

    /// All readings from `from` on, and perhaps some before it.
    pub(crate) fn since(&self, from: Instant) -> Vec<(Instant, Micro)> {
        let needed = self.full.partition_point(|pack| pack.last < from);
        let full = self.full.get(needed..).unwrap_or_default();
        let mut all = Vec::with_capacity(full.len() * CHUNK + self.open.len());
        full.iter().for_each(|pack| all.extend(unpack(&pack.bytes)));
        all.extend(self.open.iter());
        all
    }

    /// Forgets packs that end before `oldest`; the newest stays.
    pub(crate) fn forget(&mut self, oldest: Instant) {
        let gone = self.full.partition_point(|pack| pack.last < oldest);
        if gone > 0 {
            self.change_full(|full| drop(full.drain(..gone)));
        }
    }
}

/// Two are the same when they hold the same readings, however packed.
impl PartialEq for Recent {
    fn eq(&self, other: &Self) -> bool {
        self.since(Instant::MIN) == other.since(Instant::MIN)
    }
}

/// All readings as one pack: bytes in a binary form, hexadecimal for people.
impl Serialize for Recent {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        let all = Packed::of(&self.since(Instant::MIN));
        if !s.is_human_readable() {
            return s.serialize_bytes(all.bytes());
        }
        let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or('0');
        let text: String = all.bytes().iter().flat_map(|b| [digit(b >> 4), digit(b & 15)]).collect();
        s.serialize_str(&text)
    }
}

/// Binary forms of 0.1 are hexadecimal too.
impl<'de> Deserialize<'de> for Recent {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        if d.is_human_readable() { d.deserialize_str(Read) } else { d.deserialize_any(Read) }
    }
}

struct Read;

impl Visitor<'_> for Read {
    type Value = Recent;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("packed readings")
    }

    fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Recent, E> {
        let mut recent = Recent::default();
        for (at, value) in unpack(bytes) {
            recent.insert(at, value);
        }
        Ok(recent)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Recent, E> {
        let digit = |byte: &u8| char::from(*byte).to_digit(16).and_then(|n| u8::try_from(n).ok());
        let pair = |pair: &[u8]| match pair {
            [high, low] => Some((digit(high)? << 4) | digit(low)?),
            _ => None,
        };
        let bytes: Option<Vec<u8>> = text.as_bytes().chunks(2).map(pair).collect();
        self.visit_bytes(&bytes.ok_or_else(|| E::custom("readings are not hexadecimal"))?)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(ms: i64) -> Instant {
        Instant::from_millis(ms)
    }

    proptest! {
        #[test]
        fn packing_hides_nothing_that_was_not_forgotten(
            sent in prop::collection::vec((0..5_000_i64, 0..40_i64), 0..400),
            every in 5..60_usize,
        ) {
            let mut recent = Recent::default();
            let mut plain = std::collections::BTreeMap::new();
            for (number, (time, value)) in sent.iter().enumerate() {
                // Mostly in order, some late.
                let time = if number % 7 == 0 { *time } else { i64::try_from(number).unwrap() * 13 };
                let is_news = plain.insert(at(time), *value) != Some(*value);
                prop_assert_eq!(recent.insert(at(time), *value), is_news);
                if number % every == 0 {
                    let newest = *plain.last_key_value().unwrap().0;
                    recent.forget(Instant::MIN);
                    prop_assert_eq!(recent.newest().map(|(at, _)| at), Some(newest));
                }
            }
            let all: Vec<_> = plain.into_iter().collect();
            prop_assert_eq!(recent.since(Instant::MIN), all.clone());
            prop_assert_eq!(recent.newest(), all.last().copied());
            let half = at(2_000);
            let late: Vec<_> = all.iter().filter(|(t, _)| *t >= half).copied().collect();
            prop_assert!(recent.since(half).ends_with(&late));
            let text = serde_json::to_string(&recent).unwrap();
            prop_assert_eq!(serde_json::from_str::<Recent>(&text).unwrap(), recent);
        }
    }

    #[test]
    fn what_ended_before_the_oldest_instant_of_interest_is_forgotten() {
        let mut recent = Recent::default();
        for n in 0..1_000 {
            recent.insert(at(n), n);
            recent.forget(at(n - 300));
        }
        let held = recent.since(Instant::MIN).len();
        assert!((300..=300 + CHUNK).contains(&held), "{held}");
    }
}
