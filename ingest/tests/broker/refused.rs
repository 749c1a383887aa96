//! A broker that does not grant what is asked for: by its rights, or at less than was asked for.

use std::{fs, path::Path, time::Duration};

use ingest::mqtt::{Publisher, Subscriber};

use crate::{
    next,
    server::Broker,
    session::{texts, until},
    text,
};

/// Where packages put mosquitto's plugin for rights that change while it runs; unlike its file of rights, the plugin
/// refuses subscriptions.
const PLUGINS: [&str; 4] = [
    "/usr/lib/x86_64-linux-gnu/mosquitto_dynamic_security.so",
    "/usr/lib/aarch64-linux-gnu/mosquitto_dynamic_security.so",
    "/usr/lib/mosquitto_dynamic_security.so",
    "/usr/local/lib/mosquitto_dynamic_security.so",
];
const CONTROL: &str = "$CONTROL/dynamic-security/v1";

/// Everybody may subscribe to `open/#`, and change the rights.
fn rights(dir: &Path) -> bool {
    let acl = |kind: &str, topic: &str| format!(r#"{{"acltype":"{kind}","topic":"{topic}","allow":true}}"#);
    let acls = [acl("publishClientSend", CONTROL), acl("subscribePattern", "open/#")].join(",");
    let text = format!(
        r#"{{"defaultACLAccess":{{"publishClientSend":true,"publishClientReceive":true,"subscribe":false,
        "unsubscribe":true}},"anonymousGroup":"all","clients":[],
        "groups":[{{"groupname":"all","roles":[{{"rolename":"all"}}]}}],
        "roles":[{{"rolename":"all","acls":[{acls}]}}]}}"#
    );
    fs::write(dir.join("rights.json"), text).is_ok()
}

#[tokio::test]
async fn a_subscription_that_was_refused_is_asked_for_again_on_the_connection_that_stands() {
    let Some(plugin) = PLUGINS.into_iter().find(|path| Path::new(path).exists()) else {
        println!("skipped: mosquitto's plugin for dynamic security is not installed");
        return;
    };
    // Started by root it would else become a user who may not write its rights.
    let options = format!(
        "user root\nallow_anonymous true\nplugin {plugin}\nplugin_opt_config_file {{dir}}/rights.json"
    );
    let Some(broker) = Broker::start_with("refused", &options, rights).await else { return };
    let mut config = broker.config("normwatch");
    config.ask_again = Duration::from_millis(200);
    let mut subscriber = Subscriber::start(&config, texts(&["open/#", "closed/#"])).unwrap();
    let publisher = Publisher::start(&broker.config("publisher")).unwrap();
    until("the refusal is not told", || {
        let error = subscriber.link().error.unwrap_or_default();
        error == "subscription to `closed/#` refused: NotAuthorized"
    })
    .await;
    assert!(!subscriber.link().is_subscribed, "silence below that filter is nobody's");
    // The other filter is held meanwhile.
    publisher.publish("open/x", b"heard".to_vec(), false).unwrap();
    assert_eq!(text(&next(&mut subscriber).await), "heard");

    let grant = br#"{"commands":[{"command":"setDefaultACLAccess",
        "acls":[{"acltype":"subscribe","allow":true}]}]}"#;
    publisher.publish(CONTROL, grant.to_vec(), false).unwrap();
    until("not subscribed after the right was given", || subscriber.link().is_subscribed).await;
    publisher.publish("closed/x", b"heard too".to_vec(), false).unwrap();
    assert_eq!(text(&next(&mut subscriber).await), "heard too");
    let link = subscriber.link();
    assert_eq!((link.failures, link.error), (0, None), "on the one connection");
}

#[tokio::test]
async fn a_grant_at_qos_0_is_used_and_told_and_better_ones_are_taken_when_the_broker_is_mended() {
    let options = "max_qos 0\nallow_anonymous true\nuser root\npersistence true\npersistence_location {dir}/";
    let Some(mut broker) = Broker::start_with("weak", options, |_| true).await else { return };
    let mut subscriber = Subscriber::start(&broker.config("normwatch"), texts(&["t/#"])).unwrap();
    until("not subscribed", || subscriber.link().is_subscribed).await;
    let error = subscriber.link().error.unwrap();
    assert!(error.contains("grants `t/#` at QoS 0 only"), "{error}");

    let file = broker.dir.join("mosquitto.conf");
    let text_of = fs::read_to_string(&file).unwrap();
    fs::write(&file, text_of.replace("max_qos 0\n", "")).unwrap();
    broker.kill();
    until("the loss is not seen", || !subscriber.link().is_connected).await;
    broker.again().await;
    until("not told as mended", || {
        let link = subscriber.link();
        link.is_subscribed && link.error.is_none()
    })
    .await;
    let publisher = Publisher::start(&broker.config("publisher")).unwrap();
    publisher.publish("t/x", b"heard".to_vec(), false).unwrap();
    let message = next(&mut subscriber).await;
    assert!(text(&message) == "heard" && message.ack_token().is_some(), "at QoS 1");
}
