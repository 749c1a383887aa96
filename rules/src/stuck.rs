//! Series of a device that were flagged stuck, and for how long. Nearly no device has any.

use model::{Id, Instant, Quantity, Series};
use serde::{Deserialize, Serialize};

/// A run of readings flagged stuck.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Run {
    quantity: Quantity,
    channel: Option<Id>,
    /// The first flagged reading.
    from: Instant,
    /// The newest flagged reading.
    last: Instant,
    /// The first reading after it that was not flagged: the sensor lives again.
    ended: Option<Instant>,
}

/// The runs of one device over one binding.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Stuck(Vec<Run>);

impl Stuck {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes a flagged reading. Returns from when on this changes what was known.
    pub(crate) fn flagged(&mut self, series: &Series, at: Instant) -> Instant {
        let open = self.0.iter_mut().find(|run| run.is_of(series) && run.ended.is_none());
        let Some(run) = open else {
            let (quantity, channel) = (series.quantity, series.channel.clone());
            self.0.push(Run { quantity, channel, from: at, last: at, ended: None });
            return at;
        };
        let known = run.last;
        run.from = run.from.min(at);
        run.last = run.last.max(at);
        at.min(known)
    }

    /// Takes a reading that is not flagged. Returns from when on this changes what was known.
    pub(crate) fn clean(&mut self, series: &Series, at: Instant) -> Option<Instant> {
        let fits =
            |run: &&mut Run| run.is_of(series) && run.last < at && run.ended.is_none_or(|end| at < end);
        let run = self.0.iter_mut().find(fits)?;
        run.ended = Some(at);
        Some(at)
    }

    /// Quantities that are stuck at the end of a window, with since when and for how long, ms.
    ///
    /// A stuck sensor that has fallen silent stays stuck: the run stops growing when its last
    /// reading no longer stands.
    pub(crate) fn at(&self, end: Instant, carry_ms: i64) -> impl Iterator<Item = (Quantity, Instant, i64)> {
        let runs =
            self.0.iter().filter(move |run| run.from < end && run.ended.is_none_or(|ended| end <= ended));
        runs.map(move |run| (run.quantity, run.from, end.min(run.last.plus_ms(carry_ms)).since(run.from)))
    }

    /// Forgets runs that ended before an instant.
    pub(crate) fn prune(&mut self, before: Instant) {
        self.0.retain(|run| run.ended.is_none_or(|ended| ended >= before));
    }
}

impl Run {
    fn is_of(&self, series: &Series) -> bool {
        self.quantity == series.quantity && self.channel == series.channel
    }
}
