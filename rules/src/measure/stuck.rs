//! `stuck`: the longest time for which a series of the place has been flagged stuck, h.
//!
//! Formula: from the first flagged reading of a run to the end of the window, at most as long as
//! the newest flagged one stands; the largest over the series of the devices that are bound to
//! the place itself, 0 while none is. A run ends with a reading that is not flagged, never with
//! silence. Coverage: 1. Source: the product's own policy; the flags are those of the quality stage.

use model::{Id, Instant, Quantity};

use super::{
    Figure,
    absence::{hours, named},
};

/// A series that is stuck.
#[derive(Debug)]
pub(crate) struct Frozen<'a> {
    pub(crate) id: &'a Id,
    pub(crate) quantity: Quantity,
    pub(crate) since: Instant,
    pub(crate) ms: i64,
}

/// The figure of a window at whose end these series are stuck.
pub(crate) fn figure(mut frozen: Vec<Frozen<'_>>, time: impl Fn(Instant) -> String) -> Figure {
    let longest = frozen.iter().map(|f| f.ms).max().unwrap_or(0);
    let mut figure =
        Figure { value: Some(hours(longest)), coverage: 1.0, has_judged_time: true, ..Figure::default() };
    if !frozen.is_empty() {
        frozen.sort_by_key(|f| (f.since, f.id, f.quantity));
        let names = frozen.iter().map(|f| format!("{} {} since {}", f.id, f.quantity, time(f.since)));
        figure.why.insert("stuck".to_owned(), named(names));
    }
    figure
}
