//! What every target asks of a decoder: an answer or an error, and no broken reading.

use ingest::{Decoded, Decoder, Format, Message, Routes};

/// Decodes fuzzed bytes as one of `formats`. The first byte chooses it, a line gives the topic, the rest is the payload.
///
/// # Panics
/// When a reading comes out that is not finite: that is a finding.
pub fn decode(formats: &[Format], data: &[u8]) {
    let Some((choice, data)) = data.split_first() else { return };
    let Some(format) = formats.get(usize::from(*choice) % formats.len()) else { return };
    let (topic, payload) = split(data);
    let message = Message { topic: &topic, payload, retained: false, received_at: None };
    let mut decoder = Decoder::new(Routes::defaults());
    // Twice: what it remembers of the first may break the second.
    for _ in 0..2 {
        check(decoder.decode_as(*format, &message).ok());
    }
}

/// Decodes fuzzed bytes by route and shape, and as a line of the command `decode`.
///
/// # Panics
/// When a reading comes out that is not finite, or a line answers with two.
pub fn route(data: &[u8]) {
    let (topic, payload) = split(data);
    let message = Message { topic: &topic, payload, retained: false, received_at: None };
    let mut decoder = Decoder::new(Routes::defaults());
    check(decoder.decode_message(&message).result.ok());
    let line = ingest::decode_line(&mut decoder, None, &String::from_utf8_lossy(data));
    assert!(!line.contains('\n'));
}

fn split(data: &[u8]) -> (String, &[u8]) {
    let end = data.iter().position(|byte| *byte == b'\n').unwrap_or(0);
    let (topic, payload) = data.split_at(end);
    (String::from_utf8_lossy(topic).into_owned(), payload.strip_prefix(b"\n").unwrap_or(payload))
}

fn check(decoded: Option<Decoded>) {
    if let Some(Decoded::Readings(readings)) = decoded {
        assert!(!readings.is_empty());
        assert!(readings.iter().all(|reading| reading.value.is_finite()));
    }
}
