//! Which meters of a place count, and what they used.
//!
//! The use of a place is that of its meters that have no counted parent; end uses are never added
//! to a total; what a clause leaves out is subtracted only where it is metered. Where meters come
//! and go within a window, each stretch of time is summed with the meters of that stretch.

use std::{collections::BTreeMap, sync::Arc};

use model::{
    Calendar, Id, Instant, Place, Quantity, Register, Span,
    register::{Carrier, EndUse, Meter},
};

use crate::{
    Energy, Measure,
    meter::{Chain, MeterFacts, Meters, Use},
    partial::ratio,
    whole::whole,
};

/// The meters of a place and of all places below it, and what they have counted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Supply<'a> {
    pub(crate) chains: &'a Meters,
    pub(crate) facts: &'a BTreeMap<Id, Arc<MeterFacts>>,
    /// Meters that were ever bound there or below, with where.
    pub(crate) meters: &'a [(Id, Id)],
    /// When one of them may come or go because the place where it is moves.
    pub(crate) moves: &'a [Instant],
}

/// What the carrier's registers and amounts are called.
pub(crate) const fn quantities(carrier: Carrier) -> [Quantity; 2] {
    match carrier {
        Carrier::Electricity => [Quantity::EnergyImport, Quantity::Energy],
        Carrier::Gas => [Quantity::Gas, Quantity::GasUsed],
        Carrier::Heat => [Quantity::Heat, Quantity::HeatUsed],
        Carrier::Water => [Quantity::Water, Quantity::WaterUsed],
    }
}

impl<'a> Supply<'a> {
    /// The meters bound to a place or below it at an instant.
    fn below(&self, register: &Register, place: &Place, at: Instant) -> Vec<&'a Meter> {
        let rows = self
            .meters
            .iter()
            .filter_map(|(id, place)| self.facts.get(id)?.row(at).filter(|meter| meter.place == *place));
        rows.filter(|m| {
            m.place == place.id || register.ancestors(&m.place, at).iter().any(|p| p.id == place.id)
        })
        .collect()
    }

    /// The meters whose sum is the use of a carrier at an instant.
    pub(crate) fn roots(
        &self,
        register: &Register,
        place: &Place,
        at: Instant,
        carrier: Carrier,
        only: &[EndUse],
    ) -> Vec<&'a Meter> {
        counted(&self.below(register, place, at), carrier, only)
    }

    /// The stretches of a window in which no meter comes or goes.
    pub(crate) fn stretches(&self, window: Span) -> Vec<Span> {
        let rows = self.meters.iter().filter_map(|(id, _)| self.facts.get(id)).flat_map(|f| f.borders());
        pieces(window, rows.chain(self.moves.iter().copied()))
    }

    /// The series of a meter at its place that are together all that it counted, as far as they were heard before an
    /// instant.
    pub(crate) fn whole(&self, meter: &Meter, quantity: Quantity, before: Instant) -> Vec<&'a Chain> {
        let chains = self.chains.of(&meter.id).filter(|c| c.series.quantity == quantity);
        whole(chains.filter(|c| c.place == meter.place && c.first < before), |chain| &chain.series)
    }

    /// What one meter counted over a stretch; the register is preferred to amounts that it also sends, and what is
    /// told as a whole to its parts.
    ///
    /// `counts` picks amount and observed time; `None` when it observed nothing. A stretch that need not begin and
    /// end on the hour comes with the calendar that knows the hours.
    pub(crate) fn used(
        &self,
        meter: &Meter,
        stretch: Span,
        hours: Option<&Calendar>,
        counts: impl Fn(&Use) -> (i128, i64),
    ) -> Option<(f64, i64)> {
        let (amount, observed) = self.counted(meter, stretch, hours, counts)?;
        Some((ratio(amount, 1_000_000), observed))
    }

    /// The same with the amount as it is held, in micro-units.
    pub(crate) fn counted(
        &self,
        meter: &Meter,
        stretch: Span,
        hours: Option<&Calendar>,
        counts: impl Fn(&Use) -> (i128, i64),
    ) -> Option<(i128, i64)> {
        let of = |quantity: Quantity| {
            let parts = self.whole(meter, quantity, stretch.to).into_iter().map(|chain| {
                counts(&match (hours, self.facts.get(&meter.id)) {
                    (Some(calendar), Some(facts)) => chain.used_over(stretch, facts, calendar),
                    _ => chain.used.over(stretch),
                })
            });
            let parts: Vec<(i128, i64)> = parts.collect();
            // What is used is known as long as every part is; of one that was observed longer its share of that.
            let observed =
                parts.iter().map(|(_, observed)| *observed).min().filter(|observed| *observed > 0)?;
            let share = |(amount, of): &(i128, i64)| {
                if *of == observed { *amount } else { amount * i128::from(observed) / i128::from(*of) }
            };
            Some((parts.iter().map(share).sum(), observed))
        };
        quantities(meter.carrier).into_iter().find_map(of)
    }

    /// Whether any meter had been seen before the end of a window that a measure of the place could use: one
    /// that was bound there or below at some time of it.
    pub(crate) fn is_seen(
        &self,
        (measure, energy): (Measure, &Energy),
        (register, place): (&Register, &Id),
        window: Span,
    ) -> bool {
        self.has_meter((measure, energy), (register, place), window, |(id, below)| {
            let mut chains = self.chains.of(id).filter(|chain| chain.place == *below);
            chains.any(|chain| chain.first < window.to)
        })
    }

    /// Whether any meter that a measure of the place could use is bound there or below at some time of a window,
    /// heard or not.
    pub(crate) fn is_metered(
        &self,
        wanted: (Measure, &Energy),
        here: (&Register, &Id),
        window: Span,
    ) -> bool {
        self.has_meter(wanted, here, window, |(id, below)| {
            let rows = here.0.meters.get(id).into_iter().flat_map(|history| history.rows());
            rows.into_iter().any(|row| row.value.place == *below && row.span.intersect(window).is_some())
        })
    }

    fn has_meter(
        &self,
        (measure, energy): (Measure, &Energy),
        (register, place): (&Register, &Id),
        window: Span,
        is_meant: impl Fn(&(Id, Id)) -> bool,
    ) -> bool {
        let wanted = carriers(measure, energy);
        let of_carrier = |(id, _): &&(Id, Id)| {
            let facts = self.facts.get(id);
            facts.is_some_and(|f| f.rows().any(|meter| wanted.contains_key(&meter.carrier)))
        };
        let is_below = |below: &Id| {
            let stays = pieces(window, self.moves.iter().copied());
            let mut above = stays.iter().flat_map(|stay| register.ancestors(below, stay.from));
            self.moves.is_empty() || above.any(|up| up.id == *place)
        };
        self.meters.iter().filter(of_carrier).any(|bound| is_meant(bound) && is_below(&bound.1))
    }
}

/// A window cut at the borders inside it.
pub(crate) fn pieces(window: Span, borders: impl Iterator<Item = Instant>) -> Vec<Span> {
    let mut borders: Vec<Instant> = borders.filter(|at| window.from < *at && *at < window.to).collect();
    borders.extend([window.from, window.to]);
    borders.sort_unstable();
    borders.dedup();
    borders.iter().zip(borders.iter().skip(1)).map(|(from, to)| Span::new(*from, *to)).collect()
}

/// Totals where there are any, else end uses; none that has a counted meter above it.
fn counted<'a>(meters: &[&'a Meter], carrier: Carrier, only: &[EndUse]) -> Vec<&'a Meter> {
    let chosen = chosen(meters, carrier, only);
    chosen.iter().filter(|m| !has_counted_parent(m, &chosen, meters)).copied().collect()
}

/// Totals where there are any, else end uses.
pub(super) fn chosen<'a>(meters: &[&'a Meter], carrier: Carrier, only: &[EndUse]) -> Vec<&'a Meter> {
    let of_carrier: Vec<&Meter> = meters.iter().copied().filter(|m| m.carrier == carrier).collect();
    let totals: Vec<&Meter> = of_carrier.iter().copied().filter(|m| m.end_use == EndUse::Total).collect();
    if !only.is_empty() {
        of_carrier.into_iter().filter(|m| only.contains(&m.end_use)).collect()
    } else if totals.is_empty() {
        of_carrier.into_iter().filter(|m| m.end_use != EndUse::Pv).collect()
    } else {
        totals
    }
}

/// Whether a meter above one, however far, is among those chosen.
pub(super) fn has_counted_parent(meter: &Meter, chosen: &[&Meter], all: &[&Meter]) -> bool {
    let mut next = meter.parent.as_ref();
    for _ in 0..=all.len() {
        let Some(parent) = next else { return false };
        if chosen.iter().any(|m| m.id == *parent) {
            return true;
        }
        next = all.iter().find(|m| m.id == *parent).and_then(|m| m.parent.as_ref());
    }
    false
}

/// The carriers that count, with the factor to the unit of the figure.
pub(crate) fn carriers(measure: Measure, energy: &Energy) -> BTreeMap<Carrier, f64> {
    let one = |carrier| BTreeMap::from([(carrier, 1.0)]);
    match measure {
        Measure::Gas => one(Carrier::Gas),
        Measure::Heat => one(Carrier::Heat),
        Measure::Water | Measure::WaterPerPerson => one(Carrier::Water),
        _ if energy.factors.is_empty() => one(Carrier::Electricity),
        _ => energy.factors.clone(),
    }
}
