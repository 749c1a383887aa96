//! A TOML table whose keys know their lines, so that every problem can be pointed at.

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use crate::{Problem, line_of, nearest};

/// A table of a TOML file, with the keys that it may have.
pub(super) struct Keyed<'a, 'i> {
    pub(super) file: &'a str,
    pub(super) text: &'a str,
    /// Name of the table with a dot behind it; empty at the root.
    pub(super) path: String,
    pub(super) table: &'a DeTable<'i>,
}

impl<'a, 'i> Keyed<'a, 'i> {
    /// Reports every key that is not known.
    pub(super) fn only(&self, known: &[&str], problems: &mut Vec<Problem>) {
        for key in self.table.keys() {
            let name: &str = key.get_ref();
            if !known.contains(&name) {
                let line = line_of(self.text, key.span().start);
                let meant = nearest(name, known.iter().copied()).unwrap_or_default();
                let remedy = format!("did you mean `{}{meant}`? rename or remove it", self.path);
                problems.push(Problem::new(
                    self.file,
                    line,
                    format!("{}{name}", self.path),
                    "unknown key",
                    remedy,
                ));
            }
        }
    }

    /// The value of a key.
    pub(super) fn value(&self, key: &str) -> Option<&'a Spanned<DeValue<'i>>> {
        self.table.iter().find(|(name, _)| *name.get_ref() == key).map(|(_, value)| value)
    }

    /// A problem with the value of a key.
    pub(super) fn problem(&self, key: &str, what: impl Into<String>, remedy: impl Into<String>) -> Problem {
        let line = self.value(key).map_or(0, |value| line_of(self.text, value.span().start));
        Problem::new(self.file, line, format!("{}{key}", self.path), what, remedy)
    }

    /// A text.
    pub(super) fn text_of(&self, key: &str, problems: &mut Vec<Problem>) -> Option<&'a str> {
        let value = self.value(key)?.get_ref();
        if value.as_str().is_none() {
            let what = format!("is {}, not a text", value.type_str());
            problems.push(self.problem(key, what, "put it in quotation marks"));
        }
        value.as_str()
    }

    /// A text that must be there.
    pub(super) fn need_text(&self, key: &str, example: &str, problems: &mut Vec<Problem>) -> Option<&'a str> {
        if self.value(key).is_none() {
            let remedy = format!("add {}{key} = \"{example}\"", self.path);
            problems.push(self.problem(key, "required key is missing", remedy));
        }
        self.text_of(key, problems)
    }

    /// A list of texts, empty when absent. Whole numbers pass as their digits.
    pub(super) fn texts(&self, key: &str, problems: &mut Vec<Problem>) -> Vec<String> {
        let Some(value) = self.value(key) else { return Vec::new() };
        let list = value.get_ref().as_array();
        let items: Option<Vec<String>> =
            list.and_then(|list| list.iter().map(|i| item(i.get_ref())).collect());
        items.unwrap_or_else(|| {
            problems.push(self.problem(
                key,
                "is not a list of texts",
                format!("write {key} = [\"...\", \"...\"]"),
            ));
            Vec::new()
        })
    }

    /// A table below this one.
    pub(super) fn section(&self, key: &str, problems: &mut Vec<Problem>) -> Option<Keyed<'a, 'i>> {
        let value = self.value(key)?.get_ref();
        let Some(table) = value.as_table() else {
            let what = format!("is {}, not a table", value.type_str());
            problems.push(self.problem(key, what, format!("write [{}{key}] and its keys below", self.path)));
            return None;
        };
        Some(Keyed { file: self.file, text: self.text, path: format!("{}{key}.", self.path), table })
    }
}

fn item(value: &DeValue<'_>) -> Option<String> {
    value.as_str().map(str::to_owned).or_else(|| value.as_integer().map(|i| i.as_str().to_owned()))
}
