//! Bursts of days ago: what they say in the end is what `replay` says of all in order, crash or not.

use std::{collections::BTreeMap, path::Path, time::Duration};

use model::{Id, Instant, Quantity};
use normwatch::clock::Clock;
use sensors_sim::{Publisher, Row};

use crate::{
    common::{mosquitto::Mosquitto, process::until},
    play::{Key, Play, replayed},
    service::{Service, assert_balanced},
};

const PATIENCE: Duration = Duration::from_secs(150);
const STEP_MS: i64 = 4 * 60_000;
const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;

/// Twenty-six days of two rooms that are crowded by day, up to some hours ago.
fn rows() -> Vec<Row> {
    let now = Clock::System.now().millis();
    let end = now - now.rem_euclid(HOUR_MS) - 6 * HOUR_MS;
    let mut rows = Vec::new();
    for (index, name) in ["late-1", "late-2"].into_iter().enumerate() {
        let sensor = Id::parse(name).unwrap();
        for step in 0..26 * DAY_MS / STEP_MS {
            let time = Instant::from_millis(end - step * STEP_MS);
            let hour = time.millis().rem_euclid(DAY_MS) / HOUR_MS;
            let is_busy = (9..18).contains(&hour);
            let wave = (step % 7 + index as i64) as f64;
            for (quantity, value) in [
                (Quantity::Co2, if is_busy { 990.0 + 9.0 * wave } else { 480.0 + wave }),
                (Quantity::Temperature, if is_busy { 25.7 } else { 22.0 } + 0.1 * wave),
                (Quantity::Motion, f64::from(u8::from(is_busy && step % 3 == 0))),
            ] {
                rows.push(Row { time, sensor: sensor.clone(), quantity, value });
            }
        }
    }
    rows
}

/// What the state keeps of each window: revision, outcome, value, limit, coverage.
pub(crate) type Kept = BTreeMap<Key, (u32, i64, Option<f64>, Option<f64>, f64)>;

pub(crate) fn kept(state: &Path) -> Kept {
    let state = rusqlite::Connection::open(state).unwrap();
    let mut query = state
        .prepare(
            "SELECT clause, subject, start, revision, outcome, value, bound, coverage FROM verdicts
             JOIN checks ON checks.id = check_id",
        )
        .unwrap();
    let rows = query.query_map([], |row| {
        let key = (row.get(0)?, row.get(1)?, row.get(2)?);
        Ok((key, (row.get(3)?, row.get(4)?, row.get(5)?, row.get(6)?, row.get(7)?)))
    });
    rows.unwrap().map(Result::unwrap).collect()
}

struct Office {
    _dir: tempfile::TempDir,
    broker: Mosquitto,
    service: Service,
}

impl Office {
    async fn open(play: &Play) -> Self {
        let dir = tempfile::tempdir().unwrap();
        play.write_register(dir.path());
        let broker = Mosquitto::start("").await.expect("mosquitto: apt-get install mosquitto");
        let mut service = Service::new(dir.path(), broker.port(), "");
        service.start_connected().await;
        Self { _dir: dir, broker, service }
    }

    async fn publish(&mut self, events: Vec<sensors_sim::Event>, stored: u64) {
        let publisher = Publisher::new(format!("mqtt://127.0.0.1:{}", self.broker.port()), "late");
        publisher.publish(events).await.unwrap();
        assert_balanced(&self.service.ledger("stored", stored, PATIENCE).await);
    }

    /// Waits until no day is left to be built anew, and returns what is kept.
    async fn settled(&mut self, builds: usize) -> Kept {
        until("days are built anew", PATIENCE, async || {
            (self.service.log().matches("days built anew").count() >= builds).then_some(())
        })
        .await;
        self.service.stop().await;
        kept(&self.service.data().join("state.sqlite"))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bursts_of_three_and_twenty_days_ago_end_in_what_replay_says_with_and_without_a_crash() {
    let play = Play::of(rows(), "UTC");
    let dir = tempfile::tempdir().unwrap();
    play.write_register(dir.path());
    play.decoded(dir.path());
    // That a sensor was silent stays true of a day whose readings came later.
    let is_of_device = |clause: &str| ["/silent-", "/stuck-"].iter().any(|part| clause.contains(part));
    let expected: BTreeMap<_, _> =
        replayed(&play, dir.path()).into_iter().filter(|(key, _)| !is_of_device(&key.0)).collect();
    // The busy hours of two days, whatever the hour is now.
    let today = Clock::System.now().millis().div_euclid(DAY_MS);
    let is_late = |time: Instant| {
        let (day, within) = (time.millis().div_euclid(DAY_MS), time.millis().rem_euclid(DAY_MS));
        [3, 20].contains(&(today - day)) && (8 * HOUR_MS..18 * HOUR_MS).contains(&within)
    };
    let (late, timely) = (play.events_of(is_late), play.events_of(|time| !is_late(time)));
    let (count, all) = (timely.len() as u64, play.messages());
    assert!(late.len() > 100);

    let (mut calm, mut rough) = (Office::open(&play).await, Office::open(&play).await);
    let mut before = Kept::new();
    for (office, is_rough) in [(&mut calm, false), (&mut rough, true)] {
        office.publish(timely.clone(), count).await;
        office.publish(late.clone(), all).await;
        if is_rough {
            office.service.kill();
            before = kept(&office.service.data().join("state.sqlite"));
            office.service.start_connected().await;
        }
    }
    let (calm, rough) = (calm.settled(1).await, rough.settled(1).await);

    let code = |verdict: &str| ["compliant", "breach", "insufficient"].iter().position(|o| *o == verdict);
    let mut revised = 0;
    for (key, verdict) in &expected {
        let held = calm.get(key).unwrap_or_else(|| panic!("{key:?} is not kept: {verdict}"));
        let said = (
            code(verdict["verdict"].as_str().unwrap()).map(|code| code as i64),
            verdict["value"].as_f64(),
            verdict["limit"].as_f64(),
            verdict["coverage"].as_f64(),
        );
        assert_eq!((Some(held.1), held.2, held.3, Some(held.4)), said, "{key:?}");
        revised += usize::from(held.0 > 1);
    }
    println!("{} windows, {revised} revised; {} kept at the crash", expected.len(), before.len());
    assert!(revised >= 2 * 2 * 10, "only {revised} of {}", expected.len());
    let settled = |kept: &Kept| -> Kept {
        kept.iter().filter(|(key, _)| expected.contains_key(*key)).map(|(k, v)| (k.clone(), *v)).collect()
    };
    assert_eq!(settled(&calm), settled(&rough));
}
