//! The normwatch service: wires model, rules and ingest to brokers, disks, mail and pages.

pub mod cli;
pub mod clock;
pub mod config;
pub mod view;
