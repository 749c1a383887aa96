//! TLS towards the broker goes wrong: each fault is told with its key and its remedy, and mended without a restart.

use std::{fs, path::Path};

use crate::{
    certificates::certificates,
    common::{mosquitto::Mosquitto, process::until},
    ledger::{balanced, holds_exactly},
    load::Load,
    office::write_register,
    rig::{PATIENCE, ready, until_unready},
    service::{Service, program},
};

/// A broker whose certificates lie in `dir` and can be changed while it is stopped: `shown.pem`, `trusted.pem`.
pub(crate) async fn broker(dir: &Path, more: &str) -> Mosquitto {
    let at = dir.display();
    // Started by root it would else become a user who may not look into this folder.
    let tls = format!(
        "user root\ncafile {at}/trusted.pem\ncertfile {at}/shown.pem\nkeyfile {at}/shown.key\n{more}"
    );
    Mosquitto::start(&tls).await.expect("mosquitto: apt-get install mosquitto")
}

/// What the broker shows and trusts from its next start on.
pub(crate) fn hand_out(dir: &Path, shown: &str, trusted: &str) {
    for (from, to) in [
        (format!("{shown}.pem"), "shown.pem"),
        (format!("{shown}.key"), "shown.key"),
        (format!("{trusted}.pem"), "trusted.pem"),
    ] {
        fs::copy(dir.join(from), dir.join(to)).unwrap();
    }
}

/// A service that reaches its broker by `url`, with more keys in `[mqtt]`.
pub(crate) fn service(dir: &Path, load: &Load, url: &str, more: &str) -> Service {
    write_register(dir, "UTC", &load.rooms);
    let service = Service::new(dir, 1, "");
    let file = dir.join("normwatch.toml");
    let text = fs::read_to_string(&file).unwrap();
    let changed = text.replace("url = \"mqtt://127.0.0.1:1\"\n", &format!("url = \"{url}\"\n{more}\n"));
    assert_ne!(changed, text);
    fs::write(&file, changed).unwrap();
    service
}

/// The fault stands on /readyz and in the log, in words that name a key and say what to do; the service goes on
/// trying, ever more slowly.
async fn told(service: &mut Service, words: &str, key: &str) {
    let reasons = until_unready(service, words).await;
    println!("{reasons}");
    assert!(reasons.contains("mqtt is down") && reasons.contains(key), "{reasons}");
    let tries = async |service: &Service| service.log().matches("no connection to the broker").count();
    let before = tries(service).await;
    until("it tries again", PATIENCE, async || (tries(service).await > before + 1).then_some(())).await;
    assert!(service.is_running());
    let log = service.log();
    assert!(log.contains(words), "{log}");
    assert!(!log.contains("PRIVATE"), "a key stands in the log");
    // From 0.1 s doubling to 30 s: in the minutes of a test these are few.
    assert!(tries(service).await < 60, "it hammers the broker");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_of_the_broker_that_is_foreign_or_over_is_told_and_taken_up_when_it_is_mended() {
    let (dir, held) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    assert!(certificates(held.path()), "openssl: apt-get install openssl");
    let load = Load::of(4, 250);
    hand_out(held.path(), "forged", "ca");
    let mut broker = broker(held.path(), "").await;
    let url = format!("mqtts://localhost:{}", broker.port());
    let ca = format!("ca_file = \"{}/ca.pem\"", held.path().display());
    let mut service = service(dir.path(), &load, &url, &ca);
    service.start().await;
    told(&mut service, "signed by nobody in ca_file", "ca_file").await;
    broker.stop().await;
    hand_out(held.path(), "stale", "ca");
    assert!(broker.again().await);
    told(&mut service, "the broker's certificate is no longer valid", "issued anew").await;
    broker.stop().await;
    hand_out(held.path(), "server", "ca");
    assert!(broker.again().await);
    ready(&service).await;
    publish(&load, &broker, held.path()).await;
    balanced(&service, load.count()..=load.count()).await;
    holds_exactly(&mut service, &load.all()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_of_ours_that_the_broker_refuses_is_told_and_taken_when_it_trusts_its_authority() {
    let (dir, held) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    assert!(certificates(held.path()), "openssl: apt-get install openssl");
    let load = Load::of(4, 250);
    hand_out(held.path(), "server", "ca");
    let mut broker = broker(held.path(), "require_certificate true\n").await;
    let url = format!("mqtts://localhost:{}", broker.port());
    let at = held.path().display();
    let ours = |name: &str| {
        format!("ca_file = \"{at}/ca.pem\"\ncert_file = \"{at}/{name}.pem\"\nkey_file = \"{at}/{name}.key\"")
    };
    // None at all, one that is over, one that the wrong authority signed.
    let mut bare = service(dir.path(), &load, &url, &format!("ca_file = \"{at}/ca.pem\""));
    bare.start().await;
    told(&mut bare, "asks for a certificate of ours", "cert_file").await;
    bare.stop().await;
    let mut late = service(dir.path(), &load, &url, &ours("late"));
    late.start().await;
    told(&mut late, "refuses our certificate as no longer valid", "cert_file").await;
    assert!(late.log().contains("the certificate is over"), "{}", late.log());
    late.stop().await;
    let mut forged = service(dir.path(), &load, &url, &ours("forged"));
    forged.start().await;
    told(&mut forged, "does not know who signed our certificate", "cert_file").await;
    broker.stop().await;
    let both =
        [fs::read(held.path().join("ca.pem")).unwrap(), fs::read(held.path().join("other.pem")).unwrap()];
    fs::write(held.path().join("trusted.pem"), both.concat()).unwrap();
    assert!(broker.again().await);
    ready(&forged).await;
    forged.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_without_tls_and_one_with_it_taken_for_each_other_are_told() {
    let (dir, held) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    assert!(certificates(held.path()), "openssl: apt-get install openssl");
    let load = Load::of(4, 250);
    let mut plain = Mosquitto::start("").await.expect("mosquitto: apt-get install mosquitto");
    let ca = format!("ca_file = \"{}/ca.pem\"", held.path().display());
    let over_tls = format!("mqtts://localhost:{}", plain.port());
    let mut service_over_tls = service(dir.path(), &load, &over_tls, &ca);
    service_over_tls.start().await;
    told(&mut service_over_tls, "TLS at this port", "mqtt.url").await;
    plain.stop().await;
    service_over_tls.stop().await;

    hand_out(held.path(), "server", "ca");
    let secure = broker(held.path(), "").await;
    let without = format!("mqtt://localhost:{}", secure.port());
    let mut without_tls = service(dir.path(), &load, &without, "");
    without_tls.start().await;
    told(&mut without_tls, "mqtts://", "mqtt.url").await;
    without_tls.stop().await;
}

/// Publishes over TLS.
async fn publish(load: &Load, broker: &Mosquitto, held: &Path) {
    use ingest::{
        Tls,
        mqtt::{MqttConfig, Publisher},
    };
    let mut config = MqttConfig::new(format!("mqtts://localhost:{}", broker.port()), "load");
    config.tls = Some(Tls { ca: fs::read(held.join("ca.pem")).unwrap(), client: None });
    let publisher = Publisher::start(&config).unwrap();
    for event in &load.events {
        until("there is room", PATIENCE, async || {
            publisher.publish(&event.topic, event.payload.clone(), false).ok()
        })
        .await;
    }
    // Dropped, it would take what waits with it.
    drop(tokio::time::timeout(std::time::Duration::from_secs(1), std::future::pending::<()>()).await);
}

#[test]
fn check_opens_every_certificate_and_says_what_to_do() {
    let (dir, held) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    assert!(certificates(held.path()), "openssl: apt-get install openssl");
    let load = Load::of(1, 1);
    let at = held.path().display();
    fs::write(held.path().join("text.pem"), "no certificate\n").unwrap();
    fs::write(held.path().join("empty.pem"), "").unwrap();
    let check = |url: &str, more: &str| {
        drop(service(dir.path(), &load, url, more));
        let output =
            program().current_dir(dir.path()).args(["check", "-c", "normwatch.toml"]).output().unwrap();
        let said = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (output.status.code().unwrap(), said(output.stdout), said(output.stderr))
    };
    let ours = |cert: &str, key: &str| {
        format!("ca_file = \"{at}/ca.pem\"\ncert_file = \"{at}/{cert}\"\nkey_file = \"{at}/{key}\"")
    };
    let url = "mqtts://localhost:8883";
    // Certificates of a test are over in two days: that is a warning.
    let (code, out, err) = check(url, &ours("ours.pem", "ours.key"));
    assert_eq!((code, out.as_str()), (0, ""), "{err}");
    assert!(
        err.contains(&format!("warning: {at}/ours.pem:0: mqtt.cert_file: the certificate ends on")),
        "{err}"
    );
    for (more, wanted) in [
        (ours("late.pem", "late.key"), format!("{at}/late.pem:0: mqtt.cert_file: the certificate is over")),
        (ours("ours.pem", "late.key"), format!("{at}/late.key:0: mqtt.key_file: does not belong to")),
        (
            ours("ours.pem", "ours.pem"),
            format!("{at}/ours.pem:0: mqtt.key_file: holds no private key in PEM"),
        ),
        (
            ours("text.pem", "ours.key"),
            format!("{at}/text.pem:0: mqtt.cert_file: holds no certificate in PEM"),
        ),
        (ours("gone.pem", "ours.key"), "normwatch.toml:8: mqtt.cert_file: there is no".to_owned()),
        (
            format!("ca_file = \"{at}/stale.pem\""),
            format!("{at}/stale.pem:0: mqtt.ca_file: the certificate is over"),
        ),
        (format!("ca_file = \"{at}/empty.pem\""), format!("{at}/empty.pem:0: mqtt.ca_file: is empty: ")),
    ] {
        let (code, out, err) = check(url, &more);
        assert_eq!(code, 1, "{more}: {out} {err}");
        assert!(out.contains(&wanted), "{wanted}: {out} {err}");
        assert!(out.lines().all(|line| line.splitn(4, ": ").count() == 4), "no remedy: {out}");
        assert!(!out.contains("PRIVATE"), "{out}");
    }
    let (code, _, err) = check("mqtt://localhost:1883", &ours("ours.pem", "ours.key"));
    assert_eq!(code, 0, "{err}");
    assert!(err.contains("mqtt.ca_file: is not used"), "{err}");
}
