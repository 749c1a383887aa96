//! State on disk: engine checkpoint, journal of transitions, verdicts, events, lines for the series, and what
//! people keep.
//!
//! The state is a shortcut: engine state is this checkpoint plus the spool behind it. So
//! everything that belongs to one step of the engine (its changed pieces with the dispatcher's,
//! transitions, lines for the series) commits in one transaction together with the
//! spool position, see [`Step`]; a crash between two steps repeats the second and changes
//! nothing twice.
//!
//! Calls block for the time of a disk flush; async code goes through [`State::call`].

mod checkpoint;
mod counters;
mod journal;
mod lines;
mod records;
mod step;
mod verdicts;

use std::{
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

pub use checkpoint::EngineState;
pub use journal::{JournalEntry, JournalRow};
pub use lines::RefusedLine;
use rusqlite::Connection;
pub use step::{Checkpoint, Step};
pub use verdicts::{EventRow, VerdictRow};

use crate::{
    database::{self, DatabaseError},
    spool::Position,
};

const MIGRATIONS: &[&str] =
    &[include_str!("schema.sql"), include_str!("verdicts.sql"), include_str!("series.sql")];

/// Version of the newest tables.
pub(crate) const SCHEMA: usize = MIGRATIONS.len();

/// Why the state could not be read or written. A failed write changed nothing.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// The file failed.
    #[error("state file failed")]
    Database(#[from] DatabaseError),
    /// A step ends before the checkpoint that is stored: two engines write, or an old backup replays.
    #[error("step ends at {offered}, the stored checkpoint is already at {stored}")]
    Behind {
        /// Where the step ends.
        offered: Position,
        /// Where the stored checkpoint is.
        stored: Position,
    },
    /// A row that this release cannot understand.
    #[error("state row is damaged: {0}")]
    Damaged(String),
    /// The task that ran the call was cancelled.
    #[error("state call was cancelled")]
    Cancelled,
}

impl From<rusqlite::Error> for StateError {
    fn from(error: rusqlite::Error) -> Self {
        DatabaseError::from(error).into()
    }
}

/// The state file; clones share one connection.
#[derive(Debug, Clone)]
pub struct State {
    db: Arc<Mutex<Connection>>,
}

impl State {
    /// Opens the file, creating it if absent.
    ///
    /// # Errors
    /// When the file cannot be opened or is newer than this release.
    pub fn open(path: &Path) -> Result<Self, StateError> {
        let db = database::open(path, MIGRATIONS)?;
        Ok(Self { db: Arc::new(Mutex::new(db)) })
    }

    /// Opens an existing file for reading beside its service.
    ///
    /// # Errors
    /// When the file is not there or cannot be opened.
    pub fn open_reader(path: &Path) -> Result<Self, StateError> {
        Ok(Self { db: Arc::new(Mutex::new(database::open_reader(path)?)) })
    }

    /// Runs a call where it may block, for async callers.
    ///
    /// # Errors
    /// Those of the call.
    pub async fn call<T, F>(&self, call: F) -> Result<T, StateError>
    where
        T: Send + 'static,
        F: FnOnce(&Self) -> Result<T, StateError> + Send + 'static,
    {
        let state = self.clone();
        tokio::task::spawn_blocking(move || call(&state)).await.unwrap_or(Err(StateError::Cancelled))
    }

    /// The connection. A panic of another holder left no half transaction: it was rolled back.
    fn db(&self) -> MutexGuard<'_, Connection> {
        self.db.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
