//! Values whose name no table knows, known by their unit.

use std::sync::Arc;

use model::{Flags, Quantity};

use crate::{
    entry::{Converted, to_canonical},
    field::Field,
    fields::Walk,
    place::Place,
    tape::Scalar,
};

/// What a value without any name is, by its unit.
const OF_UNITS: [Quantity; 9] = [
    Quantity::Voltage,
    Quantity::Current,
    Quantity::Temperature,
    Quantity::Humidity,
    Quantity::Pressure,
    Quantity::Illuminance,
    Quantity::SoundLevel,
    Quantity::Power,
    Quantity::EnergyImport,
];

impl Walk<'_> {
    /// A value whose name, or the name beside it, is in no list, but whose unit tells what it is: see
    /// [`Names::in_unit`](crate::names::Names::in_unit).
    pub(crate) fn by_unit(&self, place: &Place<'_, '_>, scalar: &Scalar<'_>) -> Option<Field> {
        if matches!(scalar, Scalar::Bool(_) | Scalar::Null) || self.is_foreign(place) {
            return None;
        }
        // What a name that says something is in another unit than this is not guessed.
        let names = || {
            let all = place.names().first().copied().into_iter().chain(place.labels());
            all.filter(|name| self.names.says_little(name))
        };
        if place.labels().any(|label| self.names.is_foreign_context(label)) {
            return None;
        }
        let own = names().find_map(|name| self.in_unit(&*self.names.in_own_unit(name)?, place, scalar));
        own.or_else(|| {
            let unit = place.unit()?;
            let in_unit = |name: &str| self.names.in_unit(&Arc::from(name), Some(unit));
            let named = names().find_map(|name| self.in_unit(&in_unit(name)?, place, scalar));
            named.or_else(|| self.nameless(place, scalar, unit))
        })
    }

    /// A nameless value in a unit that measures one thing: an analogue input in volts, say, whose name becomes the channel;
    /// one of a list of values without names is plain.
    fn nameless(&self, place: &Place<'_, '_>, scalar: &Scalar<'_>, unit: &str) -> Option<Field> {
        let Scalar::Number(number) = scalar else { return None };
        let label = place.labels().next();
        let candidates: &[Quantity] = match label {
            _ if !place.names().is_empty() && label.is_none() => return None,
            None if place.is_listed() && !place.has_texts_beside() => &OF_UNITS,
            _ => &[Quantity::Voltage, Quantity::Current],
        };
        let mut found = candidates.iter().filter_map(|quantity| {
            let unit =
                Some(unit).filter(|unit| *unit != "%" && quantity.unit().convert(*number, unit).is_ok());
            Some((*quantity, to_canonical(*quantity, *number, Some(unit?)).ok()?))
        });
        let (quantity, Converted { value, .. }) = found.next()?;
        let (channel, key) = (label.map(str::to_owned), label.unwrap_or(unit).into());
        let (record_time, near_time) = place.times(self.takes_near_time);
        let time = record_time.or(near_time);
        let spot = place.spot(record_time).filter(|_| label.is_none());
        let (flags, rank) = (Flags::NONE, usize::MAX);
        Some(Field { quantity, channel, spot, value, time, flags, is_bare: false, key, rank })
    }
}
