//! The whole service as its operators run it: the program, a broker, a mail server, a time-series server.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    clippy::large_futures,
    clippy::cast_sign_loss,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    reason = "test helpers outside #[test] functions"
)]

#[path = "../../ingest/tests/broker/certificates.rs"]
mod certificates;
#[path = "../common/mod.rs"]
mod common;
#[allow(dead_code, reason = "shared with the tests of the mails, which use more of it")]
#[path = "../notify/smtp.rs"]
mod smtp;

mod absent;
mod acts;
mod backdated;
mod backfill;
mod backup;
mod bad_input;
mod bound;
mod buttons;
mod charts;
mod claims;
mod demo;
mod embedded;
mod imported;
mod late;
mod mail;
mod marks;
mod moved;
mod office;
mod play;
mod posted;
mod quarantine;
mod refused;
mod reload;
mod restart;
mod rights;
mod rooms;
mod service;
mod vendors;
