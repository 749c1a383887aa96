//! A silence: for a while nobody is told of certain alerts. What happens meanwhile is told when it ends.

use model::{Id, Instant};
use rules::Subject;
use serde::{Deserialize, Serialize};

use super::Notice;

/// A silence over alerts of a clause, of a place with everything below it, or of a body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Silence {
    /// Its id, by which it is lifted.
    pub id: String,
    /// Only this clause; any when absent.
    pub clause: Option<String>,
    /// Only this place with everything below it, or this body; any when absent.
    pub subject: Option<Id>,
    /// Wall time at which it ends by itself.
    pub until: Instant,
}

impl Silence {
    /// Whether it covers a notice at the wall time `now`.
    #[must_use]
    pub fn covers(&self, notice: &Notice, now: Instant) -> bool {
        let path: Vec<Id> = match &notice.subject {
            Subject::Place(_) => notice.path.iter().map(|place| place.id.clone()).collect(),
            Subject::Body(body) => vec![body.clone()],
        };
        self.is_about(&notice.clause.id, &path, now)
    }

    /// Whether it covers a clause at the wall time `now`, at a place with those above it or for a body.
    #[must_use]
    pub fn is_about(&self, clause: &str, path: &[Id], now: Instant) -> bool {
        now < self.until
            && self.clause.as_ref().is_none_or(|held| held == clause)
            && self.subject.as_ref().is_none_or(|subject| path.contains(subject))
    }
}
