//! `rest_day_ratio`: electricity of a rest day over that of a working day, 1.
//!
//! Formula: mean use of rest days over mean use of working days, of days observed to 90 %.
//! Coverage: share of the window's days that were. Source: the product's own policy.

use model::Period;

use super::{Context, Figure, amount, average, count};
use crate::{Energy, Measure};

const DAY_COVERAGE: f64 = 0.9;

/// The figure of a window.
pub(crate) fn figure(context: Context<'_>) -> Figure {
    let calendar = context.calendar();
    let (mut rest, mut work) = (Vec::new(), Vec::new());
    let days = calendar.windows(Period::Day, context.window);
    for day in &days {
        let inner = Context { window: *day, ..context };
        let of_day = amount::figure(Measure::Electricity, inner, Period::Day, &Energy::default());
        let Some(used) = of_day.value.filter(|_| of_day.coverage >= DAY_COVERAGE) else { continue };
        if calendar.is_working_day(calendar.date(day.from)) { work.push(used) } else { rest.push(used) }
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
    figure
}
