//! Alerts as they are kept in the journal: everything but the clause, which the catalogue has.

use std::sync::Arc;

use model::{Instant, Span};
use rules::{Alert, AlertState, Catalogue, CheckId, Outcome, RatingLevel, Transition, Verdict, Why};
use serde::{Deserialize, Serialize};

use crate::{state::JournalRow, view::AlertView};

/// One alert after one transition.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Record {
    id: String,
    check: CheckId,
    state: AlertState,
    started_at: Instant,
    fired_at: Option<Instant>,
    resolved_at: Option<Instant>,
    is_unproven: bool,
    time: Instant,
    outcome: Outcome,
    rating: Option<RatingLevel>,
    value: Option<f64>,
    limit: Option<f64>,
    is_minimum: bool,
    coverage: f64,
    waived: Option<String>,
    window: Span,
    revision: u32,
    why: Why,
}

impl Record {
    fn of(alert: &Alert) -> Self {
        let verdict = alert.verdict.clone();
        Self {
            id: alert.id.to_string(),
            check: alert.check.clone(),
            state: alert.state,
            started_at: alert.started_at,
            fired_at: alert.fired_at,
            resolved_at: alert.resolved_at,
            is_unproven: alert.is_unproven,
            time: verdict.time,
            outcome: verdict.outcome,
            rating: verdict.rating,
            value: verdict.value,
            limit: verdict.limit,
            is_minimum: verdict.is_minimum,
            coverage: verdict.coverage,
            waived: verdict.waived,
            window: verdict.window,
            revision: verdict.revision,
            why: verdict.why,
        }
    }

    /// The alert as pages show it; `None` when the catalogue has no such clause any more.
    pub(super) fn view(self, catalogue: &Catalogue) -> Option<AlertView> {
        let clause = Arc::clone(catalogue.clause(&self.check.clause)?);
        let verdict = Verdict {
            time: self.time,
            subject: self.check.subject.clone(),
            clause,
            outcome: self.outcome,
            rating: self.rating,
            value: self.value,
            limit: self.limit,
            is_minimum: self.is_minimum,
            coverage: self.coverage,
            waived: self.waived,
            window: self.window,
            revision: self.revision,
            why: self.why,
        };
        let times = (self.started_at, self.fired_at, self.resolved_at);
        Some(alert_view(self.id, self.state, times, self.is_unproven, verdict))
    }
}

/// The journal's row of a transition.
pub(super) fn journal_row(transition: &Transition) -> JournalRow {
    let record = Record::of(&transition.alert);
    JournalRow {
        transition: transition.id.to_string(),
        alert: transition.alert.id.to_string(),
        kind: transition.kind,
        at: transition.at,
        // A record is numbers, texts and lists: it always has a JSON form.
        body: serde_json::to_string(&record).unwrap_or_default(),
    }
}

/// The record of a journal row, and whether it ended the alert.
pub(super) fn record_of(row: &JournalRow) -> Option<(Record, bool)> {
    let record = serde_json::from_str(&row.body).ok()?;
    Some((record, row.kind.is_end()))
}

/// An alert of the engine as pages show it.
pub(super) fn view_of(alert: Alert) -> AlertView {
    let times = (alert.started_at, alert.fired_at, alert.resolved_at);
    alert_view(alert.id.to_string(), alert.state, times, alert.is_unproven, alert.verdict)
}

fn alert_view(
    id: String,
    state: AlertState,
    (started_at, fired_at, resolved_at): (Instant, Option<Instant>, Option<Instant>),
    unproven: bool,
    verdict: Verdict,
) -> AlertView {
    let clause = Arc::clone(&verdict.clause);
    AlertView {
        id,
        state,
        clause: clause.id.clone(),
        document: clause.document.clone(),
        citation: clause.citation.clone(),
        place: verdict.subject.id().clone(),
        value: verdict.value,
        limit: verdict.limit,
        unit: clause.limit.unit.clone(),
        coverage: verdict.coverage,
        evidence: clause.evidence,
        started_at,
        fired_at,
        resolved_at,
        revision: verdict.revision,
        acknowledged: false,
        acknowledgement: None,
        silenced_until: None,
        unproven,
        waived: verdict.waived.clone(),
        verdict: Arc::new(verdict),
    }
}
