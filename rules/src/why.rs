//! The explanation of a verdict: facts by name.

use std::{
    collections::BTreeMap,
    ops::{Deref, DerefMut},
    sync::Arc,
};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::Fact;

/// Facts by name.
type Facts = BTreeMap<String, Fact>;

static NOTHING: Facts = Facts::new();

/// The explanation of a verdict as data: inputs, switches and factors used, what was missing.
///
/// Copies share the map until one of them changes it, since all clauses that limit one figure have the same to say.
#[derive(Clone, Default)]
pub struct Why(Option<Arc<Facts>>);

impl Why {
    /// Without any fact.
    #[must_use]
    pub const fn new() -> Self {
        Self(None)
    }
}

impl Deref for Why {
    type Target = Facts;

    fn deref(&self) -> &Facts {
        self.0.as_deref().unwrap_or(&NOTHING)
    }
}

impl DerefMut for Why {
    fn deref_mut(&mut self) -> &mut Facts {
        Arc::make_mut(self.0.get_or_insert_default())
    }
}

impl PartialEq for Why {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl std::fmt::Debug for Why {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        (**self).fmt(f)
    }
}

impl<const N: usize> From<[(String, Fact); N]> for Why {
    fn from(facts: [(String, Fact); N]) -> Self {
        facts.into_iter().collect()
    }
}

impl FromIterator<(String, Fact)> for Why {
    fn from_iter<I: IntoIterator<Item = (String, Fact)>>(facts: I) -> Self {
        Self(Some(Arc::new(facts.into_iter().collect())))
    }
}

impl<'a> IntoIterator for &'a Why {
    type Item = (&'a String, &'a Fact);
    type IntoIter = std::collections::btree_map::Iter<'a, String, Fact>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl Serialize for Why {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        (**self).serialize(s)
    }
}

impl<'de> Deserialize<'de> for Why {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        Facts::deserialize(d).map(|facts| Self((!facts.is_empty()).then(|| Arc::new(facts))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_that_changes_leaves_the_other_as_it_was() {
        let first = Why::from([("sensors".to_owned(), Fact::from("s-1"))]);
        let mut second = first.clone();
        second.insert("gate".to_owned(), true.into());
        assert_eq!((first.len(), second.len()), (1, 2));
        assert_ne!(first, second);
        let text = serde_json::to_string(&second).unwrap();
        assert_eq!(text, r#"{"gate":true,"sensors":"s-1"}"#);
        assert_eq!(serde_json::from_str::<Why>(&text).unwrap(), second);
        assert_eq!(serde_json::from_str::<Why>("{}").unwrap(), Why::new());
    }
}
