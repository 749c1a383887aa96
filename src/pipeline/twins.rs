//! One transmission that two networks carry: the second copy must not count twice.
//!
//! Each network stamps its copy with a time of its own, so the quality stage would take them for two readings.
//! A message of the same device that comes in another wire format within seconds of the last one and says
//! nothing but what that one said takes its time; the quality stage then marks it `duplicate`.

use std::collections::HashMap;

use model::{Id, Instant, Reading, Series};

/// Copies of one transmission are no further apart than this, ms: gateways wait a fraction of a second for each other.
const APART_MS: i64 = 10_000;
/// Devices that are remembered; beyond that all are forgotten and learned again.
const MOST: usize = 200_000;

/// The newest message of each device with an EUI-64: only those have a name that every network knows.
#[derive(Debug, Default)]
pub(super) struct Twins(HashMap<Id, Newest>);

#[derive(Debug)]
struct Newest {
    format: &'static str,
    said: Vec<(Series, Instant, u64)>,
}

impl Twins {
    /// Gives what repeats the newest message of its device through another network that message's times.
    pub(super) fn align(&mut self, sensor: &Id, format: Option<&'static str>, readings: &mut [Reading]) {
        let Some(format) = format.filter(|_| is_eui64(sensor)) else { return };
        if let Some(newest) = self.0.get(sensor).filter(|newest| newest.format != format) {
            let twin = |reading: &Reading| {
                let mut said = newest.said.iter();
                said.find(|(series, at, bits)| {
                    *series == reading.series
                        && *bits == reading.value.to_bits()
                        && reading.time.since(*at).abs() <= APART_MS
                })
                .map(|(_, at, _)| *at)
            };
            let times: Option<Vec<Instant>> = readings.iter().map(twin).collect();
            if let Some(times) = times {
                readings.iter_mut().zip(times).for_each(|(reading, at)| reading.time = at);
                return;
            }
        }
        if self.0.len() >= MOST {
            self.0.clear();
        }
        let said = readings.iter().map(|r| (r.series.clone(), r.time, r.value.to_bits())).collect();
        self.0.insert(sensor.clone(), Newest { format, said });
    }
}

fn is_eui64(sensor: &Id) -> bool {
    sensor.as_str().len() == 16 && sensor.as_str().bytes().all(|b| b.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use model::Quantity;

    use super::*;

    fn reading(value: f64, ms: i64) -> Reading {
        let sensor = Id::parse("24e124710b123456").unwrap();
        let series = Series { sensor, quantity: Quantity::MotionCount, channel: None };
        Reading::new(series, Instant::from_millis(1_800_000_000_000 + ms), value).unwrap()
    }

    fn time(twins: &mut Twins, format: &'static str, value: f64, ms: i64) -> i64 {
        let mut readings = [reading(value, ms)];
        let sensor = readings[0].series.sensor.clone();
        twins.align(&sensor, Some(format), &mut readings);
        readings[0].time.millis() - 1_800_000_000_000
    }

    #[test]
    fn the_copy_of_another_network_takes_the_time_of_the_first_and_news_keeps_its_own() {
        let mut twins = Twins::default();
        assert_eq!(time(&mut twins, "chirpstack", 4.0, 0), 0);
        assert_eq!(time(&mut twins, "tts", 4.0, 700), 0, "the same, through another network");
        assert_eq!(time(&mut twins, "chirpstack", 4.0, 2_000), 2_000, "a device may say the same twice");
        assert_eq!(time(&mut twins, "tts", 5.0, 2_100), 2_100, "another value is news");
        assert_eq!(time(&mut twins, "chirpstack", 5.0, 20_000), 20_000, "much later is news");
    }
}
