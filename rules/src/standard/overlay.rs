//! An overlay: the operator's own file, which moves numbers of existing clauses and may add clauses.

use std::sync::Arc;

use model::Problem;

use super::{
    Bound, Clause, Layer, Pack, Rating, checks, duration, firing, layers, limits, load,
    section::{Findings, Section},
    words::suggest,
};

const OVERRIDE: &[&str] = &[
    "clause",
    "citation",
    "at_most",
    "at_least",
    "clear",
    "for",
    "min_coverage",
    "severity",
    "in_use",
    "without",
    "keep_firing_for",
    "flap",
];

/// Reads an overlay and applies its `[[override]]`s to `packs`; returns the pack that it adds, if any.
///
/// A draft is not held against the layers above it: it is a proposal to be tried on recorded data.
pub(super) fn apply(
    file: &str,
    text: &str,
    packs: &mut [Arc<Pack>],
    is_draft: bool,
) -> Result<Option<Pack>, Vec<Problem>> {
    let mut f = Findings::new(file, text);
    let root = f.parse();
    let start = root.span().start;
    let root = Section::new(root.get_ref(), start, "file");
    root.only(&mut f, &["standard", "clause", "override"]);
    for section in root.sections(&mut f, "override", "override") {
        if let Some(id) = section.needs_text(&mut f, "clause") {
            one(&mut f, section.named(id), packs, is_draft);
        }
    }
    let wants_pack = root.get("standard").is_some() || root.get("clause").is_some();
    let pack = if wants_pack { load::pack(&mut f, root) } else { None };
    f.problems.sort();
    if f.problems.is_empty() { Ok(pack) } else { Err(f.problems) }
}

fn one(f: &mut Findings<'_>, s: Section<'_, '_>, packs: &mut [Arc<Pack>], is_draft: bool) {
    s.only(f, OVERRIDE);
    let at = packs.iter().enumerate().find_map(|(i, p)| {
        let found = p.clauses.iter().position(|c| c.id == s.name)?;
        Some((i, found))
    });
    let Some((pack_at, clause_at)) = at else {
        let known: Vec<&str> = packs.iter().flat_map(|p| &p.clauses).map(|c| c.id.as_str()).collect();
        s.report(f, "clause", "no such clause", suggest(s.name, &known));
        return;
    };
    let Some(pack) = packs.get_mut(pack_at).map(Arc::make_mut) else { return };
    let Some(base) = pack.clauses.get(clause_at).cloned() else { return };
    let moved = moved(f, s, &base);
    if !is_draft && pack.layer != Layer::Agency {
        check_layers(f, s, pack, &base, &moved);
    }
    checks::clause(f, s, &moved);
    if let Some(slot) = pack.clauses.get_mut(clause_at) {
        *slot = Arc::new(moved);
    }
}

/// The clause with the override's numbers in place of its own.
fn moved(f: &mut Findings<'_>, s: Section<'_, '_>, base: &Clause) -> Clause {
    let mut clause = base.clone();
    clause.moved_by = s.needs_text(f, "citation").map(str::to_owned);
    numbers(f, s, base, &mut clause);
    if let Some(text) = s.text(f, "for") {
        match duration::parse_ms(text) {
            Some(ms) => clause.hold_ms = ms,
            None => s.report(f, "for", format!("`{text}` is no duration"), "write 0s, 15m, 2h or 14d"),
        }
    }
    clause.firing.keep_ms = firing::keep(f, s).unwrap_or(clause.firing.keep_ms);
    clause.firing.flap = firing::flap(f, s).or(clause.firing.flap);
    if let Some(share) = s.number(f, "min_coverage") {
        clause.min_coverage = share;
    }
    clause.severity = s.word(f, "severity").unwrap_or(clause.severity);
    clause.in_use = s.flag(f, "in_use").unwrap_or(clause.in_use);
    if s.get("without").is_some() {
        clause.energy.without = s.words(f, "without");
    }
    clause
}

fn numbers(f: &mut Findings<'_>, s: Section<'_, '_>, base: &Clause, clause: &mut Clause) {
    if s.get("at_most").is_none() && s.get("at_least").is_none() {
        return;
    }
    if base.limit.curve.is_some() {
        s.report(f, "clause", "its limit is a curve", "write a pack of your own instead");
    } else if let Some(table) = clause.limit.table.as_mut() {
        for row in limits::rows(f, s, &table.by) {
            match table.rows.iter_mut().find(|r| r.key == row.key) {
                Some(own) => {
                    own.bound.at_most = row.bound.at_most.or(own.bound.at_most);
                    own.bound.at_least = row.bound.at_least.or(own.bound.at_least);
                    own.rating = own.rating.map(|rating| below(rating, own.bound));
                }
                None => table.rows.push(row),
            }
        }
    } else {
        let given = limits::bound(f, s);
        let old = clause.limit.fixed;
        let new = Bound { at_most: given.at_most.or(old.at_most), at_least: given.at_least.or(old.at_least) };
        clause.limit.fixed = new;
        clause.clear = clause.clear.map(|clear| follow(clear, old, new));
        clause.rating = clause.rating.map(|rating| below(rating, new));
    }
    if let Some(clear) = limits::clear(f, s) {
        clause.clear = Some(clear);
    }
}

/// The clearing value keeps its distance from the limit.
fn follow(clear: Bound, old: Bound, new: Bound) -> Bound {
    let shift = |clear: Option<f64>, old: Option<f64>, new: Option<f64>| {
        clear.map(|c| old.zip(new).map_or(c, |(old, new)| c + (new - old)))
    };
    Bound {
        at_most: shift(clear.at_most, old.at_most, new.at_most),
        at_least: shift(clear.at_least, old.at_least, new.at_least),
    }
}

/// Ratings never stand above the constraint.
fn below(rating: Rating, bound: Bound) -> Rating {
    let cap = bound.at_most.unwrap_or(f64::INFINITY);
    Rating { baseline: rating.baseline.map(|b| b.min(cap)), guide: rating.guide.min(cap) }
}

fn check_layers(f: &mut Findings<'_>, s: Section<'_, '_>, pack: &Pack, base: &Clause, moved: &Clause) {
    if let Some(what) = layers::objection((pack, base), moved) {
        let what = format!("the override of {} {what}: {} of {}", moved.id, base.id, base.document);
        s.report(f, "limit", what, layers::remedy(base));
    }
    let is_mandatory = pack.binding == super::Binding::Mandatory;
    if is_mandatory && (!moved.in_use && base.in_use || moved.hold_ms > base.hold_ms) {
        let what = format!("the override of {} weakens the mandatory clause {}", moved.id, base.id);
        s.report(f, "in_use", what, "leave `in_use` and `for` as the document has them");
    }
}
