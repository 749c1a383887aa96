//! Wire formats: a message of readings as each vendor's network would publish it.

mod chirpstack;
mod names;
mod senml;
mod tts;
mod zigbee2mqtt;

use model::{Id, Instant, Quantity};

use crate::{noise::Stream, report::ReportKind, scenario::Format};

/// Everything that a writer may know of a message.
#[derive(Debug)]
pub(crate) struct Message<'a> {
    /// Id on the wire.
    pub(crate) id: &'a Id,
    /// Name given by the installer.
    pub(crate) name: &'a str,
    /// Draws of the device.
    pub(crate) stream: Stream,
    pub(crate) kind: ReportKind,
    /// When the device says that it was observed.
    pub(crate) stamp: Instant,
    /// When the network passed it on.
    pub(crate) arrival: Instant,
    pub(crate) serial: i64,
    pub(crate) values: &'a [(Quantity, f64)],
}

/// Topic and payload of a message.
pub(crate) fn write(format: Format, message: &Message<'_>) -> (String, Vec<u8>) {
    match format {
        Format::Senml => senml::write(message),
        Format::ChirpstackV4 => chirpstack::write(message),
        Format::TtsV3 => tts::write(message),
        Format::Zigbee2mqtt => zigbee2mqtt::write(message),
    }
}

/// The bytes that a real radio would have carried; nobody decodes them, their length is right.
pub(crate) fn radio_bytes(message: &Message<'_>) -> String {
    use base64::{Engine, engine::general_purpose::STANDARD};
    let bytes = message.stream.of(43).bits(message.serial).to_be_bytes();
    STANDARD.encode(bytes)
}

/// A number with a fraction, as a protobuf struct prints it; what is not finite becomes null.
pub(crate) fn number(value: f64) -> serde_json::Value {
    serde_json::Value::from(value)
}

/// A whole number without a fraction, anything else as it is.
pub(crate) fn plain(value: f64) -> serde_json::Value {
    #[expect(clippy::cast_possible_truncation, reason = "checked to be whole and small")]
    let whole = value as i64;
    if value.fract().abs() < f64::EPSILON && value.abs() < 1e15 { whole.into() } else { value.into() }
}

/// The session and the 16-bit frame counter of a message.
pub(crate) fn frame(message: &Message<'_>) -> (i64, i64) {
    (message.serial.div_euclid(65_536), message.serial.rem_euclid(65_536))
}
