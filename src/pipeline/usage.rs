//! How rooms are used today and lately, taken from the engine for pages while no window has closed yet.

use std::collections::BTreeMap;

use model::{Calendar, Id, Instant, Period, PlaceKind, Span};
use rules::{Engine, Measure};

use crate::view::Figure;

/// Figures are taken anew when event time has moved on by this much, ms. They change when an hour
/// closes, which is some minutes after its end.
const EVERY_MS: i64 = 5 * 60_000;
/// Days of the running week, today among them.
const DAYS: i64 = 7;

/// The figures of every room, and up to when they were taken.
#[derive(Debug, Default)]
pub(super) struct Usage {
    taken: Option<i64>,
    figures: BTreeMap<Id, Vec<Figure>>,
}

impl Usage {
    /// Takes the figures anew when event time has moved on far enough.
    pub(super) fn follow(&mut self, engine: &Engine) {
        let Some(now) = engine.event_time() else { return };
        let step = now.millis().div_euclid(EVERY_MS);
        if self.taken == Some(step) {
            return;
        }
        self.taken = Some(step);
        let register = engine.register();
        let windows = windows(&register.calendar, now);
        let rooms = register
            .places
            .iter()
            .filter(|(_, history)| history.at(now).is_some_and(|place| place.kind == PlaceKind::Room));
        self.figures = rooms
            .map(|(id, _)| (id.clone(), figures(engine, id, &windows)))
            .filter(|(_, figures)| !figures.is_empty())
            .collect();
    }

    /// Rooms that have any.
    pub(super) const fn figures(&self) -> &BTreeMap<Id, Vec<Figure>> {
        &self.figures
    }
}

/// What is asked of each room.
fn windows(calendar: &Calendar, now: Instant) -> [(Measure, Period, Span); 3] {
    let today = calendar.window(Period::Day, now);
    let closed = calendar.window(Period::Hour, now).from;
    let first = today.from.plus_ms(-(DAYS - 1) * 86_400_000);
    // A day of the change of clocks has 23 or 25 hours; the window begins at midnight all the same.
    let week = calendar.window(Period::Day, first.plus_ms(2 * 3_600_000)).from;
    let month = calendar.window(Period::Month, now).from;
    [
        (Measure::Utilisation, Period::Day, Span::new(today.from, closed)),
        (Measure::Utilisation, Period::Week, Span::new(week, closed)),
        (Measure::IdleWorkingDays, Period::Month, Span::new(month, closed)),
    ]
}

fn figures(engine: &Engine, room: &Id, windows: &[(Measure, Period, Span)]) -> Vec<Figure> {
    let told = windows.iter().filter(|(_, _, window)| !window.is_empty());
    told.filter_map(|(measure, period, window)| {
        let figure = engine.figure(room, *measure, *window, *period)?;
        figure.value.map(|value| Figure {
            measure: measure.name(),
            period: *period,
            from: window.from,
            to: window.to,
            value: Some(value),
            unit: measure.unit().to_owned(),
            coverage: figure.coverage,
        })
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;

    #[test]
    fn the_running_week_begins_at_a_local_midnight_even_across_a_change_of_clocks() {
        let calendar = Calendar::new(TimeZone::get("Europe/Berlin").unwrap());
        for (now, week) in [
            ("2026-10-28T15:20:00+01:00", "2026-10-22T00:00:00+02:00"),
            ("2026-03-31T00:10:00+02:00", "2026-03-25T00:00:00+01:00"),
            ("2026-07-10T09:00:00+02:00", "2026-07-04T00:00:00+02:00"),
        ] {
            let [today, running, _] = windows(&calendar, Instant::parse(now).unwrap());
            assert_eq!(running.2.from, Instant::parse(week).unwrap(), "{now}");
            assert_eq!(running.2.to, today.2.to);
        }
    }
}
