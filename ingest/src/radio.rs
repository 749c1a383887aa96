//! How well the radio heard a device: signal and noise, by the strongest of its receivers.
//!
//! It is the device's health like its battery, and rides along with readings: alone it is none.

use std::fmt;

use model::{Flags, Id, Instant, Quantity};
use serde::{
    Deserializer,
    de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor},
};

use crate::{
    RawReading,
    tape::{Cursor, Name, NameSeed},
};

/// Signal in dBm and its distance from the noise in dB.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Radio {
    signal: Option<f64>,
    snr: Option<f64>,
}

impl Radio {
    /// Of an object that a receiver is.
    pub(crate) fn of(receiver: Cursor<'_, '_>) -> Self {
        Self { signal: receiver.number_of("rssi"), snr: receiver.number_of("snr") }
    }

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

/// Reads the receivers of a network's envelope, whatever stands there: a list of objects, or one.
pub(crate) struct Receivers;

/// What a value there is: a number, or the strongest receiver in it.
#[derive(Default)]
pub(crate) struct Heard {
    number: Option<f64>,
    pub(crate) radio: Radio,
}

impl Heard {
    fn number<E>(number: f64) -> Result<Self, E> {
        Ok(Self { number: Some(number), ..Self::default() })
    }
}

impl<'a> DeserializeSeed<'a> for Receivers {
    type Value = Heard;

    fn deserialize<D: Deserializer<'a>>(self, json: D) -> Result<Heard, D::Error> {
        json.deserialize_any(self)
    }
}

impl<'a> Visitor<'a> for Receivers {
    type Value = Heard;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("receivers")
    }

    fn visit_unit<E: Error>(self) -> Result<Heard, E> {
        Ok(Heard::default())
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Heard, E> {
        Ok(Heard::default())
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<Heard, E> {
        Ok(Heard::default())
    }

    #[expect(clippy::cast_precision_loss, reason = "no signal is beyond 2^53")]
    fn visit_u64<E: Error>(self, value: u64) -> Result<Heard, E> {
        Heard::number(value as f64)
    }

    #[expect(clippy::cast_precision_loss, reason = "no signal is beyond 2^53")]
    fn visit_i64<E: Error>(self, value: i64) -> Result<Heard, E> {
        Heard::number(value as f64)
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Heard, E> {
        Heard::number(value)
    }

    fn visit_seq<A: SeqAccess<'a>>(self, mut seq: A) -> Result<Heard, A::Error> {
        let mut heard = Heard::default();
        while let Some(item) = seq.next_element_seed(Self)? {
            heard.radio = heard.radio.or_stronger(item.radio);
        }
        Ok(heard)
    }

    fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<Heard, A::Error> {
        let mut heard = Heard::default();
        while let Some(Name(name)) = map.next_key_seed(NameSeed)? {
            match &*name {
                "rssi" => heard.radio.signal = map.next_value_seed(Self)?.number,
                "snr" | "loRaSNR" => heard.radio.snr = map.next_value_seed(Self)?.number,
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(heard)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tape::Tape;

    fn heard(text: &str) -> Radio {
        Tape::parse(&format!(r#"{{"rxInfo":{text},"object":{{"rssi":1}}}}"#)).unwrap().radio()
    }

    #[test]
    fn the_strongest_receiver_counts_and_oddities_are_passed_over() {
        let two =
            heard(r#"[{"rssi":-110,"snr":-7.5,"location":{"rssi":3}},{"loRaSNR":9,"rssi":-71,"crc":"OK"}]"#);
        assert_eq!(two, Radio { signal: Some(-71.0), snr: Some(9.0) });
        assert_eq!(heard(r#"{"rssi":-60.5}"#), Radio { signal: Some(-60.5), snr: None });
        for odd in ["null", "[]", r#"[[1,"x",true,null]]"#, r#"[{"rssi":"-60","snr":{"a":[]}}]"#] {
            assert_eq!(heard(odd), Radio::default(), "{odd}");
        }
    }

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
