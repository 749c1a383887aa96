//! Reading the spool beside its writer: the engine after a start, the series writer all the time.

use std::{
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use rusqlite::{Connection, OptionalExtension};

use super::{
    block,
    entry::Entry,
    error::SpoolError,
    position::Position,
    quarantine::{self, Quarantined, QuarantinedHead},
};
use crate::database::{self, signed, unsigned};

/// A connection of its own for one reader; clones share it.
///
/// Calls block the thread for the time of a disk read; async code goes through [`SpoolReader::call`].
#[derive(Debug, Clone)]
pub struct SpoolReader {
    db: Arc<Mutex<Connection>>,
}

impl SpoolReader {
    /// Opens the spool file for reading, whether or not a service writes to it.
    ///
    /// # Errors
    /// When the file is not there or cannot be opened.
    pub fn open(path: &Path) -> Result<Self, SpoolError> {
        Ok(Self { db: Arc::new(Mutex::new(database::open_reader(path)?)) })
    }

    fn db(&self) -> MutexGuard<'_, Connection> {
        self.db.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs a read where it may block, for async callers.
    ///
    /// # Errors
    /// Those of the read.
    pub async fn call<T, F>(&self, read: F) -> Result<T, SpoolError>
    where
        T: Send + 'static,
        F: FnOnce(&Self) -> Result<T, SpoolError> + Send + 'static,
    {
        let reader = self.clone();
        tokio::task::spawn_blocking(move || read(&reader)).await.unwrap_or(Err(SpoolError::Closed))
    }

    /// The entries from `from` on (included), in order: whole commit groups, until `max` entries are reached.
    ///
    /// Empty when `from` lies behind the newest entry.
    ///
    /// # Errors
    /// [`SpoolError::Corrupt`] and [`SpoolError::Missing`] when acknowledged entries cannot
    /// be read or were trimmed: a reader must stop and say so.
    pub fn read_from(&self, from: Position, max: usize) -> Result<Vec<(Position, Entry)>, SpoolError> {
        let newest = self.newest()?;
        let db = self.db();
        let mut query = db.prepare_cached(
            "SELECT first, count, body FROM log WHERE part = ?1 AND first >= COALESCE(
                 (SELECT MAX(first) FROM log WHERE part = ?1 AND first <= ?2), 0)
             ORDER BY first",
        )?;
        let part = i64::from(from.partition);
        let mut rows = query.query((part, signed(from.sequence)))?;
        let mut out = Vec::new();
        let mut expected = from.sequence.max(1);
        while out.len() < max
            && let Some(row) = rows.next()?
        {
            let first = unsigned(row.get(0)?);
            let count = unsigned(row.get(1)?);
            if first > expected {
                return Err(SpoolError::Missing { expected: from.at(expected), found: from.at(first) });
            }
            let body = row.get_ref(2)?.as_blob().map_err(rusqlite::Error::from)?;
            let entries = block::decode(body)
                .and_then(
                    |all| if all.len() as u64 == count { Ok(all) } else { Err(block::BlockError::Malformed) },
                )
                .map_err(|source| SpoolError::Corrupt { position: from.at(first), source })?;
            let placed = (first..).map(|sequence| from.at(sequence)).zip(entries);
            out.extend(placed.filter(|(position, _)| *position >= from));
            expected = expected.max(first + count);
        }
        if out.is_empty() && expected <= newest.sequence {
            return Err(SpoolError::Missing { expected: from, found: newest.next() });
        }
        Ok(out)
    }

    /// The oldest entry that is kept; the next position to be written when there is none.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn oldest(&self) -> Result<Position, SpoolError> {
        // One statement: between two of them a first entry may come, and would be passed over.
        let oldest: i64 = self.db().query_row(
            "SELECT COALESCE((SELECT MIN(first) FROM log), (SELECT next FROM ledger WHERE part = 0), 1)",
            [],
            |row| row.get(0),
        )?;
        Ok(Position::new(unsigned(oldest)))
    }

    /// The newest durable entry; sequence 0 before the first.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn newest(&self) -> Result<Position, SpoolError> {
        let next: Option<i64> =
            self.db().query_row("SELECT next FROM ledger WHERE part = 0", [], |row| row.get(0)).optional()?;
        Ok(Position::new(unsigned(next.unwrap_or(1) - 1)))
    }

    /// Readings that stand behind a position, counted by whole commit groups.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn readings_behind(&self, position: Position) -> Result<u64, SpoolError> {
        let db = self.db();
        let mut query = db.prepare_cached(
            "SELECT COALESCE(SUM(readings), 0) FROM log WHERE part = ?1 AND first + count - 1 > ?2",
        )?;
        let sum =
            query.query_row((i64::from(position.partition), signed(position.sequence)), |r| r.get(0))?;
        Ok(unsigned(sum))
    }

    /// The first entry behind the oldest rows that take `bytes` together.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn behind_oldest(&self, bytes: u64) -> Result<Position, SpoolError> {
        let db = self.db();
        let mut query = db.prepare_cached("SELECT first + count, length(body) FROM log ORDER BY first")?;
        let mut rows = query.query([])?;
        let (mut end, mut sum) = (0, 0);
        while sum < bytes
            && let Some(row) = rows.next()?
        {
            end = unsigned(row.get(0)?);
            sum += unsigned(row.get(1)?);
        }
        Ok(Position::new(end))
    }

    /// Quarantined messages with an id above `after`, oldest first, at most `max`.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn quarantined(&self, after: u64, max: usize) -> Result<Vec<Quarantined>, SpoolError> {
        Ok(quarantine::list(&self.db(), after, max)?)
    }

    /// The beginnings of quarantined messages with an id above `after`, oldest first, at most `max`; only those of a
    /// kind, if one is named.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn quarantine_heads(
        &self,
        after: u64,
        max: usize,
        kind: Option<&str>,
    ) -> Result<Vec<QuarantinedHead>, SpoolError> {
        Ok(quarantine::heads(&self.db(), after, max, kind)?)
    }

    /// How many quarantined messages of each kind there are, the most first.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn quarantine_kinds(&self) -> Result<Vec<(String, u64)>, SpoolError> {
        Ok(quarantine::kinds(&self.db())?)
    }

    /// The largest number in the quarantine; 0 when it is empty.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn newest_quarantined(&self) -> Result<u64, SpoolError> {
        let newest: Option<i64> =
            self.db().query_row("SELECT MAX(id) FROM quarantine", [], |row| row.get(0))?;
        Ok(newest.map_or(0, unsigned))
    }
}
