//! Sums over meters: of a place, or of everything that a body holds.
//!
//! A sum is taken stretch by stretch of a window, and for each building (of a place: for itself) apart,
//! so that a building whose meter comes later is scaled for itself and no other for it.

use std::collections::BTreeMap;

use model::{
    Id, Instant, Period, Span,
    register::{Carrier, EndUse, Meter},
};

use super::{Context, Figure, meters::carriers};
use crate::{Energy, Fact, Measure, partial::ratio};

/// End uses whose rooms leave an energy figure with their energy. Heating and transport have no rooms of their own.
const SPACES: [EndUse; 3] = [EndUse::DataCentre, EndUse::Kitchen, EndUse::Special];
/// In `why`: the place's excluded area leaves the figure too.
pub(crate) const SPACE_LEFT_OUT: &str = "space_left_out";

/// A building of a sum, or another part of it, and the meters whose sum is its use of a carrier.
pub(crate) type Part<'a> = (&'a Id, Vec<&'a Meter>);

/// Meters that can be summed over a window.
pub(crate) trait Metered {
    /// The window.
    fn window(&self) -> Span;
    /// Its stretches in which no meter comes or goes.
    fn stretches(&self) -> Vec<Span>;
    /// The parts that use a carrier at an instant, those without a meter of it included.
    fn parts(&self, at: Instant, carrier: Carrier, only: &[EndUse]) -> Vec<Part<'_>>;
    /// What one meter counted over a stretch, and for how much of it, ms; `None` when it observed nothing.
    fn used(&self, meter: &Meter, stretch: Span, period: Period) -> Option<(f64, i64)>;
    /// Whether the meter was ever heard.
    fn is_heard(&self, meter: &Id) -> bool;
    /// Whether a meter has an end use at any time.
    fn has_end_use(&self, meter: &str, of: &[EndUse]) -> bool;
}

impl Metered for Context<'_> {
    fn window(&self) -> Span {
        self.window
    }

    fn stretches(&self) -> Vec<Span> {
        self.supply.stretches(self.window)
    }

    fn parts(&self, at: Instant, carrier: Carrier, only: &[EndUse]) -> Vec<Part<'_>> {
        vec![(&self.place.id, self.supply.roots(self.register, self.place, at, carrier, only))]
    }

    fn used(&self, meter: &Meter, stretch: Span, period: Period) -> Option<(f64, i64)> {
        let hours = (period == Period::All).then(|| self.calendar());
        self.supply.used(meter, stretch, hours, |used| used.within(period))
    }

    fn is_heard(&self, meter: &Id) -> bool {
        self.supply.chains.of(meter).next().is_some()
    }

    fn has_end_use(&self, meter: &str, of: &[EndUse]) -> bool {
        let facts = self.supply.facts.iter().find(|(id, _)| id.as_str() == meter).map(|(_, facts)| facts);
        facts.is_some_and(|facts| facts.rows().any(|row| of.contains(&row.end_use)))
    }
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
    /// There are, and those of a part observed nothing.
    Silent,
    Sum(Sum),
}

/// What is known of one part over a window.
#[derive(Debug, Clone, Copy, Default)]
struct Share {
    observed: f64,
    scaled: f64,
    /// Time in which it belongs to the sum, has a meter, and is known, ms.
    held_ms: i64,
    metered_ms: i64,
    known_ms: i64,
}

/// Sums the chosen meters over the window, stretch by stretch; names what was summed.
fn sum(choice: Choice<'_>, metered: &impl Metered, period: Period, names: &mut Vec<Fact>) -> Found {
    let whole = i128::from(metered.window().millis());
    let stretches: Vec<(Span, Vec<Part<'_>>)> =
        metered.stretches().into_iter().map(|span| (span, parts(choice, metered, span.from))).collect();
    let mut shares: BTreeMap<&Id, Share> = BTreeMap::new();
    // A part that never has such a meter uses none of the carrier.
    let has_meter = stretches.iter().flat_map(|(_, parts)| parts).filter(|(_, meters)| !meters.is_empty());
    shares.extend(has_meter.map(|(part, _)| (*part, Share::default())));
    if shares.is_empty() {
        return Found::NoMeter;
    }
    let (mut coverage, mut metered_ms) = (0.0, 0);
    for (stretch, parts) in &stretches {
        let length = stretch.millis();
        let mut least: Option<f64> = None;
        for (part, meters) in parts {
            let Some(share) = shares.get_mut(*part) else { continue };
            share.held_ms += length;
            if meters.is_empty() {
                least = if choice.is_left_out { least } else { Some(0.0) };
                continue;
            }
            share.metered_ms += length;
            let found = over_stretch(meters, *stretch, metered, period);
            least = Some(least.unwrap_or(1.0).min(found.map_or(0.0, |sum| sum.coverage)));
            let Some(found) = found else { continue };
            share.observed += found.observed;
            share.scaled += found.scaled;
            share.known_ms += length;
            for name in meters.iter().map(|m| Fact::from(m.id.as_str())) {
                if !names.contains(&name) {
                    names.push(name);
                }
            }
        }
        coverage += least.unwrap_or(0.0) * ratio(i128::from(length), whole);
        metered_ms += if parts.iter().any(|(_, meters)| !meters.is_empty()) { length } else { 0 };
    }
    if shares.values().any(|share| share.known_ms == 0) {
        return Found::Silent;
    }
    let mut total = Sum { observed: 0.0, scaled: 0.0, coverage };
    for share in shares.values() {
        let expected = if choice.is_left_out { share.metered_ms } else { share.held_ms };
        total.observed += share.observed;
        total.scaled += share.scaled / ratio(i128::from(share.known_ms), i128::from(expected));
    }
    if choice.is_left_out {
        total.coverage /= ratio(i128::from(metered_ms), whole);
    }
    Found::Sum(total)
}

fn parts<'a>(choice: Choice<'_>, metered: &'a impl Metered, at: Instant) -> Vec<Part<'a>> {
    let mut parts = metered.parts(at, choice.carrier, choice.only);
    for (_, meters) in &mut parts {
        meters.retain(|m| !choice.is_left_out || metered.is_heard(&m.id));
    }
    parts
}

/// What the meters counted together. `None` where one of them is not known at all: a part of a sum is no sum.
fn over_stretch(chosen: &[&Meter], stretch: Span, metered: &impl Metered, period: Period) -> Option<Sum> {
    let mut total = Sum { observed: 0.0, scaled: 0.0, coverage: 1.0 };
    let expected = i128::from(stretch.millis());
    for meter in chosen {
        let (amount, observed) = metered.used(meter, stretch, period)?;
        let share = ratio(i128::from(observed), expected).min(1.0);
        total.observed += amount;
        total.scaled += amount / share;
        total.coverage = total.coverage.min(share);
    }
    Some(total)
}

/// Sum over carriers with factors, exclusions subtracted where metered. `why` names meters and factors.
pub(crate) fn weighted(
    measure: Measure,
    metered: &impl Metered,
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
        let found = match sum(choice, metered, period, &mut names) {
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
        match sum(choice, metered, period, &mut left_out) {
            Found::Sum(out) => {
                has_left_space |= left_out.iter().any(|meter| is_of_space(metered, meter));
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

/// Whether a meter serves a space that leaves a figure with its energy.
fn is_of_space(metered: &impl Metered, meter: &Fact) -> bool {
    let Fact::Text(meter) = meter else { return false };
    metered.has_end_use(meter, &SPACES)
}
