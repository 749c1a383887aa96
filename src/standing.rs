//! Which register and standards are in force, and what is wrong with the newest edit: for pages and metrics.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use model::{Instant, Problem};

use crate::{
    metrics::{Metrics, ReloadOutcome},
    view::{InForce, Refused},
};

/// What is in force as its tasks last saw it; clones share it.
#[derive(Debug, Clone)]
pub struct Standing {
    state: Arc<Mutex<State>>,
    metrics: Arc<Metrics>,
}

#[derive(Debug, Default)]
struct State {
    in_force: InForce,
    /// Certificates that are refused; those in use are no part of what is in force.
    certificates: Option<Refused>,
}

impl Standing {
    /// Nothing is in force yet.
    #[must_use]
    pub fn new(metrics: Arc<Metrics>) -> Self {
        Self { state: Arc::default(), metrics }
    }

    /// Notes what is in force since `since`, wall time.
    pub fn set(&self, digest: &str, since: Instant) {
        let state = &mut self.state().in_force;
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
        self.state().in_force.refused = Some(refused(problems, at));
    }

    /// Notes what is wrong with the certificates for the broker as they were read at `at`; nothing ends that. What
    /// stays as it was is said in the log once.
    pub fn certificates(&self, problems: &[Problem], at: Instant) {
        let held = &mut self.state().certificates;
        if held.as_ref().is_some_and(|held| held.problems.iter().eq(&texts(problems))) {
            return;
        }
        if !problems.is_empty() {
            tracing::error!(problems = problems.len(), "the certificates are refused; those in use stay");
        }
        *held = (!problems.is_empty()).then(|| refused(problems, at));
    }

    /// Notes that the files were read at `at` and found right.
    pub fn accept(&self, outcome: ReloadOutcome, at: Instant) {
        self.metrics.reload(outcome, at);
        self.state().in_force.refused = None;
    }

    /// A copy for pages: of everything that is refused, as one.
    #[must_use]
    pub fn now(&self) -> InForce {
        let state = self.state();
        let mut now = state.in_force.clone();
        if let Some(certificates) = state.certificates.clone() {
            match &mut now.refused {
                Some(refused) => refused.problems.extend(certificates.problems),
                none => *none = Some(certificates),
            }
        }
        now
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Problems as pages show them; all of them are said in the log.
fn refused(problems: &[Problem], at: Instant) -> Refused {
    for problem in problems {
        tracing::error!("{problem}");
    }
    Refused { at, problems: texts(problems) }
}

fn texts(problems: &[Problem]) -> Vec<String> {
    problems.iter().map(ToString::to_string).collect()
}
