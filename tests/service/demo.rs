//! The demo, as somebody runs it who has just cloned the project.

use std::{path::Path, time::Duration};

use serde_json::Value;

use crate::{
    common::process::{Process, free_port, until},
    service::program,
};

/// Generous: this is no measurement, the machine may be busy and the build is not optimised.
const PATIENCE: Duration = Duration::from_secs(180);

/// What an alert is promised to have.
const KEYS: [&str; 16] = [
    "id",
    "state",
    "clause",
    "document",
    "citation",
    "place",
    "value",
    "limit",
    "unit",
    "coverage",
    "evidence",
    "started_at",
    "resolved_at",
    "revision",
    "acknowledged",
    "unproven",
];

fn mails(dir: &Path) -> Vec<String> {
    let files = std::fs::read_dir(dir.join("mail")).into_iter().flatten();
    let texts = files.filter_map(|file| std::fs::read_to_string(file.unwrap().path()).ok());
    texts.filter(|mail| !mail.is_empty()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_answers_then_mails_a_cited_finding_and_stops_when_asked() {
    let dir = tempfile::tempdir().unwrap();
    let address = format!("127.0.0.1:{}", free_port());
    let data = dir.path().join("demo");
    let mut command = program();
    command.args(["demo", "--listen", &address, "--days", "1", "--data"]).arg(&data);
    let began = tokio::time::Instant::now();
    let log = dir.path().join("log");
    let mut process = Process::start(&mut command, &log).unwrap();
    let page = |path: &str| format!("http://{address}{path}");
    until("the console answers", PATIENCE, async || {
        assert!(process.is_running(), "{}", std::fs::read_to_string(&log).unwrap());
        let answer = reqwest::get(page("/")).await.ok()?;
        answer.status().is_success().then_some(())
    })
    .await;
    let console = began.elapsed();
    let mail = until("the first mail", PATIENCE, async || mails(&data).into_iter().next()).await;
    println!("console after {console:?}, first mail after {:?}", began.elapsed());
    assert!(mail.contains("X-Normwatch-Transition: "), "{mail}");
    let alert = until("an alert fires", PATIENCE, async || {
        let text = reqwest::get(page("/api/v1/alerts?state=firing")).await.ok()?.text().await.ok()?;
        let list: Value = serde_json::from_str(&text).unwrap();
        list["items"].get(0).cloned()
    })
    .await;
    for key in KEYS {
        assert!(alert.get(key).is_some(), "no `{key}` in {alert}");
    }
    for key in ["document", "citation", "unit", "evidence", "started_at", "place"] {
        assert!(alert[key].as_str().is_some_and(|text| !text.is_empty()), "`{key}` is empty in {alert}");
    }
    process.signal("INT");
    let asked = tokio::time::Instant::now();
    let code = until("it stops", Duration::from_secs(10), async || process.exit_code()).await;
    println!("stopped in {:?}", asked.elapsed());
    assert_eq!(code, 0, "{}", std::fs::read_to_string(&log).unwrap());
}
