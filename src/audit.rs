//! The trail: who did what, and when which rulebook came into force, as a chain of hashes.
//!
//! Each entry's hash covers the entry and the hash before it, so that an entry cannot be changed, taken out or
//! put in between without all later hashes changing. Whoever may write the file can still build the whole chain
//! anew or cut its end off; so note the newest hash elsewhere now and then (`audit verify` prints it, a backup's
//! manifest holds it) and compare.

use std::{
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use model::Instant;
use rusqlite::{Connection, OptionalExtension, Row, TransactionBehavior, params};
use serde::Serialize;

use crate::database::{self, DatabaseError, signed, unsigned};

/// Name of the file in the data directory.
pub const AUDIT_FILE: &str = "audit.sqlite";

const MIGRATIONS: &[&str] = &["CREATE TABLE trail (
    id INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    by TEXT NOT NULL,
    kind TEXT NOT NULL,
    body TEXT NOT NULL,
    source TEXT UNIQUE,
    hash TEXT NOT NULL
);"];

/// Version of the newest tables.
pub(crate) const SCHEMA: usize = MIGRATIONS.len();

/// What the first entry builds on.
const BEGINNING: &str = "normwatch audit 1";

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deed {
    /// Wall time.
    pub at: Instant,
    /// Name of the user; `files` for what was edited, `shell` for the command line.
    pub by: String,
    /// What kind, such as `login` or `claim`.
    pub kind: String,
    /// More, as JSON.
    pub body: String,
    /// Names it once and for all where it may be told again: its place in the spool.
    pub source: Option<String>,
}

/// An entry of the trail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AuditEntry {
    /// Number, from 1 without gaps.
    pub id: u64,
    /// Wall time.
    pub at: Instant,
    /// Who.
    pub by: String,
    /// What kind.
    pub kind: String,
    /// More, as JSON.
    pub body: String,
    /// Its place in the spool, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Hash over this and the hash before.
    pub hash: String,
}

/// What a look at the whole chain found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Chain {
    /// Every hash is right.
    Whole {
        /// How many entries.
        entries: u64,
        /// The newest hash; nothing in an empty trail.
        head: String,
    },
    /// The first link that does not hold.
    Broken {
        /// Number of the entry.
        id: u64,
        /// What is wrong.
        what: &'static str,
    },
}

/// The trail; clones share one connection. Calls block for the time of a disk flush.
#[derive(Debug, Clone)]
pub struct Audit {
    db: Arc<Mutex<Connection>>,
}

impl Audit {
    /// Opens the file, creating it if absent. Several processes may write to it.
    ///
    /// # Errors
    /// When the file cannot be opened or is newer than this release.
    pub fn open(path: &Path) -> Result<Self, DatabaseError> {
        Ok(Self { db: Arc::new(Mutex::new(database::open(path, MIGRATIONS)?)) })
    }

    /// Opens an existing file for reading, whether or not a service writes to it.
    ///
    /// # Errors
    /// When the file is not there or cannot be opened.
    pub fn open_reader(path: &Path) -> Result<Self, DatabaseError> {
        Ok(Self { db: Arc::new(Mutex::new(database::open_reader(path)?)) })
    }

    fn db(&self) -> MutexGuard<'_, Connection> {
        self.db.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds an entry at the end. One whose source is there already is left as it is; whether it was added.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn append(&self, deed: &Deed) -> Result<bool, DatabaseError> {
        let mut db = self.db();
        // Two processes must not build on the same entry.
        let step = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        if let Some(source) = &deed.source
            && step.prepare_cached("SELECT 1 FROM trail WHERE source = ?1")?.exists([source])?
        {
            return Ok(false);
        }
        let newest: Option<(i64, String)> = step
            .query_row("SELECT id, hash FROM trail ORDER BY id DESC LIMIT 1", [], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })
            .optional()?;
        let (before, previous) = newest.unwrap_or_else(|| (0, BEGINNING.to_owned()));
        let id = unsigned(before) + 1;
        let hash = link(&previous, id, deed);
        step.execute(
            "INSERT INTO trail VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            params![signed(id), deed.at.millis(), deed.by, deed.kind, deed.body, deed.source, hash],
        )?;
        step.commit()?;
        Ok(true)
    }

    /// The entries behind `after`, oldest first, at most `max`.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn entries(&self, after: u64, max: usize) -> Result<Vec<AuditEntry>, DatabaseError> {
        let db = self.db();
        let mut query = db.prepare_cached(
            "SELECT id, at, by, kind, body, source, hash FROM trail WHERE id > ?1 ORDER BY id LIMIT ?2",
        )?;
        let rows = query.query_map([signed(after), signed(max as u64)], entry)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Computes every hash anew.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn verify(&self) -> Result<Chain, DatabaseError> {
        const AT_ONCE: usize = 1000;
        let (mut last, mut head) = (0, String::new());
        loop {
            let entries = self.entries(last, AT_ONCE)?;
            if entries.is_empty() {
                return Ok(Chain::Whole { entries: last, head });
            }
            for entry in entries {
                if entry.id != last + 1 {
                    return Ok(Chain::Broken { id: last + 1, what: "it is missing" });
                }
                let previous = if last == 0 { BEGINNING } else { head.as_str() };
                if link(previous, entry.id, &entry.deed()) != entry.hash {
                    let what = "its hash is not that of its words and of the entry before";
                    return Ok(Chain::Broken { id: entry.id, what });
                }
                (last, head) = (entry.id, entry.hash);
            }
        }
    }

    /// Whether an entry has this hash: a chain that was cut off before it, or built anew, has none.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn has_hash(&self, hash: &str) -> Result<bool, DatabaseError> {
        Ok(self.db().prepare_cached("SELECT 1 FROM trail WHERE hash = ?1")?.exists([hash])?)
    }
}

impl AuditEntry {
    fn deed(&self) -> Deed {
        Deed {
            at: self.at,
            by: self.by.clone(),
            kind: self.kind.clone(),
            body: self.body.clone(),
            source: self.source.clone(),
        }
    }
}

fn entry(row: &Row<'_>) -> Result<AuditEntry, rusqlite::Error> {
    Ok(AuditEntry {
        id: unsigned(row.get(0)?),
        at: Instant::from_millis(row.get(1)?),
        by: row.get(2)?,
        kind: row.get(3)?,
        body: row.get(4)?,
        source: row.get(5)?,
        hash: row.get(6)?,
    })
}

/// The hash of an entry: BLAKE3 over its parts, each with its length, so that no two entries read alike.
fn link(previous: &str, id: u64, deed: &Deed) -> String {
    let (id, at) = (id.to_string(), deed.at.millis().to_string());
    let source = deed.source.as_deref().unwrap_or_default();
    let mut hasher = blake3::Hasher::new();
    for part in [previous, &id, &at, &deed.by, &deed.kind, &deed.body, source] {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    hasher.finalize().to_hex().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deed(note: &str, source: Option<&str>) -> Deed {
        Deed {
            at: Instant::from_millis(5),
            by: "duty-post".to_owned(),
            kind: "claim".to_owned(),
            body: format!("{{\"note\":\"{note}\"}}"),
            source: source.map(str::to_owned),
        }
    }

    fn trail(dir: &tempfile::TempDir) -> Audit {
        let audit = Audit::open(&dir.path().join(AUDIT_FILE)).unwrap();
        for note in ["a", "b", "c"] {
            assert!(audit.append(&deed(note, None)).unwrap());
        }
        audit
    }

    #[test]
    fn what_is_told_again_from_the_spool_stands_once() {
        let dir = tempfile::tempdir().unwrap();
        let audit = trail(&dir);
        assert!(audit.append(&deed("d", Some("0:9"))).unwrap());
        assert!(!audit.append(&deed("d", Some("0:9"))).unwrap());
        let entries = audit.entries(3, 10).unwrap();
        assert_eq!((entries.len(), entries[0].source.as_deref()), (1, Some("0:9")));
    }

    #[test]
    fn the_first_link_that_was_tampered_with_is_named() {
        let tampered = |sql: &str| {
            let dir = tempfile::tempdir().unwrap();
            let audit = trail(&dir);
            let Chain::Whole { entries: 3, head } = audit.verify().unwrap() else { panic!("whole") };
            assert!(audit.has_hash(&head).unwrap());
            audit.db().execute(sql, []).unwrap();
            (audit.verify().unwrap(), audit.has_hash(&head).unwrap())
        };
        let broken = |chain: &Chain| match chain {
            Chain::Broken { id, .. } => *id,
            Chain::Whole { .. } => 0,
        };
        assert_eq!(broken(&tampered("UPDATE trail SET by = 'other' WHERE id = 2").0), 2);
        assert_eq!(broken(&tampered("UPDATE trail SET at = 6 WHERE id = 1").0), 1);
        assert_eq!(broken(&tampered("DELETE FROM trail WHERE id = 2").0), 2);
        assert_eq!(broken(&tampered("DELETE FROM trail WHERE id = 1").0), 1);
        let (cut, has_head) = tampered("DELETE FROM trail WHERE id = 3");
        assert!(matches!(cut, Chain::Whole { entries: 2, .. }) && !has_head, "only a kept hash tells");
    }
}
