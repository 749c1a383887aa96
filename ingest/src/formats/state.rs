//! What messages and the register leave behind for the messages that come later.

use std::collections::HashMap;

use model::Id;

use super::births::Births;
use crate::{Profiles, names::Names};

/// Most state topics that are remembered: a hostile publisher must not fill the memory.
const MOST_DESCRIBED: usize = 100_000;

/// What is remembered from message to message.
#[derive(Debug, Default)]
pub(crate) struct State {
    /// Device profiles of sensors.
    pub(crate) profiles: Profiles,
    described: HashMap<String, Described>,
    pub(crate) births: Births,
}

/// What a discovery message says of a state topic.
#[derive(Debug, Clone, Default)]
pub(crate) struct Described {
    pub(crate) unit: Option<String>,
    pub(crate) class: Option<String>,
    pub(crate) sensor: Option<Id>,
}

impl State {
    pub(crate) fn profile(&self, sensor: &Id) -> Option<&Names> {
        self.profiles.of(sensor).map(|profile| &profile.names)
    }

    pub(crate) fn describe(&mut self, topic: String, described: Described) {
        if self.described.len() < MOST_DESCRIBED || self.described.contains_key(&topic) {
            self.described.insert(topic, described);
        }
    }

    pub(crate) fn described(&self, topic: &str) -> Option<&Described> {
        self.described.get(topic)
    }
}
