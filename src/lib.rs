//! The normwatch service: wires model, rules and ingest to brokers, disks, mail and pages.

pub mod metrics;
pub mod view;
pub mod web;
