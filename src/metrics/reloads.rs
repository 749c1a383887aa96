//! Counters of register, packs and overlay: how often they were read, and what is in force.

use std::sync::atomic::AtomicU64;

use model::Instant;
use prometheus_client::{
    metrics::{counter::Counter, family::Family, gauge::Gauge},
    registry::Registry,
};

use super::{Count, Label};

/// What became of reading the operator's files anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReloadOutcome {
    /// They have changed and are in force.
    Applied,
    /// They say what is in force already.
    Unchanged,
    /// They are wrong; what was in force stays.
    Refused,
}

impl ReloadOutcome {
    /// Every outcome.
    pub const ALL: [Self; 3] = [Self::Applied, Self::Unchanged, Self::Refused];

    /// The value of the label `outcome`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Unchanged => "unchanged",
            Self::Refused => "refused",
        }
    }
}

/// Its counters and gauges.
#[derive(Debug, Default)]
pub(super) struct Reloads {
    reads: Family<Label, Counter>,
    succeeded: Count,
    read_at: Gauge<f64, AtomicU64>,
    in_force: Family<Vec<(&'static str, String)>, Count>,
    since: Gauge<f64, AtomicU64>,
}

impl Reloads {
    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register("normwatch_reload", "Reads of register, packs and overlay", self.reads.clone());
        registry.register(
            "normwatch_reload_last_successful",
            "1 unless the newest read found the files wrong",
            self.succeeded.clone(),
        );
        registry.register(
            "normwatch_reload_last_timestamp_seconds",
            "When register, packs and overlay were last read",
            self.read_at.clone(),
        );
        registry.register(
            "normwatch_rulebook_info",
            "Digest of register, packs and overlay in force",
            self.in_force.clone(),
        );
        registry.register(
            "normwatch_rulebook_since_timestamp_seconds",
            "Since when they are in force",
            self.since.clone(),
        );
        // A rate needs a zero before the first event.
        for outcome in ReloadOutcome::ALL {
            let _created = self.reads.get_or_create(&[("outcome", outcome.name())]);
        }
        self.succeeded.set(1);
    }

    pub(super) fn count(&self, outcome: ReloadOutcome, at: Instant) {
        self.reads.get_or_create(&[("outcome", outcome.name())]).inc();
        self.succeeded.set(u64::from(outcome != ReloadOutcome::Refused));
        self.read_at.set(seconds(at));
    }

    pub(super) fn in_force(&self, digest: &str, since: Instant) {
        self.in_force.clear();
        self.in_force.get_or_create(&vec![("digest", digest.to_owned())]).set(1);
        self.since.set(seconds(since));
    }
}

/// Seconds since 1970, exact to the millisecond.
#[expect(clippy::cast_precision_loss, reason = "milliseconds of our time have 41 bits")]
fn seconds(at: Instant) -> f64 {
    at.millis() as f64 / 1000.0
}
