//! From the broker to the spool: decode, settle, store, and only then acknowledge.

use std::{collections::HashSet, sync::Arc};

use ingest::{
    Decoded, Decoder, Format, Message as Wire,
    mqtt::{Incoming, Monitor, Subscriber},
    quality::{Arrival, Binding, Quality, settle},
};
use model::{Instant, Reading, Register, Series, register::Reporting};
use tokio::sync::{mpsc, watch};

use super::{
    Batch, Diagnoses, Unknown,
    posts::{Post, Posted},
};
use crate::{
    clock::Clock,
    devices,
    history::History,
    metrics::{MessageOutcome, Metrics},
    spool::{Appending, Fate, Item, Message, MessageKey, Outcome, Refusal, Spool, SpoolError},
};

/// Messages taken from the subscriber at once.
const MOST_AT_ONCE: usize = 512;
/// Batches on their way to the disk; beyond that the broker has to wait for its acknowledgements.
const MOST_WAITING: usize = 16;
/// How far back the history is read for the marks of a series, ms: longer than a sensor may stand still.
const RECALLED_MS: i64 = 48 * 3_600_000;

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
    /// What the quality stage remembers of earlier runs.
    pub history: History,
    /// What programs send over HTTP.
    pub posts: mpsc::Receiver<Post>,
    /// What vendors are told about their messages.
    pub diagnoses: Diagnoses,
}

/// A message as it came, whichever way.
pub(super) struct Came<'a> {
    pub(super) topic: &'a str,
    pub(super) payload: &'a [u8],
    pub(super) is_retained: bool,
    /// The format, where the way it came says so.
    pub(super) format: Option<Format>,
}

/// The intake of one broker connection.
#[derive(Debug)]
pub struct Intake {
    parts: IntakeParts,
    register: Arc<Register>,
    quality: Quality,
    /// Packet ids that this connection has delivered: only the first delivery under an id can be a repetition.
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
        let register = Arc::clone(&parts.registers.borrow());
        Self { parts, register, quality: Quality::new(), seen: (0, HashSet::new()) }
    }

    /// A view of the broker's connection.
    #[must_use]
    pub fn monitor(&self) -> Monitor {
        self.parts.subscriber.monitor()
    }

    /// Runs until `stop` says true, or the spool fails for good.
    ///
    /// # Errors
    /// [`SpoolError`] when the disk refuses: nothing of that batch was acknowledged, the broker keeps it.
    pub async fn run(
        mut self,
        to_judge: mpsc::Sender<Batch>,
        mut stop: watch::Receiver<bool>,
    ) -> Result<(), SpoolError> {
        let (to_settle, settling) = mpsc::channel(MOST_WAITING);
        let acker = self.parts.subscriber.acker();
        let metrics = Arc::clone(&self.parts.metrics);
        let settler = tokio::spawn(settle_all(settling, acker, metrics, to_judge));
        let mut failed = Ok(());
        loop {
            let (mut messages, mut posts) = (Vec::new(), Vec::new());
            tokio::select! {
                biased;
                changed = stop.wait_for(|stop| *stop) => { drop(changed); break }
                () = to_settle.closed() => break,
                message = self.parts.subscriber.next() => messages.push(message),
                Some(post) = self.parts.posts.recv() => posts.push(post),
            }
            let since = tokio::time::Instant::now();
            while let Ok(post) = self.parts.posts.try_recv() {
                posts.push(post);
            }
            while messages.len() < MOST_AT_ONCE
                && let Some(more) = self.parts.subscriber.try_next()
            {
                messages.push(more);
            }
            self.follow();
            let mut items: Vec<Item> =
                messages.iter().map(|message| Item::Message(self.read(message))).collect();
            let posts = self.read_posts(posts, &mut items);
            match self.parts.spool.submit(items).await {
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

    /// Takes up another register; what the decoder has learned from messages stays.
    fn follow(&mut self) {
        if !self.parts.registers.has_changed().unwrap_or(false) {
            return;
        }
        self.register = Arc::clone(&self.parts.registers.borrow_and_update());
        match devices::profiles(&self.register) {
            Ok(profiles) => self.parts.decoder.set_profiles(profiles),
            Err(problems) => tracing::error!(problems = problems.len(), "profiles stay as they were"),
        }
    }

    /// What becomes of a message: everything but its durability.
    fn read(&mut self, incoming: &Incoming) -> Message {
        let came = Came {
            topic: incoming.topic(),
            payload: incoming.payload(),
            is_retained: incoming.is_retained(),
            format: None,
        };
        let mut message = self.understand(&came);
        message.key = message.key.or_else(|| self.delivery_key(incoming));
        message
    }

    /// The same for what came over HTTP.
    fn read_posts(&mut self, posts: Vec<Post>, items: &mut Vec<Item>) -> Vec<(Post, usize, Option<Refusal>)> {
        let read = posts.into_iter().map(|post| {
            let mut message = self.understand(&post.came());
            message.key = post.key();
            let (readings, error) = match &message.fate {
                Fate::Stored(readings) => (readings.len(), None),
                Fate::Quarantined(refusal) => (0, Some(refusal.clone())),
                Fate::Ignored | Fate::Rejected => (0, None),
            };
            items.push(Item::Message(message));
            (post, readings, error)
        });
        read.collect()
    }

    fn understand(&mut self, came: &Came<'_>) -> Message {
        self.parts.metrics.message_received();
        let arrival = self.parts.clock.now();
        let wire = Wire {
            topic: came.topic,
            payload: came.payload,
            retained: came.is_retained,
            received_at: Some(arrival),
        };
        let (result, key) = match came.format {
            Some(format) => (self.parts.decoder.decode_as(format, &wire), None),
            None => {
                let outcome = self.parts.decoder.decode_message(&wire);
                self.parts.diagnoses.note(came.topic, &outcome.result, arrival);
                (outcome.result, outcome.dedup_key)
            }
        };
        let fate = match result {
            Ok(Decoded::Readings(raw)) => self.settled(raw, came.topic, arrival),
            Ok(Decoded::Ignored(_)) => Fate::Ignored,
            Err(error) => Fate::Quarantined(Refusal {
                topic: came.topic.to_owned(),
                payload: came.payload.to_vec(),
                kind: error.kind.name().to_owned(),
                reason: error.message,
                field: error.field,
            }),
        };
        let key = key.map(|key| MessageKey::looked_up(key.as_bytes()));
        Message { arrival, key, fate, replays: None }
    }

    fn delivery_key(&mut self, incoming: &Incoming) -> Option<MessageKey> {
        let key = incoming.redelivery_key()?.to_be_bytes();
        let (connection, packet) = incoming.delivery();
        if self.seen.0 != connection {
            self.seen = (connection, HashSet::new());
        }
        let is_first = self.seen.1.insert(packet);
        Some(if is_first && incoming.is_resumed() {
            MessageKey::looked_up(&key)
        } else {
            MessageKey::recorded(&key)
        })
    }

    fn settled(&mut self, raw: Vec<ingest::RawReading>, topic: &str, arrival: Instant) -> Fate {
        let mut readings: Vec<Reading> = Vec::with_capacity(raw.len());
        for raw in raw {
            let rows = self.register.sensors.get(&raw.sensor);
            let row = rows.and_then(|rows| rows.rows().find(|row| row.span.contains(arrival)));
            if row.is_none() && !self.register.knows_sensor(&raw.sensor) {
                self.parts.unknown.saw(&raw.sensor, topic);
            }
            let binding = row.map(|row| Binding { sensor: &row.value, from: Some(row.span.from) });
            let reporting = row.map(|row| row.value.reporting);
            if let Ok(mut reading) = settle(raw, Arrival::Live(arrival), binding) {
                self.recall(&reading.series, reporting);
                self.quality.mark(&mut reading, reporting);
                readings.push(reading);
            }
        }
        if readings.is_empty() { Fate::Rejected } else { Fate::Stored(readings) }
    }

    /// Before the first reading of a series since the start: what was observed before it. Marks must not
    /// depend on when the service was restarted.
    fn recall(&mut self, series: &Series, reporting: Option<Reporting>) {
        if self.quality.knows(series) {
            return;
        }
        match self.parts.history.newest(series, RECALLED_MS) {
            Ok(readings) => {
                for mut reading in readings {
                    self.quality.mark(&mut reading, reporting);
                }
            }
            Err(error) => tracing::error!(%error, sensor = %series.sensor, "the history cannot be read"),
        }
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
        for ((post, readings, error), receipt) in posts.into_iter().zip(receipts.iter().skip(messages.len()))
        {
            let outcome = receipt.outcome.unwrap_or(Outcome::Ignored);
            post.answer(Posted { outcome, readings, error });
        }
        for token in messages.iter().filter_map(Incoming::ack_token) {
            acker.ack(token);
        }
        let mut entries = Vec::with_capacity(receipts.len());
        for receipt in receipts {
            if let Some(outcome) = receipt.outcome {
                metrics.messages(counted_as(outcome), 1);
            }
            entries.extend(receipt.entry);
        }
        if to_judge.send(Batch { entries, since }).await.is_err() {
            return Ok(());
        }
    }
    Ok(())
}

const fn counted_as(outcome: Outcome) -> MessageOutcome {
    match outcome {
        Outcome::Stored => MessageOutcome::Stored,
        Outcome::Duplicate => MessageOutcome::Duplicate,
        Outcome::Ignored => MessageOutcome::Ignored,
        Outcome::Quarantined => MessageOutcome::Quarantined,
        Outcome::Rejected => MessageOutcome::Rejected,
    }
}
