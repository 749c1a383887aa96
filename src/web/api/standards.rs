//! Clauses of the standards in use, with their limits and where these come from.

use axum::{Json, extract::Path};
use model::{Period, PlaceKind, RoomUse, Season, register};
use rules::{Binding, Bound, Clause, Evidence, Gate, Layer, Pack, Provenance, Rating};
use serde::{Deserialize, Serialize};

use crate::web::{
    desk::Desk,
    error::{ApiError, ApiQuery},
    list::{List, cut},
};

/// What a caller may ask of the list.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ask {
    pack: Option<String>,
    limit: Option<usize>,
    cursor: Option<String>,
}

/// A clause as the API shows it; keys are those of the pack files where they have one.
#[derive(Debug, Serialize)]
pub(super) struct Item {
    id: String,
    pack: String,
    document: String,
    document_title: register::Text,
    layer: Layer,
    binding: Binding,
    in_force: jiff::civil::Date,
    in_force_known: bool,
    until: Option<jiff::civil::Date>,
    citation: String,
    title: register::Text,
    remedy: register::Text,
    provenance: Provenance,
    enforced: bool,
    severity: register::Severity,
    evidence: Evidence,
    applies_to: AppliesTo,
    measure: &'static str,
    period: Period,
    gate: Option<Gate>,
    season: Option<Season>,
    min_coverage: f64,
    for_ms: i64,
    limit: Limit,
    clear: Option<Sides>,
    rating: Option<Rating>,
    in_use: bool,
    moved_by: Option<String>,
    note: String,
}

#[derive(Debug, Serialize)]
struct AppliesTo {
    kind: Option<PlaceKind>,
    #[serde(rename = "use")]
    room_use: Vec<RoomUse>,
    level: Vec<register::Level>,
    quota_zone: Vec<String>,
    climate_zone: Vec<register::ClimateZone>,
    building_type: Vec<register::BuildingType>,
    building_class: Vec<register::BuildingClass>,
}

#[derive(Debug, Serialize)]
struct Limit {
    unit: String,
    #[serde(flatten)]
    fixed: Sides,
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<Vec<rules::Attribute>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rows: Option<Vec<Row>>,
    /// Number of the register and cap there, straight between.
    #[serde(skip_serializing_if = "Option::is_none")]
    curve: Option<Vec<(f64, f64)>>,
}

/// The sides that a limit has.
#[derive(Debug, Serialize)]
struct Sides {
    #[serde(skip_serializing_if = "Option::is_none")]
    at_most: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    at_least: Option<f64>,
}

impl From<Bound> for Sides {
    fn from(bound: Bound) -> Self {
        Self { at_most: bound.at_most, at_least: bound.at_least }
    }
}

#[derive(Debug, Serialize)]
struct Row {
    key: Vec<String>,
    #[serde(flatten)]
    bound: Sides,
}

fn item(desk: &Desk, pack: &Pack, clause: &Clause) -> Item {
    let to = &clause.applies_to;
    let table = clause.limit.table.as_ref();
    let rows = |t: &rules::LimitTable| {
        t.rows.iter().map(|row| Row { key: row.key.clone(), bound: row.bound.into() }).collect()
    };
    Item {
        id: clause.id.clone(),
        pack: pack.id.clone(),
        document: pack.document.clone(),
        document_title: pack.title.clone(),
        layer: pack.layer,
        binding: pack.binding,
        in_force: pack.in_force,
        in_force_known: pack.in_force_known,
        until: pack.until,
        citation: clause.citation.clone(),
        title: clause.title.clone(),
        remedy: clause.remedy.clone(),
        provenance: clause.provenance,
        enforced: desk.is_enforced(clause),
        severity: clause.severity,
        evidence: clause.evidence,
        applies_to: AppliesTo {
            kind: to.kind,
            room_use: to.room_use.clone(),
            level: to.level.clone(),
            quota_zone: to.quota_zone.clone(),
            climate_zone: to.climate_zone.clone(),
            building_type: to.building_type.clone(),
            building_class: to.building_class.clone(),
        },
        measure: clause.measure.name(),
        period: clause.period,
        gate: clause.gate,
        season: clause.season,
        min_coverage: clause.min_coverage,
        for_ms: clause.hold_ms,
        limit: Limit {
            unit: clause.limit.unit.clone(),
            fixed: clause.limit.fixed.into(),
            by: table.map(|t| t.by.clone()),
            rows: table.map(rows),
            curve: clause.limit.curve.as_ref().map(|curve| curve.at_most.clone()),
        },
        clear: clause.clear.map(Sides::from),
        rating: clause.rating,
        in_use: clause.in_use,
        moved_by: clause.moved_by.clone(),
        note: clause.note.clone(),
    }
}

/// `GET /clauses`, by id.
pub(super) async fn list(desk: Desk, ApiQuery(ask): ApiQuery<Ask>) -> Result<List<Item>, ApiError> {
    let packs = desk.standards().iter().filter(|pack| ask.pack.as_ref().is_none_or(|id| pack.id == *id));
    let both = packs.flat_map(|pack| pack.clauses.iter().map(move |clause| (pack, clause)));
    let page = cut(both.map(|(p, c)| (c.id.clone(), (p, c))), ask.limit, ask.cursor.as_deref())?;
    let items = page.items.into_iter().map(|(pack, clause)| item(&desk, pack, clause)).collect();
    Ok(List { items, next: page.next })
}

/// `GET /clauses/{pack}/{clause}`.
pub(super) async fn one(
    desk: Desk,
    Path((pack, clause)): Path<(String, String)>,
) -> Result<Json<Item>, ApiError> {
    let id = format!("{pack}/{clause}");
    let found = desk.pack(&pack).and_then(|p| p.clauses.iter().find(|c| c.id == id).map(|c| (p, c)));
    found.map(|(p, c)| Json(item(&desk, p, c))).ok_or_else(|| ApiError::not_found("clause", id))
}
