//! Register, packs and overlay change while the service runs, or while it does not.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    time::Duration,
};

use model::{Id, Instant, Quantity};
use normwatch::clock::Clock;
use sensors_sim::{Format, Publisher, Row, messages_for};

use crate::{
    common::{mosquitto::Mosquitto, process::until},
    office::{Room, write_register},
    service::{Service, assert_balanced},
    smtp::{Options, SmtpServer},
};

const PATIENCE: Duration = Duration::from_secs(60);
const HOUR_MS: i64 = 3_600_000;
const CO2: &str = "gb-t-18883-2022/co2";

fn rooms() -> [Room; 2] {
    [("r-1", "air-1"), ("r-2", "air-2")].map(|(id, sensor)| Room { id: id.into(), sensor: sensor.into() })
}

fn limit(cap: u32) -> String {
    format!("[[override]]\nclause = \"{CO2}\"\ncitation = \"house rule\"\nat_most = {cap}\n")
}

/// A service with an overlay, its broker and its mail server.
struct Office {
    dir: tempfile::TempDir,
    broker: Mosquitto,
    mails: SmtpServer,
    service: Service,
    sent: u64,
}

impl Office {
    async fn open() -> Self {
        let dir = tempfile::tempdir().unwrap();
        write_register(dir.path(), "UTC", &rooms());
        std::fs::write(dir.path().join("overlay.toml"), limit(1000)).unwrap();
        let broker = Mosquitto::start("").await.expect("mosquitto: apt-get install mosquitto");
        let mails = SmtpServer::start(&Options::default());
        // Nobody answers there: lines wait in the state, where they can be read.
        let more = format!(
            "[influx]\nurl = \"http://127.0.0.1:9\"\norg = \"o\"\nbucket = \"b\"\n\n\
             [smtp]\nurl = \"smtp://127.0.0.1:{}\"\nfrom = \"normwatch@example.org\"\n\n\
             [alerts]\ngroup_wait = \"200ms\"\ngroup_interval = \"1s\"\n",
            mails.port
        );
        let mut service = Service::new(dir.path(), broker.port(), &more);
        let config = dir.path().join("normwatch.toml");
        let text = std::fs::read_to_string(&config).unwrap();
        std::fs::write(&config, format!("overlay = \"overlay.toml\"\n{text}")).unwrap();
        service.start_connected().await;
        Self { dir, broker, mails, service, sent: 0 }
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.dir.path().join(name)
    }

    /// Publishes a reading every five minutes over `[from, to)` for each sensor, and waits until all are stored.
    async fn publish(&mut self, sensors: &[&str], from: Instant, to: Instant, value: f64) {
        let rows = sensors.iter().flat_map(|sensor| {
            let sensor = Id::parse(sensor).unwrap();
            (0..to.since(from) / 300_000).map(move |step| Row {
                time: from.plus_ms(step * 300_000),
                sensor: sensor.clone(),
                quantity: Quantity::Co2,
                value: value + (step % 7) as f64,
            })
        });
        let mut events: Vec<_> = messages_for(rows.collect::<Vec<_>>(), Format::Zigbee2mqtt).collect();
        events.sort_by_key(|event| event.time);
        self.sent += events.len() as u64;
        let publisher = Publisher::new(format!("mqtt://127.0.0.1:{}", self.broker.port()), "reload");
        publisher.publish(events).await.unwrap();
        assert_balanced(&self.service.ledger("stored", self.sent, PATIENCE).await);
    }

    async fn digest(&self) -> String {
        let answer = self.service.api("/rulebook").await;
        answer["digest"].as_str().unwrap().to_owned()
    }

    /// Edits a file, and waits until another digest is in force.
    async fn edit(&self, name: &str, text: &str) {
        let before = self.digest().await;
        std::fs::write(self.path(name), text).unwrap();
        until("the edit is in force", PATIENCE, async || (self.digest().await != before).then_some(())).await;
    }

    /// State of the alert of a room by the CO2 clause.
    async fn alert(&self, room: &str) -> Option<(String, String)> {
        let alerts = self.service.list("/alerts").await;
        let found = alerts.iter().find(|alert| alert["clause"] == CO2 && alert["place"] == room)?;
        Some((found["id"].as_str().unwrap().to_owned(), found["state"].as_str().unwrap().to_owned()))
    }

    async fn in_state(&self, room: &str, state: &str) -> String {
        until(&format!("{room} is {state}"), PATIENCE, async || {
            self.alert(room).await.filter(|(_, is)| is == state).map(|(id, _)| id)
        })
        .await
    }

    /// The limit by which each CO2 window was judged, as it is on its way to the time-series server.
    fn limits(&self) -> BTreeMap<(String, i64), BTreeSet<String>> {
        limits(&self.service.data().join("state.sqlite"))
    }
}

fn limits(state: &Path) -> BTreeMap<(String, i64), BTreeSet<String>> {
    let state = rusqlite::Connection::open(state).unwrap();
    let mut query = state.prepare("SELECT line FROM series_lines").unwrap();
    let lines: Vec<String> = query.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    let mut limits: BTreeMap<_, BTreeSet<String>> = BTreeMap::new();
    for line in lines.iter().filter(|line| line.starts_with(&format!("verdict,clause={CO2},"))) {
        let (tags, rest) = line.split_once(' ').unwrap();
        let (fields, time) = rest.rsplit_once(' ').unwrap();
        let place = tags.split(',').find_map(|tag| tag.strip_prefix("place=")).unwrap();
        let limit = fields.split(',').find_map(|field| field.strip_prefix("limit=")).unwrap();
        limits.entry((place.to_owned(), time.parse().unwrap())).or_default().insert(limit.to_owned());
    }
    limits
}

/// A full hour so many hours ago.
fn hours_ago(hours: i64) -> Instant {
    let now = Clock::System.now().millis();
    Instant::from_millis(now - now.rem_euclid(HOUR_MS)).plus_ms(-hours * HOUR_MS)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_edit_is_told_everywhere_and_changes_nothing_and_a_good_one_keeps_what_fires() {
    let mut office = Office::open().await;
    office.publish(&["air-1", "air-2"], hours_ago(9), hours_ago(6), 1300.0).await;
    let (first, second) = (office.in_state("r-1", "firing").await, office.in_state("r-2", "firing").await);
    let digest = office.digest().await;

    std::fs::write(office.path("overlay.toml"), "[[override]]\nclause = \"gb-t-18883-2022/co3\"\n").unwrap();
    until("the edit is refused", PATIENCE, async || {
        let refused = office.service.metric("normwatch_reload_total{outcome=\"refused\"}").await;
        refused.filter(|refused| *refused == 1)
    })
    .await;
    until("readiness warns of it", PATIENCE, async || {
        let ready = office.service.get("/readyz").await.unwrap();
        (ready.contains("edit refused") && ready.contains("overlay.toml")).then_some(())
    })
    .await;
    assert!(office.service.get("/?lang=en").await.unwrap().contains("overlay.toml"));
    assert!(office.service.log().contains("overlay.toml:"), "{}", office.service.log());
    assert_eq!(office.digest().await, digest);
    assert_eq!(office.service.metric("normwatch_reload_last_successful").await, Some(0));

    // A stricter limit: the same alerts go on.
    office.edit("overlay.toml", &limit(900)).await;
    let info = format!("normwatch_rulebook_info{{digest=\"{}\"}}", office.digest().await);
    assert_eq!(office.service.metric(&info).await, Some(1));
    assert_eq!(office.service.metric("normwatch_reload_last_successful").await, Some(1));
    assert!(!office.service.get("/readyz").await.unwrap().contains("refused"));
    office.publish(&["air-1", "air-2"], hours_ago(6), hours_ago(4), 950.0).await;
    assert_eq!(office.in_state("r-1", "firing").await, first);
    assert_eq!(office.in_state("r-2", "firing").await, second);

    // A room leaves the register: its alert is withdrawn and that is told; the other goes on.
    let register = office.path("register");
    let of_register = |name: &str| std::fs::read_to_string(register.join(name)).unwrap();
    let without = |text: String, word: &str| -> String {
        text.lines().filter(|line| !line.contains(word)).map(|line| format!("{line}\n")).collect()
    };
    let (places, sensors) =
        (without(of_register("places.csv"), "r-2,"), without(of_register("sensors.csv"), "r-2"));
    let before = office.digest().await;
    std::fs::write(office.path("register/places.csv"), places).unwrap();
    std::fs::write(office.path("register/sensors.csv"), sensors).unwrap();
    until("the edit is in force", PATIENCE, async || (office.digest().await != before).then_some(())).await;
    assert_eq!(office.in_state("r-2", "withdrawn").await, second);
    assert_eq!(office.in_state("r-1", "firing").await, first);
    until("it is told", PATIENCE, async || {
        let mails = office.service.list("/mails").await;
        mails.iter().any(|mail| mail["subject"].as_str().unwrap().contains("Withdrawn")).then_some(())
    })
    .await;
    assert!(!office.mails.taken().is_empty());
    // Its sensor is nobody's now, until it is claimed again.
    office.publish(&["air-2"], hours_ago(4), hours_ago(3), 1200.0).await;
    until("the sensor is unknown", PATIENCE, async || {
        let unknown = office.service.list("/sensors/unknown").await;
        unknown.iter().any(|sensor| sensor["sensor"] == "air-2").then_some(())
    })
    .await;
    let sensors = format!("{}air-2,r-1,60,300\n", of_register("sensors.csv"));
    office.edit("register/sensors.csv", &sensors).await;
    until("the sensor is known", PATIENCE, async || {
        office.service.list("/sensors/unknown").await.is_empty().then_some(())
    })
    .await;
    office.service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_crash_each_window_is_judged_by_what_was_in_force_at_its_place_in_the_spool() {
    let mut calm = Office::open().await;
    let mut rough = Office::open().await;
    let (start, first, second, end) = (hours_ago(20), hours_ago(14), hours_ago(8), hours_ago(2));
    for (office, is_rough) in [(&mut calm, false), (&mut rough, true)] {
        office.publish(&["air-1"], start, first, 950.0).await;
        office.edit("overlay.toml", &limit(900)).await;
        office.publish(&["air-1"], first, second, 950.0).await;
        if is_rough {
            // What follows the checkpoint is judged again, with the files changed meanwhile.
            office.service.kill();
            std::fs::write(office.path("overlay.toml"), limit(800)).unwrap();
            office.service.start_connected().await;
        } else {
            office.edit("overlay.toml", &limit(800)).await;
        }
        office.publish(&["air-1"], second, end, 950.0).await;
        // Broken while it is down: what was in force stays in force.
        if is_rough {
            office.service.kill();
            std::fs::write(office.path("overlay.toml"), "nonsense").unwrap();
            office.service.start_connected().await;
            until("readiness warns of it", PATIENCE, async || {
                office.service.get("/readyz").await.filter(|ready| ready.contains("overlay.toml"))
            })
            .await;
        }
    }
    let is_all = |limits: &BTreeMap<(String, i64), BTreeSet<String>>| limits.len() >= 17;
    let mut all = Vec::new();
    for office in [&mut calm, &mut rough] {
        until("all windows are judged and kept", PATIENCE, async || is_all(&office.limits()).then_some(()))
            .await;
        office.service.stop().await;
        all.push(office.limits());
    }
    assert_eq!(all[0], all[1]);
    for ((room, from), limits) in &all[0] {
        let expected = match Instant::from_millis(*from) {
            // The hour before an edit is judged when readings behind it have come.
            from if from < first.plus_ms(-HOUR_MS) => "1000.0",
            from if from < second.plus_ms(-HOUR_MS) => "900.0",
            _ => "800.0",
        };
        assert_eq!(limits, &BTreeSet::from([expected.to_owned()]), "{room} {from}");
    }
    assert_eq!(calm.digest_of_state(), rough.digest_of_state());
    for office in [&calm, &rough] {
        assert_eq!(office.limit_events(), (2, 2), "each move of the limit is an event, once");
    }
}

impl Office {
    /// Events of limits that are kept, and lines of them on their way to the time-series server.
    fn limit_events(&self) -> (i64, i64) {
        let state = rusqlite::Connection::open(self.service.data().join("state.sqlite")).unwrap();
        let count = |sql: &str| state.query_row(sql, [], |row| row.get(0)).unwrap();
        (
            count("SELECT COUNT(*) FROM events WHERE kind = 'limit' AND text LIKE '%at most%before%'"),
            count("SELECT COUNT(*) FROM series_lines WHERE line LIKE 'event,kind=limit,site=campus %'"),
        )
    }

    /// The rulebook in the checkpoint, without the time since when it is in force.
    fn digest_of_state(&self) -> Vec<u8> {
        let state = rusqlite::Connection::open(self.service.data().join("state.sqlite")).unwrap();
        let body: Vec<u8> =
            state.query_row("SELECT body FROM engine WHERE name = 'rulebook'", [], |row| row.get(0)).unwrap();
        body[8..].to_vec()
    }
}
