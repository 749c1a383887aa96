//! The service is killed while it carries a long backlog to a time-series server that has come back.

use std::{collections::BTreeSet, time::Duration};

use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};

use crate::{
    common::{process::until, victoria_metrics::VictoriaMetrics},
    ledger::{balanced, holds_exactly},
    load::{Load, Point},
    proxy::{Plan, Proxy},
    rig::{PATIENCE, broker, ready, series_settings, service},
    service::Service,
    sink::points,
};

/// Deaths of the service in the middle of the drain.
const KILLS: usize = 5;
/// Messages that come while the backlog is on its way, at each life.
const FRESH: usize = 200;

async fn backlog(service: &Service) -> Option<u64> {
    service.metric("normwatch_series_backlog_readings").await
}

/// Waits until some of the backlog is gone, and more than a batch is left.
async fn in_the_middle(service: &Service) -> u64 {
    let mut most = 0;
    until("the drain is under way", PATIENCE, async || {
        let now = backlog(service).await?;
        most = most.max(now);
        assert!(most < 3000 || now > 0, "the drain was over before the kill");
        (most >= 3000 && now < most).then_some(now)
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn kills_during_the_drain_of_a_long_backlog_leave_every_reading_at_the_server_once() {
    let dir = tempfile::tempdir().unwrap();
    let load = Load::of(8, 2000);
    let broker = broker("").await;
    let mut series = VictoriaMetrics::start().await.expect("apt-get install victoria-metrics");
    let target = series.url().rsplit_once(':').unwrap().1.parse().unwrap();
    series.kill();
    let proxy = Proxy::before(target).await;
    let more = series_settings(dir.path(), &format!("http://127.0.0.1:{}", proxy.port));
    let mut service = service(dir.path(), &load, broker.port(), &more).await;
    // The server is away for the whole run.
    let mut sent = load.events.len() - KILLS * FRESH;
    load.publish_at_once(broker.port(), 0..sent).await;
    balanced(&service, sent as u64..=sent as u64).await;
    // It comes back behind a slow line, so that the drain takes long enough to be met.
    proxy.plan(Plan::Trickle);
    assert!(series.again().await);
    let mut random = StdRng::seed_from_u64(23);
    let mut drained = Vec::new();
    for _ in 0..KILLS {
        let left = in_the_middle(&service).await;
        load.publish_at_once(broker.port(), sent..sent + FRESH).await;
        sent += FRESH;
        // The instant of death, not a wait for a result.
        tokio::time::sleep(Duration::from_millis(random.random_range(0..1500))).await;
        service.kill();
        drained.push((left, points(&series).await.len()));
        service.start().await;
    }
    let all: BTreeSet<Point> = load.all();
    println!("readings left when killed, and at the server: {drained:?} of {}", all.len());
    assert!(drained.iter().any(|(_, there)| *there > 0 && *there < all.len()), "{drained:?}");
    proxy.plan(Plan::Pass);
    ready(&service).await;
    // What was on its way to us when we died was stored and not acknowledged: it came again, and counts as that.
    balanced(&service, load.count()..=load.count()).await;
    until("every reading arrives", PATIENCE, async || (points(&series).await == all).then_some(())).await;
    until("nothing is left", PATIENCE, async || backlog(&service).await.filter(|left| *left == 0)).await;
    assert_eq!(service.metric("normwatch_series_given_up_entries_total").await, Some(0));
    holds_exactly(&mut service, &all).await;
}
