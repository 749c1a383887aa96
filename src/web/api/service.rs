//! What concerns the service itself: the ledger, the rulebook, mails.

use std::sync::Arc;

use axum::Json;
use model::Instant;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    view::{InForce, Ledger, MailView},
    web::{
        desk::Desk,
        error::{ApiError, ApiQuery},
        list::{List, cut, newest_first},
    },
};

/// Mails that the list reaches back.
const MOST_MAILS: usize = 1000;
/// Refused lines that the list reaches back.
const MOST_REFUSED: usize = 10_000;

/// What a caller may ask of these lists.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ask {
    limit: Option<usize>,
    cursor: Option<String>,
}

/// `GET /ledger`.
pub(super) async fn ledger(desk: Desk) -> Json<Ledger> {
    Json(desk.ledger())
}

/// A line that the time-series server refused for good.
#[derive(Debug, Serialize)]
pub(super) struct Refused {
    at: Instant,
    line: String,
    reason: String,
}

/// `GET /series/refused`, newest first; for those who see the whole office.
pub(super) async fn refused_lines(
    desk: Desk,
    ApiQuery(ask): ApiQuery<Ask>,
) -> Result<List<Refused>, ApiError> {
    if !desk.sees_everything() {
        return Err(ApiError::Forbidden("refused lines are of every place".to_owned()));
    }
    let lines = desk.ask_records(|records| records.refused_lines(MOST_REFUSED)).await;
    let lines = lines.map_err(ApiError::Internal)?.into_iter();
    let keyed = (0_u32..).zip(lines).map(|(n, (at, refused))| {
        (format!("{n:06}"), Refused { at, line: refused.line, reason: refused.reason })
    });
    cut(keyed, ask.limit, ask.cursor.as_deref())
}

/// `GET /asyncapi.json`: the contract for vendors; the same for everybody, and open to everybody.
pub(super) async fn asyncapi() -> Json<Value> {
    Json(ingest::asyncapi())
}

/// `GET /rulebook`: which register and standards are in force, and what is wrong with the newest edit.
pub(super) async fn rulebook(desk: Desk) -> Json<InForce> {
    Json(desk.snapshot().standing.clone())
}

/// `GET /mails`, newest first.
pub(super) async fn mails(desk: Desk, ApiQuery(ask): ApiQuery<Ask>) -> Result<List<Arc<MailView>>, ApiError> {
    let mails = desk.ask_mails(|mails| mails.newest(MOST_MAILS)).await;
    let keyed = mails.into_iter().map(|mail| (newest_first(mail.time, &mail.id), mail));
    cut(keyed, ask.limit, ask.cursor.as_deref())
}
