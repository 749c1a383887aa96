//! What the connection's task and its subscriber share: messages that wait, and how the link is.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::{Notify, mpsc};

use super::incoming::{AckToken, Incoming};

/// What is known of the connection.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LinkState {
    /// Whether the broker has accepted us and the connection stands.
    pub is_connected: bool,
    /// Whether the broker also holds our subscriptions: from here on it keeps what is published.
    pub is_subscribed: bool,
    /// How often a connection was lost or refused.
    pub failures: u64,
    /// The newest error in words.
    pub error: Option<String>,
    /// `QoS` 0 messages dropped because the consumer held back.
    pub dropped: u64,
}

/// Sends acknowledgements; cheap to clone.
#[derive(Debug, Clone)]
pub struct Acker(pub(super) mpsc::UnboundedSender<AckToken>);

impl Acker {
    /// Acknowledges a message. Never waits; without effect when its connection is gone.
    pub fn ack(&self, token: AckToken) {
        // The task ends only with the subscriber: then the broker sends the message again.
        let _gone = self.0.send(token).is_err();
    }
}

/// With so few messages left, whoever hands them over may go on.
pub(super) const DRAINED: usize = 512;

#[derive(Debug, Default)]
pub(super) struct Queue {
    pub(super) messages: VecDeque<Incoming>,
    pub(super) link: LinkState,
}

#[derive(Debug, Default)]
pub(super) struct Shared {
    queue: Mutex<Queue>,
    pub(super) arrived: Notify,
    /// There is room again for messages that are handed over.
    pub(super) drained: Notify,
}

impl Shared {
    pub(super) fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn take(&self) -> Option<Incoming> {
        let mut queue = self.lock();
        let message = queue.messages.pop_front()?;
        if queue.messages.len() == DRAINED {
            self.drained.notify_one();
        }
        Some(message)
    }
}

/// Shows how a connection is; cheap to clone.
#[derive(Debug, Clone)]
pub struct Monitor(pub(super) Arc<Shared>);

impl Monitor {
    /// How the connection is, and how many messages wait to be taken.
    #[must_use]
    pub fn link(&self) -> (LinkState, usize) {
        let queue = self.0.lock();
        (queue.link.clone(), queue.messages.len())
    }
}
