//! Line protocol: the text in which readings, verdicts, measures and events go to the server.
//!
//! Names of measurements, tags and fields are a promise to dashboards and change only with
//! a migration. Times are milliseconds. A value that is not finite never becomes a field:
//! one such field makes the server refuse the line.

mod figures;
mod reading;
mod text;

pub use figures::{EventKind, EventLine, MeasureLine, VerdictLine, event, measure, verdict};
pub use reading::{push_reading, reading_head};
