//! Stable identifiers of places, bodies, sensors and the like.

use std::{fmt, sync::Arc};

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{self, Visitor},
};

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

    /// A device's EUI-64 as 16 lower-case hex digits, however it is spelled: any case, plain or in pairs
    /// set apart by `-` or `:`. `None` for any other text.
    ///
    /// Networks and labels spell one device differently; without this it would be two sensors.
    ///
    /// # Examples
    /// ```
    /// let id = model::Id::eui64("24-E1-24-71-0B-12-34-56").unwrap();
    /// assert_eq!(id.as_str(), "24e124710b123456");
    /// assert_eq!(model::Id::eui64("room-301"), None);
    /// ```
    #[must_use]
    pub fn eui64(text: &str) -> Option<Self> {
        let digits: String = match text.len() {
            16 => text.to_owned(),
            23 => {
                let mut pairs = text.split(['-', ':']);
                if !pairs.clone().all(|pair| pair.len() == 2) {
                    return None;
                }
                pairs.by_ref().collect()
            }
            _ => return None,
        };
        let is_eui = digits.len() == 16 && digits.bytes().all(|b| b.is_ascii_hexdigit());
        is_eui.then(|| Self(Arc::from(digits.to_ascii_lowercase())))
    }

    /// Like [`Self::parse`] for a device: an EUI-64 in any spelling is the same id.
    ///
    /// # Errors
    /// Those of [`Self::parse`].
    pub fn device(text: &str) -> Result<Self, IdError> {
        Self::eui64(text).map_or_else(|| Self::parse(text), Ok)
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
        d.deserialize_str(Read)
    }
}

/// Takes an id from a text that need not be kept.
struct Read;

impl Visitor<'_> for Read {
    type Value = Id;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an id")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Id, E> {
        Id::parse(text).map_err(E::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_device_has_one_id_however_its_eui_is_spelled() {
        for text in ["24E124710B12AbCd", "24-E1-24-71-0B-12-AB-CD", "24:e1:24:71:0b:12:ab:cd"] {
            assert_eq!(Id::device(text).unwrap().as_str(), "24e124710b12abcd", "{text}");
        }
        for text in ["24E124710B12AbC", "24-E1-24-71-0B-12-AB-XY", "2-4E1-24-71-0B-12-AB-CD", "会议室会议"]
        {
            assert_eq!(Id::eui64(text), None, "{text}");
        }
        assert_eq!(Id::device("Room-7").unwrap().as_str(), "Room-7");
    }

    #[test]
    fn folding_makes_a_valid_id_of_any_text() {
        for text in ["", "会议室 温度", "a/b c", &"x".repeat(200)] {
            assert!(Id::parse(Id::fold(text).as_str()).is_ok(), "{text}");
        }
    }
}
