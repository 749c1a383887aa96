//! Messages taken from the embedded broker by hand.

use std::{fmt, net::SocketAddr};

use futures_util::FutureExt as _;
use ingest::mqtt::{Fed, Feed, Subscriber};
use rumqttd::{
    Notification,
    local::{LinkError, LinkRx, LinkTx},
    protocol::{Filter, Packet, QoS, RetainForwardRule, Subscribe},
};

/// Messages handed over at once: one look of whoever waits for them serves all.
const MOST_AT_ONCE: usize = 512;

/// Our own way to the embedded broker.
pub struct Link {
    pub(super) to: LinkTx,
    pub(super) from: LinkRx,
    /// The server for MQTT 5 behind the door.
    pub(super) beside: SocketAddr,
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link").finish_non_exhaustive()
    }
}

impl Link {
    /// Where our own clients reach the broker: on loopback, without TLS, with the login.
    #[must_use]
    pub fn url(&self) -> String {
        format!("mqtt://{}", self.beside)
    }

    /// Subscribes, and hands on what comes; call it inside a tokio runtime.
    #[must_use]
    pub fn subscribe(self, filters: Vec<String>) -> Subscriber {
        Subscriber::fed(|feed| async move {
            let error = match self.run(filters, &feed).await {
                Ok(()) => "the embedded broker has sent us away".to_owned(),
                Err(error) => error.to_string(),
            };
            tracing::error!(error, "no messages from the embedded broker");
            feed.ended(error);
        })
    }

    async fn run(mut self, filters: Vec<String>, feed: &Feed) -> Result<(), LinkError> {
        // It has no window for what needs no acknowledgement, and still leaves nothing out: it waits for room.
        let filter = |path| Filter {
            path,
            qos: QoS::AtMostOnce,
            nolocal: false,
            preserve_retain: false,
            retain_forward_rule: RetainForwardRule::OnEverySubscribe,
        };
        let filters = filters.into_iter().map(filter).collect();
        self.to.send(Packet::Subscribe(Subscribe { pkid: 1, filters }, None)).await?;
        let mut messages = Vec::with_capacity(MOST_AT_ONCE);
        loop {
            let mut next = Some(self.from.next().await?);
            let (mut is_held, mut is_over) = (false, false);
            while let Some(notification) = next.take() {
                match notification {
                    Some(Notification::Forward(forward)) => {
                        let publish = forward.publish;
                        let (topic, payload) = (publish.topic, publish.payload);
                        messages.push(Fed { topic, payload, is_retained: publish.retain });
                    }
                    Some(Notification::DeviceAck(_)) => feed.subscribed(),
                    Some(Notification::Unschedule) => is_held = true,
                    Some(Notification::Disconnect(..)) => is_over = true,
                    Some(_) | None => {}
                }
                if messages.len() < MOST_AT_ONCE && !is_over {
                    next = self.from.next().now_or_never().transpose()?;
                }
            }
            if !messages.is_empty() {
                feed.put(&mut messages).await;
            }
            if is_over {
                return Ok(());
            }
            if is_held {
                self.from.wake().await?;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        net::{Ipv4Addr, TcpListener},
        time::Duration,
    };

    use model::Instant;
    use sensors_sim::{Event, Publisher};

    use crate::broker;

    fn event(n: usize, retain: bool) -> Event {
        let topic = format!("normwatch/v1/s{}", n % 7);
        Event { time: Instant::from_millis(0), topic, payload: n.to_string().into_bytes(), qos: 1, retain }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn everything_published_arrives_once_and_in_order_even_when_nobody_takes_it_for_a_while() {
        let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|free| free.local_addr()).unwrap();
        let link = broker::start(broker::Settings::open(address)).unwrap();
        let publisher =
            Publisher { in_flight: 1000, ..Publisher::new(format!("mqtt://{address}"), "vendor") };
        let deadline = Duration::from_secs(60);
        let kept = publisher.publish(std::iter::once(event(0, true)));
        tokio::time::timeout(deadline, kept).await.unwrap().unwrap();
        let mut subscriber = link.subscribe(vec!["normwatch/v1/+".to_owned()]);
        let before = tokio::time::timeout(deadline, subscriber.next()).await.unwrap();
        assert_eq!((before.payload(), before.is_retained()), (&b"0"[..], true));
        assert!(subscriber.link().is_subscribed);
        // More than fits on the way, and published to its end before the first is taken.
        let all = 20_000;
        let publisher = Publisher { client_id: "vendor-2".to_owned(), ..publisher };
        let published = publisher.publish((1..=all).map(|n| event(n, false)));
        assert_eq!(tokio::time::timeout(deadline, published).await.unwrap().unwrap().acked, 20_000);
        for n in 1..=all {
            let next = tokio::time::timeout(deadline, subscriber.next()).await.unwrap();
            assert_eq!(next.payload(), n.to_string().as_bytes());
            assert_eq!(
                (next.topic(), next.is_retained()),
                (format!("normwatch/v1/s{}", n % 7).as_str(), false)
            );
        }
        assert!(subscriber.try_next().is_none());
        assert_eq!((subscriber.link().dropped, subscriber.link().failures), (0, 0));
    }
}
