//! Home automation: zigbee2mqtt, Tasmota, Shelly, ESPHome, Home Assistant.
#![no_main]

use ingest::Format;

libfuzzer_sys::fuzz_target!(|data: &[u8]| normwatch_ingest_fuzz::decode(&[Format::Zigbee2mqtt, Format::Tasmota, Format::ShellyGen1, Format::ShellyGen2, Format::Esphome, Format::HaDiscovery, Format::HaStatestream], data));
