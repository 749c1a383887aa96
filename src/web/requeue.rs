//! The quarantine from the console and the API: who may look, who may try again, who may discard.

use super::{desk::Desk, error::ApiError, registry::Registry};
use crate::{
    access::Right,
    pipeline::{Again, ReplayError, Replayed, replay},
    spool::{Item, Quarantined, SpoolError, SpoolReader},
};

/// Messages that go in one step at most.
const MOST_AT_ONCE: usize = 10_000;
/// Most characters of the reason of a discard.
const LONGEST_REASON: usize = 500;

/// Rows read at once.
const AT_ONCE: usize = 100;

impl Desk {
    fn quarantine(&self) -> Result<&Registry, ApiError> {
        if !self.sees_everything() {
            let what =
                "the quarantine is for who sees all of the office: nobody knows whose messages they are";
            return Err(ApiError::Forbidden(what.to_owned()));
        }
        self.registry().ok_or_else(|| ApiError::Internal("this console keeps no quarantine".to_owned()))
    }

    /// Messages of the quarantine, oldest first, at most `max`.
    pub(super) async fn quarantined(
        &self,
        reason: Option<String>,
        max: usize,
    ) -> Result<Vec<Quarantined>, ApiError> {
        let reader = self.quarantine()?.spool.clone();
        let read = reader.call(move |reader| {
            let (mut found, mut after) = (Vec::new(), 0);
            loop {
                let held = reader.quarantined(after, AT_ONCE)?;
                let Some(last) = held.last() else { return Ok(found) };
                after = last.id;
                let asked = |held: &Quarantined| reason.as_ref().is_none_or(|r| held.refusal.kind == *r);
                found.extend(held.into_iter().filter(asked));
                if found.len() >= max {
                    found.truncate(max);
                    return Ok(found);
                }
            }
        });
        read.await.map_err(|error| ApiError::Internal(error.to_string()))
    }

    /// Reads the quarantine, away from the tasks that answer pages.
    pub(super) async fn ask_quarantine<T: Send + 'static>(
        &self,
        ask: impl FnOnce(&SpoolReader) -> Result<T, SpoolError> + Send + 'static,
    ) -> Result<T, ApiError> {
        let reader = self.quarantine()?.spool.clone();
        reader.call(ask).await.map_err(|error| ApiError::Internal(error.to_string()))
    }

    /// One message of the quarantine.
    pub(super) async fn quarantined_message(&self, id: u64) -> Result<Quarantined, ApiError> {
        let held = self.ask_quarantine(move |reader| reader.quarantined(id.saturating_sub(1), 1)).await?;
        let found = held.into_iter().find(|held| held.id == id);
        found.ok_or_else(|| ApiError::not_found("quarantined message", id.to_string()))
    }

    /// Whether whoever asks may try messages again: it puts readings in, so it wants the same right as sending them.
    pub(super) fn may_replay(&self) -> bool {
        self.asker().is_some_and(|person| person.may(Right::Readings))
    }

    /// Lets messages of the quarantine go for good; returns how many were there. Who did it and why is durable before.
    pub(super) async fn discard(&self, again: Again, reason: &str) -> Result<u64, ApiError> {
        let registry = self.quarantine()?;
        let person = self.actor()?;
        let reason = reason.trim();
        if reason.is_empty() || reason.chars().count() > LONGEST_REASON {
            let what = format!("say why, in {LONGEST_REASON} characters at most");
            return Err(ApiError::BadRequest(what));
        }
        let Some(spool) = self.spool() else {
            return Err(ApiError::Internal("this console only shows".to_owned()));
        };
        let ids = if again.ids.is_empty() {
            let kind = again.reason.clone();
            let read = move |reader: &SpoolReader| reader.quarantine_heads(0, MOST_AT_ONCE, kind.as_deref());
            self.ask_quarantine(read).await?.into_iter().map(|head| head.start.id).collect()
        } else {
            again.ids.clone()
        };
        let told = serde_json::json!({ "ids": ids, "kind": again.reason, "reason": reason });
        registry.note(&person.name, "discard", told.to_string()).await?;
        let gone = spool.append(ids.into_iter().map(Item::Discard).collect()).await;
        let receipts = gone.map_err(|error| ApiError::Conflict(error.to_string()))?;
        Ok(receipts.iter().filter(|receipt| receipt.outcome.is_some()).count() as u64)
    }

    /// Sends messages of the quarantine through the intake again.
    pub(super) async fn replay(&self, again: Again) -> Result<Replayed, ApiError> {
        let registry = self.quarantine()?;
        let Some(person) = self.asker().filter(|_| self.may_replay()) else {
            let what = "only an admin may replay; a token for it has the scope `readings`";
            return Err(ApiError::Forbidden(what.to_owned()));
        };
        let Some(letterbox) = self.letterbox() else {
            return Err(ApiError::Internal("this console only shows".to_owned()));
        };
        let body = serde_json::to_string(&again).unwrap_or_default();
        registry.note(&person.name, "replay", body).await?;
        replay(letterbox, &registry.spool, &again).await.map_err(|error| match error {
            ReplayError::Post(error) => ApiError::Conflict(error.to_string()),
            ReplayError::Spool(error) => ApiError::Internal(error.to_string()),
        })
    }
}
