//! What concerns the service itself: sensors to claim, the ledger, mails.

use std::sync::Arc;

use axum::Json;
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

/// What a caller may ask of these lists.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ask {
    limit: Option<usize>,
    cursor: Option<String>,
}

/// A sensor that publishes but is in no register.
#[derive(Debug, Serialize)]
pub(super) struct UnknownSensor {
    sensor: String,
    topic: String,
}

/// `GET /sensors/unknown`, by id.
pub(super) async fn unknown_sensors(
    desk: Desk,
    ApiQuery(ask): ApiQuery<Ask>,
) -> Result<List<UnknownSensor>, ApiError> {
    let snapshot = desk.snapshot();
    let keyed = snapshot.unknown_sensors.iter().map(|(sensor, topic)| {
        (sensor.to_string(), UnknownSensor { sensor: sensor.to_string(), topic: topic.clone() })
    });
    cut(keyed, ask.limit, ask.cursor.as_deref())
}

/// `GET /ledger`.
pub(super) async fn ledger(desk: Desk) -> Json<Ledger> {
    Json(desk.snapshot().ledger)
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
