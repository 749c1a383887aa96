//! Broker, time-series server and mail server absent at the start.

use std::time::Duration;

use model::{Id, Instant, Quantity};
use normwatch::clock::Clock;
use sensors_sim::{Format, Publisher, Row, messages_for};

use crate::{
    common::{
        mosquitto::Mosquitto,
        process::{free_port, until},
        victoria_metrics::VictoriaMetrics,
    },
    office::{Room, write_register},
    service::{Service, assert_balanced},
    smtp::{Options, SmtpServer},
};

const PATIENCE: Duration = Duration::from_secs(150);

/// Four hours of a room that was crowded until a while ago.
fn rows(now: Instant) -> Vec<Row> {
    let sensor = Id::parse("air-1").unwrap();
    let minutes = 0..240_i64;
    let row = |minute: i64| Row {
        time: now.plus_ms((minute - 250) * 60_000),
        sensor: sensor.clone(),
        quantity: Quantity::Co2,
        value: 1400.0 + (minute % 7) as f64,
    };
    minutes.map(row).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_service_starts_alone_says_so_once_and_loses_nothing_until_all_have_come() {
    let dir = tempfile::tempdir().unwrap();
    write_register(dir.path(), "UTC", &[Room { id: "r-1".to_owned(), sensor: "air-1".to_owned() }]);
    let mut broker = Mosquitto::start("").await.expect("mosquitto: apt-get install mosquitto");
    let mut series = VictoriaMetrics::start().await.expect("apt-get install victoria-metrics");
    let smtp_port = free_port();
    broker.kill();
    series.kill();
    let more = format!(
        "[influx]\nurl = \"{}\"\norg = \"o\"\nbucket = \"b\"\n\n\
         [smtp]\nurl = \"smtp://127.0.0.1:{smtp_port}\"\nfrom = \"normwatch@example.org\"\n\n\
         [alerts]\ngroup_wait = \"200ms\"\ngroup_interval = \"1s\"\n",
        series.url()
    );
    let mut service = Service::new(dir.path(), broker.port(), &more);
    service.start().await;
    until("it says that the broker is away", PATIENCE, async || {
        (service.log().matches("link=\"mqtt\"").count() > 0).then_some(())
    })
    .await;
    assert!(service.get("/readyz").await.is_none(), "ready without a broker");

    assert!(broker.again().await);
    until("ready with a broker", PATIENCE, async || service.get("/readyz").await).await;
    let publisher = Publisher::new(format!("mqtt://127.0.0.1:{}", broker.port()), "late");
    let events: Vec<_> = messages_for(rows(Clock::System.now()), Format::Zigbee2mqtt).collect();
    let count = events.len();
    publisher.publish(events).await.unwrap();
    let ledger = service.ledger("stored", count as u64, PATIENCE).await;
    assert_balanced(&ledger);
    assert_eq!(ledger["stored"], count as u64);
    until("it says that the others are away", PATIENCE, async || {
        let log = service.log();
        let is_away = |name: &str| log.contains(&format!("link=\"{name}\""));
        (is_away("influx") && is_away("smtp")).then_some(())
    })
    .await;

    assert!(series.again().await);
    let mails = SmtpServer::start(&Options { port: smtp_port, ..Options::default() });
    until("all readings arrive", PATIENCE, async || (series.count("co2_value").await == count).then_some(()))
        .await;
    until("the mails arrive", PATIENCE, async || {
        let told = mails.taken();
        let told = |name: &str| told.iter().any(|mail| mail["to"][0] == name);
        (told("facilities@example.org") && told("hall@example.org")).then_some(())
    })
    .await;
    let log = service.log();
    for name in ["mqtt", "influx", "smtp"] {
        let said = log.lines().filter(|line| line.contains("not reachable") && line.contains(name)).count();
        assert_eq!(said, 1, "{name}: {log}");
    }
    service.stop().await;
}
