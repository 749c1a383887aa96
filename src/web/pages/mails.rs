//! Mails: what was told to whom, and what became of it.

use std::sync::Arc;

use axum::{
    extract::{Path, State},
    response::Response,
};
use serde::Serialize;

use super::{frame, look::Look, not_found};
use crate::{
    view::MailView,
    web::{desk::Desk, format::When, language::Viewer},
};

/// Rows of one page; the API lists the rest.
const MOST: usize = 200;

#[derive(Serialize)]
struct Row {
    id: String,
    at: When,
    recipient: String,
    subject: String,
    state: &'static str,
    attempts: u32,
    error: Option<String>,
}

#[derive(Serialize)]
struct Page {
    mails: Vec<Row>,
    sent: u64,
    hidden: usize,
}

#[derive(Serialize)]
struct MailPage {
    mail: Row,
    alerts: Vec<String>,
    text: Arc<str>,
}

fn row(look: &Look<'_>, mail: &MailView) -> Row {
    Row {
        id: mail.id.clone(),
        at: look.when(mail.time),
        recipient: mail.recipient.to_string(),
        subject: mail.subject.clone(),
        state: mail.state.name(),
        attempts: mail.attempts,
        error: mail.error.clone(),
    }
}

/// `GET /mails`.
pub(super) async fn page(State(desk): State<Desk>, viewer: Viewer) -> Response {
    let snapshot = desk.snapshot();
    let look = Look::new(&desk, &snapshot, &viewer);
    let mails = snapshot.mails.iter().take(MOST).map(|mail| row(&look, mail)).collect();
    let page = Page { mails, sent: snapshot.mails_sent, hidden: snapshot.mails.len().saturating_sub(MOST) };
    frame::render(&desk, &snapshot, &viewer, "mails.html", "mails", &page)
}

/// `GET /mails/{id}`.
pub(super) async fn mail_page(State(desk): State<Desk>, viewer: Viewer, Path(id): Path<String>) -> Response {
    let snapshot = desk.snapshot();
    let look = Look::new(&desk, &snapshot, &viewer);
    let Some(mail) = snapshot.mails.iter().find(|mail| mail.id == id) else {
        return not_found(&desk, &viewer);
    };
    let told = snapshot.alerts.iter().filter(|alert| mail.transitions.contains(&alert.id));
    let page = MailPage {
        mail: row(&look, mail),
        alerts: told.map(|alert| alert.id.clone()).collect(),
        text: Arc::clone(&mail.text),
    };
    frame::render(&desk, &snapshot, &viewer, "mail.html", "mails", &page)
}
