//! People who act on findings: the program's own users and tokens, and acts that outlive a kill.

use std::{io::Write as _, path::Path, process::Stdio, time::Duration};

use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};

use crate::{
    common::process::{free_port, until},
    restart::{OLDEST, copy},
    service::{Service, program},
};

const PATIENCE: Duration = Duration::from_secs(60);

/// Runs `normwatch user ...` in a directory; returns stdout.
pub(crate) fn user(dir: &Path, arguments: &[&str], stdin: &str) -> String {
    let mut command = program();
    command.current_dir(dir).arg("user").args(arguments);
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(stdin.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// A program with a token.
pub(crate) struct Caller<'a> {
    pub(crate) service: &'a Service,
    pub(crate) token: String,
}

impl Caller<'_> {
    pub(crate) async fn send(&self, method: Method, path: &str, body: Value) -> (StatusCode, Value) {
        let request = Client::new()
            .request(method, format!("http://{}/api/v1{path}", self.service.address()))
            .bearer_auth(&self.token)
            .header("content-type", "application/json")
            .body(body.to_string());
        let answer = request.send().await.unwrap();
        (answer.status(), serde_json::from_str(&answer.text().await.unwrap()).unwrap_or(Value::Null))
    }

    pub(crate) async fn items(&self, path: &str) -> Vec<Value> {
        let (status, list) = self.send(Method::GET, path, Value::Null).await;
        assert_eq!(status, StatusCode::OK, "{list}");
        list["items"].as_array().unwrap().clone()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_acknowledgement_and_a_silence_outlive_a_kill() {
    let dir = tempfile::tempdir().unwrap();
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join(OLDEST), dir.path());
    let mut service = Service::new(dir.path(), free_port(), "");
    user(dir.path(), &["add", "duty-post", "--role", "facilities"], "a long password\n");
    let token = user(dir.path(), &["token", "duty-post", "--scope", "read", "--scope", "act"], "");
    service.start().await;
    assert_eq!(service.get("/api/v1/alerts").await, None, "nothing without a token");
    let caller = Caller { service: &service, token: token.clone() };
    let firing = until("the finding is shown", PATIENCE, async || {
        caller.items("/alerts?state=firing").await.into_iter().find(|alert| alert["place"] == "head")
    })
    .await;
    let id = firing["id"].as_str().unwrap();
    let (status, taken) = caller
        .send(Method::POST, &format!("/alerts/{id}/acknowledge"), json!({"note": "partition ordered"}))
        .await;
    assert_eq!((status, &taken["acknowledged"]), (StatusCode::OK, &json!(true)), "{taken}");
    assert_eq!(taken["acknowledgement"]["by"], "duty-post");
    let wish = json!({"subject": "head", "minutes": 600, "note": "works until friday"});
    let (status, silence) = caller.send(Method::POST, "/silences", wish).await;
    assert_eq!(status, StatusCode::CREATED, "{silence}");
    service.kill();

    service.start().await;
    let caller = Caller { service: &service, token };
    let again = until("the finding is shown again", PATIENCE, async || {
        caller.items("/alerts?state=firing").await.into_iter().find(|alert| alert["id"] == id)
    })
    .await;
    assert_eq!(again["acknowledgement"], taken["acknowledgement"]);
    assert!(again["silenced_until"].is_string(), "{again}");
    let silences = caller.items("/silences").await;
    assert_eq!((silences.len(), &silences[0]["note"]), (1, &json!("works until friday")));
    let path = format!("/silences/{}", silence["id"].as_str().unwrap());
    assert_eq!(caller.send(Method::DELETE, &path, Value::Null).await.0, StatusCode::NO_CONTENT);
    assert!(caller.items("/silences").await.is_empty());
    let given_back = json!({"acknowledged": false});
    let (_, alert) = caller.send(Method::POST, &format!("/alerts/{id}/acknowledge"), given_back).await;
    assert_eq!(alert["acknowledged"], false);
    service.stop().await;
}

/// The addresses at which something listens on a port, as the kernel has them.
fn listening(port: u16) -> Vec<String> {
    let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
    let wanted = format!(":{port:04X}");
    let rows = table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    rows.filter(|row| row.get(3) == Some(&"0A") && row[1].ends_with(&wanted))
        .map(|row| row[1].split(':').next().unwrap().to_owned())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn until_there_is_a_user_it_listens_on_loopback_only() {
    let dir = tempfile::tempdir().unwrap();
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join(OLDEST), dir.path());
    let mut service = Service::new(dir.path(), free_port(), "");
    let file = dir.path().join("normwatch.toml");
    let port: u16 = service.address().rsplit(':').next().unwrap().parse().unwrap();
    let config = std::fs::read_to_string(&file).unwrap().replace("\"127.0.0.1:", "\"0.0.0.0:");
    std::fs::write(&file, config).unwrap();
    service.start().await;
    assert_eq!(listening(port), ["0100007F"]);
    assert!(service.log().contains("normwatch user add"), "{}", service.log());
    service.stop().await;
    user(dir.path(), &["add", "duty-post", "--role", "viewer"], "a long password\n");
    service.start().await;
    assert_eq!(listening(port), ["00000000"]);
    service.stop().await;
}
