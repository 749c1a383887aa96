//! What the console and the API know of devices beyond the snapshot, and where they write about them.

use crate::{
    audit::{Audit, Deed},
    claims::Claims,
    clock::Clock,
    pipeline::Tallies,
    spool::SpoolReader,
    web::error::ApiError,
};

/// Sources and tools for devices. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Registry {
    /// What the intake has counted.
    pub tallies: Tallies,
    /// Where claims are written.
    pub claims: Claims,
    /// The quarantine.
    pub spool: SpoolReader,
    /// Who did what.
    pub audit: Audit,
    /// Wall time.
    pub clock: Clock,
}

impl Registry {
    /// Notes what somebody did that is no act of the spool.
    pub(super) async fn note(&self, by: &str, kind: &str, body: String) -> Result<(), ApiError> {
        let (by, kind) = (by.to_owned(), kind.to_owned());
        let deed = Deed { at: self.clock.now(), by, kind, body, source: None };
        let audit = self.audit.clone();
        let done = tokio::task::spawn_blocking(move || audit.append(&deed)).await;
        let done = done.map_err(|error| error.to_string());
        done.and_then(|done| done.map_err(|error| error.to_string())).map(drop).map_err(|error| {
            tracing::error!(%error, "the audit trail cannot be written");
            ApiError::Internal("the disk refuses; nothing was done".to_owned())
        })
    }
}
