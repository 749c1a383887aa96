//! What vendors are told of their messages, and what they are not.

use prometheus_client::{
    metrics::{counter::Counter, family::Family},
    registry::Registry,
};

use super::{Count, Label, Metrics};

/// Diagnoses on their way to the broker.
#[derive(Debug, Default)]
pub(super) struct Told {
    outcomes: Family<Label, Counter>,
    waiting: Count,
}

impl Told {
    pub(super) fn register(&self, registry: &mut Registry) {
        for outcome in ["sent", "dropped"] {
            self.outcomes.get_or_create(&[("outcome", outcome)]).inc_by(0);
        }
        let what =
            "Diagnoses and requests for a birth, handed to the broker or dropped since too many waited there";
        registry.register("normwatch_diagnoses", what, self.outcomes.clone());
        let what = "Sensors and gateways with something to be told or asked, at most 110,000";
        registry.register("normwatch_diagnoses_waiting", what, self.waiting.clone());
    }
}

impl Metrics {
    /// Counts a diagnosis that was handed over, or dropped.
    pub fn diagnosis(&self, is_sent: bool) {
        let outcome = if is_sent { "sent" } else { "dropped" };
        self.told.outcomes.get_or_create(&[("outcome", outcome)]).inc();
    }

    /// Sets how many wait to be told.
    pub fn diagnoses_waiting(&self, count: usize) {
        self.told.waiting.set(count as u64);
    }
}
