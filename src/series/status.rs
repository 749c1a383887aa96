//! How the writer fares, and why it ends.

use crate::{spool::SpoolError, state::StateError};

/// Why the writer ended.
#[derive(Debug, thiserror::Error)]
pub enum SeriesError {
    /// The spool cannot be read.
    #[error("the series writer cannot read the spool")]
    Spool(#[from] SpoolError),
    /// The state cannot be read or written.
    #[error("the series writer cannot keep its marks")]
    State(#[from] StateError),
}

/// How the writer fares, for console and metrics.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SeriesStatus {
    /// Whether the server took the newest request; `None` before the first.
    pub is_up: Option<bool>,
    /// Newest error, `None` after a success.
    pub error: Option<String>,
    /// Lines that the server took.
    pub written: u64,
    /// Lines that it refused for good, since the state was made.
    pub refused: u64,
    /// The newest refusal: the server's words and, where known, the line.
    pub newest_refusal: Option<String>,
    /// Entries of the spool that were trimmed before it took them.
    pub skipped_entries: u64,
    /// Readings in the spool that it has not taken yet.
    pub backlog_readings: u64,
    /// Sequence of the spool up to which everything has settled: entries up to here may be trimmed.
    pub settled: u64,
}
