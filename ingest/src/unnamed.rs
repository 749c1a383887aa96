//! Values whose name no table knows, known by their unit.

use std::sync::Arc;

use model::{Flags, Quantity};

use crate::{
    entry::{Converted, to_canonical},
    field::Field,
    fields::Walk,
    names::Known,
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

/// Formats in which every vendor names things for himself; in the others a name that is unknown is known to be something
/// else.
fn is_free(format: &str) -> bool {
    const FREE: [&str; 9] = [
        "vendor-json",
        "cloud-webhook",
        "cn-gateways",
        "ip-sensors",
        "chirpstack-v4",
        "chirpstack-v3",
        "tts-v3",
        "tts-v2-legacy",
        "milesight-gateway",
    ];
    FREE.contains(&format)
}

impl Walk<'_> {
    /// A value whose name, or the name beside it, is in no list, but whose unit tells what it is: see
    /// [`Names::in_unit`](crate::names::Names::in_unit).
    pub(crate) fn by_unit(&self, place: &Place<'_, '_>, scalar: &Scalar<'_>) -> Option<Field> {
        if matches!(scalar, Scalar::Null) || self.is_foreign(place) {
            return None;
        }
        if place.labels().any(|label| self.names.is_foreign_context(label)) {
            return None;
        }
        let all = place.names().first().copied().into_iter().chain(place.labels());
        let names = all.map(|name| (name, self.names.unlisted(name)));
        // What a name that says something is in another unit than this is not guessed.
        let names: Vec<_> = names.filter(|(_, unlisted)| unlisted.says_little).collect();
        let read = |known: &Option<Known>| self.in_unit(known.as_ref()?, place, scalar);
        let own = names.iter().find_map(|(_, unlisted)| read(&unlisted.in_unit));
        let by_neighbour = || {
            let unit = place.unit()?;
            let in_unit = |name: &str| self.names.in_unit(&Arc::from(name), Some(unit));
            let named = names.iter().find_map(|(name, _)| read(&in_unit(name)));
            named.or_else(|| self.nameless(place, scalar, unit))
        };
        let by_end = || {
            let mut names = names.iter().filter(|_| is_free(self.format) && place.unit().is_none());
            names.find_map(|(_, unlisted)| read(&unlisted.at_end))
        };
        own.or_else(by_neighbour).or_else(by_end)
    }

    /// A nameless value in a unit that measures one thing: an analogue input in volts, say, whose name becomes the channel;
    /// one of a sensor of which nothing else is said is plain.
    fn nameless(&self, place: &Place<'_, '_>, scalar: &Scalar<'_>, unit: &str) -> Option<Field> {
        let Scalar::Number(number) = scalar else { return None };
        let label = place.labels().next();
        let candidates: &[Quantity] = match label {
            _ if !place.names().is_empty() && label.is_none() => return None,
            None if place.is_of_a_sensor_alone() => &OF_UNITS,
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
