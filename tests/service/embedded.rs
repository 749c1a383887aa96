//! The broker of our own, with clients that others wrote: versions, logins, certificates, and what is refused.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    path::Path,
    process::{Command, Output},
    time::Duration,
};

use crate::{
    certificates::certificates,
    common::process::{free_port, until},
    office::write_register,
    service::{Service, assert_balanced, program},
    vendors::rooms,
};

const PATIENCE: Duration = Duration::from_secs(60);
const VERSIONS: [&str; 2] = ["mqttv311", "mqttv5"];
const TOPIC: &str = "normwatch/v1/lobby";

/// A service with a broker of its own, and its port; `more` stands below `[mqtt]`.
fn office(dir: &Path, more: &str) -> (Service, u16) {
    write_register(dir, "UTC", &rooms(&["lobby"]));
    fs::write(dir.join("password"), "right\n").unwrap();
    let port = free_port();
    (Service::new(dir, port, &format!("embedded = true\n{more}")), port)
}

const LOGIN: &str = "username = \"vendor\"\npassword_file = \"password\"\n";

/// Changes a line of the configuration.
fn change(dir: &Path, from: &str, to: &str) {
    let file = dir.join("normwatch.toml");
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.contains(from), "{text}");
    fs::write(&file, text.replace(from, to)).unwrap();
}

/// Starts it and waits until it listens to its own broker, which keeps nothing for it until then.
async fn started(service: &mut Service) {
    service.start().await;
    until("the service is ready", PATIENCE, async || service.get("/readyz").await).await;
}

/// A client of mosquitto's at a port of this machine, with more arguments.
fn client(name: &str, port: u16, version: &str, more: &[&str]) -> Command {
    let mut command = Command::new(name);
    command.args(["-h", "localhost", "-p", &port.to_string(), "-V", version]).args(more);
    command
}

/// One reading, published; each has another value.
fn publish(port: u16, version: &str, value: u32, more: &[&str]) -> Output {
    let pack = format!("[{{\"n\":\"co2\",\"u\":\"ppm\",\"v\":{value}}}]");
    let mut command = client("mosquitto_pub", port, version, &["-q", "1", "-t", TOPIC, "-m", &pack]);
    command.args(more).output().expect("mosquitto_pub: apt-get install mosquitto-clients")
}

fn is_taken(output: &Output) {
    assert!(output.status.success(), "{output:?}");
}

/// It is told why, in words that `mosquitto_pub` has for the answer.
fn is_refused(output: &Output, words: &str) {
    let said = String::from_utf8_lossy(&output.stderr).to_lowercase();
    assert!(!output.status.success() && said.contains(words), "{output:?}");
}

async fn stored(service: &Service, count: u64) {
    let ledger = service.ledger("received", count, PATIENCE).await;
    assert_balanced(&ledger);
    assert_eq!((ledger["received"], ledger["stored"]), (count, count), "{ledger:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_port_takes_mqtt_3_1_1_and_5_and_no_message_without_the_login() {
    let dir = tempfile::tempdir().unwrap();
    let (mut service, port) = office(dir.path(), LOGIN);
    started(&mut service).await;
    let right = ["-u", "vendor", "-P", "right"];
    for (version, value) in VERSIONS.into_iter().zip([600, 610]) {
        for wrong in [
            &[][..],
            &["-u", "vendor"],
            &["-u", "vendor", "-P", "wrong"],
            &["-u", "other", "-P", "right"],
            &["-u", "vendor", "-P", ""],
        ] {
            is_refused(&publish(port, version, 999, wrong), "not authori");
        }
        is_taken(&publish(port, version, value, &right));
    }
    stored(&service, 2).await;
    // Nor does it tell anything without one; with it, what became of the last message is there to be read.
    for version in VERSIONS {
        let of = |more: &[&str]| {
            let wanted = ["-t", "normwatch/v1/lobby/diagnostics", "-C", "1", "-W", "30"];
            client("mosquitto_sub", port, version, &wanted).args(more).output().unwrap()
        };
        is_refused(&of(&[]), "not authori");
        let told = of(&right);
        assert!(String::from_utf8_lossy(&told.stdout).contains("\"accepted\""), "{told:?}");
    }
    service.stop().await;
    let log = service.log();
    assert!(log.contains("said no right name and password") && !log.contains("wrong"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn on_loopback_nobody_needs_a_login() {
    let dir = tempfile::tempdir().unwrap();
    let (mut service, port) = office(dir.path(), "");
    started(&mut service).await;
    for (version, value) in VERSIONS.into_iter().zip([600, 610]) {
        is_taken(&publish(port, version, value, &[]));
    }
    stored(&service, 2).await;
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn over_tls_only_who_has_a_certificate_of_the_authority_and_the_login_is_heard() {
    let (dir, held) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    assert!(certificates(held.path()), "openssl: apt-get install openssl");
    let at = |name: &str| held.path().join(name).display().to_string();
    let more = format!(
        "{LOGIN}cert_file = \"{}\"\nkey_file = \"{}\"\nca_file = \"{}\"\n",
        at("server.pem"),
        at("server.key"),
        at("ca.pem")
    );
    let (mut service, port) = office(dir.path(), &more);
    change(dir.path(), "url = \"mqtt://", "url = \"mqtts://");
    started(&mut service).await;
    let (ca, pem, key) = (at("ca.pem"), at("ours.pem"), at("ours.key"));
    let (forged, forged_key) = (at("forged.pem"), at("forged.key"));
    let right = ["-u", "vendor", "-P", "right", "--cafile", &ca];
    for (version, value) in VERSIONS.into_iter().zip([600, 610]) {
        let with = |login: &[&str], more: &[&str]| publish(port, version, value, &[login, more].concat());
        assert!(!with(&right[..4], &[]).status.success(), "without TLS");
        assert!(!with(&right, &[]).status.success(), "without a certificate");
        assert!(!with(&right, &["--cert", &forged, "--key", &forged_key]).status.success());
        let ours = ["--cert", &pem, "--key", &key];
        is_refused(&with(&right[4..], &ours), "not authori");
        is_taken(&with(&right, &ours));
    }
    stored(&service, 2).await;
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_connects_and_says_nothing_or_half_is_sent_away_and_keeps_nobody_waiting() {
    let dir = tempfile::tempdir().unwrap();
    let (mut service, port) = office(dir.path(), LOGIN);
    started(&mut service).await;
    let connect = |said: &[u8]| {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream.write_all(said).unwrap();
        stream.set_nonblocking(true).unwrap();
        stream
    };
    let mut slow = [connect(b""), connect(b"\x10\x20\x00\x04MQ"), connect(b"GET / HTTP/1.1\r\n\r\n")];
    is_taken(&publish(port, "mqttv5", 600, &["-u", "vendor", "-P", "right"]));
    for stream in &mut slow {
        until("it is sent away", PATIENCE, async || {
            let read = stream.read(&mut [0]);
            read.map_or_else(|error| error.kind() != std::io::ErrorKind::WouldBlock, |read| read == 0)
                .then_some(())
        })
        .await;
    }
    stored(&service, 1).await;
    service.stop().await;
}

/// What a command of the program says about the configuration, and its exit code.
fn said(dir: &Path, command: &str) -> (Option<i32>, String) {
    let output = program().current_dir(dir).args([command, "-c", "normwatch.toml"]).output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(text).unwrap())
}

#[test]
fn what_the_embedded_broker_would_not_keep_to_is_refused_by_check_and_at_the_start() {
    for (from, to, more, wanted) in [
        ("127.0.0.1:", "0.0.0.0:", "", "without a login the embedded broker listens on loopback only"),
        ("127.0.0.1:", "broker.example.org:", LOGIN, "listens at an IP address, not at `broker.example.org`"),
        ("mqtt://", "mqtts://", LOGIN, "the embedded broker has no certificate to show"),
        ("", "", "username = \"vendor\"\n", "the login of the embedded broker is a name and a password"),
        (
            "",
            "",
            "password_file = \"password\"\n",
            "the login of the embedded broker is a name and a password",
        ),
        ("", "", "ca_file = \"password\"\n", "is for TLS, and the embedded broker listens without it"),
        ("", "", "acl_file = \"acl\"\n", "the embedded broker has one login and no list of rights"),
    ] {
        let dir = tempfile::tempdir().unwrap();
        drop(office(dir.path(), more));
        let url = fs::read_to_string(dir.path().join("normwatch.toml")).unwrap();
        let url = url.lines().find(|line| line.starts_with("url")).unwrap().to_owned();
        change(dir.path(), &url, &url.replace(from, to));
        for command in ["check", "run"] {
            let (code, text) = said(dir.path(), command);
            assert!(code == Some(1) && text.contains(wanted), "{command} {url} {more}: {code:?} {text}");
            assert!(!text.contains("console at"), "{text}");
        }
    }
}

#[test]
fn a_port_that_is_taken_ends_the_start_with_a_remedy() {
    let dir = tempfile::tempdir().unwrap();
    let (service, port) = office(dir.path(), "");
    drop(service);
    let taken = TcpListener::bind(("127.0.0.1", port)).unwrap();
    let (code, text) = said(dir.path(), "run");
    assert!(code.is_some_and(|code| code != 0), "{text}");
    assert!(text.contains(&format!("cannot listen at 127.0.0.1:{port}: free the port")), "{text}");
    assert!(!text.contains("console at"), "{text}");
    drop(taken);
}
