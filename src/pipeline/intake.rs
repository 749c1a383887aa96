//! From the broker to the spool: decode, settle, store, and only then acknowledge.

use std::{collections::HashSet, sync::Arc, time::Duration};

use ingest::{
    Decoder,
    mqtt::{Incoming, Monitor, Subscriber},
};
use model::Register;
use tokio::sync::{mpsc, watch};

use super::{
    Batch, Diagnoses, Tallies, Unknown,
    came::Came,
    hearing::{Hearing, HearingParts},
    posts::{Post, Posted},
};
use crate::{
    clock::{Clock, Trust},
    history::History,
    metrics::Metrics,
    spool::{Appending, Delivery, Item, Message, Outcome, Refusal, Spool, SpoolError},
};

/// Messages taken from the subscriber at once.
const MOST_AT_ONCE: usize = 512;
/// Batches on their way to the disk; beyond that the broker has to wait for its acknowledgements.
const MOST_WAITING: usize = 16;

/// Messages that a broker may send again first into a resumed session without marking them as repeats.
const MOST_UNMARKED: usize = 2000;

/// How often the clock is looked at while nothing comes, and while it is not believed.
const LOOK_EVERY: (Duration, Duration) = (Duration::from_secs(5), Duration::from_millis(500));

/// What an intake is built from.
#[derive(Debug)]
pub struct IntakeParts {
    /// The broker's connection.
    pub subscriber: Subscriber,
    /// Bytes to readings.
    pub decoder: Decoder,
    /// The register in force.
    pub registers: watch::Receiver<Arc<Register>>,
    /// Where messages become durable.
    pub spool: Spool,
    /// Wall time: when a message arrived.
    pub clock: Clock,
    /// Counters.
    pub metrics: Arc<Metrics>,
    /// Sensors that nobody knows.
    pub unknown: Unknown,
    /// What is counted of the others.
    pub tallies: Tallies,
    /// What the quality stage remembers of earlier runs.
    pub history: History,
    /// What programs send over HTTP.
    pub posts: mpsc::Receiver<Post>,
    /// What vendors are told about their messages.
    pub diagnoses: Diagnoses,
}

/// The intake of one broker connection.
#[derive(Debug)]
pub struct Intake {
    subscriber: Subscriber,
    hearing: Hearing,
    spool: Spool,
    metrics: Arc<Metrics>,
    posts: mpsc::Receiver<Post>,
    clock: Clock,
    trust: Trust,
    /// Packet ids of the first messages that this connection has delivered: what comes again comes first, and once.
    seen: (u64, HashSet<u16>),
}

/// Messages handed to the spool, to be acknowledged once they are durable.
struct Waiting {
    messages: Vec<Incoming>,
    /// Those over HTTP, behind the others, each with its readings and what was wrong with it.
    posts: Vec<(Post, usize, Option<Refusal>)>,
    appending: Appending,
    since: tokio::time::Instant,
}

impl Intake {
    /// An intake that has seen nothing yet.
    #[must_use]
    pub fn new(parts: IntakeParts) -> Self {
        let IntakeParts { subscriber, spool, metrics, posts, clock, .. } = parts;
        let trust = clock.trust();
        let hearing = Hearing::new(HearingParts {
            decoder: parts.decoder,
            registers: parts.registers,
            clock: clock.clone(),
            unknown: parts.unknown,
            tallies: parts.tallies,
            history: parts.history,
            diagnoses: parts.diagnoses,
        });
        Self { subscriber, hearing, spool, metrics, posts, clock, trust, seen: (0, HashSet::new()) }
    }

    /// A view of the broker's connection.
    #[must_use]
    pub fn monitor(&self) -> Monitor {
        self.subscriber.monitor()
    }

    /// Runs until `stop` says true, or the spool fails for good.
    ///
    /// # Errors
    /// [`SpoolError`] when the spool fails for good: nothing of that batch was acknowledged, the broker keeps it.
    /// A disk that refuses for now is waited for, without acknowledgements.
    pub async fn run(
        mut self,
        to_judge: mpsc::Sender<Batch>,
        mut stop: watch::Receiver<bool>,
    ) -> Result<(), SpoolError> {
        let (to_settle, settling) = mpsc::channel(MOST_WAITING);
        let acker = self.subscriber.acker();
        let metrics = Arc::clone(&self.metrics);
        let settler = tokio::spawn(settle_all(settling, acker, metrics, to_judge));
        let mut failed = Ok(());
        loop {
            let (mut messages, mut posts) = (Vec::new(), Vec::new());
            tokio::select! {
                biased;
                changed = stop.wait_for(|stop| *stop) => { drop(changed); break }
                () = to_settle.closed() => break,
                message = self.subscriber.next() => messages.push(message),
                Some(post) = self.posts.recv() => posts.push(post),
                () = tokio::time::sleep(LOOK_EVERY.0) => {
                    self.trust.doubt(&self.clock);
                    continue;
                }
            }
            if !self.believes_the_clock(&mut stop).await {
                break;
            }
            let since = tokio::time::Instant::now();
            while let Ok(post) = self.posts.try_recv() {
                posts.push(post);
            }
            while messages.len() < MOST_AT_ONCE
                && let Some(more) = self.subscriber.try_next()
            {
                messages.push(more);
            }
            self.hearing.follow();
            let mut items: Vec<Item> =
                messages.iter().map(|message| Item::Message(self.read(message))).collect();
            let posts = self.hearing.read_posts(posts, &self.metrics, &mut items);
            match self.spool.submit(items).await {
                Ok(appending) => {
                    if to_settle.send(Waiting { messages, posts, appending, since }).await.is_err() {
                        break;
                    }
                }
                Err(error) => {
                    failed = Err(error);
                    break;
                }
            }
        }
        drop(to_settle);
        let settled = settler.await.unwrap_or(Err(SpoolError::Closed));
        failed.and(settled)
    }

    /// Waits while the clock is not believed; false when the service stops first. Nothing is read until then, and so
    /// nothing acknowledged: what states no time, or how long ago it was, would take the time of that clock.
    async fn believes_the_clock(&mut self, stop: &mut watch::Receiver<bool>) -> bool {
        let mut is_told = false;
        while let Some(left) = self.trust.doubt(&self.clock) {
            if !is_told {
                let seconds = left.as_secs();
                tracing::warn!(
                    seconds,
                    "the clock is not believed since it was set ahead: messages wait until it has run so long, or is set back"
                );
                is_told = true;
            }
            tokio::select! {
                changed = stop.wait_for(|stop| *stop) => { drop(changed); return false }
                () = tokio::time::sleep(left.min(LOOK_EVERY.1)) => {}
            }
        }
        true
    }

    /// What becomes of a message: everything but its durability.
    fn read(&mut self, incoming: &Incoming) -> Message {
        let came = Came {
            topic: incoming.topic(),
            payload: incoming.payload(),
            is_retained: incoming.is_retained(),
            speaker: None,
            format: None,
            arrival: None,
        };
        self.metrics.message_received();
        Message { delivery: self.delivery(incoming), ..self.hearing.understand(&came).0 }
    }

    fn delivery(&mut self, incoming: &Incoming) -> Option<Delivery> {
        let known_by = incoming.redelivery_key()?.to_be_bytes();
        let (connection, packet) = incoming.delivery();
        let (of, seen) = &mut self.seen;
        if *of != connection {
            *of = connection;
            seen.clear();
        }
        // A broker that does not mark its repeats sends them first.
        let is_early = seen.len() < MOST_UNMARKED && seen.insert(packet);
        let may_be_repeat = incoming.is_resumed() && (incoming.is_dup() || is_early);
        Some(Delivery::of(packet, &known_by, may_be_repeat))
    }
}

/// Waits for durability in order; acknowledges, counts, and passes what is new to the judge.
async fn settle_all(
    mut waiting: mpsc::Receiver<Waiting>,
    acker: ingest::mqtt::Acker,
    metrics: Arc<Metrics>,
    to_judge: mpsc::Sender<Batch>,
) -> Result<(), SpoolError> {
    while let Some(Waiting { messages, posts, appending, since }) = waiting.recv().await {
        let receipts = appending.await?;
        let is_replay: Vec<bool> = posts.iter().map(|(post, ..)| post.is_replay()).collect();
        for ((post, readings, error), receipt) in posts.into_iter().zip(receipts.iter().skip(messages.len()))
        {
            let outcome = receipt.outcome.unwrap_or(Outcome::Ignored);
            post.answer(Posted { outcome, readings, error });
        }
        let replays = std::iter::repeat_n(false, messages.len()).chain(is_replay);
        for token in messages.iter().filter_map(Incoming::ack_token) {
            acker.ack(token);
        }
        let mut entries = Vec::with_capacity(receipts.len());
        for (receipt, is_replay) in receipts.into_iter().zip(replays) {
            match receipt.outcome {
                // It was counted when it came; nobody else counts what another replay has taken.
                Some(outcome) if is_replay && outcome == Outcome::Stored => metrics.replayed(),
                Some(outcome) if !is_replay => metrics.messages(outcome, 1),
                Some(_) | None => {}
            }
            entries.extend(receipt.entry);
        }
        if to_judge.send(Batch { entries, since }).await.is_err() {
            return Ok(());
        }
    }
    Ok(())
}
