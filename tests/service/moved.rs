//! A device is moved to another room: what comes late from the time before belongs to the room where it was.

use std::{collections::BTreeMap, time::Duration};

use model::Instant;
use normwatch::{app, clock::Clock};
use reqwest::get;
use sensors_sim::{Event, Publisher};
use serde_json::Value;

use crate::{
    bad_input::event,
    common::{mosquitto::Mosquitto, process::until},
    office::{Room, write_register},
    service::assert_balanced,
    vendors::config,
};

const PATIENCE: Duration = Duration::from_secs(90);
const CO2: &str = "gb-t-18883-2022/co2";

fn at(text: &str) -> Instant {
    Instant::parse(&format!("2026-03-{text}:00Z")).unwrap()
}

/// CO2 every five minutes of an hour.
fn hour(from: Instant, value: f64) -> Vec<Event> {
    let pack = |n: i64| {
        let seconds = from.plus_ms(n * 300_000).millis() / 1000;
        format!("[{{\"n\":\"co2\",\"u\":\"ppm\",\"v\":{},\"t\":{seconds}}}]", value + n as f64)
    };
    (0..12).map(|n| event("normwatch/v1/air-1", pack(n))).collect()
}

/// A page of the API.
async fn page(service: &app::Service, path: &str) -> Option<Value> {
    let answer = get(format!("http://{}/api/v1{path}", service.address)).await.ok()?;
    serde_json::from_str(&answer.text().await.ok()?).ok()
}

/// What is said of the CO2 of a room, by start of the hour; hours without evidence say nothing.
async fn said(service: &app::Service, room: &str) -> Option<BTreeMap<String, String>> {
    let page = page(service, &format!("/verdicts/history?place={room}&clause={CO2}")).await?;
    let text = |verdict: &Value, key: &str| verdict[key].as_str().unwrap().to_owned();
    let verdicts = page["items"].as_array()?.iter().filter(|verdict| verdict["value"].is_number());
    Some(verdicts.map(|verdict| (text(verdict, "from"), text(verdict, "verdict"))).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn late_readings_of_a_device_that_was_moved_go_to_the_room_where_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let room = |n: u32| Room { id: format!("r-{n}"), sensor: format!("air-{n}") };
    write_register(dir.path(), "UTC", &[room(1), room(2)]);
    let broker = Mosquitto::start("").await.expect("mosquitto: apt-get install mosquitto");
    // A minute of the service is a second here; bindings change at midnight, so the night is chosen.
    let clock = Clock::simulated(at("04T01:45"), 60.0);
    let service = app::start(&config(dir.path(), &broker), clock).await.unwrap();
    service.subscribed().await;
    let publisher = Publisher::new(format!("mqtt://127.0.0.1:{}", broker.port()), "sensors");
    publisher.publish(hour(at("03T20:00"), 600.0)).await.unwrap();

    // Moved at midnight, and the register says so by a row for each room.
    let before = page(&service, "/rulebook").await.unwrap()["digest"].clone();
    let rows = "sensor,place,interval_s,max_gap_s,from,to\nair-1,r-1,60,300,,2026-03-04\n\
                air-1,r-2,60,300,2026-03-04,\nair-2,r-2,60,300,,2026-03-04\n";
    std::fs::write(dir.path().join("register/sensors.csv"), rows).unwrap();
    until("the edit is in force", PATIENCE, async || {
        page(&service, "/rulebook").await.filter(|held| held["digest"] != before)
    })
    .await;
    // Its gateway was cut off: the hours after the move come before those in front of it.
    publisher.publish(hour(at("04T00:00"), 700.0)).await.unwrap();
    publisher.publish(hour(at("03T22:00"), 1300.0)).await.unwrap();
    let of = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
        pairs.iter().map(|(from, verdict)| (at(from).to_string(), (*verdict).to_owned())).collect()
    };
    let (was, is) =
        (of(&[("03T20:00", "compliant"), ("03T22:00", "breach")]), of(&[("04T00:00", "compliant")]));
    until("each hour is judged in its room", PATIENCE, async || {
        let both = (said(&service, "r-1").await?, said(&service, "r-2").await?);
        println!("{both:?}");
        (both == (was.clone(), is.clone())).then_some(())
    })
    .await;
    let metrics = get(format!("http://{}/metrics", service.address)).await.unwrap().text().await.unwrap();
    assert!(metrics.contains("normwatch_readings_marked_total{mark=\"clock\"} 0\n"), "{metrics}");
    let ledger = page(&service, "/ledger").await.unwrap();
    let ledger: BTreeMap<String, u64> = serde_json::from_value(ledger).unwrap();
    assert_balanced(&ledger);
    assert_eq!((ledger["received"], ledger["stored"]), (36, 36), "{ledger:?}");
    service.stop().await.unwrap();
}
