//! The records of a SenML pack against the contract: our names, our units, a time in each.

use model::{Nature, Quantity};

use super::Finding;
use crate::{formats::senml::split_name, tape::Cursor};

/// Times below this are relative to the arrival (RFC 8428, section 4.5.3).
const RELATIVE_BELOW_S: f64 = 268_435_456.0;

/// What the records of a pack lack, each kind once a name.
pub(super) fn findings(pack: Cursor<'_, '_>) -> Vec<Finding> {
    let mut found: Vec<Finding> = Vec::new();
    let (mut name, mut unit, mut time) = ("", None, 0.0);
    for record in pack.children() {
        name = record.text_of("bn").unwrap_or(name);
        unit = record.text_of("bu").or(unit);
        time = record.number_of("bt").unwrap_or(time);
        let is_state = record.get("vb").is_some();
        if !is_state && record.get("v").is_none() {
            if record.get("vs").is_some() || record.get("vd").is_some() {
                found.push(Finding::new(
                    "text",
                    "a text or data value is no reading: publish a number or a state",
                ));
            }
            continue;
        }
        let (_, last) = split_name(name, record.text_of("n").unwrap_or_default());
        let at = time + record.number_of("t").unwrap_or(0.0);
        let stated = record.text_of("u").or(unit);
        found.extend(of_record(&last, stated, at, is_state));
    }
    let mut seen = Vec::new();
    found.retain(|finding| {
        let is_new = !seen.contains(finding);
        if is_new {
            seen.push(finding.clone());
        }
        is_new
    });
    found
}

fn of_record(name: &str, unit: Option<&str>, at: f64, is_state: bool) -> Vec<Finding> {
    let mut found = Vec::new();
    let quantity = Quantity::parse(name);
    match quantity {
        None if name.is_empty() => found.push(Finding::new("no_name", "`n` names no quantity")),
        None => found.push(Finding::of(
            "unknown_name",
            name,
            "not one of our quantities: see the list in the contract",
        )),
        Some(quantity) => found.extend(of_unit(quantity, unit, is_state)),
    }
    if at < RELATIVE_BELOW_S {
        let counts =
            "the arrival counts, and a value that waited is misplaced: add `bt` or `t` in seconds since 1970";
        found.push(Finding::of("no_time", name, counts));
    }
    if quantity.is_some_and(|q| q.nature() == Nature::Counter) && is_state {
        found.push(Finding::of("wrong_type", name, "a counter is a number: publish `v`"));
    }
    found
}

fn of_unit(quantity: Quantity, unit: Option<&str>, is_state: bool) -> Option<Finding> {
    let canonical = quantity.unit().name();
    let needs_none = is_state || canonical == "1" || canonical == "count";
    match unit {
        None if needs_none => None,
        None => {
            Some(Finding::of("no_unit", quantity.name(), format!("`u` is missing: `{canonical}` is assumed")))
        }
        Some(unit) if unit == canonical || (needs_none && unit == "/") => None,
        Some(unit) => Some(Finding::of(
            "unit",
            quantity.name(),
            format!("`{unit}` is converted: publish `{canonical}`"),
        )),
    }
}
