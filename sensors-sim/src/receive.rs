//! The simplest subscriber that keeps its word: it acknowledges each message by hand and does nothing else.
//!
//! What it reaches is what a broker and a client library can give at quality of service 1; a service is
//! measured against it.

use rumqttc::v5::{
    AsyncClient, ConnectionError, Event, MqttOptions,
    mqttbytes::{
        QoS,
        v5::{Filter, Packet},
    },
};
use tokio::{sync::watch, task::JoinHandle};

use crate::publish::{PublishError, address, network};

/// Messages that the broker may have sent and that are not yet acknowledged.
const RECEIVE_MAXIMUM: u16 = 1000;

/// How far a [`Receiver`] is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Received {
    /// Whether the broker holds the subscription.
    pub is_subscribed: bool,
    /// Messages received and acknowledged.
    pub acked: u64,
}

/// A subscriber of everything; it ends when it is dropped.
#[derive(Debug)]
pub struct Receiver {
    progress: watch::Receiver<Received>,
    task: JoinHandle<()>,
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Receiver {
    /// Connects to `mqtt://host:port` and subscribes to `filters`; call it inside a tokio runtime. With `is_undelayed` no
    /// packet waits for another.
    ///
    /// # Errors
    /// Returns [`PublishError::Url`] when the address is wrong.
    pub fn start(
        url: &str,
        client_id: &str,
        filters: Vec<String>,
        is_undelayed: bool,
    ) -> Result<Self, PublishError> {
        let (host, port) = address(url)?;
        let mut options = MqttOptions::new(client_id, host, port);
        options.set_network_options(network(is_undelayed));
        options.set_manual_acks(true);
        options.set_receive_maximum(Some(RECEIVE_MAXIMUM));
        options.set_max_packet_size(Some(1 << 20));
        let (client, mut events) = AsyncClient::new(options, usize::from(RECEIVE_MAXIMUM) * 2 + 16);
        let (sender, progress) = watch::channel(Received::default());
        let task = tokio::spawn(async move {
            loop {
                match events.poll().await {
                    Ok(Event::Incoming(packet)) => take(&packet, &client, &filters, &sender),
                    Ok(Event::Outgoing(_)) => {}
                    Err(ConnectionError::RequestsDone) => return,
                    Err(_) => tokio::time::sleep(std::time::Duration::from_millis(100)).await,
                }
            }
        });
        Ok(Self { progress, task })
    }

    /// Follows how far it is.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<Received> {
        self.progress.clone()
    }
}

fn take(packet: &Packet, client: &AsyncClient, filters: &[String], sender: &watch::Sender<Received>) {
    match packet {
        Packet::ConnAck(_) => {
            let wanted = filters.iter().map(|filter| Filter::new(filter, QoS::AtLeastOnce));
            // The queue is empty at this point; without room the wait for the subscription shows it.
            drop(client.try_subscribe_many(wanted));
        }
        Packet::SubAck(_) => sender.send_modify(|state| state.is_subscribed = true),
        // Twice the broker's window finds room in the queue.
        Packet::Publish(publish) if client.try_ack(publish).is_ok() => {
            sender.send_modify(|state| state.acked += 1);
        }
        _ => {}
    }
}
