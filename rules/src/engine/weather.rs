//! The weather of the days before: the running mean of the outdoor temperature, and limits around it.

use jiff::ToSpan;
use model::{Id, Instant, Quantity, Span};

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
    /// Whether the temperature of the air that a place breathes at an instant was ever heard of.
    pub(super) fn has_weather(&self, place: &Id, at: Instant) -> bool {
        self.outdoors(place, at).any(|b| b.series.quantity == Quantity::OutdoorTemperature)
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

    fn outdoor_day(&self, here: (&Id, Instant), day: Span) -> Partial {
        let mut partial = self.outdoor_partial(Quantity::OutdoorTemperature, here, day);
        partial.judged = day.millis();
        partial
    }

    /// Remembers the running mean for the day of a window, which every room of the building asks for.
    pub(super) fn learn_weather(&mut self, place: usize, at: Instant) {
        /// Late data may ask for so many days again, ms.
        const KEPT_MS: i64 = 16 * 86_400_000;
        let Some(place) = self.places.get(place).map(|state| state.id.clone()) else { return };
        let today = self.almanac.at(at).day.from;
        let key = (today, self.air_of(&place, at));
        if !self.weather.contains_key(&key) {
            let mean = self.mean_before(&place, at);
            self.weather.insert(key, mean);
        }
        let newest = self.weather.last_key_value().map_or(today, |((day, _), _)| *day);
        self.weather.retain(|(day, _), _| *day > newest.plus_ms(-KEPT_MS));
    }

    /// Forgets the running means that new readings of a span may change: those of the days after it.
    pub(super) fn forget_weather(&mut self, touched: Span) {
        self.weather.retain(|(day, _), _| *day <= touched.from || *day >= touched.to.plus_ms(WEEK_MS));
    }

    /// The running mean of the outdoor temperature at a place for the day of an instant.
    pub(super) fn running_mean(&self, place: &Id, at: Instant) -> Figure {
        let calendar = &self.register.calendar;
        let known = self.weather.get(&(calendar.start_of(calendar.date(at)), self.air_of(place, at)));
        known.cloned().unwrap_or_else(|| self.mean_before(place, at))
    }

    fn mean_before(&self, place: &Id, at: Instant) -> Figure {
        let days = self.days_before(at).into_iter();
        let days: Vec<Partial> = days.map(|day| self.outdoor_day((place, at), day)).collect();
        running_mean_outdoor::figure(&days)
    }

    /// Puts the limit of an adaptive clause around the comfort temperature of the day.
    ///
    /// `None` where the document has no such model for the weather of the day: nothing to judge.
    pub(super) fn around_comfort(
        &self,
        clause: &Clause,
        (place, window): (&Id, Span),
        resolved: Resolved,
        figure: &mut Figure,
    ) -> Option<Resolved> {
        let (Some(model), Resolved::Bound(bound)) = (clause.adaptive, resolved) else {
            return Some(resolved);
        };
        let trm = self.running_mean(place, window.from);
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
