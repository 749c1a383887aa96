//! InfluxDB lines, read.
#![no_main]

use ingest::Format;

libfuzzer_sys::fuzz_target!(|data: &[u8]| normwatch_ingest_fuzz::decode(&[Format::InfluxLine], data));
