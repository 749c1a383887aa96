//! The broker's side: a subscriber that loses nothing it has acknowledged. The only file that names rumqttc.
//!
//! One task polls the connection and never waits for the consumer, so that pings go on while the
//! consumer holds back: it holds back by not acknowledging, and the broker's window (receive
//! maximum) stops the flow. An acknowledgement of an earlier connection is dropped: its packet id
//! may by now belong to another message. After a lost session the filters are subscribed again, and
//! what was refused also while the connection stands: the right to it may be given meanwhile.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use rumqttc::{
    NetworkOptions, TlsConfiguration, Transport,
    v5::{
        MqttOptions,
        mqttbytes::v5::{Filter, SubscribeReasonCode, UnsubAckReason},
    },
};
use tokio::{sync::mpsc, task::JoinHandle, time::Instant};
use wire::{AsyncClient, Event, EventLoop, Packet, Publish, QoS};

use crate::{
    MAX_PAYLOAD, Tls,
    backoff::backoff,
    mqtt_fault::explain,
    mqtt_filters::{Answer, Ask, Filters},
    mqtt_link::Shared,
    mqtt_renewal::Renewal,
    tls::TlsError,
};
pub use crate::{
    mqtt_config::{MqttConfig, MqttError},
    mqtt_feed::{Fed, Feed},
    mqtt_incoming::Incoming,
    mqtt_link::{AckToken, Acker, LinkState, Monitor},
    mqtt_publish::Publisher,
};

/// What the publisher needs of the client library.
pub(crate) mod wire {
    pub(crate) use rumqttc::v5::{
        AsyncClient, Event, EventLoop,
        mqttbytes::{
            QoS,
            v5::{Packet, Publish, PublishProperties},
        },
    };
}

/// Room for topic and properties beside the largest payload, in the packet size that we announce, bytes.
const ENVELOPE: usize = 64 * 1024;

pub(crate) fn options(config: &MqttConfig) -> Result<MqttOptions, MqttError> {
    let (is_tls, host, port) = config.address()?;
    let mut options = MqttOptions::new(&config.client_id, host, port);
    options.set_keep_alive(config.keep_alive);
    let mut network = NetworkOptions::new();
    network.set_tcp_nodelay(config.is_undelayed);
    options.set_network_options(network);
    // Announced to the broker too, which then drops larger messages instead of breaking the connection.
    options.set_max_packet_size(u32::try_from(MAX_PAYLOAD + ENVELOPE).ok());
    if let Some((user, password)) = &config.credentials {
        options.set_credentials(user, password);
    }
    if is_tls {
        options.set_transport(transport(config.tls.as_ref().unwrap_or(&Tls::default()))?);
    }
    Ok(options)
}

/// What the connection goes over with these certificates.
pub(crate) fn transport(tls: &Tls) -> Result<Transport, TlsError> {
    Ok(Transport::Tls(TlsConfiguration::Rustls(tls.client_config()?)))
}

/// A subscription with a session that outlives connections.
#[derive(Debug)]
pub struct Subscriber {
    pub(crate) shared: Arc<Shared>,
    pub(crate) acks: Acker,
    pub(crate) task: JoinHandle<()>,
}

impl Drop for Subscriber {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Subscriber {
    /// Starts to connect, and goes on trying for ever; call it inside a tokio runtime.
    ///
    /// # Errors
    /// Returns [`MqttError`] when the configuration itself is unusable.
    pub fn start(config: &MqttConfig, filters: Vec<String>) -> Result<Self, MqttError> {
        Self::start_after(config, filters, Vec::new())
    }

    /// The same over a session that may still hold the filters of an earlier configuration: those go.
    ///
    /// # Errors
    /// Returns [`MqttError`] when the configuration itself is unusable.
    pub fn start_after(
        config: &MqttConfig,
        filters: Vec<String>,
        former: Vec<String>,
    ) -> Result<Self, MqttError> {
        let mut options = options(config)?;
        options.set_clean_start(false);
        options.set_session_expiry_interval(u32::try_from(config.session_expiry.as_secs()).ok());
        options.set_receive_maximum(Some(config.receive_maximum));
        options.set_manual_acks(true);
        // An acknowledgement must always find room beside the subscriptions.
        let capacity = usize::from(config.receive_maximum) * 2 + 16 + former.len();
        let (client, events) = AsyncClient::new(options, capacity);
        let (sender, tokens) = mpsc::unbounded_channel();
        let shared = Arc::new(Shared::default());
        let connection = Connection {
            client,
            filters: Filters::new(filters, former),
            shared: Arc::clone(&shared),
            tokens,
            waiting: VecDeque::new(),
            epoch: 1,
            is_resumed: false,
            is_connected: false,
            unbroken_failures: 0,
            most_unacked: usize::from(config.receive_maximum) * 4,
            renewal: Renewal::of(config),
            ask_again: config.ask_again,
            ask_at: None,
        };
        let task = tokio::spawn(connection.run(events));
        Ok(Self { shared, acks: Acker(sender), task })
    }

    /// The next message. Dropping the future loses nothing.
    pub async fn next(&mut self) -> Incoming {
        loop {
            // A notification without a waiter is kept, so none is missed between the look and the wait.
            if let Some(message) = self.try_next() {
                return message;
            }
            self.shared.arrived.notified().await;
        }
    }

    /// The next message if one is there, for taking a batch at once.
    pub fn try_next(&mut self) -> Option<Incoming> {
        self.shared.take()
    }

    /// The sender of acknowledgements.
    #[must_use]
    pub fn acker(&self) -> Acker {
        self.acks.clone()
    }

    /// How the connection is.
    #[must_use]
    pub fn link(&self) -> LinkState {
        self.shared.lock().link.clone()
    }

    /// A view of the connection for whoever does not own the subscriber.
    #[must_use]
    pub fn monitor(&self) -> Monitor {
        Monitor(Arc::clone(&self.shared))
    }
}

/// The task behind a [`Subscriber`].
struct Connection {
    client: AsyncClient,
    filters: Filters,
    shared: Arc<Shared>,
    tokens: mpsc::UnboundedReceiver<AckToken>,
    /// Acknowledgements that found no room yet.
    waiting: VecDeque<AckToken>,
    /// Counts connections; raised when one breaks.
    epoch: u64,
    /// Whether the session is one of an earlier connection.
    is_resumed: bool,
    is_connected: bool,
    unbroken_failures: u32,
    most_unacked: usize,
    renewal: Renewal,
    ask_again: Duration,
    /// When to ask again for what the broker does not hold.
    ask_at: Option<Instant>,
}

impl Connection {
    async fn run(mut self, mut events: EventLoop) {
        loop {
            self.send_acks();
            // Polling is never dropped while it connects: it would begin again each time.
            let event = if self.is_connected {
                tokio::select! {
                    event = events.poll() => event,
                    token = self.tokens.recv() => match token {
                        Some(token) => {
                            self.waiting.push_back(token);
                            continue;
                        }
                        None => return,
                    },
                    tls = self.renewal.next() => {
                        self.renew(&tls, &mut events);
                        continue;
                    }
                    () = at(self.ask_at) => {
                        let open = self.filters.again();
                        self.ask(open);
                        continue;
                    }
                }
            } else {
                events.poll().await
            };
            match event {
                Ok(Event::Incoming(packet)) => self.take(packet),
                Ok(Event::Outgoing(_)) => {}
                Err(error) => {
                    self.broken(explain(&error, self.is_connected));
                    tokio::select! {
                        () = tokio::time::sleep(backoff(self.unbroken_failures)) => {}
                        tls = self.renewal.next() => self.renew(&tls, &mut events),
                    }
                }
            }
        }
    }

    /// Goes on with other certificates: at once, as after a break of the line.
    fn renew(&mut self, tls: &Tls, events: &mut EventLoop) {
        if Renewal::apply(tls, events) {
            if self.is_connected {
                self.broken("other certificates are taken up".to_owned());
            }
            self.unbroken_failures = 0;
        }
    }

    fn send_acks(&mut self) {
        while let Ok(token) = self.tokens.try_recv() {
            self.waiting.push_back(token);
        }
        while let Some(token) = self.waiting.pop_front() {
            if token.epoch != self.epoch || !self.is_connected {
                continue;
            }
            let mut publish = Publish::new("", QoS::AtLeastOnce, "", None);
            publish.pkid = token.packet_id;
            if self.client.try_ack(&publish).is_err() {
                self.waiting.push_front(token);
                return;
            }
        }
    }

    fn take(&mut self, packet: Packet) {
        match packet {
            Packet::ConnAck(accepted) => self.connected(accepted.session_present),
            Packet::Publish(publish) => self.queue(publish),
            Packet::SubAck(answer) => {
                self.filters.subscribed(answer.return_codes.into_iter().map(read).collect());
                self.answered();
            }
            Packet::UnsubAck(answer) => {
                use UnsubAckReason::{NoSubscriptionExisted, Success};
                let refused =
                    answer.reasons.iter().find(|why| !matches!(why, Success | NoSubscriptionExisted));
                self.filters.unsubscribed(refused.map(|reason| format!("{reason:?}")));
                self.answered();
            }
            _ => self.unbroken_failures = 0,
        }
    }

    fn answered(&mut self) {
        let fault = self.filters.fault();
        if self.filters.holds() {
            self.ask_at = None;
        }
        let link = &mut self.shared.lock().link;
        link.is_subscribed = self.filters.holds();
        if link.error != fault {
            if let Some(error) = &fault {
                tracing::error!(error, "the broker does not grant what we ask for");
            }
            link.error = fault;
        }
    }

    fn connected(&mut self, has_session: bool) {
        self.is_connected = true;
        self.is_resumed = has_session;
        let mut queue = self.shared.lock();
        queue.link.is_connected = true;
        queue.link.error = None;
        if has_session {
            // The broker sends everything unacknowledged again: what waits here would be taken twice.
            queue.messages.retain(|m| m.ack_token().is_none());
        }
        let ask = self.filters.connected(has_session);
        queue.link.is_subscribed = ask.is_nothing();
        drop(queue);
        self.ask(ask);
    }

    /// Says it to the broker. What the broker has kept comes with a subscription, even into a session that is
    /// present: a decoder that has just started knows nothing of discovery messages and births.
    fn ask(&mut self, ask: Ask) {
        if ask.is_nothing() {
            return self.answered();
        }
        self.ask_at = Some(Instant::now() + self.ask_again);
        let filters = ask.subscribe.iter().map(|filter| Filter::new(filter, QoS::AtLeastOnce));
        let mut failed = None;
        if !ask.subscribe.is_empty() {
            failed = self.client.try_subscribe_many(filters).err();
        }
        for former in ask.unsubscribe {
            failed = self.client.try_unsubscribe(former).err().or(failed);
        }
        if let Some(error) = failed {
            tracing::error!(%error, "the subscription could not be sent");
            self.shared.lock().link.error = Some(error.to_string());
        }
    }

    fn queue(&mut self, publish: Publish) {
        self.unbroken_failures = 0;
        // What the client had read before the connection broke comes out after the break.
        let epoch = if self.is_connected { self.epoch } else { self.epoch - 1 };
        let token = AckToken { packet_id: publish.pkid, epoch };
        let mut queue = self.shared.lock();
        if publish.pkid == 0 && queue.messages.len() >= self.most_unacked {
            queue.link.dropped += 1;
            return;
        }
        queue.messages.push_back(Incoming { publish, token, is_resumed: self.is_resumed });
        drop(queue);
        self.shared.arrived.notify_one();
    }

    fn broken(&mut self, error: String) {
        self.epoch += 1;
        self.is_connected = false;
        self.ask_at = None;
        self.unbroken_failures = self.unbroken_failures.saturating_add(1);
        tracing::warn!(error, failures = self.unbroken_failures, "no connection to the broker");
        let link = &mut self.shared.lock().link;
        link.is_connected = false;
        link.is_subscribed = false;
        link.failures += 1;
        link.error = Some(error);
    }
}

async fn at(time: Option<Instant>) {
    match time {
        Some(time) => tokio::time::sleep_until(time).await,
        None => std::future::pending().await,
    }
}

fn read(code: SubscribeReasonCode) -> Answer {
    match code {
        SubscribeReasonCode::Success(QoS::AtMostOnce) => Answer::Weak,
        SubscribeReasonCode::Success(QoS::AtLeastOnce | QoS::ExactlyOnce) => Answer::Granted,
        refused => Answer::Refused(format!("{refused:?}")),
    }
}
