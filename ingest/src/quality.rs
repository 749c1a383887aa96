//! Between decoder and engine: settles a reading's time, applies the register's correction, marks doubtful values.
//!
//! [`settle`] needs the reading alone; [`Quality`] remembers the newest readings of each series.

use std::collections::HashMap;

use model::{
    Flags, Instant, Nature, Quantity, Reading, Series, TimeFrom,
    register::{Reporting, Sensor},
};

use crate::RawReading;

/// 2005-01-01T00:00:00Z: no sensor of today measured before; a clock that was never set says 1970 or 2000.
const FIRST_PLAUSIBLE: Instant = Instant::from_millis(1_104_537_600_000);

/// How far ahead of the arrival a reading's time may be, ms: clocks of devices drift by minutes, not more.
const MOST_AHEAD_MS: i64 = 5 * 60 * 1000;

/// How a reading came to us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrival {
    /// From the broker, at this instant.
    Live(Instant),
    /// From a file: there is no arrival, and a bad time cannot be replaced.
    File,
}

/// The register's row of a sensor that holds at the arrival.
#[derive(Debug, Clone, Copy)]
pub struct Binding<'r> {
    /// The row.
    pub sensor: &'r Sensor,
    /// From when it holds; `None` for always.
    pub from: Option<Instant>,
}

/// Why a reading of a file is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Rejection {
    /// It has no time.
    #[error("no time")]
    NoTime,
    /// Its time is before 2005.
    #[error("time before 2005")]
    BeforeSensors,
    /// Its time is before its sensor was bound to a place.
    #[error("time before the binding of its sensor")]
    BeforeBinding,
    /// Its time lies more than 5 min after its arrival.
    #[error("time ahead of the arrival")]
    AheadOfArrival,
    /// Its value is not finite.
    #[error("value is not finite")]
    NotFinite,
}

/// Gives a reading its time and its corrected value, marked `range` where the value is impossible.
///
/// Without a time, or with one before 2005, before the binding or more than 5 min ahead, a live reading
/// takes the arrival time; where it had a time it is marked `clock`. Whose clock the time is from goes with the
/// marks; whether that of a device or of what stands before it is the format's to say ([`crate::Format::time_from`]).
/// The register's factor and offset are applied to everything but a stand-in for "no value".
///
/// # Errors
/// Returns [`Rejection`] when a reading of a file has no usable time, or the value is not finite.
pub fn settle(raw: RawReading, arrival: Arrival, binding: Option<Binding<'_>>) -> Result<Reading, Rejection> {
    let (time, clock) = time(raw.time, arrival, binding.and_then(|b| b.from))?;
    let value = match binding {
        Some(binding) if !raw.flags.has(Flags::SENTINEL) => {
            raw.value.mul_add(binding.sensor.scale, binding.sensor.offset)
        }
        _ => raw.value,
    };
    let series = Series { sensor: raw.sensor, quantity: raw.quantity, channel: raw.channel };
    let mut reading = Reading::new(series, time, value).ok_or(Rejection::NotFinite)?;
    reading.flags = reading.flags.with(raw.flags).with(clock);
    if let Arrival::Live(now) = arrival {
        // A format that knows no time gives the arrival itself.
        let is_stated = raw.time == Some(time) && time != now;
        let clock = if is_stated { TimeFrom::Device } else { TimeFrom::Arrival };
        reading.flags = reading.flags.timed_by(clock);
    }
    Ok(reading)
}

fn time(
    stated: Option<Instant>,
    arrival: Arrival,
    bound_from: Option<Instant>,
) -> Result<(Instant, Flags), Rejection> {
    let fault = match (stated, arrival) {
        (None, _) => Some(Rejection::NoTime),
        (Some(at), _) if at < FIRST_PLAUSIBLE => Some(Rejection::BeforeSensors),
        (Some(at), _) if bound_from.is_some_and(|from| at < from) => Some(Rejection::BeforeBinding),
        (Some(at), Arrival::Live(now)) if at.since(now) > MOST_AHEAD_MS => Some(Rejection::AheadOfArrival),
        _ => None,
    };
    match (stated, arrival, fault) {
        (Some(at), _, None) => Ok((at, Flags::NONE)),
        (None, Arrival::Live(now), _) => Ok((now, Flags::NONE)),
        (Some(_), Arrival::Live(now), Some(_)) => Ok((now, Flags::CLOCK)),
        (_, Arrival::File, fault) => Err(fault.unwrap_or(Rejection::NoTime)),
    }
}

/// What is remembered of a series.
#[derive(Debug, Clone, Copy)]
struct Newest {
    time: Instant,
    value: f64,
    /// Since when the value has been exactly this, and in how many readings.
    same_since: Instant,
    same_count: u32,
    /// Whether it could enter a measure: a stand-in for "no value" is nothing to fall from.
    is_usable: bool,
}

/// Marks that need earlier readings of the same series: duplicate, late, spike, stuck, a counter that fell.
#[derive(Debug, Default)]
pub struct Quality {
    series: HashMap<Series, Newest>,
}

impl Quality {
    /// A stage that has seen nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Marks a reading against the earlier ones of its series, and remembers it.
    ///
    /// `duplicate`: the same value at the same instant as the newest. `late`: older than the newest.
    /// `counter_reset`: a counter is lower than it was. What it fell from is returned: whether that is a rollover is
    /// the register's to say. `spike`: see [`spike_step`]. `stuck`: see [`stuck_after`]; not for sensors that report changes
    /// only, whose repeats are heartbeats.
    pub fn mark(&mut self, reading: &mut Reading, reporting: Option<Reporting>) -> Option<f64> {
        let Some(newest) = self.series.get_mut(&reading.series) else {
            self.series.insert(reading.series.clone(), Newest::of(reading));
            return None;
        };
        let is_same = newest.value.to_bits() == reading.value.to_bits();
        if reading.time <= newest.time {
            let mark = if is_same && reading.time == newest.time { Flags::DUPLICATE } else { Flags::LATE };
            reading.flags = reading.flags.with(mark);
            return None;
        }
        let fallen_from = newest.has_fallen_to(reading).then_some(newest.value);
        if fallen_from.is_some() {
            reading.flags = reading.flags.with(Flags::COUNTER_RESET);
        }
        if newest.leaps_to(reading) {
            reading.flags = reading.flags.with(Flags::SPIKE);
        }
        if !is_same {
            *newest = Newest::of(reading);
            return fallen_from;
        }
        newest.time = reading.time;
        newest.same_count = newest.same_count.saturating_add(1);
        let is_repeat = reporting != Some(Reporting::OnChange);
        if is_repeat && newest.is_stuck(reading.series.quantity) {
            reading.flags = reading.flags.with(Flags::STUCK);
        }
        fallen_from
    }

    /// Whether anything is remembered of a series. If not, show it the newest readings that are kept elsewhere
    /// to [`Self::mark`] first, so that a restart does not make a stuck sensor look alive.
    #[must_use]
    pub fn knows(&self, series: &Series) -> bool {
        self.series.contains_key(series)
    }

    /// Forgets series that have been silent since before `before`.
    pub fn forget(&mut self, before: Instant) {
        self.series.retain(|_, newest| newest.time >= before);
    }
}

impl Newest {
    fn of(reading: &Reading) -> Self {
        let Reading { time, value, .. } = *reading;
        Self { time, value, same_since: time, same_count: 1, is_usable: reading.flags.is_usable() }
    }

    fn has_fallen_to(&self, reading: &Reading) -> bool {
        reading.series.quantity.nature() == Nature::Counter
            && (self.is_usable && reading.flags.is_usable())
            && reading.value < self.value
    }

    fn is_stuck(&self, quantity: Quantity) -> bool {
        stuck_after(quantity)
            .is_some_and(|(ms, count)| self.same_count >= count && self.time.since(self.same_since) >= ms)
    }

    fn leaps_to(&self, reading: &Reading) -> bool {
        const NEAR_MS: i64 = 20 * 60 * 1000;
        spike_step(reading.series.quantity).is_some_and(|step| {
            reading.time.since(self.time) <= NEAR_MS && (reading.value - self.value).abs() > step
        })
    }
}

/// For how long (ms) and in how many readings a value may be exactly the same before the sensor counts as stuck.
///
/// Air is never quite still, so a sensor that repeats its last figure for days is dead. But coarse sensors
/// repeat through quiet nights: in published office data the longest honest runs were 5.5 h for CO2 (an
/// empty room at the outdoor level) and about 8 h for temperature and humidity in steps of 0.1 K and
/// 1 %RH. The limits are more than twice that. Other quantities may stand still for good reasons.
#[must_use]
pub const fn stuck_after(quantity: Quantity) -> Option<(i64, u32)> {
    const HOUR_MS: i64 = 3_600_000;
    match quantity {
        Quantity::Co2 => Some((12 * HOUR_MS, 24)),
        Quantity::Temperature | Quantity::Humidity => Some((24 * HOUR_MS, 24)),
        _ => None,
    }
}

/// The step between two readings at most 20 min apart above which the second is marked as a spike.
///
/// In the quantity's unit: more than a room's air can do in that time by itself (a breath on the
/// sensor, a radio error). The mark bars nothing; it helps to explain a finding.
#[must_use]
pub const fn spike_step(quantity: Quantity) -> Option<f64> {
    match quantity {
        Quantity::Co2 => Some(2000.0),
        Quantity::Temperature => Some(10.0),
        Quantity::Humidity => Some(40.0),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use model::Id;

    use super::*;

    fn at(text: &str) -> Instant {
        Instant::parse(text).unwrap()
    }

    fn raw(value: f64, time: Option<Instant>) -> RawReading {
        let sensor = Id::parse("s1").unwrap();
        RawReading { sensor, quantity: Quantity::Co2, channel: None, value, time, flags: Flags::NONE }
    }

    #[test]
    fn a_clock_that_is_off_is_replaced_live_and_refused_in_a_file() {
        let now = at("2026-03-01T08:00:00Z");
        for (stated, is_kept) in [
            ("1970-01-01T00:10:00Z", false),
            ("2004-12-31T23:59:59Z", false),
            ("2005-01-01T00:00:00Z", true),
            ("2026-03-01T08:05:00Z", true),
            ("2026-03-01T08:05:00.001Z", false),
        ] {
            let live = settle(raw(500.0, Some(at(stated))), Arrival::Live(now), None).unwrap();
            assert_eq!(live.time == at(stated), is_kept, "{stated}");
            assert_eq!(live.flags.has(Flags::CLOCK), !is_kept, "{stated}");
        }
        assert_eq!(
            settle(raw(500.0, Some(at("1999-01-01T00:00:00Z"))), Arrival::File, None),
            Err(Rejection::BeforeSensors)
        );
        assert_eq!(settle(raw(500.0, None), Arrival::File, None), Err(Rejection::NoTime));
    }

    #[test]
    fn a_reading_without_time_takes_the_arrival_and_no_mark() {
        let now = at("2026-03-01T08:00:00Z");
        let reading = settle(raw(500.0, None), Arrival::Live(now), None).unwrap();
        assert_eq!((reading.time, reading.flags.marks()), (now, Flags::NONE));
    }

    #[test]
    fn whose_clock_a_time_is_from_is_told_live_and_not_of_a_file() {
        let now = at("2026-03-01T08:00:00Z");
        let from = |stated, arrival| settle(raw(500.0, stated), arrival, None).unwrap().flags.time_from();
        let stated = Some(at("2026-03-01T07:59:58Z"));
        assert_eq!(from(stated, Arrival::Live(now)), Some(TimeFrom::Device));
        assert_eq!(from(None, Arrival::Live(now)), Some(TimeFrom::Arrival));
        assert_eq!(from(Some(now), Arrival::Live(now)), Some(TimeFrom::Arrival), "filled in by the format");
        let unset = Some(at("1970-01-01T00:00:07Z"));
        assert_eq!(from(unset, Arrival::Live(now)), Some(TimeFrom::Arrival));
        assert_eq!(from(stated, Arrival::File), None);
    }

    #[test]
    fn a_counter_that_falls_is_marked_with_what_it_fell_from_and_a_gauge_or_a_stand_in_is_not() {
        let fell = |quantity, values: &[f64]| {
            let mut quality = Quality::new();
            let told = values.iter().zip(0..).map(|(value, minute)| {
                let time = Some(at("2026-03-01T00:00:00Z").plus_ms(minute * 60_000));
                let raw = RawReading { quantity, ..raw(*value, time) };
                let mut reading = settle(raw, Arrival::File, None).unwrap();
                let from = quality.mark(&mut reading, None);
                assert_eq!(reading.flags.has(Flags::COUNTER_RESET), from.is_some());
                from
            });
            told.flatten().collect::<Vec<_>>()
        };
        assert_eq!(fell(Quantity::EnergyImport, &[99_990.0, 99_998.0, 3.0, 3.0, 5.0, 4.5]), [99_998.0, 5.0]);
        assert!(fell(Quantity::Power, &[900.0, 3.0]).is_empty());
        assert!(
            fell(Quantity::EnergyImport, &[10.0, -1.0, 11.0]).is_empty(),
            "an impossible value is no base"
        );
    }

    #[test]
    fn factor_and_offset_of_the_register_are_applied_but_not_to_a_stand_in() {
        let place = Id::parse("r1").unwrap();
        let mut sensor = Sensor::new(Id::parse("s1").unwrap(), place);
        (sensor.scale, sensor.offset) = (2.0, -100.0);
        let binding = Some(Binding { sensor: &sensor, from: None });
        let now = Arrival::Live(at("2026-03-01T08:00:00Z"));
        assert!((settle(raw(300.0, None), now, binding).unwrap().value - 500.0).abs() < 1e-9);
        let mut stand_in = raw(65535.0, None);
        stand_in.flags = Flags::SENTINEL;
        let kept = settle(stand_in, now, binding).unwrap();
        assert!((kept.value - 65535.0).abs() < 1e-9 && kept.flags.has(Flags::RANGE));
    }

    #[test]
    fn before_its_binding_a_sensor_has_no_place() {
        let sensor = Sensor::new(Id::parse("s1").unwrap(), Id::parse("r1").unwrap());
        let binding = Some(Binding { sensor: &sensor, from: Some(at("2026-02-01T00:00:00+08:00")) });
        let early = raw(500.0, Some(at("2026-01-31T23:59:59+08:00")));
        assert_eq!(settle(early, Arrival::File, binding), Err(Rejection::BeforeBinding));
    }

    fn marks(values: impl IntoIterator<Item = (i64, f64)>, reporting: Option<Reporting>) -> Vec<Flags> {
        let start = at("2026-03-01T00:00:00Z");
        let mut quality = Quality::new();
        let marked = values.into_iter().map(|(minute, value)| {
            let stated = Some(start.plus_ms(minute * 60_000));
            let mut reading = settle(raw(value, stated), Arrival::File, None).unwrap();
            quality.mark(&mut reading, reporting);
            reading.flags
        });
        marked.collect()
    }

    #[test]
    fn a_quiet_night_is_not_stuck_and_a_dead_sensor_is() {
        let night = marks((0..36).map(|i| (i * 10, 447.0)), None);
        assert!(night.iter().all(|flags| !flags.has(Flags::STUCK)), "6 h");
        let dead = marks((0..100).map(|i| (i * 10, 447.0)), None);
        assert_eq!(dead.iter().position(|flags| flags.has(Flags::STUCK)), Some(72), "from 12 h on");
        let heartbeats = marks((0..100).map(|i| (i * 10, 447.0)), Some(Reporting::OnChange));
        assert!(heartbeats.iter().all(|flags| !flags.has(Flags::STUCK)));
    }

    #[test]
    fn duplicate_late_and_spike_are_marked() {
        let flags = marks([(0, 500.0), (0, 500.0), (10, 510.0), (5, 505.0), (20, 4000.0), (60, 600.0)], None);
        let expected = [Flags::NONE, Flags::DUPLICATE, Flags::NONE, Flags::LATE, Flags::SPIKE, Flags::NONE];
        assert_eq!(flags, expected);
    }
}
