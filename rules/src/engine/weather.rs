//! The weather of the days before: the running mean of the outdoor temperature, and limits around it.

use jiff::ToSpan;
use model::{Instant, Quantity, Span};

use super::shard::Shard;
use crate::{
    Bound, Clause,
    measure::{Figure, running_mean_outdoor},
    partial::Partial,
    standard::Resolved,
};

/// Least known weight of the days before for a limit to stand around their mean.
const LEAST_KNOWN: f64 = 0.75;
/// How long outdoor temperature is kept beyond what other outdoor air needs, ms.
pub(super) const KEEP_MS: i64 = 9 * 86_400_000;
/// For how long after it the weather of a day matters, ms: seven days, and the rest of its own.
pub(super) const WEEK_MS: i64 = 8 * 86_400_000;

impl Shard {
    /// Whether the temperature outdoors was ever heard of.
    pub(super) fn has_weather(&self) -> bool {
        self.outdoor.iter().any(|b| b.series.quantity == Quantity::OutdoorTemperature)
    }

    /// The days before the one that holds an instant, yesterday first.
    fn days_before(&self, at: Instant) -> Vec<Span> {
        let calendar = &self.register.calendar;
        let today = calendar.date(at);
        let day = |back: usize| {
            let date = today.checked_sub(i64::try_from(back).ok()?.days()).ok()?;
            Some(Span::new(calendar.start_of(date), calendar.start_of(date.tomorrow().ok()?)))
        };
        (1..=running_mean_outdoor::DAYS).filter_map(day).collect()
    }

    fn outdoor_day(&self, day: Span) -> Partial {
        let mut partial = self.outdoor_partial(Quantity::OutdoorTemperature, day);
        partial.judged = day.millis();
        partial
    }

    /// Remembers the running mean for the day of a window, which every room of the building asks for.
    pub(super) fn learn_weather(&mut self, at: Instant) {
        /// Days that late data may ask for again.
        const MOST: usize = 16;
        let today = self.almanac.at(at).day.from;
        if !self.weather.contains_key(&today) {
            let mean = self.mean_before(at);
            self.weather.insert(today, mean);
        }
        if self.weather.len() > MOST {
            self.weather.pop_first();
        }
    }

    /// Forgets the running means that new readings of a span may change: those of the days after it.
    pub(super) fn forget_weather(&mut self, touched: Span) {
        self.weather.retain(|day, _| *day <= touched.from || *day >= touched.to.plus_ms(WEEK_MS));
    }

    /// The running mean of the outdoor temperature for the day of an instant.
    pub(super) fn running_mean(&self, at: Instant) -> Figure {
        let calendar = &self.register.calendar;
        let known = self.weather.get(&calendar.start_of(calendar.date(at)));
        known.cloned().unwrap_or_else(|| self.mean_before(at))
    }

    fn mean_before(&self, at: Instant) -> Figure {
        let days: Vec<Partial> = self.days_before(at).into_iter().map(|day| self.outdoor_day(day)).collect();
        running_mean_outdoor::figure(&days)
    }

    /// Puts the limit of an adaptive clause around the comfort temperature of the day.
    ///
    /// `None` where the document has no such model for the weather of the day: nothing to judge.
    pub(super) fn around_comfort(
        &self,
        clause: &Clause,
        window: Span,
        resolved: Resolved,
        figure: &mut Figure,
    ) -> Option<Resolved> {
        let (Some(model), Resolved::Bound(bound)) = (clause.adaptive, resolved) else {
            return Some(resolved);
        };
        let trm = self.running_mean(window.from);
        let Some(mean) = trm.value.filter(|_| trm.coverage >= LEAST_KNOWN) else {
            figure.why.insert("missing".to_owned(), "outdoor_temperature of the seven days before".into());
            (figure.value, figure.coverage) = (None, 0.0);
            return Some(Resolved::Bound(Bound::default()));
        };
        if mean < model.trm_from || mean > model.trm_to {
            return None;
        }
        let comfort = model.slope * mean + model.offset;
        figure.why.insert("running_mean_outdoor".to_owned(), mean.into());
        figure.why.insert("comfort_temperature".to_owned(), comfort.into());
        let moved = |distance: f64| crate::partial::printed(comfort + distance);
        Some(Resolved::Bound(Bound {
            at_most: bound.at_most.map(moved),
            at_least: bound.at_least.map(moved),
        }))
    }
}
