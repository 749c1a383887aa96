//! The list of rights that the service keeps, enforced by a real broker.

use std::time::Duration;

use ingest::mqtt::Publisher;

use crate::{
    common::{
        mosquitto::Mosquitto,
        process::{free_port, until},
    },
    office::write_register,
    service::{Service, assert_balanced},
    vendors::{guarded, login, rooms},
};

const PATIENCE: Duration = Duration::from_secs(60);

async fn connected(broker: &Mosquitto, name: &str) -> Publisher {
    let publisher = Publisher::start(&login(broker, name)).unwrap();
    until("the device is connected", PATIENCE, async || publisher.is_connected().then_some(())).await;
    publisher
}

/// Says something under the device's own topic.
fn say(publisher: &Publisher, sensor: &str) {
    let pack = br#"[{"n":"co2","u":"ppm","v":640}]"#;
    publisher.publish(&format!("normwatch/v1/{sensor}"), pack.to_vec(), false).unwrap();
}

/// Says something that the broker must refuse: it ends the connection then.
async fn is_refused(publisher: &Publisher, sensor: &str) {
    say(publisher, sensor);
    until("the broker ends the connection", PATIENCE, async || (!publisher.is_connected()).then_some(()))
        .await;
}

async fn received(service: &Service, count: u64) {
    let ledger = service.ledger("received", count, PATIENCE).await;
    assert_balanced(&ledger);
    assert_eq!((ledger["received"], ledger["stored"]), (count, count), "{ledger:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_of_the_register_lets_a_device_in_and_another_out_once_the_broker_reads_the_list_again() {
    let dir = tempfile::tempdir().unwrap();
    write_register(dir.path(), "UTC", &rooms(&["lobby"]));
    let names = ["normwatch", "lobby", "roof"];
    let (broker, mut service) = guarded(dir.path(), &names, "acl_file = \"acl\"\n").await;
    service.start_connected().await;
    let lobby = connected(&broker, "lobby").await;
    say(&lobby, "lobby");
    received(&service, 1).await;
    is_refused(&connected(&broker, "roof").await, "roof").await;

    write_register(dir.path(), "UTC", &rooms(&["roof"]));
    until("the list follows", PATIENCE, async || {
        let list = std::fs::read_to_string(dir.path().join("acl")).unwrap();
        (list.contains("\nuser roof\n") && !list.contains("\nuser lobby\n")).then_some(())
    })
    .await;
    // Who is connected keeps the rights that the broker has read.
    say(&lobby, "lobby");
    received(&service, 2).await;
    broker.hang_up();
    // It reads the list between two messages; what comes before that is let in.
    until("the broker has read it", PATIENCE, async || {
        let is_out = !lobby.is_connected();
        if !is_out {
            say(&lobby, "lobby");
        }
        is_out.then_some(())
    })
    .await;
    drop(lobby);
    is_refused(&connected(&broker, "lobby").await, "lobby").await;
    let roof = connected(&broker, "roof").await;
    say(&roof, "roof");
    until("what the new one says is heard", PATIENCE, async || {
        let devices = service.list("/devices").await;
        devices.into_iter().find(|device| device["sensor"] == "roof" && device["messages"] == 1)
    })
    .await;
    assert!(roof.is_connected(), "nothing of it was refused");
    let ledger = service.ledger("received", 3, PATIENCE).await;
    assert_balanced(&ledger);
    assert_eq!(ledger["received"], ledger["stored"], "{ledger:?}");
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_could_not_be_written_is_written_once_it_can_be_without_another_edit() {
    let dir = tempfile::tempdir().unwrap();
    write_register(dir.path(), "UTC", &rooms(&["lobby"]));
    let mut service = Service::new(dir.path(), free_port(), "acl_file = \"rights/acl\"\n");
    service.start().await;
    until("the failure is told", PATIENCE, async || {
        service.log().contains("list of rights cannot be written").then_some(())
    })
    .await;
    std::fs::create_dir(dir.path().join("rights")).unwrap();
    until("the list is there", PATIENCE, async || {
        let list = std::fs::read_to_string(dir.path().join("rights/acl")).unwrap_or_default();
        list.contains("\nuser lobby\n").then_some(())
    })
    .await;
    service.stop().await;
}
