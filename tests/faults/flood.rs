//! Too much: one huge message, a hundred thousand topics, one sensor that never stops.

use std::{io::Write as _, net::TcpStream, time::Duration};

use model::Instant;
use sensors_sim::{Event, Publisher};

use crate::{
    ledger::{balanced, holds_exactly},
    load::{Load, url},
    rig::{broker, memory_mib, service},
};

/// Memory that a flood may cost at most, MiB; some times what was measured (docs/durability.md).
const MOST_MIB: u64 = 400;

/// A publish of so many zeros, as MQTT 3.1.1 writes it, and the answer of the broker.
fn publish_huge(port: u16, bytes: u32) -> Vec<u8> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    stream.write_all(b"\x10\x10\x00\x04MQTT\x04\x02\x00\x3c\x00\x04huge").unwrap();
    let mut connack = [0; 4];
    std::io::Read::read_exact(&mut stream, &mut connack).unwrap();
    let topic = b"normwatch/v1/huge";
    let mut head = vec![0x32];
    let mut left = bytes + 2 + topic.len() as u32 + 2;
    while left >= 128 {
        head.push((left % 128) as u8 | 128);
        left /= 128;
    }
    head.push(left as u8);
    head.extend([0, topic.len() as u8]);
    head.extend(topic);
    head.extend([0, 1]);
    stream.write_all(&head).unwrap();
    let zeros = vec![0; 1 << 20];
    for _ in 0..bytes >> 20 {
        stream.write_all(&zeros).unwrap();
    }
    let mut answer = vec![0; 4];
    std::io::Read::read_exact(&mut stream, &mut answer).unwrap();
    answer
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_of_200_mb_is_dropped_before_us_and_everything_else_arrives() {
    let dir = tempfile::tempdir().unwrap();
    let load = Load::of(4, 500);
    let broker = broker("").await;
    let mut service = service(dir.path(), &load, broker.port(), "").await;
    load.publish_at_once(broker.port(), 0..1000).await;
    let port = broker.port();
    let answer = tokio::task::spawn_blocking(move || publish_huge(port, 200 << 20)).await.unwrap();
    assert_eq!(answer, [0x40, 2, 0, 1], "the broker takes it: its publisher hears nothing of a loss");
    load.publish_at_once(broker.port(), 1000..2000).await;
    let ledger = balanced(&service, 2000..=2000).await;
    assert_eq!(ledger["received"], 2000, "{ledger:?}");
    let log = service.log();
    assert!(!log.contains("no connection to the broker"), "{log}");
    println!("{} MiB after a message of 200 MiB", memory_mib(&service));
    holds_exactly(&mut service, &load.all()).await;
}

fn native(topic_of: impl Fn(i64) -> String, count: i64) -> impl Iterator<Item = Event> {
    let end = normwatch::clock::Clock::System.now().millis();
    (0..count).map(move |n| {
        let ms = end - count + n;
        let payload = format!(
            "[{{\"n\":\"humidity\",\"u\":\"%RH\",\"t\":{},\"v\":{}}}]",
            ms as f64 / 1000.0,
            40 + n % 20
        );
        let (time, topic) = (Instant::from_millis(ms), topic_of(n));
        Event { time, topic, payload: payload.into_bytes(), qos: 1, retain: false }
    })
}

/// Floods the service while its own sensors publish; returns the memory that it needs then, MiB.
async fn flooded(topic_of: impl Fn(i64) -> String, count: i64) -> u64 {
    let dir = tempfile::tempdir().unwrap();
    let load = Load::of(4, 250);
    let broker = broker("").await;
    let mut service = service(dir.path(), &load, broker.port(), "").await;
    let before = memory_mib(&service);
    let publisher = Publisher::new(url(broker.port()), "flood");
    let flood = publisher.publish(native(topic_of, count));
    let publish = load.publish(broker.port(), 0..1000, Duration::from_secs(10));
    let (flood, _) = tokio::join!(flood, publish);
    assert_eq!(flood.unwrap().acked, count as u64);
    let total = count as u64 + 1000;
    balanced(&service, total..=total).await;
    let memory = memory_mib(&service);
    let verdicts = service.list("/verdicts").await;
    for room in &load.rooms {
        assert!(
            verdicts.iter().any(|verdict| verdict["place"] == room.id.as_str()),
            "{} is not judged",
            room.id
        );
    }
    let unknown = service.list("/sensors/unknown").await.len();
    println!(
        "{count} messages of a flood: {before} MiB before, {memory} MiB behind it, {unknown} unknown sensors"
    );
    assert!(unknown <= 10_000, "{unknown}");
    holds_exactly(&mut service, &load.all()).await;
    memory
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_thousand_topics_leave_memory_bounded_and_the_office_judged() {
    let memory = flooded(|n| format!("normwatch/v1/stranger-{n}"), 100_000).await;
    assert!(memory < MOST_MIB, "{memory} MiB");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_one_sensor_leaves_memory_bounded_and_the_others_judged() {
    let memory = flooded(|_| "normwatch/v1/flood".to_owned(), 100_000).await;
    assert!(memory < MOST_MIB, "{memory} MiB");
}
