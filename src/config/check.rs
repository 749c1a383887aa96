//! The meaning of single settings, and what is said of one that has none.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use model::Problem;
use reqwest::Url;

use super::{
    Secret, parse_duration,
    schema::{self, Lines},
};

/// What the checks need: where each key stands, and where paths start.
pub(super) struct Check {
    pub(super) file: String,
    pub(super) lines: Lines,
    pub(super) overrides: BTreeMap<String, String>,
    pub(super) base: PathBuf,
    pub(super) problems: Vec<Problem>,
}

impl Check {
    pub(super) fn problem(&mut self, key: &str, what: impl Into<String>, remedy: impl Into<String>) {
        let problem = if self.overrides.contains_key(key) {
            Problem::new(schema::ENVIRONMENT, 0, schema::variable(key), what, remedy)
        } else {
            let line = self.lines.get(key).copied().unwrap_or(0);
            Problem::new(&self.file, line, key, what, remedy)
        };
        self.problems.push(problem);
    }

    /// Scheme, host and port of an address that may name nothing else.
    pub(super) fn address(
        &mut self,
        key: &str,
        text: &str,
        schemes: &[(&str, u16)],
    ) -> Option<(String, String, u16)> {
        let names: Vec<String> =
            schemes.iter().map(|(scheme, port)| format!("{scheme}://host:{port}")).collect();
        let url = Url::parse(text).ok();
        let found = url.as_ref().and_then(|url| {
            let (scheme, port) = schemes.iter().find(|(scheme, _)| *scheme == url.scheme())?;
            let host = url.host_str().filter(|host| !host.is_empty())?;
            Some((
                (*scheme).to_owned(),
                host.trim_matches(['[', ']']).to_owned(),
                url.port().unwrap_or(*port),
            ))
        });
        if found.is_none() {
            self.problem(key, "is no address of this kind", format!("write {}", names.join(" or ")));
        } else if url.is_some_and(|url| url.password().is_some() || !url.username().is_empty()) {
            self.problem(key, "holds a name or password", "use username and password_file");
        }
        found
    }

    /// A secret from the environment, else from the file that is named.
    pub(super) fn secret(&mut self, key: &str, file: &str) -> Option<Secret> {
        if let Some(value) = self.overrides.get(key) {
            return Some(Secret::new(value));
        }
        let file_key = format!("{key}_file");
        let path = self.path(&file_key, file)?;
        match std::fs::read_to_string(&path) {
            Ok(text) => Some(Secret::new(&text)),
            Err(error) => {
                let what = format!("{}: {error}", path.display());
                self.problem(&file_key, what, "make the file readable for the service");
                None
            }
        }
    }

    pub(super) fn duration(&mut self, key: &str, text: &str) -> Duration {
        parse_duration(text).unwrap_or_else(|| {
            self.problem(
                key,
                format!("`{text}` is no duration"),
                "write a number and a unit: 30s, 5m, 24h, 7d",
            );
            Duration::ZERO
        })
    }

    pub(super) fn days(&mut self, key: &str, days: i64) -> u32 {
        const LONGEST: u32 = 36_500;
        let found = u32::try_from(days).ok().filter(|days| (1..=LONGEST).contains(days));
        found.unwrap_or_else(|| {
            self.problem(key, format!("{days} is out of range"), format!("write 1 to {LONGEST} days"));
            1
        })
    }

    /// A path, from where its layer counts; `None` when not set.
    pub(super) fn path(&self, key: &str, text: &str) -> Option<PathBuf> {
        if text.is_empty() {
            return None;
        }
        let is_from_environment = self.overrides.contains_key(key);
        Some(if is_from_environment { PathBuf::from(text) } else { self.base.join(text) })
    }

    pub(super) fn needed_path(&mut self, key: &str, text: &str) -> PathBuf {
        self.path(key, text).unwrap_or_else(|| {
            self.problem(key, "is empty", "write a path");
            PathBuf::new()
        })
    }

    pub(super) fn existing_path(&mut self, key: &str, text: &str) -> Option<PathBuf> {
        let path = self.path(key, text)?;
        if !path.exists() {
            self.problem(key, format!("there is no {}", path.display()), "mend the path, or write \"\"");
        }
        Some(path)
    }
}

/// A text that is not empty.
pub(super) fn set(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}
