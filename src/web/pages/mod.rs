//! The pages: each takes a copy of the state, forms what it shows, and fills a template.

mod acts;
mod alert;
mod alerts;
mod device;
mod devices;
mod frame;
pub(super) mod login;
mod look;
mod mails;
mod overview;
mod place;
mod quarantine;
mod room;
mod rooms;
mod rows;
mod spare;
mod standards;
mod unknown;

use axum::{
    Router,
    http::StatusCode,
    response::Response,
    routing::{get, post},
};

use super::{Counter, desk::Desk, language::Viewer};

/// The addresses of the pages.
pub(super) fn routes() -> Router<Counter> {
    Router::new()
        .route("/", get(overview::page))
        .route("/places/{id}", get(place::page))
        .route("/alerts", get(alerts::page))
        .route("/alerts/{id}", get(alert::page))
        .route("/alerts/{id}/acknowledge", post(acts::acknowledge))
        .route("/alerts/{id}/silence", post(acts::silence))
        .route("/silences/{id}/lift", post(acts::lift))
        .route("/devices", get(devices::page))
        .route("/devices/unknown", get(unknown::page))
        .route("/devices/unknown/{sensor}", get(unknown::form).post(unknown::claim))
        .route("/device/{sensor}", get(device::page))
        .route("/quarantine", get(quarantine::page))
        .route("/quarantine/replay", post(quarantine::replay))
        .route("/quarantine/discard", post(quarantine::discard))
        .route("/quarantine/{id}", get(quarantine::message))
        .route("/standards", get(standards::page))
        .route("/standards/{pack}", get(standards::pack_page))
        .route("/mails", get(mails::page))
        .route("/mails/{id}", get(mails::mail_page))
        .route("/mails/{id}/html", get(mails::html))
}

/// The page for an address that does not exist.
pub(super) fn not_found(desk: &Desk, viewer: &Viewer) -> Response {
    let snapshot = desk.snapshot();
    let mut response = frame::render(desk, &snapshot, viewer, "missing.html", "", &());
    *response.status_mut() = StatusCode::NOT_FOUND;
    response
}
