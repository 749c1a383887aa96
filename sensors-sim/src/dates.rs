//! Local dates of a scenario: calendar, holidays, seasons.

use std::collections::BTreeMap;

use jiff::{
    ToSpan,
    civil::{Date, Time},
    tz::TimeZone,
};
use model::{Calendar, DayKind, Instant, WorkingHours};

use crate::scenario::{File, ScenarioError};

/// The working days and seasons around a start.
pub(crate) fn calendar(file: &File, zone: TimeZone, start: Instant) -> Result<Calendar, ScenarioError> {
    let mut calendar = Calendar::new(zone);
    let mut days = [false; 7];
    for (day, slot) in (1_u8..).zip(&mut days) {
        *slot = file.working_hours.days.contains(&day);
    }
    let hours = &file.working_hours;
    let (from, to) = (parse(&hours.from, "working_hours.from")?, parse(&hours.to, "working_hours.to")?);
    calendar.working_hours = WorkingHours { days, from, to };
    calendar.cooling = Some(season(&file.seasons.cooling)?);
    calendar.heating = Some(season(&file.seasons.heating)?);
    let year = calendar.date(start).year();
    calendar.exceptions = holidays(file, year.saturating_sub(2)..=year.saturating_add(2))?
        .into_keys()
        .map(|date| (date, DayKind::Holiday))
        .collect();
    Ok(calendar)
}

/// The holidays of some years with their names.
pub(crate) fn holidays(
    file: &File,
    years: std::ops::RangeInclusive<i16>,
) -> Result<BTreeMap<Date, String>, ScenarioError> {
    let mut found = BTreeMap::new();
    for year in years {
        for row in &file.holiday {
            let first: Date = parse(&format!("{year:04}-{}", row.from), "holiday.from")?;
            let dates = (0..row.days).filter_map(|day| first.checked_add(day.days()).ok());
            found.extend(dates.map(|date| (date, row.name.clone())));
        }
    }
    Ok(found)
}

type MonthDay = (i8, i8);

fn season(ends: &[String; 2]) -> Result<(MonthDay, MonthDay), ScenarioError> {
    let [first, last] = ends;
    let day = |text: &String| -> Result<MonthDay, ScenarioError> {
        let date: Date = parse(&format!("2024-{text}"), "seasons")?;
        Ok((date.month(), date.day()))
    };
    Ok((day(first)?, day(last)?))
}

/// Reads a value of a key.
pub(crate) fn parse<T: std::str::FromStr>(text: &str, key: &'static str) -> Result<T, ScenarioError> {
    text.parse().map_err(|_| value(key, format!("cannot read `{text}`")))
}

/// An error about a key.
pub(crate) fn value(key: &'static str, what: String) -> ScenarioError {
    ScenarioError::Value { key, what }
}

/// The instant of a local date and time.
pub(crate) fn instant(calendar: &Calendar, date: Date, time: Time) -> Instant {
    let zoned = date.to_datetime(time).to_zoned(calendar.zone.clone());
    zoned.map_or_else(|_| calendar.start_of(date), |z| Instant::from_timestamp(z.timestamp()))
}
