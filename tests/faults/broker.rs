//! The broker stops, and starts again.

use std::{collections::BTreeSet, time::Duration};

use crate::{
    common::mosquitto::Mosquitto,
    ledger::{balanced, held, holds_exactly},
    load::{Load, Point},
    rig::{broker, counted, ready, service},
};

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_keeps_its_queue_over_a_stop_and_we_together_lose_nothing() {
    let (dir, kept) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let load = Load::of(8, 500);
    let mut broker = broker(&Mosquitto::with_persistence(kept.path())).await;
    let mut service = service(dir.path(), &load, broker.port(), "").await;
    // What waits at the broker while we are away survives its stop.
    service.kill();
    load.publish_at_once(broker.port(), 0..1000).await;
    broker.stop().await;
    assert!(broker.again().await);
    service.start().await;
    balanced(&service, 1000..=1000).await;
    // A stop under load. What the publisher had not heard of, it sends again: that is two messages.
    let publish = load.publish(broker.port(), 1000..4000, Duration::from_secs(8));
    let port = broker.port();
    let stop = async {
        counted(&service, "stored", 2000).await;
        broker.stop().await;
        assert!(broker.again().await);
    };
    let (published, ()) = tokio::join!(publish, stop);
    assert!(published.acked >= 3000, "{published:?}");
    let ledger = balanced(&service, 4000..=4400).await;
    println!("broker on {port} stopped under load: {ledger:?}");
    holds_exactly(&mut service, &load.all()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_we_acknowledged_survives_a_broker_that_crashes_and_forgets_us() {
    let dir = tempfile::tempdir().unwrap();
    let load = Load::of(8, 500);
    let mut broker = broker("").await;
    let mut service = service(dir.path(), &load, broker.port(), "").await;
    load.publish_at_once(broker.port(), 0..1000).await;
    balanced(&service, 1000..=1000).await;
    let publish = load.publish(broker.port(), 1000..3000, Duration::from_secs(6));
    let crash = async {
        counted(&service, "stored", 1500).await;
        broker.kill();
        assert!(broker.again().await);
    };
    tokio::join!(publish, crash);
    ready(&service).await;
    let before = balanced(&service, 1500..=3400).await["stored"];
    load.publish_at_once(broker.port(), 3000..4000).await;
    let ledger = balanced(&service, before + 1000..=before + 1000).await;
    println!("broker killed under load: {ledger:?}, the rest it had dropped");
    service.stop().await;
    let held = held(&service.data());
    let points =
        |range: std::ops::Range<usize>| -> BTreeSet<Point> { load.points[range].iter().cloned().collect() };
    assert!(held.is_subset(&load.all()));
    assert!(held.is_superset(&points(0..1000)), "what we had acknowledged");
    assert!(held.is_superset(&points(3000..4000)), "what came after its return");
}
