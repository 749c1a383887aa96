//! Whose clock each format writes its times by.

use model::TimeFrom;

use crate::Format;

impl Format {
    /// Whose clock the times in messages of this format are from, where a message states one.
    ///
    /// Network servers, coordinators, hubs and clouds stamp what they pass on; devices that speak MQTT themselves
    /// stamp their own. A Sparkplug edge node and a meter gateway stand between us and the device.
    #[must_use]
    pub const fn time_from(self) -> TimeFrom {
        match self {
            Self::Senml
            | Self::Lwm2mSenml
            | Self::Tasmota
            | Self::ShellyGen1
            | Self::ShellyGen2
            | Self::Esphome
            | Self::InfluxLine
            | Self::IpSensors
            | Self::VendorJson => TimeFrom::Device,
            Self::ChirpstackV3
            | Self::ChirpstackV4
            | Self::TtsV2
            | Self::TtsV3
            | Self::MilesightGateway
            | Self::Zigbee2mqtt
            | Self::HaDiscovery
            | Self::HaStatestream
            | Self::SparkplugB
            | Self::CloudWebhook
            | Self::CnGateways => TimeFrom::Gateway,
        }
    }
}
