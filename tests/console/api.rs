//! The contract of `/api/v1`, health and metrics.

use std::collections::BTreeSet;

use axum::http::StatusCode;
use normwatch::view::Snapshot;
use serde_json::{Value, json};

use crate::{ask, ask_with, office};

async fn json(path: &str) -> Value {
    let answer = ask(path).await;
    assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.body);
    serde_json::from_str(&answer.body).unwrap()
}

fn ids(list: &Value, key: &str) -> Vec<String> {
    list["items"].as_array().unwrap().iter().map(|item| item[key].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn an_alert_has_every_promised_field() {
    let list = json("/api/v1/alerts?state=firing&clause=gb-t-18883-2022/co2").await;
    let alert = &list["items"][0];
    let keys: BTreeSet<&str> = alert.as_object().unwrap().keys().map(String::as_str).collect();
    for key in [
        "id",
        "state",
        "clause",
        "document",
        "citation",
        "place",
        "value",
        "limit",
        "unit",
        "coverage",
        "evidence",
        "started_at",
        "resolved_at",
        "revision",
        "acknowledged",
    ] {
        assert!(keys.contains(key), "{key} missing in {alert}");
    }
    assert_eq!(alert["id"], "alert-co2");
    assert_eq!(alert["state"], "firing");
    assert_eq!(alert["evidence"], "firm");
    assert_eq!(alert["value"], json!(1243.7));
    assert_eq!(alert["limit"], json!(1000.0));
    assert_eq!(alert["resolved_at"], Value::Null);
    assert_eq!(alert["started_at"], "2026-11-18T06:00:00Z");
    assert_eq!(json("/api/v1/alerts/alert-co2").await, *alert);
}

#[tokio::test]
async fn alerts_are_filtered_and_come_newest_first() {
    assert_eq!(ids(&json("/api/v1/alerts").await, "id").len(), 6);
    let firing = json("/api/v1/alerts?state=firing").await;
    assert_eq!(ids(&firing, "id"), ["alert-co2", "alert-crowd", "alert-idle", "alert-area"]);
    assert_eq!(ids(&json("/api/v1/alerts?place=b-101").await, "id"), ["alert-over", "alert-crowd"]);
    assert_eq!(ids(&json("/api/v1/alerts?place=b-101&state=resolved").await, "id"), ["alert-over"]);
}

#[tokio::test]
async fn a_list_cut_into_pages_is_the_same_list() {
    let whole = ids(&json("/api/v1/places").await, "place");
    assert_eq!(whole.len(), 17);
    let mut joined = Vec::new();
    let mut path = "/api/v1/places?limit=5".to_owned();
    for _ in 0..10 {
        let page = json(&path).await;
        joined.extend(ids(&page, "place"));
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/api/v1/places?limit=5&cursor={next}");
    }
    assert_eq!(joined, whole);
}

#[tokio::test]
async fn a_place_says_unknown_as_null_and_not_as_false() {
    let room = json("/api/v1/places/a-304").await;
    assert_eq!(room["presence"]["occupied"], Value::Null);
    assert_eq!(room["use"], "office");
    let busy = json("/api/v1/places/a-302").await;
    assert_eq!(busy["presence"]["occupied"], json!(true));
    assert_eq!(busy["latest"][0]["quantity"], "co2");
    assert_eq!(busy["latest"][0]["unit"], "ppm");
}

#[tokio::test]
async fn verdicts_are_the_lines_of_replay() {
    let list = json("/api/v1/verdicts?verdict=breach&place=a-301").await;
    let line = &list["items"][0];
    assert_eq!(line["clause"], "gb-t-18883-2022/co2");
    assert_eq!(line["edition"], "gb-t-18883-2022");
    assert_eq!(line["verdict"], "breach");
    assert_eq!(line["why"]["gated"], json!(true));
    let none = json("/api/v1/verdicts?verdict=insufficient").await;
    assert_eq!(none["items"].as_array().unwrap().len(), 1);
    assert_eq!(none["items"][0]["value"], Value::Null);
}

#[tokio::test]
async fn a_clause_shows_its_limit_its_source_and_whether_it_is_enforced() {
    let list = json("/api/v1/clauses?pack=gb-t-18883-2022").await;
    assert_eq!(ids(&list, "id"), ["gb-t-18883-2022/co2", "gb-t-18883-2022/humidity"]);
    let co2 = json("/api/v1/clauses/gb-t-18883-2022/co2").await;
    assert_eq!(co2["limit"], json!({"unit": "ppm", "at_most": 1000.0}));
    assert_eq!(co2["for_ms"], json!(600_000));
    assert_eq!(co2["enforced"], json!(true));
    assert_eq!(list["items"][1]["enforced"], json!(false));
    let area = json("/api/v1/clauses/demo-area/office-area").await;
    assert_eq!(area["limit"]["rows"][1], json!({"key": ["city", "bureau_head"], "at_most": 24.0}));
}

#[tokio::test]
async fn the_service_lists_sensors_to_claim_the_ledger_and_mails() {
    let sensors = json("/api/v1/sensors/unknown").await;
    assert_eq!(sensors["items"][0]["sensor"], "am307-77");
    assert_eq!(sensors["next"], Value::Null);
    let ledger = json("/api/v1/ledger").await;
    assert_eq!(ledger["received"], json!(128_431));
    let mails = json("/api/v1/mails").await;
    assert_eq!(mails["items"][0]["transitions"], json!(["fired-co2"]));
    assert_eq!(mails["items"][0]["state"], "sent");
}

#[tokio::test]
async fn errors_are_json_with_kind_message_and_status() {
    for (path, status, kind) in [
        ("/api/v1/alerts/none", 404, "not_found"),
        ("/api/v1/places/none", 404, "not_found"),
        ("/api/v1/clauses/none/none", 404, "not_found"),
        ("/api/v1/nothing", 404, "not_found"),
        ("/api/v1/alerts?state=burning", 400, "bad_request"),
        ("/api/v1/alerts?stat=firing", 400, "bad_request"),
        ("/api/v1/alerts?limit=0", 400, "bad_request"),
        ("/api/v1/alerts?limit=1001", 400, "bad_request"),
        ("/api/v1/alerts?cursor=!", 400, "bad_request"),
    ] {
        let answer = ask(path).await;
        assert_eq!(answer.status.as_u16(), status, "{path}");
        let body: Value = serde_json::from_str(&answer.body).unwrap();
        assert_eq!(body["error"]["kind"], kind, "{path}");
        assert!(!body["error"]["message"].as_str().unwrap().is_empty());
    }
}

#[tokio::test]
async fn the_process_is_alive_before_it_is_ready() {
    let start = Snapshot::default();
    assert_eq!(ask_with(start.clone(), "/healthz", &[]).await.status, StatusCode::OK);
    let waiting = ask_with(start, "/readyz", &[]).await;
    assert_eq!(waiting.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(waiting.body.contains("not caught up"));
    assert_eq!(ask_with(office::snapshot(), "/readyz", &[]).await.status, StatusCode::OK);
}

#[tokio::test]
async fn metrics_are_served_as_an_exposition() {
    let answer = ask("/metrics").await;
    assert!(answer.headers["content-type"].to_str().unwrap().starts_with("application/openmetrics-text"));
    assert!(
        answer.body.contains("\nnormwatch_messages_received_total 0\n") && answer.body.ends_with("# EOF\n")
    );
}
