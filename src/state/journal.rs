//! Alerts as they are now, and the journal of their transitions.

use model::{Instant, Span};
use rules::{AlertState, TransitionKind};
use rusqlite::{Row, Transaction, params};

use super::{State, StateError};
use crate::database::{signed, unsigned};

/// The newest alert of one check, with the JSON that pages and API show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertRow {
    /// The check: clause and subject in one text.
    pub check: String,
    /// Id of the alert.
    pub id: String,
    /// Where it stands.
    pub state: AlertState,
    /// Start of its first breaching window.
    pub started_at: Instant,
    /// The alert as JSON.
    pub body: String,
}

/// One transition for the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalRow {
    /// Id of the transition.
    pub transition: String,
    /// Id of the alert that it belongs to.
    pub alert: String,
    /// What happened.
    pub kind: TransitionKind,
    /// Event time at which it happened.
    pub at: Instant,
    /// The transition as JSON.
    pub body: String,
}

/// A transition as the journal keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalEntry {
    /// Number in the order of the journal.
    pub id: u64,
    /// The transition.
    pub row: JournalRow,
}

fn state_name(state: AlertState) -> &'static str {
    match state {
        AlertState::Pending => "pending",
        AlertState::Firing => "firing",
        AlertState::Resolved => "resolved",
    }
}

fn state_of(name: &str) -> Result<AlertState, StateError> {
    [AlertState::Pending, AlertState::Firing, AlertState::Resolved]
        .into_iter()
        .find(|state| state_name(*state) == name)
        .ok_or_else(|| StateError::Damaged(format!("unknown alert state `{name}`")))
}

fn kind_of(name: &str) -> Result<TransitionKind, StateError> {
    use TransitionKind as Kind;
    [Kind::Firing, Kind::Resolved, Kind::Revised, Kind::Unproven]
        .into_iter()
        .find(|kind| kind.name() == name)
        .ok_or_else(|| StateError::Damaged(format!("unknown transition `{name}`")))
}

impl AlertRow {
    pub(super) fn write(&self, step: &Transaction<'_>) -> Result<(), rusqlite::Error> {
        step.prepare_cached("INSERT OR REPLACE INTO alerts VALUES (?1, ?2, ?3, ?4, ?5)")?.execute(
            params![self.check, self.id, state_name(self.state), self.started_at.millis(), self.body],
        )?;
        Ok(())
    }
}

impl JournalRow {
    pub(super) fn write(&self, step: &Transaction<'_>) -> Result<(), rusqlite::Error> {
        step.prepare_cached(
            "INSERT OR IGNORE INTO journal (transition_id, alert, kind, at, body) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![self.transition, self.alert, self.kind.name(), self.at.millis(), self.body])?;
        Ok(())
    }
}

impl State {
    /// The newest alert of every check that has one, newest first.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn alerts(&self) -> Result<Vec<AlertRow>, StateError> {
        let db = self.db();
        let mut query = db.prepare_cached(
            "SELECT subject, id, state, started_at, body FROM alerts ORDER BY started_at DESC, id",
        )?;
        let mut rows = query.query([])?;
        let mut alerts = Vec::new();
        while let Some(row) = rows.next()? {
            alerts.push(AlertRow {
                check: row.get(0)?,
                id: row.get(1)?,
                state: state_of(&row.get::<_, String>(2)?)?,
                started_at: Instant::from_millis(row.get(3)?),
                body: row.get(4)?,
            });
        }
        Ok(alerts)
    }

    /// Transitions before the number `before`, newest first, at most `max`; `u64::MAX` begins at the newest.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn journal(&self, before: u64, max: usize) -> Result<Vec<JournalEntry>, StateError> {
        self.journal_rows("id < ?1 ORDER BY id DESC LIMIT ?2", [signed(before), signed(max as u64)])
    }

    /// Transitions whose event time lies in `span`, in time order.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn journal_of(&self, span: Span) -> Result<Vec<JournalEntry>, StateError> {
        self.journal_rows("at >= ?1 AND at < ?2 ORDER BY at, id", [span.from.millis(), span.to.millis()])
    }

    fn journal_rows(&self, which: &str, bounds: [i64; 2]) -> Result<Vec<JournalEntry>, StateError> {
        let db = self.db();
        let mut query = db.prepare_cached(&format!(
            "SELECT id, transition_id, alert, kind, at, body FROM journal WHERE {which}"
        ))?;
        let mut rows = query.query(bounds)?;
        let mut entries = Vec::new();
        while let Some(row) = rows.next()? {
            entries.push(entry(row)?);
        }
        Ok(entries)
    }
}

fn entry(row: &Row<'_>) -> Result<JournalEntry, StateError> {
    let kind = kind_of(&row.get::<_, String>(3)?)?;
    let at = Instant::from_millis(row.get(4)?);
    let row_of = JournalRow { transition: row.get(1)?, alert: row.get(2)?, kind, at, body: row.get(5)? };
    Ok(JournalEntry { id: unsigned(row.get(0)?), row: row_of })
}

#[cfg(test)]
mod tests {
    use super::{super::Step, *};

    fn transition(id: &str, at: i64) -> JournalRow {
        JournalRow {
            transition: id.to_owned(),
            alert: "a1".to_owned(),
            kind: TransitionKind::Firing,
            at: Instant::from_millis(at),
            body: "{}".to_owned(),
        }
    }

    #[test]
    fn a_replayed_transition_stands_in_the_journal_once() {
        let dir = tempfile::tempdir().unwrap();
        let state = State::open(&dir.path().join("state.sqlite")).unwrap();
        let step = Step { journal: vec![transition("t1", 10), transition("t2", 5)], ..Step::default() };
        state.commit(&step).unwrap();
        state.commit(&step).unwrap();
        let newest = state.journal(u64::MAX, 10).unwrap();
        assert_eq!(newest.iter().map(|e| e.row.transition.as_str()).collect::<Vec<_>>(), ["t2", "t1"]);
        assert_eq!(state.journal(newest[0].id, 10).unwrap().len(), 1, "pages go on where the last one ended");
        let day = Span::new(Instant::from_millis(5), Instant::from_millis(10));
        assert_eq!(state.journal_of(day).unwrap().len(), 1, "the end of a span does not belong to it");
    }

    #[test]
    fn a_check_has_one_alert_as_it_is_now() {
        let dir = tempfile::tempdir().unwrap();
        let state = State::open(&dir.path().join("state.sqlite")).unwrap();
        let mut alert = AlertRow {
            check: "p/c room-1".to_owned(),
            id: "a1".to_owned(),
            state: AlertState::Pending,
            started_at: Instant::from_millis(1),
            body: "{}".to_owned(),
        };
        state.commit(&Step { alerts: vec![alert.clone()], ..Step::default() }).unwrap();
        alert.state = AlertState::Firing;
        state.commit(&Step { alerts: vec![alert.clone()], ..Step::default() }).unwrap();
        assert_eq!(state.alerts().unwrap(), [alert.clone()]);
        state.commit(&Step { alerts_removed: vec![alert.check], ..Step::default() }).unwrap();
        assert!(state.alerts().unwrap().is_empty());
    }
}
