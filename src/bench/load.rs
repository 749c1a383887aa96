//! The publisher of the office's messages, on a thread of its own so that its work can be told apart.

use std::{
    sync::{Arc, Mutex, PoisonError},
    thread::JoinHandle,
};

use sensors_sim::{Event, Publisher};
use tokio::time::Instant;

use super::{broker::Broker, system};

/// Messages sent and not yet acknowledged by the broker.
const IN_FLIGHT: u16 = 1000;

/// What was sent.
#[derive(Debug)]
pub(super) struct Sent {
    /// When each message was handed to the client.
    pub(super) at: Vec<Instant>,
    /// Processor seconds.
    pub(super) work: f64,
}

/// A load on its way.
#[derive(Debug)]
pub(super) struct Load {
    thread: JoinHandle<anyhow::Result<Sent>>,
}

impl Load {
    /// Publishes all events as fast as the broker takes them.
    pub(super) fn start(broker: &Broker, events: Arc<Vec<Event>>, qos: u8) -> std::io::Result<Self> {
        let (url, is_undelayed) = (broker.url(), broker.is_embedded());
        let publish = move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            let at = Mutex::new(Vec::with_capacity(events.len()));
            let sent = events.iter().map(|event| {
                at.lock().unwrap_or_else(PoisonError::into_inner).push(Instant::now());
                event.clone()
            });
            let publisher = Publisher {
                in_flight: IN_FLIGHT,
                qos: Some(qos),
                is_undelayed,
                ..Publisher::new(url, "bench-office")
            };
            runtime.block_on(publisher.publish(sent))?;
            let at = at.into_inner().unwrap_or_else(PoisonError::into_inner);
            Ok(Sent { at, work: system::own_thread() })
        };
        let thread = std::thread::Builder::new().name("publisher".to_owned()).spawn(publish)?;
        Ok(Self { thread })
    }

    /// Waits for the end.
    pub(super) fn end(self) -> anyhow::Result<Sent> {
        self.thread.join().unwrap_or_else(|_| anyhow::bail!("the publisher failed"))
    }
}
