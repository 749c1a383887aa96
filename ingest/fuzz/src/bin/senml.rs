//! SenML and LwM2M as SenML.
#![no_main]

use ingest::Format;

libfuzzer_sys::fuzz_target!(|data: &[u8]| normwatch_ingest_fuzz::decode(&[Format::Senml, Format::Lwm2mSenml], data));
