//! Values of known quantities between the walk through an object and a sensor's readings.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use model::{Flags, Id, Instant, Quantity};

use crate::{RawReading, wire_id::wire_id};

/// A value of a known quantity, not yet bound to a sensor.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Field {
    pub(crate) quantity: Quantity,
    pub(crate) channel: Option<String>,
    /// Its places in lists; they tell it from its like where nothing else does.
    pub(crate) spot: Option<String>,
    pub(crate) value: f64,
    pub(crate) time: Option<Instant>,
    pub(crate) flags: Flags,
    /// Whether the number is as published: neither the message nor the name stated a unit.
    pub(crate) is_bare: bool,
    /// The name under which it was found.
    pub(crate) key: Arc<str>,
    /// Order among names of the same quantity: the lowest is the plain one.
    pub(crate) rank: usize,
}

impl Field {
    /// Puts the value on a channel of its own, before the channel it has.
    pub(crate) fn on_channel(mut self, channel: &str) -> Self {
        self.channel = Some(match self.channel {
            Some(inner) => format!("{channel}-{inner}"),
            None => channel.to_owned(),
        });
        self
    }
}

/// Binds fields to a sensor; those without a time of their own take `time`.
pub(crate) fn bind(fields: Vec<Field>, sensor: &Id, time: Option<Instant>) -> Vec<RawReading> {
    let bound = fields.into_iter().map(|field| RawReading {
        sensor: sensor.clone(),
        quantity: field.quantity,
        channel: field.channel.map(|channel| wire_id(&channel)),
        value: field.value,
        time: field.time.or(time),
        flags: field.flags,
    });
    bound.collect()
}

/// Takes out signals that stand in a list with their like: those are of other devices, which this one heard.
pub(crate) fn without_signals_of_others(mut found: Vec<Field>) -> Vec<Field> {
    let is_listed = |field: &Field| field.quantity.is_of_radio() && field.spot.is_some();
    let has_like = |field: &Field| {
        found.iter().filter(|f| is_listed(f) && f.quantity == field.quantity).nth(1).is_some()
    };
    if found.iter().any(|field| is_listed(field) && has_like(field)) {
        found.retain(|field| !is_listed(field));
    }
    found
}

/// Takes out the second of two numbers where lists of two are a value and its error: `{"co2": [655, 69.6], "temperature":
/// [22.3, 0.5]}`.
///
/// Two rooms or two sides look the same, save that they are alike; so at least two quantities of the air must be in pairs, and
/// each second number be less than a quarter of the first.
pub(crate) fn without_errors(mut found: Vec<Field>) -> Vec<Field> {
    if found.iter().all(|field| field.spot.is_none()) {
        return found;
    }
    let of = |field: &Field, item: &str| {
        field.spot.as_deref().and_then(|spot| spot.strip_suffix(item)).map(str::to_owned)
    };
    let is_pair = |a: &Field, b: &Field| a.key == b.key && of(a, "1").is_some() && of(a, "1") == of(b, "2");
    let goes_on = |b: &Field, c: &Field| b.key == c.key && of(c, "3").is_some() && of(c, "3") == of(b, "2");
    let mut firsts = Vec::new();
    let mut sure = Vec::new();
    for (at, pair) in found.windows(2).enumerate() {
        let [a, b] = pair else { continue };
        if !is_pair(a, b) || found.get(at + 2).is_some_and(|c| goes_on(b, c)) {
            continue;
        }
        firsts.push(at);
        if is_of_air(a.quantity) {
            if b.value.abs() >= a.value.abs() / 4.0 {
                return found;
            }
            sure.push(a.quantity);
        }
    }
    sure.sort_unstable();
    sure.dedup();
    if sure.len() < 2 {
        return found;
    }
    for at in firsts.into_iter().rev() {
        found.remove(at + 1);
        if let Some(first) = found.get_mut(at) {
            first.spot = None;
        }
    }
    found
}

/// Quantities whose error is small beside their value.
pub(crate) const fn is_of_air(quantity: Quantity) -> bool {
    use Quantity as Q;
    matches!(quantity, Q::Temperature | Q::Humidity | Q::Co2 | Q::Pressure | Q::SoundLevel)
}

/// Whether values of a quantity are 0 or 1.
pub(crate) const fn is_state(quantity: Quantity) -> bool {
    matches!(
        quantity,
        Quantity::Occupied
            | Quantity::Motion
            | Quantity::WindowOpen
            | Quantity::CoolingOn
            | Quantity::HeatingOn
    )
}

/// One value for each series and instant, in the order found.
///
/// The same value twice is kept once; of different ones the plainest name keeps the series and the
/// others become channels named after their keys. A record's last value is often repeated outside
/// the list without its time: that copy is dropped.
///
/// A place in a list becomes a channel only where the list holds the same quantity again: what stands alone needs no
/// number, and must not become another series when the order changes.
pub(crate) fn settle(mut found: Vec<Field>) -> Vec<Field> {
    if found.len() < 2 || has_no_rivals(&found) {
        return found;
    }
    number(&mut found);
    let series = |field: &Field| (field.quantity, field.channel.clone());
    let timed: HashSet<_> = found
        .iter()
        .filter(|field| field.time.is_some())
        .map(|field| (series(field), field.value.to_bits()))
        .collect();
    let mut by_rank: Vec<(usize, Field)> = found.into_iter().enumerate().collect();
    by_rank.sort_by_key(|(_, field)| (is_fahrenheit(field), field.rank));
    let mut taken = HashMap::with_capacity(by_rank.len());
    let mut kept: Vec<(usize, Field)> = Vec::with_capacity(by_rank.len());
    for (at, mut field) in by_rank {
        let bits = field.value.to_bits();
        if field.time.is_none() && timed.contains(&(series(&field), bits)) {
            continue;
        }
        if let Some(other) = taken.get(&(series(&field), field.time)) {
            if *other == bits || is_rounded_copy(&field, f64::from_bits(*other)) {
                continue;
            }
            let key = field.key.to_string();
            field.channel = Some(match field.channel {
                Some(channel) => format!("{channel}-{key}"),
                None => key,
            });
        }
        if taken.insert((series(&field), field.time), bits).is_none() {
            kept.push((at, field));
        }
    }
    kept.sort_by_key(|(at, _)| *at);
    kept.into_iter().map(|(_, field)| field).collect()
}

/// Whether a value is another one once more in °F: rounded to a tenth, it comes back a little off.
fn is_rounded_copy(field: &Field, other: f64) -> bool {
    is_fahrenheit(field) && (field.value - other).abs() <= 0.06
}

fn is_fahrenheit(field: &Field) -> bool {
    let key = &field.key;
    field.quantity == Quantity::Temperature
        && (key.ends_with("_f") || key.ends_with('F') || key.to_ascii_lowercase().ends_with("fahrenheit"))
}

/// Adds the places in lists to the channels of values that stand there with their like.
fn number(found: &mut [Field]) {
    let group = |field: &Field| (field.quantity, field.channel.clone(), field.time);
    let mut sizes: HashMap<_, usize> = HashMap::new();
    for field in found.iter() {
        *sizes.entry(group(field)).or_default() += 1;
    }
    let is_one_of_many = |field: &Field| sizes.get(&group(field)).is_some_and(|size| *size > 1);
    for field in found.iter_mut().filter(|field| field.spot.is_some()) {
        if is_one_of_many(field) {
            let parts = [field.channel.take(), field.spot.take()];
            field.channel = Some(parts.into_iter().flatten().collect::<Vec<_>>().join("-"));
        }
    }
}

/// Whether every series stands once, as in most messages; not looked into for long lists.
fn has_no_rivals(found: &[Field]) -> bool {
    const FEW: usize = 24;
    let is_rival = |a: &Field, b: &Field| a.quantity == b.quantity && a.channel == b.channel;
    let alone = |(i, a): (usize, &Field)| !found.iter().skip(i + 1).any(|b| is_rival(a, b));
    found.len() <= FEW && found.iter().enumerate().all(alone)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(key: &str, rank: usize, value: f64, time: Option<Instant>) -> Field {
        let quantity = Quantity::Temperature;
        Field {
            quantity,
            channel: None,
            spot: None,
            value,
            time,
            flags: Flags::NONE,
            is_bare: false,
            key: key.into(),
            rank,
        }
    }

    #[test]
    fn the_plainest_name_keeps_the_series_and_the_others_become_channels() {
        let settled = settle(vec![field("averageTemp", 9, 20.0, None), field("temperature", 0, 21.0, None)]);
        let channels: Vec<_> = settled.iter().map(|f| f.channel.as_deref()).collect();
        assert_eq!(channels, [Some("averageTemp"), None]);
    }

    #[test]
    fn a_value_that_stands_twice_is_one_reading() {
        let at = Some(Instant::from_millis(0));
        let twice = [field("a", 0, 20.0, at), field("a", 0, 20.0, at), field("b", 1, 20.0, None)];
        assert_eq!(settle(twice.to_vec()).len(), 1);
    }
}
