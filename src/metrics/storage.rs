//! What the service's own disk takes, and what was given up to stay within its bounds.

use prometheus_client::{metrics::counter::Counter, registry::Registry};

use super::{Count, Metrics};

/// Figures of the disk.
#[derive(Debug, Default)]
pub(super) struct Storage {
    bytes: Count,
    max_bytes: Count,
    refusing: Count,
    given_up: Counter,
    quarantine_dropped: Count,
    lost: Counter,
}

impl Storage {
    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register("normwatch_spool_bytes", "Bytes in use in the spool", self.bytes.clone());
        registry.register(
            "normwatch_spool_max_bytes",
            "Bytes in use from which on messages are not taken",
            self.max_bytes.clone(),
        );
        registry.register(
            "normwatch_disk_refusing",
            "Stores that cannot be written just now; while it is above 0 messages may wait at the broker",
            self.refusing.clone(),
        );
        registry.register(
            "normwatch_series_given_up_entries",
            "Spool entries given up before the time-series server had them, to stay within the bytes of the spool",
            self.given_up.clone(),
        );
        registry.register(
            "normwatch_quarantine_dropped",
            "Quarantined messages dropped to keep the quarantine within its bytes",
            self.quarantine_dropped.clone(),
        );
        registry.register(
            "normwatch_spool_lost_entries",
            "Spool entries that were lost with the file before they were judged",
            self.lost.clone(),
        );
    }
}

impl Metrics {
    /// Sets the bytes in use in the spool, and its bound.
    pub fn spool_bytes(&self, bytes: u64, max_bytes: u64) {
        self.storage.bytes.set(bytes);
        self.storage.max_bytes.set(max_bytes);
    }

    /// Sets how many stores cannot be written.
    pub fn disk_refusing(&self, stores: u64) {
        self.storage.refusing.set(stores);
    }

    /// Counts entries that were given up before the time-series server had them.
    pub fn series_given_up(&self, entries: u64) {
        self.storage.given_up.inc_by(entries);
    }

    /// Counts entries of the spool that were lost before they were judged.
    pub fn spool_lost(&self, entries: u64) {
        self.storage.lost.inc_by(entries);
    }

    /// Sets how many quarantined messages were dropped, since the spool began.
    pub fn quarantine_dropped(&self, messages: u64) {
        self.storage.quarantine_dropped.set(messages);
    }
}
