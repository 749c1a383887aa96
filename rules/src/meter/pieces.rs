//! Pieces of use, and which zeros of a meter are believed.

use model::{Instant, Span};
use serde::{Deserialize, Serialize};

const DAY_MS: i64 = 86_400_000;

/// A piece of use: evenly spread over its span.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Piece {
    /// This much was used; the span counts as observed.
    Used { span: Span, amount: i128 },
    /// Zeros that have become unbelievable: their time no longer counts as observed.
    Disbelieved { span: Span },
}

impl Piece {
    pub(super) const fn span(self) -> Span {
        match self {
            Self::Used { span, .. } | Self::Disbelieved { span } => span,
        }
    }

    /// Amount and observed time, ms, of a part of its span.
    pub(super) fn within(self, part: Span) -> (i128, i64) {
        match self {
            Self::Used { span, amount } => {
                let length = i128::from(span.millis()).max(1);
                let until = |at: Instant| amount * i128::from(at.since(span.from)) / length;
                (until(part.to) - until(part.from), part.millis())
            }
            Self::Disbelieved { .. } => (0, -part.millis()),
        }
    }
}

/// A run of exact zeros up to the newest reading.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ZeroRun {
    /// Its steps, as long as they are believed.
    steps: Vec<Span>,
    /// From when to when it goes.
    span: Option<Span>,
}

/// Adds a step, unless it belongs to a run of zeros that has become too long to believe.
pub(super) fn believe(
    span: Span,
    amount: i128,
    zero_is_gap: bool,
    run: &mut ZeroRun,
    pieces: &mut Vec<Piece>,
) {
    if amount != 0 || !zero_is_gap {
        *run = ZeroRun::default();
        pieces.push(Piece::Used { span, amount });
        return;
    }
    let held = run.span.filter(|held| held.to == span.from);
    if held.is_none() {
        *run = ZeroRun::default();
    }
    let was = held.map_or(0, Span::millis);
    let joined = Span::new(held.map_or(span.from, |h| h.from), span.to);
    run.span = Some(joined);
    if was >= DAY_MS {
        return;
    }
    pieces.push(Piece::Used { span, amount: 0 });
    run.steps.push(span);
    if joined.millis() >= DAY_MS {
        pieces.extend(run.steps.drain(..).map(|span| Piece::Disbelieved { span }));
    }
}

/// From the first to the last instant of some pieces; empty at `at` when there are none.
pub(super) fn hull(some: &[Piece], others: &[Piece], at: Instant) -> Span {
    let spans = || some.iter().chain(others).map(|p| p.span());
    let from = spans().map(|s| s.from).min().unwrap_or(at);
    Span::new(from, spans().map(|s| s.to).max().unwrap_or(at))
}
