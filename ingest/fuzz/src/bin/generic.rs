//! Objects with known names: counters, clouds, meter gateways, anything.
#![no_main]

use ingest::Format;

libfuzzer_sys::fuzz_target!(|data: &[u8]| normwatch_ingest_fuzz::decode(&[Format::IpSensors, Format::CloudWebhook, Format::CnGateways, Format::VendorJson], data));
