//! Local time of a site: periods, working hours, working days and seasons.

use std::collections::BTreeMap;

use jiff::{
    ToSpan,
    civil::{Date, Time, Weekday},
    tz::TimeZone,
};
use serde::{Deserialize, Serialize};

use crate::{Instant, Span, closed::closed_list};

closed_list! {
    /// The spans over which a measure is taken.
    pub enum Period {
        /// Local clock hour; the repeated autumn hour is two.
        Hour = "hour",
        /// Local day, 23 to 25 hours.
        Day = "day",
        /// ISO week, Monday first.
        Week = "week",
        /// Calendar month.
        Month = "month",
        /// Calendar year.
        Year = "year",
        /// All there is.
        All = "all",
        /// No span at all: a figure of the register alone.
        Register = "register",
    }
}

closed_list! {
    /// A season of the register in which a seasonal clause is judged.
    pub enum Season {
        Cooling = "cooling",
        Heating = "heating",
    }
}

closed_list! {
    /// What the calendar file says of a date, against its weekday.
    pub enum DayKind {
        Holiday = "holiday",
        Workday = "workday",
    }
}

/// Hours of certain weekdays; `to` at 00:00 means the end of the day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkingHours {
    /// Monday first.
    pub days: [bool; 7],
    /// Start, included.
    pub from: Time,
    /// End, excluded.
    pub to: Time,
}

impl Default for WorkingHours {
    fn default() -> Self {
        Self {
            days: [true, true, true, true, true, false, false],
            from: Time::constant(9, 0, 0, 0),
            to: Time::constant(18, 0, 0, 0),
        }
    }
}

/// A month and a day, as a season begins and ends.
pub(crate) type MonthDay = (i8, i8);

/// The local time of a site. Everything that depends on a wall clock asks here.
#[derive(Debug, Clone, PartialEq)]
pub struct Calendar {
    /// IANA zone of the site.
    pub zone: TimeZone,
    /// When people are expected to work.
    pub working_hours: WorkingHours,
    /// When the building is open, if declared (hours of use for the energy correction).
    pub opening_hours: Option<WorkingHours>,
    /// Holidays and make-up workdays.
    pub exceptions: BTreeMap<Date, DayKind>,
    /// Cooling season, both dates included; may wrap the year's end.
    pub cooling: Option<(MonthDay, MonthDay)>,
    /// Heating season, both dates included; may wrap the year's end.
    pub heating: Option<(MonthDay, MonthDay)>,
}

impl Calendar {
    /// A calendar with default working hours (Monday to Friday, 09:00 to 18:00), no exceptions and no seasons.
    #[must_use]
    pub fn new(zone: TimeZone) -> Self {
        Self {
            zone,
            working_hours: WorkingHours::default(),
            opening_hours: None,
            exceptions: BTreeMap::new(),
            cooling: None,
            heating: None,
        }
    }

    /// The local date of an instant.
    #[must_use]
    pub fn date(&self, at: Instant) -> Date {
        self.zone.to_datetime(at.timestamp()).date()
    }

    /// The first instant of a local date (after a gap when midnight does not exist).
    #[must_use]
    pub fn start_of(&self, date: Date) -> Instant {
        date.to_zoned(self.zone.clone()).map_or(Instant::MIN, |z| Instant::from_timestamp(z.timestamp()))
    }

    /// The instant of a local date (its midnight here; `2026-03-01`, or `2026/3/1` as spreadsheets rewrite it) or of
    /// an RFC 3339 time.
    #[must_use]
    pub fn parse(&self, text: &str) -> Option<Instant> {
        parse_date(text).map(|date| self.start_of(date)).or_else(|| Instant::parse(text).ok())
    }

    /// The window of `period` that contains `at`; all of time for `All` and `Register`.
    #[must_use]
    pub fn window(&self, period: Period, at: Instant) -> Span {
        let date = self.date(at);
        let days = |first: Date, next: Option<Date>| {
            Span::new(self.start_of(first), next.map_or(Instant::MAX, |d| self.start_of(d)))
        };
        match period {
            Period::Hour => self.hour(at),
            Period::Day => days(date, date.tomorrow().ok()),
            Period::Week => {
                let since_monday = i64::from(date.weekday().to_monday_zero_offset());
                let monday = date.checked_sub(since_monday.days()).unwrap_or(date);
                days(monday, monday.checked_add(7.days()).ok())
            }
            Period::Month => {
                let first = date.first_of_month();
                days(first, first.checked_add(1.month()).ok())
            }
            Period::Year => {
                let first = date.first_of_year();
                days(first, first.checked_add(1.year()).ok())
            }
            Period::All | Period::Register => Span::ALWAYS,
        }
    }

    /// The windows of `period` that overlap `span`, in order; one, `span` itself, for `All`.
    #[must_use]
    pub fn windows(&self, period: Period, span: Span) -> Vec<Span> {
        if matches!(period, Period::All | Period::Register) {
            return vec![span];
        }
        let mut found = Vec::new();
        let mut at = span.from;
        while at < span.to {
            let window = self.window(period, at);
            if window.to <= at {
                break;
            }
            found.push(window);
            at = window.to;
        }
        found
    }

    fn hour(&self, at: Instant) -> Span {
        const HOUR_MS: i64 = 3_600_000;
        let offset_ms = i64::from(self.zone.to_offset(at.timestamp()).seconds()) * 1000;
        let into = (at.millis() + offset_ms).rem_euclid(HOUR_MS);
        let mut hour = Span::new(at.plus_ms(-into), at.plus_ms(HOUR_MS - into));
        // A change of the clock inside ends one hour and begins the next.
        let changes = self.zone.following(hour.from.plus_ms(-1).timestamp());
        for change in changes.map(|c| Instant::from_timestamp(c.timestamp())).take_while(|c| *c < hour.to) {
            if change <= at {
                hour.from = hour.from.max(change);
            } else {
                hour.to = change;
                break;
            }
        }
        hour
    }

    /// Whether people are expected to work on this date: the calendar file decides, else the weekday.
    #[must_use]
    pub fn is_working_day(&self, date: Date) -> bool {
        match self.exceptions.get(&date) {
            Some(DayKind::Holiday) => false,
            Some(DayKind::Workday) => true,
            None => self.is_working_weekday(date.weekday()),
        }
    }

    /// Whether the weekday is one of the working hours' days, whatever the calendar file says.
    #[must_use]
    pub fn is_working_weekday(&self, weekday: Weekday) -> bool {
        let index = usize::try_from(weekday.to_monday_zero_offset()).unwrap_or(0);
        self.working_hours.days.get(index).copied().unwrap_or(false)
    }

    /// The parts of `span` inside working hours of working days, in order.
    #[must_use]
    pub fn working_spans(&self, span: Span) -> Vec<Span> {
        self.spans_of(span, &self.working_hours, |date| self.is_working_day(date))
    }

    /// The parts of `span` inside working hours of the usual weekdays, holidays or not, in order.
    #[must_use]
    pub fn weekday_spans(&self, span: Span) -> Vec<Span> {
        self.spans_of(span, &self.working_hours, |date| self.is_working_weekday(date.weekday()))
    }

    /// The parts of `span` inside declared opening hours (holidays closed, make-up workdays open), in
    /// order; `None` when the register declares none.
    #[must_use]
    pub fn opening_spans(&self, span: Span) -> Option<Vec<Span>> {
        let hours = self.opening_hours.as_ref()?;
        let is_open = |date: Date| match self.exceptions.get(&date) {
            Some(DayKind::Holiday) => false,
            Some(DayKind::Workday) => true,
            None => {
                let index = usize::try_from(date.weekday().to_monday_zero_offset()).unwrap_or(0);
                hours.days.get(index).copied().unwrap_or(false)
            }
        };
        Some(self.spans_of(span, hours, is_open))
    }

    fn spans_of(&self, span: Span, hours: &WorkingHours, counts: impl Fn(Date) -> bool) -> Vec<Span> {
        let mut spans = Vec::new();
        if span.is_empty() {
            return spans;
        }
        let mut date = self.date(span.from);
        loop {
            let start = self.start_of(date);
            if start >= span.to {
                return spans;
            }
            if counts(date) {
                spans.extend(self.hours_of(date, hours).intersect(span));
            }
            match date.tomorrow() {
                Ok(next) => date = next,
                Err(_) => return spans,
            }
        }
    }

    fn hours_of(&self, date: Date, hours: &WorkingHours) -> Span {
        let at = |time: Time| {
            date.to_datetime(time)
                .to_zoned(self.zone.clone())
                .map_or(Instant::MIN, |z| Instant::from_timestamp(z.timestamp()))
        };
        let to = if hours.to == Time::midnight() {
            date.tomorrow().map_or(Instant::MAX, |d| self.start_of(d))
        } else {
            at(hours.to)
        };
        Span::new(at(hours.from), to)
    }

    /// Whether `date` lies in the season; `None` when the register declares no such season.
    #[must_use]
    pub fn is_season(&self, season: Season, date: Date) -> Option<bool> {
        let (first, last) = match season {
            Season::Cooling => self.cooling?,
            Season::Heating => self.heating?,
        };
        let day = (date.month(), date.day());
        Some(if first <= last { first <= day && day <= last } else { day >= first || day <= last })
    }

    /// An instant in local RFC 3339.
    #[must_use]
    pub fn rfc3339(&self, at: Instant) -> String {
        at.rfc3339(&self.zone)
    }
}

/// `2026-03-01`, and `2026/3/1` as spreadsheets rewrite it.
pub(crate) fn parse_date(text: &str) -> Option<Date> {
    let mut parts = text.split(['-', '/']);
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    let digits = |part: &str, longest| part.len() <= longest && part.bytes().all(|b| b.is_ascii_digit());
    if parts.next().is_some() || year.len() != 4 || !digits(year, 4) || !digits(month, 2) || !digits(day, 2) {
        return None;
    }
    Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calendar(zone: &str) -> Calendar {
        Calendar::new(TimeZone::get(zone).unwrap())
    }

    fn at(text: &str) -> Instant {
        Instant::parse(text).unwrap()
    }

    #[test]
    fn the_repeated_autumn_hour_is_two_hours() {
        let berlin = calendar("Europe/Berlin");
        let day = berlin.window(Period::Day, at("2026-10-25T12:00:00+01:00"));
        assert_eq!(day.millis(), 25 * 3_600_000);
        assert_eq!(berlin.windows(Period::Hour, day).len(), 25);
        let spring = berlin.window(Period::Day, at("2026-03-29T12:00:00+02:00"));
        assert_eq!(berlin.windows(Period::Hour, spring).len(), 23);
    }

    #[test]
    fn hours_tile_a_day_with_a_half_hour_change() {
        let howe = calendar("Australia/Lord_Howe");
        for noon in ["2026-04-05T12:00:00+10:30", "2026-10-04T12:00:00+11:00"] {
            let day = howe.window(Period::Day, at(noon));
            let hours = howe.windows(Period::Hour, day);
            assert_eq!(hours.iter().map(|h| h.millis()).sum::<i64>(), day.millis());
            assert!(hours.iter().zip(hours.iter().skip(1)).all(|(a, b)| a.to == b.from));
        }
    }

    #[test]
    fn hours_begin_on_the_local_clock_hour_where_the_offset_has_minutes() {
        let kathmandu = calendar("Asia/Kathmandu");
        let hour = kathmandu.window(Period::Hour, at("2026-01-01T10:20:00+05:45"));
        assert_eq!(hour.from, at("2026-01-01T10:00:00+05:45"));
    }

    #[test]
    fn a_week_begins_on_monday_and_a_year_on_new_year() {
        let shanghai = calendar("Asia/Shanghai");
        let week = shanghai.window(Period::Week, at("2026-11-22T23:00:00+08:00"));
        assert_eq!(week, Span::new(at("2026-11-16T00:00:00+08:00"), at("2026-11-23T00:00:00+08:00")));
        let year = shanghai.window(Period::Year, at("2024-02-29T00:00:00+08:00"));
        assert_eq!(year.millis(), 366 * 86_400_000);
    }

    #[test]
    fn a_holiday_has_no_working_hours_and_a_make_up_workday_has() {
        let mut shanghai = calendar("Asia/Shanghai");
        shanghai.exceptions.insert(Date::constant(2026, 10, 1), DayKind::Holiday);
        shanghai.exceptions.insert(Date::constant(2026, 10, 10), DayKind::Workday);
        let thursday = shanghai.window(Period::Day, at("2026-10-01T12:00:00+08:00"));
        let saturday = shanghai.window(Period::Day, at("2026-10-10T12:00:00+08:00"));
        assert!(shanghai.working_spans(thursday).is_empty());
        assert_eq!(shanghai.working_spans(saturday).iter().map(|s| s.millis()).sum::<i64>(), 9 * 3_600_000);
    }

    #[test]
    fn a_season_may_wrap_the_end_of_the_year() {
        let mut beijing = calendar("Asia/Shanghai");
        assert_eq!(beijing.is_season(Season::Heating, Date::constant(2026, 1, 1)), None);
        beijing.heating = Some(((11, 15), (3, 15)));
        assert_eq!(beijing.is_season(Season::Heating, Date::constant(2026, 1, 1)), Some(true));
        assert_eq!(beijing.is_season(Season::Heating, Date::constant(2026, 3, 16)), Some(false));
    }
}
