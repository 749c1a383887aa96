//! A sensor stops publishing: a mail says so, and what its own next reading says.

use std::{path::Path, time::Duration};

use model::{Id, Instant, Quantity};
use normwatch::clock::Clock;
use sensors_sim::{Format, Publisher, Row, messages_for};
use serde_json::Value;

use crate::{
    common::process::until,
    ledger::balanced,
    load::url,
    office::{Room, write_register},
    rig::{PATIENCE, broker, mail_settings, ready},
    service::Service,
    smtp::{Options, SmtpServer},
};

const CLAUSE: &str = "normwatch-policy-1/silent-room";
const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
/// Long enough for a word that we listen: the wait for a settled connection, and a tick behind it.
const A_WHILE: Duration = Duration::from_secs(17);

/// An office of two rooms whose clock is set at will.
struct Office {
    service: Service,
    publisher: Publisher,
    shift: std::path::PathBuf,
    published: u64,
}

impl Office {
    /// Sets the service's clock, and waits until it has noticed.
    async fn at(&self, wanted: Instant) {
        let steps = || self.service.log().matches("the clock was set").count();
        let before = steps();
        set(&self.shift, wanted).await;
        until("the step is noticed", PATIENCE, async || (steps() > before).then_some(())).await;
    }

    /// A reading of each of these sensors at these instants, as the sensors stamp them.
    async fn speak(&mut self, sensors: &[&str], instants: impl Iterator<Item = Instant> + Clone) {
        let row = |sensor: &str, time| Row {
            time,
            sensor: Id::parse(sensor).unwrap(),
            quantity: Quantity::Co2,
            value: 600.0 + (time.millis() / MINUTE_MS % 13) as f64,
        };
        let rows = sensors.iter().flat_map(|sensor| instants.clone().map(move |at| row(sensor, at)));
        let mut rows: Vec<Row> = rows.collect();
        rows.sort_by_key(|row| row.time);
        let events: Vec<_> = messages_for(rows, Format::Senml).collect();
        let count = events.len() as u64;
        assert_eq!(self.publisher.publish(events).await.unwrap().acked, count);
        self.published += count;
        balanced(&self.service, self.published..=self.published).await;
    }

    /// What is said of the silent room in the window that begins at `from`.
    async fn verdict(&self, from: Instant) -> Value {
        until("the hour is judged", PATIENCE, async || {
            let all = self.service.list(&format!("/verdicts?clause={CLAUSE}&place=r-0")).await;
            let of_it = |verdict: &Value| {
                let at = verdict["from"].as_str().and_then(|text| Instant::parse(text).ok());
                verdict["place"] == "r-0" && verdict["clause"] == CLAUSE && at == Some(from)
            };
            all.into_iter().find(of_it)
        })
        .await
    }

    /// The alert of the silent room; pages show it a moment after the mail.
    async fn alert(&self) -> Value {
        until("the alert is shown", PATIENCE, async || {
            let all = self.service.list("/alerts").await;
            all.into_iter().find(|alert| alert["clause"] == CLAUSE && alert["place"] == "r-0")
        })
        .await
    }
}

async fn set(file: &Path, wanted: Instant) {
    let shift = wanted.since(Clock::System.now());
    tokio::fs::write(file, shift.to_string()).await.unwrap();
}

/// Mails that tell of the silent room.
fn told(mails: &SmtpServer) -> Vec<String> {
    let texts = mails.taken().into_iter().map(|mail| {
        let headers = &mail["headers"];
        format!("{}\n{}", headers["subject"].as_str().unwrap(), mail["text"].as_str().unwrap())
    });
    texts.filter(|text| text.contains("silent-room") || text.contains("air-0")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sensor_that_stops_publishing_is_mailed_and_resolved_only_when_it_speaks_again() {
    let dir = tempfile::tempdir().unwrap();
    let broker = broker("").await;
    let mails = SmtpServer::start(&Options::default());
    let room = |n: usize| Room { id: format!("r-{n}"), sensor: format!("air-{n}") };
    write_register(dir.path(), "UTC", &[room(0), room(1)]);
    let hour = Instant::from_millis((Clock::System.now().millis().div_euclid(HOUR_MS) + 1) * HOUR_MS);
    let shift = dir.path().join("shift");
    let begin = hour.plus_ms(-3 * MINUTE_MS);
    set(&shift, begin).await;
    let mut service = Service::new(dir.path(), broker.port(), &mail_settings(mails.port))
        .with_variable("NORMWATCH_CLOCK_SHIFT_FILE", &shift);
    service.start().await;
    ready(&service).await;
    let publisher = Publisher::new(url(broker.port()), "office");
    let mut office = Office { service, publisher, shift, published: 0 };

    // Both speak for ten hours; then one falls silent for thirty, and the other goes on.
    let every = |from: Instant, count: i64| (0..count).map(move |n| from.plus_ms(n * 4 * MINUTE_MS));
    let start = begin.plus_ms(-40 * HOUR_MS);
    office.speak(&["air-0", "air-1"], every(start, 150)).await;
    office.speak(&["air-1"], every(start.plus_ms(10 * HOUR_MS), 450)).await;
    office.speak(&["air-1"], every(begin, 1)).await;
    let first = until("the silence is mailed", PATIENCE, async || told(&mails).into_iter().next()).await;
    println!("{first}");
    assert!(first.contains(CLAUSE), "the mail does not say which clause: {first}");
    assert!(first.contains("air-0 since"), "the mail does not say which sensor: {first}");
    assert!(!first.contains("air-1"), "{first}");
    let alert = office.alert().await;
    assert_eq!((&alert["state"], &alert["place"]), (&"firing".into(), &"r-0".into()), "{alert}");
    tokio::time::sleep(A_WHILE).await; // for a word that we listen, not a wait for a result

    // An hour on it is still silent: that its neighbour speaks clears nothing.
    office.at(hour.plus_ms(10 * MINUTE_MS)).await;
    office.speak(&["air-1"], every(hour.plus_ms(10 * MINUTE_MS), 1)).await;
    let verdict = office.verdict(hour.plus_ms(-HOUR_MS)).await;
    assert_eq!(verdict["verdict"], "breach", "{verdict}");
    assert!(verdict["value"].as_f64().unwrap() > 24.0, "{verdict}");
    assert!(verdict["why"]["silent"].to_string().contains("air-0 since"), "{verdict}");

    // It speaks again, and we are told so once the hour is over in which it did.
    let next = hour.plus_ms(HOUR_MS);
    office.at(next.plus_ms(-3 * MINUTE_MS)).await;
    office.speak(&["air-0", "air-1"], every(next.plus_ms(-3 * MINUTE_MS), 1)).await;
    tokio::time::sleep(A_WHILE).await; // for a word that we listen, not a wait for a result
    let before = told(&mails);
    assert_eq!(office.alert().await["state"], "firing", "its hour is not over");
    office.at(next.plus_ms(10 * MINUTE_MS)).await;
    office.speak(&["air-0", "air-1"], every(next.plus_ms(10 * MINUTE_MS), 1)).await;
    let verdict = office.verdict(hour).await;
    assert_eq!(verdict["verdict"], "compliant", "{verdict}");
    let after = until("the end of the silence is mailed", PATIENCE, async || {
        let now = told(&mails);
        (now.len() > before.len()).then_some(now)
    })
    .await;
    println!("{}", after[after.len() - 1]);
    assert!(!before.iter().any(|text| is_resolved(text)), "{before:#?}");
    assert!(is_resolved(&after[after.len() - 1]), "{after:#?}");
    office.service.stop().await;
}

/// Whether a mail says that the finding is over, in either language.
fn is_resolved(text: &str) -> bool {
    text.contains("传感器数据证实，该项已恢复达标") || text.contains("The sensors prove that this is over")
}
