//! Alerts, newest first.

use std::sync::Arc;

use axum::{Json, extract::Path};
use rules::AlertState;
use serde::Deserialize;

use crate::{
    view::AlertView,
    web::{
        desk::Desk,
        error::{ApiError, ApiQuery},
        list::{List, cut, newest_first},
    },
};

/// What a caller may ask of the list; filters join with and.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ask {
    state: Option<AlertState>,
    place: Option<String>,
    clause: Option<String>,
    limit: Option<usize>,
    cursor: Option<String>,
}

/// `GET /alerts`.
pub(super) async fn list(desk: Desk, ApiQuery(ask): ApiQuery<Ask>) -> Result<List<Arc<AlertView>>, ApiError> {
    let snapshot = desk.snapshot();
    let is_asked = |alert: &&Arc<AlertView>| {
        ask.state.is_none_or(|state| alert.state == state)
            && ask.place.as_ref().is_none_or(|place| alert.place.as_str() == place)
            && ask.clause.as_ref().is_none_or(|clause| alert.clause == *clause)
    };
    let alerts = snapshot.alerts.iter().filter(is_asked);
    let keyed = alerts.map(|alert| (newest_first(alert.started_at, &alert.id), Arc::clone(alert)));
    cut(keyed, ask.limit, ask.cursor.as_deref())
}

/// `GET /alerts/{id}`.
pub(super) async fn one(desk: Desk, Path(id): Path<String>) -> Result<Json<Arc<AlertView>>, ApiError> {
    let snapshot = desk.snapshot();
    let alert = snapshot.alerts.iter().find(|alert| alert.id == id);
    alert.map(|alert| Json(Arc::clone(alert))).ok_or_else(|| ApiError::not_found("alert", id))
}
