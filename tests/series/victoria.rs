//! What `VictoriaMetrics` holds in the end.

use std::time::Duration;

use normwatch::{series::WriterOptions, state::Step};

use crate::{
    common::{process::until, victoria_metrics::VictoriaMetrics},
    lines::{events, other_lines, verdicts},
    rig::{Rig, SOON, START, messages, quick},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn victoria_metrics_holds_exactly_what_the_spool_holds() {
    let Some(server) = VictoriaMetrics::start().await else { return };
    let dir = tempfile::tempdir().unwrap();
    let mut rig = Rig::start(dir.path(), &server.url(), quick());
    rig.spool.append(messages(3000)).await.unwrap();
    let lines = other_lines().into_iter().chain(verdicts()).chain(events()).collect();
    rig.state.commit(&Step { lines, ..Step::default() }).unwrap();
    let status = rig.settled().await;
    assert_eq!((status.is_up, status.refused), (Some(true), 0));
    until("all values are there", SOON, async || {
        let is_there = server.count("co2_value").await == 6000
            && server.count("measure_coverage").await == 1
            && server.count("verdict_state").await >= 2;
        is_there.then_some(())
    })
    .await;
    let series = server.export("co2_value{sensor=\"s-1\"}").await;
    let tags = &series[0]["metric"];
    for (tag, value) in [("site", "hq"), ("building", "b-1"), ("floor", "f-2"), ("room", "r-201")] {
        assert_eq!(tags[tag], value, "{tags}");
    }
    assert!(series[0]["values"].as_array().unwrap().iter().all(|value| value.as_f64() == Some(400.5)));
    assert_eq!(series[0]["timestamps"][0], START);
    assert!(
        server.export("co2_value{sensor=\"s-2\"}").await[0]["metric"]["room"].is_null(),
        "absent tags are omitted"
    );
    assert!((server.metric("vm_rows_invalid_total{type=\"influx\"}").await).abs() < 0.5);
    assert!((server.metric("vm_rows_inserted_total{type=\"influx\"}").await) >= 12_000.0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_crashed_after_its_204_gets_the_last_minute_again() {
    let Some(mut server) = VictoriaMetrics::start().await else { return };
    let dir = tempfile::tempdir().unwrap();
    let options = WriterOptions { settle_after: Duration::from_secs(600), ..quick() };
    let mut rig = Rig::start(dir.path(), &server.url(), options);
    rig.spool.append(messages(500)).await.unwrap();
    tokio::time::timeout(SOON, rig.status.wait_for(|s| s.written == 1000)).await.unwrap().unwrap();
    assert_eq!(rig.status.borrow().settled, 0, "a 204 is not yet a disk");
    server.kill();
    rig.spool.append(messages(501).split_off(500)).await.unwrap();
    tokio::time::timeout(SOON, rig.status.wait_for(|s| s.is_up == Some(false))).await.unwrap().unwrap();
    server.again().await;
    until("everything is there again", SOON, async || {
        (server.count("co2_value").await == 1002).then_some(())
    })
    .await;
}
