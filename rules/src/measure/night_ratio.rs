//! `night_ratio`: mean electric power of the night over that of the day, 1.
//!
//! Formula: mean power of the counted meters in the hours from 21:00 to 05:00 over that in the
//! hours from 08:00 to 18:00, every day of the window alike; only steps of at most an hour tell.
//! Which end uses count is the clause's (`only`, `without`).
//! Coverage: observed share of those hours. Source: the product's own policy.

use model::{
    Calendar, Period, Span,
    register::{Carrier, EndUse},
};

use super::{Context, Figure};
use crate::{Energy, meter::Part, partial::ratio};

/// The figure of a window.
pub(crate) fn figure(context: Context<'_>, energy: &Energy) -> Figure {
    let expected = expected_ms(context.calendar(), context.window);
    let (mut night, mut day) = (Mean::default(), Mean::default());
    let mut observed = 0;
    for stretch in context.supply.stretches(context.window) {
        let meters = |only: &[EndUse]| {
            context.supply.roots(context.register, context.place, stretch.from, Carrier::Electricity, only)
        };
        let counted = meters(&energy.only);
        let left_out = if energy.without.is_empty() { Vec::new() } else { meters(&energy.without) };
        let left_out: Vec<_> =
            left_out.into_iter().filter(|m| context.supply.chains.of(&m.id).next().is_some()).collect();
        let of = |part| {
            let signed = counted.iter().map(|m| (m, 1.0)).chain(left_out.iter().map(|m| (m, -1.0)));
            let used = signed.map(|(meter, sign)| {
                let (amount, ms) =
                    context.supply.used(meter, stretch, Some(context.calendar()), |used| used.part(part))?;
                Some((amount * sign, ms))
            });
            // A sum with an unknown part is no sum.
            used.collect::<Option<Vec<_>>>().filter(|_| !counted.is_empty())
        };
        let parts = [(Part::Night, &mut night), (Part::Day, &mut day)];
        for (part, mean) in parts {
            let Some(used) = of(part) else { continue };
            let power = used.iter().map(|(amount, ms)| amount / ratio(i128::from(*ms), 1)).sum();
            let known = used.iter().map(|(_, ms)| *ms).min().unwrap_or(0);
            mean.add(power, known);
            observed += known;
        }
    }
    let value = match (night.value(), day.value()) {
        (Some(night), Some(day)) if day > 0.0 => Some(night / day),
        _ => None,
    };
    Figure {
        value,
        coverage: ratio(i128::from(observed), i128::from(expected)).min(1.0),
        has_judged_time: expected > 0,
        ..Figure::default()
    }
}

/// A mean weighted by time.
#[derive(Default)]
struct Mean {
    sum: f64,
    ms: i64,
}

impl Mean {
    fn add(&mut self, value: f64, ms: i64) {
        self.sum += value * ratio(i128::from(ms), 1);
        self.ms += ms;
    }

    fn value(&self) -> Option<f64> {
        (self.ms > 0).then(|| self.sum / ratio(i128::from(self.ms), 1))
    }
}

/// Length of the night and day hours of a window, ms.
fn expected_ms(calendar: &Calendar, window: Span) -> i64 {
    const USUAL_DAY_MS: i64 = 24 * 3_600_000;
    const COMPARED_MS: i64 = 18 * 3_600_000;
    let days = calendar.windows(Period::Day, window);
    let of_day = |day: &Span| {
        let Some(inside) = day.intersect(window) else { return 0 };
        if inside.millis() == USUAL_DAY_MS && inside == *day {
            return COMPARED_MS;
        }
        let hours = calendar.windows(Period::Hour, inside);
        let compared = hours.iter().filter(|hour| {
            let clock = calendar.zone.to_datetime(hour.from.timestamp()).hour();
            Part::of_clock(clock) != Part::Edge
        });
        compared.filter_map(|hour| hour.intersect(inside)).map(Span::millis).sum()
    };
    days.iter().map(of_day).sum()
}
