//! A month in figures, by body and clause: what the stored verdicts and transitions say, nothing judged anew.

use std::collections::BTreeMap;

use model::{Id, Instant, Span};
use rules::{Catalogue, CheckId, Outcome, Subject, TransitionKind};
use serde::Deserialize;

use crate::{
    rulebook::Rulebook,
    state::{State, StateError, VerdictRow},
};

/// What was said of one clause, or of all together, over the places and the name of one body.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Line {
    /// Windows in which the limit was kept.
    pub compliant: u64,
    /// Windows in which it was not, without a waiver.
    pub breach: u64,
    /// Windows in which it was not, under a waiver.
    pub waived: u64,
    /// Windows without enough evidence; they are in no score.
    pub insufficient: u64,
    /// Alerts that began to fire.
    pub findings: u64,
    /// The value furthest beyond its limit, and that limit.
    pub worst: Option<(f64, f64)>,
}

impl Line {
    /// Share of judged windows that kept the limit or were waived, 0 to 1; `None` where nothing could be judged.
    #[must_use]
    pub fn score(&self) -> Option<f64> {
        let judged = self.compliant + self.waived + self.breach;
        #[expect(clippy::cast_precision_loss, reason = "counts of windows; a share needs no more")]
        let share = (self.compliant + self.waived) as f64 / judged as f64;
        (judged > 0).then_some(share)
    }

    fn add(&mut self, row: &VerdictRow) {
        match row.outcome {
            Outcome::Compliant => self.compliant += 1,
            Outcome::Insufficient => self.insufficient += 1,
            Outcome::Breach if row.waived.is_some() => self.waived += 1,
            Outcome::Breach => {
                self.breach += 1;
                let beyond = |(value, limit): (f64, f64)| (value - limit).abs();
                let here = row.value.zip(row.limit);
                if self.worst.map(beyond) < here.map(beyond) {
                    self.worst = here;
                }
            }
        }
    }
}

/// A month by body and clause; no body where a place is held by none.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// The lines, by body and clause id.
    pub lines: BTreeMap<(Option<Id>, String), Line>,
    /// Start of the oldest window that is still stored; what the month had before it is missing here.
    pub oldest: Option<Instant>,
}

/// The part of a journal's transition that a report needs.
#[derive(Deserialize)]
struct Told {
    check: CheckId,
}

impl Report {
    /// Gathers what state and journal hold of the windows that begin in `span`.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub fn of(state: &State, book: &Rulebook, span: Span) -> Result<Self, StateError> {
        let mut report = Self::default();
        let body_of = |subject: &Subject, at: Instant| match subject {
            Subject::Body(body) => Some(body.clone()),
            Subject::Place(place) => book.register.body_of(place, at).map(|body| body.id.clone()),
        };
        state.each_verdict(span, |row| {
            report.oldest = Some(report.oldest.map_or(row.window.from, |oldest| oldest.min(row.window.from)));
            let key = (body_of(&row.subject, row.window.from), row.clause.clone());
            report.lines.entry(key).or_default().add(&row);
        })?;
        for entry in state.journal_of(span)? {
            let Ok(told) = serde_json::from_str::<Told>(&entry.row.body) else { continue };
            if entry.row.kind == TransitionKind::Firing {
                let key = (body_of(&told.check.subject, entry.row.at), told.check.clause);
                report.lines.entry(key).or_default().findings += 1;
            }
        }
        Ok(report)
    }

    /// The cells of a table, header first: one row a body and clause.
    #[must_use]
    pub fn table(&self, month: &str, book: &Rulebook) -> Vec<Vec<String>> {
        let header = HEADER.iter().map(|(name, _)| (*name).to_owned()).collect();
        let rows =
            self.lines.iter().map(|((body, clause), line)| cells(month, body.as_ref(), clause, line, book));
        std::iter::once(header).chain(rows).collect()
    }
}

/// Names of the columns, for machines and in Chinese.
pub const HEADER: [(&str, &str); 15] = [
    ("month", "月份"),
    ("body", "单位编号"),
    ("name", "单位"),
    ("clause", "条款"),
    ("document", "标准"),
    ("citation", "出处"),
    ("compliant", "符合"),
    ("breach", "超限"),
    ("waived", "豁免"),
    ("insufficient", "证据不足"),
    ("score", "符合率"),
    ("findings", "告警数"),
    ("worst", "最差值"),
    ("limit", "限值"),
    ("unit", "计量单位"),
];

fn cells(month: &str, body: Option<&Id>, clause: &str, line: &Line, book: &Rulebook) -> Vec<String> {
    let row = body.and_then(|id| book.register.bodies.get(id)?.last());
    let known = named(&book.catalogue, clause);
    let number = |value: Option<f64>| value.map(|value| format!("{value}")).unwrap_or_default();
    vec![
        month.to_owned(),
        body.map(ToString::to_string).unwrap_or_default(),
        row.map(|body| body.name.clone()).unwrap_or_default(),
        clause.to_owned(),
        known.0,
        known.1,
        line.compliant.to_string(),
        line.breach.to_string(),
        line.waived.to_string(),
        line.insufficient.to_string(),
        line.score().map(|score| format!("{score:.4}")).unwrap_or_default(),
        line.findings.to_string(),
        number(line.worst.map(|(value, _)| value)),
        number(line.worst.map(|(_, limit)| limit)),
        if line.worst.is_some() { known.2 } else { String::new() },
    ]
}

/// Document, citation and unit of a clause; blank where the catalogue has it no more.
fn named(catalogue: &Catalogue, clause: &str) -> (String, String, String) {
    catalogue.clause(clause).map_or_else(Default::default, |clause| {
        (clause.document.clone(), clause.citation.clone(), clause.limit.unit.clone())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(outcome: Outcome, value: f64, waived: bool) -> VerdictRow {
        VerdictRow {
            clause: "p/c".to_owned(),
            subject: Subject::Place(Id::fold("r")),
            window: Span::new(Instant::from_millis(0), Instant::from_millis(1)),
            revision: 1,
            time: Instant::from_millis(2),
            outcome,
            rating: None,
            value: Some(value),
            limit: Some(1000.0),
            is_minimum: false,
            coverage: 1.0,
            waived: waived.then(|| "works".to_owned()),
        }
    }

    #[test]
    fn the_score_counts_what_could_be_judged_and_a_waiver_is_no_breach() {
        let mut line = Line::default();
        assert_eq!(line.score(), None);
        line.add(&row(Outcome::Insufficient, 0.0, false));
        assert_eq!(line.score(), None);
        for (outcome, value, waived) in [
            (Outcome::Compliant, 800.0, false),
            (Outcome::Breach, 1100.0, false),
            (Outcome::Breach, 1400.0, false),
            (Outcome::Breach, 1900.0, true),
        ] {
            line.add(&row(outcome, value, waived));
        }
        assert_eq!((line.score(), line.worst), (Some(0.5), Some((1400.0, 1000.0))));
    }
}
