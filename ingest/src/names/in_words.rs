//! Names that are in no list, by the words that they are made of and the unit that stands with them.

use std::sync::{Arc, PoisonError};

use model::Quantity;

use super::{Known, MOST_SEEN, Names};
use crate::{
    entry::Entry,
    key,
    spelling::{self, Spelling},
};

/// After every name that is in a list.
const LAST: usize = 999;

impl Names {
    /// A name by the words that it is made of, in any order.
    pub(super) fn in_words(&self, name: &Arc<str>) -> Option<Known> {
        let (words, unit, channel) = spelling::parts(name);
        let matches = |entry: &Entry| {
            let has = |group: &Vec<String>| words.iter().any(|word| group.contains(word));
            let is_meant = |word: &String| {
                entry.groups.iter().flatten().chain(&entry.also).any(|known| known == word)
                    || self.fillers.contains(word)
            };
            !entry.groups.is_empty() && entry.groups.iter().all(has) && words.iter().all(is_meant)
        };
        // Several may match: the unit tells a power from an energy.
        let all = self.entries.iter().enumerate().filter(|(_, entry)| matches(entry));
        let entries: Vec<(usize, usize)> = all.map(|(at, _)| (at, at * 1000 + LAST)).collect();
        let spelling = Spelling { folded: words.concat(), unit, channel };
        let is_known = !entries.is_empty() && !self.is_ignored(&spelling.folded);
        is_known.then(|| Known { name: Arc::clone(name), spelling, is_ignored: false, entries })
    }

    /// As [`Names::in_unit`], by the unit that the name itself has.
    pub(crate) fn in_own_unit(&self, name: &str) -> Option<Arc<Known>> {
        let mut seen = self.in_units.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = seen.get(name) {
            return found.clone();
        }
        let found = self.in_unit(&Arc::from(name), None).map(Arc::new);
        if seen.len() < MOST_SEEN && name.len() <= 128 {
            seen.insert(name.to_owned(), found.clone());
        }
        found
    }

    /// A name with words that the table does not know, by its unit: one of its words names what is in that unit, or
    /// nothing but one thing is. The other words become the channel; of the air it begins with `other`, which is never the
    /// room's.
    ///
    /// `stated` is the unit that stands beside the value, where the name has none.
    pub(crate) fn in_unit(&self, name: &Arc<str>, stated: Option<&str>) -> Option<Known> {
        let (words, own, places) = spelling::parts(name);
        // `feeder_current_a` is in amperes; alone, the letter is a phase.
        let is_current = own.is_none() && stated.is_none() && places.as_deref() == Some("a");
        let amperes = || (is_current && words.iter().any(|w| w == "current")).then_some("A");
        let unit = own.as_deref().or(stated).or_else(amperes)?.trim();
        let places = places.filter(|_| !is_current);
        let is_no_reading = |word: &String| {
            let stem = word.trim_end_matches(|c: char| c.is_ascii_digit());
            self.ignore.not_now.contains(stem) || self.ignore.periods.contains(stem)
        };
        if words.iter().any(is_no_reading) {
            return None;
        }
        let words: Vec<&str> =
            words.iter().map(String::as_str).filter(|w| !self.fillers.contains(*w)).collect();
        // `Zone_W` may be in the west: a letter at a name's end is a unit only where a word says of what.
        let is_sure = own.is_none() || unit.chars().count() > 1;
        let (at, told) = match self.word_in_unit(&words, unit)? {
            Some(found) => found,
            None if is_sure => (self.only_in_unit(unit)?, &[][..]),
            None => return None,
        };
        let quantity = self.entries.get(at)?.quantity;
        if may_be_elsewhere(quantity) && words.iter().any(|word| self.ignore.elsewhere.contains(*word)) {
            return None;
        }
        let rest: Vec<&str> = words.iter().filter(|word| !told.contains(word)).copied().collect();
        let of = (!rest.is_empty()).then(|| {
            let prefix = if may_be_the_rooms(quantity) { "other-" } else { "" };
            format!("{prefix}{}", rest.join("-"))
        });
        let channel: Vec<String> = of.into_iter().chain(places).collect();
        let channel = (!channel.is_empty()).then(|| channel.join("-"));
        let spelling = Spelling { folded: words.concat(), unit: Some(unit.to_owned()), channel };
        let entries = vec![(at, at * 1000 + LAST)];
        Some(Known { name: Arc::clone(name), spelling, is_ignored: false, entries })
    }

    /// The entry of a word, or of two together, that is in this unit, with those words; `None` where some of them are
    /// known to be no reading.
    fn word_in_unit<'w>(&self, words: &'w [&'w str], unit: &str) -> Option<Option<(usize, &'w [&'w str])>> {
        let mut found = None;
        for some in words.windows(2).chain(words.chunks(1)) {
            let folded = key::fold(&some.concat());
            if self.is_ignored(&folded) {
                return None;
            }
            let entries = self.by_name.get(&folded).into_iter().flatten();
            let mut fitting = entries.filter(|(at, _)| self.entries.get(*at).is_some_and(|e| is_in(e, unit)));
            found = found.or_else(|| Some((fitting.next()?.0, some)));
        }
        Some(found)
    }

    /// The entry of what alone is in a unit.
    fn only_in_unit(&self, unit: &str) -> Option<usize> {
        self.entries.iter().position(|entry| entry.any_name && fits(entry, unit))
    }
}

/// Whether an entry is of a plain quantity in this unit.
fn is_in(entry: &Entry, unit: &str) -> bool {
    let is_plain = entry.is_plain() && entry.formats.is_empty();
    is_plain && !entry.ignored && !entry.numbered && fits(entry, unit)
}

fn fits(entry: &Entry, unit: &str) -> bool {
    use model::Unit as U;
    let kind = entry.quantity.unit();
    !matches!(kind, U::One | U::Count) && kind.convert(1.0, unit).is_ok()
}

/// Whether a quantity flows in places that are not what a meter of a building means: roofs, batteries, ducts.
const fn may_be_elsewhere(quantity: Quantity) -> bool {
    use Quantity as Q;
    matches!(quantity, Q::EnergyImport | Q::EnergyExport | Q::Energy | Q::Power | Q::Pressure)
}

/// Whether a quantity is judged as that of a room's air, whatever its channel.
const fn may_be_the_rooms(quantity: Quantity) -> bool {
    use Quantity as Q;
    matches!(
        quantity,
        Q::Temperature | Q::Humidity | Q::Co2 | Q::SoundLevel | Q::Illuminance | Q::Pm2_5 | Q::Pm10 | Q::Tvoc
    )
}
