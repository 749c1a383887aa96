//! Many sensors that nobody knew are claimed in one edit: the past says then what it says when they come one by one.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    process::Command,
    time::Duration,
};

use model::{Id, Instant, Quantity};
use normwatch::clock::Clock;
use sensors_sim::{Event, Format, Publisher, Row, messages_for};
use serde_json::Value;

use crate::{
    common::{mosquitto::Mosquitto, process::until, victoria_metrics::VictoriaMetrics},
    late::kept,
    marks::{add_pack, said},
    moved::{USE, day_use},
    office::{Room, write_register},
    play::{Key, TOKEN, outlets, states, told_of},
    service::{Service, assert_balanced},
    smtp::{Options, SmtpServer},
};

const PATIENCE: Duration = Duration::from_secs(120);
/// How many are claimed. Pages know of an edit after half a second, so that hundreds one by one take minutes.
const SENSORS: usize = 40;
const HALF_HOUR_MS: i64 = 1_800_000;
const DAY_MS: i64 = 86_400_000;
/// Half hours of the past in which they speak: three days.
const STEPS: i64 = 144;
/// Whole hours in that, wherever it begins.
const HOURS: usize = 71;
const CO2: &str = "gb-t-18883-2022/co2";

fn name(n: usize) -> String {
    format!("new-{n:03}")
}

fn rooms(count: usize) -> Vec<Room> {
    (0..count).map(|n| Room { id: format!("r-{n}"), sensor: name(n) }).collect()
}

/// Where they fall silent: so long ago that the engine holds none of it, and days are built anew.
fn end() -> Instant {
    let now = Clock::System.now().millis();
    Instant::from_millis(now - now.rem_euclid(HALF_HOUR_MS) - 8 * 3_600_000)
}

/// The air of so many rooms at every half hour before `end`; three of eight are crowded.
fn air(count: usize, end: Instant) -> Vec<Event> {
    let rows = (1..=STEPS).rev().flat_map(|step| {
        (0..count).map(move |n| Row {
            time: end.plus_ms(-step * HALF_HOUR_MS),
            sensor: Id::parse(&name(n)).unwrap(),
            quantity: Quantity::Co2,
            value: 500.0 + ((n + 5) % 8) as f64 * 100.0 + (step % 5) as f64,
        })
    });
    messages_for(rows.collect::<Vec<_>>(), Format::Senml).collect()
}

/// Rows for the first so many sensors, from a day before all that they said on.
fn sensors(count: usize, end: Instant) -> String {
    let from = end.plus_ms(-5 * DAY_MS).to_string();
    let mut text = "sensor,place,interval_s,max_gap_s,from\n".to_owned();
    for n in 0..count {
        writeln!(text, "{},r-{n},1800,5400,{}", name(n), from.get(..10).unwrap()).unwrap();
    }
    text
}

/// Outcome, value, limit and coverage of windows.
type Said = BTreeMap<Key, (i64, Option<f64>, Option<f64>, f64)>;

/// Everything around one service.
struct Site {
    dir: tempfile::TempDir,
    _broker: Mosquitto,
    mails: SmtpServer,
    series: VictoriaMetrics,
    service: Service,
}

/// What has come out at every end.
#[derive(Debug, PartialEq)]
struct Outcome {
    said: Said,
    /// Of what is said by the hour.
    states: BTreeMap<Key, i64>,
    /// Without when they were found.
    alerts: BTreeSet<String>,
    /// What was found and who was told, and how many mails say so.
    told: BTreeMap<(String, String), usize>,
    readings: usize,
}

impl Site {
    /// A service that has heard all of them and knows none.
    async fn open(events: &[Event]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        write_register(dir.path(), "UTC", &rooms(SENSORS));
        std::fs::write(dir.path().join("register/sensors.csv"), "sensor,place\n").unwrap();
        std::fs::write(dir.path().join(TOKEN), "none").unwrap();
        let mails = SmtpServer::start(&Options::default());
        let series = VictoriaMetrics::start().await.expect("apt-get install victoria-metrics");
        let broker = Mosquitto::start("").await.expect("mosquitto: apt-get install mosquitto");
        let mut service = Service::new(dir.path(), broker.port(), &outlets(&series, &mails));
        hears(&mut service, &broker, events).await;
        let site = Self { dir, _broker: broker, mails, series, service };
        until("event time follows the clock", PATIENCE, async || {
            let state = rusqlite::Connection::open(site.service.data().join("state.sqlite")).unwrap();
            let sql = "SELECT MAX(event_time) FROM checkpoint";
            let reached: Option<i64> = state.query_row(sql, [], |row| row.get(0)).unwrap();
            reached.filter(|reached| Clock::System.now().millis() - reached < 300_000)
        })
        .await;
        site
    }

    async fn digest(&self) -> String {
        self.service.api("/rulebook").await["digest"].to_string()
    }

    /// Puts other rows in force at once.
    async fn edit(&self, text: &str) {
        let before = self.digest().await;
        std::fs::write(self.dir.path().join("register/sensors.csv"), text).unwrap();
        let sent = Command::new("kill").args(["-HUP", &self.service.process_id().to_string()]).status();
        assert!(sent.unwrap().success());
        until("the edit is in force", PATIENCE, async || (self.digest().await != before).then_some(())).await;
    }

    /// What has come out of all before `end`. How often it was said does not matter.
    async fn outcome(&self, end: Instant) -> Option<Outcome> {
        let state = self.service.data().join("state.sqlite");
        let kept = kept(&state).into_iter();
        let said = kept
            .filter(|(key, _)| key.2 < end.millis())
            .map(|(key, (_, outcome, value, limit, coverage))| (key, (outcome, value, limit, coverage)));
        let text = |alert: &Value| {
            let parts = ["place", "clause", "state", "started_at", "value", "limit", "coverage", "unproven"];
            parts.map(|part| alert[part].to_string()).join(" ")
        };
        Some(Outcome {
            said: said.collect(),
            states: states(&self.series, end).await,
            alerts: self.service.list("/alerts").await.iter().map(text).collect(),
            told: told_of(&self.mails, &state)?,
            readings: self.series.count("co2_value").await,
        })
    }
}

/// Starts a service, which hears all of it from a broker.
async fn hears(service: &mut Service, broker: &Mosquitto, events: &[Event]) {
    service.start_connected().await;
    let publisher = Publisher::new(format!("mqtt://127.0.0.1:{}", broker.port()), "sensors");
    publisher.publish(events.to_vec()).await.unwrap();
    assert_balanced(&service.ledger("stored", events.len() as u64, PATIENCE).await);
}

impl Outcome {
    /// Whether every hour is judged, and two people have been told of every crowded room by two standards each.
    fn is_whole(&self) -> bool {
        let judged = self.said.iter().filter(|(key, said)| key.0 == CO2 && said.1.is_some());
        let crowded = (0..SENSORS).filter(|n| (n + 5) % 8 > 4).count();
        let of_air = self.told.keys().filter(|(what, _)| what.contains("/co2"));
        judged.count() >= SENSORS * HOURS && of_air.count() == crowded * 2 * 2
    }

    /// What differs, as far as it can be read.
    fn unlike(&self, other: &Self) -> String {
        let said = self.said.iter().filter(|(key, said)| other.said.get(*key) != Some(*said)).take(3);
        let states = self.states.iter().filter(|(key, state)| other.states.get(*key) != Some(*state)).take(3);
        let alerts = self.alerts.difference(&other.alerts).take(3);
        let told = self.told.iter().filter(|(key, count)| other.told.get(*key) != Some(*count)).take(3);
        let of = |o: &Self| (o.said.len(), o.states.len(), o.alerts.len(), o.told.len(), o.readings);
        format!(
            "{:?} {:?}: {:?} {:?} {:?} {:?}",
            of(self),
            of(other),
            said.collect::<Vec<_>>(),
            states.collect::<Vec<_>>(),
            alerts.collect::<Vec<_>>(),
            told.collect::<Vec<_>>()
        )
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_claims_of_one_edit_end_in_what_they_end_in_one_by_one() {
    let end = end();
    let events = air(SENSORS, end);
    let (at_once, one_by_one) = tokio::join!(Site::open(&events), Site::open(&events));
    let began = tokio::time::Instant::now();
    at_once.edit(&sensors(SENSORS, end)).await;
    println!("one edit is in force after {:?}", began.elapsed());
    for count in 1..=SENSORS {
        one_by_one.edit(&sensors(count, end)).await;
        if count == SENSORS / 2 {
            until("days are built anew between two edits", PATIENCE, async || {
                one_by_one.service.log().contains("days built anew").then_some(())
            })
            .await;
        }
    }
    println!("{SENSORS} edits are in force after {:?}", began.elapsed());
    let deadline = tokio::time::Instant::now() + PATIENCE;
    let outcome = until("the past is judged", 2 * PATIENCE, async || {
        let (first, second) = tokio::join!(at_once.outcome(end), one_by_one.outcome(end));
        let (first, second) = (first?, second?);
        let is_done = first == second && first.is_whole();
        let is_early = tokio::time::Instant::now() < deadline;
        assert!(is_done || is_early, "{} and {}", first.unlike(&second), second.unlike(&first));
        is_done.then_some(first)
    })
    .await;
    println!(
        "{} windows, {} alerts, {} told, alike after {:?}",
        outcome.said.len(),
        outcome.alerts.len(),
        outcome.told.len(),
        began.elapsed()
    );
    assert!(outcome.told.values().all(|mails| *mails == 1), "{:?}", outcome.told);
    assert_eq!(outcome.readings, events.len());
    for mut site in [at_once, one_by_one] {
        site.service.stop().await;
        let log = site.service.log();
        println!("built anew {} times", log.matches("built anew").count());
        assert!(!log.contains("ERROR"), "{log}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_import_of_places_and_sensors_judges_what_the_sensors_have_said_before() {
    let end = end();
    let dir = tempfile::tempdir().unwrap();
    write_register(dir.path(), "UTC", &rooms(3));
    let path = |name: &str| dir.path().join("register").join(name);
    let places = std::fs::read_to_string(path("places.csv")).unwrap();
    // A site without any building, and headers.
    for (file, lines) in [("places.csv", 2), ("sensors.csv", 1), ("posts.csv", 1), ("recipients.csv", 1)] {
        let text = std::fs::read_to_string(path(file)).unwrap();
        let bare: Vec<&str> = text.lines().take(lines).collect();
        std::fs::write(path(file), bare.join("\n") + "\n").unwrap();
    }
    let broker = Mosquitto::start("").await.expect("mosquitto: apt-get install mosquitto");
    let mut service = Service::new(dir.path(), broker.port(), "");
    add_pack(dir.path(), &day_use());
    // A meter that nobody knew counts 3 kWh an hour.
    let counted = (0..=STEPS / 2).map(|hour| {
        let at = end.plus_ms(hour * 2 * HALF_HOUR_MS - STEPS * HALF_HOUR_MS);
        said("mains", ("energy_import", "kWh", 3.0 * hour as f64), Some(at))
    });
    let events: Vec<Event> = air(3, end).into_iter().chain(counted).collect();
    hears(&mut service, &broker, &events).await;
    let edited = Clock::System.now().plus_ms(-5 * 60_000);
    std::fs::write(path("places.csv"), places).unwrap();
    std::fs::write(path("sensors.csv"), sensors(3, end)).unwrap();
    std::fs::write(path("meters.csv"), "sensor,place,carrier,interval_s\nmains,hall,electricity,3600\n")
        .unwrap();
    for room in 0..3 {
        let list = format!("/verdicts/history?place=r-{room}&clause={CO2}&to={end}");
        let said = until("the past is judged", PATIENCE, async || {
            let said = service.list(&list).await;
            let hours = said.iter().filter(|said| said["value"].is_number()).count();
            (hours >= HOURS).then_some(said)
        })
        .await;
        assert!(
            said.iter().all(|said| said["revision"] == 1),
            "r-{room} was judged by half before: {said:?}"
        );
    }
    let first = end.plus_ms(-STEPS * HALF_HOUR_MS).millis();
    let whole = (first + DAY_MS - 1).div_euclid(DAY_MS)..end.millis().div_euclid(DAY_MS);
    let used: BTreeMap<String, f64> =
        whole.map(|day| (Instant::from_millis(day * DAY_MS).to_string(), 72.0)).collect();
    until("whole days of the meter are judged", PATIENCE, async || {
        let said = service.list(&format!("/verdicts/history?place=hall&clause={USE}")).await;
        let said = said.iter().filter(|said| said["coverage"] == 1.0);
        let of = |said: &Value| (said["from"].as_str().unwrap().to_owned(), said["value"].as_f64().unwrap());
        (said.map(of).collect::<BTreeMap<_, _>>() == used).then_some(())
    })
    .await;
    // Their air is bad; found now, and not as if it had come live.
    let found = until("pages show what is found", PATIENCE, async || {
        let alerts = service.list("/alerts").await.into_iter().filter(|alert| alert["clause"] == CO2);
        let fired: Vec<Instant> =
            alerts.map(|alert| Instant::parse(alert["fired_at"].as_str().unwrap()).unwrap()).collect();
        (fired.len() == 3).then_some(fired)
    })
    .await;
    assert!(found.iter().all(|fired| *fired >= edited), "{found:?}");
    service.stop().await;
}
