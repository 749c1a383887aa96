//! A real browser, without a window.

use std::{
    fs::{File, read_to_string},
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use tokio::time::timeout;

const BROWSER: &str = "/usr/bin/chromium";
const PATIENCE: Duration = Duration::from_secs(60);

/// The document after scripts have run, and what the browser logged; nothing where there is no browser.
pub async fn dom(url: &str, language: &str, more: &[&str]) -> Option<(String, String)> {
    if !Path::new(BROWSER).exists() {
        eprintln!("skipped: no {BROWSER} here");
        return None;
    }
    let folder = tempfile::tempdir().unwrap();
    let (out, log) = (folder.path().join("dom"), folder.path().join("log"));
    let mut child = Command::new(BROWSER)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"])
        .args(["--no-first-run", "--disable-dev-shm-usage", "--enable-logging=stderr"])
        .arg(format!("--user-data-dir={}", folder.path().join("profile").display()))
        .arg(format!("--accept-lang={language}"))
        .args(more)
        .args(["--dump-dom", url])
        .stdin(Stdio::null())
        .stdout(File::create(&out).unwrap())
        .stderr(File::create(&log).unwrap())
        .spawn()
        .unwrap();
    let ended = timeout(PATIENCE, async {
        while child.try_wait().unwrap().is_none() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    });
    if ended.await.is_err() {
        child.kill().unwrap();
        child.wait().unwrap();
        panic!("the browser did not answer in time: {}", read_to_string(&log).unwrap_or_default());
    }
    let text = |path: &Path| String::from_utf8_lossy(&std::fs::read(path).unwrap()).into_owned();
    Some((text(&out), text(&log)))
}
