//! The state of outside parties, for pages and readiness.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use crate::view::Link;

/// Broker, InfluxDB and mail server as their tasks last saw them; clones share it.
#[derive(Debug, Clone, Default)]
pub struct Links(Arc<Mutex<BTreeMap<&'static str, Link>>>);

impl Links {
    /// Notes how a party is; says it in the log when that changes, once.
    pub fn set(&self, name: &'static str, up: Option<bool>, error: Option<String>, backlog: u64) {
        let mut links = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let was = links.get(name).and_then(|link| link.up);
        if was != up {
            match up {
                Some(true) => tracing::info!(link = name, "connected"),
                Some(false) => {
                    tracing::warn!(link = name, error, "not reachable; trying on, nothing is lost");
                }
                None => {}
            }
        }
        links.insert(name, Link { name, up, error, backlog });
    }

    /// All parties, by name.
    #[must_use]
    pub fn all(&self) -> Vec<Link> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }
}
