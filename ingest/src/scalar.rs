//! What a written value means: numbers in text, words for states, stand-ins for "no value".

use model::Unit;

/// A number in a text, and the unit written behind it.
///
/// `"16.48°C"`, `"3.1V(low battery)"`, `"1501mA"`, `"23,5"`, `"9818,"`, `"n:72.4 °F"`. A text that goes on
/// with more figures (a range such as `80-100%`, a date) is no number.
pub(crate) fn number_in(text: &str) -> Option<(f64, Option<&str>)> {
    let text = text.trim().trim_end_matches(',').trim_end();
    // Project Haystack writes numbers so in JSON.
    let text = text.strip_prefix("n:").unwrap_or(text);
    let length = number_length(text);
    let (digits, rest) = text.split_at_checked(length)?;
    let value: f64 = match digits.parse() {
        Ok(value) => value,
        Err(_) => digits.replacen(',', ".", 1).parse().ok()?,
    };
    if !value.is_finite() {
        return None;
    }
    // A remark in brackets is not the unit, unless the brackets are all there is.
    let rest = rest.trim().trim_start_matches('*');
    let unit = match rest.split_once('(') {
        Some(("", inside)) => Some(inside.trim_end_matches(')')).filter(|u| Unit::is_known(u)).unwrap_or(""),
        Some((unit, _)) => unit,
        None => rest,
    };
    let unit = unit.trim();
    if unit.is_empty() {
        return Some((value, None));
    }
    // `m3` and `ug/m3` hold figures, ranges and dates begin with one or with a separator.
    let starts_like_a_unit = unit.starts_with(|c: char| c.is_alphabetic() || matches!(c, '%' | '°' | '/'));
    (starts_like_a_unit && unit.len() <= 12).then_some((value, Some(unit)))
}

/// How many bytes at the start of `text` belong to a number.
fn number_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let at = |i: usize| bytes.get(i).copied().unwrap_or(0);
    let mut i = usize::from(matches!(at(0), b'+' | b'-'));
    let mut has_point = false;
    while at(i).is_ascii_digit() || (!has_point && matches!(at(i), b'.' | b',') && at(i + 1).is_ascii_digit())
    {
        has_point |= !at(i).is_ascii_digit();
        i += 1;
    }
    let sign = usize::from(matches!(at(i + 1), b'+' | b'-'));
    if matches!(at(i), b'e' | b'E') && at(i + 1 + sign).is_ascii_digit() {
        i += 1 + sign;
        while at(i).is_ascii_digit() {
            i += 1;
        }
    }
    i
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_keeps_its_unit_and_loses_its_remark() {
        assert_eq!(number_in("16.48°C"), Some((16.48, Some("°C"))));
        assert_eq!(number_in("3.1V(low battery)"), Some((3.1, Some("V"))));
        assert_eq!(number_in("2.3(low battery)"), Some((2.3, None)));
        assert_eq!(number_in("1501mA"), Some((1501.0, Some("mA"))));
        assert_eq!(number_in(" -0.5 kWh "), Some((-0.5, Some("kWh"))));
        assert_eq!(number_in("23,5"), Some((23.5, None)));
        assert_eq!(number_in("9818,"), Some((9818.0, None)));
        assert_eq!(number_in("1e3"), Some((1000.0, None)));
        assert_eq!(number_in("001234.5*kWh"), Some((1234.5, Some("kWh"))), "as meters print it");
    }

    #[test]
    fn words_ranges_and_dates_are_no_numbers() {
        for text in ["", "-", "Calculating", "80-100%", "2024-03-01", "12:30", "1.2.3", "nan", "inf"] {
            assert_eq!(number_in(text), None, "{text}");
        }
    }
}
