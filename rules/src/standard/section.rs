//! Reading a TOML table key by key, with the line of everything that is wrong.

use jiff::civil::Date;
use model::{Problem, line_of};
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::words::{Word, suggest};

/// A value with its place in the file.
pub(super) type Value<'t> = Spanned<DeValue<'t>>;

/// A file and what was found wrong with it so far.
#[derive(Debug)]
pub(super) struct Findings<'f> {
    file: &'f str,
    text: &'f str,
    /// In the order of finding.
    pub(super) problems: Vec<Problem>,
}

impl<'f> Findings<'f> {
    /// No finding yet.
    pub(super) const fn new(file: &'f str, text: &'f str) -> Self {
        Self { file, text, problems: Vec::new() }
    }

    /// The file's table; syntax errors become findings and the rest is still read.
    pub(super) fn parse(&mut self) -> Spanned<DeTable<'f>> {
        let (table, errors) = DeTable::parse_recoverable(self.text);
        for error in errors {
            let at = error.span().map_or(0, |span| span.start);
            self.report(at, "syntax", error.message(), "see https://toml.io for the format");
        }
        table
    }

    /// Adds a finding at a byte offset.
    pub(super) fn report(
        &mut self,
        at: usize,
        key: impl Into<String>,
        what: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        self.problems.push(Problem::new(self.file, line_of(self.text, at), key, what, remedy));
    }
}

/// One table of a file; every getter reports what it cannot read and returns `None`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Section<'a, 't> {
    table: &'a DeTable<'t>,
    /// Where it begins, byte offset.
    pub(super) start: usize,
    /// What findings call it: `standard` or the clause's id.
    pub(super) name: &'a str,
}

impl<'a, 't> Section<'a, 't> {
    /// A table that begins at `start`.
    pub(super) const fn new(table: &'a DeTable<'t>, start: usize, name: &'a str) -> Self {
        Self { table, start, name }
    }

    /// The same table under another name.
    pub(super) const fn named(self, name: &'a str) -> Self {
        Self { name, ..self }
    }

    /// The value of a key.
    pub(super) fn get(&self, key: &str) -> Option<&'a Value<'t>> {
        self.table.get(key)
    }

    /// Where a key's value stands, else where the table begins.
    pub(super) fn at(&self, key: &str) -> usize {
        self.get(key).map_or(self.start, |v| v.span().start)
    }

    /// Reports a finding about a key.
    pub(super) fn report(
        &self,
        f: &mut Findings<'_>,
        key: &str,
        what: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        f.report(self.at(key), format!("{}.{key}", self.name), what, remedy);
    }

    /// Reports every key that is not in `known`.
    pub(super) fn only(&self, f: &mut Findings<'_>, known: &[&str]) {
        for key in self.table.keys() {
            let word: &str = key.get_ref();
            if !known.contains(&word) {
                let at = key.span().start;
                f.report(at, format!("{}.{word}", self.name), "unknown key", suggest(word, known));
            }
        }
    }

    fn wrong(&self, f: &mut Findings<'_>, key: &str, value: &DeValue<'_>, expected: &str) {
        self.report(
            f,
            key,
            format!("expected {expected}, found {}", value.type_str()),
            format!("write {expected}"),
        );
    }

    /// A text.
    pub(super) fn text(&self, f: &mut Findings<'_>, key: &str) -> Option<&'a str> {
        let value = self.get(key)?.get_ref();
        let text = value.as_str();
        if text.is_none() {
            self.wrong(f, key, value, "a text");
        }
        text
    }

    /// A text that has to be there.
    pub(super) fn needs_text(&self, f: &mut Findings<'_>, key: &str) -> Option<&'a str> {
        let found = self.get(key).is_some();
        let text = self.text(f, key).filter(|t| !t.trim().is_empty());
        if text.is_none() && (!found || self.get(key).is_some_and(|v| v.get_ref().is_str())) {
            self.report(f, key, "missing", format!("add `{key} = \"...\"`"));
        }
        text
    }

    /// A yes or no.
    pub(super) fn flag(&self, f: &mut Findings<'_>, key: &str) -> Option<bool> {
        let value = self.get(key)?.get_ref();
        let flag = value.as_bool();
        if flag.is_none() {
            self.wrong(f, key, value, "true or false");
        }
        flag
    }

    /// A date without time.
    pub(super) fn date(&self, f: &mut Findings<'_>, key: &str) -> Option<Date> {
        let value = self.get(key)?.get_ref();
        let date = value.as_datetime().filter(|d| d.time.is_none()).and_then(|d| d.date);
        let date =
            date.and_then(|d| Date::new(i16::try_from(d.year).ok()?, to_i8(d.month)?, to_i8(d.day)?).ok());
        if date.is_none() {
            self.wrong(f, key, value, "a date such as 2023-02-01 without quotes");
        }
        date
    }

    /// A finite number.
    pub(super) fn number(&self, f: &mut Findings<'_>, key: &str) -> Option<f64> {
        let value = self.get(key)?.get_ref();
        let number = number(value);
        if number.is_none() {
            self.wrong(f, key, value, "a finite number");
        }
        number
    }

    /// A member of a closed list.
    pub(super) fn word<T: Word>(&self, f: &mut Findings<'_>, key: &str) -> Option<T> {
        let word = self.text(f, key)?;
        let found = T::of(word);
        if found.is_none() {
            self.report(f, key, format!("unknown word `{word}`"), T::suggest(word));
        }
        found
    }

    /// A member of a closed list that has to be there.
    pub(super) fn needs_word<T: Word>(&self, f: &mut Findings<'_>, key: &str) -> Option<T> {
        if self.get(key).is_none() {
            let words: Vec<&str> = T::words().into_iter().map(|(_, w)| w).take(8).collect();
            self.report(f, key, "missing", format!("add `{key}`, such as {}", words.join(", ")));
        }
        self.word(f, key)
    }

    /// Texts: a list, or one text alone.
    pub(super) fn texts(&self, f: &mut Findings<'_>, key: &str) -> Vec<&'a str> {
        let Some(value) = self.get(key).map(Spanned::get_ref) else { return Vec::new() };
        if let Some(one) = value.as_str() {
            return vec![one];
        }
        let items: Option<Vec<&str>> =
            value.as_array().and_then(|items| items.iter().map(|i| i.get_ref().as_str()).collect());
        if items.is_none() {
            self.wrong(f, key, value, "a list of texts");
        }
        items.unwrap_or_default()
    }

    /// Members of a closed list.
    pub(super) fn words<T: Word>(&self, f: &mut Findings<'_>, key: &str) -> Vec<T> {
        let mut found = Vec::new();
        for word in self.texts(f, key) {
            match T::of(word) {
                Some(member) => found.push(member),
                None => self.report(f, key, format!("unknown word `{word}`"), T::suggest(word)),
            }
        }
        found
    }

    /// A table inside this one, under `name` in findings.
    pub(super) fn section(&self, f: &mut Findings<'_>, key: &str, name: &'a str) -> Option<Self> {
        let value = self.get(key)?;
        let table = value.get_ref().as_table();
        if table.is_none() {
            self.wrong(f, key, value.get_ref(), "a table");
        }
        table.map(|table| Self::new(table, value.span().start, name))
    }

    /// The tables of an array of tables.
    pub(super) fn sections(&self, f: &mut Findings<'_>, key: &str, name: &'a str) -> Vec<Self> {
        let Some(value) = self.get(key) else { return Vec::new() };
        let Some(items) = value.get_ref().as_array() else {
            self.wrong(f, key, value.get_ref(), "an array of tables");
            return Vec::new();
        };
        let table = |v: &'a Value<'t>| Some(Self::new(v.get_ref().as_table()?, v.span().start, name));
        items.iter().filter_map(table).collect()
    }

    /// Every key with its value.
    pub(super) fn entries(&self) -> impl Iterator<Item = (&'a str, &'a Value<'t>)> + use<'a, 't> {
        self.table.iter().map(|(key, value)| (&**key.get_ref(), value))
    }
}

fn to_i8(part: u8) -> Option<i8> {
    i8::try_from(part).ok()
}

/// A finite number, whole or not.
pub(super) fn number(value: &DeValue<'_>) -> Option<f64> {
    let text = match value {
        DeValue::Integer(i) if i.radix() == 10 => i.as_str(),
        DeValue::Float(x) => x.as_str(),
        _ => return None,
    };
    text.parse().ok().filter(|x: &f64| x.is_finite())
}
