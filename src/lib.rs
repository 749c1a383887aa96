//! The normwatch service: wires model, rules and ingest to brokers, disks, mail and pages.

pub mod backoff;
mod database;
pub mod history;
pub mod series;
pub mod spool;
pub mod state;
mod varint;
pub mod view;
