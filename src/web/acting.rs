//! What people may do from the console and the API: acknowledge, silence. Every act is a row of the
//! spool before the answer goes out.

use std::time::Duration;

use model::{Id, Instant};

use super::{desk::Desk, error::ApiError};
use crate::{
    access::{Person, Right},
    notify::Silence,
    pipeline::Act,
    view::AlertView,
};

/// Longest silence, ms (90 days): what is exempt for longer wants a waiver with an approver.
const LONGEST_SILENCE_MS: i64 = 90 * 86_400_000;
/// Most characters of a note.
const LONGEST_NOTE: usize = 500;
/// How long an answer waits for the act to show, real time.
const SHOWS_WITHIN: Duration = Duration::from_secs(3);

/// What a silence is about.
#[derive(Debug, Default)]
pub(super) struct Wish {
    pub(super) clause: Option<String>,
    pub(super) subject: Option<Id>,
    pub(super) until: Option<Instant>,
    pub(super) minutes: Option<i64>,
    pub(super) note: String,
}

impl Desk {
    /// Whoever asks, if allowed to act.
    pub(super) fn actor(&self) -> Result<&Person, ApiError> {
        let Some(person) = self.asker() else {
            let what = "nobody can act until there are users: make one with `normwatch user add`";
            return Err(ApiError::Forbidden(what.to_owned()));
        };
        if person.may(Right::Act) {
            return Ok(person);
        }
        let role = person.role.name();
        Err(ApiError::Forbidden(format!(
            "`{}` has the role `{role}` or a token that may not act",
            person.name
        )))
    }

    /// Takes an alert on, or gives it back. Returns it as it stands then.
    pub(super) async fn acknowledge(
        &self,
        id: &str,
        is_acknowledged: bool,
        note: String,
    ) -> Result<std::sync::Arc<AlertView>, ApiError> {
        self.actor()?;
        let find = |desk: &Self| desk.snapshot().alerts.iter().find(|alert| alert.id == id).cloned();
        let alert = find(self).ok_or_else(|| ApiError::not_found("alert", id))?;
        if alert.state.is_over() {
            return Err(ApiError::Conflict("this alert is over: there is nothing to take on".to_owned()));
        }
        self.write(note, Act::Acknowledge { alert: id.to_owned(), is_acknowledged }).await?;
        Ok(find(self).unwrap_or(alert))
    }

    /// Begins a silence. Returns it.
    pub(super) async fn silence(&self, wish: Wish) -> Result<Silence, ApiError> {
        let person = self.actor()?;
        let snapshot = self.snapshot();
        let now = Self::now(&snapshot);
        let until = match (wish.until, wish.minutes) {
            (Some(until), None) => until,
            (None, Some(minutes)) => now.plus_ms(minutes.saturating_mul(60_000)),
            _ => return Err(ApiError::BadRequest("write either `until` or `minutes`".to_owned())),
        };
        if until <= now || until.since(now) > LONGEST_SILENCE_MS {
            let what = "a silence ends in the future, after 90 days at most; for longer ask for a waiver";
            return Err(ApiError::BadRequest(what.to_owned()));
        }
        if wish.clause.as_ref().is_some_and(|clause| self.clause(clause).is_none()) {
            return Err(ApiError::not_found("clause", wish.clause.unwrap_or_default()));
        }
        match &wish.subject {
            Some(subject) => {
                let (register, reach) = (self.register(), &person.reach);
                let is_known = register.places.contains_key(subject) || register.bodies.contains_key(subject);
                if !is_known || !reach.has(register, subject, now) {
                    return Err(ApiError::not_found("place or body", subject.as_str()));
                }
            }
            None if !person.reach.is_everything() => {
                let what = "you see a part of the office: name the place or body to silence";
                return Err(ApiError::BadRequest(what.to_owned()));
            }
            None if wish.clause.is_none() => {
                return Err(ApiError::BadRequest("name a clause, a place or a body to silence".to_owned()));
            }
            None => {}
        }
        let id = format!("{:016x}", rand::random::<u64>());
        let silence = Silence { id, clause: wish.clause, subject: wish.subject, until };
        self.write(wish.note, Act::Silence(silence.clone())).await?;
        Ok(silence)
    }

    /// Ends a silence before its time.
    pub(super) async fn lift_silence(&self, id: &str) -> Result<(), ApiError> {
        self.actor()?;
        if !self.snapshot().silences.iter().any(|silence| silence.id == id) {
            return Err(ApiError::not_found("silence", id));
        }
        self.write(String::new(), Act::LiftSilence(id.to_owned())).await
    }

    /// Writes an act and waits until it shows.
    pub(super) async fn write(&self, note: String, act: Act) -> Result<(), ApiError> {
        let note = note.trim();
        if note.chars().count() > LONGEST_NOTE {
            return Err(ApiError::BadRequest(format!("a note has at most {LONGEST_NOTE} characters")));
        }
        let by = self.actor()?.name.clone();
        let Some(pen) = self.pen() else {
            return Err(ApiError::Internal("this console only shows".to_owned()));
        };
        let written = pen.write(&by, note.to_owned(), act).await;
        let sequence = written.map_err(|error| {
            tracing::error!(%error, "an act could not be written");
            ApiError::Internal("the disk refuses; nothing was done".to_owned())
        })?;
        let mut snapshots = self.watch();
        let shown = snapshots.wait_for(|snapshot| snapshot.sequence >= sequence);
        // It is durable in any case; a slow page shows it a little later.
        drop(tokio::time::timeout(SHOWS_WITHIN, shown).await);
        Ok(())
    }
}
