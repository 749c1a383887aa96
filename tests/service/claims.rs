//! Sensors that nobody knows get a room through the API; devices are seen as they are.

use std::{path::Path, time::Duration};

use model::{Id, Instant, Quantity};
use normwatch::clock::Clock;
use reqwest::{Method, StatusCode};
use sensors_sim::{Event, Format, Publisher, Row, messages_for};
use serde_json::{Value, json};

use crate::{
    acts::{Caller, user},
    bad_input::event,
    common::{mosquitto::Mosquitto, process::until},
    office::{Room, write_register},
    service::{Service, program},
};

const PATIENCE: Duration = Duration::from_secs(60);
const HOUR_MS: i64 = 3_600_000;

/// An office with a broker, in whose second room hangs a sensor that the register does not know.
pub(crate) struct Office {
    dir: tempfile::TempDir,
    broker: Mosquitto,
    pub(crate) service: Service,
}

impl Office {
    /// `sensors` is the text of `sensors.csv`.
    pub(crate) async fn open(sensors: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let room = |id: &str| Room { id: id.to_owned(), sensor: format!("air-{id}") };
        write_register(dir.path(), "UTC", &[room("r-1"), room("r-2")]);
        std::fs::write(dir.path().join("register/sensors.csv"), sensors).unwrap();
        let broker = Mosquitto::start("").await.expect("mosquitto: apt-get install mosquitto");
        let mut service = Service::new(dir.path(), broker.port(), "");
        user(dir.path(), &["add", "duty-post", "--role", "facilities"], "a long password\n");
        user(dir.path(), &["add", "visitor", "--role", "viewer"], "a long password\n");
        user(
            dir.path(),
            &["add", "hall-desk", "--role", "facilities", "--place", "r-1"],
            "a long password\n",
        );
        service.start_connected().await;
        Self { dir, broker, service }
    }

    pub(crate) fn token(&self, name: &str, scopes: &[&str]) -> String {
        let scopes = scopes.iter().flat_map(|scope| ["--scope", scope]);
        user(self.dir.path(), &[&["token", name], scopes.collect::<Vec<_>>().as_slice()].concat(), "")
    }

    fn caller(&self, name: &str, scopes: &[&str]) -> Caller<'_> {
        self.caller_with(&self.token(name, scopes))
    }

    pub(crate) fn caller_with(&self, token: &str) -> Caller<'_> {
        Caller { service: &self.service, token: token.to_owned() }
    }

    pub(crate) async fn publish(&self, events: Vec<Event>) {
        let publisher = Publisher::new(format!("mqtt://127.0.0.1:{}", self.broker.port()), "claims");
        publisher.publish(events).await.unwrap();
    }
}

/// CO2 every five minutes over `[from, to)`.
pub(crate) fn air(sensor: &str, from: Instant, to: Instant, value: f64) -> Vec<Event> {
    let sensor = Id::parse(sensor).unwrap();
    let rows = (0..to.since(from) / 300_000).map(|step| Row {
        time: from.plus_ms(step * 300_000),
        sensor: sensor.clone(),
        quantity: Quantity::Co2,
        value: value + (step % 7) as f64,
    });
    messages_for(rows.collect::<Vec<_>>(), Format::Zigbee2mqtt).collect()
}

/// Runs a command of the program in a directory; its exit code and stdout.
pub(crate) fn run(dir: &Path, arguments: &[&str]) -> (i32, String) {
    let output = program().current_dir(dir).args(arguments).output().unwrap();
    eprintln!("{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap())
}

/// Who may not claim, and what would make the register wrong; none of it changes the file.
async fn refuses(office: &Office, wish: &Value, file: &str) {
    let claim = "/sensors/air-9/claim";
    let caller = office.caller("duty-post", &["read", "act"]);
    for (name, scopes, status) in [
        ("visitor", &["read"][..], StatusCode::FORBIDDEN),
        ("duty-post", &["read"][..], StatusCode::FORBIDDEN),
        // Who sees a part of the office sees no sensor that nobody has placed.
        ("hall-desk", &["read", "act"][..], StatusCode::NOT_FOUND),
    ] {
        let refused = office.caller(name, scopes).send(Method::POST, claim, wish.clone()).await;
        assert_eq!(refused.0, status, "{name}: {}", refused.1);
    }
    let wrong = |key: &str, value: Value| {
        let mut wrong = wish.clone();
        wrong[key] = value;
        wrong
    };
    assert_eq!(caller.send(Method::POST, claim, wrong("place", "r-9".into())).await.0, StatusCode::NOT_FOUND);
    let (status, refused) = caller.send(Method::POST, claim, wrong("profile", "batery-volts".into())).await;
    assert_eq!((status, &refused["error"]["kind"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("refused")));
    assert!(refused["error"]["problems"][0].as_str().unwrap().contains("battery-volts"), "{refused}");
    let path = office.dir.path().join("register/sensors.csv");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), file, "what is refused changes nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_sensor_is_claimed_and_its_next_readings_are_judged_in_that_room() {
    let file = "\u{feff}传感器;场所;备注用的分区\r\n".replace("备注用的分区", "分区") + "air-r-1;r-1;\r\n";
    let office = Office::open(&file).await;
    let now = Clock::System.now().millis();
    let hour = Instant::from_millis(now - now.rem_euclid(HOUR_MS));
    let caller = office.caller("duty-post", &["read", "act"]);
    office.publish(air("air-9", hour.plus_ms(-9 * HOUR_MS), hour.plus_ms(-8 * HOUR_MS), 1300.0)).await;
    let unknown = until("the sensor is listed", PATIENCE, async || {
        caller.items("/sensors/unknown").await.into_iter().find(|held| held["messages"] == 12)
    })
    .await;
    assert_eq!((&unknown["sensor"], &unknown["format"]), (&json!("air-9"), &json!("zigbee2mqtt")));
    assert_eq!(unknown["topic"], "zigbee2mqtt/air-9");
    let readings = unknown["readings"].as_array().unwrap();
    let newest = readings.iter().find(|reading| reading["quantity"] == "co2");
    assert!(newest.is_some_and(|reading| reading["value"].as_f64() >= Some(1300.0)), "{unknown}");
    // As instants: as texts 12.41 s stand behind 12.411 s.
    let at = |key: &str| Instant::parse(unknown[key].as_str().unwrap()).unwrap();
    assert!(at("first") <= at("last"), "{unknown}");

    let wish = json!({"place": "r-2", "interval_s": 300, "from": "2026-01-01", "note": "hung by the window"});
    let claim = "/sensors/air-9/claim";
    refuses(&office, &wish, &file).await;

    let path = office.dir.path().join("register/sensors.csv");
    let (status, claimed) = caller.send(Method::POST, claim, wish.clone()).await;
    assert_eq!((status, &claimed["in_force"]), (StatusCode::CREATED, &json!(true)), "{claimed}");
    let wanted =
        "\u{feff}传感器;场所;分区;上报间隔;开始日期\r\nair-r-1;r-1;;;\r\nair-9;r-2;;300;2026-01-01\r\n";
    assert_eq!(std::fs::read_to_string(&path).unwrap(), wanted);
    assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), 6, "nothing is left beside it");
    let (status, again) = caller.send(Method::POST, claim, wish).await;
    assert_eq!(status, StatusCode::CONFLICT, "{again}");
    until("nobody is unknown", PATIENCE, async || {
        caller.items("/sensors/unknown").await.is_empty().then_some(())
    })
    .await;

    office.publish(air("air-9", hour.plus_ms(-6 * HOUR_MS), hour.plus_ms(-HOUR_MS), 1300.0)).await;
    let alert = until("the room is judged", PATIENCE, async || {
        let alerts = caller.items("/alerts").await;
        alerts.into_iter().find(|alert| alert["place"] == "r-2" && alert["clause"] == "gb-t-18883-2022/co2")
    })
    .await;
    let first = alert["started_at"].as_str().unwrap();
    assert!(Instant::parse(first).unwrap() >= hour.plus_ms(-6 * HOUR_MS), "not by what came before: {first}");
    let device = until("the device is seen", PATIENCE, async || {
        caller.items("/devices").await.into_iter().find(|d| d["sensor"] == "air-9" && d["messages"] == 60)
    })
    .await;
    assert_eq!((&device["place"], &device["interval_s"]), (&json!("r-2"), &json!(300.0)), "{device}");
    let never = caller.items("/devices?state=never").await;
    assert_eq!(never[0]["sensor"], "air-r-1");

    assert_trail(office.dir.path());
}

/// The trail is whole and tells whose claim it was.
fn assert_trail(dir: &Path) {
    let (code, said) = run(dir, &["audit", "verify"]);
    assert_eq!(code, 0, "{said}");
    let (_, trail) = run(dir, &["audit", "list"]);
    let entries: Vec<Value> = trail.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let claims: Vec<&Value> = entries.iter().filter(|entry| entry["kind"] == "claim").collect();
    assert_eq!(claims.len(), 1, "{trail}");
    assert_eq!(claims[0]["by"], "duty-post");
    assert!(claims[0]["body"].as_str().unwrap().contains("hung by the window"));
    for kind in ["user_added", "token_made", "rulebook"] {
        assert!(entries.iter().any(|entry| entry["kind"] == kind), "{kind}: {trail}");
    }
}

/// The same uplink of one device as two network servers tell it.
fn uplink(count: u64, at: Instant, people: u32) -> [Event; 2] {
    let (a, b) = (at.to_string(), at.plus_ms(640).to_string());
    let chirpstack = json!({
        "deduplicationId": format!("5d0c1f0e-0000-4000-8000-{count:012}"), "time": a, "fCnt": count,
        "deviceInfo": {"devEui": "24E124710B12ABCD"}, "object": {"people_in": people, "battery": 91},
    });
    let tts = json!({
        "end_device_ids": {"device_id": "door-east", "dev_eui": "24E124710B12ABCD"}, "received_at": b,
        "uplink_message": {"f_cnt": count, "decoded_payload": {"people_in": people, "battery": 91}},
    });
    [
        event("application/7/device/24e124710b12abcd/event/up", chirpstack.to_string()),
        event("v3/office@tenant/devices/door-east/up", tts.to_string()),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn one_device_through_two_networks_is_one_sensor_and_its_copies_do_not_count_twice() {
    // The label on the device spells its id as nobody else does.
    let office = Office::open("sensor,place,interval_s\n24-E1-24-71-0B-12-AB-CD,r-1,600\n").await;
    let caller = office.caller("duty-post", &["read"]);
    let now = Clock::System.now();
    for (count, people) in [(1, 4), (2, 0), (3, 7)] {
        let at = now.plus_ms((count - 4) * 600_000);
        office.publish(uplink(u64::try_from(count).unwrap(), at, people).to_vec()).await;
    }
    let device = until("all of it has come", PATIENCE, async || {
        let found = caller.items("/devices").await.into_iter().find(|device| device["messages"] == 6);
        // Counts come from the intake, readings from the board a moment later.
        found.filter(|device| device["battery_level"].is_number())
    })
    .await;
    assert_eq!((&device["sensor"], &device["place"]), (&json!("24e124710b12abcd"), &json!("r-1")));
    assert_eq!((&device["battery_level"], &device["state"]), (&json!(91.0), &json!("online")), "{device}");
    assert_eq!(device["formats"], json!(["chirpstack-v4", "tts-v3"]), "{device}");
    assert_eq!(device["flags"]["duplicate"], 6, "each copy of two readings is marked: {device}");
    assert!(caller.items("/sensors/unknown").await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_only_a_profile_reads_is_listed_for_claiming_with_its_readings() {
    let dir = tempfile::tempdir().unwrap();
    write_register(dir.path(), "UTC", &[Room { id: "r-1".to_owned(), sensor: "air-1".to_owned() }]);
    let profile =
        "sensors = [\"boiler-*\"]\n[[name]]\nquantity = \"gas\"\nscale = 0.01\nnames = [\"ticks\"]\n";
    std::fs::write(dir.path().join("register/boilers.profile.toml"), profile).unwrap();
    let broker = Mosquitto::start("").await.expect("mosquitto: apt-get install mosquitto");
    let route = "[[route]]\nfilter = \"site/#\"\nformat = \"auto\"\n";
    let mut service = Service::new(dir.path(), broker.port(), route);
    service.start_connected().await;
    let publisher = Publisher::new(format!("mqtt://127.0.0.1:{}", broker.port()), "boilers");
    publisher.publish(vec![event("site/boiler-7/up", br#"{"ticks":1250}"#)]).await.unwrap();
    let unknown = until("the boiler is listed", PATIENCE, async || {
        service.list("/sensors/unknown").await.into_iter().find(|held| held["sensor"] == "boiler-7")
    })
    .await;
    let reading = &unknown["readings"][0];
    assert_eq!((&reading["quantity"], reading["value"].as_f64()), (&json!("gas"), Some(12.5)), "{unknown}");
    service.stop().await;
}
