//! `weather_regularity`: how far the cooling follows the weather: R² of hourly cooling power on outdoor temperature, 1.
//!
//! Formula: (n Σxy - Σx Σy)² / ((n Σxx - (Σx)²) (n Σyy - (Σy)²)) over the hours of the window of which both are
//! known: x is the mean outdoor temperature, observed for at least half of the hour, and y the mean electric power
//! of the meters with end use `cooling` (at the place or below, none with a counted parent), each known for the
//! whole hour from steps of at most an hour. Hours in which the plant stood still count as any other; a clause with
//! the gate `working` compares the hours that lie in working hours as a whole. Fewer than [`LEAST_HOURS`] such
//! hours, or a power or temperature that is always the same, tell nothing. Coverage: the hours of which both are
//! known. Six decimals. Source: a practice value of energy managers, no standard.

use model::{
    Period,
    register::{Carrier, EndUse, Meter},
};
use serde::{Deserialize, Serialize};

use super::{Context, Figure};
use crate::{
    Fact,
    meter::Use,
    partial::{Partial, ratio},
};

/// Least hours of which both are known: three days.
pub(crate) const LEAST_HOURS: i64 = 72;
/// Length of an hour of the sums, ms: each that is known adds so much time.
const HOUR_MS: i64 = 3_600_000;

/// What the hours add up. Temperature is in micro-degrees, power in milliwatts: integers, so that in any order the
/// sums are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) enum Moment {
    /// Temperature times power.
    Both,
    /// Temperature.
    Temperature,
    /// Temperature, squared.
    Temperatures,
    /// Power.
    Power,
    /// Power, squared.
    Powers,
}

impl Moment {
    pub(crate) const ALL: [Self; 5] =
        [Self::Both, Self::Temperature, Self::Temperatures, Self::Power, Self::Powers];

    const fn of(self, x: i128, y: i128) -> i128 {
        match self {
            Self::Both => x * y,
            Self::Temperature => x,
            Self::Temperatures => x * x,
            Self::Power => y,
            Self::Powers => y * y,
        }
    }
}

/// What an hour adds to a moment; `None` when the place has no cooling meter.
///
/// `outdoors` is what was observed of the outdoor temperature in the hour.
pub(crate) fn partial(context: Context<'_>, outdoors: &Partial, moment: Moment) -> Option<Partial> {
    let power = power(context)?;
    let window = context.window.millis();
    let mut partial = Partial { judged: window, ..Partial::default() };
    let temperature = (2 * outdoors.observed >= window && outdoors.time > 0)
        .then(|| outdoors.sum.div_euclid(i128::from(outdoors.time)));
    if let (Some(x), Some(y)) = (temperature, power) {
        partial.observed = window;
        partial.time = HOUR_MS;
        partial.sum = moment.of(x, y);
    }
    Some(partial)
}

/// Mean cooling power over the hour, mW; the inner `None` while a meter does not know all of it.
fn power(context: Context<'_>) -> Option<Option<i128>> {
    let (supply, window) = (context.supply, context.window);
    let counted = cooling_meters(context);
    if counted.is_empty() {
        return None;
    }
    let hours = Some(context.calendar());
    let used = counted.iter().map(|meter| {
        let counts = |used: &Use| used.within(Period::Hour);
        let (amount, observed) = supply.counted(meter, window, hours, counts)?;
        (observed >= window.millis()).then_some(amount)
    });
    let sum: Option<i128> = used.sum();
    // A micro-kWh an hour is a milliwatt.
    Some(sum.map(|amount| (amount * i128::from(HOUR_MS)).div_euclid(i128::from(window.millis()).max(1))))
}

fn cooling_meters(context: Context<'_>) -> Vec<&Meter> {
    let (register, at) = (context.register, context.window.from);
    context.supply.roots(register, context.place, at, Carrier::Electricity, &[EndUse::Cooling])
}

/// The figure of a window from the sums of its moments, in the order of [`Moment::ALL`].
pub(crate) fn figure(sums: [Partial; 5], context: Context<'_>) -> Figure {
    let [both, x, xx, y, yy] = sums;
    let hours = both.time / HOUR_MS;
    let mut figure =
        Figure { coverage: both.coverage(), has_judged_time: both.judged > 0, ..Figure::default() };
    figure.why.insert("hours".to_owned(), ratio(i128::from(hours), 1).into());
    let names = cooling_meters(context).into_iter().map(|meter| Fact::from(meter.id.as_str())).collect();
    figure.why.insert("meters".to_owned(), Fact::List(names));
    let n = i128::from(hours);
    let spread_x = n * xx.sum - x.sum * x.sum;
    let spread_y = n * yy.sum - y.sum * y.sum;
    let missing = if hours < LEAST_HOURS {
        Some(format!("{LEAST_HOURS} hours of cooling power and outdoor temperature"))
    } else if spread_x <= 0 {
        Some("an outdoor temperature that changes".to_owned())
    } else if spread_y <= 0 {
        Some("a cooling power that changes".to_owned())
    } else {
        None
    };
    if let Some(missing) = missing {
        figure.why.insert("missing".to_owned(), missing.into());
        return Figure { value: None, coverage: 0.0, ..figure };
    }
    let joint = (n * both.sum - x.sum * y.sum).abs();
    // Rounding may leave it a hair above one.
    figure.value = Some((ratio(joint, spread_x) * ratio(joint, spread_y)).min(1.0));
    figure
}
