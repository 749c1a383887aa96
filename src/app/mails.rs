//! The outbox as pages read it.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use model::Id;

use crate::{
    notify::{Logged, OutboxStore, SqliteOutbox},
    state::State,
    view::{MailState, MailView},
    web::MailSource,
};

/// Transitions that are looked through for the alerts that a mail tells.
const JOURNAL: usize = 5000;
/// The header in which a mail names its transitions.
const TRANSITIONS: &str = "X-Normwatch-Transition";

/// A connection of its own beside those that write, and the journal that knows whose transitions they are.
#[derive(Debug)]
pub(super) struct Mails {
    outbox: Mutex<SqliteOutbox>,
    state: State,
}

impl Mails {
    pub(super) fn new(outbox: SqliteOutbox, state: State) -> Self {
        Self { outbox: Mutex::new(outbox), state }
    }

    fn log(&self, before: Option<i64>, max: usize) -> Result<Vec<Arc<MailView>>, String> {
        let outbox = self.outbox.lock().unwrap_or_else(PoisonError::into_inner);
        let logged = outbox.log(before, max).map_err(|error| error.to_string())?;
        drop(outbox);
        if logged.is_empty() {
            return Ok(Vec::new());
        }
        let journal = self.state.journal(u64::MAX >> 1, JOURNAL).map_err(|error| error.to_string())?;
        let alerts: HashMap<String, String> =
            journal.into_iter().map(|entry| (entry.row.transition, entry.row.alert)).collect();
        Ok(logged.into_iter().filter_map(|mail| view(mail, &alerts)).map(Arc::new).collect())
    }
}

impl MailSource for Mails {
    fn newest(&self, max: usize) -> Result<Vec<Arc<MailView>>, String> {
        self.log(None, max)
    }

    fn one(&self, id: &str) -> Result<Option<Arc<MailView>>, String> {
        let Ok(number) = id.parse::<i64>() else { return Ok(None) };
        let found = self.log(number.checked_add(1), 1)?;
        Ok(found.into_iter().find(|mail| mail.id == id))
    }

    fn sent(&self) -> Result<u64, String> {
        let outbox = self.outbox.lock().unwrap_or_else(PoisonError::into_inner);
        outbox.counts().map(|counts| counts.sent).map_err(|error| error.to_string())
    }
}

fn view(mail: Logged, alerts: &HashMap<String, String>) -> Option<MailView> {
    let (text, html, headers) = mail
        .letter
        .map_or((None, None, Vec::new()), |letter| (Some(letter.text), Some(letter.html), letter.headers));
    let told = headers.iter().filter(|(name, _)| name == TRANSITIONS);
    let transitions: Vec<String> = told
        .flat_map(|(_, ids)| ids.split(','))
        .map(|id| id.trim().to_owned())
        .filter(|id| !id.is_empty())
        .collect();
    let mut of: Vec<String> = transitions.iter().filter_map(|id| alerts.get(id).cloned()).collect();
    of.sort_unstable();
    of.dedup();
    Some(MailView {
        id: mail.number.to_string(),
        time: mail.queued_at,
        recipient: Id::parse(&mail.recipient).ok()?,
        subject: mail.subject,
        state: match mail.status.as_str() {
            "sent" => MailState::Sent,
            "failed" => MailState::Failed,
            _ => MailState::Queued,
        },
        attempts: mail.attempts,
        error: mail.error,
        transitions,
        alerts: of,
        text: text.map(Arc::from),
        html: html.map(Arc::from),
    })
}
