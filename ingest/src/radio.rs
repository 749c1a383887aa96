//! How well the radio heard a device: signal and noise, by the strongest of its receivers.
//!
//! It is the device's health like its battery, and rides along with readings: alone it is none.

use model::{Flags, Id, Instant, Quantity};

use crate::RawReading;

/// Signal in dBm and its distance from the noise in dB.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Radio {
    pub(crate) signal: Option<f64>,
    pub(crate) snr: Option<f64>,
}

impl Radio {
    /// The stronger of two receivers.
    pub(crate) fn or_stronger(self, other: Self) -> Self {
        if other.signal > self.signal { other } else { self }
    }

    /// Adds signal and noise to the readings of a message, those left out that the device itself told.
    pub(crate) fn ride_along(self, readings: &mut Vec<RawReading>, sensor: &Id, time: Option<Instant>) {
        if readings.is_empty() {
            return;
        }
        for (quantity, value) in [(Quantity::Signal, self.signal), (Quantity::Snr, self.snr)] {
            let is_told = readings.iter().any(|r| r.quantity == quantity && r.channel.is_none());
            // A nought stands for a receiver that does not say: no signal is as strong.
            let is_signal =
                |value: &f64| quantity.is_plausible(*value) && (*value < 0.0 || quantity == Quantity::Snr);
            if let Some(value) = value.filter(is_signal).filter(|_| !is_told) {
                let (sensor, flags) = (sensor.clone(), Flags::NONE);
                readings.push(RawReading { sensor, quantity, channel: None, value, time, flags });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nought_is_no_signal_and_what_the_device_says_itself_stands() {
        let sensor = Id::fold("s1");
        let reading = |quantity, value| RawReading {
            sensor: sensor.clone(),
            quantity,
            channel: None,
            value,
            time: None,
            flags: Flags::NONE,
        };
        let told = |radio: Radio, own: &[RawReading]| {
            let mut readings = own.to_vec();
            radio.ride_along(&mut readings, &sensor, None);
            readings.iter().map(|r| r.quantity).collect::<Vec<_>>()
        };
        let co2 = reading(Quantity::Co2, 500.0);
        let nought = Radio { signal: Some(0.0), snr: Some(0.0) };
        assert_eq!(told(nought, std::slice::from_ref(&co2)), [Quantity::Co2, Quantity::Snr]);
        let both = Radio { signal: Some(-80.0), snr: Some(3.0) };
        let own = [co2, reading(Quantity::Signal, -50.0)];
        assert_eq!(told(both, &own), [Quantity::Co2, Quantity::Signal, Quantity::Snr]);
        assert_eq!(told(both, &[]), [], "alone it is no reading");
    }
}
