//! Names folded, so that one entry of a table matches many ways to write it.

/// Letters and figures of a text in lower case; everything else dropped.
pub(crate) fn fold(text: &str) -> String {
    folded(text).collect()
}

/// A figure below the line (`CO₂`) is the figure.
fn folded(text: &str) -> impl Iterator<Item = char> {
    let kept = text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase);
    kept.map(|c| match c {
        '₀'..='₉' => char::from_digit(u32::from(c) - u32::from('₀'), 10).unwrap_or(c),
        _ => c,
    })
}

/// The first byte that folding keeps, in lower case; `None` where it is no letter or figure of ASCII.
pub(crate) fn first_letter(text: &str) -> Option<u8> {
    let first = text.bytes().find(|b| b.is_ascii_alphanumeric() || !b.is_ascii())?;
    first.is_ascii().then(|| first.to_ascii_lowercase())
}

/// Whether a name has a path before it, or may be a meter's code.
pub(crate) fn is_path_or_code(name: &str) -> bool {
    name.bytes().any(|b| matches!(b, b'.' | b'/' | b':'))
        || name.as_bytes().first().is_some_and(u8::is_ascii_digit)
}

/// A bit for a text by its first and last letter, folded: two that fold to the same have the same. All bits where one of
/// them is outside ASCII.
pub(crate) fn mark(text: &str) -> u128 {
    let is_kept = |b: &u8| b.is_ascii_alphanumeric() || !b.is_ascii();
    let mut kept = text.bytes().filter(is_kept);
    let (Some(first), last) = (kept.next(), kept.next_back()) else { return 0 };
    let last = last.unwrap_or(first);
    if !first.is_ascii() || !last.is_ascii() {
        return u128::MAX;
    }
    let (first, last) = (first.to_ascii_lowercase(), last.to_ascii_lowercase());
    1 << ((u32::from(first) * 11 + u32::from(last)) & 127)
}

/// Whether a text folds to `folded`, without building the folded text.
pub(crate) fn is_folded_as(text: &str, folded: &str) -> bool {
    if text.len() < folded.len() {
        return false;
    }
    // Most names differ in their first letter.
    let first = text.bytes().find(|b| b.is_ascii_alphanumeric() || !b.is_ascii());
    if first.is_some_and(|b| b.is_ascii() && Some(b.to_ascii_lowercase()) != folded.bytes().next()) {
        return false;
    }
    if text.is_ascii() {
        let kept = text.bytes().filter(u8::is_ascii_alphanumeric).map(|b| b.to_ascii_lowercase());
        return kept.eq(folded.bytes());
    }
    self::folded(text).eq(folded.chars())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_folds_to_the_same_has_the_same_mark() {
        for (a, b) in [("_Air-Temp ", "airtemp"), ("V", "v"), ("PM2.5", "pm25"), ("", "-")] {
            assert_eq!(mark(a), mark(b), "{a}");
        }
        assert_ne!(mark("temperature"), mark("humidity"));
        assert_eq!(mark("温度"), u128::MAX);
        assert!(fold("CO₂") == "co2" && is_folded_as("PM₂.₅", "pm25"));
    }
}
