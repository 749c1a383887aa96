//! How a breach of a cap is handled by how far it goes: advice beside the finding, never another limit.

use super::{
    Provenance,
    section::{Findings, Section},
};

/// Grades of handling by the excess over the cap (`[clause.handling]`), as shares of the cap.
#[derive(Debug, Clone, PartialEq)]
pub struct Handling {
    /// Above this excess it waits no longer than for the next refit or change of post.
    pub refit_above: f64,
    /// From this excess on it must be put right.
    pub must_from: f64,
    /// Where the grades come from.
    pub citation: String,
    /// How sure that is.
    pub provenance: Provenance,
}

impl Handling {
    /// What becomes of an excess over the cap, a share of it.
    #[must_use]
    pub fn of(&self, excess: f64) -> &'static str {
        if excess >= self.must_from {
            "must be put right"
        } else if excess > self.refit_above {
            "at the next refit or change of post"
        } else {
            "may wait while no fitting room is free"
        }
    }
}

/// `handling = { refit_above, must_from, citation, provenance }`.
pub(super) fn handling(f: &mut Findings<'_>, clause: Section<'_, '_>) -> Option<Handling> {
    let section = clause.section(f, "handling", clause.name)?;
    section.only(f, &["refit_above", "must_from", "citation", "provenance"]);
    let number = |f: &mut Findings<'_>, key: &str| {
        let found = section.number(f, key);
        if found.is_none() {
            section.report(f, key, "missing", "write a share of the cap, such as 0.30");
        }
        found
    };
    let (refit_above, must_from) = (number(f, "refit_above"), number(f, "must_from"));
    let handling = Handling {
        refit_above: refit_above?,
        must_from: must_from?,
        citation: section.needs_text(f, "citation")?.to_owned(),
        provenance: section.needs_word(f, "provenance")?,
    };
    if handling.refit_above < 0.0 || handling.must_from < handling.refit_above {
        section.report(f, "must_from", "below refit_above", "grades rise with the excess");
    }
    Some(handling)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excess_of_30_percent_may_wait_and_one_of_50_must_be_put_right() {
        let provenance = Provenance::OneSource;
        let grades = Handling { refit_above: 0.3, must_from: 0.5, citation: "local".to_owned(), provenance };
        let said = [0.01, 0.3, 0.301, 0.499, 0.5, 2.0].map(|excess| grades.of(excess));
        let (wait, refit, must) = (said[0], said[2], said[4]);
        assert_eq!(said, [wait, wait, refit, refit, must, must]);
        assert!(wait != refit && refit != must && must != wait);
    }
}
