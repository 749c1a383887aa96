//! Values whose name no table knows, known by their unit.

use model::{Flags, Quantity};

use crate::{
    entry::{Converted, to_canonical},
    field::Field,
    fields::Walk,
    key,
    place::Place,
    tape::Scalar,
};

impl Walk<'_> {
    /// A nameless value with an unknown name beside it or none, but in a unit that measures one thing alone: an analogue
    /// input in volts, say. Its name becomes the channel.
    pub(crate) fn by_unit(&self, place: &Place<'_, '_>, scalar: &Scalar<'_>) -> Option<Field> {
        let (label, unit) = (place.labels().next(), place.unit()?);
        let Scalar::Number(number) = scalar else { return None };
        let is_foreign = self.is_foreign(place) || label.is_some_and(|l| self.names.is_foreign_context(l));
        if is_foreign || !place.names().is_empty() && label.is_none() {
            return None;
        }
        let candidates = [Quantity::Voltage, Quantity::Current].into_iter();
        let mut found = candidates
            .filter_map(|quantity| Some((quantity, to_canonical(quantity, *number, Some(unit)).ok()?)));
        let (quantity, Converted { value, .. }) = found.next()?;
        let (channel, key) = (label.map(str::to_owned), label.unwrap_or(unit).into());
        let (record_time, near_time) = place.times(self.takes_near_time);
        let time = record_time.or(near_time);
        let (flags, rank) = (Flags::NONE, usize::MAX);
        Some(Field { quantity, channel, spot: None, value, time, flags, is_bare: false, key, rank })
    }

    /// A temperature in stated degrees whose name says of what, in words that the table does not know: kept on a
    /// channel `other-…`, which is never the room's air.
    pub(crate) fn other_temperature(&self, place: &Place<'_, '_>, scalar: &Scalar<'_>) -> Option<Field> {
        let name = place.names().first().copied().or_else(|| place.labels().next())?;
        let unit = place.unit()?;
        let words: Vec<String> = key::words(name).iter().map(|word| word.to_lowercase()).collect();
        let (kind, of): (Vec<&String>, Vec<&String>) = words.iter().partition(|word| {
            matches!(&***word, "temperature" | "temp" | "temperatur" | "température" | "temperatura")
        });
        if kind.is_empty() || of.is_empty() || of.iter().any(|word| self.names.is_no_medium(word)) {
            return None;
        }
        let Scalar::Number(number) = scalar else { return None };
        let is_degrees = unit.contains(['°', '℃', '℉']) || unit.eq_ignore_ascii_case("cel") || unit == "C";
        if !is_degrees || self.is_foreign(place) {
            return None;
        }
        let value = to_canonical(Quantity::Temperature, *number, Some(unit)).ok()?.value;
        let of: Vec<&str> = of.into_iter().map(String::as_str).collect();
        let (record_time, near_time) = place.times(self.takes_near_time);
        Some(Field {
            quantity: Quantity::Temperature,
            channel: Some(format!("other-{}", of.join("-"))),
            spot: place.spot(record_time),
            value,
            time: record_time.or(near_time),
            flags: Flags::NONE,
            is_bare: false,
            key: name.into(),
            rank: usize::MAX,
        })
    }
}
