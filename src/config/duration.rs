//! Durations as people write them: `30s`, `1h30m`, `7d`.

use std::time::Duration;

/// The duration of a text: whole numbers, each with `ms`, `s`, `m`, `h` or `d`, added up; `None` when it is none.
///
/// # Examples
/// ```
/// assert_eq!(normwatch::config::parse_duration("1h30m").map(|d| d.as_secs()), Some(5400));
/// assert_eq!(normwatch::config::parse_duration("90"), None);
/// ```
#[must_use]
pub fn parse_duration(text: &str) -> Option<Duration> {
    let mut total = Duration::ZERO;
    let mut rest = text.trim();
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let (number, after) = rest.split_at_checked(rest.find(|c: char| !c.is_ascii_digit())?)?;
        let end = after.find(|c: char| c.is_ascii_digit()).unwrap_or(after.len());
        let (unit, next) = after.split_at_checked(end)?;
        let unit_ms: u64 = match unit {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return None,
        };
        let part = number.parse::<u64>().ok()?.checked_mul(unit_ms)?;
        total = total.checked_add(Duration::from_millis(part))?;
        rest = next;
    }
    Some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_unit_counts_and_parts_add_up() {
        for (text, ms) in
            [("250ms", 250), ("30s", 30_000), ("5m", 300_000), ("24h", 86_400_000), ("1d12h", 129_600_000)]
        {
            assert_eq!(parse_duration(text), Some(Duration::from_millis(ms)), "{text}");
        }
    }

    #[test]
    fn what_is_no_duration_is_none() {
        for text in ["", "s", "10", "10 s", "1.5h", "-1s", "5min", "99999999999999999999d", "1s2"] {
            assert_eq!(parse_duration(text), None, "{text}");
        }
    }
}
