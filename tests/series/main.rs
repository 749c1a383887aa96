//! The series writer against real servers and against one that refuses.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::expect_used,
    clippy::print_stderr,
    clippy::cast_precision_loss,
    reason = "tests"
)]

#[path = "../common/mod.rs"]
mod common;

mod bridge;
mod influxdb;
mod lines;
mod overtaking;
mod refusing;
mod rig;
mod speed;
mod victoria;
