//! The time-series server is away: for the whole run, or for longer than the spool has room.

use std::collections::BTreeSet;

use model::{Id, Instant};
use sensors_sim::{Event, Publisher};

use crate::{
    common::{process::until, victoria_metrics::VictoriaMetrics},
    ledger::{balanced, holds_exactly},
    load::{Load, Point, url},
    rig::{PATIENCE, broker, series_settings, service},
};

/// The readings of CO2 that the server has.
pub(crate) async fn points(server: &VictoriaMetrics) -> BTreeSet<Point> {
    let mut points = BTreeSet::new();
    for series in server.export("co2_value").await {
        let sensor = series["metric"]["sensor"].as_str().unwrap().to_owned();
        let times = series["timestamps"].as_array().unwrap().iter();
        for (time, value) in times.zip(series["values"].as_array().unwrap()) {
            let point = (sensor.clone(), time.as_i64().unwrap(), value.as_f64().unwrap().to_bits());
            assert!(points.insert(point), "{sensor} at {time} twice");
        }
    }
    points
}

#[tokio::test(flavor = "multi_thread")]
async fn a_time_series_server_that_was_away_all_the_time_gets_every_reading_once_when_it_is_back() {
    let dir = tempfile::tempdir().unwrap();
    let load = Load::of(8, 500);
    let broker = broker("").await;
    let mut series = VictoriaMetrics::start().await.expect("apt-get install victoria-metrics");
    series.kill();
    let more = series_settings(dir.path(), &series.url());
    let mut service = service(dir.path(), &load, broker.port(), &more).await;
    load.publish_at_once(broker.port(), 0..2000).await;
    balanced(&service, 2000..=2000).await;
    // What waits for the server outlives us too.
    service.kill();
    service.start().await;
    load.publish_at_once(broker.port(), 2000..4000).await;
    balanced(&service, 4000..=4000).await;
    assert!(series.again().await);
    let all = load.all();
    until("every reading arrives", PATIENCE, async || (points(&series).await == all).then_some(())).await;
    let given_up = service.metric("normwatch_series_given_up_entries_total").await;
    assert_eq!(given_up, Some(0));
    holds_exactly(&mut service, &all).await;
}

/// Packs of many readings each that no compression makes small.
pub(crate) fn bulky(packs: i64, readings: i64, load: &Load) -> Vec<Event> {
    let from = load.points[load.points.len() - 1].1 - 30 * 86_400_000;
    let mut state = 1_u64;
    let mut pack = |pack: i64| {
        let records = (0..readings).map(|n| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let value = 1.0 + (state >> 11) as f64 / (1_u64 << 53) as f64;
            // The first record says what holds for all.
            if n == 0 {
                let base = from / 1000 + pack * readings;
                serde_json::json!({"bn": "energy", "bu": "kWh", "bt": base, "v": value})
            } else {
                serde_json::json!({"t": n, "v": value})
            }
        });
        let payload = serde_json::to_vec(&records.collect::<Vec<_>>()).unwrap();
        let sensor = Id::parse("bulk").unwrap();
        let (time, topic) = (Instant::from_millis(from), format!("normwatch/v1/{sensor}"));
        Event { time, topic, payload, qos: 1, retain: false }
    };
    (0..packs).map(&mut pack).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_spool_gives_up_what_only_the_time_series_server_needs_and_counts_it() {
    const MAX_BYTES: u64 = 8 << 20;
    let dir = tempfile::tempdir().unwrap();
    let load = Load::of(4, 250);
    let broker = broker("").await;
    let mut series = VictoriaMetrics::start().await.expect("apt-get install victoria-metrics");
    series.kill();
    let mut more = series_settings(dir.path(), &series.url());
    more.push_str(&format!("[spool]\nmax_bytes = {MAX_BYTES}\nquarantine_bytes = 0\n"));
    let mut service = service(dir.path(), &load, broker.port(), &more).await;
    let packs = 9000;
    let publisher = Publisher::new(url(broker.port()), "bulk");
    assert_eq!(publisher.publish(bulky(packs, 100, &load)).await.unwrap().acked, packs as u64);
    load.publish_at_once(broker.port(), 0..1000).await;
    let total = packs as u64 + 1000;
    let ledger = balanced(&service, total..=total).await;
    let metric = async |name: &str| service.metric(name).await.unwrap();
    // A group that is being stored may lie above the bound, until the next look.
    let (bytes, given_up) = until("the spool is within its bytes", PATIENCE, async || {
        let bytes = metric("normwatch_spool_bytes").await;
        (bytes <= MAX_BYTES).then_some((bytes, metric("normwatch_series_given_up_entries_total").await))
    })
    .await;
    println!("{ledger:?}, spool {bytes} bytes, {given_up} entries given up for the time-series server");
    assert!(given_up > 0, "{given_up} given up");
    // What came last is still there for it.
    assert!(series.again().await);
    let all = load.all();
    until("what was kept arrives", PATIENCE, async || (points(&series).await == all).then_some(())).await;
    holds_exactly(&mut service, &all).await;
}
