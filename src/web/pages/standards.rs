//! The standards in use: every limit with where it comes from.

use axum::{extract::Path, response::Response};
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
    in_force_known: bool,
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
    note: String,
    clauses: Vec<ClauseRow>,
}

#[derive(Serialize)]
struct ClauseRow {
    anchor: String,
    id: String,
    citation: String,
    title: String,
    remedy: String,
    note: String,
    moved_by: Option<String>,
    is_in_use: bool,
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
    curve: Vec<(String, String)>,
    curve_over: Option<&'static str>,
    clear: Option<String>,
    hold: Option<String>,
    min_coverage: String,
    baseline: Option<String>,
    guide: Option<String>,
    breaches: usize,
    judged: usize,
}

/// `GET /standards`.
pub(super) async fn page(desk: Desk, viewer: Viewer) -> Response {
    let snapshot = desk.snapshot();
    let look = Look::new(&desk, &snapshot, &viewer);
    let page = Page { packs: desk.standards().iter().map(|pack| pack_row(&look, pack)).collect() };
    frame::render(&desk, &snapshot, &viewer, "standards.html", "standards", &page)
}

/// `GET /standards/{pack}`.
pub(super) async fn pack_page(desk: Desk, viewer: Viewer, Path(id): Path<String>) -> Response {
    let snapshot = desk.snapshot();
    let look = Look::new(&desk, &snapshot, &viewer);
    let Some(pack) = desk.pack(&id) else { return not_found(&desk, &viewer) };
    let page = PackPage {
        pack: pack_row(&look, pack),
        supersedes: pack.supersedes.clone(),
        note: pack.note.clone(),
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
        in_force_known: pack.in_force_known,
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

/// The points of a gliding cap: the number it glides with, and the cap there.
fn points(look: &Look<'_>, curve: &rules::Curve, unit: &str) -> Vec<(String, String)> {
    let point = |(at, cap): &(f64, f64)| (format::value(*at, ""), format!("≤ {}", look.value(*cap, unit)));
    curve.at_most.iter().map(point).collect()
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
        citation: look.citation(&clause.citation),
        title: look.words(&clause.title),
        remedy: look.words(&clause.remedy),
        note: clause.note.clone(),
        moved_by: clause.moved_by.as_ref().map(|citation| look.citation(citation)),
        is_in_use: clause.in_use,
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
        curve: clause.limit.curve.as_ref().map(|c| points(look, c, unit)).unwrap_or_default(),
        curve_over: clause.limit.curve.as_ref().map(|c| c.over.name()),
        clear: clause.clear.as_ref().and_then(|clear| bound(look, clear, unit)),
        hold: (clause.hold_ms > 0).then(|| format::age(clause.hold_ms, look.language)),
        min_coverage: format::share(clause.min_coverage),
        baseline: clause.rating.and_then(|rating| rating.baseline).map(|baseline| look.value(baseline, unit)),
        guide: clause.rating.map(|rating| look.value(rating.guide, unit)),
        breaches: own().filter(|verdict| verdict.outcome == rules::Outcome::Breach).count(),
        judged: own().count(),
    }
}
