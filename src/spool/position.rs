//! Where an entry stands in the spool.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A place in the log of one partition (a fixed set of buildings); ordered within the partition.
///
/// What stands behind it, a row of a local file today, is known to the spool alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Position {
    /// The partition; there is one as yet, 0.
    pub partition: u16,
    /// Number of the entry, from 1; 0 stands before the first.
    pub sequence: u64,
}

impl Position {
    /// Before the first entry of the only partition.
    pub const START: Self = Self { partition: 0, sequence: 0 };

    /// The position of an entry of the only partition.
    #[must_use]
    pub const fn new(sequence: u64) -> Self {
        Self { partition: 0, sequence }
    }

    /// Another position of the same partition.
    pub(super) const fn at(self, sequence: u64) -> Self {
        Self { partition: self.partition, sequence }
    }

    /// The position behind this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self { partition: self.partition, sequence: self.sequence.saturating_add(1) }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.partition, self.sequence)
    }
}
