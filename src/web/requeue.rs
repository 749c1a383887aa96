//! The quarantine from the console and the API: who may look, who may try again.

use super::{desk::Desk, error::ApiError, registry::Registry};
use crate::{
    access::Right,
    pipeline::{Again, ReplayError, Replayed, replay},
    spool::Quarantined,
};

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

    /// Sends messages of the quarantine through the intake again.
    pub(super) async fn replay(&self, again: Again) -> Result<Replayed, ApiError> {
        let registry = self.quarantine()?;
        // It puts readings in, so it wants the same right as sending them.
        let Some(person) = self.asker().filter(|person| person.may(Right::Readings)) else {
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
