//! The task behind a subscription: polls the connection, and makes it again when it breaks.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use tokio::{sync::mpsc, time::Instant};

use super::{
    backoff::backoff,
    config::MqttConfig,
    fault::explain,
    filters::{Answer, Ask, Filters},
    incoming::{AckToken, Incoming},
    link::Shared,
    renewal::Renewal,
    wire::{
        AsyncClient, Event, EventLoop, Filter, Packet, Publish, QoS, SubscribeReasonCode, UnsubAckReason,
    },
};
use crate::Tls;

/// A connection that is made again whenever it breaks.
pub(super) struct Connection {
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
    /// A connection that is yet to be made. Acknowledgements come through `tokens`.
    pub(super) fn new(
        config: &MqttConfig,
        client: AsyncClient,
        filters: Filters,
        shared: Arc<Shared>,
        tokens: mpsc::UnboundedReceiver<AckToken>,
    ) -> Self {
        Self {
            client,
            filters,
            shared,
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
        }
    }

    /// Keeps the connection until nobody can acknowledge any more.
    pub(super) async fn run(mut self, mut events: EventLoop) {
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
