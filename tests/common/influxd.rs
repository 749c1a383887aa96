//! InfluxDB 1.x: the real parser of line protocol and `InfluxQL`, through its v1 API.

use std::{process::Command, time::Duration};

use super::process::{Process, free_port, until};

const START: Duration = Duration::from_secs(20);

/// A running server with one empty database.
#[derive(Debug)]
pub struct Influxd {
    _process: Process,
    _dir: tempfile::TempDir,
    port: u16,
}

impl Influxd {
    /// Name of the database.
    pub const DATABASE: &'static str = "office";

    /// Starts one and waits until it answers; `None` when it is not installed.
    pub async fn start() -> Option<Self> {
        let dir = tempfile::tempdir().unwrap();
        let (port, inner) = (free_port(), free_port());
        let at = dir.path().display();
        let config = format!(
            "reporting-disabled = true\nbind-address = \"127.0.0.1:{inner}\"\n[meta]\ndir = \"{at}/meta\"\n\
             [data]\ndir = \"{at}/data\"\nwal-dir = \"{at}/wal\"\nquery-log-enabled = false\n\
             [http]\nbind-address = \"127.0.0.1:{port}\"\nlog-enabled = false\n"
        );
        let file = dir.path().join("influxdb.conf");
        std::fs::write(&file, config).unwrap();
        let mut process =
            Process::start(Command::new("influxd").arg("-config").arg(&file), &dir.path().join("log"))?;
        let ping = format!("http://127.0.0.1:{port}/ping");
        until("influxd answers", START, async || {
            assert!(process.is_running(), "{}", std::fs::read_to_string(dir.path().join("log")).unwrap());
            reqwest::get(&ping).await.ok().filter(|answer| answer.status().is_success())
        })
        .await;
        let server = Self { _process: process, _dir: dir, port };
        server.query(&format!("CREATE DATABASE {}", Self::DATABASE)).await;
        Some(server)
    }

    /// Base address.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Writes lines with times in milliseconds: status and text of the answer.
    pub async fn write(&self, lines: &str) -> (u16, String) {
        let request = reqwest::Client::new()
            .post(format!("{}/write", self.url()))
            .query(&[("db", Self::DATABASE), ("precision", "ms")])
            .body(lines.to_owned());
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    /// Runs an `InfluxQL` statement and returns its result; an error of the statement fails the test.
    pub async fn query(&self, statement: &str) -> serde_json::Value {
        let request = reqwest::Client::new().post(format!("{}/query", self.url())).query(&[
            ("db", Self::DATABASE),
            ("q", statement),
            ("epoch", "ms"),
        ]);
        let text = request.send().await.unwrap().text().await.unwrap();
        let answer: serde_json::Value = serde_json::from_str(&text).unwrap();
        let result = &answer["results"][0];
        assert!(result["error"].is_null() && answer["error"].is_null(), "{statement}: {text}");
        result.clone()
    }
}
