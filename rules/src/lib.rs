//! The rule engine: standards as data, measures, verdicts, and the life of alerts.
//!
//! Pure functions of readings and the register: no file, no network, no clock, no task.
//! The same code runs live, in `replay` and in tests.

mod alert;
mod standard;
mod verdict;

pub use alert::{Alert, AlertState, CheckId, Transition, TransitionId, TransitionKind};
pub use standard::{
    AppliesTo, AreaBasis, Attribute, Band, Binding, Bound, Clause, Correction, Curve, Decides, Energy,
    Evidence, Gate, Layer, Limit, LimitTable, Measure, Pack, Provenance, Rating, RatingLevel, Row,
};
pub use verdict::{Fact, Outcome, Subject, Verdict, Why};
