//! Local hours, looked up once: asking a time zone costs more than judging a room.

use std::{collections::BTreeMap, sync::Arc};

use model::{Calendar, Instant, Period, Register, Span};

/// What a local clock hour is part of.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct HourFacts {
    /// The hour itself.
    pub(crate) hour: Span,
    /// Its day.
    pub(crate) day: Span,
    week: Span,
    month: Span,
    year: Span,
    /// Hour of the local clock at its start, 0 to 23.
    pub(crate) clock_hour: i8,
    /// Its parts inside working hours.
    pub(crate) working: Vec<Span>,
    /// Its parts inside working hours of the usual weekdays, holidays or not.
    pub(crate) weekday: Vec<Span>,
}

impl HourFacts {
    fn new(calendar: &Calendar, at: Instant, known: Option<&Self>) -> Self {
        let hour = calendar.window(Period::Hour, at);
        let window = |period, held: Option<Span>| {
            held.filter(|w| w.contains(hour.from)).unwrap_or_else(|| calendar.window(period, hour.from))
        };
        Self {
            hour,
            day: window(Period::Day, known.map(|k| k.day)),
            week: window(Period::Week, known.map(|k| k.week)),
            month: window(Period::Month, known.map(|k| k.month)),
            year: window(Period::Year, known.map(|k| k.year)),
            clock_hour: calendar.zone.to_datetime(hour.from.timestamp()).hour(),
            working: calendar.working_spans(hour),
            weekday: calendar.weekday_spans(hour),
        }
    }

    /// Whether all of a part of the hour lies in working hours.
    pub(crate) fn is_working(&self, part: Span) -> bool {
        self.working.iter().any(|span| span.from <= part.from && part.to <= span.to)
    }

    /// The window of a period that holds this hour.
    pub(crate) const fn window(&self, period: Period) -> Span {
        match period {
            Period::Hour => self.hour,
            Period::Day => self.day,
            Period::Week => self.week,
            Period::Month => self.month,
            Period::Year => self.year,
            Period::All | Period::Register => Span::ALWAYS,
        }
    }
}

/// Hours that were asked for lately.
#[derive(Debug, Clone)]
pub(crate) struct Almanac {
    register: Arc<Register>,
    known: BTreeMap<Instant, Arc<HourFacts>>,
}

impl Almanac {
    pub(crate) const fn new(register: Arc<Register>) -> Self {
        Self { register, known: BTreeMap::new() }
    }

    /// The local hour that holds an instant.
    pub(crate) fn at(&mut self, at: Instant) -> Arc<HourFacts> {
        /// Enough for late data of some days; beyond it the oldest hour goes.
        const MOST: usize = 128;
        let near = self.known.range(..=at).next_back().map(|(_, facts)| facts);
        if let Some(facts) = near.filter(|facts| facts.hour.contains(at)) {
            return Arc::clone(facts);
        }
        let facts = Arc::new(HourFacts::new(&self.register.calendar, at, near.map(AsRef::as_ref)));
        if self.known.len() >= MOST {
            self.known.pop_first();
        }
        self.known.insert(facts.hour.from, Arc::clone(&facts));
        facts
    }

    /// The starts of the local hours that overlap a span.
    pub(crate) fn hours(&mut self, span: Span) -> Vec<Instant> {
        let mut found = Vec::new();
        let mut at = span.from;
        while at < span.to {
            let hour = self.at(at).hour;
            if hour.to <= at {
                break;
            }
            found.push(hour.from);
            at = hour.to;
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;
    use model::Id;

    use super::*;

    #[test]
    fn what_it_remembers_is_what_the_calendar_says() {
        let mut register = Register::empty(Id::parse("site").unwrap());
        register.calendar = Calendar::new(TimeZone::get("Europe/Berlin").unwrap());
        let mut almanac = Almanac::new(Arc::new(register));
        let start = Instant::parse("2026-10-24T22:10:00+02:00").unwrap();
        for step in 0..400 {
            // Back and forth over the night in which the clock goes back, and past the size of the memory.
            let at = start.plus_ms((step * 7 % 400) * 1_800_000);
            let facts = almanac.at(at);
            let calendar = &almanac.register.calendar;
            for period in [Period::Hour, Period::Day, Period::Week, Period::Month, Period::Year] {
                assert_eq!(facts.window(period), calendar.window(period, at), "{period} of {at}");
            }
        }
    }
}
