//! The data of a service that does not run, for a command that adds to it.

use std::{fs::File, time::Duration};

use super::{ServiceError, Stores, parts};
use crate::{
    config::Config,
    spool::{Held, Spool},
};

/// How long a disk may refuse a command: what is over in a moment is waited for.
const REFUSES_FOR: Duration = Duration::from_secs(5);

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
    parts::must_be_whole(config)?;
    let lock = parts::lock(&config.data_dir)?;
    Ok(Offline { spool: Stores::open(config)?.spool, _lock: lock })
}

/// The spool of a stopped service takes no more. In a service that runs somebody makes room, so there it is waited for.
#[derive(Debug, thiserror::Error)]
pub enum Stuck {
    /// It has reached its bound, and only a service lets go what is judged.
    #[error(
        "the spool is full: {0} (under [spool]). Start the service and let it judge what is there, which makes room; \
         then stop it and run the same command again: nothing is taken twice"
    )]
    Full(Held),
    /// The disk refuses, and goes on to.
    #[error(
        "the spool cannot be written: {0}. Make room on the disk of data_dir, or let this user write there; then run \
         the same command again: nothing is taken twice"
    )]
    Refused(Held),
}

/// What `work` on the spool of a stopped service comes to, unless the spool takes no more of it.
///
/// # Errors
/// [`Stuck`]; what had been stored until then is durable.
pub async fn unless_stuck<T>(spool: &Spool, work: impl Future<Output = T>) -> Result<T, Stuck> {
    tokio::select! {
        biased;
        done = work => Ok(done),
        stuck = stuck(spool) => Err(stuck),
    }
}

async fn stuck(spool: &Spool) -> Stuck {
    let mut held = spool.watch_held();
    loop {
        match held.wait_for(Option::is_some).await.ok().and_then(|why| why.clone()) {
            // The spool is closed: whoever works on it hears that.
            None => return std::future::pending().await,
            Some(full @ Held::Full { .. }) => return Stuck::Full(full),
            Some(refused @ Held::Refused(_)) => {
                if tokio::time::timeout(REFUSES_FOR, held.wait_for(Option::is_none)).await.is_err() {
                    return Stuck::Refused(refused);
                }
            }
        }
    }
}
