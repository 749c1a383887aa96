//! What the service refuses to start with, and how it says so.

use std::{net::TcpListener, path::Path};

use crate::{
    office::{Room, write_register},
    service::program,
};

/// Exit code and what was said, on either stream.
fn run(dir: &Path) -> (i32, String) {
    let output = program().current_dir(dir).args(["run", "-c", "normwatch.toml"]).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap(), String::from_utf8(said).unwrap())
}

fn office(config: &str) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let room = Room { id: "r-1".to_owned(), sensor: "air-1".to_owned() };
    write_register(dir.path(), "Asia/Shanghai", &[room]);
    std::fs::write(dir.path().join("normwatch.toml"), format!("register = \"register\"\n{config}")).unwrap();
    dir
}

/// Whether some line names the file with a line number, the key, and says what and how to mend it.
#[track_caller]
fn assert_says(said: &str, file: &str, key: &str) {
    let is_it = |line: &&str| {
        let Some(rest) = line.split_once(file).map(|(_, rest)| rest) else { return false };
        let parts: Vec<&str> = rest.trim_start_matches(':').splitn(4, ": ").collect();
        parts.len() == 4 && parts[0].parse::<u32>().is_ok() && parts[1].contains(key)
    };
    assert!(said.lines().any(|line| is_it(&line)), "no `{file}:line: {key}: what: remedy` in:\n{said}");
}

#[test]
fn a_taken_port_is_named_with_a_remedy() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let dir = office(&format!("listen = \"{address}\"\n"));
    let (code, said) = run(dir.path());
    assert_eq!(code, 1, "{said}");
    assert!(said.contains(&address.to_string()) && said.contains("`listen`"), "{said}");
}

#[test]
fn every_error_of_the_configuration_is_listed() {
    let dir = office("listen = \"nowhere\"\nlissten = \"127.0.0.1:1\"\n[alerts]\ngroup_wait = \"soon\"\n");
    let (code, said) = run(dir.path());
    assert_eq!(code, 1, "{said}");
    for key in ["listen", "lissten", "group_wait"] {
        assert_says(&said, "normwatch.toml", key);
    }
}

#[test]
fn every_error_of_the_register_is_listed() {
    let dir = office("listen = \"127.0.0.1:0\"\n");
    let register = dir.path().join("register");
    std::fs::write(register.join("sensors.csv"), "sensor,place,intervall_s\nair-1,nowhere,60\n").unwrap();
    std::fs::write(register.join("posts.csv"), "post,rank,body,room\nhead,king,bureau,head\n").unwrap();
    let (code, said) = run(dir.path());
    assert_eq!(code, 1, "{said}");
    assert_says(&said, "sensors.csv", "intervall_s");
    assert_says(&said, "posts.csv", "rank");
}

#[test]
fn every_error_of_packs_and_overlay_is_listed() {
    let dir = office("listen = \"127.0.0.1:0\"\npacks_dir = \"packs\"\noverlay = \"overlay.toml\"\n");
    std::fs::create_dir(dir.path().join("packs")).unwrap();
    std::fs::write(dir.path().join("packs/own-1.toml"), "id = \"own-1\"\n[[clause]]\nid = 3\n").unwrap();
    std::fs::write(dir.path().join("overlay.toml"), "[[override]]\nclause = \"no/such\"\n").unwrap();
    let (code, said) = run(dir.path());
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("own-1.toml:"), "{said}");
    assert!(said.contains("overlay.toml:"), "{said}");
}

#[test]
fn a_directory_in_use_is_left_to_its_owner() {
    let dir = office("listen = \"127.0.0.1:0\"\n");
    std::fs::create_dir(dir.path().join("data")).unwrap();
    let held = std::fs::File::create(dir.path().join("data/lock")).unwrap();
    held.try_lock().unwrap();
    let (code, said) = run(dir.path());
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("another normwatch") && said.contains("data_dir"), "{said}");
}
