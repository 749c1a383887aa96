//! What nobody should publish and somebody does.

use std::{collections::BTreeMap, time::Duration};

use model::Instant;
use normwatch::clock::Clock;
use sensors_sim::{Event, Publisher};

use crate::{
    common::{mosquitto::Mosquitto, process::until},
    office::{Room, write_register},
    service::{Service, assert_balanced},
};

const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) fn event(topic: &str, payload: impl Into<Vec<u8>>) -> Event {
    let (topic, payload) = (topic.to_owned(), payload.into());
    Event { time: Instant::from_millis(0), topic, payload, qos: 1, retain: false }
}

fn senml(sensor: &str, at: Instant, value: &str) -> Event {
    let seconds = at.millis() as f64 / 1000.0;
    let payload = format!("[{{\"n\":\"co2\",\"u\":\"ppm\",\"v\":{value},\"t\":{seconds}}}]");
    event(&format!("normwatch/v1/{sensor}"), payload)
}

/// What each kind of message must be counted as.
fn messages(now: Instant) -> Vec<(&'static str, &'static str, Event)> {
    let minutes_ago = |minutes: i64| now.plus_ms(-minutes * 60_000);
    let year = |text: &str| Instant::parse(text).unwrap();
    let uplink = "{\"deduplicationId\":\"7c0c1f0e-0000-4000-8000-00000000beef\",\"deviceInfo\":\
        {\"devEui\":\"0200000000000001\"},\"fCnt\":1,\"object\":{\"co2\":700}}";
    let eui = "application/1/device/0200000000000001/event/up";
    vec![
        ("good", "stored", senml("air-1", minutes_ago(3), "612")),
        ("empty", "quarantined", event("normwatch/v1/air-1", "")),
        ("truncated", "quarantined", event("normwatch/v1/air-1", "[{\"n\":\"co2\",\"u\":\"ppm\",\"v\":6")),
        ("huge", "quarantined", event("normwatch/v1/air-1", vec![b'['; 1_060_000])),
        ("not text", "quarantined", event("normwatch/v1/air-1", vec![0xff, 0xfe, 0x00, 0x80])),
        ("wrong type", "quarantined", senml("air-1", minutes_ago(2), "\"many\"")),
        ("NaN", "quarantined", senml("air-1", minutes_ago(2), "NaN")),
        ("unknown sensor", "stored", senml("stranger-9", minutes_ago(2), "640")),
        ("clock never set", "stored", senml("air-1", year("1970-01-01T00:10:00Z"), "613")),
        ("clock ahead", "stored", senml("air-1", year("2064-01-01T00:00:00Z"), "614")),
        ("late", "stored", senml("air-1", minutes_ago(600), "615")),
        ("uplink", "stored", event(eui, uplink)),
        ("uplink again", "duplicate", event(eui, uplink)),
        ("join", "ignored", event("application/1/device/0200000000000001/event/join", "{}")),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_messages_are_counted_once_and_kept_with_a_reason_and_the_service_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    write_register(dir.path(), "UTC", &[Room { id: "r-1".to_owned(), sensor: "air-1".to_owned() }]);
    let broker = Mosquitto::start("").await.expect("mosquitto: apt-get install mosquitto");
    let route = "[[route]]\nfilter = \"foreign/#\"\nformat = \"senml\"\n";
    let mut service = Service::new(dir.path(), broker.port(), route);
    service.start_connected().await;
    let publisher = Publisher::new(format!("mqtt://127.0.0.1:{}", broker.port()), "vandal");

    let mut expected: BTreeMap<&str, u64> = BTreeMap::new();
    for (received, (name, outcome, event)) in (1..).zip(messages(Clock::System.now())) {
        publisher.publish([event]).await.unwrap();
        *expected.entry(outcome).or_default() += 1;
        let ledger = service.ledger("received", received, PATIENCE).await;
        assert_balanced(&ledger);
        for outcome in ["stored", "duplicate", "ignored", "quarantined", "rejected"] {
            let wanted = expected.get(outcome).copied().unwrap_or(0);
            assert_eq!(ledger[outcome], wanted, "{name}: {ledger:?}\n{}", service.log());
        }
    }

    // Larger than we let a broker send: it keeps that to itself. Traffic that is not ours, some of it
    // on a topic that somebody routed here by mistake.
    let before = service.api("/ledger").await["received"].as_u64().unwrap();
    publisher.publish([event("normwatch/v1/air-1", vec![b'['; 2_000_000])]).await.unwrap();
    publisher.publish(["home/light/set", "foreign/press/4"].map(|topic| event(topic, "ON"))).await.unwrap();
    publisher.publish([senml("air-1", Clock::System.now(), "616")]).await.unwrap();
    let ledger = service.ledger("received", before + 2, PATIENCE).await;
    assert_balanced(&ledger);

    until("the stranger is listed", PATIENCE, async || {
        let unknown = service.list("/sensors/unknown").await;
        unknown.iter().any(|one| one["sensor"] == "stranger-9").then_some(())
    })
    .await;
    let kept = quarantined(&service);
    assert_eq!(kept.len() as u64, ledger["quarantined"], "{kept:?}");
    assert!(kept.iter().all(|(topic, reason)| !topic.is_empty() && !reason.is_empty()), "{kept:?}");
    until("the page of the room answers", PATIENCE, async || service.get("/places/r-1").await).await;
    service.stop().await;
}

fn quarantined(service: &Service) -> Vec<(String, String)> {
    let spool = rusqlite::Connection::open(service.data().join("spool.sqlite")).unwrap();
    let mut rows = spool.prepare("SELECT topic, reason FROM quarantine").unwrap();
    let kept = rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    kept.map(Result::unwrap).collect()
}
