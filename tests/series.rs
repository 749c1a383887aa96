//! The series writer against real servers and against one that refuses.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::expect_used,
    clippy::print_stderr,
    clippy::cast_precision_loss,
    reason = "tests"
)]

mod common;

use std::{collections::VecDeque, path::Path, sync::Arc, time::Duration};

use common::{
    influxd::Influxd,
    process::until,
    series_stub::{Answer, Seen, SeriesStub},
    victoria_metrics::VictoriaMetrics,
};
use model::{
    Flags, Id, Instant, Place, PlaceKind, Quantity, Reading, Register, Series,
    register::{History, Sensor},
};
use normwatch::{
    series::{
        Influx, InfluxConfig, PlaceTags, SeriesStatus, SeriesWriter, WriterOptions,
        line::{self, EventKind, EventLine, MeasureLine},
    },
    spool::{Fate, Item, Message, Options, Position, Spool},
    state::{State, Step},
};
use tokio::{sync::watch, task::JoinHandle};

const SOON: Duration = Duration::from_secs(20);
const START: i64 = 1_700_000_000_000;

fn id(text: &str) -> Id {
    Id::parse(text).unwrap()
}

fn reading(sensor: &str, n: i64, value: f64) -> Reading {
    let series = Series { sensor: id(sensor), quantity: Quantity::Co2, channel: None };
    Reading { series, time: Instant::from_millis(START + n * 1000), value, flags: Flags::NONE }
}

fn messages(count: i64) -> Vec<Item> {
    let message = |n: i64| {
        let readings = vec![reading("s-1", n, 400.5), reading("s-2", n, 1e-7)];
        let fate = Fate::Stored(readings);
        Item::Message(Message {
            arrival: Instant::from_millis(START + n * 1000),
            key: None,
            fate,
            replays: None,
        })
    };
    (0..count).map(message).collect()
}

/// A writer at work, with the spool and state that it reads.
struct Rig {
    spool: Spool,
    state: State,
    status: watch::Receiver<SeriesStatus>,
    task: JoinHandle<()>,
}

impl Rig {
    fn start(dir: &Path, url: &str, options: WriterOptions) -> Self {
        let spool = Spool::open(&dir.join("spool.sqlite"), Options::default()).unwrap();
        let state = State::open(&dir.join("state.sqlite")).unwrap();
        Self::with(spool, state, url, options)
    }

    fn with(spool: Spool, state: State, url: &str, options: WriterOptions) -> Self {
        let config = InfluxConfig {
            url: url.to_owned(),
            org: "o".to_owned(),
            bucket: "b".to_owned(),
            token: "t".to_owned(),
            timeout: Duration::from_secs(5),
        };
        let (_register, watched) = watch::channel(Arc::new(register()));
        let influx = Influx::new(&config).unwrap();
        let (writer, status) = SeriesWriter::new(spool.clone(), state.clone(), influx, watched, options);
        let task = tokio::spawn(async move { writer.run().await.unwrap() });
        Self { spool, state, status, task }
    }

    /// Waits until the server took everything and it has settled.
    async fn settled(&mut self) -> SeriesStatus {
        let newest = self.spool.counts().newest;
        let is_done = |status: &SeriesStatus| status.settled == newest && status.backlog_readings == 0;
        let seen = tokio::time::timeout(SOON, self.status.wait_for(is_done)).await;
        seen.expect("all is written").unwrap().clone()
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn quick() -> WriterOptions {
    WriterOptions {
        settle_after: Duration::ZERO,
        retry_floor: Duration::from_millis(10),
        retry_cap: Duration::from_millis(50),
        busy_floor: Duration::from_millis(50),
        configuration_wait: Duration::from_millis(50),
        ..WriterOptions::default()
    }
}

fn register() -> Register {
    let mut register = Register::empty(id("reg"));
    let mut parent = None;
    for (name, kind) in [
        ("hq", PlaceKind::Site),
        ("b-1", PlaceKind::Building),
        ("f-2", PlaceKind::Floor),
        ("r-201", PlaceKind::Room),
    ] {
        let place = Place {
            id: id(name),
            kind,
            parent: parent.replace(id(name)),
            label: None,
            room_use: None,
            floor_area_m2: None,
            usable_area_m2: None,
            heated_area_m2: None,
            excluded_area_m2: None,
            body: None,
            capacity: None,
            storeys: None,
            climate_zone: None,
            building_type: None,
            building_class: None,
        };
        register.places.insert(id(name), History::always(place));
    }
    register.sensors.insert(id("s-1"), History::always(Sensor::new(id("s-1"), id("r-201"))));
    register
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn victoria_metrics_holds_exactly_what_the_spool_holds() {
    let Some(server) = VictoriaMetrics::start().await else { return };
    let dir = tempfile::tempdir().unwrap();
    let mut rig = Rig::start(dir.path(), &server.url(), quick());
    rig.spool.append(messages(3000)).await.unwrap();
    rig.state.commit(&Step { lines: other_lines(), ..Step::default() }).unwrap();
    let status = rig.settled().await;
    assert_eq!((status.is_up, status.refused), (Some(true), 0));
    until("all values are there", SOON, async || {
        (server.count("co2_value").await == 6000 && server.count("measure_value").await == 1).then_some(())
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

#[tokio::test]
async fn influxdb_takes_every_kind_of_line_and_answers_a_dashboard() {
    let Some(server) = Influxd::start().await else { return };
    let tags = PlaceTags { room: Some(id("r-201")), ..PlaceTags::default() };
    let mut lines = String::new();
    for value in [400.0, -0.0, 1e-7, 1e21, f64::MAX, f64::MIN_POSITIVE, 123_456_789.123_456_79, f64::NAN] {
        let reading = reading("s-1", 0, value);
        line::push_reading(&mut lines, &line::reading_head(&reading.series, &tags), &reading);
    }
    let lines: Vec<String> = lines.lines().map(str::to_owned).chain(other_lines()).collect();
    assert_eq!(lines.len(), 10, "seven readings (not a number is none) and three others");
    for line in &lines {
        assert_eq!(server.write(line).await, (204, String::new()), "{line}");
    }
    let many: String = (0..120)
        .map(|n| {
            let mut out = String::new();
            let reading = reading("s-1", n * 60, 400.0 + n as f64);
            line::push_reading(&mut out, &line::reading_head(&reading.series, &tags), &reading);
            out
        })
        .collect();
    assert_eq!(server.write(&many).await.0, 204);
    let answer = server
        .query("SELECT MEAN(value) FROM co2 WHERE flags = 0 AND room = 'r-201' AND time >= 1700000060000ms GROUP BY time(1h), room FILL(none)")
        .await;
    let series = &answer["series"][0];
    assert_eq!(series["tags"]["room"], "r-201");
    assert_eq!(series["values"].as_array().unwrap().len(), 3);
    let texts = server.query("SELECT title, \"text\" FROM event").await;
    assert_eq!(texts["series"][0]["values"][0][1], "CO2 \"high\" \\, 会议室");
    let fields = server.query("SHOW FIELD KEYS FROM co2").await;
    assert_eq!(fields["series"][0]["values"], serde_json::json!([["flags", "integer"], ["value", "float"]]));
}

fn other_lines() -> Vec<String> {
    let tags = PlaceTags { site: Some(id("hq")), building: Some(id("b-1")), ..PlaceTags::default() };
    let (place, at) = (id("r-201"), Instant::from_millis(START));
    let figure = |value| MeasureLine {
        measure: "co2_hour_mean",
        place: Some(&place),
        tags: &tags,
        period: "hour",
        value,
        coverage: 0.75,
        from: at,
    };
    let event = EventLine {
        kind: EventKind::Alert,
        place: Some(&place),
        tags: &tags,
        title: "CO2 \"high\" \\, 会议室",
        text: "two\nlines",
        at,
    };
    vec![line::measure(&figure(Some(612.5))), line::measure(&figure(None)), line::event(&event)]
}

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
async fn a_partial_write_is_not_repeated_and_its_line_is_recorded() {
    let text = "{\"error\":\"partial write: points beyond retention policy dropped=1\"}";
    let answers = VecDeque::from([answer(400, text)]);
    let (stub, status) = deliver(Seen { answers, ..Seen::default() }, quick(), 3).await;
    assert_eq!(stub.statuses(), [400]);
    assert_eq!(status.refused, 1);
    assert!(status.newest_refusal.unwrap().contains("beyond retention"));
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
    until("the cursor is stored", SOON, async || {
        (state.cursor("influx").unwrap() == Some(Position::new(5))).then_some(())
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
