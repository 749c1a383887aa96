//! How fast lines are made and written.

use model::Reading;
use normwatch::{
    series::{PlaceTags, line},
    spool::{Options, Spool},
    state::State,
};

use crate::{
    common::victoria_metrics::VictoriaMetrics,
    rig::{Rig, id, messages, quick, reading},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement: run with --ignored --nocapture"]
async fn how_fast_a_backlog_is_written() {
    let Some(server) = VictoriaMetrics::start().await else { return };
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let spool = Spool::open(&dir.path().join("spool.sqlite"), Options::default()).unwrap();
    for batch in messages(200_000).chunks(1000) {
        spool.append(batch.to_vec()).await.unwrap();
    }
    let state = State::open(&dir.path().join("state.sqlite")).unwrap();
    let started = tokio::time::Instant::now();
    let mut rig = Rig::with(spool, state, &server.url(), quick());
    rig.settled().await;
    let rate = 400_000.0 / started.elapsed().as_secs_f64();
    eprintln!("{rate:.0} readings/s from the spool into the server");
}

#[test]
#[ignore = "a measurement: run with --ignored --nocapture"]
fn how_long_a_line_takes() {
    let tags = PlaceTags {
        site: Some(id("hq")),
        building: Some(id("b-1")),
        room: Some(id("r-201")),
        ..PlaceTags::default()
    };
    let readings: Vec<Reading> =
        (0..100_000).map(|n| reading("s-1", n, 400.0 + (n % 1000) as f64 / 7.0)).collect();
    let head = line::reading_head(&readings[0].series, &tags);
    for _ in 0..3 {
        let mut out = String::with_capacity(16 << 20);
        let started = tokio::time::Instant::now();
        for reading in &readings {
            line::push_reading(&mut out, &head, reading);
        }
        let ns = started.elapsed().as_nanos() as f64 / readings.len() as f64;
        eprintln!("{ns:.0} ns a line of {} bytes", out.len() / readings.len());
    }
}
