//! One step of the engine, committed as a whole.

use model::Instant;
use rusqlite::{OptionalExtension, Transaction, params};

use super::{EventRow, State, StateError, VerdictRow, counters, journal::JournalRow, lines, verdicts};
use crate::{
    database::{signed, unsigned},
    spool::Position,
};

/// What of the engine's state changed since the last checkpoint.
#[derive(Debug, Clone, PartialEq)]
pub struct Checkpoint {
    /// Newest entry of the spool that the state has seen.
    pub position: Position,
    /// Event time reached.
    pub event_time: Option<Instant>,
    /// Changed pieces of the state, by name.
    pub changed: Vec<(String, Vec<u8>)>,
    /// Pieces that are no more.
    pub removed: Vec<String>,
}

/// Everything that belongs to one step: all of it is stored, or nothing.
#[derive(Debug, Clone, Default)]
pub struct Step {
    /// The engine's changed pieces and their position.
    pub checkpoint: Option<Checkpoint>,
    /// Transitions; one that is there already is left as it is.
    pub journal: Vec<JournalRow>,
    /// Verdicts; a later revision takes the place of an earlier one.
    pub verdicts: Vec<VerdictRow>,
    /// Events; one that is there already is left as it is.
    pub events: Vec<EventRow>,
    /// Lines for the time-series server, without line end; of one point the last waits.
    pub lines: Vec<String>,
    /// Counters and what to add to them.
    pub counters: Vec<(String, u64)>,
}

impl State {
    /// Stores a step in one transaction.
    ///
    /// # Errors
    /// [`StateError::Behind`] when its position is older than the stored one; else when the disk refuses.
    pub fn commit(&self, step: &Step) -> Result<(), StateError> {
        let mut db = self.db();
        let transaction = db.transaction()?;
        if let Some(checkpoint) = &step.checkpoint {
            checkpoint.write(&transaction)?;
        }
        for row in &step.journal {
            row.write(&transaction)?;
        }
        verdicts::write(&transaction, &step.verdicts)?;
        verdicts::write_events(&transaction, &step.events)?;
        lines::write(&transaction, &step.lines)?;
        for (name, count) in &step.counters {
            counters::add(&transaction, name, *count)?;
        }
        transaction.commit()?;
        Ok(())
    }
}

impl Checkpoint {
    fn write(&self, step: &Transaction<'_>) -> Result<(), StateError> {
        let part = self.position.partition;
        let stored: Option<i64> = step
            .prepare_cached("SELECT sequence FROM checkpoint WHERE part = ?1")?
            .query_row([part], |row| row.get(0))
            .optional()?;
        let stored = stored.map_or(0, unsigned);
        if stored > self.position.sequence {
            let stored = Position { partition: part, sequence: stored };
            return Err(StateError::Behind { offered: self.position, stored });
        }
        step.prepare_cached("INSERT OR REPLACE INTO checkpoint VALUES (?1, ?2, ?3)")?.execute(params![
            part,
            signed(self.position.sequence),
            self.event_time.map(Instant::millis)
        ])?;
        let mut put = step.prepare_cached("INSERT OR REPLACE INTO engine VALUES (?1, ?2, ?3)")?;
        for (name, body) in &self.changed {
            put.execute(params![part, name, body])?;
        }
        let mut remove = step.prepare_cached("DELETE FROM engine WHERE part = ?1 AND name = ?2")?;
        for name in &self.removed {
            remove.execute(params![part, name])?;
        }
        Ok(())
    }
}
