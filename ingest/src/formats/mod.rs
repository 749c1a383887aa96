//! The wire formats: one file each, one match.

mod chirpstack;
mod senml;
mod tts;
mod zigbee2mqtt;

use model::Id;

use crate::{DecodeError, Decoded, Message, decoder::State, names::Names};

/// Declares the formats with their names on the wire.
macro_rules! formats {
    ($($(#[$meta:meta])* $variant:ident = $name:literal,)+) => {
        /// A wire format.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Format { $($(#[$meta])* $variant,)+ }

        impl Format {
            /// Every format.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The name in routes and in the output of `decode`.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// The format of this name.
            #[must_use]
            pub fn parse(name: &str) -> Option<Self> {
                match name { $($name => Some(Self::$variant),)+ _ => None }
            }
        }
    };
}

formats! {
    /// SenML JSON (RFC 8428) and the native contract on `normwatch/v1/{sensor}`.
    Senml = "senml",
    /// ChirpStack 4 application events.
    ChirpstackV4 = "chirpstack-v4",
    /// The Things Stack 3 uplinks.
    TtsV3 = "tts-v3",
    /// zigbee2mqtt device states.
    Zigbee2mqtt = "zigbee2mqtt",
}

impl std::fmt::Display for Format {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// What a format's decoder may look at besides the message.
pub(crate) struct Env<'d> {
    pub(crate) names: &'d Names,
    pub(crate) state: &'d mut State,
}

impl Env<'_> {
    /// The names of the profile that the register gives a sensor.
    pub(crate) fn profile(&self, sensor: &Id) -> Option<&Names> {
        self.state.profile(sensor)
    }
}

/// What a format made of a message, with the vendor's own id of the transmission.
pub(crate) struct Parsed {
    pub(crate) decoded: Decoded,
    pub(crate) dedup_key: Option<String>,
}

impl From<Decoded> for Parsed {
    fn from(decoded: Decoded) -> Self {
        Self { decoded, dedup_key: None }
    }
}

impl Format {
    pub(crate) fn decode(self, message: &Message<'_>, env: &mut Env<'_>) -> Result<Parsed, DecodeError> {
        match self {
            Self::Senml => senml::decode(message, env),
            Self::ChirpstackV4 => chirpstack::decode_v4(message, env),
            Self::TtsV3 => tts::decode_v3(message, env),
            Self::Zigbee2mqtt => zigbee2mqtt::decode(message, env),
        }
    }
}

/// A LoRaWAN device id as a sensor id: EUI-64 in lower-case hex.
pub(crate) fn eui(text: &str) -> Option<Id> {
    let is_eui = text.len() == 16 && text.bytes().all(|b| b.is_ascii_hexdigit());
    if is_eui { Id::parse(&text.to_ascii_lowercase()).ok() } else { None }
}
