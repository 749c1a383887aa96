//! The spool from outside: what it acknowledged is there, counted once, and damage is loud.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::cast_precision_loss,
    clippy::cast_possible_wrap,
    reason = "tests"
)]

use std::path::Path;

use model::{Flags, Id, Instant, Quantity, Reading, Series};
use normwatch::spool::{Entry, Fate, Item, Kind, Message, MessageKey, Options, Refusal, Spool};

mod counted;
mod damage;
mod full;
mod list;
mod quarantine;

pub(crate) fn reading(sensor: &str, ms: i64, value: f64) -> Reading {
    let series = Series { sensor: Id::parse(sensor).unwrap(), quantity: Quantity::Co2, channel: None };
    Reading { series, time: Instant::from_millis(ms), value, flags: Flags::NONE }
}

pub(crate) fn stored(key: Option<&str>, ms: i64) -> Item {
    let key = key.map(|text| MessageKey::of(text.as_bytes()));
    let fate = Fate::Stored(vec![reading("desk-1", ms, 612.5)]);
    Item::Message(Message { arrival: Instant::from_millis(ms), key, delivery: None, fate, replays: None })
}

pub(crate) fn refused(payload: &[u8]) -> Message {
    let refusal = Refusal {
        topic: "a/b".to_owned(),
        payload: payload.to_vec(),
        kind: "syntax".to_owned(),
        reason: "no JSON".to_owned(),
        field: Some("e[0].v".to_owned()),
        speaker: Some("air-*".to_owned()),
        is_retained: true,
    };
    Message {
        arrival: Instant::from_millis(5),
        key: None,
        delivery: None,
        fate: Fate::Quarantined(refusal),
        replays: None,
    }
}

pub(crate) fn row(kind: Kind) -> Item {
    Item::Row(Entry { arrival: Instant::from_millis(9), kind })
}

pub(crate) fn open(dir: &Path) -> Spool {
    Spool::open(&dir.join("spool.sqlite"), Options::default()).unwrap()
}
