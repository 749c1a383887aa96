//! After an outage the newest come first, the rest beside them, and nothing is missing or stale in the end.

use std::time::Duration;

use model::Flags;
use normwatch::{series::WriterOptions, state::Step};

use crate::{
    common::{
        process::until,
        series_stub::{Answer, Seen, SeriesStub},
        victoria_metrics::VictoriaMetrics,
    },
    rig::{Rig, SOON, message, messages, quick, reading},
};

/// Small steps, so that a backlog of some thousand entries takes a while.
fn small_steps() -> WriterOptions {
    WriterOptions { batch_entries: 100, request_lines: 100, most_behind: 300, ..quick() }
}

/// So many seconds of two sensors wait while the server is away.
const AWAY: i64 = 40_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_an_outage_the_newest_is_seen_while_the_rest_still_comes_and_all_is_there_in_the_end() {
    let Some(mut server) = VictoriaMetrics::start().await else { return };
    let dir = tempfile::tempdir().unwrap();
    // As long as in the service: this server loses the last seconds before a kill.
    let options = WriterOptions { settle_after: Duration::from_secs(10), ..small_steps() };
    let mut rig = Rig::start(dir.path(), &server.url(), options);
    let mut all = messages(AWAY);
    let later = all.split_off(10);
    rig.spool.append(all).await.unwrap();
    tokio::time::timeout(SOON, rig.status.wait_for(|s| s.written == 20)).await.unwrap().unwrap();
    server.kill();
    for few in later.chunks(500) {
        rig.spool.append(few.to_vec()).await.unwrap();
    }
    tokio::time::timeout(SOON, rig.status.wait_for(|s| s.is_up == Some(false))).await.unwrap().unwrap();
    server.again().await;
    let back = tokio::time::Instant::now();
    rig.spool.append(vec![message(vec![reading("s-9", AWAY, 1.0)])]).await.unwrap();
    let missing = until("the newest reading is seen", SOON, async || {
        let is_seen = server.count("co2_value{sensor=\"s-9\"}").await == 1;
        is_seen.then_some(rig.status.borrow().backlog_readings)
    })
    .await;
    println!("newest seen {:?} after the server was back, {missing} readings behind it", back.elapsed());
    // How much is behind it then is this machine's; that it comes first is asked of a server that waits, below.
    assert!(back.elapsed() < Duration::from_secs(10), "after {:?}", back.elapsed());
    // The writer dies in the middle and another goes on from its marks.
    let (spool, state) = (rig.spool.clone(), rig.state.clone());
    drop(rig);
    let mut rig = Rig::with(spool, state, &server.url(), options);
    let status = rig.settled().await;
    println!("all there {:?} after the server was back", back.elapsed());
    assert_eq!((status.refused, status.skipped_entries), (0, 0));
    until("all values are there", SOON, async || {
        let count = server.count("co2_value").await;
        (count == usize::try_from(AWAY).unwrap() * 2 + 1).then_some(())
    })
    .await;
}

/// A server that takes nothing until it is told to.
async fn closed() -> SeriesStub {
    let answers = vec![Answer { status: 401, text: "unauthorized", retry_after: None }; 100_000].into();
    SeriesStub::start(Seen { answers, ..Seen::default() }).await
}

fn first(lines: &[String], text: &str) -> Option<usize> {
    lines.iter().position(|line| line.contains(text))
}

fn last(lines: &[String], text: &str) -> Option<usize> {
    lines.iter().rposition(|line| line.contains(text))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_newest_entries_are_written_before_the_backlog_is_through() {
    let stub = closed().await;
    let dir = tempfile::tempdir().unwrap();
    let mut rig = Rig::start(dir.path(), stub.url(), small_steps());
    for few in messages(3000).chunks(50) {
        rig.spool.append(few.to_vec()).await.unwrap();
    }
    rig.spool.append(vec![message(vec![reading("s-9", 3000, 1.0)])]).await.unwrap();
    stub.seen.lock().unwrap().answers.clear();
    let status = rig.settled().await;
    assert_eq!((status.written, status.skipped_entries), (6001, 0));
    let lines = stub.lines();
    let newest = first(&lines, "sensor=s-9 ").unwrap();
    assert!(newest < 1000, "the newest came as line {newest} of {}", lines.len());
    let mut distinct = lines.clone();
    distinct.sort();
    distinct.dedup();
    assert_eq!((distinct.len(), lines.len()), (6001, 6001), "each once, none missing");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_correction_in_the_live_lane_waits_for_the_value_that_it_corrects() {
    let stub = closed().await;
    let dir = tempfile::tempdir().unwrap();
    let mut rig = Rig::start(dir.path(), stub.url(), small_steps());
    for few in messages(2000).chunks(50) {
        rig.spool.append(few.to_vec()).await.unwrap();
    }
    // An hour of the backlog is corrected while it waits: the quality stage has marked these as late.
    let mut corrected = Vec::new();
    for n in 1990..2000 {
        let mut reading = reading("s-1", n, 777.0);
        reading.flags = Flags::LATE;
        corrected.push(message(vec![reading]));
    }
    stub.seen.lock().unwrap().answers.clear();
    until("the cut was made", SOON, async || (!stub.lines().is_empty()).then_some(())).await;
    rig.spool.append(corrected).await.unwrap();
    rig.settled().await;
    let lines = stub.lines();
    for n in 1990..2000 {
        let at = reading("s-1", n, 0.0).time.millis().to_string();
        let of = |value: &str| format!("value={value},flags={}i {at}", if value == "777.0" { 32 } else { 0 });
        let (old, new) = (last(&lines, &of("400.5")).unwrap(), first(&lines, &of("777.0")).unwrap());
        assert!(old < new, "second {n}: the old value is line {old}, the new one line {new}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_old_revision_never_comes_behind_a_newer_one() {
    let stub = closed().await;
    let dir = tempfile::tempdir().unwrap();
    let mut rig = Rig::start(dir.path(), stub.url(), small_steps());
    let verdict = |place: usize, revision: u32| {
        format!("verdict,clause=c,place=p-{place} state=1i,revision={revision}i 7000")
    };
    let commit = |lines: Vec<String>| rig.state.commit(&Step { lines, ..Step::default() }).unwrap();
    commit((0..2000).map(|place| verdict(place, 1)).collect());
    // Some first revisions are on their way already, most wait; then a second and a third of every tenth.
    until("the writer tries", SOON, async || (!stub.statuses().is_empty()).then_some(())).await;
    for revision in [2, 3] {
        commit((0..2000).step_by(10).map(|place| verdict(place, revision)).collect());
    }
    stub.seen.lock().unwrap().answers.clear();
    until("the cut was made", SOON, async || (!stub.lines().is_empty()).then_some(())).await;
    commit((0..2000).step_by(100).map(|place| verdict(place, 4)).collect());
    until("all lines are taken", SOON, async || {
        rig.state.series_lines(0, 1).unwrap().is_empty().then_some(())
    })
    .await;
    let lines = stub.lines();
    for place in 0..2000 {
        let newest = if place % 100 == 0 {
            4
        } else if place % 10 == 0 {
            3
        } else {
            1
        };
        let head = format!("verdict,clause=c,place=p-{place} ");
        let seen: Vec<&String> = lines.iter().filter(|line| line.starts_with(&head)).collect();
        assert_eq!(seen.last(), Some(&&verdict(place, newest)));
        let mut sorted = seen.clone();
        sorted.sort();
        assert_eq!(seen, sorted, "place {place}");
    }
    drop(rig.settled().await);
}
