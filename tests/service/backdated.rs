//! A sensor that is claimed from a day in the past on: what it said meanwhile is judged, restart or not.

use std::time::Duration;

use model::Instant;
use normwatch::clock::Clock;
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    bad_input::event,
    claims::{Office, air},
    common::process::until,
};

const PATIENCE: Duration = Duration::from_secs(120);
const HOUR_MS: i64 = 3_600_000;

/// What is said of the CO2 of a room in the hour from `hour` on.
async fn said(office: &Office, token: &str, hour: Instant) -> Option<Value> {
    let caller = office.caller_with(token);
    let path = format!("/verdicts/history?place=r-2&clause=gb-t-18883-2022/co2&from={hour}");
    caller.items(&path).await.into_iter().find(|said| said["from"] == hour.to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_sensor_said_before_its_claim_is_judged_from_the_first_day_of_the_claim_on() {
    let mut office = Office::open("sensor,place,interval_s\nair-r-1,r-1,300\nair-r-2,r-2,300\n").await;
    let token = office.token("duty-post", &["read", "act"]);
    let now = Clock::System.now().millis();
    let hour = Instant::from_millis(now - now.rem_euclid(HOUR_MS) - 9 * HOUR_MS);
    // The known sensor hangs where the air is good; the other one speaks, and nobody knows it.
    office.publish(air("air-r-2", hour, hour.plus_ms(HOUR_MS), 600.0)).await;
    office.publish(air("air-9", hour, hour.plus_ms(HOUR_MS), 2600.0)).await;
    let first = until("the hour is judged by the known sensor alone", PATIENCE, async || {
        said(&office, &token, hour).await.filter(|said| said["verdict"] == "compliant")
    })
    .await;
    assert_eq!(first["revision"], 1, "{first}");
    until("the other one is listed", PATIENCE, async || {
        let unknown = office.caller_with(&token).items("/sensors/unknown").await;
        unknown.into_iter().find(|held| held["sensor"] == "air-9" && held["messages"] == 12)
    })
    .await;

    office.service.stop().await;
    office.service.start_connected().await;
    let unknown = until("it is listed behind a restart", PATIENCE, async || {
        office.caller_with(&token).items("/sensors/unknown").await.into_iter().next()
    })
    .await;
    assert_eq!((&unknown["sensor"], &unknown["messages"]), (&json!("air-9"), &json!(12)), "{unknown}");
    assert!(unknown["readings"].as_array().unwrap().iter().any(|r| r["quantity"] == "co2"), "{unknown}");
    let device = until("the counts of the other go on", PATIENCE, async || {
        let devices = office.caller_with(&token).items("/devices").await;
        devices.into_iter().find(|device| device["sensor"] == "air-r-2")
    })
    .await;
    assert_eq!(device["messages"], 12, "{device}");
    let timed: u64 = device["time_from"].as_object().unwrap().values().map(|n| n.as_u64().unwrap()).sum();
    assert_eq!(device["readings"].as_u64(), Some(timed), "whose clock each time is from: {device}");

    let from = Clock::System.now().plus_ms(-3 * 24 * HOUR_MS).to_string();
    let wish = json!({"place": "r-2", "interval_s": 300, "from": from.get(..10), "note": "hung last week"});
    let claim = "/sensors/air-9/claim";
    let (status, claimed) = office.caller_with(&token).send(Method::POST, claim, wish).await;
    assert_eq!(status, 201, "{claimed}");
    let again = until("the hour is judged by both", PATIENCE, async || {
        said(&office, &token, hour).await.filter(|said| said["verdict"] == "breach")
    })
    .await;
    assert_eq!(again["revision"], 2, "{again}");
    assert!(again["value"].as_f64() > first["value"].as_f64(), "{first} {again}");
    assert!(office.service.metric("normwatch_late_readings_total{outcome=\"reopened\"}").await > Some(0));
    office.service.stop().await;
    assert!(
        office.service.log().contains("the register says otherwise of the past"),
        "{}",
        office.service.log()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_sensor_said_after_all_others_and_before_its_claim_counts_too() {
    let mut office = Office::open("sensor,place,interval_s\nair-r-1,r-1,300\nair-r-2,r-2,300\n").await;
    let token = office.token("duty-post", &["read", "act"]);
    let now = Clock::System.now();
    let says = |sensor: &str, is_occupied: bool, seconds_ago: i64| {
        let at = now.millis() / 1000 - seconds_ago;
        let pack = format!("[{{\"n\":\"occupied\",\"vb\":{is_occupied},\"t\":{at}}}]");
        event(&format!("normwatch/v1/{sensor}"), pack)
    };
    let occupied = async |office: &Office| {
        let (_, place) = office.caller_with(&token).send(Method::GET, "/places/r-2", Value::Null).await;
        place["presence"]["occupied"].as_bool()
    };
    office.publish(vec![says("air-r-2", false, 60), says("air-9", true, 20)]).await;
    until("the known one finds nobody", PATIENCE, async || {
        (occupied(&office).await == Some(false)).then_some(())
    })
    .await;
    until("the other one is listed", PATIENCE, async || {
        office.caller_with(&token).items("/sensors/unknown").await.into_iter().next()
    })
    .await;
    let wish =
        json!({"place": "r-2", "interval_s": 300, "from": now.plus_ms(-24 * HOUR_MS).to_string().get(..10)});
    let (status, said) = office.caller_with(&token).send(Method::POST, "/sensors/air-9/claim", wish).await;
    assert_eq!(status, 201, "{said}");
    until("the other one sees somebody", PATIENCE, async || {
        (occupied(&office).await == Some(true)).then_some(())
    })
    .await;
    office.service.stop().await;
}
