//! What most of very many never have: a word of memory until there is something in it.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A collection that is nearly always empty.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rare<T>(Option<Box<T>>);

impl<T: Default> Rare<T> {
    pub(crate) fn get(&self) -> Option<&T> {
        self.0.as_deref()
    }

    /// To put something into it.
    pub(crate) fn open(&mut self) -> &mut T {
        self.0.get_or_insert_default()
    }

    /// To take something out of it.
    pub(crate) fn get_mut(&mut self) -> Option<&mut T> {
        self.0.as_deref_mut()
    }

    /// All of it; nothing is left.
    pub(crate) fn take(&mut self) -> T {
        self.0.take().map_or_else(T::default, |all| *all)
    }
}

impl<T: Default + PartialEq> From<T> for Rare<T> {
    fn from(all: T) -> Self {
        Self((all != T::default()).then(|| Box::new(all)))
    }
}

impl<T: Default + PartialEq> PartialEq for Rare<T> {
    fn eq(&self, other: &Self) -> bool {
        match (self.get(), other.get()) {
            (Some(one), Some(other)) => one == other,
            (Some(one), None) | (None, Some(one)) => *one == T::default(),
            (None, None) => true,
        }
    }
}

/// As what is in it.
impl<T: Default + Serialize> Serialize for Rare<T> {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        match self.get() {
            Some(all) => all.serialize(s),
            None => T::default().serialize(s),
        }
    }
}

impl<'de, T: Default + PartialEq + Deserialize<'de>> Deserialize<'de> for Rare<T> {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        T::deserialize(d).map(Self::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_emptied_is_as_what_never_held_anything_and_both_are_written_as_empty() {
        let mut used: Rare<Vec<u8>> = vec![1].into();
        assert_ne!(used, Rare::default());
        used.open().clear();
        for rare in [used, Rare::default(), Vec::new().into()] {
            assert_eq!(rare, Rare::default());
            let text = serde_json::to_string(&rare).unwrap();
            assert_eq!(text, "[]");
            assert_eq!(serde_json::from_str::<Rare<Vec<u8>>>(&text).unwrap(), rare);
        }
        assert_eq!(serde_json::from_str::<Rare<Vec<u8>>>("[3]").unwrap().take(), [3]);
    }
}
