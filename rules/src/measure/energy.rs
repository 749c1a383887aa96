//! Figures of meters: use, intensity, ratios.
//!
//! The use of a place is that of its meters that have no counted parent; end uses are never added
//! to a total; what a clause leaves out is subtracted only where it is metered.

use std::collections::BTreeMap;

use model::{
    Calendar, Id, Instant, Period, Place, Quantity, Register, Span,
    register::{Carrier, EndUse, Meter},
};

use super::{
    Context, Figure,
    people::{average, count},
};
use crate::{
    AreaBasis, Correction, Energy, Fact, Measure,
    ledger::Merge,
    meter::{Chain, Use},
    partial::ratio,
};

/// All meter series of a shard, by meter.
pub(crate) type Meters = BTreeMap<Id, Vec<Chain>>;

/// What the carrier's registers and amounts are called.
const fn quantities(carrier: Carrier) -> [Quantity; 2] {
    match carrier {
        Carrier::Electricity => [Quantity::EnergyImport, Quantity::Energy],
        Carrier::Gas => [Quantity::Gas, Quantity::GasUsed],
        Carrier::Heat => [Quantity::Heat, Quantity::HeatUsed],
        Carrier::Water => [Quantity::Water, Quantity::WaterUsed],
    }
}

/// Meters of a place and all places below it at an instant.
fn below<'a>(register: &'a Register, place: &Place, at: Instant) -> Vec<&'a Meter> {
    register
        .meters
        .values()
        .filter_map(|history| history.at(at).or_else(|| history.last()))
        .filter(|m| register.ancestors(&m.place, at).iter().any(|p| p.id == place.id))
        .collect()
}

/// The meters whose sum is the use of one carrier: totals where there are any, else end uses; none
/// that has a counted meter above it.
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
    let roots = chosen.iter().filter(|m| !has_counted_parent(m, &chosen, meters));
    roots.copied().collect()
}

fn has_counted_parent(meter: &Meter, chosen: &[&Meter], all: &[&Meter]) -> bool {
    let mut next = meter.parent.as_ref();
    let mut seen = 0;
    while let Some(parent) = next {
        if chosen.iter().any(|m| m.id == *parent) {
            return true;
        }
        seen += 1;
        next = all.iter().find(|m| m.id == *parent && seen <= all.len()).and_then(|m| m.parent.as_ref());
    }
    false
}

/// Use of one meter in a window: amount in the quantity's unit, and observed ms. The register of
/// the meter is preferred to amounts that it also publishes.
fn used(
    meters: &Meters,
    meter: &Meter,
    window: Span,
    period: Period,
    calendar: &Calendar,
) -> Option<(f64, i64)> {
    let chains = meters.get(&meter.id)?;
    let window = Span::new(calendar.window(Period::Hour, window.from).from, window.to);
    let of = |quantity: Quantity| {
        let mut sum = Use::default();
        chains.iter().filter(|c| c.series.quantity == quantity).for_each(|c| sum.merge(&c.used.over(window)));
        let (amount, observed) = sum.within(period);
        (observed > 0).then(|| (ratio(amount, 1_000_000), observed))
    };
    quantities(meter.carrier).into_iter().find_map(of)
}

/// Sum over meters, with the least observed share among them.
#[derive(Debug, Clone, Copy)]
struct Sum {
    /// As observed.
    observed: f64,
    /// Scaled from the observed to the whole window, meter by meter.
    scaled: f64,
    coverage: f64,
}

fn sum(meters: &Meters, chosen: &[&Meter], context: Context<'_>, period: Period) -> Option<Sum> {
    let window = context.window;
    let expected = window.millis();
    if chosen.is_empty() || expected == 0 {
        return None;
    }
    let mut total = Sum { observed: 0.0, scaled: 0.0, coverage: 1.0 };
    let mut any = false;
    for meter in chosen {
        match used(meters, meter, window, period, context.calendar()) {
            Some((amount, observed)) => {
                any = true;
                let share = ratio(i128::from(observed), i128::from(expected));
                total.observed += amount;
                total.scaled += amount / share;
                total.coverage = total.coverage.min(share);
            }
            None => total.coverage = 0.0,
        }
    }
    any.then_some(total)
}

/// Whether any meter series below the place was ever seen that this measure could use.
pub(crate) fn has_meters(measure: Measure, meters: &Meters, context: Context<'_>, energy: &Energy) -> bool {
    let found = below(context.register, context.place, context.at());
    carriers(measure, energy)
        .keys()
        .any(|carrier| found.iter().any(|m| m.carrier == *carrier && meters.contains_key(&m.id)))
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

/// The figure of a meter measure over a window of a period.
pub(crate) fn figure(
    measure: Measure,
    meters: &Meters,
    context: Context<'_>,
    period: Period,
    energy: &Energy,
    correction: Option<&Correction>,
) -> Figure {
    match measure {
        Measure::Electricity | Measure::Gas | Measure::Heat | Measure::Water => {
            amount(measure, meters, context, period, energy)
        }
        Measure::Eui => intensity(measure, meters, context, period, energy),
        Measure::EuiCorrected => crate::correct::corrected(
            intensity(measure, meters, context, period, energy),
            correction,
            context,
        ),
        Measure::EnergyPerPerson | Measure::WaterPerPerson => {
            per_person(measure, meters, context, period, energy)
        }
        Measure::LightingPowerDensity => lighting(meters, context, period),
        Measure::RestDayRatio => rest_day_ratio(meters, context),
        Measure::NightRatio => night_ratio(meters, context),
        _ => Figure::default(),
    }
}

fn amount(
    measure: Measure,
    meters: &Meters,
    context: Context<'_>,
    period: Period,
    energy: &Energy,
) -> Figure {
    let (figure, sum) = weighted(measure, meters, context, period, energy);
    Figure { value: sum.map(|s| s.observed), ..figure }
}

/// Sum over carriers with factors, exclusions subtracted where metered.
fn weighted(
    measure: Measure,
    meters: &Meters,
    context: Context<'_>,
    period: Period,
    energy: &Energy,
) -> (Figure, Option<Sum>) {
    let found = below(context.register, context.place, context.at());
    let mut figure = Figure { has_judged_time: true, ..Figure::default() };
    let mut total: Option<Sum> = None;
    let mut names: Vec<Fact> = Vec::new();
    for (carrier, factor) in carriers(measure, energy) {
        let chosen = counted(&found, carrier, &energy.only);
        let Some(sum) = sum(meters, &chosen, context, period) else { continue };
        names.extend(chosen.iter().map(|m| Fact::from(m.id.as_str())));
        total = Some(add(total, sum, factor));
        figure.why.insert(format!("factor_{carrier}"), factor.into());
        let excluded = excluded(&found, carrier, energy, meters);
        if let Some(out) = self::sum(meters, &excluded, context, period) {
            figure.why.insert(
                format!("subtracted_{carrier}"),
                Fact::List(excluded.iter().map(|m| Fact::from(m.id.as_str())).collect()),
            );
            total = Some(add(total, Sum { coverage: 1.0, ..out }, -factor));
        }
    }
    figure.coverage = total.map_or(0.0, |s| s.coverage);
    figure.why.insert("meters".to_owned(), Fact::List(names));
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

/// Meters of what the clause leaves out, as far as they have published.
fn excluded<'a>(found: &[&'a Meter], carrier: Carrier, energy: &Energy, meters: &Meters) -> Vec<&'a Meter> {
    if energy.without.is_empty() {
        return Vec::new();
    }
    let mut chosen = counted(found, carrier, &energy.without);
    chosen.retain(|m| meters.contains_key(&m.id));
    chosen
}

/// Use scaled to a whole year over area; a window other than a year is annualised by its length.
fn intensity(
    measure: Measure,
    meters: &Meters,
    context: Context<'_>,
    period: Period,
    energy: &Energy,
) -> Figure {
    let (mut figure, sum) = weighted(measure, meters, context, period, energy);
    let is_heated = energy.area == AreaBasis::Heated;
    let area = if is_heated { context.place.heated_area_m2 } else { context.place.floor_area_m2 };
    let Some(area) = area.filter(|a| *a > 0.0) else {
        let name = if is_heated { "heated_area_m2" } else { "floor_area_m2" };
        figure.why.insert("missing".to_owned(), name.into());
        return Figure { value: None, coverage: 0.0, ..figure };
    };
    let is_reduced = figure.why.keys().any(|k| k.starts_with("subtracted_"));
    let area = area - if is_reduced { context.place.excluded_area_m2.unwrap_or(0.0) } else { 0.0 };
    figure.why.insert("area_m2".to_owned(), area.into());
    if let Some(sum) = sum {
        figure.why.insert("used_as_observed".to_owned(), sum.observed.into());
    }
    let years =
        if period == Period::Year { 1.0 } else { ratio(i128::from(context.window.millis()), YEAR_MS) };
    figure.value = sum.filter(|_| area > 0.0).map(|s| s.scaled / area / years);
    figure
}

const YEAR_MS: i128 = 365 * 86_400_000;

fn per_person(
    measure: Measure,
    meters: &Meters,
    context: Context<'_>,
    period: Period,
    energy: &Energy,
) -> Figure {
    let (mut figure, sum) = weighted(measure, meters, context, period, energy);
    let body = context.register.body_of(&context.place.id, context.at());
    let Some(headcount) = body.and_then(|b| b.energy_headcount).filter(|h| *h > 0.0) else {
        figure.why.insert("missing".to_owned(), "energy_headcount".into());
        return Figure { value: None, coverage: 0.0, ..figure };
    };
    figure.why.insert("energy_headcount".to_owned(), headcount.into());
    figure.value = sum.map(|s| s.scaled / headcount);
    figure
}

/// Mean power of the lighting circuits over usable area, W/m²; of an hour it is the installed load in use.
fn lighting(meters: &Meters, context: Context<'_>, period: Period) -> Figure {
    let found = below(context.register, context.place, context.at());
    let chosen = counted(&found, Carrier::Electricity, &[EndUse::Lighting]);
    let mut figure = Figure { has_judged_time: true, ..Figure::default() };
    let Some(area) = context.place.usable_area_m2.filter(|a| *a > 0.0) else {
        figure.why.insert("missing".to_owned(), "usable_area_m2".into());
        return figure;
    };
    if let Some(sum) = sum(meters, &chosen, context, period) {
        let hours = ratio(i128::from(context.window.millis()), 3_600_000);
        figure.coverage = sum.coverage;
        figure.value = Some(sum.scaled / hours * 1000.0 / area);
    }
    figure
}

/// Mean use of rest days over mean use of working days, electricity, whole days observed to 90 %.
fn rest_day_ratio(meters: &Meters, context: Context<'_>) -> Figure {
    let calendar = context.calendar();
    let (mut rest, mut work) = (Vec::new(), Vec::new());
    let days = calendar.windows(Period::Day, context.window);
    let mut known = 0;
    for day in &days {
        let inner = Context { window: *day, ..context };
        let of_day = amount(Measure::Electricity, meters, inner, Period::Day, &Energy::default());
        let Some(used) = of_day.value.filter(|_| of_day.coverage >= 0.9) else { continue };
        known += 1;
        if calendar.is_working_day(calendar.date(day.from)) { work.push(used) } else { rest.push(used) }
    }
    let value = match (average(&rest), average(&work)) {
        (Some(rest), Some(work)) if work > 0.0 => Some(rest / work),
        _ => None,
    };
    let mut figure = Figure {
        value,
        coverage: count(known) / count(days.len()).max(1.0),
        has_judged_time: !days.is_empty(),
        ..Figure::default()
    };
    figure.why.insert("rest_days".to_owned(), count(rest.len()).into());
    figure.why.insert("working_days".to_owned(), count(work.len()).into());
    figure
}

/// Mean night power (21:00 to 05:00) over mean power of 08:00 to 18:00 on the window's hours.
fn night_ratio(meters: &Meters, context: Context<'_>) -> Figure {
    let calendar = context.calendar();
    let (mut night, mut day) = (Vec::new(), Vec::new());
    let hours = calendar.windows(Period::Hour, context.window);
    let mut judged = 0;
    for hour in &hours {
        let clock = calendar.zone.to_datetime(hour.from.timestamp()).hour();
        let list = match clock {
            21.. | 0..=4 => &mut night,
            8..=17 => &mut day,
            _ => continue,
        };
        judged += 1;
        let inner = Context { window: *hour, ..context };
        let of_hour = amount(Measure::Electricity, meters, inner, Period::Hour, &Energy::default());
        list.extend(of_hour.value.filter(|_| of_hour.coverage >= 0.75));
    }
    let value = match (average(&night), average(&day)) {
        (Some(night), Some(day)) if day > 0.0 => Some(night / day),
        _ => None,
    };
    let known = night.len() + day.len();
    Figure {
        value,
        coverage: if judged > 0 { count(known) / count(judged) } else { 0.0 },
        has_judged_time: judged > 0,
        ..Figure::default()
    }
}
