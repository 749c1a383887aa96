//! The engine's state as named pieces of bytes.

use rules::{Engine, RegisterChecks, SavedRegisterChecks};
use serde::{Serialize, de::DeserializeOwned};

use super::{
    acts::Acts,
    judge::{Judge, JudgeError},
    takeover,
};
use crate::{
    notify::Dispatcher,
    state::{Checkpoint, Step},
};

/// What was in force at the checkpoint.
pub(super) const RULEBOOK: &str = "rulebook";
/// Days that late data has touched.
pub(super) const LATE: &str = "late";
/// Up to where events have been told.
pub(super) const MARKED: &str = "marked";
const REGISTER: &str = "register-checks";
const DISPATCHER: &str = "dispatcher";
const ACTS: &str = "acts";
const ENGINE: &str = "engine/";

/// Why a checkpoint cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// A piece has no binary form.
    #[error("state `{0}` cannot be encoded")]
    Encode(String, #[source] rmp_serde::encode::Error),
    /// A piece is damaged, or of a release that this one does not know.
    #[error(
        "state `{0}` cannot be read: start from a backup, or move the state file away to rebuild from the spool"
    )]
    Decode(String, #[source] rmp_serde::decode::Error),
}

/// The parts that a checkpoint holds.
pub(super) struct Parts<'a> {
    pub(super) engine: &'a mut Engine,
    pub(super) register: &'a mut RegisterChecks,
    pub(super) dispatcher: &'a mut Dispatcher,
    pub(super) acts: &'a mut Acts,
}

impl Parts<'_> {
    /// What changed since the last call.
    pub(super) fn take_changed(&mut self) -> Result<Vec<(String, Vec<u8>)>, CheckpointError> {
        let mut changed = engine_pieces(self.engine)?;
        if let Some(saved) = self.register.take_changed() {
            changed.push(encode(REGISTER.to_owned(), &saved)?);
        }
        changed.push(encode(DISPATCHER.to_owned(), self.dispatcher)?);
        changed.push(encode(ACTS.to_owned(), self.acts)?);
        Ok(changed)
    }

    /// Takes up one piece; unknown names are left alone.
    pub(super) fn restore(&mut self, name: &str, body: &[u8]) -> Result<(), CheckpointError> {
        if restore_engine(self.engine, name, body)? {
            return Ok(());
        }
        if name == REGISTER {
            let saved: SavedRegisterChecks = decode(name, body)?;
            self.register.restore(saved);
        } else if name == DISPATCHER {
            *self.dispatcher = decode(name, body)?;
        } else if name == ACTS {
            *self.acts = decode(name, body)?;
        }
        Ok(())
    }
}

/// What the state calls a piece of the engine.
pub(super) fn engine_piece(key: &str) -> String {
    format!("{ENGINE}{key}")
}

/// The pieces of an engine that changed since the last call.
pub(crate) fn engine_pieces(engine: &mut Engine) -> Result<Vec<(String, Vec<u8>)>, CheckpointError> {
    let changed = engine.take_changed().into_iter();
    changed.map(|(key, saved)| encode(engine_piece(&key), &saved)).collect()
}

/// Takes up one piece if it is of the engine; returns whether it was.
pub(crate) fn restore_engine(engine: &mut Engine, name: &str, body: &[u8]) -> Result<bool, CheckpointError> {
    let Some(key) = name.strip_prefix(ENGINE) else { return Ok(false) };
    engine.restore(key, decode(name, body)?);
    Ok(true)
}

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
        changed.extend(self.changed_lists()?);
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

pub(super) fn encode<T: Serialize>(name: String, value: &T) -> Result<(String, Vec<u8>), CheckpointError> {
    match rmp_serde::to_vec_named(value) {
        Ok(body) => Ok((name, body)),
        Err(error) => Err(CheckpointError::Encode(name, error)),
    }
}

pub(super) fn decode<T: DeserializeOwned>(name: &str, body: &[u8]) -> Result<T, CheckpointError> {
    rmp_serde::from_slice(body).map_err(|error| CheckpointError::Decode(name.to_owned(), error))
}
