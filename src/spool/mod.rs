//! The spool: the truth on disk. What it has taken is safe; everything else can be built again from it.
//!
//! One writer thread gathers what waits into one transaction, so that many messages share
//! one flush of the disk. A message is acknowledged to the broker only after its receipt.
//! The ledger, the keys against redelivery and the quarantine change in that same
//! transaction. The spool knows entries and positions; it does not know what they mean.

mod block;
mod counts;
mod entry;
mod error;
mod group;
mod held;
mod keys;
mod log;
mod options;
mod position;
mod quarantine;
mod reader;
mod retention;
mod writer;

pub use block::BlockError;
pub use counts::Counts;
pub use entry::{Delivery, Entry, Fate, Item, Kind, Message, MessageKey, Outcome, Receipt, Refusal};
pub use error::SpoolError;
pub use held::Held;
pub use log::{Appending, Spool};
pub use options::{DELIVERIES, Fsync, Options};
pub use position::Position;
pub use quarantine::{Quarantined, QuarantinedHead};
pub use reader::SpoolReader;
pub use retention::first_to_keep;

/// The tables, version by version.
const MIGRATIONS: &[&str] = &[
    include_str!("schema.sql"),
    include_str!("speaker.sql"),
    include_str!("deliveries.sql"),
    include_str!("retained.sql"),
];

/// Version of the newest tables.
pub(crate) const SCHEMA: usize = MIGRATIONS.len();
