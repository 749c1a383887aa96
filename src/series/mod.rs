//! Series for the time-series server: lines, batches, and a writer that outlives an outage.
//!
//! The server is a sink: nothing here reads it back, and nothing waits for it but a cursor in the spool.

mod answer;
mod batch;
mod delivery;
mod heads;
mod influx;
mod lanes;
pub mod line;
mod options;
mod settling;
mod status;
mod writer;

pub use answer::{Refused, WriteError};
pub use heads::PlaceTags;
pub use influx::{ConnectError, Influx, InfluxConfig};
pub use options::WriterOptions;
pub use status::{SeriesError, SeriesStatus};
pub use writer::{SeriesParts, SeriesWriter};
