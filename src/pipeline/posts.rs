//! Readings that come over HTTP take the way of those from the broker: the same decoder, the same
//! marks, the same spool and ledger, and an answer only when they are durable. So does what is taken out
//! of the quarantine again.

use std::time::Duration;

use ingest::Format;
use model::{Id, Instant};
use tokio::sync::{mpsc, oneshot};

use super::came::Came;
use crate::{
    access::Speaker,
    spool::{MessageKey, Outcome, Quarantined, Refusal},
};

/// Messages that wait for the intake; beyond that callers are told to come again.
const MOST_WAITING: usize = 64;
/// How long a caller is kept waiting for the disk.
const LONGEST_WAIT: Duration = Duration::from_secs(20);
/// The topic of a message that names its sensors itself.
const ANY_SENSOR: &str = "api/v1/readings";

/// One SenML pack from a program, or a message of the quarantine.
#[derive(Debug)]
pub struct Post {
    topic: String,
    payload: Vec<u8>,
    /// Whether what is replayed was kept by the broker from before our subscription.
    is_retained: bool,
    key: Option<MessageKey>,
    /// Who sent it, where that is a program with a token.
    speaker: Option<Speaker>,
    /// Its format; as the routes say for what is replayed.
    format: Option<Format>,
    /// Number in the quarantine and first arrival of what is replayed.
    replays: Option<(u64, Instant)>,
    reply: oneshot::Sender<Posted>,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posted {
    /// As the ledger counts it.
    pub outcome: Outcome,
    /// Readings that were stored.
    pub readings: usize,
    /// Why it was not understood.
    pub error: Option<Refusal>,
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PostError {
    /// Too many wait already.
    #[error("too many messages wait for the disk: send it again a little later")]
    Busy,
    /// The disk takes nothing just now: it was not stored.
    #[error("the disk takes nothing just now: send it again later")]
    Held,
    /// The service stops, or its disk keeps it waiting: whether it was stored is not known.
    #[error(
        "the service stops or waits for its disk: send it again; what is stored counts once if it has an Idempotency-Key"
    )]
    Gone,
}

/// Where programs put what they send.
#[derive(Debug, Clone)]
pub struct Letterbox(mpsc::Sender<Post>);

impl Letterbox {
    /// A letterbox, and what comes out of it.
    #[must_use]
    pub fn new() -> (Self, mpsc::Receiver<Post>) {
        let (sender, receiver) = mpsc::channel(MOST_WAITING);
        (Self(sender), receiver)
    }

    /// Sends a SenML pack of one sensor, or of those that its names name. A pack that names a device for which
    /// `speaker` may not speak is rejected whole. Of two that are equal in `key` (which names the sender too), sensor
    /// and payload the second counts as a duplicate. Returns when it is durable.
    ///
    /// # Errors
    /// [`PostError`] when too many wait, or the service stops.
    pub async fn post(
        &self,
        speaker: Speaker,
        sensor: Option<&Id>,
        payload: Vec<u8>,
        key: Option<&str>,
    ) -> Result<Posted, PostError> {
        let topic = sensor.map_or_else(|| ANY_SENSOR.to_owned(), |sensor| format!("normwatch/v1/{sensor}"));
        let key = key.map(|key| {
            let said = blake3::hash(&payload);
            MessageKey::of(format!("post {topic} {said} {key}").as_bytes())
        });
        let (reply, answer) = oneshot::channel();
        let format = Some(Format::Senml);
        let speaker = Some(speaker);
        let post = Post { topic, payload, is_retained: false, key, speaker, format, replays: None, reply };
        self.send(post, answer).await
    }

    /// Sends a message of the quarantine through the intake again. It leaves the quarantine when readings of it
    /// are durable; else it stays. Whoever sent it speaks for no more devices than then.
    ///
    /// # Errors
    /// [`PostError`] when too many wait, or the service stops.
    pub async fn replay(&self, held: Quarantined) -> Result<Posted, PostError> {
        let (reply, answer) = oneshot::channel();
        let Refusal { topic, payload, speaker, is_retained, .. } = held.refusal;
        let speaker = speaker.as_deref().map(Speaker::of_kept);
        let replays = Some((held.id, held.arrival));
        // What names no topic of a route came over HTTP.
        let format = (topic == ANY_SENSOR).then_some(Format::Senml);
        let post = Post { topic, payload, is_retained, key: None, speaker, format, replays, reply };
        self.send(post, answer).await
    }

    async fn send(&self, post: Post, answer: oneshot::Receiver<Posted>) -> Result<Posted, PostError> {
        let sent = self.0.try_send(post);
        sent.map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => PostError::Busy,
            mpsc::error::TrySendError::Closed(_) => PostError::Gone,
        })?;
        match tokio::time::timeout(LONGEST_WAIT, answer).await {
            Ok(Ok(posted)) => Ok(posted),
            Ok(Err(_)) | Err(_) => Err(PostError::Gone),
        }
    }
}

impl Post {
    /// What the intake reads.
    pub(super) fn came(&self) -> Came<'_> {
        Came {
            topic: &self.topic,
            payload: &self.payload,
            is_retained: self.is_retained,
            speaker: self.speaker.as_ref(),
            format: self.format,
            arrival: self.replays.map(|(_, arrival)| arrival),
        }
    }

    /// Its number in the quarantine.
    pub(super) fn replays(&self) -> Option<u64> {
        self.replays.map(|(id, _)| id)
    }

    pub(super) const fn is_replay(&self) -> bool {
        self.replays.is_some()
    }

    pub(super) const fn key(&self) -> Option<MessageKey> {
        self.key
    }

    /// Says what became of it; a caller that is gone does not hear it.
    pub(super) fn answer(self, posted: Posted) {
        drop(self.reply.send(posted));
    }
}
