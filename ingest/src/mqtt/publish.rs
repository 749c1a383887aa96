//! Publishes to the broker on a connection of its own: acknowledgements of the subscriber must not wait behind it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::task::JoinHandle;

use super::{
    backoff::backoff,
    config::{MqttConfig, MqttError},
    fault::explain,
    renewal::Renewal,
    wire::{AsyncClient, Event, EventLoop, Packet, PublishProperties, QoS, options},
};

/// Messages that may wait for the connection.
const MOST_WAITING: usize = 256;

/// A connection to publish on.
#[derive(Debug)]
pub struct Publisher {
    client: AsyncClient,
    is_connected: Arc<AtomicBool>,
    task: JoinHandle<()>,
}

impl Drop for Publisher {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Publisher {
    /// Starts to connect, and goes on trying for ever; call it inside a tokio runtime.
    ///
    /// # Errors
    /// Returns [`MqttError`] when the configuration itself is unusable.
    pub fn start(config: &MqttConfig) -> Result<Self, MqttError> {
        let (client, events) = AsyncClient::new(options(config)?, MOST_WAITING);
        let is_connected = Arc::new(AtomicBool::new(false));
        let task = tokio::spawn(follow(events, Renewal::of(config), Arc::clone(&is_connected)));
        Ok(Self { client, is_connected, task })
    }

    /// Whether what is published now goes out now.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        self.is_connected.load(Ordering::Relaxed)
    }

    /// Queues a message (`QoS` 1); never waits.
    ///
    /// # Errors
    /// Returns [`MqttError::Full`] when 256 messages wait already.
    pub fn publish(&self, topic: &str, payload: Vec<u8>, retain: bool) -> Result<(), MqttError> {
        self.client.try_publish(topic, QoS::AtLeastOnce, retain, payload).map_err(|_| MqttError::Full)
    }

    /// Queues a message at `QoS` 0, that the broker keeps for who subscribes within `kept_for`; never waits.
    ///
    /// # Errors
    /// Returns [`MqttError::Full`] when 256 messages wait already.
    pub fn tell(&self, topic: &str, payload: Vec<u8>, kept_for: Option<Duration>) -> Result<(), MqttError> {
        let expiry = kept_for.and_then(|time| u32::try_from(time.as_secs()).ok());
        let properties =
            PublishProperties { message_expiry_interval: expiry, ..PublishProperties::default() };
        self.client
            .try_publish_with_properties(topic, QoS::AtMostOnce, kept_for.is_some(), payload, properties)
            .map_err(|_| MqttError::Full)
    }
}

/// Keeps the connection. The subscriber's connection says in the log when the broker is away; this one need not.
async fn follow(mut events: EventLoop, mut renewal: Renewal, is_connected: Arc<AtomicBool>) {
    let mut failures = 0;
    loop {
        // Polling is never dropped while it connects: it would begin again each time.
        let polled = if is_connected.load(Ordering::Relaxed) {
            tokio::select! {
                polled = events.poll() => polled,
                tls = renewal.next() => {
                    is_connected.store(!Renewal::apply(&tls, &mut events), Ordering::Relaxed);
                    continue;
                }
            }
        } else {
            events.poll().await
        };
        match polled {
            Ok(Event::Incoming(Packet::ConnAck(_))) => is_connected.store(true, Ordering::Relaxed),
            Ok(_) => failures = 0,
            Err(error) => {
                let was_connected = is_connected.swap(false, Ordering::Relaxed);
                failures += 1;
                tracing::debug!(
                    error = explain(&error, was_connected),
                    failures,
                    "no connection to publish on"
                );
                tokio::select! {
                    () = tokio::time::sleep(backoff(failures)) => {}
                    tls = renewal.next() => {
                        Renewal::apply(&tls, &mut events);
                    }
                }
            }
        }
    }
}
