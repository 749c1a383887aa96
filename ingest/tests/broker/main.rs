//! The subscriber against a real mosquitto: nothing acknowledged comes again, nothing else is lost.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "test helpers"
)]

mod certificates;
mod refused;
mod server;
mod session;
mod tls;

use std::time::Duration;

use ingest::mqtt::{Incoming, Publisher, Subscriber};
use server::{Broker, DEADLINE};
use tokio::time::{Instant, timeout};

async fn next(subscriber: &mut Subscriber) -> Incoming {
    timeout(DEADLINE, subscriber.next())
        .await
        .unwrap_or_else(|_| panic!("no message; {:?}", subscriber.link()))
}

async fn connected(subscriber: &Subscriber) {
    let start = Instant::now();
    while !subscriber.link().is_connected {
        assert!(start.elapsed() < DEADLINE, "not connected: {:?}", subscriber.link());
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Publishes until the subscription stands: the first message that comes back proves it.
async fn subscribed(subscriber: &mut Subscriber, publisher: &Publisher) {
    let start = Instant::now();
    loop {
        publisher.publish("t/probe", b"probe".to_vec(), false).unwrap();
        if let Ok(message) = timeout(Duration::from_millis(50), subscriber.next()).await {
            subscriber.acker().ack(message.ack_token().unwrap());
            break;
        }
        assert!(start.elapsed() < DEADLINE, "not subscribed: {:?}", subscriber.link());
    }
    publisher.publish("t/end", b"end".to_vec(), false).unwrap();
    loop {
        let message = next(subscriber).await;
        subscriber.acker().ack(message.ack_token().unwrap());
        if message.topic() == "t/end" {
            return;
        }
    }
}

fn text(message: &Incoming) -> String {
    String::from_utf8(message.payload().to_vec()).unwrap()
}

#[tokio::test]
async fn unacknowledged_messages_return_and_acknowledged_ones_do_not() {
    let Some(broker) = Broker::start("acks").await else { return };
    let publisher = Publisher::start(&broker.config("publisher")).unwrap();
    let filters = vec!["t/#".to_owned()];
    let mut subscriber = Subscriber::start(&broker.config("normwatch"), filters.clone()).unwrap();
    subscribed(&mut subscriber, &publisher).await;
    for i in 0..6 {
        publisher.publish("t/x", format!("{i}").into_bytes(), false).unwrap();
    }
    let mut first = Vec::new();
    for _ in 0..6 {
        first.push(next(&mut subscriber).await);
    }
    assert_eq!(first.iter().map(text).collect::<Vec<_>>(), ["0", "1", "2", "3", "4", "5"]);
    let keys: Vec<_> = first.iter().map(|m| m.redelivery_key().unwrap()).collect();
    // Acknowledge 0, 2 and 4; a marker that comes back shows that the acknowledgements are on their way.
    for message in first.iter().step_by(2) {
        subscriber.acker().ack(message.ack_token().unwrap());
    }
    publisher.publish("t/x", b"marker".to_vec(), false).unwrap();
    assert_eq!(text(&next(&mut subscriber).await), "marker");
    drop(subscriber);

    publisher.publish("t/x", b"away".to_vec(), false).unwrap();
    let mut subscriber = Subscriber::start(&broker.config("normwatch"), filters).unwrap();
    connected(&subscriber).await;
    let mut again = Vec::new();
    while again.last().map(text).as_deref() != Some("away") {
        again.push(next(&mut subscriber).await);
    }
    assert_eq!(again.iter().map(text).collect::<Vec<_>>(), ["1", "3", "5", "marker", "away"]);
    assert!(again.iter().take(3).all(Incoming::is_dup), "mosquitto marks what it sends again");
    let again_keys: Vec<_> = again.iter().take(3).map(|m| m.redelivery_key().unwrap()).collect();
    assert_eq!(again_keys, [keys[1], keys[3], keys[5]], "known again by a new process");
}

#[tokio::test]
async fn a_broken_connection_is_made_again_and_old_acknowledgements_are_dropped() {
    let Some(broker) = Broker::start("broken").await else { return };
    let publisher = Publisher::start(&broker.config("publisher")).unwrap();
    let mut subscriber = Subscriber::start(&broker.config("normwatch"), vec!["t/#".to_owned()]).unwrap();
    subscribed(&mut subscriber, &publisher).await;
    publisher.publish("t/x", b"one".to_vec(), false).unwrap();
    let first = next(&mut subscriber).await;

    // A second client of the same id makes the broker throw the first one out, which then comes back.
    let mut rival = Subscriber::start(&broker.config("normwatch"), vec!["t/#".to_owned()]).unwrap();
    let at_rival = next(&mut rival).await;
    assert_eq!(text(&at_rival), "one", "the session follows the client id");
    drop(rival);
    let again = next(&mut subscriber).await;
    assert_eq!(text(&again), "one");
    assert_eq!(again.redelivery_key(), first.redelivery_key());
    assert!(again.is_resumed() && !first.is_resumed());
    assert!(subscriber.link().failures >= 1);
    // The old token belongs to a connection that is gone: without effect. The new one counts.
    subscriber.acker().ack(first.ack_token().unwrap());
    subscriber.acker().ack(again.ack_token().unwrap());
    publisher.publish("t/x", b"two".to_vec(), false).unwrap();
    loop {
        let message = next(&mut subscriber).await;
        match text(&message).as_str() {
            "two" => break,
            "one" => subscriber.acker().ack(message.ack_token().unwrap()),
            other => panic!("{other}"),
        }
    }
}

#[tokio::test]
async fn the_window_stops_the_flow_while_the_consumer_holds_back() {
    let Some(broker) = Broker::start("window").await else { return };
    let publisher = Publisher::start(&broker.config("publisher")).unwrap();
    let mut config = broker.config("normwatch");
    config.receive_maximum = 10;
    config.keep_alive = Duration::from_secs(5);
    let mut subscriber = Subscriber::start(&config, vec!["t/#".to_owned()]).unwrap();
    subscribed(&mut subscriber, &publisher).await;
    for i in 0..100 {
        publisher.publish("t/x", format!("{i}").into_bytes(), false).unwrap();
    }
    let mut held = Vec::new();
    while let Ok(message) = timeout(Duration::from_millis(500), subscriber.next()).await {
        held.push(message);
    }
    // Acknowledgements of before that are still on their way make mosquitto let nearly a second window through.
    assert!((10..=20).contains(&held.len()), "{} of a window of ten", held.len());
    let mut seen = held.len();
    let acker = subscriber.acker();
    held.iter().for_each(|m| acker.ack(m.ack_token().unwrap()));
    while seen < 100 {
        let message = next(&mut subscriber).await;
        assert_eq!(text(&message), seen.to_string());
        acker.ack(message.ack_token().unwrap());
        seen += 1;
    }
    assert_eq!(subscriber.link().failures, 0);
}

#[tokio::test]
async fn a_message_above_ten_kibibytes_arrives_and_a_retained_one_is_marked() {
    let Some(broker) = Broker::start("large").await else { return };
    let publisher = Publisher::start(&broker.config("publisher")).unwrap();
    publisher.publish("t/kept", vec![b'x'; 500_000], true).unwrap();
    let start = Instant::now();
    loop {
        let mut subscriber = Subscriber::start(&broker.config("normwatch"), vec!["t/#".to_owned()]).unwrap();
        if let Ok(message) = timeout(Duration::from_secs(1), subscriber.next()).await {
            assert_eq!(message.payload().len(), 500_000);
            assert!(message.topic() == "t/kept" && (message.is_retained() || start.elapsed() < DEADLINE));
            return;
        }
        assert!(start.elapsed() < DEADLINE, "{:?}", subscriber.link());
    }
}
