//! "Did you mean": the known word nearest to a written one.

/// Number of letters to insert, drop or change to make one text the other.
pub(crate) fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().take(LONGEST).collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.chars().take(LONGEST).enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        let mut next = vec![left];
        for (above, cb) in row.iter().skip(1).zip(&b) {
            let change = diagonal + usize::from(ca != *cb);
            left = change.min(above + 1).min(left + 1);
            diagonal = *above;
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}

/// Longer texts are compared by their start: a hostile cell must not cost quadratic time.
const LONGEST: usize = 80;

/// The nearest of some names, by edits of single letters; `None` only when there are none.
///
/// # Examples
/// ```
/// assert_eq!(model::nearest("offce", ["meeting", "office"]), Some("office"));
/// ```
#[must_use]
pub fn nearest<'a>(written: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    names.into_iter().min_by_key(|name| distance(written, name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distance_counts_single_letter_edits() {
        assert_eq!(distance("", ""), 0);
        assert_eq!(distance("room", "room"), 0);
        assert_eq!(distance("", "room"), 4);
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("面积", "使用面积"), 2);
        assert_eq!(distance("sensors.csv", "sensor.csv"), 1);
    }

    #[test]
    fn the_nearest_name_wins() {
        assert_eq!(nearest("offce", ["meeting", "office", "other"]), Some("office"));
        assert_eq!(nearest("offce", []), None);
    }
}
