//! What vendors meet: diagnoses of their messages, rights at the broker, limits, and words when a login fails.

use std::{collections::BTreeMap, path::Path, process::Command, time::Duration};

use ingest::mqtt::{MqttConfig, Publisher, Subscriber};
use normwatch::{app, clock::Clock, config::Config};
use serde_json::Value;

use crate::{
    acts::user,
    common::{
        mosquitto::Mosquitto,
        process::{free_port, until},
    },
    office::{Room, write_register},
    service::{Service, assert_balanced, program},
};

const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) fn rooms(sensors: &[&str]) -> Vec<Room> {
    let room = |(n, sensor): (usize, &&str)| Room { id: format!("r-{n}"), sensor: (*sensor).to_owned() };
    sensors.iter().enumerate().map(room).collect()
}

fn client(broker: &Mosquitto, id: &str) -> MqttConfig {
    MqttConfig::new(format!("mqtt://127.0.0.1:{}", broker.port()), id)
}

pub(crate) fn login(broker: &Mosquitto, name: &str) -> MqttConfig {
    MqttConfig { credentials: Some((name.to_owned(), format!("pw-{name}"))), ..client(broker, name) }
}

async fn listener(config: &MqttConfig, filter: &str) -> Subscriber {
    let subscriber = Subscriber::start(config, vec![filter.to_owned()]).unwrap();
    until("subscribed", PATIENCE, async || subscriber.link().is_subscribed.then_some(())).await;
    subscriber
}

/// The next diagnosis, with its topic.
async fn told(subscriber: &mut Subscriber) -> (String, Value) {
    let message = tokio::time::timeout(PATIENCE, subscriber.next()).await.expect("no diagnosis");
    (message.topic().to_owned(), serde_json::from_slice(message.payload()).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_whose_metrics_are_only_numbers_is_asked_for_its_birth_once_a_minute_and_then_read() {
    let dir = tempfile::tempdir().unwrap();
    write_register(dir.path(), "UTC", &rooms(&["d1"]));
    let broker = Mosquitto::start("").await.expect("mosquitto: apt-get install mosquitto");
    let service = app::start(&config(dir.path(), &broker), Clock::System).await.unwrap();
    service.subscribed().await;
    let mut node = listener(&client(&broker, "node"), "spBv1.0/hq/NCMD/gw").await;
    let gateway = Publisher::start(&client(&broker, "gateway")).unwrap();
    let say = |kind: &str, payload: &[u8]| {
        gateway.publish(&format!("spBv1.0/hq/{kind}/gw/d1"), payload.to_vec(), false).unwrap();
    };
    // Alias 5 is 21 of something: asked for at once, and for all that follows within a minute.
    let number = [0x12, 4, 0x10, 5, 0x50, 21];
    (0..3).for_each(|_| say("DDATA", &number));
    let asked = tokio::time::timeout(PATIENCE, node.next()).await.expect("no command");
    assert!(asked.payload().windows(20).any(|part| part == b"Node Control/Rebirth"));
    // Its birth: temperature, alias 5, Int32 (3), 20. Then the number is a temperature.
    let mut metric = vec![0x0a, 11];
    metric.extend(b"temperature");
    metric.extend([0x10, 5, 0x20, 3, 0x50, 20]);
    let birth = [&[0x12, u8::try_from(metric.len()).unwrap()], &metric[..]].concat();
    say("DBIRTH", &birth);
    say("DDATA", &number);
    let ledger = until("a reading after the birth", PATIENCE, async || {
        let page = reqwest::get(format!("http://{}/api/v1/ledger", service.address)).await.ok()?;
        let ledger: BTreeMap<String, u64> = serde_json::from_str(&page.text().await.ok()?).ok()?;
        (ledger["stored"] == 2 && ledger["pending"] == 0).then_some(ledger)
    })
    .await;
    assert_balanced(&ledger);
    // Three numbers without a name, and what we asked, which came back to us; a busy broker may bring some again.
    assert_eq!((ledger["ignored"], ledger["received"] - ledger["duplicate"]), (4, 6), "{ledger:?}");
    service.stop().await.unwrap();
}

/// A service at this broker with the register of this folder.
pub(crate) fn config(dir: &Path, broker: &Mosquitto) -> Config {
    let settings = [
        ("DATA_DIR", dir.join("data").display().to_string()),
        ("LISTEN", "127.0.0.1:0".to_owned()),
        ("REGISTER", dir.join("register").display().to_string()),
        ("MQTT__URL", format!("mqtt://127.0.0.1:{}", broker.port())),
    ];
    let variables: BTreeMap<String, String> =
        settings.into_iter().map(|(key, value)| (format!("NORMWATCH__{key}"), value)).collect();
    Config::load(None, &variables).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vendor_reads_what_is_wrong_with_its_message_and_then_that_it_is_accepted() {
    let dir = tempfile::tempdir().unwrap();
    write_register(dir.path(), "UTC", &rooms(&["air-1"]));
    let broker = Mosquitto::start("").await.expect("mosquitto: apt-get install mosquitto");
    let mut config = config(dir.path(), &broker);
    // So wide that what we publish comes back to us.
    config.routes = vec![normwatch::config::Route {
        filter: "normwatch/v1/#".to_owned(),
        format: "auto".to_owned(),
        sensors: Vec::new(),
        user: None,
    }];
    // A minute of the service is a second here.
    let clock = Clock::simulated(Clock::System.now(), 60.0);
    let service = app::start(&config, clock.clone()).await.unwrap();
    service.subscribed().await;

    let mut vendor = listener(&client(&broker, "vendor"), "normwatch/v1/+/diagnostics").await;
    let gateway = Publisher::start(&client(&broker, "gateway")).unwrap();
    let say = |sensor: &str, payload: &str| {
        gateway.publish(&format!("normwatch/v1/{sensor}"), payload.into(), false).unwrap();
    };
    let at = clock.now().millis() / 1000;
    say("air-1", r#"[{"n":"co2","u":"ppm","v":"high"}]"#);
    let (topic, body) = told(&mut vendor).await;
    assert_eq!(topic, "normwatch/v1/air-1/diagnostics");
    assert_eq!((body["state"].as_str(), body["refused"].as_u64()), (Some("refused"), Some(1)), "{body}");
    let error = &body["last_error"];
    assert_eq!((error["kind"].as_str(), error["field"].as_str()), (Some("wrong_type"), Some("v")), "{body}");
    assert!(error["message"].is_string() && error["time"].is_string(), "{body}");

    let began = clock.now();
    for n in 0..5 {
        say("air-1", &format!(r#"[{{"n":"co2","u":"ppm","v":70{n},"t":{}}}]"#, at - n));
    }
    let (_, body) = told(&mut vendor).await;
    assert_eq!(body["state"], "accepted", "{body}");
    assert_eq!(body["last_error"]["kind"], "wrong_type", "the last error stays readable");
    assert!(clock.now().since(began) > 30_000, "it was told again within the minute");
    say("stranger-7", r#"[{"n":"co2","u":"ppm","v":700}]"#);
    assert_eq!(told(&mut vendor).await.0, "normwatch/v1/stranger-7/diagnostics");

    // Whoever looks later finds that of a known sensor; that of a stranger was not kept.
    let mut late = listener(&client(&broker, "late"), "normwatch/v1/+/diagnostics").await;
    assert_eq!(told(&mut late).await.0, "normwatch/v1/air-1/diagnostics");
    say("stranger-8", r#"[{"n":"co2","u":"ppm","v":700}]"#);
    assert_eq!(told(&mut late).await.0, "normwatch/v1/stranger-8/diagnostics");

    // Each of ours came back to us once, was counted as ignored, and was answered by nothing.
    let mut progress = service.progress();
    tokio::time::timeout(PATIENCE, progress.settled(12)).await.expect("12 messages");
    let ledger = until("the page shows 12 messages", PATIENCE, async || {
        let page = reqwest::get(format!("http://{}/api/v1/ledger", service.address)).await.ok()?;
        let ledger: BTreeMap<String, u64> = serde_json::from_str(&page.text().await.ok()?).ok()?;
        (ledger["received"] == 12).then_some(ledger)
    })
    .await;
    assert_balanced(&ledger);
    let shares = ["stored", "quarantined", "ignored"].map(|name| ledger[name]);
    assert_eq!(shares, [7, 1, 4], "{ledger:?}");
    service.stop().await.unwrap();
}

/// A broker with names and passwords, whose rights the program writes from the register and the routes.
pub(crate) async fn guarded(dir: &Path, names: &[&str], routes: &str) -> (Mosquitto, Service) {
    let (passwords, acl) = (dir.join("passwords"), dir.join("acl"));
    std::fs::write(&passwords, "").unwrap();
    for name in names {
        let mut command = Command::new("mosquitto_passwd");
        let done = command.arg("-b").arg(&passwords).args([name, format!("pw-{name}").as_str()]).status();
        assert!(done.expect("mosquitto_passwd: apt-get install mosquitto").success());
    }
    // The broker must be there before the service knows its port, and the rights before the broker.
    let draft = Service::new(dir, free_port(), &format!("username = \"normwatch\"\n\n{routes}"));
    drop(draft);
    let mut command = program();
    let output = command.current_dir(dir).args(["register", "acl", "-c", "normwatch.toml"]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    std::fs::write(&acl, output.stdout).unwrap();
    let more =
        format!("allow_anonymous false\npassword_file {}\nacl_file {}\n", passwords.display(), acl.display());
    #[cfg(unix)]
    {
        // Started by root, mosquitto gives its rights up and must still read these.
        use std::os::unix::fs::PermissionsExt;
        for path in [dir, &passwords, &acl] {
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
        }
    }
    let broker = Mosquitto::start(&more).await.expect("mosquitto: apt-get install mosquitto");
    std::fs::write(dir.join("secret"), "pw-normwatch\n").unwrap();
    let settings = format!("username = \"normwatch\"\npassword_file = \"secret\"\n\n{routes}");
    let service = Service::new(dir, broker.port(), &settings);
    (broker, service)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vendor_publishes_for_its_own_devices_only_and_ingest_refuses_what_the_broker_lets_pass() {
    let dir = tempfile::tempdir().unwrap();
    write_register(dir.path(), "UTC", &rooms(&["a-1", "b-1", "lobby"]));
    let routes = "[[route]]\nfilter = \"vendor-a/#\"\nformat = \"senml\"\nsensors = [\"a-*\"]\nuser = \"vendor-a\"\n\n\
                  [[route]]\nfilter = \"vendor-b/#\"\nformat = \"senml\"\nsensors = [\"b-*\"]\nuser = \"vendor-b\"\n";
    let names = ["normwatch", "vendor-a", "vendor-b", "lobby"];
    let (broker, mut service) = guarded(dir.path(), &names, routes).await;
    service.start_connected().await;
    let sent = [
        // The broker refuses other vendors' topics, other devices, and what only the service may say.
        ("vendor-a", "vendor-b/up", "a-1"),
        ("vendor-a", "normwatch/v1/b-1", "a-1"),
        ("vendor-a", "normwatch/v1/lobby", "a-1"),
        ("vendor-a", "normwatch/v1/a-1/diagnostics", "a-1"),
        ("vendor-a", "application/1/device/0000000000000001/event/up", "a-1"),
        ("lobby", "normwatch/v1/a-1", "a-1"),
        // It cannot see into messages: one that names another's device passes it, and not us.
        ("vendor-a", "vendor-a/up", "b-1"),
        // These are right.
        ("vendor-a", "vendor-a/up", "a-1"),
        ("vendor-a", "normwatch/v1/a-1", "a-1"),
        ("vendor-b", "vendor-b/up", "b-1"),
        ("lobby", "normwatch/v1/lobby", "lobby"),
    ];
    // Each on a connection of its own: mosquitto ends one on which it has refused something.
    let mut publishers = Vec::new();
    for (n, (name, topic, sensor)) in sent.into_iter().enumerate() {
        let config = MqttConfig { client_id: format!("client-{n}"), ..login(&broker, name) };
        let publisher = Publisher::start(&config).unwrap();
        until("the vendor is connected", PATIENCE, async || publisher.is_connected().then_some(())).await;
        let pack = format!(r#"[{{"bn":"{sensor}:","n":"co2","u":"ppm","v":{}}}]"#, 700 + n);
        publisher.publish(topic, pack.into_bytes(), false).unwrap();
        publishers.push(publisher);
    }
    let ledger = service.ledger("received", 5, PATIENCE).await;
    assert_balanced(&ledger);
    let shares = ["received", "stored", "rejected", "quarantined"].map(|name| ledger[name]);
    assert_eq!(shares, [5, 4, 1, 0], "{ledger:?} {}", service.log());
    let kept = kept(&service);
    assert_eq!(kept.len(), 1, "{kept:?}");
    assert_eq!((kept[0].0.as_str(), kept[0].1.as_str()), ("vendor-a/up", "not_its_device"), "{kept:?}");
    assert!(kept[0].2.contains("b-1"), "{kept:?}");

    // Each reads the diagnoses of its own devices and of no other.
    let mut own = listener(&login(&broker, "vendor-a"), "normwatch/v1/#").await;
    let (topic, body) = told(&mut own).await;
    assert_eq!((topic.as_str(), body["state"].as_str()), ("normwatch/v1/a-1/diagnostics", Some("accepted")));
    assert!(tokio::time::timeout(Duration::from_millis(500), own.next()).await.is_err());
    service.stop().await;
}

fn kept(service: &Service) -> Vec<(String, String, String)> {
    let spool = rusqlite::Connection::open(service.data().join("spool.sqlite")).unwrap();
    let mut rows = spool.prepare("SELECT topic, kind, reason FROM quarantine").unwrap();
    let kept = rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap();
    kept.map(Result::unwrap).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_is_said_in_the_log_and_on_readyz_and_the_password_is_said_nowhere() {
    let dir = tempfile::tempdir().unwrap();
    write_register(dir.path(), "UTC", &rooms(&["air-1"]));
    let (_broker, mut service) = guarded(dir.path(), &["normwatch"], "").await;
    std::fs::write(dir.path().join("secret"), "hunter2\n").unwrap();
    service.start().await;
    let wanted = "the broker refuses our name or password: see username and password_file";
    let said = until("readyz says why", PATIENCE, async || {
        let answer = reqwest::get(format!("http://{}/readyz", service.address())).await.ok()?;
        let (status, text) = (answer.status(), answer.text().await.ok()?);
        (status == 503 && text.contains(wanted)).then_some(text)
    })
    .await;
    let log = until("the log says why", PATIENCE, async || {
        let log = service.log();
        log.contains(wanted).then_some(log)
    })
    .await;
    let check = program().current_dir(dir.path()).args(["check", "-c", "normwatch.toml"]).output().unwrap();
    assert!(check.status.success());
    let check = String::from_utf8_lossy(&[check.stdout, check.stderr].concat()).into_owned();
    for text in [said, log, check] {
        assert!(!text.contains("hunter2"), "{text}");
    }
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_route_that_is_gone_after_a_restart_brings_nothing_more() {
    let dir = tempfile::tempdir().unwrap();
    write_register(dir.path(), "UTC", &rooms(&["air-1"]));
    let broker = Mosquitto::start("").await.expect("mosquitto: apt-get install mosquitto");
    let route = |filter: &str| format!("[[route]]\nfilter = \"{filter}\"\nformat = \"senml\"\n");
    let mut service = Service::new(dir.path(), broker.port(), &route("old/#"));
    service.start_connected().await;
    let gateway = Publisher::start(&client(&broker, "gateway")).unwrap();
    let say = |topic: &str| {
        gateway.publish(topic, br#"[{"bn":"air-1:","n":"co2","v":700}]"#.into(), false).unwrap();
    };
    say("old/x");
    service.ledger("stored", 1, PATIENCE).await;
    service.stop().await;

    let mut service = Service::new(dir.path(), broker.port(), &route("new/#"));
    service.start_connected().await;
    say("old/x");
    say("new/x");
    let ledger = service.ledger("stored", 2, PATIENCE).await;
    assert_eq!(ledger["received"], 2, "{ledger:?}");
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_compressed_bomb_is_refused_unpacked_by_nobody_and_counted() {
    let dir = tempfile::tempdir().unwrap();
    write_register(dir.path(), "UTC", &rooms(&["air-1"]));
    let mut service = Service::new(dir.path(), free_port(), "");
    user(dir.path(), &["add", "gateway", "--role", "admin"], "a long password\n");
    let token = user(dir.path(), &["token", "gateway", "--scope", "readings", "--scope", "read"], "");
    service.start().await;
    // A hundred megabytes of blanks in a hundred kilobytes.
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    for _ in 0..100 {
        std::io::Write::write_all(&mut packed, &vec![b' '; 1 << 20]).unwrap();
    }
    let packed = packed.finish().unwrap();
    assert!(packed.len() < ingest::MAX_PAYLOAD, "{}", packed.len());
    let address = format!("http://{}/api/v1", service.address());
    let post = async |body: Vec<u8>| {
        let url = format!("{address}/readings?sensor=air-1");
        let request = reqwest::Client::new().post(url).bearer_auth(&token).header("content-encoding", "gzip");
        let answer = request.body(body).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    let (status, answer) = post(packed).await;
    assert_eq!(status, 422, "{answer}");
    assert!(answer.contains("\"compressed\"") && answer.contains("send it plain"), "{answer}");
    assert_eq!(post(vec![b' '; ingest::MAX_PAYLOAD + 1]).await.0, 413);
    let many = format!("[{}{{}}]", "{},".repeat(ingest::MAX_VALUES));
    let (status, answer) = post(many.into_bytes()).await;
    assert!(status == 422 && answer.contains("\"too_many\""), "{status} {answer}");
    let ledger = until("the page shows both", PATIENCE, async || {
        let request = reqwest::Client::new().get(format!("{address}/ledger")).bearer_auth(&token);
        let ledger: BTreeMap<String, u64> =
            serde_json::from_str(&request.send().await.ok()?.text().await.ok()?).ok()?;
        (ledger["received"] == 2).then_some(ledger)
    })
    .await;
    assert_balanced(&ledger);
    assert_eq!((ledger["received"], ledger["quarantined"]), (2, 2), "{ledger:?}");
    // The contract is open to whoever wants to follow it.
    let document: Value = serde_json::from_str(&service.get("/api/v1/asyncapi.json").await.unwrap()).unwrap();
    assert_eq!(document["x-normwatch-limits"]["payload_bytes"], ingest::MAX_PAYLOAD);
    service.stop().await;
}
