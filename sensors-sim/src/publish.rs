//! Plays events to a broker: in order, at a pace, bounded in flight, and not done before all are acknowledged.

use std::{
    collections::VecDeque,
    sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    time::Duration,
};

use model::Instant;
use rumqttc::{
    NetworkOptions, Outgoing,
    v5::{
        AsyncClient, ConnectionError, Event as Poll, EventLoop, MqttOptions, Request,
        mqttbytes::{QoS, v5::Packet},
    },
};

use crate::stage::Event;

/// Why a run to a broker ended early.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// The address is not `mqtt://host:port`.
    #[error("`{0}` is not a broker address: write mqtt://host:port")]
    Url(String),
    /// The broker took or acknowledged nothing for as long as [`Publisher::patience`].
    #[error("the broker stands still after {acked} of {published} messages: {why}")]
    Stalled {
        /// Messages handed to the client.
        published: u64,
        /// Messages acknowledged (only sent, at quality of service 0).
        acked: u64,
        /// Newest connection error.
        why: String,
    },
    /// The client has ended.
    #[error("the MQTT client has ended")]
    Closed,
}

/// What a run came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Published {
    /// Messages handed to the client.
    pub published: u64,
    /// Of them acknowledged by the broker; at quality of service 0, written to the connection.
    pub acked: u64,
}

/// How to reach a broker.
#[derive(Debug, Clone)]
pub struct Publisher {
    /// `mqtt://host:port`.
    pub url: String,
    /// Client id, unique at the broker.
    pub client_id: String,
    /// Quality of service instead of each event's own.
    pub qos: Option<u8>,
    /// Most messages sent and not yet acknowledged.
    pub in_flight: u16,
    /// How long to wait for a broker that does nothing.
    pub patience: Duration,
    /// Whether no packet waits for another: for a broker with a small window.
    pub is_undelayed: bool,
}

#[derive(Debug, Default)]
struct Progress {
    published: AtomicU64,
    acked: AtomicU64,
    is_fed: AtomicBool,
    end: tokio::sync::Notify,
}

impl Publisher {
    /// A publisher at each event's own quality of service, 200 messages in flight, a patience of 30 s.
    #[must_use]
    pub fn new(url: impl Into<String>, client_id: impl Into<String>) -> Self {
        let (url, client_id) = (url.into(), client_id.into());
        let patience = Duration::from_secs(30);
        Self { url, client_id, qos: None, in_flight: 200, patience, is_undelayed: false }
    }

    /// Publishes all events as fast as the broker takes them and waits for its acknowledgements.
    ///
    /// # Errors
    /// Returns [`PublishError`] when the address is wrong or the broker stands still.
    pub async fn publish<I>(&self, events: I) -> Result<Published, PublishError>
    where
        I: IntoIterator<Item = Event>,
    {
        self.run(events, |_| None).await
    }

    /// Publishes each event when the clock `now` has reached its time, and waits for the acknowledgements.
    ///
    /// `now` gives the (simulated) time and `speed` how many of its seconds pass in one real
    /// second, so that the wait for an event is known. Dropping the future stops the run.
    ///
    /// # Errors
    /// Returns [`PublishError`] when the address is wrong or the broker stands still.
    pub async fn play<I, N>(&self, events: I, now: N, speed: f64) -> Result<Published, PublishError>
    where
        I: IntoIterator<Item = Event>,
        N: Fn() -> Instant,
    {
        self.run(events, |event| {
            let ahead = event.time.since(now());
            (ahead > 0).then(|| {
                Duration::from_secs_f64((crate::numbers::float(ahead) / 1000.0 / speed.max(1e-9)).min(1.0))
            })
        })
        .await
    }

    async fn run<I>(
        &self,
        events: I,
        wait: impl Fn(&Event) -> Option<Duration>,
    ) -> Result<Published, PublishError>
    where
        I: IntoIterator<Item = Event>,
    {
        let (host, port) = address(&self.url)?;
        let mut options = MqttOptions::new(&self.client_id, host, port);
        options.set_network_options(network(self.is_undelayed));
        options.set_keep_alive(Duration::from_secs(30));
        options.set_outgoing_inflight_upper_limit(self.in_flight.max(1));
        let (client, link) = AsyncClient::new(options, usize::from(self.in_flight.max(1)));
        let progress = Progress::default();
        let feed = async {
            for event in events {
                // The clock may be paused or slow: look again until the event's time has come.
                while let Some(pause) = wait(&event) {
                    tokio::time::sleep(pause).await;
                }
                let qos = if self.qos.unwrap_or(event.qos) == 0 { QoS::AtMostOnce } else { QoS::AtLeastOnce };
                let sent = client.publish(event.topic, qos, event.retain, event.payload).await;
                sent.map_err(|_| PublishError::Closed)?;
                progress.published.fetch_add(1, Relaxed);
            }
            progress.is_fed.store(true, Relaxed);
            progress.end.notify_one();
            // The connection is drained by the other side; this one must not end first.
            std::future::pending::<Result<Published, PublishError>>().await
        };
        tokio::select! {
            ended = feed => ended,
            done = self.drain(&client, link, &progress) => done,
        }
    }

    /// Moves the connection until everything fed is acknowledged.
    async fn drain(
        &self,
        client: &AsyncClient,
        mut link: EventLoop,
        progress: &Progress,
    ) -> Result<Published, PublishError> {
        let mut why = "no answer".to_owned();
        let mut moved = tokio::time::Instant::now();
        let (mut kept, mut last_sent) = (VecDeque::new(), 0);
        while let Some(polled) = self.next(&mut link, progress, &mut moved, &why).await? {
            match polled {
                // The broker may have forgotten the session: what it has not acknowledged goes out first.
                Ok(Poll::Incoming(Packet::ConnAck(_))) => link.pending = std::mem::take(&mut kept),
                Ok(Poll::Incoming(Packet::PubAck(_))) => {
                    progress.acked.fetch_add(1, Relaxed);
                    moved = tokio::time::Instant::now();
                }
                Ok(Poll::Outgoing(Outgoing::Publish(id))) => {
                    last_sent = id;
                    // A publish without an id is at quality of service 0: sent is done.
                    if id == 0 {
                        progress.acked.fetch_add(1, Relaxed);
                        moved = tokio::time::Instant::now();
                    }
                }
                Ok(Poll::Incoming(_) | Poll::Outgoing(_)) => {}
                Err(error) => {
                    why = error.to_string();
                    // The client throws this list away when it meets a new session; keep it.
                    let mut pending = std::mem::take(&mut link.pending);
                    pending.make_contiguous().sort_by_key(|request| age(request, last_sent));
                    kept.append(&mut pending);
                    tokio::time::sleep(Duration::from_millis(200)).await;
                }
            }
        }
        leave(client, &mut link).await;
        let (published, acked) = (progress.published.load(Relaxed), progress.acked.load(Relaxed));
        Ok(Published { published, acked })
    }

    /// The next event of the connection; `None` when everything fed is acknowledged.
    async fn next(
        &self,
        link: &mut EventLoop,
        progress: &Progress,
        moved: &mut tokio::time::Instant,
        why: &str,
    ) -> Result<Option<Result<Poll, ConnectionError>>, PublishError> {
        // A poll that has begun is never dropped half way: it may be connecting or reading.
        let mut poll = std::pin::pin!(link.poll());
        loop {
            let (published, acked) = (progress.published.load(Relaxed), progress.acked.load(Relaxed));
            if progress.is_fed.load(Relaxed) && acked >= published {
                return Ok(None);
            }
            if acked >= published {
                *moved = tokio::time::Instant::now();
            } else if moved.elapsed() > self.patience {
                return Err(PublishError::Stalled { published, acked, why: why.to_owned() });
            }
            tokio::select! {
                polled = &mut poll => return Ok(Some(polled)),
                () = progress.end.notified() => {}
                () = tokio::time::sleep(Duration::from_secs(1)) => {}
            }
        }
    }
}

/// Says goodbye, so that the broker reads all that was sent; a broker that does not answer changes nothing.
async fn leave(client: &AsyncClient, link: &mut EventLoop) {
    if client.try_disconnect().is_err() {
        return;
    }
    let last_words = async {
        while let Ok(event) = link.poll().await {
            if matches!(event, Poll::Outgoing(Outgoing::Disconnect)) {
                return;
            }
        }
    };
    // The run is complete either way.
    drop(tokio::time::timeout(Duration::from_secs(2), last_words).await);
}

/// Place of an unacknowledged request in the order of sending: packet ids go round, so those above
/// the last one sent are older than those up to it; without an id it was never sent.
fn age(request: &Request, last_sent: u16) -> u8 {
    match request {
        Request::Publish(publish) if publish.pkid > last_sent => 0,
        Request::Publish(publish) if publish.pkid > 0 => 1,
        _ => 2,
    }
}

/// A connection on which small packets wait for each other or do not.
pub(crate) fn network(is_undelayed: bool) -> NetworkOptions {
    let mut network = NetworkOptions::new();
    network.set_tcp_nodelay(is_undelayed);
    network
}

pub(crate) fn address(url: &str) -> Result<(String, u16), PublishError> {
    let wrong = || PublishError::Url(url.to_owned());
    let rest = url.strip_prefix("mqtt://").ok_or_else(wrong)?.trim_end_matches('/');
    let (host, port) = rest.rsplit_once(':').unwrap_or((rest, "1883"));
    let port = port.parse().map_err(|_| wrong())?;
    if host.is_empty() { Err(wrong()) } else { Ok((host.to_owned(), port)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_host_and_may_have_a_port() {
        assert_eq!(address("mqtt://127.0.0.1:18830").unwrap(), ("127.0.0.1".to_owned(), 18830));
        assert_eq!(address("mqtt://broker/").unwrap(), ("broker".to_owned(), 1883));
        assert!(address("http://broker").is_err() && address("mqtt://:1883").is_err());
    }
}
