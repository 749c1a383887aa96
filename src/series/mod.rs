//! Series for the time-series server: lines, batches, and a writer that outlives an outage.
//!
//! The server is a sink: nothing here reads it back, and nothing waits for it but a cursor in the spool.

mod delivery;
mod heads;
mod influx;
pub mod line;
mod settling;
mod writer;

pub use heads::PlaceTags;
pub use influx::{ConnectError, Influx, InfluxConfig, Refused, WriteError};
pub use writer::{SeriesError, SeriesStatus, SeriesWriter, WriterOptions};
