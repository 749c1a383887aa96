//! What the engine promises, one sentence a test, and properties against a naive oracle.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::cast_lossless,
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    clippy::float_cmp,
    clippy::too_many_lines,
    reason = "test code outside #[test] functions; printed figures are compared as printed"
)]

mod air;
mod alerts;
mod bodies;
mod case;
mod conditions;
mod edges;
mod editions;
mod energy;
mod estates;
mod guard;
mod held;
mod late;
mod meters;
mod moves;
mod oracle;
mod people;
mod presence;
mod properties;
mod rebind;
mod register;
mod regularity;
mod reopen;
mod silence;
mod time;
mod unheard;
mod whole;
mod world;
mod years;
