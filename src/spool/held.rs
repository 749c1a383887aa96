//! Why the spool takes nothing just now.

use std::fmt;

/// Why the spool holds what it was given. It goes on by itself when the cause is gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Held {
    /// The file has reached its bound: what must stay in it (not judged yet, or not written to the
    /// history) takes all of it.
    Full {
        /// Bytes in use.
        bytes: u64,
        /// The bound, `spool.max_bytes`.
        max_bytes: u64,
    },
    /// The disk refuses, in the words of the system.
    Refused(String),
}

impl fmt::Display for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full { bytes, max_bytes } => write!(f, "{bytes} bytes in use of max_bytes = {max_bytes}"),
            Self::Refused(why) => f.write_str(why),
        }
    }
}
