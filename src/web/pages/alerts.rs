//! The list of alerts, by state.

use axum::{extract::RawQuery, response::Response};
use rules::AlertState;
use serde::Serialize;

use super::{
    frame,
    look::Look,
    rows::{AlertRow, alert_rows},
};
use crate::web::{desk::Desk, language::Viewer};

/// Rows of one page; the API lists the rest.
const MOST: usize = 200;

#[derive(Serialize)]
struct Page {
    state: &'static str,
    tabs: Vec<Tab>,
    alerts: Vec<AlertRow>,
    hidden: usize,
}

#[derive(Serialize)]
struct Tab {
    state: &'static str,
    count: usize,
}

/// `GET /alerts?state=`; firing unless another state or `all` is asked for.
pub(super) async fn page(desk: Desk, viewer: Viewer, RawQuery(query): RawQuery) -> Response {
    let snapshot = desk.snapshot();
    let look = Look::new(&desk, &snapshot, &viewer);
    let query = query.unwrap_or_default();
    let asked = query.split('&').find_map(|pair| pair.strip_prefix("state="));
    let states = [
        ("firing", Some(AlertState::Firing)),
        ("pending", Some(AlertState::Pending)),
        ("resolved", Some(AlertState::Resolved)),
        ("withdrawn", Some(AlertState::Withdrawn)),
        ("all", None),
    ];
    let (name, state) = states
        .into_iter()
        .find(|(name, _)| Some(*name) == asked)
        .unwrap_or(("firing", Some(AlertState::Firing)));
    let is =
        |state: Option<AlertState>, alert: &crate::view::AlertView| state.is_none_or(|s| alert.state == s);
    let tabs = states.map(|(name, state)| Tab {
        state: name,
        count: snapshot.alerts.iter().filter(|a| is(state, a)).count(),
    });
    let mut alerts =
        alert_rows(&look, snapshot.alerts.iter().map(AsRef::as_ref).filter(|alert| is(state, alert)));
    let hidden = alerts.len().saturating_sub(MOST);
    alerts.truncate(MOST);
    let page = Page { state: name, tabs: tabs.into(), alerts, hidden };
    frame::render(&desk, &snapshot, &viewer, "alerts.html", "alerts", &page)
}
