//! A service of a small office, with what stands around it.

use std::{path::Path, time::Duration};

use crate::{
    common::{mosquitto::Mosquitto, process::until},
    load::Load,
    office::write_register,
    service::Service,
};

/// The longest that anything may take on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(180);

/// A broker, or the reason why there is none.
pub(crate) async fn broker(more: &str) -> Mosquitto {
    Mosquitto::start(more).await.expect("mosquitto: apt-get install mosquitto")
}

/// `[smtp]` and quick mails.
pub(crate) fn mail_settings(port: u16) -> String {
    format!(
        "[smtp]\nurl = \"smtp://127.0.0.1:{port}\"\nfrom = \"normwatch@example.org\"\n\n\
         [alerts]\ngroup_wait = \"300ms\"\ngroup_interval = \"1s\"\n\n"
    )
}

/// `[influx]`.
pub(crate) fn series_settings(dir: &Path, url: &str) -> String {
    std::fs::write(dir.join("token"), "none").unwrap();
    format!("[influx]\nurl = \"{url}\"\norg = \"o\"\nbucket = \"b\"\ntoken_file = \"token\"\n\n")
}

/// A service in `dir` for the office of a load, connected to the broker behind `port`.
pub(crate) async fn service(dir: &Path, load: &Load, port: u16, more: &str) -> Service {
    write_register(dir, "UTC", &load.rooms);
    let mut service = Service::new(dir, port, more);
    service.start().await;
    ready(&service).await;
    service
}

/// Waits until the broker holds our subscription and everything can be written.
pub(crate) async fn ready(service: &Service) {
    until("the service is ready", PATIENCE, async || service.get("/readyz").await).await;
}

/// What `/readyz` says: its status, and the reasons why the service is not ready.
pub(crate) async fn reasons(service: &Service) -> Option<(u16, String)> {
    let answer = reqwest::get(format!("http://{}/readyz", service.address())).await.ok()?;
    let status = answer.status().as_u16();
    let said: serde_json::Value = serde_json::from_str(&answer.text().await.ok()?).ok()?;
    let reasons = said["reasons"].as_array()?.iter().map(|reason| reason.as_str().unwrap().to_owned());
    Some((status, reasons.collect::<Vec<_>>().join("\n")))
}

/// Waits until the service is not ready for a reason that holds this text; returns all reasons.
pub(crate) async fn until_unready(service: &Service, text: &str) -> String {
    let mut newest: Option<(u16, String)> = None;
    let end = tokio::time::Instant::now() + PATIENCE;
    loop {
        if let Some((503, reasons)) = &newest
            && reasons.contains(text)
        {
            return reasons.clone();
        }
        assert!(tokio::time::Instant::now() < end, "no reason `{text}`, newest: {newest:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
        newest = reasons(service).await;
    }
}

/// Waits until so many messages are counted in an outcome.
pub(crate) async fn counted(service: &Service, outcome: &str, count: u64) {
    let name = format!("normwatch_messages_total{{outcome=\"{outcome}\"}}");
    until(&format!("{count} {outcome}"), PATIENCE, async || {
        service.metric(&name).await.filter(|now| *now >= count)
    })
    .await;
}

/// Memory of a process that is in RAM, MiB.
pub(crate) fn memory_mib(service: &Service) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", service.process_id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").trim().parse::<u64>().unwrap() / 1024
}
