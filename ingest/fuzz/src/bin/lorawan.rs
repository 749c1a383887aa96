//! Network servers of LoRaWAN.
#![no_main]

use ingest::Format;

libfuzzer_sys::fuzz_target!(|data: &[u8]| normwatch_ingest_fuzz::decode(&[Format::ChirpstackV4, Format::ChirpstackV3, Format::TtsV3, Format::TtsV2, Format::MilesightGateway], data));
