//! The unit that stands with a value.

use super::{Place, record_around};
use crate::{
    key,
    near::{NEIGHBOURS, text_beside},
    roles::{SCALES, UNITS, ends_in_a_unit, is_nameless, may_name_a_unit},
    scaler,
    tape::Cursor,
};

impl<'t, 'a> Place<'t, 'a> {
    /// The unit that a neighbour states.
    pub(crate) fn unit(&self) -> Option<&'t str> {
        self.stated_unit().map(plain_unit)
    }

    fn stated_unit(&self) -> Option<&'t str> {
        if let Some(cell) = &self.cell {
            return cell.unit();
        }
        if let Some((_, unit)) = scaler::behind(self.leaf) {
            return Some(unit);
        }
        let object = self.object.filter(|_| self.hints.units)?;
        let beside = |object| UNITS.iter().find_map(|unit| text_beside(object, unit));
        if self.is_nameless {
            return beside(object).or_else(|| beside(record_around(object)?));
        }
        // {"unit": "kW", "value": {"total": 9.6}}
        if object.name().is_some_and(is_nameless)
            && let Some(unit) = object.parent().and_then(beside)
        {
            return Some(unit);
        }
        if let Some(unit) = self.listed_unit(object) {
            // A word that nobody knows (`dbSpl`) says no more than the name did.
            return Some(unit).filter(|unit| model::Unit::is_known(plain_unit(unit)));
        }
        // Text neighbours are few: only their names are folded.
        let mut own = None;
        object.children().take(NEIGHBOURS).find_map(|child| {
            if !child.name().is_some_and(may_name_a_unit) {
                return None;
            }
            let text = child.text().or_else(|| child.children().next()?.text())?;
            let own = own.get_or_insert_with(|| self.names().first().map(|name| key::fold(name)));
            let name = key::fold(child.name()?);
            let is_unit = name.strip_prefix(own.as_deref()?).is_some_and(|rest| UNITS.contains(&rest));
            is_unit.then_some(text)
        })
    }

    /// The degrees in which a device tells all its temperatures: `{"temperature": 72.5, "scale": "FAHRENHEIT"}`.
    pub(crate) fn degrees(&self) -> Option<&'t str> {
        let object = self.object?;
        let may_hold = |key: &&&str| self.hints.may_hold(key::mark(key));
        SCALES.iter().filter(may_hold).find_map(|key| text_beside(object, key))
    }

    /// `{"temperature": 72.5, "units": {"temperature": "°F"}}`: in the same object, or in one around it.
    fn listed_unit(&self, object: Cursor<'t, 'a>) -> Option<&'t str> {
        /// So many objects around are asked.
        const FAR: usize = 4;
        let own = self.names().first()?;
        let is_list = |child: &Cursor<'_, '_>| {
            child.is_object()
                && child.name().is_some_and(|name| may_name_a_unit(name) && ends_in_a_unit(name))
        };
        let around = std::iter::successors(Some(object), |at| at.parent().filter(|_| *at != self.root));
        let lists = around.take(FAR).flat_map(|object| object.children().take(NEIGHBOURS)).filter(is_list);
        lists.filter_map(|list| list.text_of(own)).next()
    }
}

/// A unit as the list of units has it.
fn plain_unit(unit: &str) -> &str {
    if matches!(unit, "pc" | "pct") { "%" } else { unit }
}
