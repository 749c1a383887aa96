//! A play: rows as vendor messages through everything, and what has come out at every end of it.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::Write as _,
    path::Path,
    time::Duration,
};

use model::{Id, Instant};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use sensors_sim::{Event, Format, Publisher, Row, eui_of, messages_for};
use serde_json::{Value, json};

use crate::{
    common::{mosquitto::Mosquitto, process::until, victoria_metrics::VictoriaMetrics},
    office::{Room, write_register},
    service::{Service, assert_balanced, program},
    smtp::{Options, SmtpServer},
};

/// The longest that a play may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(400);
/// Verdicts of windows that end this long before the last row are final, ms.
const SETTLED_MS: i64 = 2 * 3_600_000;
/// Windows that begin so long before the newest settled one are settled themselves, ms: an hour or a day is judged at a time.
const EXTRA_MS: i64 = 26 * 3_600_000;
/// Crashes of a play.
const CRASHES: usize = 5;

/// A verdict by clause, subject and start of its window.
pub(crate) type Key = (String, String, i64);

/// Rows, the messages that carry them, and the rooms that they come from.
#[derive(Debug)]
pub(crate) struct Play {
    rooms: Vec<Room>,
    time_zone: &'static str,
    events: Vec<Event>,
    newest: Instant,
}

impl Play {
    /// Sensors take turns in publishing as zigbee2mqtt and as `ChirpStack`.
    pub(crate) fn of(mut rows: Vec<Row>, time_zone: &'static str) -> Self {
        rows.sort_by(|a, b| (a.time, &a.sensor).cmp(&(b.time, &b.sensor)));
        let sensors: BTreeSet<Id> = rows.iter().map(|row| row.sensor.clone()).collect();
        let lorawan: BTreeSet<Id> = sensors.iter().skip(1).step_by(2).cloned().collect();
        let rooms = sensors.iter().map(|sensor| Room {
            id: format!("room-{sensor}"),
            sensor: if lorawan.contains(sensor) { eui_of(sensor) } else { sensor.to_string() },
        });
        let rooms = rooms.collect();
        let newest = rows.last().unwrap().time;
        let (radio, rest): (Vec<Row>, Vec<Row>) =
            rows.into_iter().partition(|row| lorawan.contains(&row.sensor));
        let mut events: Vec<Event> = messages_for(radio, Format::ChirpstackV4).collect();
        events.extend(messages_for(rest, Format::Zigbee2mqtt));
        events.sort_by_key(|event| event.time);
        Self { rooms, time_zone, events, newest }
    }

    pub(crate) fn messages(&self) -> u64 {
        self.events.len() as u64
    }

    /// The messages of some times, in order.
    pub(crate) fn events_of(&self, is_of: impl Fn(Instant) -> bool) -> Vec<Event> {
        self.events.iter().filter(|event| is_of(event.time)).cloned().collect()
    }

    pub(crate) fn write_register(&self, dir: &Path) {
        write_register(dir, self.time_zone, &self.rooms);
    }

    fn is_settled(&self, to_ms: i64) -> bool {
        to_ms <= self.newest.millis() - SETTLED_MS
    }

    /// What the messages say, by the program's own `decode`, as input for `replay`; and readings by quantity.
    pub(crate) fn decoded(&self, dir: &Path) -> BTreeMap<String, usize> {
        let mut input = std::io::BufWriter::new(std::fs::File::create(dir.join("messages")).unwrap());
        for event in &self.events {
            let payload = std::str::from_utf8(&event.payload).unwrap();
            writeln!(input, "{}", json!({"topic": event.topic, "payload": payload})).unwrap();
        }
        drop(input);
        let mut command = program();
        command.current_dir(dir).args(["decode", "--register", "register", "messages"]);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let mut readings = std::io::BufWriter::new(std::fs::File::create(dir.join("readings")).unwrap());
        let mut points = BTreeSet::new();
        for line in std::str::from_utf8(&output.stdout).unwrap().lines() {
            let line: Value = serde_json::from_str(line).unwrap();
            for reading in line["readings"].as_array().unwrap_or_else(|| panic!("{line}")) {
                writeln!(readings, "{reading}").unwrap();
                let part = |key: &str| reading[key].as_str().unwrap_or("").to_owned();
                points.insert((part("quantity"), part("sensor"), part("channel"), part("time")));
            }
        }
        let mut counts = BTreeMap::new();
        for (quantity, ..) in points {
            *counts.entry(quantity).or_insert(0) += 1;
        }
        counts
    }
}

/// The last verdict on every settled window, as `replay` prints it.
pub(crate) fn replayed(play: &Play, dir: &Path) -> BTreeMap<Key, Value> {
    let mut command = program();
    command.current_dir(dir).args(["replay", "--register", "register", "readings"]);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = std::str::from_utf8(&output.stdout).unwrap().lines();
    let verdicts = lines.map(|line| serde_json::from_str::<Value>(line).unwrap());
    // Only an input has an end, at which the last reading of a series stands shorter: a service has none.
    let is_of_the_end =
        |verdict: &Value| Instant::parse(verdict["time"].as_str().unwrap()).unwrap() >= play.newest;
    let verdicts = verdicts.filter(|verdict| !is_of_the_end(verdict));
    verdicts.filter_map(|verdict| settled_key(play, &verdict).map(|key| (key, verdict))).collect()
}

/// Areas per post are judged by the register alone, which `replay` does not do.
fn is_of_register(verdict: &Value) -> bool {
    verdict["clause"].as_str().is_some_and(|clause| clause.starts_with("cn-2674-2014/"))
}

fn settled_key(play: &Play, verdict: &Value) -> Option<Key> {
    let text = |key: &str| verdict[key].as_str().map(str::to_owned);
    let ms = |key: &str| verdict[key].as_str().map(|time| Instant::parse(time).unwrap().millis());
    if !play.is_settled(ms("to")?) {
        return None;
    }
    Some((text("clause")?, text("place").or_else(|| text("body"))?, ms("from")?))
}

/// Everything around one service.
struct Site {
    _dir: tempfile::TempDir,
    broker: Mosquitto,
    mails: SmtpServer,
    series: VictoriaMetrics,
    service: Service,
}

/// What came out of a play.
struct Outcome {
    /// State of every settled window, from the time-series server.
    states: BTreeMap<Key, i64>,
    /// The same from the API, where it shows a settled window; whole verdicts.
    shown: BTreeMap<Key, Value>,
    /// (transition, recipient) of all mails, and the mails' ids where it stood.
    told: BTreeMap<(String, String), Vec<String>>,
    ledger: BTreeMap<String, u64>,
    maybe_doubled: u64,
}

impl Site {
    async fn open(play: &Play) -> Self {
        let dir = tempfile::tempdir().unwrap();
        write_register(dir.path(), play.time_zone, &play.rooms);
        let broker = Mosquitto::start("").await.expect("mosquitto: apt-get install mosquitto");
        let series = VictoriaMetrics::start().await.expect("apt-get install victoria-metrics");
        let mails = SmtpServer::start(&Options::default());
        std::fs::write(dir.path().join(TOKEN), "none").unwrap();
        let more = outlets(&series, &mails);
        let mut service = Service::new(dir.path(), broker.port(), &more);
        service.start_connected().await;
        Self { _dir: dir, broker, mails, series, service }
    }

    /// Publishes everything as fast as the broker takes it, while the service is killed at `instants`.
    async fn run(mut self, play: &Play, readings: &BTreeMap<String, usize>, instants: &[u64]) -> Outcome {
        let publisher = Publisher::new(format!("mqtt://127.0.0.1:{}", self.broker.port()), "rooms");
        let began = tokio::time::Instant::now();
        let (done, ()) = tokio::join!(publisher.publish(play.events.clone()), self.crash(instants));
        assert_eq!(done.unwrap().acked, play.messages());
        let ledger = self.service.ledger("stored", play.messages(), PATIENCE).await;
        let took = began.elapsed();
        let span = play.newest.since(play.events[0].time) as f64 / 1000.0;
        println!(
            "{} messages in {took:?}: {:.0} times real time",
            play.messages(),
            span / took.as_secs_f64()
        );
        let verdicts = self.service.list("/verdicts").await;
        let shown = verdicts.into_iter().filter_map(|v| settled_key(play, &v).map(|key| (key, v))).collect();
        self.all_arrived(readings).await;
        let told = self.all_told(instants.is_empty()).await;
        let states = states(&self.series, play.newest).await;
        let maybe_doubled = self.service.metric("normwatch_mail_maybe_doubled_total").await.unwrap();
        self.service.stop().await;
        Outcome { states, shown, told, ledger, maybe_doubled }
    }

    /// Kills the service whenever it has received so many messages, and starts it again.
    async fn crash(&mut self, instants: &[u64]) {
        for instant in instants {
            until("the service receives", PATIENCE, async || {
                let received = self.service.metric("normwatch_messages_received_total").await;
                received.filter(|received| received >= instant)
            })
            .await;
            self.service.kill();
            self.service.start().await;
        }
    }

    /// Every reading is at the time-series server, once.
    async fn all_arrived(&self, readings: &BTreeMap<String, usize>) {
        for (quantity, count) in readings {
            let name = format!("{quantity}_value");
            until(&format!("{count} of {quantity} arrive"), PATIENCE, async || {
                let arrived = self.series.count(&name).await;
                assert!(arrived <= *count, "{quantity}: {arrived} of {count}");
                (arrived == *count).then_some(())
            })
            .await;
        }
    }

    /// All mails, once the outbox is empty and nothing waits to be told.
    async fn all_told(&self, is_plain: bool) -> BTreeMap<(String, String), Vec<String>> {
        let state = rusqlite::Connection::open(self.service.data().join("state.sqlite")).unwrap();
        let fired = "SELECT COUNT(*) FROM journal WHERE kind = 'firing'";
        until("every finding is told", PATIENCE, async || {
            let fired: i64 = state.query_row(fired, [], |row| row.get(0)).unwrap();
            let told = told(&self.mails);
            let firing: BTreeSet<&String> = told.keys().map(|(transition, _)| transition).collect();
            let waiting = self.waiting_mails();
            (fired > 0 && waiting == 0 && firing.len() as i64 >= fired && self.is_ticking().await)
                .then_some(())
        })
        .await;
        let told = told(&self.mails);
        if is_plain {
            assert!(told.values().all(|mails| mails.len() == 1), "{told:?}");
        }
        told
    }

    /// Whether event time has followed the wall clock since the play ended: all timers have fired.
    async fn is_ticking(&self) -> bool {
        let state = rusqlite::Connection::open(self.service.data().join("state.sqlite")).unwrap();
        let reached: Option<i64> =
            state.query_row("SELECT MAX(event_time) FROM checkpoint", [], |row| row.get(0)).unwrap();
        let now = normwatch::clock::Clock::System.now().millis();
        reached.is_some_and(|reached| now - reached < 300_000)
    }

    fn waiting_mails(&self) -> i64 {
        let outbox = rusqlite::Connection::open(self.service.data().join("mail.sqlite")).unwrap();
        let sql = "SELECT COUNT(*) FROM mail_log WHERE status IN ('queued', 'sending')";
        outbox.query_row(sql, [], |row| row.get(0)).unwrap()
    }
}

/// Name of the file beside the configuration that holds the token of [`outlets`].
pub(crate) const TOKEN: &str = "token";

/// Configuration of a service that writes to this server and mails to that one, soon.
pub(crate) fn outlets(series: &VictoriaMetrics, mails: &SmtpServer) -> String {
    format!(
        "[influx]\nurl = \"{}\"\norg = \"office\"\nbucket = \"office\"\ntoken_file = \"{TOKEN}\"\n\n\
         [smtp]\nurl = \"smtp://127.0.0.1:{}\"\nfrom = \"normwatch@example.org\"\n\n\
         [alerts]\ngroup_wait = \"500ms\"\ngroup_interval = \"1s\"\n",
        series.url(),
        mails.port
    )
}

/// The state of every window that begins by `newest`, from the time-series server.
pub(crate) async fn states(series: &VictoriaMetrics, newest: Instant) -> BTreeMap<Key, i64> {
    let mut states = BTreeMap::new();
    for series in series.export("verdict_state").await {
        let tag = |name: &str| series["metric"][name].as_str().map(str::to_owned);
        let (clause, place) = (tag("clause").unwrap(), tag("place").or_else(|| tag("body")).unwrap());
        let times = series["timestamps"].as_array().unwrap().iter();
        for (time, value) in times.zip(series["values"].as_array().unwrap()) {
            let time = time.as_i64().unwrap();
            if time <= newest.millis() {
                states.insert((clause.clone(), place.clone(), time), value.as_f64().unwrap() as i64);
            }
        }
    }
    states
}

/// (transition, recipient) of the mails that the server took, with the ids of those mails.
pub(crate) fn told(server: &SmtpServer) -> BTreeMap<(String, String), Vec<String>> {
    let mut told: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
    for mail in server.taken() {
        let headers = &mail["headers"];
        let ids = headers["x-normwatch-transition"].as_str().unwrap_or_else(|| panic!("{headers}"));
        for id in ids.split(',') {
            for to in mail["to"].as_array().unwrap() {
                let key = (id.trim().to_owned(), to.as_str().unwrap().to_owned());
                told.entry(key).or_default().push(headers["message-id"].as_str().unwrap().to_owned());
            }
        }
    }
    told
}

/// The same by what was found (check and kind of transition, without when) and recipient: how many mails say so.
/// `None` while the journal does not hold all of it: mails are quicker.
pub(crate) fn told_of(server: &SmtpServer, state: &Path) -> Option<BTreeMap<(String, String), usize>> {
    let state = rusqlite::Connection::open(state).unwrap();
    let sql = "SELECT body, kind FROM journal WHERE transition_id = ?1";
    let mut found: BTreeMap<(String, String), usize> = BTreeMap::new();
    for ((transition, recipient), mails) in told(server) {
        let row = |row: &rusqlite::Row<'_>| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?));
        let (body, kind) = state.query_row(sql, [&transition], row).ok()?;
        let record: Value = serde_json::from_str(&body).unwrap();
        *found.entry((format!("{kind} {}", record["check"]), recipient)).or_default() += mails.len();
    }
    Some(found)
}

/// Plays twice, once with crashes at random instants, and compares what comes out, also with `replay`.
pub(crate) async fn with_and_without_crashes(play: &Play, seed: u64) {
    let dir = tempfile::tempdir().unwrap();
    write_register(dir.path(), play.time_zone, &play.rooms);
    let readings = play.decoded(dir.path());
    let expected = replayed(play, dir.path());
    println!("{} messages, readings {readings:?}, {} verdicts", play.messages(), expected.len());
    assert!(expected.values().any(|verdict| verdict["verdict"] == "breach"));

    let mut random = StdRng::seed_from_u64(seed);
    let mut instants: Vec<u64> = (0..CRASHES).map(|_| random.random_range(1..play.messages())).collect();
    instants.sort_unstable();
    let (calm, rough) = (Site::open(play).await, Site::open(play).await);
    let (calm, rough) = tokio::join!(calm.run(play, &readings, &[]), rough.run(play, &readings, &instants));

    assert_balanced(&calm.ledger);
    assert_balanced(&rough.ledger);
    assert_eq!((calm.ledger["stored"], calm.ledger["duplicate"]), (play.messages(), 0));
    assert_eq!(rough.ledger["stored"], play.messages(), "{:?}", rough.ledger);

    compare_states("without crashes", &calm.states, &expected);
    compare_states("with crashes", &rough.states, &expected);
    for outcome in [&calm, &rough] {
        let judged = outcome.shown.iter().filter(|(_, verdict)| !is_of_register(verdict));
        for (key, verdict) in judged {
            assert_eq!(Some(verdict), expected.get(key), "{key:?}");
        }
    }
    assert!(calm.shown.values().any(|verdict| !is_of_register(verdict)));

    let pairs = |outcome: &Outcome| outcome.told.keys().cloned().collect::<BTreeSet<_>>();
    assert_eq!(pairs(&calm), pairs(&rough));
    let doubled: BTreeSet<&String> = rough.told.values().filter(|mails| mails.len() > 1).flatten().collect();
    println!(
        "{} told, ledger after crashes {:?}, mails doubled {} of {} that may be",
        calm.told.len(),
        rough.ledger,
        doubled.len(),
        rough.maybe_doubled
    );
    assert!(doubled.len() as u64 <= rough.maybe_doubled, "{doubled:?}");
    for mails in rough.told.values() {
        assert!(mails.iter().all(|mail| *mail == mails[0]), "a transition in two different mails: {mails:?}");
    }
}

/// The time-series server has every settled verdict of `replay`, and says the same.
fn compare_states(name: &str, states: &BTreeMap<Key, i64>, expected: &BTreeMap<Key, Value>) {
    let code = |verdict: &Value| match verdict["verdict"].as_str().unwrap() {
        "compliant" => 0,
        "breach" => 1,
        _ => 2,
    };
    let differing: Vec<_> = expected
        .iter()
        .filter(|(key, verdict)| states.get(*key) != Some(&code(verdict)))
        .map(|(key, verdict)| (key, states.get(key), verdict))
        .collect();
    let newest = expected.keys().map(|key| key.2).max().unwrap();
    // `replay` judges readings only; areas per post are judged by the register. What is judged by the day or longer
    // stands at every hour.
    let is_by_hour = |verdict: &Value| {
        let ms = |key: &str| Instant::parse(verdict[key].as_str().unwrap()).unwrap().millis();
        ms("to") - ms("from") <= 3_600_000
    };
    let by_hour = expected.iter().filter(|(_, verdict)| is_by_hour(verdict));
    let clauses: BTreeSet<&String> = by_hour.map(|(key, _)| &key.0).collect();
    let is_extra =
        |key: &&Key| key.2 < newest - EXTRA_MS && clauses.contains(&key.0) && !expected.contains_key(key);
    assert_eq!(states.keys().find(is_extra), None, "{name}: judged by nobody else");
    let shown = &differing[..differing.len().min(3)];
    assert!(differing.is_empty(), "{name}: {} of {} differ: {shown:#?}", differing.len(), expected.len());
}
