//! The register: what facilities staff maintain about bodies, places, posts, sensors and meters.
//!
//! Every row is valid between two dates (half-open, local midnights), so that history follows
//! the room and not the device. `Register::load` reads the files as bytes; it opens nothing.

mod body;
mod dated;
mod load;
mod meter;
mod people;
mod sensor;

use std::collections::BTreeMap;

use jiff::tz::TimeZone;

pub use body::{Body, Level, Post, Rank};
pub use dated::{Dated, History};
pub use load::NewSensor;
pub use meter::{Carrier, EndUse, Meter, MeterEvent, MeterEventKind};
pub use people::{Language, Recipient, Severity, Waiver};
pub use sensor::{Reporting, Sensor};

pub use crate::place::{BuildingClass, BuildingType, ClimateZone};
use crate::{Calendar, Id, Instant, Place, PlaceKind};

/// A text in the languages of the product.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Text {
    /// Chinese (zh-CN).
    #[serde(default)]
    pub zh: String,
    /// English.
    #[serde(default)]
    pub en: String,
}

/// All tables of one register, checked against each other.
#[derive(Debug, Clone)]
pub struct Register {
    /// Id of the register.
    pub id: Id,
    /// Its name.
    pub name: Text,
    /// Local time of its sites.
    pub calendar: Calendar,
    /// What the calendar file calls its dates.
    pub day_names: BTreeMap<jiff::civil::Date, String>,
    /// Ids of the standards packs in use.
    pub packs: Vec<String>,
    /// Unverified clauses that the operator has accepted, by clause id.
    pub accept_unverified: Vec<String>,
    /// Organisation units.
    pub bodies: BTreeMap<Id, History<Body>>,
    /// Space tree.
    pub places: BTreeMap<Id, History<Place>>,
    /// Positions and the rooms they are assigned to.
    pub posts: BTreeMap<Id, History<Post>>,
    /// Room sensors and counters, each bound to a place.
    pub sensors: BTreeMap<Id, History<Sensor>>,
    /// Meters, each bound to a place.
    pub meters: BTreeMap<Id, History<Meter>>,
    /// Replacements, resets and changed multipliers, in time order.
    pub meter_events: Vec<MeterEvent>,
    /// Who gets mail.
    pub recipients: BTreeMap<Id, History<Recipient>>,
    /// Exemptions.
    pub waivers: Vec<Dated<Waiver>>,
    /// Texts of the files `<name>.profile.toml` by name: how devices of the operator's own are read.
    pub profiles: BTreeMap<String, String>,
}

impl Register {
    /// A register without rows: UTC, default working hours.
    #[must_use]
    pub fn empty(id: Id) -> Self {
        Self {
            id,
            name: Text::default(),
            calendar: Calendar::new(TimeZone::UTC),
            day_names: BTreeMap::new(),
            packs: Vec::new(),
            accept_unverified: Vec::new(),
            bodies: BTreeMap::new(),
            places: BTreeMap::new(),
            posts: BTreeMap::new(),
            sensors: BTreeMap::new(),
            meters: BTreeMap::new(),
            meter_events: Vec::new(),
            recipients: BTreeMap::new(),
            waivers: Vec::new(),
            profiles: BTreeMap::new(),
        }
    }

    /// The place of this id as it was at `at`.
    #[must_use]
    pub fn place(&self, id: &Id, at: Instant) -> Option<&Place> {
        self.places.get(id)?.at(at)
    }

    /// The chain from a place up to its root, the place itself first.
    #[must_use]
    pub fn ancestors(&self, id: &Id, at: Instant) -> Vec<&Place> {
        let mut chain: Vec<&Place> = Vec::new();
        let mut next = self.place(id, at);
        while let Some(place) = next {
            if chain.iter().any(|seen| seen.id == place.id) {
                break;
            }
            chain.push(place);
            next = place.parent.as_ref().and_then(|parent| self.place(parent, at));
        }
        chain
    }

    /// The nearest place of `kind` at or above `id`.
    #[must_use]
    pub fn enclosing(&self, id: &Id, kind: PlaceKind, at: Instant) -> Option<&Place> {
        self.ancestors(id, at).into_iter().find(|place| place.kind == kind)
    }

    /// The body that holds a place: its own, else that of the nearest place above that names one.
    #[must_use]
    pub fn body_of(&self, place: &Id, at: Instant) -> Option<&Body> {
        let body = self.ancestors(place, at).into_iter().find_map(|p| p.body.as_ref())?;
        self.bodies.get(body)?.at(at)
    }

    /// The level of a body: its own, else that of the nearest body above that names one.
    #[must_use]
    pub fn level_of(&self, body: &Body, at: Instant) -> Option<Level> {
        self.rows_up(body, at).find_map(|b| b.level)
    }

    /// The quota zone of a body: its own, else that of the nearest body above that names one.
    #[must_use]
    pub fn quota_zone_of<'a>(&'a self, body: &'a Body, at: Instant) -> Option<&'a str> {
        self.rows_up(body, at).find_map(|b| b.quota_zone.as_deref())
    }

    /// The body of this id as it was at `at`.
    #[must_use]
    pub fn body(&self, id: &Id, at: Instant) -> Option<&Body> {
        self.bodies.get(id)?.at(at)
    }

    /// The ids from a body up to its root, its own first. The last one need not have a row at `at`: the
    /// chain ends where nothing is known of a body, not before it.
    #[must_use]
    pub fn up_bodies<'a>(&'a self, body: &'a Id, at: Instant) -> Vec<&'a Id> {
        let mut chain = vec![body];
        let mut next = self.body(body, at).and_then(|b| b.parent.as_ref());
        while let Some(parent) = next.filter(|id| !chain.contains(id)) {
            chain.push(parent);
            next = self.body(parent, at).and_then(|b| b.parent.as_ref());
        }
        chain
    }

    /// A body's row, then those of the bodies above it.
    fn rows_up<'a>(&'a self, body: &'a Body, at: Instant) -> impl Iterator<Item = &'a Body> {
        let above = self.up_bodies(&body.id, at).into_iter().skip(1);
        std::iter::once(body).chain(above.filter_map(move |id| self.body(id, at)))
    }

    /// The place a sensor or meter is bound to at `at`.
    #[must_use]
    pub fn place_of_sensor(&self, sensor: &Id, at: Instant) -> Option<&Id> {
        let room = self.sensors.get(sensor).and_then(|h| h.at(at)).map(|s| &s.place);
        room.or_else(|| self.meters.get(sensor).and_then(|h| h.at(at)).map(|m| &m.place))
    }

    /// Whether the register knows this sensor or meter at any time.
    #[must_use]
    pub fn knows_sensor(&self, sensor: &Id) -> bool {
        self.sensors.contains_key(sensor) || self.meters.contains_key(sensor)
    }

    /// The waiver in force for a clause on a place (or one above it) or a body at `at`.
    #[must_use]
    pub fn waiver(&self, clause: &str, subject: &Id, at: Instant) -> Option<&Waiver> {
        self.waivers.iter().filter(|row| row.span.contains(at)).map(|row| &row.value).find(|waiver| {
            (waiver.clause == "*" || waiver.clause == clause)
                && (waiver.subject == *subject
                    || self.ancestors(subject, at).iter().any(|place| place.id == waiver.subject))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(name: &str, parent: Option<&str>) -> Body {
        let id = |text: &str| Id::parse(text).unwrap();
        Body {
            id: id(name),
            name: String::new(),
            parent: parent.map(id),
            level: None,
            authorised_headcount: None,
            energy_headcount: None,
            quota_zone: None,
        }
    }

    #[test]
    fn the_way_up_ends_with_a_body_of_which_nothing_is_known_and_never_goes_round() {
        let mut register = Register::empty(Id::parse("tree").unwrap());
        for row in [body("division", Some("bureau")), body("a", Some("b")), body("b", Some("a"))] {
            register.bodies.insert(row.id.clone(), History::always(row));
        }
        // The bureau is listed, but only from later on.
        let mut later = History::default();
        let span = crate::Span::new(Instant::from_millis(1000), Instant::MAX);
        later.insert(Dated { span, value: body("bureau", Some("ministry")) }).unwrap();
        register.bodies.insert(Id::parse("bureau").unwrap(), later);
        let up = |name: &str, at: i64| -> Vec<String> {
            let id = Id::parse(name).unwrap();
            register.up_bodies(&id, Instant::from_millis(at)).into_iter().map(ToString::to_string).collect()
        };
        assert_eq!(up("division", 0), ["division", "bureau"]);
        assert_eq!(up("division", 1000), ["division", "bureau", "ministry"]);
        assert_eq!(up("nobody", 0), ["nobody"]);
        assert_eq!(up("a", 0), ["a", "b"]);
    }
}
