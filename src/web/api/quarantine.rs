//! Messages that could not be understood: the list, another try, and the bin.

use axum::Json;
use serde::{Deserialize, Serialize};

use super::acts::ApiJson;
use crate::{
    pipeline::{Again, Replayed},
    view::Held,
    web::{
        desk::Desk,
        error::{ApiError, ApiQuery},
        list::{List, cut},
    },
};

/// Messages that one answer looks through.
const MOST: usize = 1000;

/// What a caller may ask of the list.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ask {
    reason: Option<String>,
    limit: Option<usize>,
    cursor: Option<String>,
}

/// `GET /quarantine`, oldest first; for who sees everything: it may hold anything.
pub(super) async fn list(desk: Desk, ApiQuery(ask): ApiQuery<Ask>) -> Result<List<Held>, ApiError> {
    let held = desk.quarantined(ask.reason, MOST).await?;
    let keyed = held.into_iter().map(|held| (format!("{:020}", held.id), Held::from(held)));
    cut(keyed, ask.limit, ask.cursor.as_deref())
}

/// Body of a replay: numbers, or nothing for every message.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Body {
    #[serde(default)]
    ids: Vec<u64>,
    #[serde(default)]
    all: bool,
    reason: Option<String>,
}

/// `POST /quarantine/replay`. Answers when what could be stored is durable.
pub(super) async fn replay(desk: Desk, ApiJson(body): ApiJson<Body>) -> Result<Json<Replayed>, ApiError> {
    if body.ids.is_empty() != body.all {
        return Err(ApiError::BadRequest("write either `ids` or `all`: true".to_owned()));
    }
    desk.replay(Again { ids: body.ids, reason: body.reason }).await.map(Json)
}

/// Body of a discard: numbers and why.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Discard {
    ids: Vec<u64>,
    reason: String,
}

/// How many were there to go.
#[derive(Debug, Serialize)]
pub(super) struct Discarded {
    discarded: u64,
}

/// `POST /quarantine/discard`. They stay counted in the ledger as what they were.
pub(super) async fn discard(
    desk: Desk,
    ApiJson(body): ApiJson<Discard>,
) -> Result<Json<Discarded>, ApiError> {
    if body.ids.is_empty() {
        return Err(ApiError::BadRequest("`ids` names none".to_owned()));
    }
    let discarded = desk.discard(Again { ids: body.ids, reason: None }, &body.reason).await?;
    Ok(Json(Discarded { discarded }))
}
