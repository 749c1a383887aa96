//! `rest_day_ratio`: energy of a rest day over that of a working day, 1.
//!
//! Formula: mean use of rest days over mean use of working days, of days observed to 90 %. What
//! counts as use is the clause's (`[clause.energy]`): all electricity, or the chilled plant alone.
//! Coverage: share of the window's days that were. Source: the product's own policy.

use model::Period;

use super::{Context, Figure, average, count, metered::weighted};
use crate::{Energy, Measure};

const DAY_COVERAGE: f64 = 0.9;

/// The figure of a window.
pub(crate) fn figure(context: Context<'_>, energy: &Energy) -> Figure {
    let calendar = context.calendar();
    let (mut rest, mut work) = (Vec::new(), Vec::new());
    let days = calendar.windows(Period::Day, context.window);
    let mut meters = None;
    for day in &days {
        let inner = Context { window: *day, ..context };
        let (mut of_day, sum) = weighted(Measure::RestDayRatio, &inner, Period::Day, energy);
        meters = of_day.why.remove("meters").or(meters);
        let Some(sum) = sum.filter(|_| of_day.coverage >= DAY_COVERAGE) else { continue };
        if calendar.is_working_day(calendar.date(day.from)) {
            work.push(sum.observed);
        } else {
            rest.push(sum.observed);
        }
    }
    let value = match (average(&rest), average(&work)) {
        (Some(rest), Some(work)) if work > 0.0 => Some(rest / work),
        _ => None,
    };
    let mut figure = Figure {
        value,
        coverage: count(rest.len() + work.len()) / count(days.len()).max(1.0),
        has_judged_time: !days.is_empty(),
        ..Figure::default()
    };
    figure.why.insert("rest_days".to_owned(), count(rest.len()).into());
    figure.why.insert("working_days".to_owned(), count(work.len()).into());
    figure.why.extend(meters.map(|meters| ("meters".to_owned(), meters)));
    figure
}
