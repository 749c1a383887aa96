//! Certificates are renewed while the service runs: taken up without a restart, and not before they are right.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use ingest::{
    Tls,
    mqtt::{MqttConfig, Publisher},
};

use crate::{
    certificates::certificates,
    common::{mosquitto::Mosquitto, process::until},
    ledger::{balanced, holds_exactly},
    load::Load,
    rig::{PATIENCE, ready, until_unready},
    service::Service,
    tls::{broker, hand_out, service},
};

/// Our certificate and key are those of this name from now on.
fn take(held: &Path, name: &str) {
    for ending in ["key", "pem"] {
        fs::copy(held.join(format!("{name}.{ending}")), held.join(format!("mine.{ending}"))).unwrap();
    }
}

fn publisher(broker: &Mosquitto, held: &Path, ca: &str) -> Publisher {
    let read = |name: &str| fs::read(held.join(name)).unwrap();
    let mut config = MqttConfig::new(format!("mqtts://localhost:{}", broker.port()), "load");
    config.tls = Some(Tls { ca: read(ca), client: Some((read("server.pem"), read("server.key"))) });
    Publisher::start(&config).unwrap()
}

async fn publish(publisher: &Publisher, load: &Load, range: std::ops::Range<usize>) {
    for event in &load.events[range] {
        until("there is room", PATIENCE, async || {
            publisher.publish(&event.topic, event.payload.clone(), false).ok()
        })
        .await;
    }
}

/// How often the broker has let our subscriber in by the certificate of this name.
fn let_in(log: &PathBuf, name: &str) -> usize {
    let log = fs::read_to_string(log).unwrap_or_default();
    let is_ours = |line: &&str| line.contains(" as normwatch (") && line.contains(&format!("u'{name}'"));
    log.lines().filter(is_ours).count()
}

/// What asks for somebody without keeping the service from serving.
async fn warned(service: &Service, of: &str) -> String {
    until("the warning stands on /readyz", PATIENCE, async || {
        service.get("/readyz").await.filter(|said| said.contains("edit refused") && said.contains(of))
    })
    .await
}

async fn nothing_is_refused(service: &Service) {
    until("nothing is refused", PATIENCE, async || {
        service.get("/readyz").await.filter(|said| !said.contains("refused"))
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renewed_certificate_of_ours_is_taken_up_file_by_file_while_we_run_and_a_wrong_one_changes_nothing()
{
    let (dir, held) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    assert!(certificates(held.path()), "openssl: apt-get install openssl");
    let load = Load::of(4, 60);
    hand_out(held.path(), "server", "ca");
    take(held.path(), "ours");
    let (at, log) = (held.path().display(), held.path().join("log"));
    // It says in its log by which certificate it knows a client.
    let more = format!(
        "require_certificate true\nuse_identity_as_username true\nlog_type notice\nlog_dest file {}\n",
        log.display()
    );
    let broker = broker(held.path(), &more).await;
    let url = format!("mqtts://localhost:{}", broker.port());
    let ours =
        format!("ca_file = \"{at}/ca.pem\"\ncert_file = \"{at}/mine.pem\"\nkey_file = \"{at}/mine.key\"");
    let mut service = service(dir.path(), &load, &url, &ours);
    service.start().await;
    ready(&service).await;
    let load_sender = publisher(&broker, held.path(), "ca.pem");
    publish(&load_sender, &load, 0..80).await;
    balanced(&service, 80..=80).await;

    // Text, one that is over: each is told, and the connection stands.
    fs::write(held.path().join("mine.pem"), "no certificate\n").unwrap();
    let said = warned(&service, "mine.pem:0: mqtt.cert_file: holds no certificate in PEM").await;
    assert!(said.contains("\"ready\":true"), "{said}");
    assert!(service.get("/?lang=en").await.unwrap().contains("mqtt.cert_file"));
    assert!(service.log().contains("the certificates are refused; those in use stay"), "{}", service.log());
    take(held.path(), "late");
    warned(&service, "mine.pem:0: mqtt.cert_file: the certificate is over").await;
    // A certificate whose key is still to come is no fault.
    fs::copy(held.path().join("server.pem"), held.path().join("mine.pem")).unwrap();
    until("the key is waited for", PATIENCE, async || {
        service.log().contains("not yet of one pair; those in use stay").then_some(())
    })
    .await;
    nothing_is_refused(&service).await;
    publish(&load_sender, &load, 80..160).await;
    balanced(&service, 160..=160).await;
    assert_eq!((let_in(&log, "ours"), let_in(&log, "server")), (1, 0), "the connection stood");

    fs::copy(held.path().join("server.key"), held.path().join("mine.key")).unwrap();
    until("the broker knows us by the new one", PATIENCE, async || {
        (let_in(&log, "server") == 1).then_some(())
    })
    .await;
    nothing_is_refused(&service).await;
    assert!(!service.log().contains("does not belong to"), "{}", service.log());
    publish(&load_sender, &load, 160..240).await;
    balanced(&service, 240..=240).await;
    assert_eq!((let_in(&log, "ours"), let_in(&log, "server")), (1, 1), "{}", service.log());
    assert!(!service.log().contains("PRIVATE"));
    holds_exactly(&mut service, &load.all()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_authority_is_trusted_after_a_hangup_while_the_broker_is_not_to_be_reached() {
    let (dir, held) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    assert!(certificates(held.path()), "openssl: apt-get install openssl");
    let load = Load::of(4, 20);
    hand_out(held.path(), "server", "ca");
    fs::copy(held.path().join("ca.pem"), held.path().join("trust.pem")).unwrap();
    let mut broker = broker(held.path(), "").await;
    let url = format!("mqtts://localhost:{}", broker.port());
    let trust = format!("ca_file = \"{}/trust.pem\"", held.path().display());
    let mut service = service(dir.path(), &load, &url, &trust);
    service.start().await;
    ready(&service).await;
    broker.stop().await;
    hand_out(held.path(), "forged", "ca");
    assert!(broker.again().await);
    until_unready(&service, "signed by nobody in ca_file").await;
    fs::copy(held.path().join("other.pem"), held.path().join("trust.pem")).unwrap();
    let hangup = Command::new("kill").args(["-HUP", &service.process_id().to_string()]).status();
    assert!(hangup.unwrap().success());
    ready(&service).await;
    let load_sender = publisher(&broker, held.path(), "other.pem");
    publish(&load_sender, &load, 0..80).await;
    balanced(&service, 80..=80).await;
    holds_exactly(&mut service, &load.all()).await;
}
