//! What a restart finds: data of an earlier release, of the run before, and of a run stopped under load.

use std::{path::Path, time::Duration};

use model::{Id, Instant, Quantity};
use normwatch::clock::Clock;
use sensors_sim::{Event, Format, Publisher, Row, messages_for};

use crate::{
    common::{
        mosquitto::Mosquitto,
        process::{free_port, until},
    },
    office::{Room, write_register},
    service::{Service, assert_balanced},
    smtp::{Options, SmtpServer},
};

const PATIENCE: Duration = Duration::from_secs(120);
/// Written by [`writes_the_fixture_of_this_release`] of that release, and never changed.
pub(crate) const OLDEST: &str = "tests/fixtures/data-0.1";

fn rooms() -> [Room; 1] {
    [Room { id: "r-1".to_owned(), sensor: "air-1".to_owned() }]
}

/// Air of a crowded day that ends in fresh air, a message a minute.
fn day(end: Instant, minutes: i64) -> Vec<Event> {
    let sensor = Id::parse("air-1").unwrap();
    let row = |minute: i64| Row {
        time: end.plus_ms((minute - minutes) * 60_000),
        sensor: sensor.clone(),
        quantity: Quantity::Co2,
        value: if minutes - minute > 240 { 1300.0 } else { 520.0 } + (minute % 11) as f64,
    };
    messages_for((0..minutes).map(row), Format::Zigbee2mqtt).collect()
}

pub(crate) fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for file in std::fs::read_dir(from).unwrap() {
        let file = file.unwrap();
        let target = to.join(file.file_name());
        if file.file_type().unwrap().is_dir() {
            copy(&file.path(), &target);
        } else {
            std::fs::copy(file.path(), target).unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn data_of_the_first_release_still_opens_and_shows_its_alerts_and_readings() {
    let dir = tempfile::tempdir().unwrap();
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join(OLDEST), dir.path());
    let mut service = Service::new(dir.path(), free_port(), "");
    service.start().await;
    let alerts = until("alerts are shown", PATIENCE, async || {
        let alerts = service.list("/alerts").await;
        (!alerts.is_empty()).then_some(alerts)
    })
    .await;
    let find = |clause: &str| alerts.iter().find(|alert| alert["clause"] == clause);
    let air = find("gb-t-18883-2022/co2").unwrap_or_else(|| panic!("{alerts:?}"));
    assert_eq!((air["place"].as_str(), air["state"].as_str()), (Some("r-1"), Some("resolved")));
    let area = alerts.iter().find(|alert| alert["place"] == "head").unwrap_or_else(|| panic!("{alerts:?}"));
    assert_eq!(area["state"], "firing");
    assert!(!service.list("/verdicts").await.is_empty());
    // Before anything is published: from the history.
    let room = service.api("/places/r-1").await;
    let latest = room["latest"].as_array().unwrap();
    let co2 = latest.iter().find(|one| one["quantity"] == "co2").unwrap_or_else(|| panic!("{room}"));
    assert!(co2["value"].as_f64().unwrap() < 600.0, "{co2}");
    let ledger = service.ledger("stored", 720, PATIENCE).await;
    assert_balanced(&ledger);
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_under_load_is_quick_and_the_next_start_goes_on_where_it_was() {
    let dir = tempfile::tempdir().unwrap();
    write_register(dir.path(), "UTC", &rooms());
    let broker = Mosquitto::start("").await.expect("mosquitto: apt-get install mosquitto");
    let mut service = Service::new(dir.path(), broker.port(), "");
    service.start_connected().await;
    let events = day(Clock::System.now(), 20_000);
    let count = events.len() as u64;
    let publisher = Publisher::new(format!("mqtt://127.0.0.1:{}", broker.port()), "load");
    let publish = publisher.publish(events);
    let stop = async {
        until("messages arrive", PATIENCE, async || {
            let received = service.metric("normwatch_messages_received_total").await;
            received.filter(|received| *received > 1000)
        })
        .await;
        service.stop().await;
        service.start().await;
    };
    let (published, ()) = tokio::join!(publish, stop);
    assert_eq!(published.unwrap().acked, count);
    let ledger = service.ledger("stored", count, PATIENCE).await;
    assert_balanced(&ledger);
    assert_eq!(ledger["stored"], count, "{ledger:?}");
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_spool_that_was_not_judged_to_its_end_is_told_and_the_service_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    write_register(dir.path(), "UTC", &rooms());
    let broker = Mosquitto::start("").await.expect("mosquitto: apt-get install mosquitto");
    let mut service = Service::new(dir.path(), broker.port(), "");
    let publisher = Publisher::new(format!("mqtt://127.0.0.1:{}", broker.port()), "day");
    let now = Clock::System.now();
    let data = service.data();
    let state = data.join("state.sqlite");
    for (file, events) in [("older", day(now.plus_ms(-3_600_000), 60)), ("newer", day(now, 30))] {
        service.start_connected().await;
        publisher.publish(events).await.unwrap();
        service.ledger("stored", if file == "older" { 60 } else { 90 }, PATIENCE).await;
        service.stop().await;
        std::fs::copy(&state, dir.path().join(file)).unwrap();
    }
    // As after a crash between the history's write and the state's, on a disk that lost the spool then.
    for name in
        ["spool.sqlite", "spool.sqlite-wal", "spool.sqlite-shm", "state.sqlite-wal", "state.sqlite-shm"]
    {
        drop(std::fs::remove_file(data.join(name)));
    }
    std::fs::copy(dir.path().join("older"), &state).unwrap();

    service.start_connected().await;
    let lost = service.metric("normwatch_spool_lost_entries_total").await.unwrap();
    assert!((30..60).contains(&lost), "{lost}");
    assert!(service.log().contains("entries of the spool are lost"), "{}", service.log());
    publisher.publish(day(now.plus_ms(60_000), 1)).await.unwrap();
    let ledger = service.ledger("stored", 1, PATIENCE).await;
    assert_balanced(&ledger);
    service.kill();
    // What was passed over is not passed over again.
    service.start_connected().await;
    assert_eq!(service.metric("normwatch_spool_lost_entries_total").await, Some(0));
    let verdicts = service.list("/verdicts").await;
    assert!(!verdicts.is_empty());
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "writes the fixture of a new release; set NORMWATCH_FIXTURE to its directory"]
async fn writes_the_fixture_of_this_release() {
    let target = std::env::var("NORMWATCH_FIXTURE").expect("NORMWATCH_FIXTURE");
    let dir = tempfile::tempdir().unwrap();
    write_register(dir.path(), "UTC", &rooms());
    let broker = Mosquitto::start("").await.expect("mosquitto: apt-get install mosquitto");
    let mails = SmtpServer::start(&Options::default());
    let more = format!(
        "[smtp]\nurl = \"smtp://127.0.0.1:{}\"\nfrom = \"normwatch@example.org\"\n\n\
         [alerts]\ngroup_wait = \"100ms\"\ngroup_interval = \"1s\"\n",
        mails.port
    );
    let mut service = Service::new(dir.path(), broker.port(), &more);
    service.start_connected().await;
    let publisher = Publisher::new(format!("mqtt://127.0.0.1:{}", broker.port()), "day");
    publisher.publish(day(Clock::System.now(), 720)).await.unwrap();
    service.ledger("stored", 720, PATIENCE).await;
    until("the finding is over and told", PATIENCE, async || {
        let alerts = service.list("/alerts?state=resolved").await;
        (!alerts.is_empty() && mails.taken().len() >= 3).then_some(())
    })
    .await;
    service.stop().await;
    let target = Path::new(&target);
    copy(&service.data(), &target.join("data"));
    copy(&dir.path().join("register"), &target.join("register"));
    std::fs::remove_file(target.join("data/lock")).unwrap();
}
