//! The stores of a service that does not run, for a command that takes its place for a moment.

use super::{ServiceError, Stores, parts};
use crate::{config::Config, history::History, spool::Spool};

/// Spool and history of a stopped service; while it is held, none starts.
#[derive(Debug)]
pub struct Idle {
    /// The spool.
    pub spool: Spool,
    /// The history.
    pub history: History,
    _lock: std::fs::File,
}

impl Idle {
    /// Takes the place of the service of a configuration; `None` while it runs.
    ///
    /// # Errors
    /// [`ServiceError`] when its files cannot be opened.
    pub fn of(config: &Config) -> Result<Option<Self>, ServiceError> {
        parts::must_be_whole(config)?;
        let Ok(lock) = parts::lock(&config.data_dir) else { return Ok(None) };
        let Stores { spool, history, .. } = Stores::open(config)?;
        Ok(Some(Self { spool, history, _lock: lock }))
    }
}
