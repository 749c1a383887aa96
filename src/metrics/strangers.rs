//! Who publishes and is not known, and who is not understood.

use std::sync::atomic::{AtomicU64, Ordering};

use prometheus_client::{
    metrics::{counter::Counter, gauge::Gauge},
    registry::Registry,
};

use crate::view::Snapshot;

/// Lengths of the lists, and what came while they were full.
#[derive(Debug, Default)]
pub(super) struct Strangers {
    sensors: Gauge<u64, AtomicU64>,
    topics: Gauge<u64, AtomicU64>,
    unlisted: Counter,
}

impl Strangers {
    pub(super) fn register(&self, registry: &mut Registry) {
        let sensors = "Sensors that publish and are in no register";
        registry.register("normwatch_unknown_sensors", sensors, self.sensors.clone());
        let topics = "Topics whose newest message could not be understood";
        registry.register("normwatch_misunderstood_topics", topics, self.topics.clone());
        let unlisted = "Messages of unknown sensors and topics that came while their list was full";
        registry.register("normwatch_unlisted_messages", unlisted, self.unlisted.clone());
    }

    pub(super) fn set(&self, snapshot: &Snapshot) {
        self.sensors.set(snapshot.unknown_sensors.len() as u64);
        self.topics.set(snapshot.misunderstood.len() as u64);
        let unlisted = snapshot.unlisted.sensor_messages + snapshot.unlisted.topic_messages;
        self.unlisted.inner().store(unlisted, Ordering::Relaxed);
    }
}
