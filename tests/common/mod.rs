//! Real servers for tests, each in a folder of its own on a free loopback port, stopped when dropped.
#![allow(
    dead_code,
    unreachable_pub,
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "each test uses some of it"
)]

pub mod browser;
pub mod influxd;
pub mod mosquitto;
pub mod process;
pub mod series_stub;
pub mod victoria_metrics;
