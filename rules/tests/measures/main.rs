//! Measures and clauses against examples worked by hand from the documents, and the register's own checks.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::cast_precision_loss,
    reason = "a test may stop where it stands"
)]

mod advice;
mod assess;
mod comfort;
mod coverage;
mod energy;
mod worked;
#[path = "../engine/world.rs"]
#[allow(dead_code, reason = "shared with the tests of the engine")]
mod world;
