//! For which devices a token may send readings.

use ingest::Owned;
use model::{Id, Instant, Register};
use serde::{Deserialize, Serialize};

use super::{Person, Reach};

/// What a token is bound to; both empty binds it to nothing but the reach of its user.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Speaks {
    /// Devices: ids, or their beginning and `*`.
    pub sensors: Vec<String>,
    /// Devices of these places and of what is inside them.
    pub places: Vec<Id>,
}

/// Who sends readings, as far as the intake has to know.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Speaker {
    /// Devices by their ids; `None` for any.
    sensors: Option<Owned>,
    /// Where devices must stand: the token's places, and how far its user sees.
    reaches: [Reach; 2],
}

impl Speaker {
    /// The speaker behind a request. A pattern that is none speaks for no device.
    #[must_use]
    pub fn of(person: &Person) -> Self {
        let Speaks { sensors, places } = &person.speaks;
        let owned = Owned::parse(sensors.iter().map(String::as_str)).unwrap_or_default();
        let reach = Reach { places: places.clone(), bodies: Vec::new() };
        Self { sensors: (!sensors.is_empty()).then_some(owned), reaches: [reach, person.reach.clone()] }
    }

    /// As it is kept with a message that waits to be tried again; `None` for one that is bound to nothing.
    #[must_use]
    pub fn kept(&self) -> Option<String> {
        // Lists of texts: they always have a JSON form.
        (*self != Self::default()).then(|| serde_json::to_string(self).unwrap_or_default())
    }

    /// The speaker that was kept. What this release cannot read speaks for no device.
    #[must_use]
    pub fn of_kept(kept: &str) -> Self {
        let nobody = || Self { sensors: Some(Owned::default()), ..Self::default() };
        serde_json::from_str(kept).unwrap_or_else(|_| nobody())
    }

    /// Whether it may send readings of a device, as of an instant. One that stands nowhere yet is within no reach
    /// but that of everything.
    #[must_use]
    pub fn may(&self, register: &Register, sensor: &Id, at: Instant) -> bool {
        let is_listed = self.sensors.as_ref().is_none_or(|owned| owned.has(sensor.as_str()));
        is_listed
            && self.reaches.iter().all(|reach| {
                let place = register.place_of_sensor(sensor, at);
                reach.is_everything() || place.is_some_and(|place| reach.has_place(register, place, at))
            })
    }
}

#[cfg(test)]
mod tests {
    use model::{
        Place, PlaceKind,
        register::{History, Sensor},
    };

    use super::*;
    use crate::access::Role;

    fn person(sensors: &[&str], places: &[&str], reach: &[&str]) -> Person {
        let ids = |words: &[&str]| words.iter().map(|word| Id::fold(word)).collect();
        Person {
            name: "gateway".to_owned(),
            role: Role::Admin,
            reach: Reach { places: ids(reach), bodies: Vec::new() },
            token: None,
            scopes: None,
            speaks: Speaks {
                sensors: sensors.iter().map(|s| (*s).to_owned()).collect(),
                places: ids(places),
            },
        }
    }

    #[test]
    fn a_token_speaks_for_its_devices_in_its_places_and_never_beyond_its_user() {
        let mut register = Register::empty(Id::fold("office"));
        for (id, place) in [("a-1", "east"), ("a-2", "west"), ("b-1", "east")] {
            let (id, place) = (Id::fold(id), Id::fold(place));
            register
                .places
                .insert(place.clone(), History::always(Place::new(place.clone(), PlaceKind::Room)));
            register.sensors.insert(id.clone(), History::always(Sensor::new(id, place)));
        }
        let at = Instant::from_millis(0);
        let heard = |person: &Person| {
            let speaker = Speaker::of(person);
            let kept = speaker.kept().map(|kept| Speaker::of_kept(&kept));
            assert_eq!(kept.unwrap_or_default(), speaker, "it is the same when it was kept");
            let may = |id: &&str| speaker.may(&register, &Id::fold(id), at);
            ["a-1", "a-2", "b-1", "stranger"].into_iter().filter(may).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(heard(&person(&[], &[], &[])), "a-1 a-2 b-1 stranger");
        assert_eq!(heard(&person(&["A-*"], &[], &[])), "a-1 a-2");
        assert_eq!(heard(&person(&["a-*"], &["east"], &[])), "a-1");
        assert_eq!(heard(&person(&[], &["east"], &[])), "a-1 b-1");
        assert_eq!(heard(&person(&["*"], &[], &["west"])), "a-2");
        assert_eq!(heard(&person(&[], &["east"], &["west"])), "");
        assert_eq!(heard(&person(&["a b"], &[], &[])), "");
        assert_eq!(Speaker::of(&person(&[], &[], &[])).kept(), None);
        assert!(!Speaker::of_kept("{\"sensor\":1}").may(&register, &Id::fold("a-1"), at));
    }
}
