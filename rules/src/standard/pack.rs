//! A pack: the data file of one edition of one document.

use std::sync::Arc;

use jiff::civil::Date;
use model::register::Text;
use serde::{Deserialize, Serialize};

use super::Clause;

/// Who issued a document. A lower layer may tighten, never relax, a mandatory clause above it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Layer {
    /// The state.
    National,
    /// A ministry.
    Ministry,
    /// A province.
    Province,
    /// A city.
    City,
    /// An agency, or the operator.
    Agency,
}

/// Whether a document binds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Binding {
    /// It must be kept.
    Mandatory,
    /// It should be kept.
    Recommended,
}

/// One edition of one document.
#[derive(Debug, Clone, PartialEq)]
pub struct Pack {
    /// Id that carries the edition, such as `gb-t-18883-2022`.
    pub id: String,
    /// Designation, such as `GB/T 18883-2022`.
    pub document: String,
    /// Title.
    pub title: Text,
    /// Who issued it.
    pub layer: Layer,
    /// Whether it binds.
    pub binding: Binding,
    /// First local day in force.
    pub in_force: Date,
    /// Whether a source gives that day; otherwise the note says where it is from.
    pub in_force_known: bool,
    /// First local day no longer in force.
    pub until: Option<Date>,
    /// Id of the edition that it replaces; that one ends where this begins.
    pub supersedes: Option<String>,
    /// What a reader should know about the document or its numbers.
    pub note: String,
    /// Its clauses, in file order.
    pub clauses: Vec<Arc<Clause>>,
}
