//! Weekdays and times of day, as people write them in `[working_hours]`.

use jiff::civil::Time;
use toml::de::DeValue;

/// English and Chinese names of each weekday, Monday first; the ISO number is the index plus one.
const NAMES: [[&str; 4]; 7] = [
    ["mon", "monday", "周一", "星期一"],
    ["tue", "tuesday", "周二", "星期二"],
    ["wed", "wednesday", "周三", "星期三"],
    ["thu", "thursday", "周四", "星期四"],
    ["fri", "friday", "周五", "星期五"],
    ["sat", "saturday", "周六", "星期六"],
    ["sun", "sunday", "周日", "星期日"],
];

/// The weekdays of names and ranges (`mon`, `mon-fri`, `sat-mon`); the word that is none is the error.
pub(super) fn days<'a>(words: impl Iterator<Item = &'a str>) -> Result<[bool; 7], String> {
    let mut week = [false; 7];
    for word in words.map(str::trim) {
        let (first, last) = word.split_once('-').unwrap_or((word, word));
        let (first, last) = (weekday(first).ok_or(word)?, weekday(last).ok_or(word)?);
        for (index, day) in week.iter_mut().enumerate() {
            *day |=
                if first <= last { first <= index && index <= last } else { index >= first || index <= last };
        }
    }
    Ok(week)
}

fn weekday(word: &str) -> Option<usize> {
    let word = word.trim().to_lowercase();
    let iso = word.parse::<usize>().ok().filter(|n| (1..=7).contains(n)).map(|n| n - 1);
    iso.or_else(|| NAMES.iter().position(|names| names.contains(&word.as_str())))
}

/// The short names of the weekdays that are set.
pub(super) fn names(week: &[bool; 7]) -> impl Iterator<Item = &'static str> {
    NAMES.iter().zip(week).filter(|(_, is_set)| **is_set).map(|([short, ..], _)| *short)
}

/// A time of day: `"09:00"`, a TOML time, or `"24:00"` for the end of the day (midnight).
pub(super) fn time(value: &DeValue<'_>) -> Option<Time> {
    if let Some(stamp) = value.as_datetime() {
        let time = stamp.time.filter(|_| stamp.date.is_none() && stamp.offset.is_none())?;
        return Time::new(i8::try_from(time.hour).ok()?, i8::try_from(time.minute).ok()?, 0, 0).ok();
    }
    let (hour, minute) = value.as_str()?.trim().split_once(':')?;
    let (hour, minute): (i8, i8) = (hour.parse().ok()?, minute.parse().ok()?);
    if (hour, minute) == (24, 0) { Some(Time::midnight()) } else { Time::new(hour, minute, 0, 0).ok() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weekdays_come_as_names_numbers_and_ranges() {
        let weekdays = [true, true, true, true, true, false, false];
        assert_eq!(days(["mon-fri"].into_iter()), Ok(weekdays));
        assert_eq!(days(["周一", "Tuesday", "3", "thu-fri"].into_iter()), Ok(weekdays));
        assert_eq!(days(["sun-mon"].into_iter()), Ok([true, false, false, false, false, false, true]));
        assert_eq!(days(["mon", "fryday"].into_iter()), Err("fryday".to_owned()));
    }
}
