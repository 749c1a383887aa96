//! What the intake has listed and counted, in the checkpoint: so that a restart forgets nobody.
//!
//! These are large and change with every message, so they are written once a minute and at the end; a crash
//! loses the counts of a minute at most. Nothing is judged by them.

use std::{collections::BTreeMap, time::Duration};

use tokio::time::Instant;

use super::{
    Tallies, Unknown,
    pieces::{CheckpointError, decode, encode},
};

/// How often they are written, real time.
const EVERY: Duration = Duration::from_secs(60);
/// Encoding them may take this part of the judge's time, at most.
const MOST_SHARE: u32 = 100;
const UNKNOWN: &str = "unknown";
const TALLIES: &str = "tallies";

/// When they are written next; at once when nothing is said.
#[derive(Debug, Default)]
pub(super) struct Lists {
    next: Option<Instant>,
}

/// Takes up what an earlier run has listed. What cannot be read is begun anew: it judges nothing.
pub(super) fn restore(pieces: &BTreeMap<String, Vec<u8>>, unknown: &Unknown, tallies: &Tallies) {
    let read = |name: &str| pieces.get(name).map(Vec::as_slice);
    let said = |error: CheckpointError| tracing::warn!(%error, "begun anew");
    if let Some(body) = read(UNKNOWN) {
        decode(UNKNOWN, body).map_or_else(said, |saved| unknown.restore(saved));
    }
    if let Some(body) = read(TALLIES) {
        decode(TALLIES, body).map_or_else(said, |saved| tallies.restore(saved));
    }
}

impl Lists {
    /// They are to be written with the next checkpoint.
    pub(super) const fn are_due(&mut self) {
        self.next = None;
    }

    /// What changed since they were last written, when it is time.
    pub(super) fn take_changed(
        &mut self,
        unknown: &Unknown,
        tallies: &Tallies,
    ) -> Result<Vec<(String, Vec<u8>)>, CheckpointError> {
        let begun = Instant::now();
        if self.next.is_some_and(|next| begun < next) {
            return Ok(Vec::new());
        }
        let mut changed = Vec::new();
        if let Some(saved) = unknown.take_changed() {
            changed.push(encode(UNKNOWN.to_owned(), &saved)?);
        }
        if let Some(saved) = tallies.take_changed() {
            changed.push(encode(TALLIES.to_owned(), &saved)?);
        }
        self.next = Some(begun + EVERY.max(begun.elapsed() * MOST_SHARE));
        Ok(changed)
    }
}
