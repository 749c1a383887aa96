//! Who may speak for which device: tokens over HTTP, and the broker's list of rights behind a claim.

use std::{path::Path, time::Duration};

use reqwest::{Client, Method, StatusCode};
use sensors_sim::Publisher;
use serde_json::{Value, json};

use crate::{
    acts::{Caller, user},
    bad_input::event,
    buttons::session,
    claims::run,
    common::{
        mosquitto::Mosquitto,
        process::{free_port, until},
    },
    office::{Room, write_register},
    service::{Service, assert_balanced},
};

const PATIENCE: Duration = Duration::from_secs(60);

fn office(dir: &Path) {
    let room = |n: usize| Room { id: format!("r-{n}"), sensor: format!("air-{n}") };
    write_register(dir, "UTC", &[room(1), room(2)]);
}

pub(crate) async fn post(service: &Service, token: &str, query: &str, body: &str) -> (StatusCode, Value) {
    let url = format!("http://{}/api/v1/readings{query}", service.address());
    let answer = Client::new().post(url).bearer_auth(token).body(body.to_owned()).send().await.unwrap();
    (answer.status(), serde_json::from_str(&answer.text().await.unwrap()).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bound_token_sends_readings_of_its_own_devices_and_places_and_of_no_other() {
    let dir = tempfile::tempdir().unwrap();
    office(dir.path());
    let mut service = Service::new(dir.path(), free_port(), "");
    let password = "a long password\n";
    user(dir.path(), &["add", "gateway", "--role", "admin"], password);
    user(dir.path(), &["add", "west", "--role", "admin", "--place", "r-2"], password);
    let token = |name: &str, more: &[&str]| {
        user(dir.path(), &[&["token", name, "--scope", "readings", "--scope", "read"], more].concat(), "")
    };
    let (any, listed) = (token("gateway", &[]), token("gateway", &["--sensor", "AIR-1*"]));
    let (placed, west) = (token("gateway", &["--place", "r-2"]), token("west", &[]));
    let (code, _) = run(dir.path(), &["user", "token", "gateway", "--scope", "read", "--sensor", "air-1"]);
    assert_eq!(code, 1, "a token that sends nothing is bound to nothing");
    let (_, tokens) = run(dir.path(), &["user", "tokens"]);
    assert_eq!(tokens.lines().count(), 4, "what was refused left no token: {tokens}");
    assert!(
        tokens.contains("\"sensors\":[\"AIR-1*\"]") && tokens.contains("\"places\":[\"r-2\"]"),
        "{tokens}"
    );
    service.start().await;

    let pack = r#"[{"n":"co2","u":"ppm","v":733}]"#;
    let (good, foreign) = (StatusCode::OK, StatusCode::FORBIDDEN);
    let mut counts = (0, 0);
    for (token, sensor, status) in [
        (&any, "air-2", good),
        (&any, "stranger", good),
        (&listed, "air-1", good),
        (&listed, "air-10", good),
        (&listed, "air-2", foreign),
        (&placed, "air-2", good),
        (&placed, "air-1", foreign),
        (&placed, "stranger", foreign),
        (&west, "air-2", good),
        (&west, "air-1", foreign),
    ] {
        let (found, answer) = post(&service, token, &format!("?sensor={sensor}"), pack).await;
        assert_eq!(found, status, "{sensor}: {answer}");
        if status == foreign {
            assert_eq!(answer["error"]["kind"], "not_its_device", "{answer}");
            assert!(answer["error"]["message"].as_str().unwrap().contains(sensor), "{answer}");
            counts.1 += 1;
        } else {
            counts.0 += 1;
        }
    }
    // One foreign name among its own, and nothing of the pack is taken.
    let mixed = r#"[{"bn":"air-1:","n":"co2","u":"ppm","v":1},{"bn":"air-2:","n":"co2","u":"ppm","v":1}]"#;
    let (status, answer) = post(&service, &listed, "", mixed).await;
    assert_eq!((status, &answer["outcome"], &answer["readings"]), (foreign, &json!("rejected"), &json!(0)));
    let caller = Caller { service: &service, token: any };
    let (_, ledger) = caller.send(Method::GET, "/ledger", Value::Null).await;
    let ledger = serde_json::from_value(ledger).unwrap();
    assert_balanced(&ledger);
    assert_eq!((ledger["stored"], ledger["rejected"]), (counts.0, counts.1 + 1));
    assert!(caller.items("/quarantine").await.is_empty(), "nobody is to let it in later");
    service.stop().await;
}

/// What somebody with a password sees before the claim of `air-9`.
async fn claim_page(service: &Service, language: &str) -> String {
    let cookie = session(service, "duty-post").await;
    let url = format!("http://{}/devices/unknown/air-9?lang={language}", service.address());
    Client::new().get(url).header("cookie", cookie).send().await.unwrap().text().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_claimed_sensor_stands_in_the_brokers_list_of_rights_and_whoever_claims_is_told_what_is_left() {
    let dir = tempfile::tempdir().unwrap();
    office(dir.path());
    let broker = Mosquitto::start("").await.expect("mosquitto: apt-get install mosquitto");
    let mut service = Service::new(dir.path(), broker.port(), "");
    let file = dir.path().join("normwatch.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace("[mqtt]\n", "[mqtt]\nacl_file = \"rights\"\n")).unwrap();
    user(dir.path(), &["add", "duty-post", "--role", "facilities"], "a long password\n");
    let token = user(dir.path(), &["token", "duty-post", "--scope", "read", "--scope", "act"], "");
    service.start_connected().await;
    let rights = dir.path().join("rights");
    let has = async |user: &str, wanted: bool| {
        until("the list of rights follows", PATIENCE, async || {
            let text = std::fs::read_to_string(&rights).ok()?;
            (text.contains(&format!("\nuser {user}\n")) == wanted).then_some(text)
        })
        .await
    };
    has("air-1", true).await;
    assert!(!has("air-1", true).await.contains("air-9"));

    let publisher = Publisher::new(format!("mqtt://127.0.0.1:{}", broker.port()), "stranger");
    let pack = r#"[{"n":"co2","u":"ppm","v":733}]"#;
    publisher.publish([event("normwatch/v1/air-9", pack)]).await.unwrap();
    let caller = Caller { service: &service, token };
    until("the sensor is listed", PATIENCE, async || {
        (!caller.items("/sensors/unknown").await.is_empty()).then_some(())
    })
    .await;
    for (language, hint) in [("en", "the claim; then have the broker read it"), ("zh-CN", "请让代理重新读取")]
    {
        let page = claim_page(&service, language).await;
        assert!(page.contains("acl_file") && page.contains(hint), "{page}");
    }
    let (status, claimed) = caller.send(Method::POST, "/sensors/air-9/claim", json!({"place": "r-2"})).await;
    assert_eq!(status, StatusCode::CREATED, "{claimed}");
    assert!(claimed["rights"].as_str().unwrap().contains("acl_file"), "{claimed}");
    let text = has("air-9", true).await;
    assert!(text.contains("topic write normwatch/v1/air-9\n"), "{text}");
    let (_, command) = run(dir.path(), &["register", "acl", "-c", "normwatch.toml"]);
    assert_eq!(command, text, "the command and the service write the same");
    assert!(service.log().contains("have the broker read it"), "{}", service.log());

    // An edit by hand goes the same way.
    let sensors = dir.path().join("register/sensors.csv");
    let kept: Vec<String> = std::fs::read_to_string(&sensors).unwrap().lines().map(str::to_owned).collect();
    let kept: Vec<&str> =
        kept.iter().map(String::as_str).filter(|line| !line.starts_with("air-2,")).collect();
    std::fs::write(&sensors, kept.join("\n") + "\n").unwrap();
    has("air-2", false).await;
    service.stop().await;
}
