//! TLS and mutual TLS against a real mosquitto, with certificates made for the test.

use std::{fs, path::Path, process::Command};

use ingest::{
    Tls,
    mqtt::{MqttConfig, Publisher, Subscriber},
};
use tokio::time::Instant;

use crate::{
    certificates::certificates,
    server::{Broker, DEADLINE},
    subscribed,
};

const OPTIONS: &str = "cafile {dir}/ca.pem\ncertfile {dir}/server.pem\nkeyfile {dir}/server.key";

fn config(broker: &Broker, ca: &str, ours: Option<&str>) -> MqttConfig {
    let read = |name: String| fs::read(broker.dir.join(name)).unwrap();
    let client = ours.map(|ours| (read(format!("{ours}.pem")), read(format!("{ours}.key"))));
    let mut config = MqttConfig::new(format!("mqtts://localhost:{}", broker.port), "normwatch");
    config.tls = Some(Tls { ca: read(format!("{ca}.pem")), client });
    config
}

async fn passes(mut config: MqttConfig) {
    let mut subscriber = Subscriber::start(&config, vec!["t/#".to_owned()]).unwrap();
    config.client_id = "publisher".to_owned();
    let publisher = Publisher::start(&config).unwrap();
    subscribed(&mut subscriber, &publisher).await;
}

/// The error of a connection that must fail; no secret of the configuration stands in it.
async fn refused(config: &MqttConfig, wanted: &str) {
    let subscriber = Subscriber::start(config, vec!["t/#".to_owned()]).unwrap();
    let start = Instant::now();
    loop {
        let link = subscriber.link();
        assert!(!link.is_subscribed, "it was let in");
        if let Some(error) = link.error {
            assert!(error.contains(wanted), "{error}");
            let shown = format!("{error} {config:?} {subscriber:?}");
            assert!(!shown.contains("PRIVATE") && !shown.contains("hunter2"), "{shown}");
            return;
        }
        assert!(start.elapsed() < DEADLINE, "no error");
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn a_broker_is_trusted_by_its_authority_alone_and_the_error_says_which_file() {
    let options = format!("{OPTIONS}\nallow_anonymous true");
    let Some(broker) = Broker::start_with("tls", &options, certificates).await else { return };
    passes(config(&broker, "ca", None)).await;
    refused(&config(&broker, "other", None), "is signed by nobody in ca_file").await;
    // The authorities that browsers trust did not sign it either.
    let mut public = config(&broker, "ca", None);
    public.tls = None;
    refused(&public, "is signed by nobody in ca_file").await;
    let mut elsewhere = config(&broker, "ca", None);
    elsewhere.url = format!("mqtts://127.0.0.1:{}", broker.port);
    refused(&elsewhere, "is for another host than the one in mqtt.url").await;
}

#[tokio::test]
async fn a_broker_that_asks_for_our_certificate_gets_it_and_the_error_says_when_it_is_missing_or_forged() {
    let options = format!("{OPTIONS}\nrequire_certificate true\nallow_anonymous true");
    let Some(broker) = Broker::start_with("mtls", &options, certificates).await else { return };
    passes(config(&broker, "ca", Some("ours"))).await;
    refused(&config(&broker, "ca", None), "cert_file").await;
    refused(&config(&broker, "ca", Some("forged")), "cert_file").await;
}

#[tokio::test]
async fn a_wrong_password_is_named_as_such_and_shown_nowhere() {
    let passwords = |dir: &Path| {
        let users = dir.join("users");
        let made =
            Command::new("mosquitto_passwd").arg("-c").arg("-b").arg(users).args(["nw", "secret"]).status();
        if made.is_err() {
            println!("skipped: mosquitto_passwd is not installed");
        }
        made.is_ok() && certificates(dir)
    };
    let options = format!("{OPTIONS}\npassword_file {{dir}}/users\nallow_anonymous false");
    let Some(broker) = Broker::start_with("password", &options, passwords).await else { return };
    let with = |password: Option<&str>| {
        let mut config = config(&broker, "ca", None);
        config.credentials = password.map(|password| ("nw".to_owned(), password.to_owned()));
        config
    };
    refused(&with(None), "refuses our name or password").await;
    refused(&with(Some("hunter2")), "refuses our name or password").await;
    passes(with(Some("secret"))).await;
}

#[tokio::test]
async fn a_port_without_tls_and_a_port_with_it_are_told_apart() {
    let Some(plain) = Broker::start("plain").await else { return };
    let mut over_tls = MqttConfig::new(format!("mqtts://localhost:{}", plain.port), "normwatch");
    over_tls.tls = Some(Tls::default());
    refused(&over_tls, "there may be no TLS at this port").await;
    let options = format!("{OPTIONS}\nallow_anonymous true");
    let Some(broker) = Broker::start_with("only-tls", &options, certificates).await else { return };
    refused(&broker.config("normwatch"), "mqtts://").await;
}
