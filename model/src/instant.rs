//! Instants and half-open spans, in whole milliseconds since 1970-01-01T00:00:00Z.

use std::fmt;

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{self, Unexpected, Visitor},
};

/// A point in time: milliseconds since the Unix epoch, years 1 to 9999.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(i64);

/// Why a text is not an instant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a time: write RFC 3339 with an offset, such as 2026-03-01T08:00:00+08:00")]
pub struct TimeError(pub String);

const MIN_MS: i64 = -62_135_596_800_000; // 0001-01-01T00:00:00Z
const MAX_MS: i64 = 253_402_207_200_000; // 9999-12-30T22:00:00Z, the end of jiff's range

impl Instant {
    /// The earliest instant.
    pub const MIN: Self = Self(MIN_MS);
    /// The latest instant.
    pub const MAX: Self = Self(MAX_MS);

    /// From milliseconds since the epoch; outside the years 1 to 9999 the nearest end is taken.
    #[must_use]
    pub const fn from_millis(ms: i64) -> Self {
        if ms < MIN_MS {
            Self(MIN_MS)
        } else if ms > MAX_MS {
            Self(MAX_MS)
        } else {
            Self(ms)
        }
    }

    /// Milliseconds since the epoch.
    #[must_use]
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// From seconds since the epoch with a fraction; finer than 1 ms is truncated. `None` when not finite.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "`as` saturates, and the range is clamped")]
    pub fn from_secs_f64(secs: f64) -> Option<Self> {
        // 1e-6 ms absorbs the binary error of a decimal fraction such as 1.001 s.
        secs.is_finite().then(|| Self::from_millis((secs * 1000.0 + 1e-6).floor() as i64))
    }

    /// Parses RFC 3339 with an offset (a blank or `t` may stand for `T`); finer than 1 ms is truncated.
    ///
    /// # Errors
    /// Returns [`TimeError`] when the text has no offset or is no time.
    pub fn parse(text: &str) -> Result<Self, TimeError> {
        let stamp: Timestamp = text.trim().parse().map_err(|_| TimeError(text.to_owned()))?;
        Ok(Self::from_timestamp(stamp))
    }

    /// From a timestamp; finer than 1 ms is truncated (towards the past).
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "jiff's range fits in i64 milliseconds")]
    pub fn from_timestamp(stamp: Timestamp) -> Self {
        Self::from_millis(stamp.as_nanosecond().div_euclid(1_000_000) as i64)
    }

    /// As a timestamp of the time library.
    #[must_use]
    pub fn timestamp(self) -> Timestamp {
        Timestamp::from_millisecond(self.0).unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// This instant plus milliseconds, held inside the range.
    #[must_use]
    pub const fn plus_ms(self, ms: i64) -> Self {
        Self::from_millis(self.0.saturating_add(ms))
    }

    /// Milliseconds from `earlier` to this instant; negative when it is later.
    #[must_use]
    pub const fn since(self, earlier: Self) -> i64 {
        self.0 - earlier.0
    }

    /// RFC 3339 in the offset of `zone`, to the second, with milliseconds only when there are any.
    #[must_use]
    pub fn rfc3339(self, zone: &TimeZone) -> String {
        let zoned = self.timestamp().to_zoned(zone.clone());
        let offset = zoned.offset().seconds();
        let (sign, offset) = if offset < 0 { ('-', -offset) } else { ('+', offset) };
        let civil = zoned.datetime();
        format!("{civil}{sign}{:02}:{:02}", offset / 3600, offset % 3600 / 60)
    }
}

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.timestamp())
    }
}

impl fmt::Debug for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// As text for people, as milliseconds in a binary form.
impl Serialize for Instant {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        if s.is_human_readable() { s.collect_str(self) } else { s.serialize_i64(self.0) }
    }
}

/// Binary forms of 0.1 hold texts too.
impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        if d.is_human_readable() { d.deserialize_str(Read::Text) } else { d.deserialize_any(Read::Either) }
    }
}

/// What an instant may be read from.
enum Read {
    Text,
    Either,
}

impl Visitor<'_> for Read {
    type Value = Instant;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an RFC 3339 time")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Instant, E> {
        Instant::parse(text).map_err(E::custom)
    }

    fn visit_i64<E: de::Error>(self, ms: i64) -> Result<Instant, E> {
        match self {
            Self::Either => Ok(Instant::from_millis(ms)),
            Self::Text => Err(E::invalid_type(Unexpected::Signed(ms), &self)),
        }
    }

    fn visit_u64<E: de::Error>(self, ms: u64) -> Result<Instant, E> {
        self.visit_i64(i64::try_from(ms).unwrap_or(i64::MAX))
    }
}

/// A half-open span of time: `from` belongs to it, `to` does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Span {
    /// First instant inside.
    pub from: Instant,
    /// First instant after.
    pub to: Instant,
}

impl Span {
    /// All of time.
    pub const ALWAYS: Self = Self { from: Instant::MIN, to: Instant::MAX };

    /// The span from `from` to `to`; empty when `to` is not later.
    #[must_use]
    pub const fn new(from: Instant, to: Instant) -> Self {
        Self { from, to }
    }

    /// Length in milliseconds, 0 when empty.
    #[must_use]
    pub const fn millis(self) -> i64 {
        let ms = self.to.0 - self.from.0;
        if ms > 0 { ms } else { 0 }
    }

    /// Whether no instant lies inside.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.millis() == 0
    }

    /// Whether `at` lies inside.
    #[must_use]
    pub const fn contains(self, at: Instant) -> bool {
        self.from.0 <= at.0 && at.0 < self.to.0
    }

    /// The common part, if any.
    #[must_use]
    pub fn intersect(self, other: Self) -> Option<Self> {
        let both = Self::new(self.from.max(other.from), self.to.min(other.to));
        (!both.is_empty()).then_some(both)
    }

    /// Length as a duration.
    #[must_use]
    pub const fn duration(self) -> SignedDuration {
        SignedDuration::from_millis(self.millis())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_without_offset_is_refused() {
        assert!(Instant::parse("2026-03-01T08:00:00").is_err());
        assert!(Instant::parse("2026-03-01T08:00:00+08:00").is_ok());
        assert_eq!(Instant::parse("2021-09-07 00:00:00+08:00"), Instant::parse("2021-09-06T16:00:00Z"));
    }

    #[test]
    fn finer_than_a_millisecond_is_truncated() {
        let at = Instant::parse("1970-01-01T00:00:01.9999999Z").unwrap();
        assert_eq!(at.millis(), 1999);
        assert_eq!(Instant::from_secs_f64(1.001).unwrap().millis(), 1001);
    }

    #[test]
    fn local_text_carries_the_offset_of_the_site() {
        let zone = TimeZone::get("Asia/Kathmandu").unwrap();
        let at = Instant::parse("2026-01-01T00:00:00Z").unwrap();
        assert_eq!(at.rfc3339(&zone), "2026-01-01T05:45:00+05:45");
    }
}
