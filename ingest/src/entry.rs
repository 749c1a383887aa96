//! An entry of the table of names: what a name stands for, when, and in which unit.

use model::{Quantity, Unit, UnitError};
use serde::Deserialize;

use crate::key;

/// What a name stands for, and when.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Entry {
    pub(crate) quantity: Quantity,
    /// What a bare number means.
    #[serde(default)]
    pub(crate) unit: Option<String>,
    /// What a bare number may mean: the first unit in which it is physically possible.
    #[serde(default)]
    pub(crate) units: Vec<String>,
    #[serde(default)]
    pub(crate) names: Vec<String>,
    /// A name in words that is not in the list: one word of each group must be there ...
    #[serde(default)]
    pub(crate) groups: Vec<Vec<String>>,
    /// ... and every other word be one of these (or a filler).
    #[serde(default)]
    pub(crate) also: Vec<String>,
    /// What a bare number is multiplied with before its unit is applied: litres a pulse, say.
    #[serde(default)]
    pub(crate) scale: Option<f64>,
    /// Bare numbers, as published, that stand for no value.
    #[serde(default)]
    pub(crate) sentinels: Vec<f64>,
    #[serde(default)]
    pub(crate) formats: Vec<String>,
    #[serde(default)]
    pub(crate) beside: Vec<String>,
    /// The marks ([`key::mark`]) of those keys, all in one.
    #[serde(skip)]
    pub(crate) beside_marks: u128,
    /// Only when none of these keys stands beside it.
    #[serde(default)]
    pub(crate) without: Vec<String>,
    /// Only inside an object or a list of one of these names (folded).
    #[serde(default)]
    pub(crate) within: Vec<String>,
    /// Only of a meter that a neighbour says to measure one of these (folded).
    #[serde(default)]
    pub(crate) media: Vec<String>,
    /// Only a bare number in this span, ends included; with `any_name` a converted one.
    #[serde(default)]
    pub(crate) between: Option<[f64; 2]>,
    /// A bare number above this is in a unit that nobody stated.
    #[serde(default)]
    pub(crate) bare_at_most: Option<f64>,
    /// Only a bare number that is not whole.
    #[serde(default)]
    pub(crate) fraction: bool,
    #[serde(default)]
    pub(crate) unit_needed: bool,
    /// Nothing else is in its unit: it is what a name means of which no word is known.
    #[serde(default)]
    pub(crate) any_name: bool,
    /// Only when the name gives a number or a place: `region_1_count`, not `region_count`.
    #[serde(default)]
    pub(crate) numbered: bool,
    /// Only when the value is a word for a state: a number there is a code.
    #[serde(default)]
    pub(crate) words_only: bool,
    /// No reading, in the company that the entry asks for.
    #[serde(default)]
    pub(crate) ignored: bool,
    #[serde(default)]
    pub(crate) estimated: bool,
    #[serde(default)]
    pub(crate) inverted: bool,
    #[serde(default)]
    pub(crate) channel: Option<String>,
}

/// A converted value, and whether the conversion is a convention rather than a fact.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Converted {
    pub(crate) value: f64,
    pub(crate) is_estimated: bool,
}

/// Micrograms per cubic metre in one ppb of a gas of 56.1 g/mol (isobutylene, the usual reference
/// gas of photo-ionisation sensors) at 25 °C and 1013 hPa, where a mole fills 24.45 L.
const TVOC_UG_PER_PPB: f64 = 56.1 / 24.45;

impl Entry {
    /// Computes what looking up asks for every value.
    pub(crate) fn prepare(&mut self) {
        self.beside_marks = self.beside.iter().fold(0, |marks, key| marks | key::mark(key));
        self.forget_idle_unit();
    }

    /// A unit that changes nothing (`%` of a battery) need not be looked up for every value.
    fn forget_idle_unit(&mut self) {
        let is_same = |value: f64| {
            let converted = to_canonical(self.quantity, value, self.unit.as_deref());
            converted.is_ok_and(|c| c.value.to_bits() == value.to_bits() && !c.is_estimated)
        };
        if !self.unit_needed && is_same(1.0) && is_same(100.0) {
            self.unit = None;
        }
    }

    /// Whether a number, as published, stands for no value.
    pub(crate) fn is_sentinel(&self, published: f64) -> bool {
        self.sentinels.iter().any(|sentinel| (sentinel - published).abs() < 1e-9)
    }

    /// Whether the name alone is enough: neither neighbours nor the size of the number are asked.
    pub(crate) fn is_plain(&self) -> bool {
        let asks_value = self.between.is_some() || self.fraction;
        self.beside.is_empty()
            && self.within.is_empty()
            && self.without.is_empty()
            && self.media.is_empty()
            && !asks_value
    }

    /// Whether the entry holds for a bare number like this one.
    ///
    /// Some names mean one thing as a small fraction and another as a whole number: a `battery` of 3.6 is in volts.
    fn holds_for(&self, value: f64, stated: Option<&str>) -> bool {
        if stated.is_none() && self.bare_at_most.is_some_and(|most| value > most) {
            return false;
        }
        if self.any_name || (self.between.is_none() && !self.fraction) {
            return true;
        }
        let is_inside = self.between.is_none_or(|[low, high]| (low..=high).contains(&value));
        stated.is_none() && is_inside && (!self.fraction || value.fract().abs() > 1e-9)
    }

    /// Converts a value to the canonical unit: the stated unit decides, else the entry's own.
    ///
    /// `None` when the entry does not hold for such a number, or a stated unit is needed and absent.
    pub(crate) fn convert(&self, value: f64, stated: Option<&str>) -> Option<Result<Converted, UnitError>> {
        let stated = stated.map(str::trim).filter(|unit| !unit.is_empty());
        if !self.holds_for(value, stated) || (stated.is_none() && self.unit_needed) {
            return None;
        }
        let value = self.scale.filter(|_| stated.is_none()).map_or(value, |scale| value * scale);
        // A name that says little leans on its unit, which must then be the quantity's own.
        if let Some(unit) = stated.filter(|_| self.unit_needed)
            && let Err(error) = self.quantity.unit().convert(value, unit)
        {
            return Some(Err(error));
        }
        if stated.is_none() && !self.units.is_empty() {
            let all = self.units.iter().filter_map(|u| to_canonical(self.quantity, value, Some(u)).ok());
            let possible = all.clone().find(|converted| self.quantity.is_plausible(converted.value));
            return possible.or_else(|| all.clone().next()).map(Ok);
        }
        let unit = stated.or(self.unit.as_deref());
        let converted = to_canonical(self.quantity, value, unit);
        let is_inside = |value| self.between.is_none_or(|[low, high]| (low..=high).contains(&value));
        let is_possible = |c: &Converted| self.quantity.is_plausible(c.value) && is_inside(c.value);
        if self.any_name && !converted.as_ref().is_ok_and(is_possible) {
            return None;
        }
        Some(converted)
    }
}

/// Converts a value to the canonical unit of a quantity; without a unit it is taken as canonical.
pub(crate) fn to_canonical(
    quantity: Quantity,
    value: f64,
    unit: Option<&str>,
) -> Result<Converted, UnitError> {
    let fact = |value| Converted { value, is_estimated: false };
    let Some(unit) = unit.filter(|unit| *unit != quantity.unit().name()) else { return Ok(fact(value)) };
    if quantity == Quantity::Tvoc
        && let Ok(ppm) = Unit::Ppm.convert(value, unit)
    {
        return Ok(Converted { value: ppm * 1000.0 * TVOC_UG_PER_PPB, is_estimated: true });
    }
    let converted = quantity.unit().convert(value, unit);
    // An energy labelled with a unit of power has lost its hour; it is common, and nothing else can be meant.
    if converted.is_err()
        && quantity.unit() == Unit::KilowattHour
        && let Ok(watts) = Unit::Watt.convert(value, unit)
    {
        return Ok(fact(watts / 1000.0));
    }
    converted.map(fact)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tvoc_in_parts_per_billion_is_converted_and_marked_as_an_estimate() {
        let converted = to_canonical(Quantity::Tvoc, 100.0, Some("ppb")).unwrap();
        assert!(converted.is_estimated && (converted.value - 229.4).abs() < 0.1);
    }
}
