//! The newest verdict of each check.

use std::sync::Arc;

use rules::{Outcome, Verdict};
use serde::Deserialize;

use crate::web::{
    desk::Desk,
    error::{ApiError, ApiQuery},
    list::{List, cut},
};

/// What a caller may ask of the list; `place` also finds a body.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ask {
    place: Option<String>,
    clause: Option<String>,
    verdict: Option<Outcome>,
    limit: Option<usize>,
    cursor: Option<String>,
}

/// `GET /verdicts`, by subject and clause.
pub(super) async fn list(desk: Desk, ApiQuery(ask): ApiQuery<Ask>) -> Result<List<Arc<Verdict>>, ApiError> {
    let snapshot = desk.snapshot();
    let is_asked = |verdict: &&Arc<Verdict>| {
        ask.verdict.is_none_or(|outcome| verdict.outcome == outcome)
            && ask.place.as_ref().is_none_or(|place| verdict.subject.id().as_str() == place)
            && ask.clause.as_ref().is_none_or(|clause| verdict.clause.id == *clause)
    };
    let verdicts = snapshot.verdicts.iter().filter(is_asked);
    let keyed = verdicts.map(|v| (format!("{} {}", v.subject.id(), v.clause.id), Arc::clone(v)));
    cut(keyed, ask.limit, ask.cursor.as_deref())
}
