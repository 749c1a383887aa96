//! The devices of a register by place, listed once: every shard asks for its own.

use std::collections::BTreeSet;

use model::{
    Id, Register,
    register::{History, Meter, Sensor},
};

use crate::quick::QuickMap;

/// Which sensors and meters were ever bound to each place.
#[derive(Debug)]
pub(super) struct Bound<'r> {
    register: &'r Register,
    sensors: QuickMap<&'r Id, Vec<&'r Id>>,
    meters: QuickMap<&'r Id, Vec<&'r Id>>,
}

impl<'r> Bound<'r> {
    pub(super) fn of(register: &'r Register) -> Self {
        let mut bound = Self { register, sensors: QuickMap::default(), meters: QuickMap::default() };
        for (id, history) in &register.sensors {
            for row in history.rows() {
                bound.sensors.entry(&row.value.place).or_default().push(id);
            }
        }
        for (id, history) in &register.meters {
            for row in history.rows() {
                bound.meters.entry(&row.value.place).or_default().push(id);
            }
        }
        bound
    }

    /// The sensors that were ever bound to any of some places, in the order of their ids.
    pub(super) fn sensors_at<'p>(
        &self,
        places: impl Iterator<Item = &'p Id>,
    ) -> Vec<(&'r Id, &'r History<Sensor>)> {
        let ids: BTreeSet<&Id> =
            places.filter_map(|place| self.sensors.get(place)).flatten().copied().collect();
        ids.into_iter().filter_map(|id| self.register.sensors.get_key_value(id)).collect()
    }

    /// The meters likewise.
    pub(super) fn meters_at<'p>(
        &self,
        places: impl Iterator<Item = &'p Id>,
    ) -> Vec<(&'r Id, &'r History<Meter>)> {
        let ids: BTreeSet<&Id> =
            places.filter_map(|place| self.meters.get(place)).flatten().copied().collect();
        ids.into_iter().filter_map(|id| self.register.meters.get_key_value(id)).collect()
    }
}
