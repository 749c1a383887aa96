//! The judge reads what stands in the spool behind its position: at the start, and what others overtook on the way.

use super::judge::{Judge, JudgeError};
use crate::spool::{Position, SpoolError, SpoolReader};

/// Entries read from the spool at once.
const AT_ONCE: usize = 4096;

impl Judge {
    /// Takes everything that the spool holds behind the last checkpoint.
    pub(super) fn catch_up(&mut self) -> Result<(), JudgeError> {
        let reader = self.parts.spool.reader()?;
        loop {
            let entries = match reader.read_from(self.position.next(), AT_ONCE) {
                Err(SpoolError::Missing { found, .. }) if self.is_renewed(&reader, found)? => {
                    self.pass_over(found)?;
                    continue;
                }
                read => read?,
            };
            if entries.is_empty() {
                return Ok(());
            }
            tracing::info!(entries = entries.len(), "catching up with the spool");
            for (position, entry) in &entries {
                self.take(*position, entry)?;
            }
            self.tell()?;
            self.checkpoint()?;
            self.parts.judged.send_replace(self.position.sequence);
        }
    }

    /// Whether the spool has begun anew at `found`, since its file was lost or is older than the others: nothing
    /// stands before that, and the history had passed it already. Anything else is damage.
    fn is_renewed(&self, reader: &SpoolReader, found: Position) -> Result<bool, JudgeError> {
        Ok(reader.oldest()? == found && found <= self.parts.history.durable_position().next())
    }

    /// Goes on at `found`: what stood before it is lost, and nobody will judge it.
    fn pass_over(&mut self, found: Position) -> Result<(), JudgeError> {
        let entries = found.sequence.saturating_sub(self.position.next().sequence);
        tracing::error!(
            entries, from = %self.position.next(), to = %found,
            "entries of the spool are lost that were not judged yet; their readings are in the history only"
        );
        self.parts.metrics.spool_lost(entries);
        self.position = Position { sequence: found.sequence.saturating_sub(1), ..found };
        self.is_changed = true;
        self.checkpoint()?;
        self.parts.judged.send_replace(self.position.sequence);
        Ok(())
    }

    /// Takes what stands in the spool before `position`. Those who append are several, and what they hand on
    /// may overtake each other on its way here; in the spool each entry has its place.
    pub(super) fn fill(&mut self, position: Position) -> Result<(), JudgeError> {
        let reader = self.parts.spool.reader()?;
        while self.position.next() < position {
            let entries = match reader.read_from(self.position.next(), AT_ONCE) {
                Ok(entries) => entries,
                // A spool that began anew behind a backup has nothing there.
                Err(SpoolError::Missing { .. }) => return Ok(()),
                Err(error) => return Err(error.into()),
            };
            if entries.is_empty() {
                return Ok(());
            }
            for (at, entry) in entries.iter().filter(|(at, _)| *at < position) {
                self.take(*at, entry)?;
            }
        }
        Ok(())
    }
}
