//! Which keys there are and of which type: read from the default file itself, so that the two cannot drift.

use std::collections::BTreeMap;

use model::{Problem, line_of};
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

/// The default file, compiled in.
pub const DEFAULT: &str = include_str!("../../config.default.toml");

/// Prefix of our environment variables.
pub(super) const PREFIX: &str = "NORMWATCH__";

/// Name under which problems with the environment are reported.
pub(super) const ENVIRONMENT: &str = "environment";

/// Keys that only the environment may set.
pub(super) const SECRETS: [&str; 3] = ["mqtt.password", "smtp.password", "influx.token"];

/// What a key holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Number,
    Flag,
}

/// Every key as a dotted path, with its type.
fn keys() -> BTreeMap<String, Kind> {
    let root = toml::from_str::<toml::Table>(DEFAULT).unwrap_or_default();
    let mut keys = BTreeMap::new();
    for (name, value) in &root {
        if let Some(table) = value.as_table() {
            keys.extend(table.iter().map(|(key, value)| (format!("{name}.{key}"), kind(value))));
        } else {
            keys.insert(name.clone(), kind(value));
        }
    }
    keys
}

const fn kind(value: &toml::Value) -> Kind {
    match value {
        toml::Value::Boolean(_) => Kind::Flag,
        toml::Value::Integer(_) => Kind::Number,
        _ => Kind::Text,
    }
}

/// Lines of the keys of a file, for problems that are found later.
pub(super) type Lines = BTreeMap<String, usize>;

/// Checks a user's file against the known keys; returns where each stands.
pub(super) fn check_file(file: &str, text: &str, problems: &mut Vec<Problem>) -> Lines {
    let keys = keys();
    let mut lines = Lines::new();
    let (root, errors) = DeTable::parse_recoverable(text);
    for error in errors {
        let line = error.span().map_or(0, |span| line_of(text, span.start));
        problems.push(Problem::new(file, line, "toml", error.message(), "mend the line; see toml.io"));
    }
    let mut walk = Walk { file, text, keys: &keys, lines: &mut lines, problems };
    for (key, value) in root.get_ref() {
        match value.get_ref() {
            DeValue::Array(_) if key.get_ref() == "route" => walk.routes(value),
            DeValue::Table(table) => {
                for (inner, value) in table {
                    walk.entry(&format!("{}.{}", key.get_ref(), inner.get_ref()), inner, value.get_ref());
                }
            }
            other => walk.entry(key.get_ref(), key, other),
        }
    }
    lines
}

struct Walk<'a> {
    file: &'a str,
    text: &'a str,
    keys: &'a BTreeMap<String, Kind>,
    lines: &'a mut Lines,
    problems: &'a mut Vec<Problem>,
}

impl Walk<'_> {
    fn entry<T>(&mut self, path: &str, key: &Spanned<T>, value: &DeValue<'_>) {
        let line = line_of(self.text, key.span().start);
        self.lines.insert(path.to_owned(), line);
        let Some(kind) = self.keys.get(path) else {
            self.problems.push(unknown(self.file, line, path, self.keys));
            return;
        };
        let (fits, wanted) = match kind {
            Kind::Text => (value.is_str(), "a text in quotation marks"),
            Kind::Number => (value.is_integer(), "a whole number"),
            Kind::Flag => (value.is_bool(), "true or false"),
        };
        if !fits {
            let what = format!("is {}, not {wanted}", value.type_str());
            self.problems.push(Problem::new(self.file, line, path, what, format!("write {wanted}")));
        }
    }

    fn routes(&mut self, value: &Spanned<DeValue<'_>>) {
        for (index, route) in value.get_ref().as_array().into_iter().flatten().enumerate() {
            let line = line_of(self.text, route.span().start);
            self.lines.insert(format!("route.{index}"), line);
            let table = route.get_ref().as_table();
            for key in ["filter", "format"] {
                if !table.is_some_and(|table| table.get(key).is_some_and(|value| value.get_ref().is_str())) {
                    let what = format!("has no text `{key}`");
                    let remedy = "a route is a `filter` and a `format`";
                    self.problems.push(Problem::new(self.file, line, "route", what, remedy));
                }
            }
            for (key, value) in table.into_iter().flatten() {
                let is_text = |value: &Spanned<DeValue<'_>>| value.get_ref().is_str();
                let what = match &**key.get_ref() {
                    "filter" | "format" => continue,
                    "user" if is_text(value) => continue,
                    "sensors" if value.get_ref().as_array().is_some_and(|list| list.iter().all(is_text)) => {
                        continue;
                    }
                    "user" => "is no text",
                    "sensors" => "is no list of texts",
                    _ => "unknown key",
                };
                let line = line_of(self.text, key.span().start);
                let path = format!("route.{}", key.get_ref());
                let remedy = "a route is a `filter` and a `format`, and may have `sensors` and a `user`";
                self.problems.push(Problem::new(self.file, line, path, what, remedy));
            }
        }
    }
}

fn unknown(file: &str, line: usize, path: &str, keys: &BTreeMap<String, Kind>) -> Problem {
    if SECRETS.contains(&path) {
        let remedy = format!("write {path}_file with the name of a file, or set {}", variable(path));
        return Problem::new(file, line, path, "a secret does not stand in this file", remedy);
    }
    let meant = model::nearest(path, keys.keys().map(String::as_str)).unwrap_or_default();
    Problem::new(file, line, path, "unknown key", format!("did you mean `{meant}`? rename or remove it"))
}

/// The environment variable of a key.
pub(super) fn variable(path: &str) -> String {
    format!("{PREFIX}{}", path.to_uppercase().replace('.', "__"))
}

/// Our variables as dotted paths; those that name no key, or hold the wrong type, are reported.
pub(super) fn check_environment(
    variables: &BTreeMap<String, String>,
    problems: &mut Vec<Problem>,
) -> BTreeMap<String, String> {
    let keys = keys();
    let mut found = BTreeMap::new();
    for (name, value) in variables {
        let Some(rest) = name.strip_prefix(PREFIX) else { continue };
        let path = rest.to_lowercase().replace("__", ".");
        let fits = match keys.get(&path) {
            Some(Kind::Text) => true,
            Some(Kind::Number) => value.parse::<i64>().is_ok(),
            Some(Kind::Flag) => matches!(value.as_str(), "true" | "false"),
            None if SECRETS.contains(&path.as_str()) => true,
            None => {
                let problem = unknown(ENVIRONMENT, 0, &path, &keys);
                problems.push(Problem { key: name.clone(), ..problem });
                continue;
            }
        };
        if !fits {
            let what = format!("`{value}` is of the wrong type");
            problems.push(Problem::new(ENVIRONMENT, 0, name, what, "write a whole number, or true or false"));
        }
        found.insert(path, value.clone());
    }
    found
}
