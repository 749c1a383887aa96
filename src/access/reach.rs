//! How far a user sees: all of it, or some places and bodies with everything below them.

use model::{Id, Instant, Register};
use serde::{Deserialize, Serialize};

/// Places and bodies; both empty means everything.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reach {
    /// These places and what is inside them.
    pub places: Vec<Id>,
    /// These bodies, the bodies below them, and the places that they hold.
    pub bodies: Vec<Id>,
}

impl Reach {
    /// Whether nothing is left out.
    #[must_use]
    pub fn is_everything(&self) -> bool {
        self.places.is_empty() && self.bodies.is_empty()
    }

    /// Whether a place is within reach, as of an instant.
    #[must_use]
    pub fn has_place(&self, register: &Register, place: &Id, at: Instant) -> bool {
        self.is_everything()
            || register.ancestors(place, at).iter().any(|above| self.places.contains(&above.id))
            || register.body_of(place, at).is_some_and(|body| self.has_body(register, &body.id, at))
    }

    /// Whether a body is within reach, as of an instant.
    #[must_use]
    pub fn has_body(&self, register: &Register, body: &Id, at: Instant) -> bool {
        self.is_everything() || register.up_bodies(body, at).into_iter().any(|id| self.bodies.contains(id))
    }

    /// Whether a place or body of this id is within reach, as of an instant.
    #[must_use]
    pub fn has(&self, register: &Register, id: &Id, at: Instant) -> bool {
        self.has_place(register, id, at) || self.has_body(register, id, at)
    }
}
