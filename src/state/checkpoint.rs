//! Reading the engine's checkpoint back, and the cursors of other readers of the spool.

use std::collections::BTreeMap;

use model::Instant;
use rusqlite::{OptionalExtension, params};

use super::{State, StateError};
use crate::{database::unsigned, spool::Position};

/// The engine's state as it was last stored.
#[derive(Debug, Clone, PartialEq)]
pub struct EngineState {
    /// Newest entry of the spool that it has seen; the replay goes on behind it.
    pub position: Position,
    /// Event time reached.
    pub event_time: Option<Instant>,
    /// Its pieces, by name.
    pub pieces: BTreeMap<String, Vec<u8>>,
}

impl State {
    /// The stored state of a partition's engine; `None` before the first checkpoint.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn engine(&self, partition: u16) -> Result<Option<EngineState>, StateError> {
        let mut db = self.db();
        let read = db.transaction()?;
        let head: Option<(i64, Option<i64>)> = read
            .query_row("SELECT sequence, event_time FROM checkpoint WHERE part = ?1", [partition], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })
            .optional()?;
        let Some((sequence, event_time)) = head else { return Ok(None) };
        let mut query = read.prepare_cached("SELECT name, body FROM engine WHERE part = ?1")?;
        let pieces = query.query_map([partition], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let position = Position { partition, sequence: unsigned(sequence) };
        let event_time = event_time.map(Instant::from_millis);
        Ok(Some(EngineState { position, event_time, pieces: pieces.collect::<Result<_, _>>()? }))
    }

    /// One piece of a partition's stored state.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn piece(&self, partition: u16, name: &str) -> Result<Option<Vec<u8>>, StateError> {
        let db = self.db();
        let mut query = db.prepare_cached("SELECT body FROM engine WHERE part = ?1 AND name = ?2")?;
        Ok(query.query_row(params![partition, name], |row| row.get(0)).optional()?)
    }

    /// The spool position of a partition's stored state; the very start before the first checkpoint.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn position(&self, partition: u16) -> Result<Position, StateError> {
        let db = self.db();
        let mut query = db.prepare_cached("SELECT sequence FROM checkpoint WHERE part = ?1")?;
        let sequence: Option<i64> = query.query_row([partition], |row| row.get(0)).optional()?;
        Ok(Position { partition, sequence: sequence.map_or(0, unsigned) })
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{Checkpoint, Step},
        *,
    };

    fn checkpoint(sequence: u64, changed: &[(&str, &str)], removed: &[&str]) -> Step {
        let changed = changed.iter().map(|(name, body)| ((*name).to_owned(), body.as_bytes().to_vec()));
        Step {
            checkpoint: Some(Checkpoint {
                position: Position::new(sequence),
                event_time: Some(Instant::from_millis(5)),
                changed: changed.collect(),
                removed: removed.iter().map(|name| (*name).to_owned()).collect(),
            }),
            lines: vec![format!("line {sequence}")],
            ..Step::default()
        }
    }

    fn state(dir: &tempfile::TempDir) -> State {
        State::open(&dir.path().join("state.sqlite")).unwrap()
    }

    #[test]
    fn a_checkpoint_writes_what_changed_and_keeps_the_rest() {
        let dir = tempfile::tempdir().unwrap();
        state(&dir).commit(&checkpoint(3, &[("a", "1"), ("b", "1"), ("c", "1")], &[])).unwrap();
        state(&dir).commit(&checkpoint(4, &[("b", "2")], &["c"])).unwrap();
        let stored = state(&dir).engine(0).unwrap().unwrap();
        assert_eq!(stored.position, Position::new(4));
        let pieces = [("a".to_owned(), b"1".to_vec()), ("b".to_owned(), b"2".to_vec())];
        assert_eq!(stored.pieces, BTreeMap::from(pieces));
        assert_eq!(state(&dir).engine(1).unwrap(), None);
    }

    #[test]
    fn a_step_from_before_the_checkpoint_is_refused_and_changes_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let state = state(&dir);
        state.commit(&checkpoint(9, &[("a", "new")], &[])).unwrap();
        let refused = state.commit(&checkpoint(8, &[("a", "old")], &[])).unwrap_err();
        assert!(matches!(refused, StateError::Behind { .. }), "{refused}");
        assert_eq!(state.engine(0).unwrap().unwrap().pieces["a"], b"new");
        assert_eq!(state.series_lines(0, 10).unwrap().len(), 1, "the line of the refused step is not there");
    }
}
