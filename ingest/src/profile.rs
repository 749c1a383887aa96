//! Device profiles: names that hold for one kind of device alone, chosen in the register.
//!
//! A profile answers what no table can guess: that this pulse counter counts gas in 10 L steps,
//! that this `battery` is in volts. It is data in the form of `names.toml`.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use model::Id;

use crate::names::Names;

/// Names that go before the common table for the sensors whose register row names this profile.
#[derive(Debug)]
pub struct Profile {
    pub(crate) names: Names,
}

/// Why a profile does not load.
#[derive(Debug, thiserror::Error)]
#[error("profile `{name}`: {source}")]
pub struct ProfileError {
    /// Name of the profile.
    pub name: String,
    /// What the TOML reader says.
    source: toml::de::Error,
}

/// Profiles that are compiled in: name and text.
const BUILTIN: &[(&str, &str)] = &[
    ("battery-volts", include_str!("../profiles/battery-volts.toml")),
    ("pulse-electricity-wh", include_str!("../profiles/pulse-electricity-wh.toml")),
    ("water-m3", include_str!("../profiles/water-m3.toml")),
];

impl Profile {
    /// Reads a profile.
    ///
    /// # Errors
    /// Returns [`ProfileError`] when the text is not a table of names.
    pub fn parse(name: &str, text: &str) -> Result<Self, ProfileError> {
        let names = Names::parse(text).map_err(|source| ProfileError { name: name.to_owned(), source })?;
        Ok(Self { names })
    }

    /// A profile that is compiled in, by name.
    #[must_use]
    pub fn builtin(name: &str) -> Option<Self> {
        let (_, text) = BUILTIN.iter().find(|(known, _)| *known == name)?;
        Self::parse(name, text).ok()
    }

    /// Profiles of sensors by the names in the register, each loaded once; and the names that are none.
    ///
    /// `own` are the operator's profiles, which go before those compiled in.
    pub fn assign<'p>(
        sensors: impl IntoIterator<Item = (Id, &'p str)>,
        own: &HashMap<String, Arc<Self>>,
    ) -> (HashMap<Id, Arc<Self>>, BTreeSet<String>) {
        let mut loaded: HashMap<&str, Arc<Self>> =
            own.iter().map(|(name, p)| (name.as_str(), Arc::clone(p))).collect();
        let mut unknown = BTreeSet::new();
        let mut assigned = HashMap::new();
        for (sensor, name) in sensors {
            if !loaded.contains_key(name)
                && let Some(profile) = Self::builtin(name)
            {
                loaded.insert(name, Arc::new(profile));
            }
            match loaded.get(name) {
                Some(profile) => drop(assigned.insert(sensor, Arc::clone(profile))),
                None => drop(unknown.insert(name.to_owned())),
            }
        }
        (assigned, unknown)
    }

    /// Names of the profiles that are compiled in.
    pub fn builtin_names() -> impl Iterator<Item = &'static str> {
        BUILTIN.iter().map(|(name, _)| *name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_compiled_in_profile_loads() {
        for name in Profile::builtin_names() {
            assert!(Profile::builtin(name).is_some(), "{name}");
        }
    }
}
