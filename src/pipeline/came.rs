//! What is known of a message before it is read: the same from the broker, over HTTP and out of the quarantine.

use ingest::Format;
use model::Instant;

use crate::access::Speaker;

/// A message as it came, whichever way.
pub(super) struct Came<'a> {
    pub(super) topic: &'a str,
    pub(super) payload: &'a [u8],
    pub(super) is_retained: bool,
    /// For which devices it may speak, where the way it came says so.
    pub(super) speaker: Option<&'a Speaker>,
    /// The format, where the way it came says so.
    pub(super) format: Option<Format>,
    /// When it came first; now, unless it is replayed.
    pub(super) arrival: Option<Instant>,
}
