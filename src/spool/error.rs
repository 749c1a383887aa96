//! Why the spool could not take or give entries.

use std::sync::Arc;

use super::{block::BlockError, held::Held, position::Position};
use crate::database::DatabaseError;

/// Why the spool could not take or give entries.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SpoolError {
    /// The file failed: disk full, unreadable or damaged. Nothing of the call was stored.
    #[error("spool file failed")]
    Database(#[source] Arc<DatabaseError>),
    /// The writer thread could not be started or its lock file not be made.
    #[error("cannot start the spool's writer")]
    Start(#[source] Arc<std::io::Error>),
    /// Another process (or part of this one) writes to it.
    #[error("spool `{0}` is in use by another process")]
    InUse(String),
    /// It takes nothing just now. What it was given before waits; this was not taken.
    #[error("the spool takes nothing just now: {0}")]
    Held(Held),
    /// The spool was closed.
    #[error("spool is closed")]
    Closed,
    /// An acknowledged row cannot be read.
    #[error(
        "spool row at {position} is damaged: restore a backup, or start with an empty spool and accept the loss"
    )]
    Corrupt {
        /// First entry of the row.
        position: Position,
        /// What is wrong with it.
        source: BlockError,
    },
    /// Entries that were acknowledged are not there.
    #[error("spool entries from {expected} to before {found} are missing or were trimmed")]
    Missing {
        /// The entry asked for.
        expected: Position,
        /// The next that is there.
        found: Position,
    },
}

impl From<DatabaseError> for SpoolError {
    fn from(error: DatabaseError) -> Self {
        Self::Database(Arc::new(error))
    }
}

impl From<rusqlite::Error> for SpoolError {
    fn from(error: rusqlite::Error) -> Self {
        DatabaseError::from(error).into()
    }
}
