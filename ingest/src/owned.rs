//! Which devices a route may speak for: a vendor publishes for its own, whatever its messages say.

use model::Id;
use serde::{Deserialize, Serialize};

/// Ids that messages of a route may name: each whole, or its beginning followed by `*`.
///
/// # Examples
/// ```
/// use ingest::Owned;
/// let owned = Owned::parse(["0102*", "lobby-1"]).unwrap();
/// assert!(owned.has("010203") && owned.has("lobby-1") && !owned.has("lobby-12"));
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owned(Vec<Pattern>);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Pattern {
    text: String,
    is_beginning: bool,
}

impl Owned {
    /// Checks a list of patterns. An empty list owns nothing.
    ///
    /// # Errors
    /// Returns the first text that is no id and no beginning of one.
    pub fn parse<'p>(patterns: impl IntoIterator<Item = &'p str>) -> Result<Self, String> {
        let pattern = |pattern: &str| {
            let (text, is_beginning) = match pattern.strip_suffix('*') {
                Some(beginning) => (beginning, true),
                None => (pattern, false),
            };
            let fits = Id::parse(text).is_ok() || (text.is_empty() && is_beginning);
            let pattern = Pattern { text: text.to_ascii_lowercase(), is_beginning };
            fits.then_some(pattern).ok_or_else(|| text.to_owned())
        };
        patterns
            .into_iter()
            .map(|text| pattern(text).map_err(|_| text.to_owned()))
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Whether a device is among them. Case does not count: networks differ in how they write an EUI.
    #[must_use]
    pub fn has(&self, sensor: &str) -> bool {
        self.0.iter().any(|pattern| match sensor.get(..pattern.text.len()) {
            Some(start) => {
                start.eq_ignore_ascii_case(&pattern.text)
                    && (pattern.is_beginning || sensor.len() == pattern.text.len())
            }
            None => false,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_at_the_end_only_and_case_does_not_count() {
        for bad in ["", "a*b", "*a", "a b", "a**"] {
            assert_eq!(Owned::parse([bad]), Err(bad.to_owned()));
        }
        let owned = Owned::parse(["70B3D5*", "x"]).unwrap();
        assert!(owned.has("70b3d500") && owned.has("X") && owned.has("70b3d5"));
        assert!(!owned.has("70b3d") && !owned.has("xy") && !owned.has(""));
        assert!(Owned::parse(["*"]).unwrap().has("anything"));
        assert!(!Owned::default().has("anything"));
    }
}
