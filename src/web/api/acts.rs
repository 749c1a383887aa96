//! Acknowledgements and silences.

use std::sync::Arc;

use axum::{
    Json,
    extract::{FromRequest, Path, Request, rejection::JsonRejection},
    http::StatusCode,
};
use model::{Id, Instant};
use serde::{Deserialize, de::DeserializeOwned};

use crate::{
    notify::Silence,
    view::{AlertView, SilenceView},
    web::{
        acting::Wish,
        desk::Desk,
        error::{ApiError, ApiQuery},
        list::{List, cut},
    },
};

/// A JSON body whose rejection is an [`ApiError`] as well.
pub(super) struct ApiJson<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for ApiJson<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let found: Result<Json<T>, JsonRejection> = Json::from_request(request, state).await;
        found.map(|Json(value)| Self(value)).map_err(|e| ApiError::of_body(e.status(), e.body_text()))
    }
}

/// Body of an acknowledgement.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Acknowledgement {
    #[serde(default = "yes")]
    acknowledged: bool,
    #[serde(default)]
    note: String,
}

const fn yes() -> bool {
    true
}

/// `POST /alerts/{id}/acknowledge`.
pub(super) async fn acknowledge(
    desk: Desk,
    Path(id): Path<String>,
    ApiJson(body): ApiJson<Acknowledgement>,
) -> Result<Json<Arc<AlertView>>, ApiError> {
    desk.acknowledge(&id, body.acknowledged, body.note).await.map(Json)
}

/// What a caller may ask of the list.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ask {
    limit: Option<usize>,
    cursor: Option<String>,
}

/// `GET /silences`, those that end first first.
pub(super) async fn silences(
    desk: Desk,
    ApiQuery(ask): ApiQuery<Ask>,
) -> Result<List<SilenceView>, ApiError> {
    let snapshot = desk.snapshot();
    let keyed = snapshot
        .silences
        .iter()
        .map(|silence| (format!("{:020} {}", silence.until.millis().max(0), silence.id), silence.clone()));
    cut(keyed, ask.limit, ask.cursor.as_deref())
}

/// Body of a silence.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewSilence {
    clause: Option<String>,
    subject: Option<Id>,
    until: Option<Instant>,
    minutes: Option<i64>,
    #[serde(default)]
    note: String,
}

/// `POST /silences`.
pub(super) async fn silence(
    desk: Desk,
    ApiJson(body): ApiJson<NewSilence>,
) -> Result<(StatusCode, Json<Silence>), ApiError> {
    let NewSilence { clause, subject, until, minutes, note } = body;
    let silence = desk.silence(Wish { clause, subject, until, minutes, note }).await?;
    Ok((StatusCode::CREATED, Json(silence)))
}

/// `DELETE /silences/{id}`.
pub(super) async fn lift(desk: Desk, Path(id): Path<String>) -> Result<StatusCode, ApiError> {
    desk.lift_silence(&id).await.map(|()| StatusCode::NO_CONTENT)
}
