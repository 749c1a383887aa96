//! Readings that are not simply the next of their sensor: kept by the broker, of a counter that began again, too old.

use std::{collections::BTreeMap, path::Path, time::Duration};

use model::{Flags, Instant};
use normwatch::clock::Clock;
use sensors_sim::{Event, Publisher};
use serde_json::Value;

use crate::{
    bad_input::event,
    common::{mosquitto::Mosquitto, process::until},
    office::{Room, write_register},
    service::{Service, assert_balanced},
};

const PATIENCE: Duration = Duration::from_secs(60);
const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const DAY_MS: i64 = 24 * HOUR_MS;

/// Two rooms with a sensor each, and a broker.
struct Office {
    dir: tempfile::TempDir,
    broker: Mosquitto,
    service: Service,
}

impl Office {
    async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let room = |n: u32| Room { id: format!("r-{n}"), sensor: format!("air-{n}") };
        write_register(dir.path(), "UTC", &[room(1), room(2)]);
        let broker = Mosquitto::start("").await.expect("mosquitto: apt-get install mosquitto");
        let service = Service::new(dir.path(), broker.port(), "");
        Self { dir, broker, service }
    }

    async fn publish(&self, events: Vec<Event>) {
        let publisher = Publisher::new(format!("mqtt://127.0.0.1:{}", self.broker.port()), "sensors");
        publisher.publish(events).await.unwrap();
    }

    async fn marked(&self, mark: &str) -> Option<u64> {
        self.service.metric(&format!("normwatch_readings_marked_total{{mark=\"{mark}\"}}")).await
    }

    /// The newest reading of a room's sensor.
    async fn latest(&self, room: &str) -> Option<Value> {
        // There are no places before there is something to show.
        let page = self.service.get(&format!("/api/v1/places/{room}")).await?;
        serde_json::from_str::<Value>(&page).unwrap()["latest"].get(0).cloned()
    }

    async fn device(&self, sensor: &str) -> Value {
        let devices = self.service.list("/devices").await;
        devices.into_iter().find(|device| device["sensor"] == sensor).unwrap()
    }
}

/// A native message: a quantity with its unit and value, at `at` if it says a time.
pub(crate) fn said(sensor: &str, what: (&str, &str, f64), at: Option<Instant>) -> Event {
    let (name, unit, value) = what;
    let time = at.map(|at| format!(",\"t\":{}", at.millis() as f64 / 1000.0)).unwrap_or_default();
    let pack = format!("[{{\"n\":\"{name}\",\"u\":\"{unit}\",\"v\":{value}{time}}}]");
    event(&format!("normwatch/v1/{sensor}"), pack)
}

fn co2(sensor: &str, value: f64, at: Option<Instant>) -> Event {
    said(sensor, ("co2", "ppm", value), at)
}

fn kept(event: Event) -> Event {
    Event { retain: true, ..event }
}

/// Whether a newest reading bears the mark.
fn is_retained(latest: &Value) -> bool {
    latest["flags"].as_u64().unwrap() & u64::from(Flags::RETAINED.0) != 0
}

fn shares(ledger: &BTreeMap<String, u64>) -> (u64, u64, u64) {
    assert_balanced(ledger);
    (ledger["received"], ledger["stored"], ledger["ignored"])
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_broker_had_kept_is_marked_and_is_no_sign_of_life_whenever_we_subscribe() {
    let mut office = Office::new().await;
    let before = Instant::from_millis(Clock::System.now().millis() / 1000 * 1000 - 40 * MINUTE_MS);
    office.publish(vec![kept(co2("air-1", 733.0, Some(before))), kept(co2("air-2", 900.0, None))]).await;
    office.service.start_connected().await;
    // One says how old it is; the age of the other nobody knows.
    assert_eq!(shares(&office.service.ledger("received", 2, PATIENCE).await), (2, 1, 1));
    until("the mark is counted", PATIENCE, async || office.marked("retained").await.filter(|n| *n == 1))
        .await;
    let latest = until("the dated one is shown", PATIENCE, async || office.latest("r-1").await).await;
    assert_eq!((&latest["value"], latest["time"].as_str()), (&733.0.into(), Some(&*before.to_string())));
    assert!(is_retained(&latest), "{latest}");
    assert_eq!(office.latest("r-2").await, None);
    // Before pages know of the connection, nobody's silence says anything.
    let never = until("silence counts", PATIENCE, async || {
        Some(office.device("air-2").await).filter(|device| device["state"] != "unknown")
    })
    .await;
    let old = office.device("air-1").await;
    assert_eq!((&old["flags"]["retained"], &old["clock_skew_ms"]), (&1.into(), &Value::Null), "{old}");
    assert_ne!(old["state"], "online", "what it said 40 minutes ago is no news: {old}");
    assert_eq!((&never["state"], &never["messages"]), (&"never".into(), &0.into()), "{never}");

    // What is published while we listen is news, though the broker keeps it too.
    office.publish(vec![kept(co2("air-2", 950.0, None))]).await;
    assert_eq!(shares(&office.service.ledger("received", 3, PATIENCE).await), (3, 2, 1));
    let live = until("the live one is shown", PATIENCE, async || office.latest("r-2").await).await;
    assert_eq!((&live["value"], is_retained(&live)), (&950.0.into(), false));
    assert_eq!(office.marked("retained").await, Some(1));

    // Into a session that is present the broker sends both again: nothing becomes newer by it.
    office.service.stop().await;
    office.service.start_connected().await;
    assert_eq!(shares(&office.service.ledger("received", 5, PATIENCE).await), (5, 3, 2));
    until("the mark is counted", PATIENCE, async || office.marked("retained").await.filter(|n| *n == 1))
        .await;
    let again = until("the live one is shown", PATIENCE, async || office.latest("r-2").await).await;
    assert_eq!(again["time"], live["time"]);
    office.service.stop().await;
}

/// Makes the service in a directory judge by a pack of its own too, `house-1`.
pub(crate) fn add_pack(dir: &Path, pack: &str) {
    std::fs::create_dir(dir.join("packs")).unwrap();
    std::fs::write(dir.join("packs/house-1.toml"), pack).unwrap();
    for (file, from, to) in [
        ("register/register.toml", "packs = [", "packs = [\"house-1\", "),
        ("normwatch.toml", "data_dir", "packs_dir = \"packs\"\ndata_dir"),
    ] {
        let text = std::fs::read_to_string(dir.join(file)).unwrap();
        assert!(text.contains(from), "{text}");
        std::fs::write(dir.join(file), text.replacen(from, to, 1)).unwrap();
    }
}

/// Electricity of the hall by the hour, as a check that shows its value.
pub(crate) const HOUR_USE: &str = "[standard]\nid = \"house-1\"\ndocument = \"House rule 1\"\nlayer = \"agency\"\n\
    binding = \"recommended\"\nin_force = 2005-01-01\ntitle = { zh = \"内部\", en = \"House\" }\n\n\
    [[clause]]\nid = \"hour-use\"\ncitation = \"house rule\"\nprovenance = \"policy\"\nseverity = \"info\"\n\
    evidence = \"firm\"\ntitle = { zh = \"小时用电\", en = \"Use of an hour\" }\n\
    applies_to = { kind = \"building\" }\nmeasure = \"electricity\"\nperiod = \"hour\"\nmin_coverage = 0.5\n\
    for = \"0s\"\nlimit = { at_most = 1000, unit = \"kWh\" }\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_counter_that_begins_again_at_its_end_is_marked_and_its_use_goes_on_as_if_it_had_not() {
    let mut office = Office::new().await;
    add_pack(office.dir.path(), HOUR_USE);
    let meters = "sensor,place,carrier,parent,interval_s,rollover_at\nmains,hall,electricity,,900,10000\n\
                  east,r-1,electricity,mains,900,\n";
    std::fs::write(office.dir.path().join("register/meters.csv"), meters).unwrap();
    office.service.start_connected().await;
    let now = Clock::System.now().millis();
    let hour = Instant::from_millis(now - now.rem_euclid(HOUR_MS) - 3 * HOUR_MS);
    let counted = |sensor: &'static str, values: &[f64]| -> Vec<Event> {
        let at = |step: usize| hour.plus_ms(step as i64 * 15 * MINUTE_MS);
        let values = values.iter().enumerate();
        values.map(|(n, v)| said(sensor, ("energy_import", "kWh", *v), Some(at(n)))).collect()
    };
    // 4 + 4 + 6 over its end + 4 in the hour. The other has no end: where it falls, its use is not known.
    let mut events = counted("mains", &[9990.0, 9994.0, 9998.0, 4.0, 8.0, 9.0, 10.0]);
    events.extend(counted("east", &[9990.0, 9994.0, 9998.0, 4.0, 8.0]));
    office.publish(events).await;
    assert_eq!(shares(&office.service.ledger("received", 12, PATIENCE).await), (12, 12, 0));
    until("the fall over the end is marked", PATIENCE, async || {
        office.marked("rollover").await.filter(|count| *count == 1)
    })
    .await;
    assert_eq!(office.marked("counter_reset").await, Some(1), "that of the other");
    let device = office.device("mains").await;
    assert_eq!((&device["flags"]["rollover"], &device["kind"]), (&1.into(), &"meter".into()), "{device}");
    let path = format!("/verdicts/history?place=hall&clause=house-1/hour-use&from={hour}");
    let verdict = until("the hour is judged", PATIENCE, async || {
        let said = office.service.list(&path).await;
        said.into_iter().find(|said| said["from"] == hour.to_string() && said["value"].is_number())
    })
    .await;
    assert_eq!((&verdict["value"], &verdict["coverage"]), (&18.0.into(), &1.0.into()), "{verdict}");
    office.service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_older_than_the_history_is_stored_marked_too_late_and_judged_by_nobody() {
    let mut office = Office::new().await;
    office.service.start_connected().await;
    let now = Clock::System.now();
    office.publish(vec![co2("air-1", 600.0, Some(now.plus_ms(-MINUTE_MS)))]).await;
    let newest = until("the newest is shown", PATIENCE, async || office.latest("r-1").await).await;
    // The raw readings of five weeks are kept: what is older cannot be put beside its neighbours.
    let (inside, beyond) = (now.plus_ms(-34 * DAY_MS), now.plus_ms(-36 * DAY_MS));
    office.publish(vec![co2("air-1", 1600.0, Some(inside)), co2("air-1", 1700.0, Some(beyond))]).await;
    assert_eq!(shares(&office.service.ledger("received", 3, PATIENCE).await), (3, 3, 0));
    until("it is counted", PATIENCE, async || office.marked("too_late").await.filter(|n| *n == 1)).await;
    for (outcome, count) in [("too_late", 1), ("reopened", 1)] {
        let name = format!("normwatch_late_readings_total{{outcome=\"{outcome}\"}}");
        assert_eq!(office.service.metric(&name).await, Some(count), "{outcome}");
    }
    assert_eq!(office.marked("late").await, Some(2), "both are older than the newest");
    assert_eq!(office.latest("r-1").await, Some(newest));
    let path = format!("/verdicts/history?place=r-1&to={}", beyond.plus_ms(DAY_MS));
    assert_eq!(office.service.list(&path).await, Vec::<Value>::new());
    office.service.stop().await;
}
