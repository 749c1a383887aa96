//! `VictoriaMetrics`: takes the v2 write API, and says what it has.

use std::{process::Command, time::Duration};

use super::process::{Process, free_port, until};

const START: Duration = Duration::from_secs(20);

/// A running server with an empty store.
#[derive(Debug)]
pub struct VictoriaMetrics {
    process: Option<Process>,
    dir: tempfile::TempDir,
    port: u16,
}

impl VictoriaMetrics {
    /// Starts one and waits until it answers; `None` when it is not installed.
    pub async fn start() -> Option<Self> {
        let mut server = Self { process: None, dir: tempfile::tempdir().unwrap(), port: free_port() };
        server.again().await.then_some(server)
    }

    /// Starts it on its port and store again, after [`Self::kill`].
    pub async fn again(&mut self) -> bool {
        let mut command = Command::new("victoria-metrics");
        command
            .arg(format!("-httpListenAddr=127.0.0.1:{}", self.port))
            .arg(format!("-storageDataPath={}", self.dir.path().join("data").display()))
            // One value a series and instant, as InfluxDB keeps it.
            .arg("-dedup.minScrapeInterval=1ms")
            .args(["-retentionPeriod=100y", "-search.latencyOffset=0s", "-loggerLevel=ERROR"]);
        let Some(mut process) = Process::start(&mut command, &self.dir.path().join("log")) else {
            return false;
        };
        let url = format!("{}/health", self.url());
        until("victoria-metrics answers", START, async || {
            assert!(
                process.is_running(),
                "{}",
                std::fs::read_to_string(self.dir.path().join("log")).unwrap()
            );
            reqwest::get(&url).await.ok().filter(|answer| answer.status().is_success())
        })
        .await;
        self.process = Some(process);
        true
    }

    /// Ends it as a crash would; its store stays.
    pub fn kill(&mut self) {
        self.process.take().unwrap().kill();
    }

    /// Base address.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Every series that a selector matches, with times (ms) and values.
    pub async fn export(&self, selector: &str) -> Vec<serde_json::Value> {
        let client = reqwest::Client::new();
        client.get(format!("{}/internal/force_flush", self.url())).send().await.unwrap();
        let request = client.get(format!("{}/api/v1/export", self.url())).query(&[("match[]", selector)]);
        let text = request.send().await.unwrap().text().await.unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// How many values all series that a selector matches hold together.
    pub async fn count(&self, selector: &str) -> usize {
        let series = self.export(selector).await;
        series.iter().map(|one| one["values"].as_array().unwrap().len()).sum()
    }

    /// The value of one of its own metrics; 0 when it is not shown.
    pub async fn metric(&self, name: &str) -> f64 {
        let text = reqwest::get(format!("{}/metrics", self.url())).await.unwrap().text().await.unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix(name).map(str::to_owned));
        line.map_or(0.0, |rest| rest.trim().parse().unwrap())
    }
}
