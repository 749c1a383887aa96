//! What the service keeps on its disk, opened together.

use super::ServiceError;
use crate::{
    config::Config,
    history::{self, History},
    spool::{self, Spool},
    state::State,
};

/// The three files.
#[derive(Debug)]
pub(super) struct Stores {
    pub(super) spool: Spool,
    pub(super) state: State,
    pub(super) history: History,
}

impl Stores {
    pub(super) fn open(config: &Config) -> Result<Self, ServiceError> {
        let dir = &config.data_dir;
        let options = history::Options {
            raw_days: config.history.raw_days,
            partial_days: config.history.partial_days,
            ..history::Options::default()
        };
        let unreadable = "the state cannot be opened";
        let state = State::open(&dir.join("state.sqlite")).map_err(ServiceError::of(unreadable))?;
        let history = History::open(&dir.join("history.sqlite"), options)
            .map_err(ServiceError::of("the history cannot be opened"))?;
        // A spool that was lost or restored must not give positions that others have passed already.
        let behind = state.position(0).map_err(ServiceError::of(unreadable))?.max(history.durable_position());
        let options = spool::Options {
            behind,
            fsync: config.spool.fsync,
            max_bytes: config.spool.max_bytes,
            quarantine_bytes: config.spool.quarantine_bytes,
            ..spool::Options::default()
        };
        let spool = Spool::open(&dir.join("spool.sqlite"), options)
            .map_err(ServiceError::of("the spool cannot be opened"))?;
        Ok(Self { spool, state, history })
    }
}
