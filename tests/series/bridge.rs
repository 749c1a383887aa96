//! The writer against a real InfluxDB 1.6: it has no v2 address, so a bridge passes each request on to its v1
//! address, and the answer back as it is.

use std::sync::Arc;

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::post,
};
use normwatch::{clock::Clock, state::Step};
use tokio::task::JoinHandle;

use crate::{
    common::influxd::Influxd,
    rig::{Rig, messages, quick},
};

struct Bridge {
    url: String,
    task: JoinHandle<()>,
}

impl Drop for Bridge {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn bridge(server: Arc<Influxd>) -> Bridge {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let app = Router::new().route("/api/v2/write", post(pass_on)).with_state(server);
    Bridge { url, task: tokio::spawn(async move { axum::serve(listener, app).await.unwrap() }) }
}

async fn pass_on(State(server): State<Arc<Influxd>>, body: Bytes) -> Response {
    let request = reqwest::Client::new()
        .post(format!("{}/write", server.url()))
        .query(&[("db", Influxd::DATABASE), ("precision", "ms")])
        .header("content-encoding", "gzip")
        .body(body.to_vec());
    let answer = request.send().await.unwrap();
    let status = StatusCode::from_u16(answer.status().as_u16()).unwrap();
    (status, answer.text().await.unwrap()).into_response()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lines_that_influxdb_cannot_parse_are_kept_with_its_words_and_all_others_are_there() {
    let Some(server) = Influxd::start().await.map(Arc::new) else { return };
    let bridge = bridge(Arc::clone(&server)).await;
    let dir = tempfile::tempdir().unwrap();
    let mut rig = Rig::start(dir.path(), &bridge.url, quick());
    let lines = [
        "measure,place=a value=1 5",
        "measure,place=b value= 5",
        "measure,place=c value=2 5",
        "measure,place value=1 5",
    ];
    rig.state.commit(&Step { lines: lines.map(str::to_owned).to_vec(), ..Step::default() }).unwrap();
    rig.spool.append(messages(20)).await.unwrap();
    let status = rig.settled().await;
    let kept = rig.state.refused_lines(9).unwrap();
    assert_eq!((status.is_up, status.refused, kept.len()), (Some(true), 2, 2), "{kept:?}");
    let reason =
        |line: &str| kept.iter().find(|(_, kept)| kept.line == line).map(|(_, kept)| kept.reason.clone());
    assert_eq!(reason(lines[1]).as_deref(), Some("missing field value"), "{kept:?}");
    assert!(reason(lines[3]).unwrap().contains("tag"), "{kept:?}");
    for (measurement, count) in [("co2", 40), ("measure", 2)] {
        let answer = server.query(&format!("SELECT COUNT(value) FROM {measurement}")).await;
        assert_eq!(answer["series"][0]["values"][0][1], count, "{answer}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn points_beyond_what_influxdb_keeps_are_refused_and_what_is_within_is_there() {
    let Some(server) = Influxd::start().await.map(Arc::new) else { return };
    server
        .query(&format!(
            "CREATE RETENTION POLICY short ON {} DURATION 1h REPLICATION 1 DEFAULT",
            Influxd::DATABASE
        ))
        .await;
    let bridge = bridge(Arc::clone(&server)).await;
    let dir = tempfile::tempdir().unwrap();
    let mut rig = Rig::start(dir.path(), &bridge.url, quick());
    let fresh = format!("measure,place=a value=1 {}", Clock::System.now().millis());
    rig.state.commit(&Step { lines: vec![fresh], ..Step::default() }).unwrap();
    rig.spool.append(messages(10)).await.unwrap();
    let status = rig.settled().await;
    assert_eq!((status.refused, rig.state.refused_lines(99).unwrap().len()), (20, 20));
    let answer = server.query("SELECT COUNT(value) FROM measure").await;
    assert_eq!(answer["series"][0]["values"][0][1], 1, "{answer}");
}
