//! The durable ledger of the spool: one row that changes in the transaction of every group.

use rusqlite::{Connection, params};

use super::entry::Outcome;
use crate::database::{signed, unsigned};

/// Durable counts of the spool.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Sequence of the newest durable entry; 0 before the first.
    pub newest: u64,
    /// Messages whose readings are durable.
    pub stored: u64,
    /// Messages seen before.
    pub duplicate: u64,
    /// Messages without a reading.
    pub ignored: u64,
    /// Messages that were not understood.
    pub quarantined: u64,
    /// Messages refused.
    pub rejected: u64,
    /// Readings stored.
    pub readings: u64,
    /// Quarantined messages dropped to keep the quarantine within its bytes.
    pub quarantine_dropped: u64,
}

impl Counts {
    pub(super) fn of(&mut self, outcome: Outcome) -> &mut u64 {
        match outcome {
            Outcome::Stored => &mut self.stored,
            Outcome::Duplicate => &mut self.duplicate,
            Outcome::Ignored => &mut self.ignored,
            Outcome::Quarantined => &mut self.quarantined,
            Outcome::Rejected => &mut self.rejected,
        }
    }
}

pub(super) fn write_counts(db: &Connection, counts: Counts) -> Result<(), rusqlite::Error> {
    db.prepare_cached(
        "UPDATE ledger SET next = ?1, stored = ?2, duplicate = ?3, ignored = ?4, quarantined = ?5,
             rejected = ?6, readings = ?7, quarantine_dropped = ?8 WHERE part = 0",
    )?
    .execute(params![
        signed(counts.newest + 1),
        signed(counts.stored),
        signed(counts.duplicate),
        signed(counts.ignored),
        signed(counts.quarantined),
        signed(counts.rejected),
        signed(counts.readings),
        signed(counts.quarantine_dropped),
    ])?;
    Ok(())
}

pub(super) fn load_counts(db: &Connection) -> Result<Counts, rusqlite::Error> {
    db.query_row(
        "SELECT next, stored, duplicate, ignored, quarantined, rejected, readings, quarantine_dropped
         FROM ledger WHERE part = 0",
        [],
        |row| {
            let count = |column| row.get(column).map(unsigned);
            Ok(Counts {
                newest: count(0)?.saturating_sub(1),
                stored: count(1)?,
                duplicate: count(2)?,
                ignored: count(3)?,
                quarantined: count(4)?,
                rejected: count(5)?,
                readings: count(6)?,
                quarantine_dropped: count(7)?,
            })
        },
    )
}
