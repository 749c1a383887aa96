//! The standards in use: every limit with where it comes from.

use axum::{
    extract::{Path, State},
    response::Response,
};
use rules::{Binding, Bound, Clause, Evidence, Layer, Pack, Provenance};
use serde::Serialize;

use super::{frame, look::Look, not_found};
use crate::web::{desk::Desk, format, language::Viewer};

#[derive(Serialize)]
struct Page {
    packs: Vec<PackRow>,
}

#[derive(Serialize)]
struct PackRow {
    id: String,
    document: String,
    title: String,
    layer: Layer,
    binding: Binding,
    in_force: String,
    until: Option<String>,
    is_in_force: bool,
    is_in_use: bool,
    clauses: usize,
    provenance: Vec<(Provenance, usize)>,
    not_enforced: usize,
}

#[derive(Serialize)]
struct PackPage {
    pack: PackRow,
    supersedes: Option<String>,
    clauses: Vec<ClauseRow>,
}

#[derive(Serialize)]
struct ClauseRow {
    anchor: String,
    id: String,
    citation: String,
    title: String,
    remedy: String,
    provenance: Provenance,
    is_enforced: bool,
    is_suspicion: bool,
    severity: &'static str,
    measure: &'static str,
    period: &'static str,
    gate: Option<rules::Gate>,
    season: Option<&'static str>,
    scope: Vec<String>,
    limit: Option<String>,
    unit: String,
    by: Vec<&'static str>,
    rows: Vec<(Vec<String>, String)>,
    clear: Option<String>,
    hold: Option<String>,
    min_coverage: String,
    baseline: Option<String>,
    guide: Option<String>,
    breaches: usize,
    judged: usize,
}

/// `GET /standards`.
pub(super) async fn page(State(desk): State<Desk>, viewer: Viewer) -> Response {
    let snapshot = desk.snapshot();
    let look = Look::new(&desk, &snapshot, &viewer);
    let page = Page { packs: desk.standards().iter().map(|pack| pack_row(&look, pack)).collect() };
    frame::render(&desk, &snapshot, &viewer, "standards.html", "standards", &page)
}

/// `GET /standards/{pack}`.
pub(super) async fn pack_page(State(desk): State<Desk>, viewer: Viewer, Path(id): Path<String>) -> Response {
    let snapshot = desk.snapshot();
    let look = Look::new(&desk, &snapshot, &viewer);
    let Some(pack) = desk.pack(&id) else { return not_found(&desk, &viewer) };
    let page = PackPage {
        pack: pack_row(&look, pack),
        supersedes: pack.supersedes.clone(),
        clauses: pack.clauses.iter().map(|clause| clause_row(&look, clause)).collect(),
    };
    frame::render(&desk, &snapshot, &viewer, "pack.html", "standards", &page)
}

fn pack_row(look: &Look<'_>, pack: &Pack) -> PackRow {
    let register = look.desk.register();
    let today = register.calendar.date(look.now);
    let all = [
        Provenance::Official,
        Provenance::TwoSources,
        Provenance::OneSource,
        Provenance::Derived,
        Provenance::Policy,
        Provenance::Unverified,
    ];
    let count = |of: Provenance| pack.clauses.iter().filter(|clause| clause.provenance == of).count();
    PackRow {
        id: pack.id.clone(),
        document: pack.document.clone(),
        title: look.words(&pack.title),
        layer: pack.layer,
        binding: pack.binding,
        in_force: pack.in_force.to_string(),
        until: pack.until.map(|date| date.to_string()),
        is_in_force: pack.in_force <= today && pack.until.is_none_or(|until| today < until),
        is_in_use: register.packs.contains(&pack.id),
        clauses: pack.clauses.len(),
        provenance: all.into_iter().map(|of| (of, count(of))).filter(|(_, n)| *n > 0).collect(),
        not_enforced: pack.clauses.iter().filter(|clause| !look.desk.is_enforced(clause)).count(),
    }
}

/// A limit in words: `≤ 1000 ppm`, `18 °C – 26 °C`, or nothing for a table.
fn bound(look: &Look<'_>, bound: &Bound, unit: &str) -> Option<String> {
    match (bound.at_least, bound.at_most) {
        (Some(low), Some(high)) => Some(format!("{} – {}", look.value(low, unit), look.value(high, unit))),
        (Some(low), None) => Some(format!("≥ {}", look.value(low, unit))),
        (None, Some(high)) => Some(format!("≤ {}", look.value(high, unit))),
        (None, None) => None,
    }
}

fn scope(look: &Look<'_>, clause: &Clause) -> Vec<String> {
    let to = &clause.applies_to;
    let kind = to.kind.map_or_else(|| look.text("kind-body"), |kind| look.text(&format!("kind-{kind}")));
    let mut words = vec![kind];
    words.extend(to.room_use.iter().map(|u| look.text(&format!("use-{u}"))));
    words.extend(to.level.iter().map(|level| look.word(level.name())));
    words.extend(to.climate_zone.iter().map(|zone| look.word(zone.name())));
    words.extend(to.building_type.iter().map(|kind| look.word(kind.name())));
    words.extend(to.building_class.iter().map(|class| look.word(class.name())));
    words.extend(to.quota_zone.iter().cloned());
    words
}

fn clause_row(look: &Look<'_>, clause: &Clause) -> ClauseRow {
    let unit = &clause.limit.unit;
    let own = || look.snapshot.verdicts.iter().filter(|verdict| verdict.clause.id == clause.id);
    let table = clause.limit.table.as_ref();
    let row = |row: &rules::Row| {
        let key = row.key.iter().map(|word| look.word(word)).collect();
        (key, bound(look, &row.bound, unit).unwrap_or_default())
    };
    ClauseRow {
        anchor: clause.id.rsplit('/').next().unwrap_or(&clause.id).to_owned(),
        id: clause.id.clone(),
        citation: clause.citation.clone(),
        title: look.words(&clause.title),
        remedy: look.words(&clause.remedy),
        provenance: clause.provenance,
        is_enforced: look.desk.is_enforced(clause),
        is_suspicion: clause.evidence == Evidence::Suspicion,
        severity: clause.severity.name(),
        measure: clause.measure.name(),
        period: clause.period.name(),
        gate: clause.gate,
        season: clause.season.map(model::Season::name),
        scope: scope(look, clause),
        limit: bound(look, &clause.limit.fixed, unit),
        unit: format::unit(unit),
        by: table.map(|table| table.by.iter().map(|a| a.name()).collect()).unwrap_or_default(),
        rows: table.map(|table| table.rows.iter().map(row).collect()).unwrap_or_default(),
        clear: clause.clear.as_ref().and_then(|clear| bound(look, clear, unit)),
        hold: (clause.hold_ms > 0).then(|| format::age(clause.hold_ms, look.language)),
        min_coverage: format::share(clause.min_coverage),
        baseline: clause.rating.and_then(|rating| rating.baseline).map(|baseline| look.value(baseline, unit)),
        guide: clause.rating.map(|rating| look.value(rating.guide, unit)),
        breaches: own().filter(|verdict| verdict.outcome == rules::Outcome::Breach).count(),
        judged: own().count(),
    }
}
