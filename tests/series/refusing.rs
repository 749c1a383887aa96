//! A server that is busy, wrong or picky.

use std::{collections::VecDeque, time::Duration};

use normwatch::{
    series::{SeriesStatus, WriterOptions},
    spool::Position,
};

use crate::{
    common::{
        process::until,
        series_stub::{Answer, Seen, SeriesStub},
    },
    rig::{Rig, SOON, START, messages, quick},
};

fn answer(status: u16, text: &'static str) -> Answer {
    Answer { status, text, retry_after: None }
}

async fn deliver(seen: Seen, options: WriterOptions, count: i64) -> (SeriesStub, SeriesStatus) {
    let stub = SeriesStub::start(seen).await;
    let dir = tempfile::tempdir().unwrap();
    let mut rig = Rig::start(dir.path(), stub.url(), options);
    rig.spool.append(messages(count)).await.unwrap();
    let status = rig.settled().await;
    (stub, status)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_busy_or_failing_server_gets_the_same_lines_later_and_none_is_lost() {
    let busy = Answer { retry_after: Some(1), ..answer(429, "slow down") };
    let answers = VecDeque::from([busy, answer(503, "later"), answer(500, "oops"), answer(204, "")]);
    let (stub, status) = deliver(Seen { answers, ..Seen::default() }, quick(), 10).await;
    assert_eq!(stub.statuses(), [429, 503, 500, 204]);
    assert_eq!((stub.lines().len(), status.written, status.error), (20, 20, None));
    let (query, token) = stub.seen.lock().unwrap().newest.clone();
    assert_eq!(token, "Token t");
    assert!(query.contains(&("precision".to_owned(), "ms".to_owned())), "{query:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_token_or_bucket_keeps_the_data_until_it_is_mended() {
    let answers = VecDeque::from([answer(401, "unauthorized"), answer(404, "bucket not found")]);
    let (stub, status) = deliver(Seen { answers, ..Seen::default() }, quick(), 3).await;
    assert_eq!(stub.statuses(), [401, 404, 204]);
    assert_eq!((status.written, status.refused), (6, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_busy_server_is_left_alone_for_as_long_as_it_asks() {
    let busy = || Answer { retry_after: Some(1), ..answer(429, "slow down") };
    let answers = VecDeque::from([busy(), busy(), answer(204, "")]);
    let (stub, status) = deliver(Seen { answers, ..Seen::default() }, quick(), 3).await;
    assert_eq!((stub.statuses(), status.written), (vec![429, 429, 204], 6));
    let times = stub.seen.lock().unwrap().times.clone();
    // The first answer's header is hidden by the client; the second request hears it.
    assert!(times[2] - times[1] >= Duration::from_secs(1), "{:?}", times[2] - times[1]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lines_that_are_dropped_without_a_name_are_found_and_kept_with_the_reason() {
    let bad = format!("sensor=s-2 value=1e-7,flags=0i {}", START + 77_000);
    let stub = SeriesStub::start(Seen { drops: Some(bad.clone().leak()), ..Seen::default() }).await;
    let dir = tempfile::tempdir().unwrap();
    let mut rig = Rig::start(dir.path(), stub.url(), quick());
    rig.spool.append(messages(100)).await.unwrap();
    let status = rig.settled().await;
    assert_eq!((status.written, status.refused, status.is_up), (199, 1, Some(true)));
    let kept = rig.state.refused_lines(9).unwrap();
    assert_eq!(kept.len(), 1);
    assert!(kept[0].1.line.ends_with(&bad) && kept[0].1.reason.contains("beyond retention"), "{kept:?}");
    assert_eq!(rig.state.counter("series_refused").unwrap(), 1);
    let mut lines = stub.lines();
    lines.sort();
    lines.dedup();
    assert_eq!(lines.len(), 199, "the others are there");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_all_lines_are_dropped_nothing_is_searched() {
    let (stub, status) = deliver(Seen { drops: Some("value"), ..Seen::default() }, quick(), 3).await;
    assert_eq!((stub.statuses(), status.written, status.refused), (vec![400], 0, 6));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_poisonous_line_is_found_and_all_others_are_written() {
    let poison = format!("sensor=s-2 value=1e-7,flags=0i {}", START + 77_000);
    let seen = Seen { poison: Some(poison.leak()), ..Seen::default() };
    let (stub, status) = deliver(seen, quick(), 100).await;
    assert_eq!((stub.lines().len(), status.written, status.refused), (199, 199, 1));
    assert!(status.newest_refusal.unwrap().contains("s-2"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_that_is_too_large_is_sent_in_parts() {
    let seen = Seen { most_lines: Some(30), ..Seen::default() };
    let (stub, status) = deliver(seen, quick(), 100).await;
    let lines = stub.lines();
    assert_eq!((lines.len(), status.refused), (200, 0));
    assert!(
        lines.windows(2).all(|pair| pair[0].rsplit(' ').next() <= pair[1].rsplit(' ').next()),
        "in order"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_refuses_everything_is_wrong_itself_and_the_data_stay() {
    assert_eq!(refuse_everything_for_a_while(1000).await, (0, 40));
    // Of small batches a few lines go before it is noticed.
    let (refused, written) = refuse_everything_for_a_while(1).await;
    assert!(refused < 8, "{refused} refused");
    assert_eq!(written, 40 - usize::try_from(refused).unwrap());
}

async fn refuse_everything_for_a_while(batch_entries: usize) -> (u64, usize) {
    let stub = SeriesStub::start(Seen { poison: Some("value"), ..Seen::default() }).await;
    let dir = tempfile::tempdir().unwrap();
    let options = WriterOptions { batch_entries, ..quick() };
    let mut rig = Rig::start(dir.path(), stub.url(), options);
    rig.spool.append(messages(20)).await.unwrap();
    tokio::time::timeout(SOON, rig.status.wait_for(|s| s.is_up == Some(false))).await.unwrap().unwrap();
    stub.seen.lock().unwrap().poison = None;
    let status = rig.settled().await;
    assert_eq!(status.written + status.refused, 40);
    (status.refused, stub.lines().len())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_goes_on_behind_what_had_settled() {
    let stub = SeriesStub::start(Seen::default()).await;
    let dir = tempfile::tempdir().unwrap();
    let mut rig = Rig::start(dir.path(), stub.url(), quick());
    rig.spool.append(messages(5)).await.unwrap();
    rig.settled().await;
    let (spool, state) = (rig.spool.clone(), rig.state.clone());
    drop(rig);
    until("the marks are stored", SOON, async || {
        (state.record("series", "influx").unwrap()? == "5").then_some(())
    })
    .await;
    let mut rig = Rig::with(spool, state, stub.url(), quick());
    rig.spool.append(messages(7).split_off(5)).await.unwrap();
    rig.settled().await;
    assert_eq!(stub.lines().len(), 14, "nothing was written again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn entries_given_up_by_a_full_spool_are_counted_and_the_rest_is_written() {
    let answers = vec![answer(401, "unauthorized"); 1000].into();
    let stub = SeriesStub::start(Seen { answers, ..Seen::default() }).await;
    let dir = tempfile::tempdir().unwrap();
    let options = WriterOptions { batch_entries: 1, ..quick() };
    let mut rig = Rig::start(dir.path(), stub.url(), options);
    for message in messages(10) {
        rig.spool.append(vec![message]).await.unwrap();
    }
    assert_eq!(rig.spool.trim(Position::new(8)).await.unwrap(), 7);
    stub.seen.lock().unwrap().answers.clear();
    let status = rig.settled().await;
    // The first entry was on its way; of the others those before the eighth are gone.
    assert_eq!((status.written, status.refused, status.skipped_entries), (8, 0, 6));
    assert_eq!(rig.state.counter("series_skipped_entries").unwrap(), status.skipped_entries);
}
