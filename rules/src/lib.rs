//! The rule engine: standards as data, measures, verdicts, and the life of alerts.
//!
//! Pure functions of readings and the register: no file, no network, no clock, no task.
//! The same code runs live, in `replay` and in tests.

mod about;
mod alert;
mod almanac;
mod assess;
mod batch;
mod buffer;
mod check;
mod compact;
mod doors;
mod engine;
mod finding;
mod heard;
mod judge;
mod ledger;
mod life;
mod listening;
mod measure;
mod memo;
mod memory;
mod meter;
mod occupancy;
mod outlived;
mod output;
mod pack;
mod partial;
mod past;
mod quick;
mod rare;
mod recent;
mod register_checks;
mod seen;
mod sorted;
mod standard;
mod stays;
mod steps;
mod stuck;
mod verdict;
mod whole;
mod why;

pub use alert::{Alert, AlertState, CheckId, Transition, TransitionId, TransitionKind};
pub use assess::assess;
pub use batch::{MeasureRow, NoSuchPeriod, measure};
pub use check::LiveClause;
pub use engine::{
    Built, Engine, EngineOptions, LateDay, Part, Presence, Reopened, Reopening, SavedShard, Stretch,
    moved_days,
};
pub use measure::Figure;
pub use meter::is_rollover;
pub use output::{Output, Taken};
pub use register_checks::{RegisterChecks, SavedRegisterChecks};
pub use standard::{
    Adaptive, AppliesTo, AreaBasis, Attribute, Band, Binding, Bound, Case, CaseReport, Catalogue, Clause,
    Condition, Correction, Counts, Curve, Decides, Energy, Evidence, Expr, Firing, Flap, Gate, Handling,
    Judged, Key, Layer, Limit, LimitTable, Measure, OnlyIf, Pack, Provenance, Rating, RatingLevel, Resolved,
    Row, Scope, attribute_of_body, attribute_of_place, judge, posts_in, rating_of,
};
pub use verdict::{Fact, Outcome, Subject, Verdict};
pub use why::Why;
