//! The labelled offices judged by the engine: what was seeded is found, and nothing else.
//!
//! `cargo test --test findings -- --nocapture` prints precision and recall by clause.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stdout,
    reason = "tests may fail loudly, and print what they found"
)]

mod compare;
mod faulty;
mod office;
mod play;
mod small;
mod sound;
mod story;
mod wire;
