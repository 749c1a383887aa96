//! Ids of a register as it is read: however often a file names a place, there is one copy of its id.

use std::{cell::RefCell, collections::HashSet, rc::Rc};

use crate::Id;

/// The ids that were read so far; clones know the same.
#[derive(Debug, Clone, Default)]
pub(super) struct Ids(Rc<RefCell<HashSet<Id>>>);

impl Ids {
    /// The copy that was read first.
    pub(super) fn shared(&self, id: Id) -> Id {
        let mut known = self.0.borrow_mut();
        match known.get(&id) {
            Some(held) => held.clone(),
            None => {
                known.insert(id.clone());
                id
            }
        }
    }
}
