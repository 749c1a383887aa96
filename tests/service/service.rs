//! The program, run as a service on a directory of its own.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use serde_json::Value;

use crate::common::process::{Process, free_port, until};

/// How long a start may take on a busy machine.
const START: Duration = Duration::from_secs(60);
/// How long a clean stop may take.
const STOP: Duration = Duration::from_secs(10);

/// The program, without variables of ours in its environment.
pub(crate) fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_normwatch"));
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("NORMWATCH__"))
    {
        command.env_remove(name);
    }
    command.env("NO_COLOR", "1");
    command
}

/// A service with its directory; killed when dropped.
#[derive(Debug)]
pub(crate) struct Service {
    process: Option<Process>,
    dir: PathBuf,
    address: String,
    starts: u32,
    environment: Vec<(String, String)>,
}

impl Service {
    /// A service that is not running yet. `dir` holds `register/`; `more` is added to its configuration.
    pub(crate) fn new(dir: &Path, mqtt_port: u16, more: &str) -> Self {
        let address = format!("127.0.0.1:{}", free_port());
        let config = format!(
            "data_dir = \"data\"\nlisten = \"{address}\"\nregister = \"register\"\n\n\
             [mqtt]\nurl = \"mqtt://127.0.0.1:{mqtt_port}\"\n\n{more}\n"
        );
        std::fs::write(dir.join("normwatch.toml"), config).unwrap();
        Self { process: None, dir: dir.to_owned(), address, starts: 0, environment: Vec::new() }
    }

    /// The same with a variable in its environment, from the next start on.
    #[allow(dead_code, reason = "not every test binary sets one")]
    pub(crate) fn with_variable(mut self, name: &str, value: &Path) -> Self {
        self.environment.push((name.to_owned(), value.display().to_string()));
        self
    }

    /// Its number at the system.
    #[allow(dead_code, reason = "not every test binary asks")]
    pub(crate) fn process_id(&self) -> u32 {
        self.process.as_ref().unwrap().id()
    }

    /// Whether it still runs.
    #[allow(dead_code, reason = "not every test binary asks")]
    pub(crate) fn is_running(&mut self) -> bool {
        self.process.as_mut().unwrap().is_running()
    }

    /// Starts it, and waits until its pages answer.
    pub(crate) async fn start(&mut self) {
        self.starts += 1;
        let mut command = program();
        command.current_dir(&self.dir).args(["run", "-c", "normwatch.toml"]);
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        self.process = Process::start(&mut command, &self.log_file(self.starts));
        until("the service answers", START, async || {
            assert!(self.process.as_mut().unwrap().is_running(), "{}", self.log());
            self.get("/healthz").await
        })
        .await;
    }

    /// Starts it, and waits until it is connected to its broker.
    pub(crate) async fn start_connected(&mut self) {
        self.start().await;
        until("the service is connected", START, async || {
            let log = self.log_of(self.starts);
            log.lines().any(|line| line.contains("connected") && line.contains("mqtt")).then_some(())
        })
        .await;
    }

    /// Ends it as a power failure would.
    pub(crate) fn kill(&mut self) {
        self.process.take().unwrap().kill();
    }

    /// Asks it to stop; it must do so cleanly and soon.
    pub(crate) async fn stop(&mut self) {
        let mut process = self.process.take().unwrap();
        let began = tokio::time::Instant::now();
        process.signal("TERM");
        let code = until("the service stops", STOP, async || process.exit_code()).await;
        assert_eq!(code, 0, "{}", self.log());
        println!("stopped in {:?}", began.elapsed());
    }

    /// Asks it to stop where it cannot write what it has: it must do so soon, whatever its exit code.
    #[allow(dead_code, reason = "not every test binary has such a disk")]
    pub(crate) async fn stop_on_full_disk(&mut self) {
        let mut process = self.process.take().unwrap();
        process.signal("TERM");
        until("the service stops", STOP, async || (!process.is_running()).then_some(())).await;
    }

    fn log_file(&self, start: u32) -> PathBuf {
        self.dir.join(format!("log-{start}"))
    }

    fn log_of(&self, start: u32) -> String {
        std::fs::read_to_string(self.log_file(start)).unwrap_or_default()
    }

    /// What all runs said.
    pub(crate) fn log(&self) -> String {
        (1..=self.starts).map(|start| self.log_of(start)).collect()
    }

    /// Host and port of its pages.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Its data directory.
    pub(crate) fn data(&self) -> PathBuf {
        self.dir.join("data")
    }

    /// A page's text; `None` while it does not answer.
    pub(crate) async fn get(&self, path: &str) -> Option<String> {
        let answer = reqwest::get(format!("http://{}{path}", self.address)).await.ok()?;
        if answer.status().is_success() { answer.text().await.ok() } else { None }
    }

    /// A page of the API.
    pub(crate) async fn api(&self, path: &str) -> Value {
        let text = self.get(&format!("/api/v1{path}")).await;
        serde_json::from_str(&text.unwrap_or_else(|| panic!("{path}: {}", self.log()))).unwrap()
    }

    /// All items of a list of the API.
    pub(crate) async fn list(&self, path: &str) -> Vec<Value> {
        let sign = if path.contains('?') { '&' } else { '?' };
        let (mut items, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = self.api(&format!("{path}{sign}limit=1000{cursor}")).await;
            items.extend(page["items"].as_array().unwrap().iter().cloned());
            match page["next"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return items,
            }
        }
    }

    /// A counter or gauge, by its whole name with labels; `None` while it does not answer.
    pub(crate) async fn metric(&self, name: &str) -> Option<u64> {
        let text = self.get("/metrics").await?;
        let line =
            text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ').map(str::to_owned));
        Some(line.map_or(0, |value| value.trim().parse::<f64>().unwrap() as u64))
    }

    /// The ledger, once it counts so many messages under this name and none is pending.
    pub(crate) async fn ledger(&self, name: &str, count: u64, deadline: Duration) -> BTreeMap<String, u64> {
        until("the ledger is complete", deadline, async || {
            let text = self.get("/api/v1/ledger").await?;
            let ledger: BTreeMap<String, u64> = serde_json::from_str(&text).unwrap();
            (ledger[name] >= count && ledger["pending"] == 0).then_some(ledger)
        })
        .await
    }
}

/// What a ledger must satisfy: every message in exactly one outcome.
pub(crate) fn assert_balanced(ledger: &BTreeMap<String, u64>) {
    let outcomes = ["stored", "duplicate", "ignored", "quarantined", "rejected", "pending"];
    let sum: u64 = outcomes.iter().map(|outcome| ledger[*outcome]).sum();
    assert_eq!(ledger["received"], sum, "{ledger:?}");
}
