//! The spool reaches its bytes: what it holds is not judged yet, so nothing of it can be given up.

use std::{path::Path, time::Duration};

use model::{Instant, Quantity, Span};
use normwatch::history::{History, Options};
use rusqlite::Connection;
use sensors_sim::Publisher;

use crate::{
    common::process::until,
    ledger::{balanced, holds_exactly},
    load::{Load, url},
    rig::{PATIENCE, broker, ready, service, until_unready},
    service::Service,
    sink::bulky,
};

const MAX_BYTES: u64 = 8 << 20;
/// Packs as large as they may be: batches that wait for the judge hold the intake back too, and the spool is to be
/// full before so many have come.
const PACKS: i64 = 70;
const READINGS: i64 = 18_000;

/// Holds the state as another program would: the judge cannot write its checkpoint and waits.
fn held_up(data: &Path) -> Connection {
    let state = Connection::open(data.join("state.sqlite")).unwrap();
    state.busy_timeout(Duration::from_secs(30)).unwrap();
    state.execute_batch("BEGIN IMMEDIATE").unwrap();
    state
}

/// Readings of the flood that the history holds.
fn bulk(data: &Path) -> usize {
    let history = History::open(&data.join("history.sqlite"), Options::default()).unwrap();
    let always = Span::new(Instant::from_millis(0), Instant::from_millis(4_000_000_000_000));
    let series = history.series().into_iter().filter(|series| series.quantity == Quantity::Energy);
    series.map(|series| history.readings(&series, always).unwrap().len()).sum()
}

/// Waits until the spool is full and says so everywhere.
async fn until_full(service: &Service) {
    let reasons = until_unready(service, "max_bytes").await;
    assert!(reasons.contains("spool cannot be written"), "{reasons}");
    let metric = async |name: &str| service.metric(name).await.unwrap();
    assert!(metric("normwatch_disk_refusing").await >= 2, "state and spool: {reasons}");
    assert!(metric("normwatch_spool_bytes").await >= MAX_BYTES);
    assert_eq!(metric("normwatch_spool_max_bytes").await, MAX_BYTES);
    assert!(service.get("/").await.unwrap().contains("id=\"disk\""), "the console does not say so");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_spool_holds_back_acknowledgements_until_there_is_room_and_everything_arrives_once() {
    let dir = tempfile::tempdir().unwrap();
    let load = Load::of(4, 500);
    let broker = broker("max_inflight_messages 1000\n").await;
    let more = format!("[spool]\nmax_bytes = {MAX_BYTES}\nquarantine_bytes = 0\n");
    let mut service = service(dir.path(), &load, broker.port(), &more).await;
    load.publish_at_once(broker.port(), 0..500).await;
    balanced(&service, 500..=500).await;

    let state = held_up(&service.data());
    until_unready(&service, "state cannot be written").await;
    let publisher = Publisher::new(url(broker.port()), "bulk");
    let flood = bulky(PACKS, READINGS, &load);
    assert_eq!(publisher.publish(flood).await.unwrap().acked, PACKS as u64, "the broker takes all of it");
    // A group goes in whole: it is what comes behind it that finds the spool full.
    load.publish_at_once(broker.port(), 500..1000).await;
    until_full(&service).await;
    let stored = async || service.metric("normwatch_messages_total{outcome=\"stored\"}").await.unwrap();
    let before = stored().await;
    tokio::time::sleep(Duration::from_secs(2)).await; // for which nothing may be taken, not a wait for a result
    assert_eq!(stored().await, before, "messages are taken into a full spool");
    assert!(service.metric("normwatch_messages_pending").await.unwrap() > 0);
    // Killed now, it leaves the broker everything that it had not acknowledged.
    service.kill();
    drop(state);
    service.start().await;
    ready(&service).await;
    let total = 1000 + PACKS as u64;
    let ledger = balanced(&service, total..=total).await;
    println!("killed with a full spool: {before} of {total} stored then, {ledger:?}");

    // The same without a death: room is made while it runs.
    let state = held_up(&service.data());
    until_unready(&service, "state cannot be written").await;
    let later: Vec<_> = bulky(2 * PACKS, READINGS, &load).split_off(PACKS as usize);
    publisher.publish(later).await.unwrap();
    load.publish_at_once(broker.port(), 1000..1500).await;
    until_full(&service).await;
    drop(state);
    ready(&service).await;
    load.publish_at_once(broker.port(), 1500..2000).await;
    let total = 2000 + 2 * PACKS as u64;
    balanced(&service, total..=total).await;
    until("the spool is within its bytes", PATIENCE, async || {
        service.metric("normwatch_spool_bytes").await.filter(|bytes| *bytes < MAX_BYTES)
    })
    .await;
    let log = service.log();
    assert!(log.contains("the disk takes it again"), "{log}");
    let data = service.data();
    holds_exactly(&mut service, &load.all()).await;
    assert_eq!(bulk(&data), 2 * (PACKS * READINGS) as usize);
}
