//! Standards: packs of clauses, loaded from data and never written in code.

mod checks;
mod clause;
mod duration;
mod energy;
mod limits;
mod load;
mod measure;
mod pack;
mod section;
mod words;

pub use clause::{
    AppliesTo, AreaBasis, Attribute, Band, Bound, Clause, Correction, Curve, Energy, Evidence, Gate, Limit,
    LimitTable, Provenance, Rating, RatingLevel, Row,
};
pub use measure::{Decides, Measure};
pub use pack::{Binding, Layer, Pack};
