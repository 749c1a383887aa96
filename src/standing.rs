//! Which register and standards are in force, and what is wrong with the newest edit: for pages and metrics.

use std::sync::{Arc, Mutex, PoisonError};

use model::{Instant, Problem};

use crate::{
    metrics::{Metrics, ReloadOutcome},
    view::{InForce, Refused},
};

/// What is in force as its tasks last saw it; clones share it.
#[derive(Debug, Clone)]
pub struct Standing {
    state: Arc<Mutex<InForce>>,
    metrics: Arc<Metrics>,
}

impl Standing {
    /// Nothing is in force yet.
    #[must_use]
    pub fn new(metrics: Arc<Metrics>) -> Self {
        Self { state: Arc::default(), metrics }
    }

    /// Notes what is in force since `since`, wall time.
    pub fn set(&self, digest: &str, since: Instant) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.digest != digest {
            tracing::info!(digest, "register and standards in force");
            (state.digest, state.since) = (digest.to_owned(), Some(since));
            self.metrics.in_force(digest, since);
        }
    }

    /// Notes that the files were read at `at` and found wrong. All of it is said in the log.
    pub fn refuse(&self, problems: &[Problem], at: Instant) {
        self.metrics.reload(ReloadOutcome::Refused, at);
        tracing::error!(
            problems = problems.len(),
            "the edit is refused; register and standards stay as they were"
        );
        for problem in problems {
            tracing::error!("{problem}");
        }
        let problems = problems.iter().map(ToString::to_string).collect();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.refused = Some(Refused { at, problems });
    }

    /// Notes that the files were read at `at` and found right.
    pub fn accept(&self, outcome: ReloadOutcome, at: Instant) {
        self.metrics.reload(outcome, at);
        self.state.lock().unwrap_or_else(PoisonError::into_inner).refused = None;
    }

    /// A copy for pages.
    #[must_use]
    pub fn now(&self) -> InForce {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
