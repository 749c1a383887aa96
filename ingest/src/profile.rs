//! Device profiles: names that hold for one kind of device alone, chosen in the register.
//!
//! A profile answers what no table can guess: that this pulse counter counts gas in 10 L steps,
//! that this `battery` is in volts. It is data in the form of `names.toml`.

use std::{collections::HashMap, sync::Arc};

use model::Id;

use crate::names::Names;

/// Names that go before the common table for the sensors whose register row names this profile.
#[derive(Debug)]
pub struct Profile {
    pub(crate) names: Names,
}

/// Whose device profile is whose.
#[derive(Debug, Clone, Default)]
pub struct Profiles {
    /// Of sensors for which the register names one.
    pub named: HashMap<Id, Arc<Profile>>,
    /// Those that say themselves whose they are, in the order in which they are asked: of sensors that nobody has
    /// registered yet, too.
    pub claiming: Vec<Arc<Profile>>,
}

impl Profiles {
    pub(crate) fn of(&self, sensor: &Id) -> Option<&Profile> {
        let claiming = || self.claiming.iter().find(|profile| profile.claims(sensor));
        self.named.get(sensor).or_else(claiming).map(Arc::as_ref)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.named.is_empty() && self.claiming.is_empty()
    }
}

/// Why a profile does not load.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub struct ProfileError {
    /// Line of the text, from 1; 0 when it belongs to none.
    pub line: usize,
    /// What is wrong.
    pub what: String,
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
    /// Returns [`ProfileError`] when the text is not a table of names, or a unit is not one of its quantity.
    pub fn parse(text: &str) -> Result<Self, ProfileError> {
        let names = Names::parse(text).map_err(|error| {
            let before = error.span().and_then(|span| text.get(..span.start));
            let line = before.map_or(0, |before| before.matches('\n').count() + 1);
            ProfileError { line, what: error.message().to_owned() }
        })?;
        match names.unfit() {
            Some(what) => Err(ProfileError { line: 0, what }),
            None => Ok(Self { names }),
        }
    }

    /// A profile that is compiled in, by name.
    #[must_use]
    pub fn builtin(name: &str) -> Option<Self> {
        let (_, text) = BUILTIN.iter().find(|(known, _)| *known == name)?;
        Self::parse(text).ok()
    }

    /// Names of the profiles that are compiled in.
    pub fn builtin_names() -> impl Iterator<Item = &'static str> {
        BUILTIN.iter().map(|(name, _)| *name)
    }

    /// Whether the profile itself says that it is this sensor's.
    #[must_use]
    pub fn claims(&self, sensor: &Id) -> bool {
        self.names.sensors.iter().any(|claimed| match claimed.strip_suffix('*') {
            Some(front) => sensor.as_str().starts_with(front),
            None => sensor.as_str() == claimed,
        })
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

    #[test]
    fn a_slip_in_a_profile_is_told_with_its_line() {
        let slip = Profile::parse("[[name]]\nquantity = \"gas\"\nunitt = \"m3\"\n").unwrap_err();
        assert!(slip.line == 3 && slip.what.contains("unitt"), "{slip:?}");
        let unfit =
            Profile::parse("[[name]]\nquantity = \"gas\"\nunit = \"kWh\"\nnames = [\"g\"]").unwrap_err();
        assert!(unfit.what.contains("gas") && unfit.what.contains("kWh"), "{unfit}");
    }

    #[test]
    fn a_profile_may_name_its_sensors() {
        let profile = Profile::parse("sensors = [\"g1\", \"boiler-*\"]").unwrap();
        let claims = |id| profile.claims(&Id::fold(id));
        assert!(claims("g1") && claims("boiler-7") && !claims("g12"));
    }
}
