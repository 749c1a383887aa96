//! The data of a service that does not run, for a command that adds to it.

use std::fs::File;

use super::{ServiceError, Stores, parts};
use crate::{config::Config, spool::Spool};

/// The spool of a service that is stopped; while this lives, no service can start on the directory.
#[derive(Debug)]
pub struct Offline {
    /// Where messages become durable; the service judges them when it starts.
    pub spool: Spool,
    _lock: File,
}

/// Takes the data directory of a configuration, made if absent.
///
/// # Errors
/// [`ServiceError`] when a service runs on it, or it cannot be opened.
pub fn offline(config: &Config) -> Result<Offline, ServiceError> {
    let lock = parts::lock(&config.data_dir)?;
    Ok(Offline { spool: Stores::open(config)?.spool, _lock: lock })
}
