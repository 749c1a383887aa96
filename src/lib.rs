//! The normwatch service: wires model, rules and ingest to brokers, disks, mail and pages.

pub mod backoff;
mod database;

pub mod spool;

mod varint;
pub mod view;
