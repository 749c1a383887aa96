//! The recent readings of one series at one place.

use std::sync::Arc;

use model::{Instant, Quantity, Series, Span};
use serde::{Deserialize, Serialize, Serializer};

use crate::{
    about::About,
    compact,
    recent::Recent,
    steps::{Carry, Micro, Steps, carried, held_motion},
};

/// How far back a door counter is read: it counts from local midnight, and a day has 25 hours at most.
const DOOR_MS: i64 = 25 * 3_600_000;

/// Recent readings of a series while it was bound to one place, in time order.
#[derive(Debug, Clone, Deserialize)]
#[serde(from = "Written")]
pub(crate) struct SeriesBuffer {
    pub(crate) series: Series,
    pub(crate) about: Arc<About>,
    /// The earliest reading ever.
    pub(crate) first: Instant,
    readings: Recent,
}

/// How a checkpoint holds it. Files of 0.1 have names in it, newer ones a list: there are very many.
#[derive(Deserialize)]
struct Written {
    series: Series,
    binding: Span,
    #[serde(with = "compact::instant")]
    first: Instant,
    max_gap_ms: i64,
    interval_ms: i64,
    hold_off_ms: i64,
    zone: Option<Box<str>>,
    overlaps: Option<Box<str>>,
    readings: Recent,
}

impl From<Written> for SeriesBuffer {
    fn from(written: Written) -> Self {
        let Written {
            series,
            binding,
            first,
            max_gap_ms,
            interval_ms,
            hold_off_ms,
            zone,
            overlaps,
            readings,
        } = written;
        let about = Arc::new(About { binding, max_gap_ms, interval_ms, hold_off_ms, zone, overlaps });
        Self { series, about, first, readings }
    }
}

impl SeriesBuffer {
    pub(crate) fn new(series: Series, about: Arc<About>) -> Self {
        Self { series, about, first: Instant::MAX, readings: Recent::default() }
    }

    /// The same without its readings; it still knows since when there is such a sensor.
    pub(crate) fn hollow(&self) -> Self {
        Self { first: self.first, ..Self::new(self.series.clone(), Arc::clone(&self.about)) }
    }

    /// When its device was bound to the place.
    pub(crate) fn binding(&self) -> Span {
        self.about.binding
    }

    /// Whether its device hung here in any of a window.
    pub(crate) fn is_bound_in(&self, window: Span) -> bool {
        self.binding().intersect(window).is_some()
    }

    /// Its device has no row here any more: it is asked for no longer than its newest reading stood.
    pub(crate) fn unbind(&mut self) {
        let stood = self.newest().map_or(self.first, |(at, _)| self.stands_to(at));
        let binding = Span::new(self.binding().from, self.binding().to.min(stood));
        self.about = Arc::new(About { binding, ..(*self.about).clone() });
    }

    /// How long one motion of it keeps the room occupied, ms.
    fn hold_off_ms(&self) -> i64 {
        let is_motion = matches!(self.series.quantity, Quantity::Motion | Quantity::MotionCount);
        if is_motion { self.about.hold_off_ms } else { 0 }
    }

    /// What a checkpoint holds of it.
    fn told(&self) -> impl Serialize + PartialEq + '_ {
        let About { binding, max_gap_ms, interval_ms, zone, overlaps, .. } = &*self.about;
        let first_ms = self.first.millis();
        let hold_off_ms = self.hold_off_ms();
        let binding = (binding.from, binding.to);
        (
            &self.series,
            binding,
            first_ms,
            max_gap_ms,
            interval_ms,
            hold_off_ms,
            zone,
            overlaps,
            &self.readings,
        )
    }

    /// Takes a reading; of several at one instant the last wins. Returns the span that it can change.
    pub(crate) fn insert(&mut self, at: Instant, value: Micro) -> Span {
        if !self.readings.insert(at, value) {
            return Span::new(at, at);
        }
        if at < self.first {
            // From here on the place has such a sensor, which changes what is unknown there.
            self.first = at;
            return Span::new(at, Instant::MAX);
        }
        Span::new(at, at.plus_ms(self.reach_ms()))
    }

    /// Until when a reading stands at most.
    pub(crate) fn stands_to(&self, at: Instant) -> Instant {
        at.plus_ms(self.about.max_gap_ms)
    }

    /// How long after a reading it can matter, ms.
    fn reach_ms(&self) -> i64 {
        let carry = self.about.max_gap_ms.max(self.hold_off_ms());
        if self.is_door() { carry.max(DOOR_MS) } else { carry }
    }

    /// Whether it counts people through a door.
    pub(crate) fn is_door(&self) -> bool {
        DOORS.iter().flatten().any(|q| *q == self.series.quantity)
    }

    /// Whether it tells if somebody is there.
    pub(crate) fn tells_people(&self) -> bool {
        OCCUPANCY.contains(&self.series.quantity) || self.is_door()
    }

    /// The newest reading.
    pub(crate) fn newest(&self) -> Option<(Instant, Micro)> {
        self.readings.newest()
    }

    /// The span that the end of the input takes away from its newest reading.
    pub(crate) fn beyond_end(&self) -> Option<Span> {
        let (at, _) = self.newest()?;
        Some(Span::new(
            at.plus_ms(self.about.interval_ms),
            at.plus_ms(self.about.max_gap_ms.max(self.hold_off_ms())),
        ))
    }

    /// Forgets what no window from `before` on can need.
    pub(crate) fn forget(&mut self, before: Instant) {
        self.readings.forget(before.plus_ms(-self.reach_ms()));
    }

    fn carry(&self, has_ended: bool) -> Carry {
        Carry {
            max_gap_ms: self.about.max_gap_ms,
            interval_ms: self.about.interval_ms,
            has_ended,
            binding: self.about.binding,
        }
    }

    /// Its readings from `from` on, with those before it that still stand then.
    pub(crate) fn since(&self, from: Instant) -> Vec<(Instant, Micro)> {
        self.readings.since(from.plus_ms(-self.about.max_gap_ms.max(self.hold_off_ms())))
    }

    /// Its values over `window`.
    pub(crate) fn values(&self, window: Span, has_ended: bool) -> Steps<Micro> {
        carried(&self.since(window.from), self.carry(has_ended), window)
    }

    /// Its motion, held for the hold-off, over `window`.
    pub(crate) fn motion(&self, window: Span, has_ended: bool) -> Steps<Micro> {
        held_motion(&self.since(window.from), self.carry(has_ended), self.hold_off_ms(), window)
    }
}

impl PartialEq for SeriesBuffer {
    fn eq(&self, other: &Self) -> bool {
        self.told() == other.told()
    }
}

impl Serialize for SeriesBuffer {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        self.told().serialize(s)
    }
}

/// Quantities that tell whether somebody is there (besides counters at doors).
pub(crate) const OCCUPANCY: [Quantity; 4] =
    [Quantity::PeopleCount, Quantity::Occupied, Quantity::Motion, Quantity::MotionCount];

/// Quantities of people through a door: in and out, since the last report and as registers.
pub(crate) const DOORS: [[Quantity; 2]; 2] =
    [[Quantity::PeopleIn, Quantity::PeopleOut], [Quantity::PeopleInTotal, Quantity::PeopleOutTotal]];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readings_with_names_are_read_as_the_list_is() {
        let named = r#"{"series":{"sensor":"n1","quantity":"co2"},
            "binding":{"from":"2026-03-02T00:00:00Z","to":"2026-03-09T00:00:00Z"},"first":1772409600000,
            "max_gap_ms":1800000,"interval_ms":600000,"hold_off_ms":0,"zone":"east","overlaps":null,"readings":""}"#;
        let named: SeriesBuffer = serde_json::from_str(named).unwrap();
        let mut held = named.clone();
        let about = &held.about;
        assert_eq!((about.interval_ms, about.zone.as_deref(), held.newest()), (600_000, Some("east"), None));
        held.insert(held.first.plus_ms(1), 420_000_000);
        for buffer in [named, held] {
            let list = serde_json::to_string(&buffer).unwrap();
            assert!(list.starts_with('['), "{list}");
            assert_eq!(serde_json::from_str::<SeriesBuffer>(&list).unwrap(), buffer);
        }
    }
}
