//! Any topic with any payload, as the service and the command `decode` read it.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| normwatch_ingest_fuzz::route(data));
