//! What the meters of a body counted over a window, merged from what each building delivers.

use std::collections::BTreeMap;

use model::{
    Id, Instant, Period, Register, Span,
    register::{Carrier, EndUse, Meter},
};

use serde::{Deserialize, Serialize};

use super::{
    estate::Estate,
    metered::{Metered, Part},
    meters::carriers,
};
use crate::{
    Energy, Measure,
    partial::{ratio, wide},
};

/// What meters counted over the stretches of a window: micro-units, and the observed time of each, ms.
/// A meter that was ever heard is there, whatever it observed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<Written>", into = "Vec<Written>")]
pub(crate) struct Delivered(BTreeMap<(Id, Instant), (i128, i64)>);

/// How a checkpoint holds it: meter, start of the stretch, micro-units, ms.
#[derive(Serialize, Deserialize)]
struct Written(Id, Instant, #[serde(with = "wide")] i128, i64);

impl From<Vec<Written>> for Delivered {
    fn from(all: Vec<Written>) -> Self {
        let entry = |Written(meter, from, amount, observed)| ((meter, from), (amount, observed));
        Self(all.into_iter().map(entry).collect())
    }
}

impl From<Delivered> for Vec<Written> {
    fn from(all: Delivered) -> Self {
        let entry = |((meter, from), (amount, observed))| Written(meter, from, amount, observed);
        all.0.into_iter().map(entry).collect()
    }
}

impl Delivered {
    /// Notes what a meter counted over the stretch that begins at `from`.
    pub(crate) fn add(&mut self, meter: &Id, from: Instant, (amount, observed): (i128, i64)) {
        let held = self.0.entry((meter.clone(), from)).or_default();
        *held = (held.0 + amount, held.1 + observed);
    }

    /// Adds what another building delivered. In any order the sum is the same.
    pub(crate) fn merge(&mut self, other: &Self) {
        for ((meter, from), counted) in &other.0 {
            self.add(meter, *from, *counted);
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A body over a window.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Holding<'a> {
    pub(crate) register: &'a Register,
    pub(crate) estate: &'a Estate,
    pub(crate) window: Span,
    pub(crate) delivered: &'a Delivered,
}

impl Holding<'_> {
    /// Whether it held anything in the window.
    pub(crate) fn is_any(&self) -> bool {
        self.stretches().iter().any(|stretch| !self.estate.units(self.register, stretch.from).is_empty())
    }

    /// A building without any meter of what counts, in all of its time.
    pub(crate) fn without_meter(&self, measure: Measure, energy: &Energy) -> Option<Id> {
        let mut metered: BTreeMap<&Id, bool> = BTreeMap::new();
        for at in self.stretches().iter().map(|stretch| stretch.from) {
            let of = |carrier| self.estate.parts(self.register, at, carrier, &energy.only);
            let lists: Vec<Vec<Part<'_>>> = carriers(measure, energy).into_keys().map(of).collect();
            for unit in self.estate.units(self.register, at) {
                let lacks = |parts: &Vec<Part<'_>>| parts.iter().any(|(id, m)| *id == unit && m.is_empty());
                *metered.entry(unit).or_default() |= !lists.iter().all(lacks);
            }
        }
        metered.into_iter().find(|(_, is_metered)| !is_metered).map(|(unit, _)| unit.clone())
    }
}

impl Metered for Holding<'_> {
    fn window(&self) -> Span {
        self.window
    }

    fn stretches(&self) -> Vec<Span> {
        self.estate.stretches(self.register, self.window)
    }

    fn parts(&self, at: Instant, carrier: Carrier, only: &[EndUse]) -> Vec<Part<'_>> {
        self.estate.parts(self.register, at, carrier, only)
    }

    fn used(&self, meter: &Meter, stretch: Span, _: Period) -> Option<(f64, i64)> {
        let (amount, observed) = self.delivered.0.get(&(meter.id.clone(), stretch.from))?;
        (*observed > 0).then(|| (ratio(*amount, 1_000_000), *observed))
    }

    fn is_heard(&self, meter: &Id) -> bool {
        self.delivered.0.keys().any(|(id, _)| id == meter)
    }

    fn has_end_use(&self, meter: &str, of: &[EndUse]) -> bool {
        let mut meters = self.register.meters.iter().filter(|(id, _)| id.as_str() == meter);
        meters.any(|(_, history)| history.rows().any(|row| of.contains(&row.value.end_use)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_counted_of_a_meter_in_two_buildings_adds_up_in_any_order() {
        let counted = |all: &[(&str, i64, (i128, i64))]| {
            let mut delivered = Delivered::default();
            for (meter, from, counted) in all {
                delivered.add(&Id::parse(meter).unwrap(), Instant::from_millis(*from), *counted);
            }
            delivered
        };
        let (here, there) = (
            counted(&[("m", 0, (5, 10)), ("n", 0, (1, 2))]),
            counted(&[("m", 0, (3, 20)), ("m", 9, (4, 8)), ("m", 9, (4, 8))]),
        );
        let (mut sum, mut other) = (here.clone(), there.clone());
        sum.merge(&there);
        other.merge(&here);
        assert_eq!(sum, other);
        assert_eq!(sum, counted(&[("m", 0, (8, 30)), ("m", 9, (8, 16)), ("n", 0, (1, 2))]));
        assert_eq!(sum.0.get(&(Id::parse("m").unwrap(), Instant::from_millis(9))), Some(&(8, 16)));
        assert!(!sum.is_empty() && Delivered::default().is_empty());
        let text = serde_json::to_string(&sum).unwrap();
        assert_eq!(serde_json::from_str::<Delivered>(&text).unwrap(), sum);
    }
}
