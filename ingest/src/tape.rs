//! Unknown JSON as a flat list of nodes in document order: no map, no copy of plain text.
//!
//! Vendors' objects are walked once from front to back, so a tree of maps would only cost
//! allocations. Text without escapes is borrowed from the payload. Duplicate keys are kept;
//! [`Cursor::get`] finds the last one, as most JSON readers do.

mod cursor;
mod name;
mod receivers;

use std::{borrow::Cow, cell::Cell, fmt};

use serde::{
    Deserializer,
    de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor},
};

pub(crate) use self::cursor::Cursor;
use self::{
    name::{Name, NameSeed},
    receivers::Receivers,
};
use crate::{DecodeError, ErrorKind, radio::Radio};

/// Largest payload that is looked at, in bytes: far above any sensor's, far below what would hurt.
pub const MAX_PAYLOAD: usize = 1024 * 1024;

/// Deepest nesting of JSON that is followed.
pub const MAX_DEPTH: usize = 32;

/// Most values in one JSON document: a payload of nothing but `[0,0,0` costs a hundred times its size in memory.
pub const MAX_VALUES: usize = 100_000;

/// The receivers in a network server's envelope: often half the bytes, and of use only for how strong the signal was.
const RECEIVERS: &[&str] = &["rxInfo", "rx_metadata"];

/// How a message was sent: never a reading.
const SKIPPED: &str = "txInfo";

/// A value that holds no other.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Scalar<'a> {
    Null,
    Bool(bool),
    Number(f64),
    Text(Cow<'a, str>),
}

#[derive(Debug)]
enum Kind<'a> {
    Leaf(Scalar<'a>),
    Object,
    Array,
}

#[derive(Debug)]
enum Key<'a> {
    Root,
    Name(Cow<'a, str>),
    Index(usize),
}

#[derive(Debug)]
struct Node<'a> {
    parent: usize,
    /// One past the last node inside this one.
    end: usize,
    key: Key<'a>,
    kind: Kind<'a>,
}

/// A JSON document.
#[derive(Debug)]
pub(crate) struct Tape<'a> {
    nodes: Vec<Node<'a>>,
    radio: Radio,
}

impl<'a> Tape<'a> {
    /// Parses one JSON value.
    pub(crate) fn parse(text: &'a str) -> Result<Self, DecodeError> {
        let text = text.trim_start_matches('\u{feff}').trim_end_matches(['\0', ' ', '\n', '\r', '\t']);
        let mut nodes = Vec::with_capacity(64);
        let notes = Notes::default();
        let mut json = serde_json::Deserializer::from_str(text);
        let seed = Seed { nodes: &mut nodes, parent: 0, key: Key::Root, depth: 0, notes: &notes };
        match (seed.deserialize(&mut json).and_then(|()| json.end()), notes.limit.get()) {
            (Ok(()), _) => Ok(Self { nodes, radio: notes.radio.get() }),
            (Err(_), Some(kind)) => {
                let message = match kind {
                    ErrorKind::TooDeep => format!("nested deeper than {MAX_DEPTH}"),
                    _ => format!("more than {MAX_VALUES} values in one message: send several"),
                };
                Err(DecodeError::new(kind, message))
            }
            (Err(error), None) => Err(DecodeError::new(ErrorKind::NotJson, error.to_string())),
        }
    }

    /// How the strongest receiver of its envelope heard the device.
    pub(crate) const fn radio(&self) -> Radio {
        self.radio
    }

    /// The outermost value.
    pub(crate) fn root(&self) -> Cursor<'_, 'a> {
        Cursor { tape: self, at: 0 }
    }
}

/// The payload as text.
pub(crate) fn text(payload: &[u8]) -> Result<&str, DecodeError> {
    if payload.len() > MAX_PAYLOAD {
        return Err(DecodeError::new(ErrorKind::TooLarge, format!("larger than {MAX_PAYLOAD} bytes")));
    }
    std::str::from_utf8(payload).map_err(|error| match payload {
        // Nothing is ever unpacked on the way in: a kilobyte may hold a gigabyte.
        [0x1f, 0x8b, ..] | [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x78, 0x01 | 0x5e | 0x9c | 0xda, ..] => {
            DecodeError::new(ErrorKind::Compressed, "the payload is compressed: send it plain")
        }
        _ => DecodeError::new(ErrorKind::NotUtf8, error.to_string()),
    })
}

struct Seed<'n, 'a> {
    nodes: &'n mut Vec<Node<'a>>,
    parent: usize,
    key: Key<'a>,
    depth: usize,
    notes: &'n Notes,
}

/// What is noted on the way besides the nodes.
#[derive(Default)]
struct Notes {
    /// The limit that was met, for the error.
    limit: Cell<Option<ErrorKind>>,
    radio: Cell<Radio>,
}

impl<'a> Seed<'_, 'a> {
    fn leaf<E: Error>(self, scalar: Scalar<'a>) -> Result<(), E> {
        self.within(self.nodes.len() < MAX_VALUES, ErrorKind::TooMany)?;
        let end = self.nodes.len() + 1;
        self.nodes.push(Node { parent: self.parent, end, key: self.key, kind: Kind::Leaf(scalar) });
        Ok(())
    }

    fn within<E: Error>(&self, fits: bool, kind: ErrorKind) -> Result<(), E> {
        if fits {
            return Ok(());
        }
        self.notes.limit.set(Some(kind));
        Err(E::custom(kind.name()))
    }

    /// Opens a container and returns its position, or an error when it would be too deep or one too many.
    fn open<E: Error>(&mut self, kind: Kind<'a>) -> Result<usize, E> {
        self.within(self.depth < MAX_DEPTH, ErrorKind::TooDeep)?;
        self.within(self.nodes.len() < MAX_VALUES, ErrorKind::TooMany)?;
        let at = self.nodes.len();
        let key = std::mem::replace(&mut self.key, Key::Root);
        self.nodes.push(Node { parent: self.parent, end: at + 1, key, kind });
        Ok(at)
    }

    fn close(nodes: &mut [Node<'a>], at: usize) {
        let end = nodes.len();
        if let Some(node) = nodes.get_mut(at) {
            node.end = end;
        }
    }
}

impl<'a> DeserializeSeed<'a> for Seed<'_, 'a> {
    type Value = ();

    fn deserialize<D: Deserializer<'a>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_any(self)
    }
}

impl<'a> Visitor<'a> for Seed<'_, 'a> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.leaf(Scalar::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<(), E> {
        self.leaf(Scalar::Bool(value))
    }

    #[expect(clippy::cast_precision_loss, reason = "a reading beyond 2^53 has no sensor behind it")]
    fn visit_u64<E: Error>(self, value: u64) -> Result<(), E> {
        self.leaf(Scalar::Number(value as f64))
    }

    #[expect(clippy::cast_precision_loss, reason = "a reading beyond 2^53 has no sensor behind it")]
    fn visit_i64<E: Error>(self, value: i64) -> Result<(), E> {
        self.leaf(Scalar::Number(value as f64))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<(), E> {
        self.leaf(Scalar::Number(value))
    }

    fn visit_borrowed_str<E: Error>(self, value: &'a str) -> Result<(), E> {
        self.leaf(Scalar::Text(Cow::Borrowed(value)))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<(), E> {
        self.leaf(Scalar::Text(Cow::Owned(value.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'a>>(mut self, mut seq: A) -> Result<(), A::Error> {
        let at = self.open(Kind::Array)?;
        let (nodes, depth, notes) = (self.nodes, self.depth + 1, self.notes);
        let mut index = 0;
        while seq
            .next_element_seed(Seed { nodes, parent: at, key: Key::Index(index), depth, notes })?
            .is_some()
        {
            index += 1;
        }
        Self::close(nodes, at);
        Ok(())
    }

    fn visit_map<A: MapAccess<'a>>(mut self, mut map: A) -> Result<(), A::Error> {
        let at = self.open(Kind::Object)?;
        let (nodes, depth, notes) = (self.nodes, self.depth + 1, self.notes);
        while let Some(Name(name)) = map.next_key_seed(NameSeed)? {
            if name == SKIPPED {
                map.next_value::<IgnoredAny>()?;
            } else if RECEIVERS.contains(&&*name) {
                let heard = map.next_value_seed(Receivers)?.radio;
                notes.radio.set(notes.radio.get().or_stronger(heard));
            } else {
                map.next_value_seed(Seed { nodes, parent: at, key: Key::Name(name), depth, notes })?;
            }
        }
        Self::close(nodes, at);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_of_two_equal_keys_counts() {
        let tape = Tape::parse(r#"{"a":1,"a":{"b":[2,"x"]}}"#).unwrap();
        let array = tape.root().path(&["a", "b"]).unwrap();
        assert_eq!(array.children().count(), 2);
        assert_eq!(array.children().next().unwrap().number(), Some(2.0));
        assert_eq!(array.children().last().unwrap().index(), Some(1));
    }

    #[test]
    fn nesting_beyond_the_limit_is_an_error_of_its_own() {
        let deep = format!("{}1{}", "[".repeat(MAX_DEPTH + 1), "]".repeat(MAX_DEPTH + 1));
        assert_eq!(Tape::parse(&deep).unwrap_err().kind, ErrorKind::TooDeep);
        let fits = format!("{}1{}", "[".repeat(MAX_DEPTH), "]".repeat(MAX_DEPTH));
        assert!(Tape::parse(&fits).is_ok());
    }

    #[test]
    fn a_document_of_too_many_values_is_an_error_of_its_own() {
        let list = |count: usize| format!("[{}0]", "0,".repeat(count - 1));
        assert_eq!(Tape::parse(&list(MAX_VALUES)).unwrap_err().kind, ErrorKind::TooMany);
        assert!(Tape::parse(&list(MAX_VALUES - 1)).is_ok());
    }

    #[test]
    fn what_is_compressed_is_named_and_never_unpacked() {
        for packed in [&[0x1f, 0x8b, 8, 0, 0xff][..], &[0x78, 0x9c, 0xff], &[0x28, 0xb5, 0x2f, 0xfd, 0xff]] {
            assert_eq!(text(packed).unwrap_err().kind, ErrorKind::Compressed);
        }
        assert_eq!(text(&[0xff, 0x8b]).unwrap_err().kind, ErrorKind::NotUtf8);
    }

    #[test]
    fn a_nan_literal_is_an_error_and_not_a_value() {
        assert_eq!(Tape::parse(r#"{"a":NaN}"#).unwrap_err().kind, ErrorKind::NotJson);
    }

    #[test]
    fn awkward_but_legal_numbers_are_read() {
        let tape = Tape::parse("[1.320078429e+09, 0.14e1,\n 18446744073709551615]").unwrap();
        let numbers: Vec<_> = tape.root().children().filter_map(Cursor::number).collect();
        assert_eq!(numbers, [1_320_078_429.0, 1.4, 18_446_744_073_709_551_615.0]);
    }
}
