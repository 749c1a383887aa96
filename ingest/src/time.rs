//! Times as messages write them.

use model::Instant;

/// A time in a text: RFC 3339 with an offset, or seconds or milliseconds since 1970 in digits.
pub(crate) fn parse(text: &str) -> Option<Instant> {
    let text = text.trim();
    if text.len() < 9 || !text.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    if let Ok(at) = Instant::parse(text) {
        return Some(at);
    }
    let is_number = text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    if is_number { epoch(text.parse().ok()?) } else { None }
}

/// A number since 1970 whose size tells its unit: s, ms, us or ns of the years 1990 to 2100.
///
/// Smaller numbers are something else under the name of a time: minutes since the last event,
/// a counter of the radio.
pub(crate) fn epoch(value: f64) -> Option<Instant> {
    const FIRST_S: f64 = 631_152_000.0; // 1990-01-01
    const LAST_S: f64 = 4_102_444_800.0; // 2100-01-01
    let per_second = [1.0, 1e3, 1e6, 1e9];
    let found = per_second.into_iter().find(|factor| (FIRST_S..LAST_S).contains(&(value / factor)))?;
    Instant::from_secs_f64(value / found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_size_of_a_number_tells_its_unit() {
        let at = Instant::from_millis(1_700_000_000_000);
        for value in [1.7e9, 1.7e12, 1.7e15, 1.7e18] {
            assert_eq!(epoch(value), Some(at));
        }
        assert_eq!(epoch(35.0), None, "minutes since something");
    }

    #[test]
    fn a_local_time_without_zone_is_no_instant() {
        assert_eq!(parse("2023-07-19T07:51:31"), None);
        assert!(parse("2023-07-19T07:51:31Z").is_some());
        assert_eq!(parse("1700000000"), Some(Instant::from_millis(1_700_000_000_000)));
    }
}
