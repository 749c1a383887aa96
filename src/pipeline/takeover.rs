//! Another rulebook comes into force, at its position in the spool.

use std::sync::Arc;

use model::Instant;
use rules::{Output, TransitionKind};

use super::{
    judge::{Judge, JudgeError},
    pieces::{RULEBOOK, engine_piece},
};
use crate::{
    rulebook::{self, Rulebook},
    spool::{Kind, Position, Spool},
    state::State,
};

/// What was in force where the judge has to go on: that of the checkpoint, else of the first entry of the
/// spool. `None` on a first start, and where this release cannot use it.
///
/// # Errors
/// [`JudgeError`] when state or spool cannot be read.
pub fn at_start(state: &State, spool: &Spool) -> Result<Option<(Rulebook, Instant)>, JudgeError> {
    let mut held = state.piece(0, RULEBOOK)?.and_then(|piece| split(&piece));
    if held.is_none() {
        let reader = spool.reader()?;
        let oldest = reader.oldest()?;
        let first = if oldest <= Position::new(1) { reader.read_from(oldest, 1)? } else { Vec::new() };
        held = first.into_iter().next().and_then(|(_, entry)| match entry.kind {
            Kind::Change { kind, body } if kind == rulebook::KIND => Some((entry.arrival, body)),
            Kind::Change { .. } | Kind::Readings(_) | Kind::Tick { .. } => None,
        });
    }
    let Some((since, body)) = held else { return Ok(None) };
    let unpacked = Rulebook::unpack(&body);
    let book =
        unpacked.inspect_err(|error| tracing::error!(%error, "what was in force cannot be used any more"));
    Ok(book.ok().map(|book| (book, since)))
}

/// What the checkpoint holds: since when it is in force, and the rulebook itself.
pub(super) fn piece(since: Instant, book: &Rulebook) -> Vec<u8> {
    [since.millis().to_le_bytes().as_slice(), book.body()].concat()
}

fn split(piece: &[u8]) -> Option<(Instant, Vec<u8>)> {
    let (since, body) = piece.split_first_chunk::<8>()?;
    Some((Instant::from_millis(i64::from_le_bytes(*since)), body.to_vec()))
}

fn is_withdrawal(output: &Output) -> bool {
    matches!(output, Output::Transition(transition) if transition.kind == TransitionKind::Withdrawn)
}

impl Judge {
    /// What is in force.
    #[must_use]
    pub const fn rulebook(&self) -> &Arc<Rulebook> {
        &self.parts.rulebook
    }

    /// Takes up a rulebook that the spool holds. Windows, pending alerts and alerts that fire go on where
    /// their check does; alerts of others are withdrawn.
    ///
    /// # Errors
    /// [`JudgeError`] when the history cannot be read.
    pub(super) fn take_up(&mut self, body: &[u8], arrival: Instant) -> Result<(), JudgeError> {
        let book = match Rulebook::unpack(body) {
            Ok(book) => Arc::new(book),
            // It was right when it was written: of another release, or damaged.
            Err(error) => {
                tracing::error!(%error, "a change of the register cannot be taken up; the one in force stays");
                return Ok(());
            }
        };
        self.fresh.rulebook_since = Some(arrival);
        if book.digest != self.parts.rulebook.digest {
            let live = book.catalogue.live(&book.register);
            let now = self.engine.event_time();
            let register = Arc::clone(&book.register);
            let gone = self.engine.rebind(register, &live, self.parts.options, &mut self.outputs);
            self.fresh.removed.extend(gone.iter().map(|key| engine_piece(key)));
            self.register_checks.rebind(Arc::clone(&book.register), &live, now, &mut self.outputs);
            // What is withdrawn is told with the names and to the people of the register that knew it.
            let (ended, judged) = std::mem::take(&mut self.outputs).into_iter().partition(is_withdrawal);
            self.outputs = ended;
            self.settle_outputs();
            self.outputs = judged;
            self.board.rebind(&book.register, &live);
            let before = std::mem::replace(&mut self.parts.rulebook, Arc::clone(&book));
            self.mark_change(&before, arrival);
            self.look_back(&before.register, arrival)?;
        }
        self.parts.standing.set(&book.digest, arrival);
        self.parts.in_force.send_replace(book);
        Ok(())
    }
}
