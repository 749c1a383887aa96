//! Small records that people and parts keep (silences, acknowledgements, users, marks).

use rusqlite::{OptionalExtension, params};

use super::{State, StateError};

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
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_of_one_kind_do_not_meet_those_of_another() {
        let dir = tempfile::tempdir().unwrap();
        let state = State::open(&dir.path().join("state.sqlite")).unwrap();
        state.put_record("silence", "1", "{}").unwrap();
        state.put_record("user", "1", "[]").unwrap();
        assert_eq!(state.records("silence").unwrap(), [("1".to_owned(), "{}".to_owned())]);
        assert!(state.remove_record("silence", "1").unwrap());
        assert_eq!(state.record("user", "1").unwrap().as_deref(), Some("[]"));
    }
}
