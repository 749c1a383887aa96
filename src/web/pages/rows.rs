//! Rows that several pages share: alerts, verdicts, figures.

use model::Period;
use rules::{AlertState, Evidence, Outcome, Verdict};
use serde::Serialize;

use super::look::{Link, Look};
use crate::{
    view::{AlertView, Figure, PlaceView},
    web::format::{self, When},
};

/// A value against its limit, in words that never look equal when they are not.
#[derive(Debug, Serialize)]
pub(super) struct Against {
    /// The value; `None` without evidence.
    pub(super) value: Option<String>,
    /// The limit.
    pub(super) limit: Option<String>,
    /// `≤` for a cap, `≥` for a minimum: what the limit asks.
    pub(super) asks: &'static str,
}

impl Against {
    pub(super) fn of(
        look: &Look<'_>,
        value: Option<f64>,
        limit: Option<f64>,
        is_minimum: bool,
        unit: &str,
    ) -> Self {
        let asks = if is_minimum { "≥" } else { "≤" };
        let (value, limit) = match (value, limit) {
            (Some(value), Some(limit)) => {
                let (value, limit) = look.pair(value, limit, unit);
                (Some(value), Some(limit))
            }
            (value, limit) => (value.map(|v| look.value(v, unit)), limit.map(|l| look.value(l, unit))),
        };
        Self { value, limit, asks }
    }
}

/// An alert in a list.
#[derive(Debug, Serialize)]
pub(super) struct AlertRow {
    pub(super) id: String,
    pub(super) state: AlertState,
    pub(super) severity: &'static str,
    pub(super) title: String,
    pub(super) measure: &'static str,
    pub(super) document: String,
    pub(super) citation: String,
    pub(super) place: Link,
    pub(super) against: Against,
    pub(super) since: When,
    /// The window that was judged last; nothing for what the register alone says.
    pub(super) judged: Option<String>,
    pub(super) resolved: Option<When>,
    pub(super) is_suspicion: bool,
    pub(super) acknowledged: bool,
    pub(super) silenced: bool,
    pub(super) unproven: bool,
    pub(super) waived: Option<String>,
}

pub(super) fn alert_row(look: &Look<'_>, alert: &AlertView) -> AlertRow {
    let clause = &alert.verdict.clause;
    AlertRow {
        id: alert.id.clone(),
        state: alert.state,
        severity: clause.severity.name(),
        title: look.words(&clause.title),
        measure: clause.measure.name(),
        document: alert.document.clone(),
        citation: look.citation(&alert.citation),
        place: look.subject(&alert.verdict.subject),
        against: Against::of(look, alert.value, alert.limit, alert.verdict.is_minimum, &alert.unit),
        since: look.when_and_age(alert.started_at),
        judged: (clause.period != Period::Register)
            .then(|| look.window_here(alert.verdict.window.from, alert.verdict.window.to)),
        resolved: alert.resolved_at.map(|at| look.when(at)),
        is_suspicion: alert.evidence == Evidence::Suspicion,
        acknowledged: alert.acknowledged,
        silenced: alert.silenced_until.is_some(),
        unproven: alert.unproven,
        waived: alert.waived.clone(),
    }
}

/// Alerts of a state, the worst first, then the newest.
pub(super) fn alert_rows<'a>(look: &Look<'_>, alerts: impl Iterator<Item = &'a AlertView>) -> Vec<AlertRow> {
    let mut alerts: Vec<&AlertView> = alerts.collect();
    alerts.sort_by(|a, b| {
        let rank = |alert: &AlertView| match alert.state {
            AlertState::Firing => 0,
            AlertState::Pending => 1,
            AlertState::Resolved => 2,
            AlertState::Withdrawn => 3,
        };
        let worst = |alert: &AlertView| std::cmp::Reverse(alert.verdict.clause.severity);
        let newest = |alert: &AlertView| std::cmp::Reverse(alert.started_at);
        (rank(a), worst(a), newest(a), &a.id).cmp(&(rank(b), worst(b), newest(b), &b.id))
    });
    alerts.into_iter().map(|alert| alert_row(look, alert)).collect()
}

/// A verdict in a list.
#[derive(Debug, Serialize)]
pub(super) struct VerdictRow {
    pub(super) outcome: Outcome,
    pub(super) rating: Option<rules::RatingLevel>,
    pub(super) title: String,
    pub(super) measure: &'static str,
    pub(super) document: String,
    pub(super) citation: String,
    pub(super) pack: String,
    pub(super) subject: Link,
    pub(super) against: Against,
    pub(super) coverage: String,
    pub(super) window: String,
    pub(super) is_suspicion: bool,
    pub(super) revision: u32,
    pub(super) waived: Option<String>,
}

pub(super) fn verdict_row(look: &Look<'_>, verdict: &Verdict) -> VerdictRow {
    let clause = &verdict.clause;
    VerdictRow {
        outcome: verdict.outcome,
        rating: verdict.rating,
        title: look.words(&clause.title),
        measure: clause.measure.name(),
        document: clause.document.clone(),
        citation: look.citation(&clause.citation),
        pack: clause.pack.clone(),
        subject: look.subject(&verdict.subject),
        against: Against::of(look, verdict.value, verdict.limit, verdict.is_minimum, &clause.limit.unit),
        coverage: format::share(verdict.coverage),
        window: look.window(verdict.window.from, verdict.window.to, Some(clause.period)),
        is_suspicion: clause.evidence == Evidence::Suspicion,
        revision: verdict.revision,
        waived: verdict.waived.clone(),
    }
}

/// Verdicts of a place: breaches first, then what could not be judged, then what complies.
pub(super) fn verdict_rows<'a>(
    look: &Look<'_>,
    verdicts: impl Iterator<Item = &'a Verdict>,
) -> Vec<VerdictRow> {
    let mut verdicts: Vec<&Verdict> = verdicts.collect();
    verdicts.sort_by_key(|verdict| {
        let rank = match verdict.outcome {
            Outcome::Breach => 0,
            Outcome::Insufficient => 1,
            Outcome::Compliant => 2,
        };
        (rank, verdict.clause.id.clone(), verdict.window.from)
    });
    verdicts.into_iter().map(|verdict| verdict_row(look, verdict)).collect()
}

/// A figure in a list.
#[derive(Debug, Serialize)]
pub(super) struct FigureRow {
    pub(super) measure: &'static str,
    pub(super) span: &'static str,
    pub(super) value: Option<String>,
    pub(super) coverage: String,
    pub(super) window: String,
}

/// The figures of a place that no verdict of it tells already.
pub(super) fn figure_rows(look: &Look<'_>, place: &PlaceView) -> Vec<FigureRow> {
    let is_told = |figure: &&Figure| {
        look.snapshot.verdicts.iter().any(|v| {
            v.subject.id() == &place.place
                && v.clause.measure.name() == figure.measure
                && (v.window.from, v.window.to) == (figure.from, figure.to)
        })
    };
    let row = |figure: &Figure| FigureRow {
        measure: figure.measure,
        span: figure.period.name(),
        value: figure.value.map(|value| look.value(value, &figure.unit)),
        coverage: format::share(figure.coverage),
        window: look.window(figure.from, figure.to, None),
    };
    place.figures.iter().filter(|figure| !is_told(figure)).map(row).collect()
}
