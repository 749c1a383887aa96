//! What comes again after a restart, and what only looks like it.

use std::time::Duration;

use model::Instant;
use sensors_sim::{Event, Publisher};

use crate::{
    ledger::balanced,
    load::{Load, url},
    rig::{broker, service},
    service::Service,
};

/// After so many messages a broker uses a packet id again.
const PACKET_IDS: usize = 65_535;
/// Sensors whose packet ids are always the same: their number divides that of the ids.
const SENSORS: usize = 5;
/// Messages behind a restart.
const MORE: usize = 2000;

/// What sensors say that stand still and have no clock: the same in every round.
fn states(rounds: usize) -> impl Iterator<Item = Event> {
    let one = |n: usize| Event {
        time: Instant::from_millis(0),
        topic: format!("normwatch/v1/still-{n}"),
        payload: b"[{\"n\":\"humidity\",\"u\":\"%RH\",\"v\":41}]".to_vec(),
        qos: 1,
        retain: false,
    };
    (0..rounds * SENSORS).map(move |n| one(n % SENSORS))
}

async fn publish(port: u16, count: usize) {
    let publisher = Publisher { patience: Duration::from_secs(120), ..Publisher::new(url(port), "still") };
    assert_eq!(publisher.publish(states(count / SENSORS)).await.unwrap().acked, count as u64);
}

async fn come_and_go(service: &mut Service, is_killed: bool) {
    if is_killed {
        service.kill();
    } else {
        service.stop().await;
    }
    service.start_connected().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_says_the_same_under_a_packet_id_that_comes_round_again_is_new_after_every_restart() {
    let dir = tempfile::tempdir().unwrap();
    let broker = broker("").await;
    let mut service = service(dir.path(), &Load::of(1, 1), broker.port(), "").await;
    publish(broker.port(), PACKET_IDS).await;
    let mut stored = PACKET_IDS as u64;
    balanced(&service, stored..=stored).await;
    for is_killed in [false, true] {
        come_and_go(&mut service, is_killed).await;
        publish(broker.port(), MORE).await;
        stored += MORE as u64;
        let ledger = balanced(&service, stored..=stored).await;
        assert_eq!(ledger["received"], stored + ledger["duplicate"], "{ledger:?}");
    }
    service.stop().await;
}
