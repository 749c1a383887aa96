//! Names that are in no list, by the words that they are made of and the unit that stands with them.

use std::sync::{Arc, PoisonError};

use model::{Nature, Quantity};

use super::{Known, LONGEST_NAME, MOST_SEEN, Names};
use crate::{
    entry::Entry,
    field::{is_of_air, is_state},
    key,
    spelling::{self, Spelling},
};

/// What the words of a name tell that is in no list, or in one only with a unit or in some company.
#[derive(Debug)]
pub(crate) struct Unlisted {
    /// Whether the name may mean what its unit says; else another unit contradicts it.
    pub(crate) says_little: bool,
    /// As [`Names::in_unit`], by the unit that the name itself has.
    pub(crate) in_unit: Option<Known>,
    /// Its last words are a name of the table.
    pub(crate) at_end: Option<Known>,
    /// As a label, it says that the value is a setting or a limit.
    pub(crate) is_setting: bool,
}

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

    /// What the words of a name tell under which nothing was found.
    pub(crate) fn unlisted(&self, name: &str) -> Arc<Unlisted> {
        let seen = self.unlisted.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned();
        seen.unwrap_or_else(|| {
            // A longer one is a text, and looking at all its words and ends would cost its square.
            let says_little = name.len() <= LONGEST_NAME && self.says_little(name);
            let in_unit = says_little.then(|| self.in_unit(&Arc::from(name), None)).flatten();
            let at_end = says_little.then(|| self.at_its_end(name)).flatten();
            let is_setting = |word: &String| self.ignore.settings.contains(&word.to_lowercase());
            let is_setting = name.len() <= LONGEST_NAME && spelling::words(name).iter().any(is_setting);
            let found = Arc::new(Unlisted { says_little, in_unit, at_end, is_setting });
            let mut all = self.unlisted.lock().unwrap_or_else(PoisonError::into_inner);
            if all.len() < MOST_SEEN && name.len() <= LONGEST_NAME {
                all.insert(name.to_owned(), Arc::clone(&found));
            }
            found
        })
    }

    /// A name with words that the table does not know, by its unit: one of its words names what is in that unit, or
    /// nothing but one thing is. The other words become the channel; of the air and of a meter it begins with `other`, which is
    /// never judged.
    ///
    /// `stated` is the unit that stands beside the value, where the name has none.
    pub(crate) fn in_unit(&self, name: &Arc<str>, stated: Option<&str>) -> Option<Known> {
        let (words, own, places) = spelling::parts(name);
        // `feeder_current_a` is in amperes; alone, the letter is a phase.
        let is_current = own.is_none() && stated.is_none() && places.as_deref() == Some("a");
        let amperes = || (is_current && words.iter().any(|w| w == "current")).then_some("A");
        let unit = own.as_deref().or(stated).or_else(amperes)?.trim();
        let places = places.filter(|_| !is_current);
        if words.iter().any(|word| self.is_no_reading(word)) {
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
        // Outdoors everything is judged by it, and a coil or a limit is not the weather.
        if !rest.is_empty() && matches!(quantity, Quantity::OutdoorTemperature | Quantity::OutdoorCo2) {
            return None;
        }
        let of = (!rest.is_empty()).then(|| {
            let prefix = if may_be_judged(quantity) { "other-" } else { "" };
            format!("{prefix}{}", rest.join("-"))
        });
        let channel: Vec<String> = of.into_iter().chain(places).collect();
        let channel = (!channel.is_empty()).then(|| channel.join("-"));
        let spelling = Spelling { folded: words.concat(), unit: Some(unit.to_owned()), channel };
        Some(of_entry(at, Arc::clone(name), spelling))
    }

    /// Whether a name says of what kind a value is: a limit, a setting, a price, of a period, of elsewhere.
    pub(crate) fn is_qualifier(&self, name: &str) -> bool {
        let is_one = |word: &String| {
            let word = word.to_lowercase();
            let (ignore, word) = (&self.ignore, word.as_str());
            self.is_no_reading(word) || ignore.settings.contains(word) || ignore.elsewhere.contains(word)
        };
        spelling::words(name).iter().any(is_one)
    }

    /// Whether a word of a name says that its value is a limit, a setting, a price, or of a period.
    fn is_no_reading(&self, word: &str) -> bool {
        let stem = word.trim_end_matches(|c: char| c.is_ascii_digit());
        self.ignore.not_now.contains(stem) || self.ignore.periods.contains(stem)
    }

    /// A name whose last words are a name of the table, of a quantity that nobody gives in two units: of the air, which is
    /// kept apart from the room's, or a state, where the words before say but where.
    fn at_its_end(&self, name: &str) -> Option<Known> {
        let words: Vec<String> = spelling::words(name).iter().map(|word| word.to_lowercase()).collect();
        if words.iter().any(|word| self.is_no_reading(word)) {
            return None;
        }
        let (front, at) = (1..words.len()).find_map(|start| {
            let (front, end) = words.split_at_checked(start)?;
            let entries = self.by_name.get(&key::fold(&end.concat())).into_iter().flatten();
            let of_entry = |at: &usize| self.entries.get(*at).is_some_and(is_sure);
            Some((front, entries.map(|(at, _)| *at).find(of_entry)?))
        })?;
        let is_where = |word: &String| self.ignore.places.contains(word) || spelling::is_place(word);
        let is_state = is_state(self.entries.get(at)?.quantity);
        if self.is_ignored(&words.concat()) || (is_state && !front.iter().all(is_where)) {
            return None;
        }
        let prefix = if is_state { "" } else { "other-" };
        let channel = Some(format!("{prefix}{}", front.join("-")));
        let spelling = Spelling { folded: words.concat(), unit: None, channel };
        Some(of_entry(at, Arc::from(name), spelling))
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

/// A name that means what one entry says, after every name that is in a list.
fn of_entry(at: usize, name: Arc<str>, spelling: Spelling) -> Known {
    Known { name, spelling, is_ignored: false, entries: vec![(at, at * 1000 + LAST)] }
}

/// Whether an entry is of a plain quantity in this unit.
fn is_in(entry: &Entry, unit: &str) -> bool {
    let is_plain = entry.is_plain() && entry.formats.is_empty();
    is_plain && !entry.ignored && !entry.numbered && fits(entry, unit)
}

/// Whether an entry is plain, and of a quantity whose unit need not be stated.
fn is_sure(entry: &Entry) -> bool {
    let is_plain = entry.is_plain() && entry.formats.is_empty() && entry.channel.is_none();
    let is_alone = !entry.ignored && !entry.unit_needed && !entry.numbered && !entry.words_only;
    let quantity = entry.quantity;
    is_plain && is_alone && (is_state(quantity) || is_of_air(quantity) || quantity == Quantity::Illuminance)
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

/// Whether a quantity is judged as that of a room's air or of a meter, whatever its channel.
const fn may_be_judged(quantity: Quantity) -> bool {
    use Quantity as Q;
    let is_air = matches!(
        quantity,
        Q::Temperature | Q::Humidity | Q::Co2 | Q::SoundLevel | Q::Illuminance | Q::Pm2_5 | Q::Pm10 | Q::Tvoc
    );
    is_air || matches!(quantity.nature(), Nature::Counter | Nature::Interval)
}
