//! Numbers, units and times as people read them.

use jiff::tz::TimeZone;
use model::{Instant, register::Language};
use serde::Serialize;

use super::language::text_n;

/// A unit of the contracts as people write it: `ug/m3` becomes `µg/m³`, `Cel` becomes `°C`.
#[must_use]
pub fn unit(unit: &str) -> String {
    match unit {
        "Cel" => "°C".to_owned(),
        "/100" => "%".to_owned(),
        "1" | "count" => String::new(),
        other => other
            .replace("ug/", "µg/")
            .replace("m2", "m²")
            .replace("m3", "m³")
            .replace(".a)", "·a)")
            .replace("Cel", "°C"),
    }
}

/// Decimals that a value of this unit deserves.
fn decimals(value: f64, unit: &str) -> usize {
    match unit {
        "ppm" | "lx" | "W" | "var" | "VA" | "count" | "%RH" | "/100" => 0,
        "Cel" | "m2" | "dB" | "hPa" => 1,
        _ => match value.abs() {
            v if v >= 100.0 => 0,
            v if v >= 10.0 => 1,
            v if v >= 1.0 => 2,
            _ => 3,
        },
    }
}

fn fixed(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    let text =
        if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { text.as_str() };
    let (sign, text) = text.strip_prefix('-').map_or(("", text), |rest| ("-", rest));
    let (whole, fraction) = text.split_once('.').map_or((text, None), |(w, f)| (w, Some(f)));
    let grouped = grouped(whole);
    let sign = if whole == "0" && fraction.is_none() { "" } else { sign };
    fraction.map_or_else(|| format!("{sign}{grouped}"), |fraction| format!("{sign}{grouped}.{fraction}"))
}

/// Digits in groups of three from five digits on.
fn grouped(digits: &str) -> String {
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && digits.len() > 4 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number of things.
#[must_use]
pub fn count(n: u64) -> String {
    grouped(&n.to_string())
}

/// A plain ratio is shown as a percentage.
fn scaled(value: f64, unit: &str) -> (f64, &'static str) {
    if unit == "1" { (value * 100.0, "%") } else { (value, "") }
}

fn with_unit(number: &str, unit_name: &str, percent: &str) -> String {
    let unit = unit(unit_name);
    if !percent.is_empty() || unit == "%" {
        return format!("{number}%");
    }
    if unit.is_empty() { number.to_owned() } else { format!("{number} {unit}") }
}

/// A value with its unit, rounded as the unit deserves.
///
/// # Examples
/// ```
/// use normwatch::web::format::value;
/// assert_eq!(value(1234.4, "ppm"), "1234 ppm");
/// assert_eq!(value(0.875, "1"), "87.5%");
/// ```
#[must_use]
pub fn value(value: f64, unit: &str) -> String {
    let (number, percent) = scaled(value, unit);
    let places = if percent.is_empty() { decimals(number, unit) } else { 1 };
    with_unit(&fixed(number, places), unit, percent)
}

/// A value and its limit with enough decimals that different numbers never look equal.
#[must_use]
pub fn pair(value: f64, limit: f64, unit: &str) -> (String, String) {
    let (a, percent) = scaled(value, unit);
    let (b, _) = scaled(limit, unit);
    let least = if percent.is_empty() { decimals(a, unit).max(decimals(b, unit)) } else { 1 };
    let tells = |places: usize| fixed(a, places) != fixed(b, places);
    // Six decimals are finer than any sensor; what is equal there is equal.
    let places = (least..=6).find(|places| tells(*places)).unwrap_or(least);
    (with_unit(&fixed(a, places), unit, percent), with_unit(&fixed(b, least), unit, percent))
}

/// A share as a percentage that says 100 only when nothing is missing and 0 only when nothing is there.
#[must_use]
pub fn share(share: f64) -> String {
    let percent = share * 100.0;
    if share < 1.0 && percent > 99.0 {
        return format!("{:.1}%", percent.min(99.9));
    }
    if share > 0.0 && percent < 1.0 {
        return "<1%".to_owned();
    }
    format!("{percent:.0}%")
}

/// An instant for a page: the exact text for machines, and what people read.
#[derive(Debug, Clone, Serialize)]
pub struct When {
    /// RFC 3339 with the site's offset.
    pub exact: String,
    /// To the minute, with the site's offset.
    pub text: String,
    /// How long ago, in words; empty when not wanted.
    pub age: String,
}

/// An instant in the site's zone.
#[must_use]
pub fn when(at: Instant, zone: &TimeZone) -> When {
    let exact = at.rfc3339(zone);
    // RFC 3339 has its date in the first 10 characters, hour and minute in 11 to 16 and the offset in the last 6.
    let offset = exact.get(exact.len().saturating_sub(6)..).unwrap_or_default();
    let (date, clock) = (exact.get(..10).unwrap_or_default(), exact.get(11..16).unwrap_or_default());
    let text = format!("{date} {clock} {offset}");
    When { exact, text, age: String::new() }
}

/// An instant in the site's zone and how long before `now` it was.
#[must_use]
pub fn when_and_age(at: Instant, now: Instant, zone: &TimeZone, language: Language) -> When {
    When { age: age(now.since(at), language), ..when(at, zone) }
}

/// A length of time in words, by its two largest units; a negative one is none.
#[must_use]
pub fn age(ms: i64, language: Language) -> String {
    let minutes = ms.max(0) / 60_000;
    let word = |key: &str, n: i64| text_n(language, key, i32::try_from(n).unwrap_or(i32::MAX));
    let (days, hours) = (minutes / 1440, minutes / 60 % 24);
    if minutes < 1 {
        return word("age-now", 0);
    }
    let parts = if days >= 10 {
        // Hours say nothing more by then.
        [(days, "age-days"), (0, "age-hours")]
    } else if days > 0 {
        [(days, "age-days"), (hours, "age-hours")]
    } else {
        [(minutes / 60, "age-hours"), (minutes % 60, "age-minutes")]
    };
    let parts: Vec<String> = parts.into_iter().filter(|(n, _)| *n > 0).map(|(n, key)| word(key, n)).collect();
    parts.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_just_over_its_limit_never_looks_equal_to_it() {
        assert_eq!(pair(1000.4, 1000.0, "ppm"), ("1000.4 ppm".to_owned(), "1000 ppm".to_owned()));
        assert_eq!(pair(0.8004, 0.8, "1"), ("80.04%".to_owned(), "80%".to_owned()));
        assert_eq!(pair(1000.0, 1000.0, "ppm").0, "1000 ppm");
        assert_eq!(pair(25.97, 26.0, "Cel").0, "25.97 °C");
    }

    #[test]
    fn numbers_are_rounded_as_their_unit_deserves() {
        assert_eq!(value(21.456, "Cel"), "21.5 °C");
        assert_eq!(value(1_234_567.0, "kWh"), "1,234,567 kWh");
        assert_eq!(value(81.0, "kWh/(m2.a)"), "81 kWh/(m²·a)");
        assert_eq!(value(-0.04, "Cel"), "0 °C");
        assert_eq!(value(-12345.0, "W"), "-12,345 W");
        assert_eq!(value(3.0, "count"), "3");
    }

    #[test]
    fn a_share_says_all_or_none_only_when_it_is() {
        assert_eq!(share(0.9996), "99.9%");
        assert_eq!(share(1.0), "100%");
        assert_eq!(share(0.001), "<1%");
        assert_eq!(share(0.0), "0%");
        assert_eq!(share(0.756), "76%");
    }

    #[test]
    fn a_time_carries_the_offset_of_the_site() {
        let zone = TimeZone::get("Asia/Shanghai").unwrap();
        let at = Instant::parse("2026-11-20T16:05:09Z").unwrap();
        assert_eq!(when(at, &zone).text, "2026-11-21 00:05 +08:00");
    }

    #[test]
    fn an_age_names_its_two_largest_units() {
        assert_eq!(age(90 * 60_000, Language::En), "1 h 30 min");
        assert_eq!(age(49 * 3_600_000, Language::Zh), "2 天 1 小时");
        assert_eq!(age(690 * 86_400_000 + 4 * 3_600_000, Language::Zh), "690 天");
    }
}
