//! Counters that outlive the process.

use rusqlite::{OptionalExtension, Transaction, params};

use super::{State, StateError};
use crate::database::{signed, unsigned};

/// Adds to a counter, as part of what is written with it.
pub(super) fn add(step: &Transaction<'_>, name: &str, count: u64) -> Result<(), rusqlite::Error> {
    step.prepare_cached(
        "INSERT INTO counters VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET count = count + ?2",
    )?
    .execute(params![name, signed(count)])?;
    Ok(())
}

impl State {
    /// Adds to a counter.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn count(&self, counter: &str, more: u64) -> Result<(), StateError> {
        let mut db = self.db();
        let transaction = db.transaction()?;
        add(&transaction, counter, more)?;
        transaction.commit()?;
        Ok(())
    }

    /// The value of a counter; 0 when nothing was counted.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn counter(&self, counter: &str) -> Result<u64, StateError> {
        let db = self.db();
        let mut query = db.prepare_cached("SELECT count FROM counters WHERE name = ?1")?;
        let count: Option<i64> = query.query_row([counter], |row| row.get(0)).optional()?;
        Ok(count.map_or(0, unsigned))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_counted_adds_up_and_what_is_not_is_0() {
        let dir = tempfile::tempdir().unwrap();
        let state = State::open(&dir.path().join("state.sqlite")).unwrap();
        assert_eq!(state.counter("x").unwrap(), 0);
        state.count("x", 2).unwrap();
        state.count("x", 3).unwrap();
        assert_eq!(state.counter("x").unwrap(), 5);
    }
}
