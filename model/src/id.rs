//! Stable identifiers of places, bodies, sensors and the like.

use std::{fmt, sync::Arc};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A stable id: 1 to 64 of `A-Z a-z 0-9 . _ -`. Cheap to clone.
///
/// # Examples
/// ```
/// assert!(model::Id::parse("room-301").is_ok());
/// assert!(model::Id::parse("room 301").is_err());
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id(Arc<str>);

/// Why a text is not an [`Id`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an id: use 1 to 64 letters, digits, `.`, `_` or `-`")]
pub struct IdError(pub String);

impl Id {
    /// Checks and takes an id.
    ///
    /// # Errors
    /// Returns [`IdError`] when the text is empty, longer than 64 or has another character.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        let fits = !text.is_empty()
            && text.len() <= 64
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'));
        if fits { Ok(Self(Arc::from(text))) } else { Err(IdError(text.to_owned())) }
    }

    /// An id from any text: every run of characters that an id cannot hold becomes one `-`.
    ///
    /// For wire names that are free text (a zigbee2mqtt friendly name with blanks, say), so
    /// that an unknown sensor can be listed and claimed instead of being dropped. A text
    /// longer than 64 keeps its end, which tells devices apart more often than the start.
    #[must_use]
    pub fn fold(text: &str) -> Self {
        let mut out = String::with_capacity(text.len());
        for c in text.chars() {
            if c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-') {
                out.push(c);
            } else if !out.ends_with('-') {
                out.push('-');
            }
        }
        let start = out.len().saturating_sub(64);
        let kept = out.get(start..).unwrap_or_default();
        Self(Arc::from(if kept.is_empty() { "-" } else { kept }))
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", &*self.0)
    }
}

impl std::borrow::Borrow<str> for Id {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl Serialize for Id {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(d)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folding_makes_a_valid_id_of_any_text() {
        for text in ["", "会议室 温度", "a/b c", &"x".repeat(200)] {
            assert!(Id::parse(Id::fold(text).as_str()).is_ok(), "{text}");
        }
    }
}
