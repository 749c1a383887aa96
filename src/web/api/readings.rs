//! `POST /readings`: SenML over HTTP, for programs that have no broker.

use axum::{
    Json,
    body::Bytes,
    extract::rejection::BytesRejection,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use ingest::ErrorKind;
use model::Id;
use serde::Deserialize;
use serde_json::json;

use crate::{
    access::{Right, Speaker},
    pipeline::{PostError, Posted},
    spool::Outcome,
    web::{
        desk::Desk,
        error::{ApiError, ApiQuery},
    },
};

/// Longest `Idempotency-Key`.
const LONGEST_KEY: usize = 200;

/// Whose readings they are, unless the names of the pack say so.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ask {
    sensor: Option<Id>,
}

/// Answers when the pack is durable: 200 with what became of it, 422 when it was not understood, 403 when it names
/// a device for which the token may not speak.
pub(super) async fn post(
    desk: Desk,
    ApiQuery(ask): ApiQuery<Ask>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, ApiError> {
    let Some(person) = desk.asker() else {
        let what = "readings are taken with a token only: `normwatch user token NAME --scope readings`";
        return Err(ApiError::Forbidden(what.to_owned()));
    };
    if !person.may(Right::Readings) {
        let what = "this token does not have the scope `readings`";
        return Err(ApiError::Forbidden(what.to_owned()));
    }
    let body = body?;
    let key = match headers.get("idempotency-key").map(|key| key.to_str()) {
        Some(Ok(key)) if key.len() <= LONGEST_KEY => Some(format!("{} {key}", person.sender())),
        Some(_) => {
            let what = format!("Idempotency-Key is at most {LONGEST_KEY} printable characters");
            return Err(ApiError::BadRequest(what));
        }
        None => None,
    };
    let Some(letterbox) = desk.letterbox() else {
        return Err(ApiError::Internal("this console only shows".to_owned()));
    };
    if !desk.refusals().is_empty() {
        return Ok(unavailable(PostError::Held));
    }
    let speaker = Speaker::of(person);
    let posted = match letterbox.post(speaker, ask.sensor.as_ref(), body.to_vec(), key.as_deref()).await {
        Ok(posted) => posted,
        Err(error) => return Ok(unavailable(error)),
    };
    let word = match posted.outcome {
        Outcome::Stored => "stored",
        Outcome::Duplicate => "duplicate",
        Outcome::Ignored => "ignored",
        Outcome::Quarantined => "quarantined",
        Outcome::Rejected => "rejected",
    };
    let status = match posted.outcome {
        Outcome::Stored | Outcome::Duplicate => StatusCode::OK,
        Outcome::Rejected if is_foreign(&posted) => StatusCode::FORBIDDEN,
        Outcome::Ignored | Outcome::Quarantined | Outcome::Rejected => StatusCode::UNPROCESSABLE_ENTITY,
    };
    let readings = if posted.outcome == Outcome::Stored { posted.readings } else { 0 };
    let mut answer = json!({"outcome": word, "readings": readings});
    if let (Some(answer), Some(error)) = (answer.as_object_mut(), posted.error) {
        let error = json!({"kind": error.kind, "message": error.reason, "field": error.field});
        answer.insert("error".to_owned(), error);
    }
    Ok((status, Json(answer)).into_response())
}

/// Whether it names a device for which its sender may not speak.
fn is_foreign(posted: &Posted) -> bool {
    posted.error.as_ref().is_some_and(|error| error.kind == ErrorKind::NotItsDevice.name())
}

fn unavailable(error: PostError) -> Response {
    let body = json!({"error": {"kind": "unavailable", "message": error.to_string()}});
    (StatusCode::SERVICE_UNAVAILABLE, [("retry-after", "1")], Json(body)).into_response()
}
