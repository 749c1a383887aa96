//! The explanation of a verdict as a check keeps it: bytes, not a map. Every check keeps one, few are read.

use std::fmt;

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{self, MapAccess, Visitor, value::MapAccessDeserializer},
};

use crate::{
    Fact, Why,
    pack::{number, put},
};

const NO: u8 = 0;
const YES: u8 = 1;
const NUMBER: u8 = 2;
const TEXT: u8 = 3;
const LIST: u8 = 4;

/// An explanation, packed.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Memo(Box<[u8]>);

impl Memo {
    pub(crate) fn of(why: &Why) -> Self {
        let size = why.iter().map(|(key, fact)| key.len() + 1 + size(fact)).sum();
        let mut bytes = Vec::with_capacity(size);
        for (key, fact) in why {
            put_text(&mut bytes, key);
            put_fact(&mut bytes, fact);
        }
        Self(bytes.into_boxed_slice())
    }

    /// The explanation again.
    pub(crate) fn why(&self) -> Why {
        let mut bytes = self.0.iter().copied();
        let mut why = Why::new();
        while bytes.len() > 0 {
            let key = text(&mut bytes);
            why.insert(key, fact(&mut bytes));
        }
        why
    }
}

/// As the map for people, as it is kept in a binary form.
impl Serialize for Memo {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        if s.is_human_readable() { self.why().serialize(s) } else { s.serialize_bytes(&self.0) }
    }
}

/// Binary forms of 0.1 hold the map too.
impl<'de> Deserialize<'de> for Memo {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        if d.is_human_readable() { d.deserialize_map(Read) } else { d.deserialize_any(Read) }
    }
}

struct Read;

impl<'de> Visitor<'de> for Read {
    type Value = Memo;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an explanation")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Memo, A::Error> {
        Why::deserialize(MapAccessDeserializer::new(map)).map(|why| Memo::of(&why))
    }

    fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Memo, E> {
        Ok(Memo(bytes.into()))
    }
}

/// The bytes that a fact takes; of a text or list from 128 on it is one too few.
fn size(fact: &Fact) -> usize {
    match fact {
        Fact::Bool(_) => 1,
        Fact::Number(_) => 9,
        Fact::Text(text) => 2 + text.len(),
        Fact::List(facts) => 2 + facts.iter().map(size).sum::<usize>(),
    }
}

fn put_text(bytes: &mut Vec<u8>, text: &str) {
    put(bytes, text.len() as u64);
    bytes.extend_from_slice(text.as_bytes());
}

fn put_fact(bytes: &mut Vec<u8>, fact: &Fact) {
    match fact {
        Fact::Bool(is_so) => bytes.push(if *is_so { YES } else { NO }),
        Fact::Number(number) => {
            bytes.push(NUMBER);
            bytes.extend_from_slice(&number.to_le_bytes());
        }
        Fact::Text(text) => {
            bytes.push(TEXT);
            put_text(bytes, text);
        }
        Fact::List(facts) => {
            bytes.push(LIST);
            put(bytes, facts.len() as u64);
            facts.iter().for_each(|fact| put_fact(bytes, fact));
        }
    }
}

fn text(bytes: &mut impl Iterator<Item = u8>) -> String {
    let length = usize::try_from(number(bytes)).unwrap_or(0);
    let text: Vec<u8> = bytes.take(length).collect();
    String::from_utf8(text).unwrap_or_default()
}

fn fact(bytes: &mut impl Iterator<Item = u8>) -> Fact {
    match bytes.next() {
        Some(YES) => Fact::Bool(true),
        Some(NUMBER) => {
            let mut number = [0; 8];
            number.iter_mut().for_each(|place| *place = bytes.next().unwrap_or(0));
            Fact::Number(f64::from_le_bytes(number))
        }
        Some(TEXT) => Fact::Text(text(bytes)),
        Some(LIST) => {
            let count = number(bytes);
            Fact::List((0..count).map(|_| fact(bytes)).collect())
        }
        _ => Fact::Bool(false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_comes_out_again() {
        let names = Fact::List(vec![Fact::Text("s-1".to_owned()), Fact::List(Vec::new())]);
        let why = Why::from([
            (String::new(), Fact::Bool(true)),
            ("gate".to_owned(), "没有传感器".into()),
            ("no".to_owned(), Fact::Bool(false)),
            ("outdoor_ppm".to_owned(), Fact::Number(-417.25)),
            ("sensors".to_owned(), names),
            ("x".repeat(300), Fact::Text("y".repeat(20_000))),
        ]);
        assert_eq!(Memo::of(&why).why(), why);
        assert_eq!(Memo::of(&Why::new()).why(), Why::new());
        let text = serde_json::to_string(&Memo::of(&why)).unwrap();
        assert_eq!(text, serde_json::to_string(&why).unwrap());
        assert_eq!(serde_json::from_str::<Memo>(&text).unwrap(), Memo::of(&why));
    }
}
