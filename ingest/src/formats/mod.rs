//! The wire formats: one file each, one match.

mod births;
mod by_topic;
mod chirpstack;
mod generic;
mod home_assistant;
pub(crate) mod influx_line;
mod lorawan;
mod lwm2m;
pub(crate) mod senml;
mod shelly;
mod sparkplug;
mod state;
mod tasmota;
mod tts;
mod xovis;
mod zigbee2mqtt;

pub(crate) use generic::sender_of;
use model::Id;
pub use sparkplug::rebirth_request;
pub(crate) use state::State;

use crate::{DecodeError, Decoded, Message, names::Names};

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

            /// The format of this name (`tts-v2` is short for `tts-v2-legacy`).
            #[must_use]
            pub fn parse(name: &str) -> Option<Self> {
                match name { $($name => Some(Self::$variant),)+ "tts-v2" => Some(Self::TtsV2), _ => None }
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
    /// `LwM2M` objects as SenML.
    Lwm2mSenml = "lwm2m-senml",
    /// ChirpStack 3 application events.
    ChirpstackV3 = "chirpstack-v3",
    /// The Things Network 2 uplinks.
    TtsV2 = "tts-v2-legacy",
    /// Milesight gateways, with and without codec.
    MilesightGateway = "milesight-gateway",
    /// Tasmota reports.
    Tasmota = "tasmota",
    /// Shelly devices of the first generation.
    ShellyGen1 = "shelly-gen1",
    /// Shelly devices of the second generation and later.
    ShellyGen2 = "shelly-gen2",
    /// `ESPHome` states.
    Esphome = "esphome",
    /// Home Assistant discovery.
    HaDiscovery = "ha-discovery",
    /// Home Assistant statestream.
    HaStatestream = "ha-statestream",
    /// Sparkplug B.
    SparkplugB = "sparkplug-b",
    /// InfluxDB line protocol.
    InfluxLine = "influx-line",
    /// People counters that publish by themselves.
    IpSensors = "ip-sensors",
    /// Webhooks of sensor clouds, published by a bridge.
    CloudWebhook = "cloud-webhook",
    /// Meter gateways of the Chinese market.
    CnGateways = "cn-gateways",
    /// Any other object with known names.
    VendorJson = "vendor-json",
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
            Self::Lwm2mSenml => lwm2m::decode(message, env),
            Self::ChirpstackV3 => lorawan::decode_chirpstack_v3(message, env),
            Self::TtsV2 => lorawan::decode_tts_v2(message, env),
            Self::MilesightGateway => lorawan::decode_milesight(message, env),
            Self::Tasmota => tasmota::decode(message, env),
            Self::ShellyGen1 => shelly::decode_gen1(message, env),
            Self::ShellyGen2 => shelly::decode_gen2(message, env),
            Self::Esphome => home_assistant::decode_esphome(message, env),
            Self::HaDiscovery => home_assistant::decode_discovery(message, env),
            Self::HaStatestream => home_assistant::decode_statestream(message, env),
            Self::SparkplugB => sparkplug::decode(message, env),
            Self::InfluxLine => influx_line::decode(message, env),
            Self::IpSensors | Self::CloudWebhook | Self::CnGateways | Self::VendorJson => {
                generic::decode(message, env, self.name())
            }
        }
    }
}

impl Format {
    /// Whether every value is published under a name of its own, so that none is there by the way.
    pub(crate) const fn is_value_by_value(self) -> bool {
        matches!(
            self,
            Self::Senml
                | Self::Lwm2mSenml
                | Self::Esphome
                | Self::HaStatestream
                | Self::SparkplugB
                | Self::InfluxLine
        )
    }
}

/// A LoRaWAN device id as a sensor id: EUI-64 in lower-case hex.
pub(crate) fn eui(text: &str) -> Option<Id> {
    Id::eui64(text)
}
