//! A small map by instant: mostly grown at the end and cut at the start.

use model::{Instant, Span};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Values by instant, in order. A vector, since most hold only a few.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Sorted<V>(Vec<(Instant, V)>);

impl<V> Default for Sorted<V> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<V> Sorted<V> {
    fn find(&self, at: Instant) -> Result<usize, usize> {
        match self.0.last() {
            Some((last, _)) if *last < at => Err(self.0.len()),
            Some((last, _)) if *last == at => Ok(self.0.len() - 1),
            _ => self.0.binary_search_by_key(&at, |(held, _)| *held),
        }
    }

    pub(crate) fn get(&self, at: Instant) -> Option<&V> {
        self.0.get(self.find(at).ok()?).map(|(_, value)| value)
    }

    pub(crate) fn insert(&mut self, at: Instant, value: V) {
        match self.find(at) {
            Ok(index) => {
                if let Some(held) = self.0.get_mut(index) {
                    held.1 = value;
                }
            }
            Err(index) => {
                if self.0.is_empty() {
                    // Most never hold more than two.
                    self.0.reserve_exact(2);
                }
                self.0.insert(index, (at, value));
            }
        }
    }

    pub(crate) fn remove(&mut self, at: Instant) {
        if let Ok(index) = self.find(at) {
            self.0.remove(index);
        }
    }

    /// The values inside a span, in order.
    pub(crate) fn range(&self, span: Span) -> impl Iterator<Item = &(Instant, V)> {
        let first = self.0.partition_point(|(at, _)| *at < span.from);
        self.0.iter().skip(first).take_while(move |(at, _)| *at < span.to)
    }

    /// Takes out everything before an instant.
    pub(crate) fn split_before(&mut self, at: Instant) -> Vec<(Instant, V)> {
        let count = self.0.partition_point(|(held, _)| *held < at);
        if count == 0 { Vec::new() } else { self.0.drain(..count).collect() }
    }
}

impl<V: Default> Sorted<V> {
    /// The value at an instant, put there when there is none.
    #[expect(clippy::indexing_slicing, reason = "the index was found or filled on the line above")]
    pub(crate) fn entry(&mut self, at: Instant) -> &mut V {
        let index = self.find(at).unwrap_or_else(|index| {
            self.0.insert(index, (at, V::default()));
            index
        });
        &mut self.0[index].1
    }
}

/// As pairs of milliseconds and value.
impl<V: Serialize> Serialize for Sorted<V> {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_seq(self.0.iter().map(|(at, value)| (at.millis(), value)))
    }
}

impl<'de, V: Deserialize<'de>> Deserialize<'de> for Sorted<V> {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let pairs = Vec::<(i64, V)>::deserialize(d)?;
        Ok(Self(pairs.into_iter().map(|(at, value)| (Instant::from_millis(at), value)).collect()))
    }
}
