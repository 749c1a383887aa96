//! `/api/v1`: lists are `{"items", "next"}`, errors are `{"error": {"kind", "message"}}`.

mod acts;
mod alerts;
mod devices;
mod places;
mod quarantine;
mod readings;
mod records;
mod service;
mod standards;
mod verdicts;

use axum::{
    Router,
    extract::DefaultBodyLimit,
    routing::{delete, get, post},
};

use super::{Counter, error::ApiError};

/// The addresses under `/api/v1`.
pub(super) fn routes() -> Router<Counter> {
    Router::new()
        .route("/places", get(places::list))
        .route("/places/{id}", get(places::one))
        .route("/alerts", get(alerts::list))
        .route("/alerts/{id}", get(alerts::one))
        .route("/alerts/{id}/acknowledge", post(acts::acknowledge))
        .route("/readings", post(readings::post).layer(DefaultBodyLimit::max(ingest::MAX_PAYLOAD)))
        .route("/silences", get(acts::silences).post(acts::silence))
        .route("/silences/{id}", delete(acts::lift))
        .route("/verdicts", get(verdicts::list))
        .route("/verdicts/history", get(records::verdicts))
        .route("/events", get(records::events))
        .route("/clauses", get(standards::list))
        .route("/clauses/{pack}/{clause}", get(standards::one))
        .route("/devices", get(devices::list))
        .route("/sensors/unknown", get(devices::unknown))
        .route("/sensors/{id}/claim", post(devices::claim))
        .route("/quarantine", get(quarantine::list))
        .route("/quarantine/replay", post(quarantine::replay))
        .route("/quarantine/discard", post(quarantine::discard))
        .route("/ledger", get(service::ledger))
        .route("/series/refused", get(service::refused_lines))
        .route("/asyncapi.json", get(service::asyncapi))
        .route("/mails", get(service::mails))
        .route("/rulebook", get(service::rulebook))
        .method_not_allowed_fallback(async || ApiError::MethodNotAllowed)
}
