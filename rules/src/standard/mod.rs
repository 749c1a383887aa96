//! Standards: packs of clauses, loaded from data and never written in code.

mod builtin;
mod cases;
mod catalogue;
mod checks;
mod clause;
mod condition;
mod duration;
mod editions;
mod energy;
mod firing;
mod handling;
mod judge;
mod layers;
mod limits;
mod load;
mod measure;
mod origin;
mod overlay;
mod pack;
mod resolve;
mod scope;
mod section;
mod words;

pub use cases::{Case, CaseReport};
pub use catalogue::{Catalogue, Counts};
pub use clause::{
    Adaptive, AppliesTo, AreaBasis, Attribute, Band, Bound, Clause, Correction, Curve, Energy, Evidence,
    Firing, Flap, Gate, Limit, LimitTable, Provenance, Rating, RatingLevel, Row,
};
pub use condition::{Condition, Expr, OnlyIf};
pub(crate) use editions::family;
pub use handling::Handling;
pub use judge::{Judged, judge, rating_of};
pub use measure::{Decides, Measure};
pub use pack::{Binding, Layer, Pack};
pub use resolve::{Key, Resolved, attribute_of_body, attribute_of_place, posts_in};
pub use scope::Scope;
