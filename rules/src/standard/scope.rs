//! What a clause applies to.

use model::{Instant, Place, Register, register::Body};

use super::{
    AppliesTo, Attribute, Clause, Provenance,
    resolve::{attribute_of_body, attribute_of_place},
};

/// Whether a clause applies to a subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// It does.
    Applies,
    /// It does not.
    Foreign,
    /// It would, but the register lacks an attribute that decides.
    Unknown(Attribute),
}

impl AppliesTo {
    /// Whether kind and use of a place fit.
    pub(crate) fn may_hold(&self, place: &Place) -> bool {
        let has_use = || place.room_use.is_some_and(|of| self.room_use.contains(&of));
        self.kind == Some(place.kind) && (self.room_use.is_empty() || has_use())
    }
}

impl Clause {
    /// Whether this clause applies to a place as it was at `at`.
    ///
    /// Kind and use of the place decide first, so that an attribute is only missed where it matters.
    #[must_use]
    pub fn scope_of_place(&self, register: &Register, place: &Place, at: Instant) -> Scope {
        let to = &self.applies_to;
        if !to.may_hold(place) {
            return Scope::Foreign;
        }
        let word = |attribute| attribute_of_place(register, place, at, attribute);
        let mut scope = self.narrow(word);
        for (attribute, least, most) in [
            (Attribute::FloorArea, to.floor_area_at_least, None),
            (Attribute::Storeys, to.storeys_at_least, to.storeys_at_most),
        ] {
            if scope == Scope::Applies && (least.is_some() || most.is_some()) {
                scope = match word(attribute).and_then(|text| text.parse::<f64>().ok()) {
                    None => Scope::Unknown(attribute),
                    Some(x) if least.is_some_and(|least| x < least) => Scope::Foreign,
                    Some(x) if most.is_some_and(|most| x > most) => Scope::Foreign,
                    Some(_) => Scope::Applies,
                };
            }
        }
        scope
    }

    /// Whether this clause applies to a body as it was at `at`.
    #[must_use]
    pub fn scope_of_body(&self, register: &Register, body: &Body, at: Instant) -> Scope {
        if self.applies_to.kind.is_some() {
            return Scope::Foreign;
        }
        self.narrow(|attribute| attribute_of_body(register, body, at, attribute))
    }

    /// Whether this clause applies to a place; an attribute that the register lacks counts as no.
    #[must_use]
    pub fn applies(&self, register: &Register, place: &Place, at: Instant) -> bool {
        self.scope_of_place(register, place, at) == Scope::Applies
    }

    /// Whether this clause applies to a body; an attribute that the register lacks counts as no.
    #[must_use]
    pub fn applies_to_body(&self, register: &Register, body: &Body, at: Instant) -> bool {
        self.scope_of_body(register, body, at) == Scope::Applies
    }

    /// Whether a breach may raise an alert: in use, and verified or accepted by id.
    #[must_use]
    pub fn is_enforced(&self, register: &Register) -> bool {
        let accepted = || register.accept_unverified.contains(&self.id);
        self.in_use && (self.provenance != Provenance::Unverified || accepted())
    }

    /// The words that an attribute may have; an empty list lets any pass.
    pub(super) fn allowed(&self, attribute: Attribute) -> Vec<&str> {
        fn names<T: Copy>(members: &[T], name: fn(T) -> &'static str) -> Vec<&str> {
            members.iter().map(|m| name(*m)).collect()
        }
        let to = &self.applies_to;
        match attribute {
            Attribute::Level => names(&to.level, model::register::Level::name),
            Attribute::QuotaZone => to.quota_zone.iter().map(String::as_str).collect(),
            Attribute::Use => names(&to.room_use, model::RoomUse::name),
            Attribute::ClimateZone => names(&to.climate_zone, model::register::ClimateZone::name),
            Attribute::BuildingType => names(&to.building_type, model::register::BuildingType::name),
            Attribute::BuildingClass => names(&to.building_class, model::register::BuildingClass::name),
            Attribute::Rank
            | Attribute::AuthorisedHeadcount
            | Attribute::EnergyHeadcount
            | Attribute::FloorArea
            | Attribute::Storeys
            | Attribute::Capacity => Vec::new(),
        }
    }

    fn narrow(&self, word: impl Fn(Attribute) -> Option<String>) -> Scope {
        let mut scope = Scope::Applies;
        for attribute in [
            Attribute::Level,
            Attribute::QuotaZone,
            Attribute::ClimateZone,
            Attribute::BuildingType,
            Attribute::BuildingClass,
        ] {
            let allowed = self.allowed(attribute);
            if allowed.is_empty() {
                continue;
            }
            match word(attribute) {
                // One word that does not fit settles it, whatever else is unknown.
                Some(word) if !allowed.contains(&word.as_str()) => return Scope::Foreign,
                Some(_) => {}
                None if scope == Scope::Applies => scope = Scope::Unknown(attribute),
                None => {}
            }
        }
        scope
    }
}
