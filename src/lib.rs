//! The normwatch service: wires model, rules and ingest to brokers, disks, mail and pages.

pub mod access;
pub mod acl;
pub mod app;
pub mod backoff;
pub mod bench;
pub mod broker;
pub mod cli;
pub mod clock;
pub mod config;
mod database;
pub mod devices;
pub mod files;
pub mod history;
pub mod links;
pub mod metrics;
pub mod notify;
pub mod pipeline;
pub mod rulebook;
pub mod series;
pub mod spool;
pub mod standing;
pub mod state;
pub mod telemetry;
mod varint;
pub mod view;
pub mod web;
