//! Durations as pack files write them: `0s`, `15m`, `2h`, `14d`.

/// Milliseconds of a duration: a whole number and one of `ms`, `s`, `m`, `h`, `d`, `w`. `None` when it is none.
#[must_use]
pub(super) fn parse_ms(text: &str) -> Option<i64> {
    let text = text.trim();
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, unit) = text.split_at_checked(digits)?;
    let factor = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        "w" => 604_800_000,
        _ => return None,
    };
    number.parse::<i64>().ok()?.checked_mul(factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_a_whole_number_and_a_unit() {
        assert_eq!(parse_ms("0s"), Some(0));
        assert_eq!(parse_ms("15m"), Some(900_000));
        assert_eq!(parse_ms("14d"), Some(14 * 86_400_000));
        for wrong in ["", "15", "m", "-1h", "1.5h", "1 fortnight", "99999999999999999w"] {
            assert_eq!(parse_ms(wrong), None, "{wrong}");
        }
    }
}
