//! Faults: pulled cables, killed processes, full disks, wrong clocks. The program, with real servers around it.
//!
//! Every test ends with the one check of `ledger.rs`: each message counted once, on /metrics and in
//! the API alike, and in the history exactly the readings that were published.
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
#[path = "../service/office.rs"]
mod office;
#[allow(dead_code, reason = "shared with the tests of the service, which use more of it")]
#[path = "../service/service.rs"]
mod service;
#[allow(dead_code, reason = "shared with the tests of the mails, which use more of it")]
#[path = "../notify/smtp.rs"]
mod smtp;

mod broker;
mod clock;
mod cut;
mod diagnoses;
mod disk;
mod drain;
mod flood;
mod full;
mod killed;
mod ledger;
mod load;
mod mails;
mod proxy;
mod renewed;
mod repeats;
mod rig;
mod silent;
mod sink;
mod tls;
