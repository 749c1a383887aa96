//! Reading what else decides when a clause is judged and when its alert ends: `only_if`, `condition`,
//! `keep_firing_for`, `flap`.

use model::Period;

use super::{
    Bound, Clause, Condition, Expr, Firing, Flap, Measure, OnlyIf, condition, duration, limits,
    section::{Findings, Section},
    words::suggest,
};

/// `keep_firing_for` and `flap`.
pub(super) fn firing(f: &mut Findings<'_>, s: Section<'_, '_>) -> Firing {
    Firing { keep_ms: keep(f, s).unwrap_or(0), flap: flap(f, s) }
}

/// `keep_firing_for = "2h"`, ms.
pub(super) fn keep(f: &mut Findings<'_>, s: Section<'_, '_>) -> Option<i64> {
    span(f, s, "keep_firing_for")
}

fn span(f: &mut Findings<'_>, s: Section<'_, '_>, key: &str) -> Option<i64> {
    let text = s.text(f, key)?;
    let ms = duration::parse_ms(text);
    if ms.is_none() {
        s.report(f, key, format!("`{text}` is no duration"), "write 0s, 15m, 2h or 14d");
    }
    ms
}

/// `flap = { changes = 4, within = "24h" }`.
pub(super) fn flap(f: &mut Findings<'_>, s: Section<'_, '_>) -> Option<Flap> {
    let section = s.section(f, "flap", s.name)?;
    section.only(f, &["changes", "within"]);
    for key in ["changes", "within"] {
        if section.get(key).is_none() {
            section.report(f, key, "missing", "write `flap = { changes = 4, within = \"24h\" }`");
        }
    }
    let changes = section.number(f, "changes")?;
    let whole = Flap::CHANGES.into_iter().find(|n| (f64::from(*n) - changes).abs() < f64::EPSILON);
    if whole.is_none() {
        let (least, most) = (Flap::CHANGES.start(), Flap::CHANGES.end());
        let remedy =
            format!("write a whole number from {least} to {most}; firing and resolving are one change each");
        section.report(f, "changes", format!("{changes} changes"), remedy);
    }
    let within_ms = span(f, section, "within")?;
    if within_ms == 0 {
        section.report(f, "within", "no time at all", "write 24h or the like");
    }
    Some(Flap { changes: whole?, within_ms })
}

/// `only_if` with its `[clause.condition.NAME]` tables.
pub(super) fn only_if(f: &mut Findings<'_>, s: Section<'_, '_>, min_coverage: f64) -> Option<OnlyIf> {
    let conditions = conditions(f, s, min_coverage);
    let Some(text) = s.text(f, "only_if") else {
        if s.get("only_if").is_none() && !conditions.is_empty() {
            s.report(f, "condition", "no `only_if` uses them", "add `only_if = \"a and not b\"`");
        }
        return None;
    };
    let expr = match Expr::parse(text) {
        Ok(expr) => expr,
        Err(what) => {
            s.report(f, "only_if", what, "write names of conditions joined by and, or, not and brackets");
            return None;
        }
    };
    let known: Vec<&str> = conditions.iter().map(|c| c.name.as_str()).collect();
    for name in expr.names().iter().filter(|name| !known.contains(name)) {
        let remedy = if known.is_empty() {
            format!("add [clause.condition.{name}]")
        } else {
            format!("{}, or add [clause.condition.{name}]", suggest(name, &known))
        };
        s.report(f, "only_if", format!("no condition `{name}`"), remedy);
    }
    for name in known.iter().filter(|name| !expr.names().contains(name)) {
        s.report(f, "condition", format!("`only_if` does not use `{name}`"), "use it, or remove it");
    }
    Some(OnlyIf { text: text.to_owned(), expr, conditions })
}

fn conditions(f: &mut Findings<'_>, s: Section<'_, '_>, min_coverage: f64) -> Vec<Condition> {
    let Some(table) = s.section(f, "condition", s.name) else { return Vec::new() };
    let mut found = Vec::new();
    for (name, _) in table.entries() {
        if !condition::is_name(name) {
            table.report(f, name, "no name of a condition", "use a-z, 0-9, _ and -, and not and, or, not");
        }
        if let Some(section) = table.section(f, name, s.name) {
            found.push(one(f, section, name, min_coverage));
        }
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found
}

/// A condition; what is wrong stands in as something harmless, so that its name is known.
fn one(f: &mut Findings<'_>, s: Section<'_, '_>, name: &str, min_coverage: f64) -> Condition {
    s.only(f, &["measure", "gate", "at_most", "at_least", "unit", "min_coverage"]);
    let bound = limits::bound(f, s);
    if bound == Bound::default() && s.get("at_most").is_none() && s.get("at_least").is_none() {
        s.report(f, "condition", format!("`{name}` has neither at_most nor at_least"), "add its bound");
    }
    let measure: Option<Measure> = s.needs_word(f, "measure");
    if let (Some(measure), Some(unit)) = (measure, s.text(f, "unit"))
        && !measure.units().contains(&unit)
    {
        let what = format!("unit `{unit}` does not fit {}", measure.name());
        s.report(f, "unit", what, format!("write `{}`", measure.units().join("` or `")));
    }
    let min_coverage = s.number(f, "min_coverage").unwrap_or(min_coverage);
    if !(0.0..=1.0).contains(&min_coverage) {
        let what = format!("{min_coverage} is not between 0 and 1");
        s.report(f, "min_coverage", what, "write a share, such as 0.75");
    }
    let (name, measure) = (name.to_owned(), measure.unwrap_or(Measure::Utilisation));
    Condition { name, measure, gate: s.word(f, "gate"), bound, min_coverage }
}

/// What does not fit together: the conditions' measures must exist over the clause's period.
pub(super) fn check(f: &mut Findings<'_>, s: Section<'_, '_>, clause: &Clause) {
    if clause.only_if.is_some() && clause.period == Period::Register {
        s.report(f, "only_if", "the register alone has no conditions", "remove it, or write another period");
        return;
    }
    let conditions = clause.only_if.iter().flat_map(|only_if| &only_if.conditions);
    for condition in conditions.filter(|c| !c.measure.periods().contains(&clause.period)) {
        let known: Vec<&str> = condition.measure.periods().iter().map(|p| p.name()).collect();
        let what = format!("`{}`: {} has no {}", condition.name, condition.measure.name(), clause.period);
        s.report(f, "condition", what, format!("judge the clause by {}", known.join(", ")));
    }
}
