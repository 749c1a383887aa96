//! The bodies that a shard delivers to, and what it delivers.

use std::{collections::BTreeSet, sync::Arc};

use model::{Instant, Period, Span};

use crate::measure::{estate::Estate, holding::Delivered};

/// A body that has meters in this building.
#[derive(Debug, Clone)]
pub(super) struct Feed {
    /// Its number in the engine.
    pub(super) body: usize,
    pub(super) estate: Arc<Estate>,
    /// Over what it is judged.
    pub(super) periods: BTreeSet<Period>,
}

/// What the meters of one building counted for a body over a window.
#[derive(Debug, Clone)]
pub(super) struct Delivery {
    pub(super) body: usize,
    pub(super) period: Period,
    pub(super) window: Span,
    pub(super) part: Delivered,
    /// Event time at which it is delivered.
    pub(super) now: Instant,
}
