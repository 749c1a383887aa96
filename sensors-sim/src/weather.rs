//! The weather outside: a pure function of time, so that any day can be made alone.

use model::Instant;

use crate::noise::Stream;

const DAY_MS: f64 = 86_400_000.0;
const YEAR_DAYS: f64 = 365.2425;

/// Weather of a northern inland city: cold dry winters, hot damp summers.
#[derive(Debug, Clone)]
pub(crate) struct Weather {
    stream: Stream,
    /// Milliseconds by which local solar time is ahead of UTC.
    ahead_ms: f64,
}

impl Weather {
    /// The weather of a seed; `ahead_ms` is the site's offset from UTC.
    pub(crate) fn new(seed: u64, ahead_ms: f64) -> Self {
        Self { stream: Stream::new(seed, "weather"), ahead_ms }
    }

    /// Outdoor temperature, °C: the year's wave, fronts of a few days, and the day's wave with its top at 15:00.
    pub(crate) fn temperature(&self, at: Instant) -> f64 {
        let day = self.local_days(at);
        let daily = 4.5 * wave(day.fract() - 15.0 / 24.0);
        self.slow_temperature(day) + daily
    }

    /// Mean outdoor temperature of the day around a count of local days, °C: what a heavy building feels.
    pub(crate) fn slow_temperature(&self, local_days: f64) -> f64 {
        // Coldest in the third week of January; 14.5 °C mean and 13.5 °C either side.
        let annual = 14.5 - 13.5 * wave((local_days - 19.0) / YEAR_DAYS);
        annual + 3.5 * self.stream.of(1).wander(local_days / 2.5)
    }

    /// Outdoor CO2, ppm: the city's background with a little traffic.
    pub(crate) fn co2(&self, at: Instant) -> f64 {
        428.0 + 8.0 * self.stream.of(2).wander(self.local_days(at) * 4.0)
    }

    /// Daylight between 0 and 1: nothing at night, less under cloud.
    pub(crate) fn daylight(&self, at: Instant) -> f64 {
        let day = self.local_days(at);
        let season = 1.2 * wave((day - 172.0) / YEAR_DAYS);
        let half_hours = 6.0 + season; // daylight lasts twice this, around 12:15
        let from_noon = (day.fract() * 24.0 - 12.25).abs();
        let height = (1.0 - from_noon / half_hours).max(0.0);
        let cloud = 0.7 + 0.3 * self.stream.of(3).wander(day * 3.0);
        (height * cloud).min(1.0)
    }

    #[expect(clippy::cast_precision_loss, reason = "milliseconds since 1970 fit in 53 bits")]
    pub(crate) fn local_days(&self, at: Instant) -> f64 {
        (at.millis() as f64 + self.ahead_ms) / DAY_MS
    }
}

/// A wave with its top at whole turns.
fn wave(turns: f64) -> f64 {
    (turns * std::f64::consts::TAU).cos()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Instant {
        Instant::parse(text).unwrap()
    }

    #[test]
    fn july_afternoons_are_hot_and_january_nights_are_cold() {
        let weather = Weather::new(3, 8.0 * 3_600_000.0);
        assert!(weather.temperature(at("2026-07-20T15:00:00+08:00")) > 25.0);
        assert!(weather.temperature(at("2026-01-20T04:00:00+08:00")) < 1.0);
        assert_eq!(weather.daylight(at("2026-01-20T01:00:00+08:00")).to_bits(), 0.0_f64.to_bits());
        assert!(weather.daylight(at("2026-06-20T12:00:00+08:00")) > 0.3);
    }
}
