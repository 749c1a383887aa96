//! Which meters of a place count, and what they used.
//!
//! The use of a place is that of its meters that have no counted parent; end uses are never added
//! to a total; what a clause leaves out is subtracted only where it is metered. Where meters come
//! and go within a window, each stretch of time is summed with the meters of that stretch.

use std::{collections::BTreeMap, sync::Arc};

use model::{
    Calendar, Id, Instant, Period, Place, Quantity, Register, Span,
    register::{Carrier, EndUse, Meter},
};

use super::{Context, Figure};
use crate::{
    Energy, Fact, Measure,
    ledger::Merge,
    meter::{MeterFacts, Meters, Use},
    partial::ratio,
};

/// The meters of a place and of all places below it, and what they have counted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Supply<'a> {
    pub(crate) chains: &'a Meters,
    pub(crate) facts: &'a BTreeMap<Id, Arc<MeterFacts>>,
    /// Meters that were ever bound there or below, with where.
    pub(crate) meters: &'a [(Id, Id)],
}

/// End uses whose rooms leave an energy figure with their energy. Heating and transport have no rooms of their own.
const SPACES: [EndUse; 3] = [EndUse::DataCentre, EndUse::Kitchen, EndUse::Special];
/// In `why`: the place's excluded area leaves the figure too.
pub(crate) const SPACE_LEFT_OUT: &str = "space_left_out";

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

    /// Whether a meter serves a space that leaves a figure with its energy.
    fn is_of_space(&self, meter: &Fact) -> bool {
        let Fact::Text(meter) = meter else { return false };
        let facts = self.facts.iter().find(|(id, _)| id.as_str() == meter).map(|(_, facts)| facts);
        facts.is_some_and(|facts| facts.rows().any(|row| SPACES.contains(&row.end_use)))
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
        let mut borders: Vec<Instant> = rows.filter(|at| window.from < *at && *at < window.to).collect();
        borders.extend([window.from, window.to]);
        borders.sort_unstable();
        borders.dedup();
        borders.iter().zip(borders.iter().skip(1)).map(|(from, to)| Span::new(*from, *to)).collect()
    }

    /// What one meter counted over a stretch; the register is preferred to amounts that it also sends.
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
        let of = |quantity: Quantity| {
            let mut sum = Use::default();
            let chains = self.chains.of(&meter.id).filter(|c| c.series.quantity == quantity);
            chains.filter(|c| c.place == meter.place).for_each(|c| {
                match (hours, self.facts.get(&meter.id)) {
                    (Some(calendar), Some(facts)) => sum.merge(&c.used_over(stretch, facts, calendar)),
                    _ => sum.merge(&c.used.over(stretch)),
                }
            });
            let (amount, observed) = counts(&sum);
            (observed > 0).then(|| (ratio(amount, 1_000_000), observed))
        };
        quantities(meter.carrier).into_iter().find_map(of)
    }

    /// Whether any meter there had been seen before an instant that a measure could use.
    pub(crate) fn is_seen(&self, measure: Measure, energy: &Energy, before: Instant) -> bool {
        let wanted = carriers(measure, energy);
        let of_carrier = |(id, _): &&(Id, Id)| {
            let facts = self.facts.get(id);
            facts.is_some_and(|f| f.rows().any(|meter| wanted.contains_key(&meter.carrier)))
        };
        let mut seen = self
            .meters
            .iter()
            .filter(of_carrier)
            .flat_map(|(id, place)| self.chains.of(id).filter(move |chain| chain.place == *place));
        seen.any(|chain| chain.first < before)
    }
}

/// Totals where there are any, else end uses; none that has a counted meter above it.
fn counted<'a>(meters: &[&'a Meter], carrier: Carrier, only: &[EndUse]) -> Vec<&'a Meter> {
    let of_carrier: Vec<&Meter> = meters.iter().copied().filter(|m| m.carrier == carrier).collect();
    let totals: Vec<&Meter> = of_carrier.iter().copied().filter(|m| m.end_use == EndUse::Total).collect();
    let chosen: Vec<&Meter> = if !only.is_empty() {
        of_carrier.into_iter().filter(|m| only.contains(&m.end_use)).collect()
    } else if totals.is_empty() {
        of_carrier.into_iter().filter(|m| m.end_use != EndUse::Pv).collect()
    } else {
        totals
    };
    chosen.iter().filter(|m| !has_counted_parent(m, &chosen, meters)).copied().collect()
}

fn has_counted_parent(meter: &Meter, chosen: &[&Meter], all: &[&Meter]) -> bool {
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

/// Sum over meters.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sum {
    /// As observed.
    pub(crate) observed: f64,
    /// Scaled from the observed to the whole window, meter by meter.
    pub(crate) scaled: f64,
    /// The least observed share among the meters.
    pub(crate) coverage: f64,
}

/// Which meters of a carrier are summed.
#[derive(Debug, Clone, Copy)]
struct Choice<'a> {
    carrier: Carrier,
    only: &'a [EndUse],
    /// Whether the sum is to be taken off: meters that were never seen do not count then, and time
    /// without such a meter is no gap, since what is not metered apart stays in.
    is_left_out: bool,
}

/// What the meters of a choice say of a window.
#[derive(Debug)]
enum Found {
    /// There is no such meter.
    NoMeter,
    /// There are, and none of them observed anything.
    Silent,
    Sum(Sum),
}

/// Sums the chosen meters over the window, stretch by stretch; names what was summed.
fn sum(choice: Choice<'_>, context: Context<'_>, period: Period, names: &mut Vec<Fact>) -> Found {
    let (mut total, mut known_ms) = (Sum { observed: 0.0, scaled: 0.0, coverage: 0.0 }, 0);
    let mut metered_ms = 0;
    let whole = i128::from(context.window.millis());
    for stretch in context.supply.stretches(context.window) {
        let mut chosen =
            context.supply.roots(context.register, context.place, stretch.from, choice.carrier, choice.only);
        chosen.retain(|m| !choice.is_left_out || context.supply.chains.of(&m.id).next().is_some());
        if chosen.is_empty() {
            continue;
        }
        metered_ms += stretch.millis();
        let Some(part) = over_stretch(&chosen, stretch, context, period) else { continue };
        total.observed += part.observed;
        total.scaled += part.scaled;
        total.coverage += part.coverage * ratio(i128::from(stretch.millis()), whole);
        known_ms += stretch.millis();
        for name in chosen.iter().map(|m| Fact::from(m.id.as_str())) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    if known_ms == 0 {
        return if metered_ms == 0 { Found::NoMeter } else { Found::Silent };
    }
    let expected_ms = if choice.is_left_out { i128::from(metered_ms) } else { whole };
    total.scaled /= ratio(i128::from(known_ms), expected_ms);
    total.coverage /= ratio(expected_ms, whole);
    Found::Sum(total)
}

fn over_stretch(chosen: &[&Meter], stretch: Span, context: Context<'_>, period: Period) -> Option<Sum> {
    let hours = (period == Period::All).then(|| context.calendar());
    let mut total = Sum { observed: 0.0, scaled: 0.0, coverage: 1.0 };
    let mut is_any = false;
    let expected = i128::from(stretch.millis());
    for meter in chosen {
        match context.supply.used(meter, stretch, hours, |used| used.within(period)) {
            Some((amount, observed)) => {
                is_any = true;
                let share = ratio(i128::from(observed), expected).min(1.0);
                total.observed += amount;
                total.scaled += amount / share;
                total.coverage = total.coverage.min(share);
            }
            None => total.coverage = 0.0,
        }
    }
    is_any.then_some(total)
}

fn carriers(measure: Measure, energy: &Energy) -> BTreeMap<Carrier, f64> {
    let one = |carrier| BTreeMap::from([(carrier, 1.0)]);
    match measure {
        Measure::Gas => one(Carrier::Gas),
        Measure::Heat => one(Carrier::Heat),
        Measure::Water | Measure::WaterPerPerson => one(Carrier::Water),
        _ if energy.factors.is_empty() => one(Carrier::Electricity),
        _ => energy.factors.clone(),
    }
}

/// Sum over carriers with factors, exclusions subtracted where metered. `why` names meters and factors.
pub(crate) fn weighted(
    measure: Measure,
    context: Context<'_>,
    period: Period,
    energy: &Energy,
) -> (Figure, Option<Sum>) {
    let mut figure = Figure { has_judged_time: true, ..Figure::default() };
    let mut total: Option<Sum> = None;
    let mut names: Vec<Fact> = Vec::new();
    let mut has_left_space = false;
    let mut silent: Vec<Carrier> = Vec::new();
    for (carrier, factor) in carriers(measure, energy) {
        let choice = Choice { carrier, only: &energy.only, is_left_out: false };
        let found = match sum(choice, context, period, &mut names) {
            Found::Sum(found) => found,
            Found::NoMeter => continue,
            Found::Silent => {
                silent.push(carrier);
                continue;
            }
        };
        total = Some(add(total, found, factor));
        figure.why.insert(format!("factor_{carrier}"), factor.into());
        if energy.without.is_empty() {
            continue;
        }
        let mut left_out = Vec::new();
        let choice = Choice { carrier, only: &energy.without, is_left_out: true };
        match sum(choice, context, period, &mut left_out) {
            Found::Sum(out) => {
                has_left_space |= left_out.iter().any(|meter| context.supply.is_of_space(meter));
                figure.why.insert(format!("subtracted_{carrier}"), Fact::List(left_out));
                total = Some(add(total, out, -factor));
            }
            Found::NoMeter => {}
            Found::Silent => silent.push(carrier),
        }
    }
    if let Some(carrier) = silent.first() {
        // A sum with an unknown part is no sum.
        total = None;
        figure.why.insert("missing".to_owned(), format!("readings of the {carrier} meters").into());
    }
    figure.coverage = total.map_or(0.0, |s| s.coverage);
    figure.why.insert("meters".to_owned(), Fact::List(names));
    if has_left_space {
        figure.why.insert(SPACE_LEFT_OUT.to_owned(), true.into());
    }
    (figure, total)
}

fn add(total: Option<Sum>, sum: Sum, factor: f64) -> Sum {
    let held = total.unwrap_or(Sum { observed: 0.0, scaled: 0.0, coverage: 1.0 });
    Sum {
        observed: held.observed + sum.observed * factor,
        scaled: held.scaled + sum.scaled * factor,
        coverage: held.coverage.min(sum.coverage),
    }
}
