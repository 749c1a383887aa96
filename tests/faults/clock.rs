//! The clock of the machine is set, forward and back.

use std::{collections::BTreeSet, path::Path, time::Duration};

use model::{Id, Quantity};
use normwatch::clock::Clock;
use sensors_sim::{Format, Publisher, Row, messages_for};

use crate::{
    common::process::until,
    ledger::{balanced, held},
    load::{Load, Point, url},
    office::write_register,
    rig::{PATIENCE, broker, mail_settings, ready},
    service::Service,
    smtp::{Options, SmtpServer},
};

/// Long enough for ticks of event time: the wait for a settled connection and one more of them.
const A_WHILE: Duration = Duration::from_secs(17);
const DAYS_MS: i64 = 3 * 86_400_000;
const HOUR_MS: i64 = 3_600_000;
const QUARTER_MS: i64 = 16 * 60_000;

/// One message of each sensor, with the sensors' own time, which is right, or with none.
fn now_of(sensors: usize, has_time: bool) -> (Vec<Point>, Vec<sensors_sim::Event>) {
    let ms = Clock::System.now().millis() / 1000 * 1000;
    let value = |n: usize| 600.0 + n as f64;
    let name = |n: usize| format!("air-{n}");
    let row = |n| Row {
        time: model::Instant::from_millis(ms),
        sensor: Id::parse(&name(n)).unwrap(),
        quantity: Quantity::Co2,
        value: value(n),
    };
    let points = (0..sensors).map(|n| (name(n), ms, value(n).to_bits())).collect();
    let mut events: Vec<_> = messages_for((0..sensors).map(row), Format::Senml).collect();
    for event in events.iter_mut().filter(|_| !has_time) {
        let mut pack: serde_json::Value = serde_json::from_slice(&event.payload).unwrap();
        for record in pack.as_array_mut().unwrap() {
            let record = record.as_object_mut().unwrap();
            assert!(record.remove("t").or(record.remove("bt")).is_some());
        }
        event.payload = serde_json::to_vec(&pack).unwrap();
    }
    (points, events)
}

async fn set(file: &Path, shift_ms: i64) {
    tokio::fs::write(file, shift_ms.to_string()).await.unwrap();
}

/// Ids of the alerts that pages show.
async fn alerts(service: &Service) -> BTreeSet<String> {
    service.list("/alerts").await.iter().map(|alert| alert["clause"].as_str().unwrap().to_owned()).collect()
}

/// Event time of the newest checkpoint, ms.
fn event_time(service: &Service) -> i64 {
    let state = rusqlite::Connection::open(service.data().join("state.sqlite")).unwrap();
    state.query_row("SELECT MAX(event_time) FROM checkpoint", [], |row| row.get(0)).unwrap()
}

/// Windows that were judged as a silence: clause and start, ms.
fn silences(service: &Service) -> Vec<(String, i64)> {
    let state = rusqlite::Connection::open(service.data().join("state.sqlite")).unwrap();
    let sql = "SELECT clause, start FROM verdicts JOIN checks ON check_id = id
        WHERE clause LIKE '%/silent-%' AND outcome = 1";
    let mut query = state.prepare(sql).unwrap();
    let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    rows.map(Result::unwrap).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_set_forward_and_back_makes_no_silence_loses_no_reading_and_doubles_no_mail() {
    clock_set_by(&[0, DAYS_MS, 0, -HOUR_MS, 0], true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_days_behind_makes_no_silence_of_the_days_before_the_service_was_there() {
    clock_set_by(&[0, -DAYS_MS, 0], true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_days_behind_makes_no_silence_where_sensors_have_no_clock_of_their_own() {
    // The last step lets event time pass a quarter of an hour, behind which days of late data are built anew.
    clock_set_by(&[0, -DAYS_MS, QUARTER_MS], false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_ahead_for_a_moment_takes_event_time_nowhere_where_sensors_have_no_clock_of_their_own() {
    clock_set_by(&[0, DAYS_MS, 0], false).await;
}

async fn clock_set_by(shifts: &[i64], has_time: bool) {
    let dir = tempfile::tempdir().unwrap();
    let broker = broker("").await;
    let mails = SmtpServer::start(&Options::default());
    let office = Load::of(4, 1);
    write_register(dir.path(), "UTC", &office.rooms);
    let shift = dir.path().join("shift");
    set(&shift, 0).await;
    let mut service = Service::new(dir.path(), broker.port(), &mail_settings(mails.port))
        .with_variable("NORMWATCH_CLOCK_SHIFT_FILE", &shift);
    service.start().await;
    ready(&service).await;
    let (mut published, mut exact) = (0, BTreeSet::new());
    let before = until("the finding of the register is told", PATIENCE, async || {
        let alerts = alerts(&service).await;
        (!alerts.is_empty() && !mails.taken().is_empty()).then_some(alerts)
    })
    .await;
    for (steps, shift_ms) in shifts.iter().copied().enumerate() {
        set(&shift, shift_ms).await;
        until("the step is noticed", PATIENCE, async || {
            (service.log().matches("the clock was set").count() == steps).then_some(())
        })
        .await;
        if shift_ms <= 0 {
            // What waited has its time now, and what comes next another.
            balanced(&service, published as u64..=published as u64).await;
        }
        let (points, events) = now_of(4, has_time);
        let publisher = Publisher::new(url(broker.port()), "clock");
        assert_eq!(publisher.publish(events).await.unwrap().acked, 4);
        published += points.len();
        // To a clock that is behind, the sensors' own times lie in the future: arrival takes their place.
        if shift_ms >= 0 && has_time {
            exact.extend(points);
        }
        tokio::time::sleep(A_WHILE).await; // for which nothing must happen, not a wait for a result
        let now = alerts(&service).await;
        assert_eq!(now, before, "with the clock set by {shift_ms} ms");
    }
    let ledger = balanced(&service, published as u64..=published as u64).await;
    println!("clock forward and back: {ledger:?}");
    if shifts.last() == Some(&QUARTER_MS) {
        // Ahead of where it was believed last, so what comes waits for a minute first.
        until("days are built anew", PATIENCE, async || {
            service.log().contains("days built anew").then_some(())
        })
        .await;
    }
    let silences = silences(&service);
    assert!(silences.is_empty(), "judged as silent: {silences:?}");
    let ahead = event_time(&service) - Clock::System.now().millis() - shifts[shifts.len() - 1];
    assert!(ahead < 300_000, "event time is {ahead} ms ahead");
    let told = mails.taken();
    let ids: BTreeSet<_> = told.iter().map(|mail| mail["headers"]["message-id"].to_string()).collect();
    assert_eq!(ids.len(), told.len(), "no mail came twice");
    service.stop().await;
    let held = held(&service.data());
    assert_eq!(held.len(), published, "each reading once");
    assert!(held.is_superset(&exact));
}
