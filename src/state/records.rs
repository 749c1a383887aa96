//! Small records that people keep (silences, acknowledgements, users), counters, and lines that wait for the series.

use rusqlite::{OptionalExtension, params};

use super::{State, StateError, step};
use crate::database::{signed, unsigned};

impl State {
    /// Stores a record, as JSON, under a kind and a name of its own.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn put_record(&self, kind: &str, name: &str, body: &str) -> Result<(), StateError> {
        let db = self.db();
        db.prepare_cached("INSERT OR REPLACE INTO records VALUES (?1, ?2, ?3)")?
            .execute(params![kind, name, body])?;
        Ok(())
    }

    /// The record of a kind and name.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn record(&self, kind: &str, name: &str) -> Result<Option<String>, StateError> {
        let db = self.db();
        let mut query = db.prepare_cached("SELECT body FROM records WHERE kind = ?1 AND name = ?2")?;
        Ok(query.query_row([kind, name], |row| row.get(0)).optional()?)
    }

    /// All records of a kind, by name.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn records(&self, kind: &str) -> Result<Vec<(String, String)>, StateError> {
        let db = self.db();
        let mut query = db.prepare_cached("SELECT name, body FROM records WHERE kind = ?1 ORDER BY name")?;
        let rows = query.query_map([kind], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Removes a record; whether it was there.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn remove_record(&self, kind: &str, name: &str) -> Result<bool, StateError> {
        let db = self.db();
        let mut remove = db.prepare_cached("DELETE FROM records WHERE kind = ?1 AND name = ?2")?;
        Ok(remove.execute([kind, name])? == 1)
    }

    /// Adds to a counter that outlives the process.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn count(&self, counter: &str, more: u64) -> Result<(), StateError> {
        let mut db = self.db();
        let transaction = db.transaction()?;
        step::add(&transaction, counter, more)?;
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

    /// Lines that wait for the time-series server, with numbers above `after`, at most `max`.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn series_lines(&self, after: u64, max: usize) -> Result<Vec<(u64, String)>, StateError> {
        let db = self.db();
        let mut query =
            db.prepare_cached("SELECT id, line FROM series_lines WHERE id > ?1 ORDER BY id LIMIT ?2")?;
        let rows = query
            .query_map([signed(after), signed(max as u64)], |row| Ok((unsigned(row.get(0)?), row.get(1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Forgets waiting lines up to a number: the server has them.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn forget_series_lines(&self, up_to: u64) -> Result<(), StateError> {
        let db = self.db();
        db.prepare_cached("DELETE FROM series_lines WHERE id <= ?1")?.execute([signed(up_to)])?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{super::Step, *};

    #[test]
    fn lines_wait_in_order_until_they_are_forgotten() {
        let dir = tempfile::tempdir().unwrap();
        let state = State::open(&dir.path().join("state.sqlite")).unwrap();
        let lines = ["a", "b", "c"].map(str::to_owned).to_vec();
        state.commit(&Step { lines, ..Step::default() }).unwrap();
        let two = state.series_lines(0, 2).unwrap();
        assert_eq!(two.iter().map(|(_, line)| line.as_str()).collect::<Vec<_>>(), ["a", "b"]);
        state.forget_series_lines(two[1].0).unwrap();
        assert_eq!(state.series_lines(0, 9).unwrap()[0].1, "c");
    }

    #[test]
    fn records_of_one_kind_do_not_meet_those_of_another() {
        let dir = tempfile::tempdir().unwrap();
        let state = State::open(&dir.path().join("state.sqlite")).unwrap();
        state.put_record("silence", "1", "{}").unwrap();
        state.put_record("user", "1", "[]").unwrap();
        assert_eq!(state.records("silence").unwrap(), [("1".to_owned(), "{}".to_owned())]);
        assert!(state.remove_record("silence", "1").unwrap());
        assert_eq!(state.record("user", "1").unwrap().as_deref(), Some("[]"));
        state.count("x", 2).unwrap();
        state.count("x", 3).unwrap();
        assert_eq!(state.counter("x").unwrap(), 5);
    }
}
