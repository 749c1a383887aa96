//! Readings over HTTP: the same way as those from the broker.

use std::{path::Path, time::Duration};

use reqwest::{Client, StatusCode};
use serde_json::Value;

use crate::{
    acts::user,
    common::process::free_port,
    restart::{OLDEST, copy},
    service::{Service, assert_balanced},
};

const PATIENCE: Duration = Duration::from_secs(60);

async fn post(
    service: &Service,
    token: &str,
    query: &str,
    key: Option<&str>,
    body: &str,
) -> (StatusCode, Value) {
    let mut request = Client::new()
        .post(format!("http://{}/api/v1/readings{query}", service.address()))
        .bearer_auth(token)
        .body(body.to_owned());
    if let Some(key) = key {
        request = request.header("idempotency-key", key);
    }
    let answer = request.send().await.unwrap();
    (answer.status(), serde_json::from_str(&answer.text().await.unwrap()).unwrap_or(Value::Null))
}

/// A service with a user for programs, yet to be started. It has no broker at all: what is posted does not wait for it.
fn with_a_gateway() -> (tempfile::TempDir, Service) {
    let dir = tempfile::tempdir().unwrap();
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join(OLDEST), dir.path());
    let service = Service::new(dir.path(), free_port(), "");
    user(dir.path(), &["add", "gateway", "--role", "admin"], "a long password\n");
    (dir, service)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_posted_pack_is_stored_once_counted_and_survives_a_kill() {
    let (dir, mut service) = with_a_gateway();
    let token = user(dir.path(), &["token", "gateway", "--scope", "readings", "--scope", "read"], "");
    let reader = user(dir.path(), &["token", "gateway", "--scope", "read"], "");
    service.start().await;
    let pack = r#"[{"n":"co2","u":"ppm","v":733},{"n":"temperature","u":"Cel","v":21.5}]"#;
    let (status, answer) = post(&service, &token, "?sensor=air-1", Some("batch 7"), pack).await;
    assert_eq!(
        (status, &answer["outcome"], &answer["readings"]),
        (StatusCode::OK, &"stored".into(), &2.into())
    );
    let (status, answer) = post(&service, &token, "?sensor=air-1", Some("batch 7"), pack).await;
    assert_eq!((status, &answer["outcome"]), (StatusCode::OK, &"duplicate".into()), "{answer}");
    // Without a sensor in the address the names of the pack say whose it is.
    let named = r#"[{"bn":"air-1:","n":"humidity","u":"%RH","v":41}]"#;
    assert_eq!(post(&service, &token, "", None, named).await.1["readings"], 1);
    for (body, status, word) in [
        ("{", StatusCode::UNPROCESSABLE_ENTITY, "quarantined"),
        ("{\"co2\":733}", StatusCode::UNPROCESSABLE_ENTITY, "quarantined"),
        ("[]", StatusCode::UNPROCESSABLE_ENTITY, "ignored"),
    ] {
        let (found, answer) = post(&service, &token, "?sensor=air-1", None, body).await;
        assert_eq!((found, answer["outcome"].as_str()), (status, Some(word)), "{answer}");
        assert!(word == "ignored" || answer["error"]["message"].is_string(), "{answer}");
    }
    assert_eq!(post(&service, &reader, "?sensor=air-1", None, pack).await.0, StatusCode::FORBIDDEN);
    assert_eq!(post(&service, "nw_guess", "?sensor=air-1", None, pack).await.0, StatusCode::UNAUTHORIZED);
    let huge = format!("[{}]", " ".repeat(3 << 20));
    let (status, answer) = post(&service, &token, "?sensor=air-1", None, &huge).await;
    assert_eq!((status.as_u16(), &answer["error"]["kind"]), (413, &"too_large".into()), "{answer}");
    service.kill();

    service.start().await;
    let address = service.address().to_owned();
    let get = async |path: &str| -> Value {
        let answer = Client::new().get(format!("http://{address}/api/v1{path}")).bearer_auth(&reader);
        serde_json::from_str(&answer.send().await.unwrap().text().await.unwrap()).unwrap()
    };
    let room = crate::common::process::until("the readings are shown", PATIENCE, async || {
        let room = get("/places/r-1").await;
        room["latest"].as_array()?.iter().any(|one| one["quantity"] == "humidity").then_some(room)
    })
    .await;
    let latest = room["latest"].as_array().unwrap();
    let value = |quantity: &str| {
        latest.iter().find(|one| one["quantity"] == quantity).and_then(|one| one["value"].as_f64())
    };
    assert_eq!(
        (value("co2"), value("temperature"), value("humidity")),
        (Some(733.0), Some(21.5), Some(41.0))
    );
    let ledger = serde_json::from_value(get("/ledger").await).unwrap();
    assert_balanced(&ledger);
    assert_eq!(
        (ledger["stored"], ledger["duplicate"], ledger["ignored"], ledger["quarantined"]),
        (722, 1, 1, 2)
    );
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_refused_is_stored_when_it_is_sent_again_with_its_key_and_is_allowed_or_mended() {
    let (dir, mut service) = with_a_gateway();
    let narrow = user(dir.path(), &["token", "gateway", "--scope", "readings", "--sensor", "air-7"], "");
    let wide = user(dir.path(), &["token", "gateway", "--scope", "readings"], "");
    service.start().await;
    let good = r#"[{"n":"co2","u":"ppm","v":733}]"#;
    let (ok, foreign, wrong) = (StatusCode::OK, StatusCode::FORBIDDEN, StatusCode::UNPROCESSABLE_ENTITY);
    for (token, key, body, status, word) in [
        (&narrow, "batch 8", good, foreign, "rejected"),
        (&wide, "batch 8", good, ok, "stored"),
        (&wide, "batch 8", good, ok, "duplicate"),
        (&wide, "batch 9", "{", wrong, "quarantined"),
        (&wide, "batch 9", "[]", wrong, "ignored"),
        (&wide, "batch 9", good, ok, "stored"),
        (&wide, "batch 9", "{", wrong, "quarantined"),
    ] {
        let (found, answer) = post(&service, token, "?sensor=air-1", Some(key), body).await;
        assert_eq!((found, answer["outcome"].as_str()), (status, Some(word)), "{key} {body}: {answer}");
    }
    service.kill();

    service.start().await;
    let (status, answer) = post(&service, &wide, "?sensor=air-1", Some("batch 9"), good).await;
    assert_eq!((status, &answer["outcome"]), (ok, &"duplicate".into()), "{answer}");
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_known_again_only_from_the_same_token_for_the_same_sensor_and_pack() {
    let (dir, mut service) = with_a_gateway();
    let token = || user(dir.path(), &["token", "gateway", "--scope", "readings"], "");
    let (one, other) = (token(), token());
    service.start().await;
    let pack = |ppm: u16| format!(r#"[{{"n":"co2","u":"ppm","v":{ppm}}}]"#);
    for (token, sensor, ppm, outcome) in [
        (&one, "?sensor=air-1", 600, "stored"),
        // Another device, another program and another pack are other messages, though the key is the same.
        (&one, "?sensor=air-2", 600, "stored"),
        (&other, "?sensor=air-1", 600, "stored"),
        (&one, "?sensor=air-1", 601, "stored"),
        (&one, "?sensor=air-1", 600, "duplicate"),
        (&other, "?sensor=air-1", 600, "duplicate"),
    ] {
        let (status, answer) = post(&service, token, sensor, Some("k1"), &pack(ppm)).await;
        assert_eq!((status, &answer["outcome"]), (StatusCode::OK, &outcome.into()), "{sensor} {ppm}");
    }
    service.stop().await;
}
