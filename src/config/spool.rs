//! Checks of `[spool]`.

use serde::Deserialize;

use super::{Spool, check::Check};
use crate::spool::Fsync;

/// What the spool needs beside its quarantine for anything to go through it, bytes.
const LEAST: u64 = 8 << 20;

/// `[spool]` before its meaning is checked.
#[derive(Deserialize)]
pub(super) struct RawSpool {
    fsync: String,
    max_bytes: i64,
    quarantine_bytes: i64,
}

impl Check {
    pub(super) fn spool(&mut self, raw: &RawSpool) -> Spool {
        let fsync = Fsync::ALL.into_iter().find(|fsync| fsync.name() == raw.fsync).unwrap_or_else(|| {
            let names = Fsync::ALL.map(Fsync::name).join(", ");
            self.problem(
                "spool.fsync",
                format!("`{}` is none of them", raw.fsync),
                format!("write one of {names}"),
            );
            Fsync::Always
        });
        let quarantine_bytes = u64::try_from(raw.quarantine_bytes).unwrap_or_else(|_| {
            self.problem("spool.quarantine_bytes", "is below 0", "write a number of bytes; 0 keeps none");
            0
        });
        let least = quarantine_bytes.saturating_add(LEAST);
        let max_bytes =
            u64::try_from(raw.max_bytes).ok().filter(|bytes| *bytes >= least).unwrap_or_else(|| {
                let what = format!("{} bytes hold nothing beside the quarantine", raw.max_bytes);
                self.problem(
                    "spool.max_bytes",
                    what,
                    format!("write {least} or more, or lower quarantine_bytes"),
                );
                least
            });
        Spool { fsync, max_bytes, quarantine_bytes }
    }
}
