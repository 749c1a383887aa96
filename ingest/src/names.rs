//! The table from vendors' field names to quantities, read from `names.toml`.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, LazyLock, Mutex, PoisonError},
};

use foldhash::fast::RandomState;
use model::Quantity;
use serde::Deserialize;

use crate::{
    entry::{Entry, to_canonical},
    field::is_state,
    key,
    spelling::{self, Spelling},
};

mod in_words;

use in_words::Unlisted;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Ignore {
    #[serde(default)]
    names: HashSet<String>,
    #[serde(default)]
    not_now: HashSet<String>,
    #[serde(default)]
    periods: HashSet<String>,
    #[serde(default, rename = "where")]
    places: HashSet<String>,
    #[serde(default)]
    elsewhere: HashSet<String>,
    #[serde(default)]
    settings: HashSet<String>,
    #[serde(default)]
    context: HashSet<String>,
}

#[derive(Debug, Default, Deserialize)]
struct Sentinels {
    #[serde(default)]
    words: HashSet<String>,
    #[serde(flatten)]
    values: HashMap<String, Vec<f64>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct StateWords {
    #[serde(default, rename = "true")]
    yes: HashSet<String>,
    #[serde(default, rename = "false")]
    no: HashSet<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    name: Vec<Entry>,
    #[serde(default)]
    ignore: Ignore,
    #[serde(default)]
    sentinels: Sentinels,
    #[serde(default)]
    words: StateWords,
    #[serde(default)]
    fillers: HashSet<String>,
    /// In a profile: sensors that need not name it, by id or by its beginning and `*`.
    #[serde(default)]
    sensors: Vec<String>,
}

/// A table of names, ready to look up.
#[derive(Debug)]
pub(crate) struct Names {
    entries: Vec<Entry>,
    /// Folded name -> entries in file order, each with the name's place in its list.
    by_name: HashMap<String, Vec<(usize, usize)>>,
    ignore: Ignore,
    sentinel_words: HashSet<String>,
    /// By the quantity's place in the list.
    sentinels: Vec<Vec<f64>>,
    words: StateWords,
    fillers: HashSet<String>,
    pub(crate) sensors: Vec<String>,
    /// Names that were looked up, with those of their spellings that the table knows: vendors repeat themselves.
    seen: Mutex<HashMap<String, Arc<[Known]>, RandomState>>,
    /// Names under which nothing was found, with what their words tell.
    unlisted: Mutex<HashMap<String, Arc<Unlisted>, RandomState>>,
    /// Names of objects, with whether what stands in them is foreign.
    contexts: Mutex<HashMap<String, bool, RandomState>>,
}

/// A spelling that the table knows or ignores.
#[derive(Debug)]
pub(crate) struct Known {
    /// The name as it was asked for.
    pub(crate) name: Arc<str>,
    pub(crate) spelling: Spelling,
    /// Deliberately no reading.
    pub(crate) is_ignored: bool,
    /// As in `by_name`.
    entries: Vec<(usize, usize)>,
}

/// Longer names are not remembered, bytes.
const LONGEST_NAME: usize = 128;

/// Most names that are remembered; more are no longer a vendor's.
const MOST_SEEN: usize = 16_384;

/// A name that was found.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Match<'n> {
    pub(crate) entry: &'n Entry,
    /// Order among names of the same quantity: the lowest is the plain one.
    pub(crate) rank: usize,
}

impl Names {
    /// The table that is compiled in, read once for all decoders.
    pub(crate) fn builtin() -> Arc<Self> {
        static TABLE: LazyLock<Arc<Names>> = LazyLock::new(|| Arc::new(Names::read_builtin()));
        Arc::clone(&TABLE)
    }

    #[expect(clippy::expect_used, reason = "the file is compiled in, and a test parses it")]
    pub(crate) fn read_builtin() -> Self {
        Self::parse(include_str!("../names.toml")).expect("names.toml is valid")
    }

    /// Parses a table.
    pub(crate) fn parse(text: &str) -> Result<Self, toml::de::Error> {
        let mut file: File = toml::from_str(text)?;
        file.name.iter_mut().for_each(Entry::prepare);
        let mut by_name: HashMap<String, Vec<(usize, usize)>> = HashMap::new();
        for (i, entry) in file.name.iter().enumerate() {
            for (rank, name) in entry.names.iter().enumerate() {
                by_name.entry(key::fold(name)).or_default().push((i, i * 1000 + rank));
            }
        }
        let mut values = file.sentinels.values;
        let sentinels = Quantity::ALL.iter().map(|q| values.remove(q.name()).unwrap_or_default());
        Ok(Self {
            entries: file.name,
            by_name,
            ignore: file.ignore,
            sentinel_words: file.sentinels.words,
            sentinels: sentinels.collect(),
            words: file.words,
            fillers: file.fillers,
            sensors: file.sensors,
            seen: Mutex::default(),
            unlisted: Mutex::default(),
            contexts: Mutex::default(),
        })
    }

    /// What an entry says that cannot be: a unit that is none of its quantity.
    pub(crate) fn unfit(&self) -> Option<String> {
        self.entries.iter().find_map(|entry| {
            let units = entry.unit.iter().chain(&entry.units);
            units
                .filter_map(|unit| Some((unit, to_canonical(entry.quantity, 1.0, Some(unit)).err()?)))
                .next()
                .map(|(unit, error)| format!("`{}` in `{unit}`: {error}", entry.quantity.name()))
        })
    }

    /// The spellings of a name that the table knows or ignores, the most literal first.
    pub(crate) fn spellings(&self, name: &str) -> Arc<[Known]> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = seen.get(name) {
            return Arc::clone(found);
        }
        let shared: Arc<str> = name.into();
        let known = |spelling| self.known(spelling, &shared);
        let mut found: Vec<Known> = spelling::spellings(name).into_iter().filter_map(known).collect();
        let bare = spelling::without(name, &self.fillers);
        // When somebody was there last, and how much of a time, is no state.
        let is_now = !spelling::words(name).iter().any(|word| is_statistic(word));
        let is_kept = |(at, _): &(usize, usize)| {
            is_now || self.entries.get(*at).is_none_or(|entry| !is_state(entry.quantity))
        };
        for spelling in bare.iter().flat_map(|bare| spelling::spellings(bare)) {
            let Some(mut known) = self.known(spelling, &shared) else { continue };
            known.entries.retain(is_kept);
            if known.is_ignored || !known.entries.is_empty() {
                found.push(known);
            }
        }
        if found.is_empty() {
            found.extend(self.in_words(&shared));
        }
        let found: Arc<[Known]> = found.into();
        if seen.len() < MOST_SEEN && name.len() <= LONGEST_NAME {
            seen.insert(name.to_owned(), Arc::clone(&found));
        }
        found
    }

    /// Whether a name is in no list, or means something only with a unit that fits or in some company.
    pub(crate) fn says_little(&self, name: &str) -> bool {
        let needs_unit = |known: &Known| {
            let mut entries = known.entries.iter().filter_map(|(at, _)| self.entries.get(*at));
            let is_little =
                |entry: &Entry| entry.unit_needed || !entry.is_plain() || !entry.formats.is_empty();
            !known.is_ignored && entries.all(is_little)
        };
        self.spellings(name).iter().all(needs_unit)
    }

    fn known(&self, spelling: Spelling, name: &Arc<str>) -> Option<Known> {
        let is_ignored = self.is_ignored(&spelling.folded);
        let entries = self.by_name.get(&spelling.folded);
        (is_ignored || entries.is_some()).then(|| Known {
            name: Arc::clone(name),
            is_ignored,
            entries: entries.cloned().unwrap_or_default(),
            spelling,
        })
    }

    /// Whether the name is known and deliberately no reading.
    fn is_ignored(&self, folded: &str) -> bool {
        self.ignore.names.contains(folded)
    }

    /// Whether a word of a name says that its value is a sum or an extreme of a period, or a setting.
    pub(crate) fn is_of_period(&self, word: &str) -> bool {
        self.ignore.periods.contains(&word.to_lowercase())
    }

    /// Whether values below an object of this name are settings or diagnosis.
    pub(crate) fn is_foreign_context(&self, name: &str) -> bool {
        let mut contexts = self.contexts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(is_foreign) = contexts.get(name) {
            return *is_foreign;
        }
        let is_foreign = self.names_foreign_context(name);
        if contexts.len() < MOST_SEEN && name.len() <= LONGEST_NAME {
            contexts.insert(name.to_owned(), is_foreign);
        }
        is_foreign
    }

    fn names_foreign_context(&self, name: &str) -> bool {
        self.ignore.context.contains(&key::fold(name))
            || spelling::words(name).iter().any(|word| self.ignore.context.contains(&word.to_lowercase()))
    }

    /// The entries of a spelling that hold in `format`, in file order.
    pub(crate) fn matches<'n>(
        &'n self,
        known: &'n Known,
        format: &'n str,
    ) -> impl Iterator<Item = Match<'n>> {
        known.entries.iter().filter_map(move |(entry, rank)| {
            let entry = self.entries.get(*entry)?;
            let holds = entry.formats.is_empty() || entry.formats.iter().any(|f| f == format);
            holds.then_some(Match { entry, rank: *rank })
        })
    }

    /// Whether a text stands for "no value".
    pub(crate) fn is_missing_word(&self, text: &str) -> bool {
        let text = text.trim();
        text.is_empty() || self.sentinel_words.contains(&text.to_lowercase())
    }

    /// Whether a number stands for "no value" of this quantity.
    pub(crate) fn is_sentinel(&self, quantity: Quantity, value: f64) -> bool {
        let same = |sentinel: &f64| (sentinel - value).abs() < 1e-9;
        self.sentinels.get(quantity as usize).is_some_and(|values| values.iter().any(same))
    }

    /// The state that a word names.
    pub(crate) fn state(&self, text: &str) -> Option<bool> {
        let folded = key::fold(text);
        if self.words.yes.contains(&folded) {
            Some(true)
        } else {
            self.words.no.contains(&folded).then_some(false)
        }
    }
}

fn is_statistic(word: &str) -> bool {
    matches!(&*word.to_lowercase(), "last" | "latest" | "avg" | "average" | "averaged" | "mean")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::Converted;

    #[test]
    fn the_compiled_in_table_is_valid_and_its_names_are_folded_once() {
        let names = Names::builtin();
        for entry in &names.entries {
            let unit = entry.unit.as_deref();
            assert!(to_canonical(entry.quantity, 1.0, unit).is_ok(), "{:?} {unit:?}", entry.quantity);
        }
        for ignored in &names.ignore.names {
            assert_eq!(&key::fold(ignored), ignored);
            assert!(!names.by_name.contains_key(ignored), "{ignored} is both known and ignored");
        }
    }

    #[test]
    fn a_stated_unit_beats_the_usual_one() {
        let names = Names::builtin();
        let known = names.spellings("power");
        let power = names.matches(&known[0], "").next().unwrap().entry;
        let watts = |unit| Some(Ok(Converted { value: unit, is_estimated: false }));
        assert_eq!(power.convert(1.5, Some("kW")), watts(1500.0));
        assert_eq!(power.convert(1.5, None), watts(1.5));
        assert!(power.convert(1.5, Some("kWh")).unwrap().is_err());
    }
}
