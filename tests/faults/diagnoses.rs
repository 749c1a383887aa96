//! The broker goes away while vendors are to be told what became of their messages.

use std::{collections::BTreeSet, time::Duration};

use ingest::mqtt::{MqttConfig, Subscriber};
use model::Instant;
use normwatch::clock::Clock;
use sensors_sim::{Event, Publisher};

use crate::{
    common::process::until,
    ledger::{balanced, holds_exactly},
    load::{Load, url},
    rig::{PATIENCE, broker, counted, ready, service},
};

/// More than are told in the seconds that it takes to store them: five hundred a second.
const STRANGERS: usize = 6000;

#[tokio::test(flavor = "multi_thread")]
async fn what_vendors_are_to_be_told_waits_for_an_absent_broker_within_bounds_and_blocks_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let load = Load::of(4, 250);
    let mut broker = broker("").await;
    let mut service = service(dir.path(), &load, broker.port(), "").await;
    let ms = Clock::System.now().millis();
    let event = |n: usize| Event {
        time: Instant::from_millis(ms),
        topic: format!("normwatch/v1/new-{n}"),
        payload: b"[{\"n\":\"humidity\",\"u\":\"%RH\",\"v\":41}]".to_vec(),
        qos: 1,
        retain: false,
    };
    let publisher = Publisher::new(url(broker.port()), "strangers");
    let strangers = publisher.publish((0..STRANGERS).map(event)).await.unwrap();
    assert_eq!(strangers.acked, STRANGERS as u64);
    counted(&service, "stored", STRANGERS as u64).await;
    broker.kill();
    let metric = async |name: &str| service.metric(name).await;
    let sent = async || metric("normwatch_diagnoses_total{outcome=\"sent\"}").await;
    tokio::time::sleep(Duration::from_secs(1)).await; // until the end of the line is noticed
    let (waiting, told) = (metric("normwatch_diagnoses_waiting").await.unwrap(), sent().await.unwrap());
    tokio::time::sleep(Duration::from_secs(2)).await; // how long it is away, not a wait for a result
    assert_eq!(metric("normwatch_diagnoses_waiting").await, Some(waiting), "nothing is told to nobody");
    assert!(waiting > 0 && waiting <= STRANGERS as u64, "{waiting} wait, {told} told");
    // What was taken is shown meanwhile.
    until("all are listed", PATIENCE, async || {
        (service.list("/sensors/unknown").await.len() == STRANGERS).then_some(())
    })
    .await;

    assert!(broker.again().await);
    let ear = MqttConfig::new(url(broker.port()), "ear");
    let mut ear = Subscriber::start(&ear, vec!["normwatch/v1/+/diagnostics".to_owned()]).unwrap();
    ready(&service).await;
    load.publish_at_once(broker.port(), 0..load.events.len()).await;
    let total = STRANGERS as u64 + load.count();
    balanced(&service, total..=total).await;
    until("all are told", PATIENCE, async || {
        (metric("normwatch_diagnoses_waiting").await? == 0 && sent().await? > told).then_some(())
    })
    .await;
    let mut heard = BTreeSet::new();
    until("some are heard", PATIENCE, async || {
        while let Some(message) = ear.try_next() {
            assert!(message.payload().starts_with(b"{\"time\""), "{message:?}");
            heard.insert(message.topic().to_owned());
        }
        (!heard.is_empty()).then_some(())
    })
    .await;
    let dropped = metric("normwatch_diagnoses_total{outcome=\"dropped\"}").await.unwrap();
    println!("{told} told before, {waiting} waited, {dropped} dropped, {} heard so far", heard.len());
    assert!(sent().await.unwrap() + dropped >= STRANGERS as u64, "each is told or counted");
    holds_exactly(&mut service, &load.all()).await;
}
