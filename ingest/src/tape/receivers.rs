//! The receivers in a network server's envelope, of which only the strongest is kept.

use std::fmt;

use serde::{
    Deserializer,
    de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor},
};

use super::name::{Name, NameSeed};
use crate::radio::Radio;

/// Reads the receivers of a network's envelope, whatever stands there: a list of objects, or one.
pub(super) struct Receivers;

/// What a value there is: a number, or the strongest receiver in it.
#[derive(Default)]
pub(super) struct Heard {
    number: Option<f64>,
    pub(super) radio: Radio,
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
    use super::{super::Tape, *};

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
}
