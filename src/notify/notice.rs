//! A notice: one transition with everything that a mail says of it, as it was when it happened.
//!
//! A notice may wait (group, digest, reminder) and must survive a restart, so it holds copies of
//! the clause and of the labels on the way to the place, not references into the register.

use model::{
    Id, Instant, Period, PlaceKind, Register, Span,
    register::{Severity, Text},
};
use rules::{
    Clause, Evidence, Measure, Outcome, Provenance, Subject, Transition, TransitionId, TransitionKind,
    Verdict, Why,
};
use serde::{Deserialize, Serialize};

/// A place as people know it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlaceName {
    /// Stable id.
    pub id: Id,
    /// Site, building, floor or room.
    pub kind: PlaceKind,
    /// What people call it.
    pub label: Option<String>,
}

/// What a mail cites of a clause.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClauseText {
    /// `<pack id>/<clause>`.
    pub id: String,
    /// Designation of the document.
    pub document: String,
    /// Where in the document.
    pub citation: String,
    /// What it asks.
    pub title: Text,
    /// What to do about a breach.
    pub remedy: Text,
    /// Where the number comes from.
    pub provenance: Provenance,
    /// How bad a breach is.
    pub severity: Severity,
    /// How sure the sensor can be.
    pub evidence: Evidence,
    /// The figure that it limits.
    pub measure: Measure,
    /// The window it is judged over.
    pub period: Period,
    /// Unit of value and limit.
    pub unit: String,
}

impl From<&Clause> for ClauseText {
    fn from(clause: &Clause) -> Self {
        Self {
            id: clause.id.clone(),
            document: clause.document.clone(),
            citation: clause.citation.clone(),
            title: clause.title.clone(),
            remedy: clause.remedy.clone(),
            provenance: clause.provenance,
            severity: clause.severity,
            evidence: clause.evidence,
            measure: clause.measure,
            period: clause.period,
            unit: clause.limit.unit.clone(),
        }
    }
}

/// One transition, ready to be told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Notice {
    /// Id of the transition.
    pub id: TransitionId,
    /// What happened.
    pub kind: TransitionKind,
    /// Event time at which it happened.
    pub at: Instant,
    /// Id of the alert.
    pub alert: TransitionId,
    /// What was judged.
    pub subject: Subject,
    /// From the site down to the place; empty for a body.
    pub path: Vec<PlaceName>,
    /// Name of the body, or of the body that holds the place.
    pub body: Option<String>,
    /// By which clause.
    pub clause: ClauseText,
    /// Start of the first breaching window.
    pub started_at: Instant,
    /// When it was proven over.
    pub resolved_at: Option<Instant>,
    /// Outcome of the newest verdict.
    pub outcome: Outcome,
    /// Measured value in the clause's unit.
    pub value: Option<f64>,
    /// The value that was told before a correction.
    pub told_value: Option<f64>,
    /// The limit it was compared with.
    pub limit: Option<f64>,
    /// Whether `limit` is a minimum.
    pub is_minimum: bool,
    /// Observed share of the judged time, 0 to 1.
    pub coverage: f64,
    /// The judged window.
    pub window: Span,
    /// Zone in which the window is a local hour, day or month.
    pub zone: String,
    /// The explanation of the verdict.
    pub why: Why,
}

impl Notice {
    /// What a mail says of `transition`, with names as the register had them when it happened.
    #[must_use]
    pub fn new(transition: &Transition, register: &Register) -> Self {
        let alert = &transition.alert;
        let verdict = &alert.verdict;
        let (path, body) = names(&alert.check.subject, register, transition.at);
        Self {
            id: transition.id.clone(),
            kind: transition.kind,
            at: transition.at,
            alert: alert.id.clone(),
            subject: alert.check.subject.clone(),
            path,
            body,
            clause: ClauseText::from(verdict.clause.as_ref()),
            started_at: alert.started_at,
            resolved_at: alert.resolved_at,
            outcome: verdict.outcome,
            value: verdict.value,
            told_value: None,
            limit: verdict.limit,
            is_minimum: verdict.is_minimum,
            coverage: verdict.coverage,
            window: verdict.window,
            zone: register.calendar.zone.iana_name().unwrap_or("UTC").to_owned(),
            why: verdict.why.clone(),
        }
    }

    /// Takes up a later window that broke the limit too: what a reminder says is not days old.
    pub fn renew(&mut self, verdict: &Verdict) {
        if verdict.outcome != Outcome::Breach || verdict.window.from <= self.window.from {
            return;
        }
        self.outcome = verdict.outcome;
        (self.value, self.told_value) = (verdict.value, None);
        (self.limit, self.is_minimum) = (verdict.limit, verdict.is_minimum);
        (self.coverage, self.window) = (verdict.coverage, verdict.window);
        self.why.clone_from(&verdict.why);
    }

    /// The building under which mails are grouped: the nearest one at or above the place, else its site.
    #[must_use]
    pub fn building(&self) -> Option<&PlaceName> {
        self.path.iter().rev().find(|place| place.kind == PlaceKind::Building).or_else(|| self.path.first())
    }
}

fn names(subject: &Subject, register: &Register, at: Instant) -> (Vec<PlaceName>, Option<String>) {
    match subject {
        Subject::Place(id) => {
            let chain = register.ancestors(id, at);
            let mut path: Vec<PlaceName> = chain
                .iter()
                .rev()
                .map(|p| PlaceName { id: p.id.clone(), kind: p.kind, label: p.label.clone() })
                .collect();
            if path.is_empty() {
                // A place that has left the register is still named by its id.
                path.push(PlaceName { id: id.clone(), kind: PlaceKind::Room, label: None });
            }
            (path, register.body_of(id, at).map(|body| body.name.clone()))
        }
        Subject::Body(id) => {
            let name = register.bodies.get(id).and_then(|h| h.at(at)).map(|body| body.name.clone());
            (Vec::new(), Some(name.unwrap_or_else(|| id.to_string())))
        }
    }
}
