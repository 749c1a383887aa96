//! The outbox: every mail is on disk before it is sent, and every (transition, recipient) in one mail only.
//!
//! What the delivery needs of a store stands here as [`OutboxStore`]; [`super::SqliteOutbox`] is the one in use.

use model::{Id, Instant};

use super::{Letter, MailPlan, RenderError, Renderer};

/// Where a mail stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MailStatus {
    /// Waits for its next attempt.
    Queued,
    /// Handed to the server; whether it was taken is not known yet.
    Sending,
    /// Taken by the server.
    Sent,
    /// Given up.
    Failed,
}

impl MailStatus {
    /// The word in the table and the API.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Sending => "sending",
            Self::Sent => "sent",
            Self::Failed => "failed",
        }
    }
}

/// A mail that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queued {
    /// The mail.
    pub letter: Letter,
    /// Attempts so far.
    pub attempts: u32,
    /// Wall time at which it was queued.
    pub queued_at: Instant,
}

/// Mails by outcome, over the life of the store.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Waiting or being sent.
    pub queued: u64,
    /// Taken by the server.
    pub sent: u64,
    /// Given up.
    pub failed: u64,
    /// Sent again although the server may have taken them before.
    pub maybe_doubled: u64,
}

/// Why the store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum OutboxError {
    /// The database refused.
    #[error("the outbox cannot be read or written")]
    Store(#[from] rusqlite::Error),
    /// A stored letter is not one.
    #[error("a stored letter cannot be read")]
    Letter(#[from] serde_json::Error),
    /// A mail could not be put into words.
    #[error("a mail could not be put into words")]
    Render(#[from] RenderError),
}

/// What delivery needs of a store. Each operation is durable when it returns.
pub trait OutboxStore {
    /// Those of `ids` that no mail to this recipient tells yet.
    ///
    /// # Errors
    /// Returns [`OutboxError`] when the store cannot be read.
    fn untold(&self, recipient: &Id, ids: &[String]) -> Result<Vec<String>, OutboxError>;

    /// Queues a mail and marks `ids` as told to this recipient, both or neither.
    ///
    /// # Errors
    /// Returns [`OutboxError`] when the store cannot be written.
    fn enqueue(
        &mut self,
        recipient: &Id,
        ids: &[String],
        letter: &Letter,
        now: Instant,
    ) -> Result<(), OutboxError>;

    /// The mails that are due, the longest due first, at most `limit`.
    ///
    /// # Errors
    /// Returns [`OutboxError`] when the store cannot be read.
    fn due(&self, now: Instant, limit: usize) -> Result<Vec<Queued>, OutboxError>;

    /// Marks a mail as handed to the server, one more attempt.
    ///
    /// # Errors
    /// Returns [`OutboxError`] when the store cannot be written.
    fn mark_sending(&mut self, key: &str) -> Result<(), OutboxError>;

    /// Marks a mail as taken by the server.
    ///
    /// # Errors
    /// Returns [`OutboxError`] when the store cannot be written.
    fn mark_sent(&mut self, key: &str, now: Instant) -> Result<(), OutboxError>;

    /// Queues a mail again for `next_attempt`; `may_be_doubled` when the server may have taken it.
    ///
    /// # Errors
    /// Returns [`OutboxError`] when the store cannot be written.
    fn mark_retry(
        &mut self,
        key: &str,
        next_attempt: Instant,
        error: &str,
        may_be_doubled: bool,
    ) -> Result<(), OutboxError>;

    /// Gives a mail up.
    ///
    /// # Errors
    /// Returns [`OutboxError`] when the store cannot be written.
    fn mark_failed(&mut self, key: &str, error: &str, now: Instant) -> Result<(), OutboxError>;

    /// Queues again what was being sent when the service stopped; returns how many.
    ///
    /// # Errors
    /// Returns [`OutboxError`] when the store cannot be written.
    fn recover(&mut self, now: Instant) -> Result<u64, OutboxError>;

    /// When the next attempt is due; none while nothing waits.
    ///
    /// # Errors
    /// Returns [`OutboxError`] when the store cannot be read.
    fn next_attempt(&self) -> Result<Option<Instant>, OutboxError>;

    /// Mails by outcome.
    ///
    /// # Errors
    /// Returns [`OutboxError`] when the store cannot be read.
    fn counts(&self) -> Result<Counts, OutboxError>;
}

/// The near end of the outbox: plans in, queued letters out.
#[derive(Debug)]
pub struct Outbox<S> {
    store: S,
    renderer: Renderer,
}

impl<S: OutboxStore> Outbox<S> {
    /// An outbox over a store.
    #[must_use]
    pub const fn new(store: S, renderer: Renderer) -> Self {
        Self { store, renderer }
    }

    /// Queues a plan, without the lines that its recipient was told before (after a replay from an older
    /// checkpoint). Returns the letter, or none when nothing was left to tell.
    ///
    /// # Errors
    /// Returns [`OutboxError`] when the mail cannot be rendered or stored; then nothing was queued.
    pub fn put(&mut self, plan: &MailPlan, now: Instant) -> Result<Option<Letter>, OutboxError> {
        let untold = self.store.untold(&plan.addressee.id, &plan.ids())?;
        if untold.is_empty() {
            return Ok(None);
        }
        let mut plan = plan.clone();
        plan.lines.retain(|line| untold.contains(&line.id));
        let letter = self.renderer.letter(&plan)?;
        self.store.enqueue(&plan.addressee.id, &untold, &letter, now)?;
        Ok(Some(letter))
    }

    /// The store, for its counts.
    #[must_use]
    pub const fn store(&self) -> &S {
        &self.store
    }
}
