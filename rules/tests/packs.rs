//! Every pack's own cases, and whether they hit just under, at and just over every number.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may stop where it stands")]

use model::register::{Level, Rank};
use rules::{Attribute, Bound, Case, Catalogue, Clause, Outcome, Resolved};

/// How near a value has to be to count as just under or just over, as a share of the limit.
const JUST: f64 = 0.011;

fn catalogue() -> Catalogue {
    Catalogue::builtin().unwrap_or_else(|problems| {
        let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
        panic!("{}", lines.join("\n"))
    })
}

/// Every key under which a clause has a number.
fn keys(clause: &Clause) -> Vec<Vec<Option<String>>> {
    if let Some(table) = &clause.limit.table {
        return table.rows.iter().map(|row| row.key.iter().cloned().map(Some).collect()).collect();
    }
    if let Some(curve) = &clause.limit.curve {
        return curve.at_most.iter().map(|(x, _)| vec![Some(x.to_string())]).collect();
    }
    vec![Vec::new()]
}

fn missing(clause: &Clause, key: &[Option<String>], limit: f64, cases: &[&Case]) -> Vec<String> {
    let near = |value: f64| (value - limit).abs() <= limit.abs() * JUST;
    let of_key = || cases.iter().filter(|case| case.key == key).map(|case| case.value).filter(|v| near(*v));
    let mut wanted = Vec::new();
    for (name, found) in [
        ("under", of_key().any(|v| v < limit)),
        ("at", of_key().any(|v| v.to_bits() == limit.to_bits())),
        ("over", of_key().any(|v| v > limit)),
    ] {
        if !found {
            wanted.push(format!("{} {key:?}: no case just {name} {limit}", clause.id));
        }
    }
    wanted
}

#[test]
fn every_case_of_every_pack_comes_out_as_its_author_expects() {
    let report = catalogue().run_builtin_cases();
    let lines: Vec<String> = report.problems.iter().map(ToString::to_string).collect();
    assert!(lines.is_empty(), "{}", lines.join("\n"));
    assert!(report.cases.len() > 250, "{} cases", report.cases.len());
}

#[test]
fn every_number_has_cases_just_under_at_and_just_over() {
    let catalogue = catalogue();
    let report = catalogue.run_builtin_cases();
    let mut wanted = Vec::new();
    for clause in catalogue.packs().iter().flat_map(|pack| &pack.clauses) {
        let cases: Vec<&Case> = report.cases.iter().filter(|case| case.clause == clause.id).collect();
        for key in keys(clause) {
            let Resolved::Bound(Bound { at_most, at_least }) = clause.bound_for_key(&key) else {
                wanted.push(format!("{} {key:?} has no bound", clause.id));
                continue;
            };
            let rating = clause.rating_for_key(&key);
            let ratings = rating.into_iter().flat_map(|r| r.baseline.into_iter().chain([r.guide]));
            for limit in at_most.into_iter().chain(at_least).chain(ratings) {
                wanted.extend(missing(clause, &key, limit, &cases));
            }
        }
    }
    assert!(wanted.is_empty(), "{}", wanted.join("\n"));
}

#[test]
fn a_case_that_expects_the_contrary_fails() {
    let catalogue = catalogue();
    let report = catalogue.run_builtin_cases();
    let case =
        report.cases.iter().find(|case| case.key.is_empty() && case.expect == Outcome::Breach).unwrap();
    let (pack, clause) = case.clause.split_once('/').unwrap();
    let text = format!(
        "pack = \"{pack}\"\n[[case]]\nclause = \"{clause}\"\nvalue = {}\nexpect = \"compliant\"\n",
        case.value
    );
    assert_eq!(catalogue.run_cases("x.test.toml", &text).problems.len(), 1);
}

#[test]
fn every_clause_says_what_it_asks_and_what_to_do_in_both_languages() {
    for clause in catalogue().packs().iter().flat_map(|pack| &pack.clauses) {
        for text in [&clause.title, &clause.remedy] {
            assert!(!text.zh.is_ascii() && text.zh != text.en && !text.en.is_empty(), "{}", clause.id);
        }
    }
}

#[test]
fn every_office_rank_of_every_level_has_a_cap() {
    let catalogue = catalogue();
    let clause = catalogue.clause("cn-2674-2014/office-area").unwrap();
    assert_eq!(clause.key_attributes(), [Attribute::Level, Attribute::Rank]);
    for level in Level::ALL {
        for rank in Rank::of(*level) {
            let key = [Some(level.name().to_owned()), Some(rank.name().to_owned())];
            assert!(matches!(clause.bound_for_key(&key), Resolved::Bound(_)), "{key:?}");
        }
    }
}

#[test]
fn quotas_a_person_are_of_the_body_and_nothing_else_that_is_measured_is() {
    for clause in catalogue().packs().iter().flat_map(|pack| &pack.clauses) {
        let is_of_bodies = clause.applies_to.kind.is_none();
        let is_measured = clause.period != model::Period::Register;
        assert_eq!(is_of_bodies && is_measured, clause.measure.is_of_bodies(), "{}", clause.id);
    }
}
