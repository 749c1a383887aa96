//! Delivery: takes queued mails to the mail server until it has them all.
//!
//! A mail is marked as being sent before the first byte leaves, so a stop between the server's answer and
//! our mark is known at the next start: such a mail is sent again with the same Message-ID, and counted.

use std::{sync::Arc, time::Duration};

use model::Instant;
use tokio::sync::{Notify, watch};

use super::{Mailer, OutboxError, OutboxStore, Queued, SendError, mask};
use crate::disk::{TRY_AGAIN, in_words, is_of_disk};

/// Mails of one round; between rounds the loop looks whether it is to stop.
const ROUND: usize = 50;

/// The loop looks again at least this often, in case a wake-up went to nobody.
const LONGEST_SLEEP: Duration = Duration::from_secs(5);

/// How often a mail is tried. All in milliseconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Wait after the first failure; doubled after each further one.
    pub first_ms: i64,
    /// Longest wait.
    pub longest_ms: i64,
    /// A mail that was queued this long ago is given up.
    pub give_up_ms: i64,
}

impl Default for RetryPolicy {
    /// 30 s, at most 1 h, for 7 days.
    fn default() -> Self {
        Self { first_ms: 30_000, longest_ms: 3_600_000, give_up_ms: 7 * 86_400_000 }
    }
}

impl RetryPolicy {
    /// The wait after `failures` failures in a row (1 is the first), ms.
    #[must_use]
    pub fn wait_ms(&self, failures: u32) -> i64 {
        let doubled = 1_i64 << failures.saturating_sub(1).min(30);
        self.first_ms.saturating_mul(doubled).min(self.longest_ms)
    }
}

/// What one round did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Round {
    /// Taken by the server.
    pub sent: u64,
    /// To be tried again.
    pub retried: u64,
    /// Given up.
    pub failed: u64,
    /// Of those to be tried again: mails that the server may have taken all the same.
    pub maybe_doubled: u64,
    /// Why the server could not be used, in words for operations.
    pub server_error: Option<String>,
    /// Wall time at which the next round has something to do; none while nothing waits.
    pub next: Option<Instant>,
}

/// The far end of the outbox.
#[derive(Debug)]
pub struct Delivery<S> {
    store: S,
    mailer: Mailer,
    policy: RetryPolicy,
    /// Failures of the server itself in a row.
    failures: u32,
    paused_until: Option<Instant>,
}

impl<S: OutboxStore> Delivery<S> {
    /// A delivery that has recovered what a stop left half sent.
    ///
    /// # Errors
    /// Returns [`OutboxError`] when the store cannot be written.
    pub fn start(
        mut store: S,
        mailer: Mailer,
        policy: RetryPolicy,
        now: Instant,
    ) -> Result<Self, OutboxError> {
        let recovered = store.recover(now)?;
        if recovered > 0 {
            tracing::warn!(mails = recovered, "mails that may have arrived before the stop are sent again");
        }
        Ok(Self { store, mailer, policy, failures: 0, paused_until: None })
    }

    /// Tries the mails that are due at the wall time `now`, at most 50.
    ///
    /// When the server itself cannot be used the round ends, and no mail is tried until the pause is over.
    ///
    /// # Errors
    /// Returns [`OutboxError`] when the store cannot be read or written; no mail is lost by that.
    pub async fn round(&mut self, now: Instant) -> Result<Round, OutboxError> {
        let mut round = Round::default();
        if self.paused_until.is_none_or(|until| until <= now) {
            self.paused_until = None;
            for queued in self.store.due(now, ROUND)? {
                self.store.mark_sending(&queued.letter.key)?;
                let outcome = self.mailer.send(&queued.letter).await;
                self.settle(&queued, outcome, now, &mut round).await?;
                if round.server_error.is_some() {
                    break;
                }
            }
            self.mailer.rest().await;
        }
        round.next = self.store.next_attempt()?.max(self.paused_until.filter(|_| self.failures > 0));
        Ok(round)
    }

    async fn settle(
        &mut self,
        queued: &Queued,
        outcome: Result<String, SendError>,
        now: Instant,
        round: &mut Round,
    ) -> Result<(), OutboxError> {
        let key = &queued.letter.key;
        let to = mask(&queued.letter.to);
        let Err(error) = outcome else {
            self.failures = 0;
            round.sent += 1;
            tracing::info!(mail = %key, to, "mail sent");
            return self.insist(|store| store.mark_sent(key, now)).await;
        };
        let text = in_words(&error);
        let is_too_old = now.since(queued.queued_at) >= self.policy.give_up_ms;
        if is_too_old || !error.is_retryable() {
            round.failed += 1;
            tracing::error!(mail = %key, to, error = text, "mail given up");
            return self.insist(|store| store.mark_failed(key, &text, now)).await;
        }
        let wait = if error.is_of_server() {
            self.failures = self.failures.saturating_add(1);
            round.server_error = Some(text.clone());
            self.policy.wait_ms(self.failures)
        } else {
            self.policy.wait_ms(queued.attempts + 1)
        };
        let pause_end = now.plus_ms(wait);
        if error.is_of_server() {
            self.paused_until = Some(pause_end);
        }
        // While the server is away the mail keeps its place. One that broke the connection goes behind the
        // others, or it could hold them up for ever.
        let keeps_place = error.is_of_server() && !error.may_have_arrived();
        let next = if keeps_place { queued.queued_at } else { pause_end };
        round.retried += 1;
        round.maybe_doubled += u64::from(error.may_have_arrived());
        tracing::warn!(mail = %key, to, error = text, wait_ms = wait, "mail waits for its next attempt");
        self.insist(|store| store.mark_retry(key, next, &text, error.may_have_arrived())).await
    }

    /// Keeps what became of a mail, however long the disk refuses: with a mark that was not kept it would stay
    /// half sent. A stop meanwhile is what [`Delivery::start`] recovers from.
    async fn insist(
        &mut self,
        mut mark: impl FnMut(&mut S) -> Result<(), OutboxError>,
    ) -> Result<(), OutboxError> {
        let mut has_waited = false;
        loop {
            match mark(&mut self.store) {
                Err(error) if is_of_disk(&error) => {
                    if !std::mem::replace(&mut has_waited, true) {
                        tracing::error!(error = in_words(&error), "the outbox waits for the disk");
                    }
                    tokio::time::sleep(TRY_AGAIN).await;
                }
                marked => return marked,
            }
        }
    }

    /// Delivers until `stop` says true. `clock` gives wall time; `wake` is notified when a mail was queued;
    /// `report` sees every round.
    pub async fn run(
        mut self,
        clock: impl Fn() -> Instant,
        wake: Arc<Notify>,
        mut stop: watch::Receiver<bool>,
        mut report: impl FnMut(&Round),
    ) {
        while !*stop.borrow() {
            let now = clock();
            let sleep = match self.round(now).await {
                Ok(round) => {
                    report(&round);
                    let wait_ms = round.next.map_or(i64::MAX, |next| next.since(now).max(0));
                    Duration::from_millis(u64::try_from(wait_ms).unwrap_or(0)).min(LONGEST_SLEEP)
                }
                Err(error) => {
                    tracing::error!(error = in_words(&error), "outbox out of order");
                    LONGEST_SLEEP
                }
            };
            tokio::select! {
                () = wake.notified() => {}
                () = tokio::time::sleep(sleep) => {}
                changed = stop.changed() => if changed.is_err() { return },
            }
        }
    }

    /// The store, for its counts.
    #[must_use]
    pub const fn store(&self) -> &S {
        &self.store
    }
}
