//! The forms on an alert's page: take it on, silence it.

use axum::{
    Form,
    extract::Path,
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;

use crate::web::{acting::Wish, desk::Desk, error::ApiError};

/// What the form of an acknowledgement sends.
#[derive(Debug, Deserialize)]
pub(super) struct Acknowledgement {
    acknowledged: bool,
    #[serde(default)]
    note: String,
}

/// `POST /alerts/{id}/acknowledge`.
pub(super) async fn acknowledge(
    desk: Desk,
    Path(id): Path<String>,
    Form(form): Form<Acknowledgement>,
) -> Response {
    let done = desk.acknowledge(&id, form.acknowledged, form.note).await;
    back(&format!("/alerts/{id}"), done.map(drop))
}

/// What the form of a silence sends.
#[derive(Debug, Deserialize)]
pub(super) struct NewSilence {
    minutes: i64,
    #[serde(default)]
    note: String,
}

/// `POST /alerts/{id}/silence`: this clause at this place.
pub(super) async fn silence(desk: Desk, Path(id): Path<String>, Form(form): Form<NewSilence>) -> Response {
    let snapshot = desk.snapshot();
    let Some(alert) = snapshot.alerts.iter().find(|alert| alert.id == id) else {
        return ApiError::not_found("alert", id).into_response();
    };
    let wish = Wish {
        clause: Some(alert.clause.clone()),
        subject: Some(alert.place.clone()),
        minutes: Some(form.minutes),
        note: form.note,
        ..Wish::default()
    };
    back(&format!("/alerts/{id}"), desk.silence(wish).await.map(drop))
}

/// What the form that ends a silence sends: the page to return to.
#[derive(Debug, Deserialize)]
pub(super) struct Lift {
    alert: String,
}

/// `POST /silences/{id}/lift`.
pub(super) async fn lift(desk: Desk, Path(id): Path<String>, Form(form): Form<Lift>) -> Response {
    let done = desk.lift_silence(&id).await;
    let alert: String = form_urlencoded::byte_serialize(form.alert.as_bytes()).collect();
    back(&format!("/alerts/{alert}"), done)
}

fn back(to: &str, done: Result<(), ApiError>) -> Response {
    done.map_or_else(IntoResponse::into_response, |()| Redirect::to(to).into_response())
}
