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
        let is_of = |id: &Id| match &notice.subject {
            Subject::Place(_) => notice.path.iter().any(|place| place.id == *id),
            Subject::Body(body) => body == id,
        };
        now < self.until
            && self.clause.as_ref().is_none_or(|clause| *clause == notice.clause.id)
            && self.subject.as_ref().is_none_or(is_of)
    }
}
