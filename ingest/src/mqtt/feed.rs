//! Messages of a broker in our own process: handed over, not sent.
//!
//! Such a broker keeps nothing on disk and ends when we end. So there is no session to take up again, nothing comes
//! twice, and no acknowledgement says more than that a message was taken out: whoever feeds waits for room instead, and
//! what waits stays with the broker.

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::mpsc;

use super::{
    incoming::{AckToken, Incoming},
    link::{Acker, DRAINED, Shared},
    subscriber::Subscriber,
    wire::Publish,
};

/// With so many messages waiting here, whoever hands them over has to wait.
const FULL: usize = 4 * DRAINED;

/// A message as such a broker has it.
#[derive(Debug)]
pub struct Fed {
    /// The topic.
    pub topic: Bytes,
    /// The bytes.
    pub payload: Bytes,
    /// Whether the broker had kept it from before the subscription.
    pub is_retained: bool,
}

impl Fed {
    /// As the subscriber gets it: there is nobody to acknowledge it to.
    fn incoming(self) -> Incoming {
        let Self { topic, payload, is_retained } = self;
        let publish = Publish { topic, payload, retain: is_retained, ..Publish::default() };
        Incoming { publish, token: AckToken { packet_id: 0, epoch: 0 }, is_resumed: false }
    }
}

/// Where messages are put that a [`Subscriber`] of this process is to get.
#[derive(Debug)]
pub struct Feed(Arc<Shared>);

impl Subscriber {
    /// A subscriber without a connection: it gets what `run` puts into the feed. Call it inside a tokio runtime.
    pub fn fed<F>(run: impl FnOnce(Feed) -> F) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let shared = Arc::new(Shared::default());
        let task = tokio::spawn(run(Feed(Arc::clone(&shared))));
        // Acknowledgements go nowhere.
        let (acks, _) = mpsc::unbounded_channel();
        Self { shared, acks: Acker(acks), task }
    }
}

impl Feed {
    /// The broker holds the subscription: from here on nothing that is published is missed.
    pub fn subscribed(&self) {
        let link = &mut self.0.lock().link;
        link.is_connected = true;
        link.is_subscribed = true;
    }

    /// Hands messages over in their order; waits as long as too many wait there. Empties `messages`.
    pub async fn put(&self, messages: &mut Vec<Fed>) {
        while self.0.lock().messages.len() >= FULL {
            // A notification without a waiter is kept, so none is missed between the look and the wait.
            self.0.drained.notified().await;
        }
        self.0.lock().messages.extend(messages.drain(..).map(Fed::incoming));
        self.0.arrived.notify_one();
    }

    /// The broker has ended.
    pub fn ended(&self, error: String) {
        let link = &mut self.0.lock().link;
        link.is_connected = false;
        link.is_subscribed = false;
        link.failures += 1;
        link.error = Some(error);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn messages(numbers: std::ops::Range<usize>) -> Vec<Fed> {
        let one =
            |n: usize| Fed { topic: format!("t/{n}").into(), payload: Bytes::new(), is_retained: n == 0 };
        numbers.map(one).collect()
    }

    #[tokio::test]
    async fn what_is_handed_over_comes_out_in_order_and_whoever_hands_it_over_waits_for_room() {
        let (told, mut put) = tokio::sync::watch::channel(0);
        let mut subscriber = Subscriber::fed(|feed| async move {
            feed.subscribed();
            for group in 0..20 {
                feed.put(&mut messages(group * 500..(group + 1) * 500)).await;
                told.send_replace((group + 1) * 500);
            }
        });
        let deadline = Duration::from_secs(10);
        tokio::time::timeout(deadline, put.wait_for(|put| *put >= FULL)).await.unwrap().unwrap();
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        assert!(*put.borrow() < FULL + 1000, "nobody has taken anything: {}", *put.borrow());
        let link = subscriber.link();
        assert!(link.is_connected && link.is_subscribed && link.dropped == 0, "{link:?}");
        for n in 0..10_000 {
            let next = tokio::time::timeout(deadline, subscriber.next()).await.unwrap();
            assert_eq!((next.topic(), next.is_retained()), (format!("t/{n}").as_str(), n == 0));
            assert_eq!((next.ack_token(), next.redelivery_key()), (None, None));
        }
        assert!(subscriber.try_next().is_none());
    }

    #[tokio::test]
    async fn the_end_of_the_broker_is_a_broken_link() {
        let subscriber = Subscriber::fed(|feed| async move {
            feed.subscribed();
            feed.ended("gone".to_owned());
        });
        for _ in 0..1000 {
            if subscriber.link().failures == 1 {
                break;
            }
            tokio::task::yield_now().await;
        }
        let link = subscriber.link();
        assert_eq!(
            (link.is_connected, link.is_subscribed, link.error.as_deref()),
            (false, false, Some("gone"))
        );
    }
}
