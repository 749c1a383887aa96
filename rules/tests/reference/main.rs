//! Measures over real recordings against their reference results (`truth.json` of each data set).
//!
//! The data sets are not part of the project: without `../shared/datasets` these tests say so and pass.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "test helpers outside #[test] functions"
)]

mod data;
mod energy;
mod estates;
mod imports;
mod rooms;
mod totals;
mod windesheim;
