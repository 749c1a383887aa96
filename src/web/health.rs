//! Whether the process lives, whether it can serve, and its counters.

use axum::{
    Json,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;

use super::desk::Desk;
use crate::view::Snapshot;

/// `GET /healthz`: 200 while the process answers.
pub(super) async fn healthz() -> &'static str {
    "ok\n"
}

#[derive(Serialize)]
struct Readiness {
    ready: bool,
    reasons: Vec<String>,
    /// What does not keep it from serving, but asks for somebody.
    warnings: Vec<String>,
}

/// `GET /readyz`: 503 with the reasons until the service is caught up, its broker answers and its disk takes
/// what it is given.
///
/// A silent time-series or mail server is not a reason: the service buffers for both.
pub(super) async fn readyz(desk: Desk) -> Response {
    let snapshot = desk.snapshot();
    let (mut reasons, warnings) = (reasons(&snapshot), warnings(&snapshot));
    reasons.extend(desk.refusals());
    let status = if reasons.is_empty() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(Readiness { ready: reasons.is_empty(), reasons, warnings })).into_response()
}

fn reasons(snapshot: &Snapshot) -> Vec<String> {
    let mut reasons = Vec::new();
    if !snapshot.is_caught_up {
        reasons.push("not caught up with what waited at the start".to_owned());
    }
    for link in snapshot.links.iter().filter(|link| link.name == "mqtt" && link.up == Some(false)) {
        let error = link.error.as_deref().unwrap_or("no answer");
        reasons.push(format!("{} is down: {error}", link.name));
    }
    reasons
}

fn warnings(snapshot: &Snapshot) -> Vec<String> {
    let refused = snapshot.standing.refused.iter().flat_map(|refused| &refused.problems);
    let mut warnings: Vec<String> = refused.map(|problem| format!("edit refused: {problem}")).collect();
    // It works, and less well than was asked for.
    let links = snapshot.links.iter().filter(|link| link.name == "mqtt" && link.up == Some(true));
    warnings.extend(links.filter_map(|link| Some(format!("{}: {}", link.name, link.error.as_ref()?))));
    warnings
}

/// `GET /metrics`: the exposition for Prometheus.
pub(super) async fn metrics(desk: Desk) -> impl IntoResponse {
    desk.metrics().set_pending(desk.ledger().pending);
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(header::CONTENT_TYPE, kind)], desk.metrics().exposition())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::Link;

    #[test]
    fn a_broken_broker_is_a_reason_and_a_broken_sink_is_none() {
        let link = |name, up| Link { name, up, error: Some("refused".to_owned()), backlog: 0 };
        let mut snapshot = Snapshot { is_caught_up: true, ..Snapshot::default() };
        snapshot.links = vec![link("influx", Some(false)), link("mqtt", Some(true))];
        assert!(reasons(&snapshot).is_empty());
        assert_eq!(warnings(&snapshot), ["mqtt: refused"], "what works less well than was asked for");
        snapshot.links.push(link("mqtt", Some(false)));
        assert_eq!(reasons(&snapshot), ["mqtt is down: refused"]);
    }
}
