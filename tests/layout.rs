//! The house keeps its shape: imports one way, a pure core, one idea a file.
#![allow(clippy::unwrap_used, reason = "test helpers outside #[test] functions")]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

const CRATES: [&str; 5] = ["model", "rules", "ingest", "sensors-sim", "."];

/// Crates that reach a network, a disk or a clock, or that need a runtime.
const NOT_IN_THE_CORE: [&str; 17] = [
    "anyhow",
    "axum",
    "config",
    "flate2",
    "hyper",
    "influxdb2",
    "lettre",
    "minijinja",
    "prometheus-client",
    "rand",
    "reqwest",
    "rumqttc",
    "rumqttd",
    "rusqlite",
    "rustls",
    "tokio",
    "tracing",
];

/// Ways to the outside that need no crate. Each is split here, so that this file names none of them itself.
const NOT_IN_THE_SOURCES: [[&str; 2]; 9] = [
    ["std::", "fs"],
    ["std::", "net"],
    ["std::", "env"],
    ["std::", "process"],
    ["std::", "thread"],
    ["std::io::", "std"],
    ["System", "Time"],
    ["Timestamp::", "now"],
    ["async ", "fn"],
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Names of the packages that a crate depends on outside its tests.
fn dependencies(name: &str) -> BTreeSet<String> {
    let text = fs::read_to_string(root().join(name).join("Cargo.toml")).unwrap();
    let manifest: toml::Table = text.parse().unwrap();
    let tables =
        ["dependencies", "build-dependencies"].map(|key| manifest.get(key).and_then(|v| v.as_table()));
    let entries = tables.into_iter().flatten().flatten();
    let package = |(key, value): (&String, &toml::Value)| {
        let renamed = value.get("package").and_then(|package| package.as_str());
        renamed.unwrap_or(key).to_owned()
    };
    entries.map(package).collect()
}

/// Rust sources below a directory, with their text.
fn sources(dir: &Path) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push((path.clone(), fs::read_to_string(&path).unwrap()));
        }
    }
    assert!(!found.is_empty(), "no sources below {}", dir.display());
    found
}

/// What a source says outside comments.
fn code(text: &str) -> String {
    let lines = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.map(|line| format!("{line}\n")).collect()
}

/// A source up to its inline test module: tests may be as many as it takes.
fn without_tests(text: &str) -> &str {
    text.split("\n#[cfg(test)]\nmod tests {").next().unwrap_or_default()
}

#[test]
fn imports_between_our_crates_go_one_way() {
    let allowed: [(&str, &[&str]); 5] = [
        ("model", &[]),
        ("rules", &["normwatch-model"]),
        ("ingest", &["normwatch-model"]),
        ("sensors-sim", &["normwatch-model"]),
        (".", &["normwatch-model", "normwatch-rules", "normwatch-ingest", "normwatch-sensors-sim"]),
    ];
    assert_eq!(allowed.map(|(name, _)| name), CRATES);
    for (name, may) in allowed {
        for ours in dependencies(name).iter().filter(|package| package.starts_with("normwatch")) {
            assert!(may.contains(&ours.as_str()), "{name} must not depend on {ours}");
        }
    }
}

#[test]
fn the_core_depends_on_nothing_that_reaches_outside() {
    for name in ["model", "rules"] {
        let dependencies = dependencies(name);
        for forbidden in NOT_IN_THE_CORE {
            assert!(!dependencies.contains(forbidden), "{name} must not depend on {forbidden}");
        }
    }
}

#[test]
fn the_core_opens_nothing_and_reads_no_clock() {
    for name in ["model", "rules"] {
        for (path, text) in sources(&root().join(name).join("src")) {
            let code = code(&text);
            for forbidden in NOT_IN_THE_SOURCES.map(|parts| parts.concat()) {
                assert!(!code.contains(&forbidden), "{} says {forbidden}", path.display());
            }
        }
    }
}

#[test]
fn each_client_of_the_outside_world_is_named_in_one_file() {
    let all: Vec<_> = ["src", "ingest/src"].iter().flat_map(|dir| sources(&root().join(dir))).collect();
    for client in ["rumqttc", "influxdb2"] {
        let naming = all.iter().filter(|(_, text)| code(text).contains(&format!("{client}::")));
        let files: Vec<_> = naming.map(|(path, _)| path.display().to_string()).collect();
        assert!(files.len() <= 1, "{client} is named in {files:?}");
    }
}

#[test]
fn no_source_file_is_longer_than_400_lines() {
    let all = CRATES.iter().flat_map(|name| sources(&root().join(name).join("src")));
    let lengths = all.map(|(path, text)| (without_tests(&text).lines().count(), path));
    let long: Vec<_> = lengths.filter(|(lines, _)| *lines > 400).collect();
    assert!(long.is_empty(), "give the second idea of each a file of its own: {long:#?}");
}
