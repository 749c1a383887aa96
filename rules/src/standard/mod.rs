//! Standards: packs of clauses, loaded from data and never written in code.

mod clause;
mod pack;

pub use clause::{
    AppliesTo, AreaBasis, Attribute, Bound, Clause, Correction, Decides, Energy, Evidence, Gate, Limit,
    LimitTable, Measure, Provenance, Rating, RatingLevel, Row,
};
pub use pack::{Binding, Layer, Pack};
