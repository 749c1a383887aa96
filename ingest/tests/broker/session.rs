//! What the broker holds for us over restarts of ours and of its own.

use std::time::Duration;

use ingest::mqtt::{MqttConfig, Publisher, Subscriber};
use tokio::time::{Instant, timeout};

use crate::{
    next,
    server::{Broker, DEADLINE},
    text,
};

pub(crate) fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

pub(crate) async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < DEADLINE, "{what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn subscribed(config: &MqttConfig, filters: &[&str], former: &[&str]) -> Subscriber {
    let subscriber = Subscriber::start_after(config, texts(filters), texts(former)).unwrap();
    until("not subscribed", || subscriber.link().is_subscribed).await;
    subscriber
}

/// What arrives for the first time until the message `end`, all acknowledged. (An acknowledgement that was not yet on
/// its way when a subscriber was dropped brings its message back: one of `before`. What the broker sent to a connection
/// that was just going is marked too, and new.)
async fn taken(subscriber: &mut Subscriber, before: &[&str]) -> Vec<String> {
    let mut taken = Vec::new();
    loop {
        let message = next(subscriber).await;
        subscriber.acker().ack(message.ack_token().unwrap());
        if message.is_dup() && before.contains(&text(&message).as_str()) {
            continue;
        }
        if text(&message) == "end" {
            return taken;
        }
        taken.push(text(&message));
    }
}

#[tokio::test]
async fn after_a_restart_with_other_filters_the_former_ones_bring_nothing_more() {
    let Some(broker) = Broker::start("filters").await else { return };
    let publisher = Publisher::start(&broker.config("publisher")).unwrap();
    let config = broker.config("normwatch");
    let say = |topic: &str, text: &str| publisher.publish(topic, text.into(), false).unwrap();

    let mut first = subscribed(&config, &["old/#", "both/#"], &[]).await;
    ["old/x", "both/x"].iter().for_each(|topic| say(topic, topic));
    say("both/x", "end");
    assert_eq!(taken(&mut first, &[]).await, ["old/x", "both/x"]);
    drop(first);
    say("both/x", "away");

    // Without the knowledge of what was there, the former filter goes on: nobody can ask a broker for it.
    let mut blind = subscribed(&config, &["new/#", "both/#"], &[]).await;
    ["old/x", "new/x"].iter().for_each(|topic| say(topic, topic));
    say("both/x", "end");
    assert_eq!(taken(&mut blind, &["old/x", "both/x", "end"]).await, ["away", "old/x", "new/x"]);
    drop(blind);

    let mut told = subscribed(&config, &["new/#", "both/#"], &["old/#", "both/#"]).await;
    ["old/x", "new/x"].iter().for_each(|topic| say(topic, topic));
    say("both/x", "end");
    assert_eq!(taken(&mut told, &["away", "old/x", "new/x", "end"]).await, ["new/x"]);
    assert_eq!(told.link().error, None);
}

#[tokio::test]
async fn a_session_that_was_made_and_never_subscribed_is_subscribed_at_the_next_start() {
    let Some(broker) = Broker::start("deaf").await else { return };
    let publisher = Publisher::start(&broker.config("publisher")).unwrap();
    // What a process leaves that died between connecting and subscribing: a session without our filters.
    let other = subscribed(&broker.config("normwatch"), &["elsewhere"], &[]).await;
    drop(other);
    let mut subscriber = subscribed(&broker.config("normwatch"), &["t/#"], &[]).await;
    publisher.publish("t/x", b"heard".to_vec(), false).unwrap();
    assert_eq!(text(&next(&mut subscriber).await), "heard");
}

#[tokio::test]
async fn a_broker_that_is_away_is_asked_ever_less_often_and_a_lost_session_is_made_again() {
    let Some(mut broker) = Broker::start("away").await else { return };
    let publisher = Publisher::start(&broker.config("publisher")).unwrap();
    let mut subscriber = subscribed(&broker.config("normwatch"), &["t/#"], &[]).await;
    until("the publisher is not connected", || publisher.is_connected()).await;
    broker.kill();
    until("the loss is not seen", || !subscriber.link().is_connected && !publisher.is_connected()).await;
    let began = Instant::now();
    let pause = timeout(Duration::from_secs(3), subscriber.next()).await;
    assert!(pause.is_err(), "there is nobody to bring anything");
    // Pauses of at least 50, 100, 200, 400, 800 and 1600 ms: a sixth try would come after 3.15 s.
    let failures = subscriber.link().failures;
    assert!((2..=7).contains(&failures), "{failures} in {:?}", began.elapsed());
    let error = subscriber.link().error.unwrap();
    assert!(error.starts_with("nobody listens at the address in mqtt.url"), "{error}");

    // It kept nothing: the session is new, and the filters have to be given again.
    broker.again().await;
    until("not subscribed again", || subscriber.link().is_subscribed && publisher.is_connected()).await;
    publisher.publish("t/x", b"back".to_vec(), false).unwrap();
    let message = next(&mut subscriber).await;
    assert!(text(&message) == "back" && !message.is_resumed());
}

#[tokio::test]
async fn what_is_told_is_kept_by_the_broker_as_long_as_it_says() {
    let Some(broker) = Broker::start("kept").await else { return };
    let publisher = Publisher::start(&broker.config("publisher")).unwrap();
    until("the publisher is not connected", || publisher.is_connected()).await;
    publisher.tell("t/kept", b"kept".to_vec(), Some(Duration::from_secs(3600))).unwrap();
    publisher.tell("t/gone", b"gone".to_vec(), None).unwrap();
    publisher.publish("t/end", b"end".to_vec(), true).unwrap();
    let start = Instant::now();
    loop {
        let config = broker.config(&format!("late-{}", start.elapsed().as_micros()));
        let mut subscriber = subscribed(&config, &["t/#"], &[]).await;
        let mut found = Vec::new();
        while let Ok(message) = timeout(Duration::from_millis(300), subscriber.next()).await {
            found.push((text(&message), message.is_retained()));
        }
        if found.iter().any(|(text, is_retained)| text == "end" && *is_retained) {
            assert!(found.contains(&("kept".to_owned(), true)), "{found:?}");
            assert!(!found.iter().any(|(text, is_retained)| text == "gone" && *is_retained), "{found:?}");
            return;
        }
        assert!(start.elapsed() < DEADLINE, "{found:?}");
    }
}
