//! The commands as a shell sees them: what they print, and their exit codes.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests may fail loudly")]

use std::process::{Command, Output};

fn sim(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_sensors-sim")).args(arguments).output().unwrap()
}

const HOUR: [&str; 4] = ["--from", "2026-03-02T09:00:00+08:00", "--to", "2026-03-02T09:10:00+08:00"];

#[test]
fn write_prints_messages_that_a_decoder_can_read() {
    let out = sim(&[&["write"], &HOUR[..]].concat());
    assert!(out.status.success());
    let text = String::from_utf8(out.stdout).unwrap();
    assert!(text.lines().count() > 250);
    for line in text.lines() {
        let message: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(message["topic"].is_string() && message["received_at"].is_string());
        let payload: serde_json::Value = serde_json::from_str(message["payload"].as_str().unwrap()).unwrap();
        assert!(payload.is_object() || payload.is_array());
    }
}

#[test]
fn write_prints_readings_as_csv() {
    let out = sim(&[&["write", "--format", "csv"], &HOUR[..]].concat());
    let text = String::from_utf8(out.stdout).unwrap();
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("time,sensor,quantity,value"));
    assert!(lines.all(|line| {
        let cells: Vec<&str> = line.split(',').collect();
        model::Instant::parse(cells[0]).is_ok()
            && model::Quantity::parse(cells[2]).is_some()
            && cells[3].parse::<f64>().is_ok()
    }));
}

#[test]
fn register_writes_a_directory() {
    let dir = std::env::temp_dir().join(format!("sensors-sim-register-{}", std::process::id()));
    let out = sim(&["register", dir.to_str().unwrap()]);
    assert!(out.status.success());
    let names: Vec<String> =
        std::fs::read_dir(&dir).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    std::fs::remove_dir_all(&dir).unwrap();
    assert_eq!(names.len(), 10, "{names:?}");
}

#[test]
fn a_wrong_use_exits_2_and_a_failure_1_with_its_reason() {
    assert_eq!(sim(&["write"]).status.code(), Some(2));
    let out = sim(&[&["write", "--scenario", "no-such.toml"], &HOUR[..]].concat());
    assert_eq!(out.status.code(), Some(1));
    assert!(String::from_utf8(out.stderr).unwrap().contains("no-such.toml"));
    let out = sim(&["load", "--format", "zigbee2mqtt"]);
    assert_eq!(out.status.code(), Some(1));
    assert!(String::from_utf8(out.stderr).unwrap().contains("--at"));
}

#[test]
fn every_command_shows_an_example() {
    for command in ["load", "play", "write", "register"] {
        let help = String::from_utf8(sim(&[command, "--help"]).stdout).unwrap();
        assert!(help.contains(&format!("Example: sensors-sim {command}")), "{command}");
    }
}
