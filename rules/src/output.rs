//! What the engine answers: what it found, and what became of a reading.

use std::sync::Arc;

use crate::{Transition, Verdict};

/// What the engine says.
#[derive(Debug, Clone, PartialEq)]
pub enum Output {
    /// A check has judged a window, or corrected what it said of it.
    Verdict(Arc<Verdict>),
    /// An alert has changed.
    Transition(Box<Transition>),
}

/// What became of a reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// It was in order.
    InOrder,
    /// It re-opened what had been judged.
    Late,
    /// It is older than what is held: only a history can build its days anew
    /// ([`Engine::late_days`](crate::Engine::late_days)).
    TooLate,
    /// It carries a mark that bars it from measures.
    Barred,
    /// Its sensor is bound to no place at that time.
    Unbound,
}
