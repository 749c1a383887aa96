//! What was said of windows long closed, and what charts mark.

use model::{Id, Instant, Span};
use rules::{Outcome, RatingLevel};
use serde::{Deserialize, Serialize};

use crate::{
    state::{EventRow, VerdictRow},
    web::{
        desk::Desk,
        error::{ApiError, ApiQuery},
        list::{List, cut},
    },
};

/// Windows that one answer looks through.
const MOST: usize = 20_000;

/// What a caller may ask of the history of verdicts; times bound the start of the window.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AskVerdicts {
    place: Id,
    clause: Option<String>,
    from: Option<Instant>,
    to: Option<Instant>,
    limit: Option<usize>,
    cursor: Option<String>,
}

/// The newest revision of what was said of one window.
#[derive(Debug, Serialize)]
pub(super) struct Said {
    clause: String,
    place: String,
    from: Instant,
    to: Instant,
    revision: u32,
    time: Instant,
    verdict: Outcome,
    rating: Option<RatingLevel>,
    value: Option<f64>,
    limit: Option<f64>,
    coverage: f64,
    waived: Option<String>,
}

impl From<VerdictRow> for Said {
    fn from(row: VerdictRow) -> Self {
        Self {
            place: row.subject.id().to_string(),
            clause: row.clause,
            from: row.window.from,
            to: row.window.to,
            revision: row.revision,
            time: row.time,
            verdict: row.outcome,
            rating: row.rating,
            value: row.value,
            limit: row.limit,
            coverage: row.coverage,
            waived: row.waived,
        }
    }
}

/// `GET /verdicts/history?place=`, oldest first; `place` also finds a body.
pub(super) async fn verdicts(
    desk: Desk,
    ApiQuery(ask): ApiQuery<AskVerdicts>,
) -> Result<List<Said>, ApiError> {
    let span = Span::new(ask.from.unwrap_or(Instant::MIN), ask.to.unwrap_or(Instant::MAX));
    let place = ask.place;
    if !desk.reaches(&place) {
        return Err(ApiError::not_found("place or body", place.as_str()));
    }
    let rows = desk.ask_records(move |records| records.verdicts(&place, span, MOST)).await;
    let rows = rows.map_err(ApiError::Internal)?.into_iter();
    let asked = rows.filter(|row| ask.clause.as_ref().is_none_or(|clause| row.clause == *clause));
    let keyed = asked.map(|row| (key(row.window.from, &row.clause), Said::from(row)));
    cut(keyed, ask.limit, ask.cursor.as_deref())
}

/// What a caller may ask of events.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AskEvents {
    kind: Option<String>,
    from: Option<Instant>,
    to: Option<Instant>,
    limit: Option<usize>,
    cursor: Option<String>,
}

/// Something that charts mark.
#[derive(Debug, Serialize)]
pub(super) struct Mark {
    at: Instant,
    kind: String,
    place: Option<String>,
    title: String,
    text: String,
}

/// `GET /events`, oldest first.
pub(super) async fn events(desk: Desk, ApiQuery(ask): ApiQuery<AskEvents>) -> Result<List<Mark>, ApiError> {
    let span = Span::new(ask.from.unwrap_or(Instant::MIN), ask.to.unwrap_or(Instant::MAX));
    let rows = desk.ask_records(move |records| records.events(span)).await;
    let rows = rows.map_err(ApiError::Internal)?.into_iter();
    let asked = rows.filter(|row| ask.kind.as_ref().is_none_or(|kind| row.kind == *kind));
    // What is of no place is of the whole office; limits are no secret of it.
    let is_visible = |row: &EventRow| match Id::parse(&row.place) {
        Ok(place) => desk.reaches(&place),
        Err(_) => desk.sees_everything() || row.kind == "limit",
    };
    let keyed = asked.filter(is_visible).map(|row: EventRow| {
        let name = key(row.at, &format!("{} {} {}", row.kind, row.place, row.title));
        let place = Some(row.place).filter(|place| !place.is_empty());
        (name, Mark { at: row.at, kind: row.kind, place, title: row.title, text: row.text })
    });
    cut(keyed, ask.limit, ask.cursor.as_deref())
}

/// Sorts by time, then by name.
fn key(at: Instant, name: &str) -> String {
    // Shifted so that instants before 1970 sort before those after it.
    format!("{:020} {name}", i128::from(at.millis()) - i128::from(i64::MIN))
}
