//! A device is moved to another room: what comes late from the time before belongs to the room where it was.

use std::{collections::BTreeMap, time::Duration};

use model::Instant;
use normwatch::{app, clock::Clock};
use reqwest::get;
use sensors_sim::{Event, Publisher};
use serde_json::Value;

use crate::{
    bad_input::event,
    common::{mosquitto::Mosquitto, process::until},
    marks::{self, HOUR_USE, add_pack},
    office::{Room, write_register},
    play::told_of,
    service::{Service, assert_balanced},
    smtp::{Options, SmtpServer},
    vendors::config,
};

const PATIENCE: Duration = Duration::from_secs(90);
const CO2: &str = "gb-t-18883-2022/co2";
pub(crate) const USE: &str = "house-1/day-use";
const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;

fn at(text: &str) -> Instant {
    Instant::parse(&format!("2026-03-{text}:00Z")).unwrap()
}

/// CO2 every five minutes of an hour.
fn hour(from: Instant, value: f64) -> Vec<Event> {
    let pack = |n: i64| {
        let seconds = from.plus_ms(n * 300_000).millis() / 1000;
        format!("[{{\"n\":\"co2\",\"u\":\"ppm\",\"v\":{},\"t\":{seconds}}}]", value + n as f64)
    };
    (0..12).map(|n| event("normwatch/v1/air-1", pack(n))).collect()
}

/// A page of the API.
async fn page(service: &app::Service, path: &str) -> Option<Value> {
    let answer = get(format!("http://{}/api/v1{path}", service.address)).await.ok()?;
    serde_json::from_str(&answer.text().await.ok()?).ok()
}

/// What is said of the CO2 of a room, by start of the hour; hours without evidence say nothing.
async fn said(service: &app::Service, room: &str) -> Option<BTreeMap<String, String>> {
    let page = page(service, &format!("/verdicts/history?place={room}&clause={CO2}")).await?;
    let text = |verdict: &Value, key: &str| verdict[key].as_str().unwrap().to_owned();
    let verdicts = page["items"].as_array()?.iter().filter(|verdict| verdict["value"].is_number());
    Some(verdicts.map(|verdict| (text(verdict, "from"), text(verdict, "verdict"))).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn late_readings_of_a_device_that_was_moved_go_to_the_room_where_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let room = |n: u32| Room { id: format!("r-{n}"), sensor: format!("air-{n}") };
    write_register(dir.path(), "UTC", &[room(1), room(2)]);
    let broker = Mosquitto::start("").await.expect("mosquitto: apt-get install mosquitto");
    // A minute of the service is a second here; bindings change at midnight, so the night is chosen.
    let clock = Clock::simulated(at("04T01:45"), 60.0);
    let service = app::start(&config(dir.path(), &broker), clock).await.unwrap();
    service.subscribed().await;
    let publisher = Publisher::new(format!("mqtt://127.0.0.1:{}", broker.port()), "sensors");
    publisher.publish(hour(at("03T20:00"), 600.0)).await.unwrap();

    // Moved at midnight, and the register says so by a row for each room.
    let before = page(&service, "/rulebook").await.unwrap()["digest"].clone();
    let rows = "sensor,place,interval_s,max_gap_s,from,to\nair-1,r-1,60,300,,2026-03-04\n\
                air-1,r-2,60,300,2026-03-04,\nair-2,r-2,60,300,,2026-03-04\n";
    std::fs::write(dir.path().join("register/sensors.csv"), rows).unwrap();
    until("the edit is in force", PATIENCE, async || {
        page(&service, "/rulebook").await.filter(|held| held["digest"] != before)
    })
    .await;
    // Its gateway was cut off: the hours after the move come before those in front of it.
    publisher.publish(hour(at("04T00:00"), 700.0)).await.unwrap();
    publisher.publish(hour(at("03T22:00"), 1300.0)).await.unwrap();
    let of = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
        pairs.iter().map(|(from, verdict)| (at(from).to_string(), (*verdict).to_owned())).collect()
    };
    let (was, is) =
        (of(&[("03T20:00", "compliant"), ("03T22:00", "breach")]), of(&[("04T00:00", "compliant")]));
    until("each hour is judged in its room", PATIENCE, async || {
        let both = (said(&service, "r-1").await?, said(&service, "r-2").await?);
        println!("{both:?}");
        (both == (was.clone(), is.clone())).then_some(())
    })
    .await;
    let metrics = get(format!("http://{}/metrics", service.address)).await.unwrap().text().await.unwrap();
    assert!(metrics.contains("normwatch_readings_marked_total{mark=\"clock\"} 0\n"), "{metrics}");
    let ledger = page(&service, "/ledger").await.unwrap();
    let ledger: BTreeMap<String, u64> = serde_json::from_value(ledger).unwrap();
    assert_balanced(&ledger);
    assert_eq!((ledger["received"], ledger["stored"]), (36, 36), "{ledger:?}");
    service.stop().await.unwrap();
}

/// Electricity of a building by the day.
pub(crate) fn day_use() -> String {
    HOUR_USE
        .replace("hour-use", "day-use")
        .replace("period = \"hour\"", "period = \"day\"")
        .replace("at_most = 1000", "at_most = 50")
        .replace("severity = \"info\"", "severity = \"warning\"")
}

/// Six days of an office with a second building: r-1 uses 3 kWh an hour, and r-2 is crowded.
struct Week {
    dir: tempfile::TempDir,
    broker: Mosquitto,
    mails: SmtpServer,
    service: Service,
    /// Start of the day in which the readings end, ms; what came before has long been judged.
    last_day: i64,
}

impl Week {
    async fn lived() -> Self {
        let (dir, mails) = (tempfile::tempdir().unwrap(), SmtpServer::start(&Options::default()));
        let room = |n: u32| Room { id: format!("r-{n}"), sensor: format!("air-{n}") };
        write_register(dir.path(), "UTC", &[room(1), room(2), room(3)]);
        let broker = Mosquitto::start("").await.expect("mosquitto: apt-get install mosquitto");
        let smtp = format!(
            "[smtp]\nurl = \"smtp://127.0.0.1:{}\"\nfrom = \"normwatch@example.org\"\n\n\
             [alerts]\ngroup_wait = \"500ms\"\ngroup_interval = \"1s\"\n",
            mails.port
        );
        let service = Service::new(dir.path(), broker.port(), &smtp);
        let ended = Clock::System.now().millis() - 6 * HOUR_MS;
        let mut week = Self { dir, broker, mails, service, last_day: ended - ended.rem_euclid(DAY_MS) };
        let places = std::fs::read_to_string(week.path("places.csv")).unwrap();
        week.write("places.csv", &(places + "annex,building,campus,Annex,,4000,2500,,\n"));
        week.write("meters.csv", "sensor,place,carrier,interval_s\neast,r-1,electricity,3600\n");
        week.write("sensors.csv", "sensor,place,interval_s,max_gap_s\nair-2,r-2,1800,5400\n");
        add_pack(week.dir.path(), &day_use());
        week.service.start_connected().await;
        let mut events = Vec::new();
        for hour in 0..6 * 24 + 2 {
            let at = week.day(-6).plus_ms(hour * HOUR_MS);
            events.push(marks::said("east", ("energy_import", "kWh", 3.0 * hour as f64), Some(at)));
            for half in [0, 1] {
                let value = 1300.0 + (hour % 5 + half) as f64;
                let at = at.plus_ms(half * HOUR_MS / 2);
                events.push(marks::said("air-2", ("co2", "ppm", value), Some(at)));
            }
        }
        let count = events.len() as u64;
        let publisher = Publisher::new(format!("mqtt://127.0.0.1:{}", week.broker.port()), "sensors");
        publisher.publish(events).await.unwrap();
        assert_balanced(&week.service.ledger("stored", count, PATIENCE).await);
        week
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.dir.path().join("register").join(name)
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    fn day(&self, n: i64) -> Instant {
        Instant::from_millis(self.last_day + n * DAY_MS)
    }

    /// Since that many days ago r-1 is a room of the annex, and the sensor of r-2 hangs in r-3.
    fn moved(&self, days_ago: i64) {
        let since = self.day(-days_ago).to_string();
        let since = since.get(..10).unwrap();
        let places = std::fs::read_to_string(self.path("places.csv")).unwrap();
        let dated = places.lines().map(|line| match line.split_once(',').unwrap().0 {
            "place" => format!("{line},from,to\n"),
            "r-1" => format!("{line},,{since}\n{},{since},\n", line.replace(",hall,", ",annex,")),
            _ => format!("{line},,\n"),
        });
        let dated: String = dated.collect();
        let row = "air-2,r-2,1800,5400";
        let rows = format!("{row},,{since}\n{},{since},\n", row.replace(",r-2,", ",r-3,"));
        self.write("sensors.csv", &format!("sensor,place,interval_s,max_gap_s,from,to\n{rows}"));
        self.write("places.csv", &dated);
    }

    /// What is said of the windows of a place on those days, by their start: outcome, and value where there is one.
    async fn said(&self, place: &str, clause: &str) -> BTreeMap<Instant, (String, f64)> {
        let path = format!("/verdicts/history?place={place}&clause={clause}&to={}", self.day(0));
        let said = self.service.list(&path).await;
        let of = |said: &Value| {
            let start = Instant::parse(said["from"].as_str().unwrap()).unwrap();
            Some((start, (said["verdict"].as_str().unwrap().to_owned(), said["value"].as_f64()?)))
        };
        said.iter().filter_map(of).collect()
    }

    /// Days of 72 kWh.
    fn used(&self, days: std::ops::Range<i64>) -> BTreeMap<Instant, (String, f64)> {
        days.map(|n| (self.day(n), ("breach".to_owned(), 72.0))).collect()
    }

    /// What people were told, and by how many mails each.
    async fn told(&self) -> BTreeMap<(String, String), usize> {
        let state = self.service.data().join("state.sqlite");
        until("the journal holds what was told", PATIENCE, async || told_of(&self.mails, &state)).await
    }

    /// How many people were told of a finding.
    async fn readers(&self, clause: &str, place: &str) -> usize {
        let place = format!("\"{place}\"");
        let is_of = |what: &str| what.starts_with("firing") && what.contains(clause) && what.contains(&place);
        self.told().await.keys().filter(|(what, _)| is_of(what)).count()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_and_a_sensor_that_are_known_late_to_have_moved_are_judged_where_they_were_and_told_once() {
    let mut week = Week::lived().await;
    let hours = until("both are found where they were thought to be", PATIENCE, async || {
        let is_told = week.readers(USE, "hall").await == 2 && week.readers("/co2", "r-2").await == 4;
        let is_judged = week.said("hall", USE).await == week.used(-6..0);
        let hours = week.said("r-2", CO2).await;
        (is_told && is_judged && hours.len() == 6 * 24).then_some(hours)
    })
    .await;
    let (before, since): (BTreeMap<_, _>, BTreeMap<_, _>) =
        hours.into_iter().partition(|(from, _)| *from < week.day(-3));
    let told = week.told().await.len();

    week.moved(3);
    until("the days since are built anew", PATIENCE, async || {
        let (hall, annex) = (week.said("hall", USE).await, week.said("annex", USE).await);
        (hall == week.used(-6..-3) && annex == week.used(-3..0)).then_some(())
    })
    .await;
    until("the hours since are those of the other room", PATIENCE, async || {
        (week.said("r-2", CO2).await == before && week.said("r-3", CO2).await == since).then_some(())
    })
    .await;
    // Facilities read of both buildings; whoever reads of the hall alone hears nothing of the annex.
    until("people are told of where both are", PATIENCE, async || {
        (week.readers(USE, "annex").await == 1 && week.readers("/co2", "r-3").await == 4).then_some(())
    })
    .await;
    week.service.stop().await;
    week.service.start_connected().await;
    until("it is found behind a restart too", PATIENCE, async || {
        let alerts = week.service.list("/alerts").await;
        alerts.iter().any(|alert| alert["place"] == "annex").then_some(())
    })
    .await;
    let now_told = week.told().await;
    assert!(now_told.values().all(|mails| *mails == 1), "{now_told:?}");
    assert_eq!(now_told.len(), told + 5, "{now_told:?}");
    week.service.stop().await;
}
