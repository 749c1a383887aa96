//! Alert mail as a whole: routing, dispatch, words, and delivery to a real mail server.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "test support: the allowance for tests misses helper functions"
)]

mod delivering;
mod dispatching;
mod findings;
mod promises;
mod random;
mod rendering;
mod routing;
mod smtp;
