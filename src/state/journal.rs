//! The journal of transitions.

use model::{Instant, Span};
use rules::TransitionKind;
use rusqlite::{Row, Transaction, params};

use super::{State, StateError};
use crate::database::{signed, unsigned};

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

fn kind_of(name: &str) -> Result<TransitionKind, StateError> {
    use TransitionKind as Kind;
    [Kind::Firing, Kind::Resolved, Kind::Revised, Kind::Unproven, Kind::Withdrawn]
        .into_iter()
        .find(|kind| kind.name() == name)
        .ok_or_else(|| StateError::Damaged(format!("unknown transition `{name}`")))
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
}
