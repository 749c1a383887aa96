//! Where packs were read from, so that a finding between files still names a line.

use std::collections::BTreeMap;

use model::Problem;

use super::section::{Findings, Section};

/// File name and text of every pack, by its id.
#[derive(Debug, Clone, Default)]
pub(super) struct Origins(BTreeMap<String, (String, String)>);

impl Origins {
    /// Remembers where a pack is from.
    ///
    /// # Errors
    /// Returns the file that has a pack of this id already.
    pub(super) fn insert(&mut self, pack: &str, file: &str, text: &str) -> Result<(), String> {
        if let Some((other, _)) = self.0.get(pack) {
            return Err(other.clone());
        }
        self.0.insert(pack.to_owned(), (file.to_owned(), text.to_owned()));
        Ok(())
    }

    /// A finding about `[standard]` of a pack.
    pub(super) fn of_standard(&self, pack: &str, key: &str, what: String, remedy: &str) -> Problem {
        self.find(pack, format!("standard.{key}"), what, remedy, |root, f| root.section(f, "standard", ""))
    }

    /// A finding about the limit of a clause (`<pack>/<clause>`).
    pub(super) fn of_limit(&self, clause: &str, what: String, remedy: &str) -> Problem {
        let (pack, id) = clause.split_once('/').unwrap_or((clause, ""));
        self.find(pack, format!("{id}.limit"), what, remedy, |root, f| {
            let clauses = root.sections(f, "clause", "");
            clauses.into_iter().find(|s| s.get("id").and_then(|v| v.get_ref().as_str()) == Some(id))
        })
    }

    fn find(
        &self,
        pack: &str,
        key: String,
        what: String,
        remedy: &str,
        table: impl for<'a, 't> Fn(Section<'a, 't>, &mut Findings<'_>) -> Option<Section<'a, 't>>,
    ) -> Problem {
        let Some((file, text)) = self.0.get(pack) else { return Problem::new("", 0, key, what, remedy) };
        let mut f = Findings::new(file, text);
        let root = f.parse();
        let root = Section::new(root.get_ref(), 0, "");
        // The name of a key is what stands behind the last dot.
        let name = key.rsplit('.').next().unwrap_or_default().to_owned();
        let at = table(root, &mut f).map_or(0, |section| section.at(&name));
        f.problems.clear();
        f.report(at, key.as_str(), what.as_str(), remedy);
        f.problems.pop().unwrap_or_else(|| Problem::new(file, 0, key, what, remedy))
    }
}
