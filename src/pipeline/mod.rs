//! The flow of a message, as a table of contents:
//!
//! 1. [`Intake`] takes it from the broker, decodes it and settles its readings ([`ingest`]),
//! 2. hands it to the spool, and acknowledges it to the broker only when it is durable,
//! 3. [`Judge`] reads the spool in order: history, engine, verdicts, transitions of alerts,
//! 4. transitions go to the dispatcher and on to the outbox; pages get a [`crate::view::Snapshot`],
//! 5. every few seconds all of that is one checkpoint (`checkpoint.rs`).
//!
//! What follows the spool is a function of the spool: after a stop it goes on from the checkpoint
//! and says the same again, and what was told before is told to nobody twice.

mod acts;
mod backdated;
mod board;
mod came;
mod catch_up;
mod charted;
mod checkpoint;
mod diagnoses;
mod events;
mod hearing;
mod intake;
mod judge;
mod late;
mod lists;
mod observed;
pub(crate) mod pieces;
mod posts;
mod record;
mod reopen;
mod replay;
mod takeover;
mod tally;
mod telling;
mod ticks;
mod trail;
mod twins;
mod unknown;
mod usage;

pub use acts::{Act, Claim, Pen, Signed};
pub use diagnoses::Diagnoses;
pub use hearing::{Hearing, HearingParts};
pub use intake::{Intake, IntakeParts};
pub use judge::{Judge, JudgeError, JudgeParts, Outlet};
pub use late::held_ms;
pub use posts::{Letterbox, Post, PostError, Posted};
pub use replay::{Again, ReplayError, Replayed, replay, take_posts};
pub use takeover::at_start;
pub use tally::{Tallies, Tally};
pub(crate) use ticks::TICK_LAG_MS;
pub use ticks::Ticks;
pub use unknown::Unknown;

use crate::spool::{Entry, Item, Position, Spool, SpoolError};

/// Threads that run at once on this machine.
pub(crate) fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

/// Durable entries of the spool in its order, on their way to the judge.
#[derive(Debug)]
pub struct Batch {
    /// The entries.
    pub entries: Vec<(Position, Entry)>,
    /// When the oldest of them was received, on the machine's monotonic clock.
    pub since: tokio::time::Instant,
}

impl Batch {
    /// Makes a row of our own durable, on its way to the judge as what comes from the broker is.
    pub(crate) async fn of_row(spool: &Spool, entry: Entry) -> Result<Self, SpoolError> {
        let since = tokio::time::Instant::now();
        let receipts = spool.append(vec![Item::Row(entry)]).await?;
        Ok(Self { entries: receipts.into_iter().filter_map(|receipt| receipt.entry).collect(), since })
    }
}
