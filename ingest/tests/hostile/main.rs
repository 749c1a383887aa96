//! Any bytes on any topic are an answer or an error, never a panic.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::cast_possible_truncation,
    reason = "test helpers"
)]

mod flood;
mod generator;

use std::{fs, path::Path};

use ingest::{Decoded, Decoder, ErrorKind, Format, MAX_PAYLOAD, Message, Routes, decode_line};
use proptest::prelude::*;
use serde_json::Value;

fn everything(decoder: &mut Decoder, topic: &str, payload: &[u8]) {
    let message = Message { topic, payload, retained: false, received_at: None };
    let mut results = vec![decoder.decode(&message).1];
    results.extend(Format::ALL.iter().map(|format| decoder.decode_as(*format, &message)));
    for decoded in results.into_iter().flatten() {
        sound(&decoded);
    }
}

/// What holds of everything that a decoder lets through.
fn sound(decoded: &Decoded) {
    if let Decoded::Readings(readings) = decoded {
        assert!(!readings.is_empty() && readings.len() <= ingest::MAX_READINGS);
        for reading in readings {
            assert!(reading.value.is_finite(), "{reading:?}");
            assert!(model::Id::parse(reading.sensor.as_str()).is_ok(), "{reading:?}");
            assert!(
                reading.channel.as_ref().is_none_or(|id| model::Id::parse(id.as_str()).is_ok()),
                "{reading:?}"
            );
        }
    }
}

/// Messages of every format, from the golden cases.
fn seeds() -> Vec<(String, Vec<u8>)> {
    use base64::{Engine, prelude::BASE64_STANDARD};
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata");
    let mut found = Vec::new();
    for file in fs::read_dir(folder).unwrap() {
        for line in fs::read_to_string(file.unwrap().path()).unwrap().lines() {
            let case: Value = serde_json::from_str(line).unwrap();
            let payload = match case["payload"].as_str() {
                Some(text) => text.as_bytes().to_vec(),
                None => BASE64_STANDARD.decode(case["payload_base64"].as_str().unwrap()).unwrap(),
            };
            found.push((case["topic"].as_str().unwrap().to_owned(), payload));
        }
    }
    found
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(256) })]

    #[test]
    fn any_bytes_on_any_topic_never_panic(topic in ".{0,60}", payload in proptest::collection::vec(any::<u8>(), 0..300)) {
        everything(&mut Decoder::new(Routes::defaults()), &topic, &payload);
    }

    #[test]
    fn mutated_messages_never_panic(
        seed in any::<prop::sample::Index>(),
        edits in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..3_u8), 1..8),
    ) {
        let seeds = seeds();
        let (topic, mut payload) = seeds[seed.index(seeds.len())].clone();
        for (at, byte, kind) in edits {
            if payload.is_empty() {
                break;
            }
            let at = at.index(payload.len());
            match kind {
                0 => payload[at] = byte,
                1 => payload.insert(at, byte),
                _ => { payload.remove(at); }
            }
        }
        everything(&mut Decoder::new(Routes::defaults()), &topic, &payload);
    }

    #[test]
    fn any_line_gives_one_line(line in ".{0,200}") {
        let out = decode_line(&mut Decoder::new(Routes::defaults()), None, &line);
        prop_assert!(!out.contains('\n') && serde_json::from_str::<Value>(&out).is_ok());
    }
}

#[test]
fn a_payload_above_the_limit_is_too_large_and_a_deep_one_too_deep() {
    let mut decoder = Decoder::new(Routes::defaults());
    let mut kind = |payload: &[u8]| {
        let message = Message { topic: "normwatch/v1/a", payload, retained: false, received_at: None };
        decoder.decode(&message).1.unwrap_err().kind
    };
    assert_eq!(kind(&vec![b' '; MAX_PAYLOAD + 1]), ErrorKind::TooLarge);
    assert_eq!(kind("[".repeat(5000).as_bytes()), ErrorKind::TooDeep);
    assert_eq!(kind(&[0xff, 0xfe]), ErrorKind::NotUtf8);
}
