//! One checkpoint: everything that changed since the last, written as a whole.

use super::{
    judge::{Judge, JudgeError},
    pieces::{LATE, MARKED, Parts, RULEBOOK, encode},
    takeover,
};
use crate::state::{Checkpoint, Step};

impl Judge {
    /// History first, then the state in one transaction: nothing of the state is ahead of the history.
    pub(super) fn checkpoint(&mut self) -> Result<(), JudgeError> {
        if !std::mem::take(&mut self.is_changed) {
            return Ok(());
        }
        self.parts.disk.insist("history", || self.parts.history.flush())?;
        let event_time = self.engine.event_time();
        let mut parts = Parts {
            engine: &mut self.engine,
            register: &mut self.register_checks,
            dispatcher: &mut self.dispatcher,
            acts: &mut self.acts,
        };
        let mut fresh = std::mem::take(&mut self.fresh);
        let mut changed = parts.take_changed()?;
        if let Some(since) = fresh.rulebook_since {
            changed.push((RULEBOOK.to_owned(), takeover::piece(since, &self.parts.rulebook)));
        }
        if let Some(marked) = fresh.marked_to {
            changed.push(encode(MARKED.to_owned(), &marked)?);
        }
        if std::mem::take(&mut self.late.is_changed) {
            changed.push(encode(LATE.to_owned(), &self.late)?);
        }
        changed.extend(self.lists.take_changed(&self.parts.unknown, &self.parts.tallies)?);
        // A piece that went may have come back since.
        fresh.removed.retain(|name| changed.iter().all(|(held, _)| held != name));
        let checkpoint = Checkpoint { position: self.position, event_time, changed, removed: fresh.removed };
        let step = Step {
            checkpoint: Some(checkpoint),
            journal: fresh.journal,
            lines: fresh.lines,
            verdicts: fresh.verdicts,
            events: fresh.events,
            ..Step::default()
        };
        self.parts.disk.insist("state", || self.parts.state.commit(&step))?;
        Ok(())
    }
}
