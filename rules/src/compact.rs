//! Checkpoint forms of what there is much of: instants as numbers, readings as differences.

use std::collections::BTreeMap;

use model::Instant;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::steps::Micro;

/// An instant as milliseconds since the epoch.
pub(crate) mod instant {
    use super::{Deserialize, Deserializer, Instant, Serialize, Serializer};

    pub(crate) fn serialize<S: Serializer>(at: &Instant, s: S) -> Result<S::Ok, S::Error> {
        at.millis().serialize(s)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Instant, D::Error> {
        i64::deserialize(d).map(Instant::from_millis)
    }
}

/// A map by instant as pairs.
pub(crate) mod map {
    use super::{BTreeMap, Deserialize, Deserializer, Instant, Serialize, Serializer};

    pub(crate) fn serialize<V: Serialize, S: Serializer>(
        map: &BTreeMap<Instant, V>,
        s: S,
    ) -> Result<S::Ok, S::Error> {
        s.collect_seq(map.iter().map(|(at, value)| (at.millis(), value)))
    }

    pub(crate) fn deserialize<'de, V: Deserialize<'de>, D: Deserializer<'de>>(
        d: D,
    ) -> Result<BTreeMap<Instant, V>, D::Error> {
        let pairs = Vec::<(i64, V)>::deserialize(d)?;
        Ok(pairs.into_iter().map(|(at, value)| (Instant::from_millis(at), value)).collect())
    }
}

/// Readings in time order: time since the one before and difference of the value, in turn.
pub(crate) mod readings {
    use super::{Deserialize, Deserializer, Instant, Micro, Serializer};

    pub(crate) fn serialize<S: Serializer>(readings: &[(Instant, Micro)], s: S) -> Result<S::Ok, S::Error> {
        let (mut at, mut value) = (0_i64, 0_i64);
        let mut flat = Vec::with_capacity(readings.len() * 2);
        for (next_at, next) in readings {
            flat.push(next_at.millis().wrapping_sub(at));
            flat.push(next.wrapping_sub(value));
            (at, value) = (next_at.millis(), *next);
        }
        s.collect_seq(flat)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Vec<(Instant, Micro)>, D::Error> {
        let flat = Vec::<i64>::deserialize(d)?;
        let (mut at, mut value) = (0_i64, 0_i64);
        let mut readings = Vec::with_capacity(flat.len() / 2);
        for pair in flat.chunks_exact(2) {
            let [later, change] = pair else { continue };
            at = at.wrapping_add(*later);
            value = value.wrapping_add(*change);
            readings.push((Instant::from_millis(at), value));
        }
        Ok(readings)
    }
}
