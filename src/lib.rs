//! The normwatch service: wires model, rules and ingest to brokers, disks, mail and pages.

pub mod notify;
pub mod view;
