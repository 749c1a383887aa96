//! The readings of one series, the newest at hand and older ones packed.

use std::borrow::Cow;

use model::Instant;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

use crate::{
    pack::{Packed, unpack},
    steps::Micro,
};

/// Readings that are packed together and forgotten together.
const CHUNK: usize = 72;
/// Fewer than this are not worth packing.
const WORTH: usize = 12;

/// Readings in time order, each at an instant of its own.
#[derive(Debug, Clone, Default)]
pub(crate) struct Recent {
    old: Vec<Packed>,
    new: Vec<(Instant, Micro)>,
}

impl Recent {
    /// Puts a reading where it belongs; returns whether it is news.
    pub(crate) fn insert(&mut self, at: Instant, value: Micro) -> bool {
        if self.newest().is_none_or(|(last, _)| last < at) {
            if self.new.len() == self.new.capacity() {
                // Doubling would leave much room that is never used: an hour or two is all there is.
                self.new.reserve_exact(8 + self.new.len() / 4);
            }
            self.new.push((at, value));
            return true;
        }
        self.unpack_from(at);
        let index = self.new.partition_point(|(t, _)| *t < at);
        match self.new.get_mut(index) {
            Some(held) if *held == (at, value) => return false,
            Some(held) if held.0 == at => held.1 = value,
            _ => self.new.insert(index, (at, value)),
        }
        true
    }

    /// Brings everything from the pack that holds `at` on to hand.
    fn unpack_from(&mut self, at: Instant) {
        let first = self.old.partition_point(|pack| pack.last().is_some_and(|(last, _)| last < at));
        let packs = self.old.split_off(first);
        if !packs.is_empty() {
            let old = packs.iter().flat_map(Packed::iter);
            self.new = old.chain(self.new.iter().copied()).collect();
        }
    }

    /// The newest reading.
    pub(crate) fn newest(&self) -> Option<(Instant, Micro)> {
        self.new.last().copied().or_else(|| self.old.last().and_then(Packed::last))
    }

    /// All readings from `from` on, and perhaps some before it.
    pub(crate) fn since(&self, from: Instant) -> Cow<'_, [(Instant, Micro)]> {
        let needed = self.old.partition_point(|pack| pack.last().is_some_and(|(last, _)| last < from));
        match self.old.get(needed..) {
            Some(packs) if !packs.is_empty() => {
                packs.iter().flat_map(Packed::iter).chain(self.new.iter().copied()).collect()
            }
            _ => Cow::Borrowed(&self.new),
        }
    }

    /// Packs readings before `open` and forgets packs that end before `oldest`.
    pub(crate) fn settle(&mut self, open: Instant, oldest: Instant) {
        let done = self.new.partition_point(|(at, _)| *at < open);
        if done >= WORTH {
            if self.old.last().is_none_or(|pack| pack.len() >= CHUNK) {
                if let Some(full) = self.old.last_mut() {
                    full.close();
                }
                self.old.reserve_exact(1);
                self.old.push(Packed::default());
            }
            if let Some(pack) = self.old.last_mut() {
                self.new.drain(..done).for_each(|reading| pack.push(reading));
            }
            if self.new.capacity() > 4 * WORTH.max(self.new.len()) {
                self.new.shrink_to(2 * WORTH);
            }
        }
        let gone = self.old.partition_point(|pack| pack.last().is_some_and(|(last, _)| last < oldest));
        if gone > 0 {
            self.old.drain(..gone);
        }
    }
}

/// Two are the same when they hold the same readings, however packed.
impl PartialEq for Recent {
    fn eq(&self, other: &Self) -> bool {
        self.since(Instant::MIN) == other.since(Instant::MIN)
    }
}

/// All readings as one pack in hexadecimal: short in every wire format.
impl Serialize for Recent {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        let mut all = Packed::default();
        self.since(Instant::MIN).iter().for_each(|reading| all.push(*reading));
        let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or('0');
        let text: String = all.bytes().iter().flat_map(|b| [digit(b >> 4), digit(b & 15)]).collect();
        s.serialize_str(&text)
    }
}

impl<'de> Deserialize<'de> for Recent {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = <Cow<'de, str>>::deserialize(d)?;
        let digit = |byte: &u8| char::from(*byte).to_digit(16).and_then(|n| u8::try_from(n).ok());
        let pair = |pair: &[u8]| match pair {
            [high, low] => Some((digit(high)? << 4) | digit(low)?),
            _ => None,
        };
        let bytes: Option<Vec<u8>> = text.as_bytes().chunks(2).map(pair).collect();
        let bytes = bytes.ok_or_else(|| D::Error::custom("readings are not hexadecimal"))?;
        Ok(Self { old: Vec::new(), new: unpack(&bytes).collect() })
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
                    recent.settle(newest.plus_ms(-100), Instant::MIN);
                }
            }
            let all: Vec<_> = plain.into_iter().collect();
            prop_assert_eq!(recent.since(Instant::MIN).to_vec(), all.clone());
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
            recent.settle(at(n), at(n - 300));
        }
        let held = recent.since(Instant::MIN).len();
        assert!((300..300 + CHUNK + 2 * WORTH).contains(&held), "{held}");
    }
}
