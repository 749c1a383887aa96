//! `absence`: the longest time for which a sensor or meter of the place has said nothing, h.
//!
//! Formula: end of the window less the newest instant at which the device was heard, less its
//! carry (`max_gap_s`) and less time in which we did not listen; the largest over the devices that are bound to
//! the place itself then, 0 while all are heard. A device never heard counts from its binding, or from our
//! first word that we listen; before that word, and in files, nothing is known of it: it is named as unheard,
//! and a place of which nothing else is known is insufficient. Any reading counts as heard, flagged ones too.
//! Coverage: 1 where we listened at the end of the window, else 0. Source: the product's own policy.

use model::{Id, Instant};

use super::{Figure, count};
use crate::{Fact, partial::ratio};

/// A device that has been silent for longer than its carry.
#[derive(Debug)]
pub(crate) struct Silent<'a> {
    pub(crate) id: &'a Id,
    /// When it was heard last; `None` when it never was.
    pub(crate) last: Option<Instant>,
    /// How long it has been silent beyond its carry, ms.
    pub(crate) ms: i64,
}

/// Names in an explanation; more are counted only.
const MOST_NAMES: usize = 20;

/// The figure of a window at whose end `devices` were bound here of which something is known, `silent` ones
/// among them, and the `unheard` ones.
pub(crate) fn figure(
    devices: usize,
    mut silent: Vec<Silent<'_>>,
    mut unheard: Vec<&Id>,
    time: impl Fn(Instant) -> String,
) -> Figure {
    let mut figure = Figure { has_judged_time: true, ..Figure::default() };
    if !unheard.is_empty() {
        unheard.sort();
        figure.why.insert("unheard".to_owned(), named(unheard.iter().map(|id| id.to_string())));
    }
    if devices == 0 {
        figure.why.insert("missing".to_owned(), "a first reading, or word that we listened".into());
        return figure;
    }
    let longest = silent.iter().map(|s| s.ms).max().unwrap_or(0);
    figure = Figure { value: Some(hours(longest)), coverage: 1.0, ..figure };
    if silent.is_empty() {
        return figure;
    }
    silent.sort_by_key(|s| (s.last, s.id));
    let names = silent.iter().map(|s| match s.last {
        Some(last) => format!("{} since {}", s.id, time(last)),
        None => format!("{} never heard", s.id),
    });
    figure.why.insert("silent".to_owned(), named(names));
    figure.why.insert("devices".to_owned(), count(devices).into());
    figure
}

/// The first few names as a list.
pub(super) fn named(names: impl ExactSizeIterator<Item = String>) -> Fact {
    let more = names.len().saturating_sub(MOST_NAMES);
    let mut list: Vec<Fact> = names.take(MOST_NAMES).map(Fact::Text).collect();
    if more > 0 {
        list.push(Fact::Text(format!("and {more} more")));
    }
    Fact::List(list)
}

/// Milliseconds as hours.
pub(super) fn hours(ms: i64) -> f64 {
    ratio(i128::from(ms), 3_600_000)
}

/// The figure of a window at whose end we did not listen: silence means nothing then.
pub(crate) fn unheard() -> Figure {
    let mut figure = Figure { has_judged_time: true, ..Figure::default() };
    figure.why.insert("missing".to_owned(), "we did not listen then: an outage of ours".into());
    figure
}

/// The figure of a window in which the last device of a place was taken away.
pub(crate) fn removed() -> Figure {
    let mut figure = Figure { value: Some(0.0), coverage: 1.0, has_judged_time: true, ..Figure::default() };
    figure.why.insert("removed".to_owned(), "no sensor or meter is bound here any more".into());
    figure
}
