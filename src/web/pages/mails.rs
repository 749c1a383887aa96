//! Mails: what was told to whom, and what became of it.

use std::sync::Arc;

use axum::{
    extract::Path,
    http::{HeaderValue, StatusCode, header},
    response::{Html, IntoResponse, Response},
};
use serde::Serialize;

use super::{
    frame,
    look::Look,
    not_found,
    rows::{AlertRow, alert_rows},
};
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
    is_full: bool,
}

#[derive(Serialize)]
struct MailPage {
    mail: Row,
    alerts: Vec<AlertRow>,
    text: Option<Arc<str>>,
    has_html: bool,
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
pub(super) async fn page(desk: Desk, viewer: Viewer) -> Response {
    let snapshot = desk.snapshot();
    let look = Look::new(&desk, &snapshot, &viewer);
    let (mails, sent) = desk.ask_mails(|mails| Ok((mails.newest(MOST)?, mails.sent()?))).await;
    let page = Page {
        is_full: mails.len() == MOST,
        mails: mails.iter().map(|mail| row(&look, mail)).collect(),
        sent,
    };
    frame::render(&desk, &snapshot, &viewer, "mails.html", "mails", &page)
}

/// `GET /mails/{id}`.
pub(super) async fn mail_page(desk: Desk, viewer: Viewer, Path(id): Path<String>) -> Response {
    let snapshot = desk.snapshot();
    let look = Look::new(&desk, &snapshot, &viewer);
    let Some(mail) = desk.ask_mails(move |mails| mails.one(&id)).await else {
        return not_found(&desk, &viewer);
    };
    let told = snapshot.alerts.iter().filter(|alert| mail.alerts.contains(&alert.id));
    let page = MailPage {
        alerts: alert_rows(&look, told.map(AsRef::as_ref)),
        has_html: mail.html.is_some(),
        text: mail.text.clone(),
        mail: row(&look, &mail),
    };
    frame::render(&desk, &snapshot, &viewer, "mail.html", "mails", &page)
}

/// `GET /mails/{id}/html`: the mail as a mail program shows it, for the frame of its page. The policy
/// forbids it everything but its own look; links open elsewhere.
pub(super) async fn html(desk: Desk, Path(id): Path<String>) -> Response {
    const POLICY: HeaderValue = HeaderValue::from_static(
        "default-src 'none'; style-src 'unsafe-inline'; sandbox allow-popups; frame-ancestors 'self'",
    );
    let mail = desk.ask_mails(move |mails| mails.one(&id)).await;
    match mail.and_then(|mail| mail.html.clone()) {
        Some(html) => ([(header::CONTENT_SECURITY_POLICY, POLICY)], Html(html.to_string())).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
