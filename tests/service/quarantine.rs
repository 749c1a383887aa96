//! The quarantine: messages that a new route makes readable leave it once, running or stopped.

use std::{collections::BTreeMap, path::Path, time::Duration};

use sensors_sim::{Event, Publisher};
use serde_json::Value;

use crate::{
    acts::user,
    bad_input::event,
    bound::post,
    claims::run,
    common::{mosquitto::Mosquitto, process::free_port},
    office::{Room, write_register},
    service::{Service, assert_balanced},
};

const PATIENCE: Duration = Duration::from_secs(60);

fn route(format: &str) -> String {
    format!("[[route]]\nfilter = \"foreign/#\"\nformat = \"{format}\"\n")
}

/// Replaces the route of a configuration.
pub(crate) fn reroute(dir: &Path, from: &str, to: &str) {
    let file = dir.join("normwatch.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.contains(from));
    std::fs::write(&file, text.replace(from, to)).unwrap();
}

fn replay(dir: &Path, arguments: &[&str]) -> (i32, Value) {
    let (code, said) = run(dir, &[&["quarantine", "replay"], arguments].concat());
    (code, serde_json::from_str(&said).unwrap_or(Value::Null))
}

pub(crate) fn held(dir: &Path) -> Vec<Value> {
    let (code, said) = run(dir, &["quarantine", "list", "--json"]);
    assert_eq!(code, 0);
    said.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The ledger as the spool has it.
pub(crate) fn ledger(dir: &Path) -> BTreeMap<&'static str, i64> {
    let spool = rusqlite::Connection::open(dir.join("data/spool.sqlite")).unwrap();
    let names = ["stored", "duplicate", "ignored", "quarantined", "rejected", "readings"];
    let count = |name: &str| {
        spool.query_row(&format!("SELECT {name} FROM ledger"), [], |row| row.get::<_, i64>(0)).unwrap()
    };
    names.map(|name| (name, count(name))).into()
}

/// An office that could not read five messages of a gateway and one that nobody can.
pub(crate) async fn office(dir: &Path, broker: &Mosquitto) -> Service {
    write_register(dir, "UTC", &[Room { id: "r-1".to_owned(), sensor: "air-1".to_owned() }]);
    let mut service = Service::new(dir, broker.port(), &route("senml"));
    service.start_connected().await;
    let publisher = Publisher::new(format!("mqtt://127.0.0.1:{}", broker.port()), "vandal");
    let good = (0..5).map(|n| event("foreign/air-1", format!("{{\"co2\":{}}}", 600 + n)));
    publisher.publish(good.collect::<Vec<_>>()).await.unwrap();
    publisher.publish([event("foreign/air-1", "{\"co2\":")]).await.unwrap();
    let ledger = service.ledger("quarantined", 6, PATIENCE).await;
    assert_balanced(&ledger);
    service
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_route_makes_them_readable_and_the_running_service_takes_each_once() {
    let dir = tempfile::tempdir().unwrap();
    let broker = Mosquitto::start("").await.expect("mosquitto: apt-get install mosquitto");
    let mut service = office(dir.path(), &broker).await;
    let listed = held(dir.path());
    assert_eq!((listed.len(), &listed[0]["topic"]), (6, &"foreign/air-1".into()));
    let (code, why) = run(dir.path(), &["quarantine", "replay", "--all"]);
    assert_eq!(code, 1, "nobody is there to ask in whose name: {why}");
    user(dir.path(), &["add", "keeper", "--role", "admin"], "a long password\n");
    let (code, done) = replay(dir.path(), &["--all"]);
    assert_eq!((code, &done["stored"]), (1, &0.into()), "nothing is mended yet: {done}");
    assert_eq!(held(dir.path()), listed, "what fails again stays as it was");
    service.stop().await;

    reroute(dir.path(), "senml", "vendor-json");
    service.start_connected().await;
    let first = listed[0]["id"].as_u64().unwrap().to_string();
    let (code, done) = replay(dir.path(), &["--id", &first]);
    assert_eq!((code, &done["stored"], &done["readings"]), (0, &1.into(), &1.into()), "{done}");
    let (code, done) = replay(dir.path(), &["--id", &first]);
    assert_eq!((code, &done["stored"], &done["missing"]), (1, &0.into(), &1.into()), "{done}");
    let (code, done) = replay(dir.path(), &["--all"]);
    assert_eq!((code, &done["stored"]), (1, &4.into()), "{done}");
    assert_eq!(done["kept"].as_object().unwrap().values().collect::<Vec<_>>(), [&Value::from(1)]);
    for (outcome, count) in [("stored", 5), ("quarantined", 1)] {
        let name = format!("normwatch_messages_total{{outcome=\"{outcome}\"}}");
        assert_eq!(service.metric(&name).await, Some(count), "{outcome}");
    }
    assert_eq!(service.metric("normwatch_messages_received_total").await, Some(6));
    service.stop().await;
    let counted = ledger(dir.path());
    assert_eq!((counted["stored"], counted["quarantined"], counted["readings"]), (5, 1, 5));
    assert_eq!(counted["duplicate"] + counted["ignored"] + counted["rejected"], 0);
    let left = held(dir.path());
    assert_eq!((left.len(), &left[0]["payload"]), (1, &"{\"co2\":".into()));
    let (_, trail) = run(dir.path(), &["audit", "list"]);
    assert!(trail.contains("\"kind\":\"replay\"") && trail.contains("keeper"), "{trail}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_service_finds_what_was_replayed_in_its_spool() {
    let dir = tempfile::tempdir().unwrap();
    let broker = Mosquitto::start("").await.expect("mosquitto: apt-get install mosquitto");
    let mut service = office(dir.path(), &broker).await;
    service.kill();
    let arrivals: Vec<String> =
        held(dir.path()).iter().map(|held| held["received_at"].as_str().unwrap().to_owned()).collect();
    reroute(dir.path(), "senml", "vendor-json");
    let (code, done) = replay(dir.path(), &["--all"]);
    assert_eq!((code, &done["stored"]), (1, &5.into()), "{done}");
    let counted = ledger(dir.path());
    assert_eq!((counted["stored"], counted["quarantined"], counted["readings"]), (5, 1, 5));
    service.start_connected().await;
    let ledger = service.ledger("stored", 5, PATIENCE).await;
    assert_balanced(&ledger);
    let room = service.api("/places/r-1").await;
    let newest = &room["latest"][0];
    assert_eq!(newest["value"], 604.0, "{room}");
    assert_eq!(newest["time"].as_str(), Some(arrivals[4].as_str()), "dated by its first arrival");
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_broker_had_kept_and_has_no_time_is_no_reading_when_it_is_tried_again() {
    let dir = tempfile::tempdir().unwrap();
    write_register(dir.path(), "UTC", &[Room { id: "r-1".to_owned(), sensor: "air-1".to_owned() }]);
    let broker = Mosquitto::start("").await.expect("mosquitto: apt-get install mosquitto");
    let publisher = Publisher::new(format!("mqtt://127.0.0.1:{}", broker.port()), "keeper");
    let kept = Event { retain: true, ..event("foreign/air-1", "{\"co2\":601}") };
    publisher.publish([kept]).await.unwrap();
    let mut service = Service::new(dir.path(), broker.port(), &route("senml"));
    service.start_connected().await;
    service.ledger("quarantined", 1, PATIENCE).await;
    publisher.publish([event("foreign/air-1", "{\"co2\":602}")]).await.unwrap();
    service.ledger("quarantined", 2, PATIENCE).await;
    service.kill();
    let listed = held(dir.path());
    assert_eq!((&listed[0]["retained"], listed[1].get("retained")), (&true.into(), None), "{listed:?}");

    reroute(dir.path(), "senml", "vendor-json");
    let (code, done) = replay(dir.path(), &["--all"]);
    assert_eq!((code, &done["stored"], &done["readings"]), (1, &1.into(), &1.into()), "{done}");
    assert_eq!(done["kept"], serde_json::json!({"ignored": 1}), "nobody knows how old it is: {done}");
    let left = held(dir.path());
    assert_eq!((left.len(), &left[0]["payload"]), (1, &"{\"co2\":601}".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_of_a_bound_token_is_let_in_later_for_its_own_devices_only() {
    let dir = tempfile::tempdir().unwrap();
    let room = |n: u32| Room { id: format!("r-{n}"), sensor: format!("air-{n}") };
    write_register(dir.path(), "UTC", &[room(1), room(2)]);
    let mut service = Service::new(dir.path(), free_port(), "");
    user(dir.path(), &["add", "gateway", "--role", "admin"], "a long password\n");
    let bound = user(dir.path(), &["token", "gateway", "--scope", "readings", "--sensor", "air-1"], "");
    let any = user(dir.path(), &["token", "gateway", "--scope", "readings"], "");
    service.start().await;
    // Nobody can read them, so nobody can say yet whose they are.
    for (token, sensor, co2) in [(&bound, "air-1", 601), (&bound, "air-2", 602), (&any, "air-2", 603)] {
        let body = format!("{{\"co2\":{co2}}}");
        let (status, answer) = post(&service, token, &format!("?sensor={sensor}"), &body).await;
        assert_eq!((status.as_u16(), &answer["outcome"]), (422, &"quarantined".into()), "{answer}");
    }
    service.kill();

    let file = dir.path().join("normwatch.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    let route = "[[route]]\nfilter = \"normwatch/v1/+\"\nformat = \"vendor-json\"\n";
    std::fs::write(&file, format!("{text}\n{route}")).unwrap();
    service.start().await;
    let (code, done) = replay(dir.path(), &["--all"]);
    assert_eq!((code, &done["stored"]), (1, &2.into()), "{done}");
    assert_eq!(done["kept"], serde_json::json!({"not_its_device": 1}), "{done}");
    service.stop().await;
    let (code, done) = replay(dir.path(), &["--all"]);
    assert_eq!((code, &done["kept"]["not_its_device"]), (1, &1.into()), "stopped it is no other: {done}");
    let counted = ledger(dir.path());
    assert_eq!((counted["stored"], counted["quarantined"], counted["readings"]), (2, 1, 2));
    let left = held(dir.path());
    assert_eq!((left.len(), &left[0]["payload"]), (1, &"{\"co2\":602}".into()));
}
