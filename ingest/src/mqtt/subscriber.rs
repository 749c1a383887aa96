//! What others hold of a subscription: messages out, acknowledgements in.

use std::sync::Arc;

use tokio::{sync::mpsc, task::JoinHandle};

use super::{
    config::{MqttConfig, MqttError},
    connection::Connection,
    filters::Filters,
    incoming::Incoming,
    link::{Acker, LinkState, Monitor, Shared},
    wire::{AsyncClient, options},
};

/// A subscription with a session that outlives connections.
#[derive(Debug)]
pub struct Subscriber {
    pub(super) shared: Arc<Shared>,
    pub(super) acks: Acker,
    pub(super) task: JoinHandle<()>,
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
        let filters = Filters::new(filters, former);
        let connection = Connection::new(config, client, filters, Arc::clone(&shared), tokens);
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
