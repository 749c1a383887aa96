//! Packs against each other: editions, layers, overlays, and what a register says of them.
#![allow(clippy::unwrap_used, reason = "a test may stop where it stands")]

use jiff::{civil::Date, tz::TimeZone};
use model::{Calendar, Id, Instant, Problem, Register};
use rules::{Catalogue, Decides, Provenance};

const OFFICES: &str = "{ kind = \"room\", use = [\"office\"] }";

/// A pack of one clause on the CO2 of offices.
fn pack(id: &str, layer: &str, binding: &str, limit: &str, more: &str) -> (String, String) {
    let text = format!(
        r#"
[standard]
id = "{id}"
document = "Rule {id}"
layer = "{layer}"
binding = "{binding}"
in_force = 2020-01-01

[[clause]]
id = "co2"
citation = "1"
provenance = "policy"
severity = "info"
evidence = "firm"
applies_to = {OFFICES}
measure = "co2_hour_mean"
period = "hour"
gate = "occupied"
limit = {limit}
{more}
"#
    );
    (format!("{id}.toml"), text)
}

fn printed(result: Result<Catalogue, Vec<Problem>>) -> Vec<String> {
    result.err().unwrap_or_default().iter().map(ToString::to_string).collect()
}

/// What `check` says of a register that lists these packs, some of them the operator's own.
fn checked(own: &[(String, String)], listed: &[&str]) -> Vec<String> {
    let catalogue = Catalogue::load(own, None).unwrap();
    let mut register = Register::empty(Id::parse("r").unwrap());
    register.packs = listed.iter().map(|id| (*id).to_owned()).collect();
    catalogue.check_register(&register).iter().map(ToString::to_string).collect()
}

fn at(text: &str) -> Instant {
    Instant::parse(text).unwrap()
}

fn overlay(text: &str) -> Result<Catalogue, Vec<Problem>> {
    Catalogue::load(&[], Some(("mine.toml", text)))
}

#[test]
fn the_superseded_edition_ends_where_the_new_one_begins() {
    let catalogue = Catalogue::builtin().unwrap();
    let shanghai = Calendar::new(TimeZone::get("Asia/Shanghai").unwrap());
    let old = catalogue.clause("gb-t-18883-2002/co2").unwrap();
    let new = catalogue.clause("gb-t-18883-2022/co2").unwrap();
    for (time, which) in [("2023-01-31T23:59:59.999+08:00", old), ("2023-02-01T00:00:00+08:00", new)] {
        let found: Vec<&str> = [old, new]
            .iter()
            .filter(|clause| catalogue.in_force(clause, at(time), &shanghai))
            .map(|clause| clause.id.as_str())
            .collect();
        assert_eq!(found, [which.id.as_str()], "{time}");
    }
    assert_eq!(catalogue.pack("gb-50034-2013").unwrap().until, Some(Date::constant(2024, 8, 1)));
}

#[test]
fn overlapping_editions_of_one_document_are_refused() {
    let edition = |id: &str, year: &str, more: &str| {
        let (file, text) = pack(id, "city", "recommended", "{ at_most = 990, unit = \"ppm\" }", "");
        let text = text.replace(&format!("Rule {id}"), &format!("Rule 7-{year}"));
        (file, text.replace("in_force = 2020", &format!("{more}\nin_force = {year}")))
    };
    let (old, new) = (edition("r-7-2015", "2015", ""), edition("r-7-2020", "2020", ""));
    let found = printed(Catalogue::load(&[old.clone(), new], None));
    assert!(
        found[0].starts_with("r-7-2020.toml:8: standard.in_force: r-7-2015 and r-7-2020 are"),
        "{found:#?}"
    );
    let linked = edition("r-7-2020", "2020", "supersedes = \"r-7-2015\"");
    let found = printed(Catalogue::load(&[old, linked], None));
    assert!(!found.iter().any(|p| p.contains("editions")), "{found:#?}");
}

#[test]
fn test_cases_beside_the_operators_packs_are_no_packs() {
    let mine = pack("mine-3", "agency", "recommended", "{ at_most = 900, unit = \"ppm\" }", "");
    let text = "[[case]]\nclause = \"mine-3/co2\"\nvalue = 900\nexpect = \"compliant\"\n";
    let catalogue = Catalogue::load(&[mine, ("mine-3.test.toml".to_owned(), text.to_owned())], None).unwrap();
    let report = catalogue.run_cases("mine-3.test.toml", text);
    assert_eq!((report.cases.len(), report.problems.len()), (1, 0), "{:?}", report.problems);
}

#[test]
fn a_pack_id_stands_once() {
    let one = pack("gb-t-18883-2022", "agency", "recommended", "{ at_most = 900, unit = \"ppm\" }", "");
    let found = printed(Catalogue::load(&[one], None));
    assert!(
        found[0].starts_with("gb-t-18883-2022.toml:3: standard.id: pack `gb-t-18883-2022` is also in"),
        "{found:#?}"
    );
}

#[test]
fn a_lower_layer_moves_a_recommended_clause_only_inside_its_band() {
    for (limit, fits) in [(1000, true), (800, true), (1001, false), (799, false)] {
        let mine =
            pack("mine-1", "agency", "mandatory", &format!("{{ at_most = {limit}, unit = \"ppm\" }}"), "");
        let found = checked(std::slice::from_ref(&mine), &["gb-t-18883-2022", "mine-1"]);
        assert_eq!(found.is_empty(), fits, "{limit}: {found:#?}");
        assert_eq!(checked(&[mine], &["mine-1"]), Vec::<String>::new(), "what is not listed is not met");
        if !fits {
            assert!(
                found[0].contains("mine-1/co2") && found[0].contains("gb-t-18883-2022/co2"),
                "{found:#?}"
            );
        }
    }
}

#[test]
fn a_lower_layer_may_tighten_but_not_relax_a_mandatory_clause() {
    for (limit, fits) in
        [("{ at_most = 700, unit = \"ppm\" }", true), ("{ at_most = 901, unit = \"ppm\" }", false)]
    {
        let high = pack("high-1", "ministry", "mandatory", "{ at_most = 900, unit = \"ppm\" }", "");
        let low = pack("low-1", "city", "recommended", limit, "");
        let found = checked(&[high, low], &["high-1", "low-1"]);
        assert_eq!(found.is_empty(), fits, "{limit}: {found:#?}");
    }
}

#[test]
fn the_packs_of_one_country_agree_with_each_other() {
    let of_china = [
        "cn-2674-2014",
        "cn-panjin-township-offices",
        "jgj-67-2006",
        "jgj-t-67-2019",
        "gb-t-18883-2002",
        "gb-t-18883-2022",
        "gb-t-51161-2016",
        "cn-42-2007",
        "cn-shandong-building-energy-2020",
        "cn-qingdao-building-energy-2022",
        "cn-hangzhou-building-energy-2014",
        "cn-531-2008",
        "db37-t-2672-2019",
        "db37-t-4452-2021",
        "gb-50034-2013",
        "gb-t-50034-2024",
        "normwatch-policy-1",
    ];
    assert_eq!(checked(&[], &of_china), Vec::<String>::new());
}

#[test]
fn clauses_of_other_gates_seasons_or_subjects_do_not_conflict() {
    let loose = pack("loose-1", "agency", "recommended", "{ at_most = 5000, unit = \"ppm\" }", "");
    for (from, to) in [
        ("gate = \"occupied\"\n", ""),
        ("use = [\"office\"]", "use = [\"garage\"]"),
        ("in_force = 2020-01-01", "in_force = 2010-01-01\nuntil = 2012-01-01"),
    ] {
        let changed = (loose.0.clone(), loose.1.replace(from, to));
        assert_eq!(checked(&[changed], &["gb-t-18883-2022", "loose-1"]), Vec::<String>::new(), "{to}");
    }
    assert!(!checked(&[loose], &["gb-t-18883-2022", "loose-1"]).is_empty());
}

#[test]
fn an_override_replaces_the_number_and_says_so() {
    let text = "[[override]]\nclause = \"gb-t-18883-2022/co2\"\ncitation = \"house rule 3\"\nat_most = 900\n";
    let clause = std::sync::Arc::clone(overlay(text).unwrap().clause("gb-t-18883-2022/co2").unwrap());
    assert_eq!(clause.limit.fixed.at_most, Some(900.0));
    assert_eq!(clause.clear.and_then(|b| b.at_most), Some(850.0), "the clearing value keeps its distance");
    assert_eq!(clause.moved_by.as_deref(), Some("house rule 3"));
    assert_eq!(clause.citation, "table 1");
}

#[test]
fn an_override_outside_the_band_or_against_a_mandatory_clause_is_refused_unless_it_is_a_draft() {
    for text in [
        "[[override]]\nclause = \"gb-t-18883-2022/co2\"\ncitation = \"x\"\nat_most = 1100\n",
        "[[override]]\nclause = \"gb-t-18883-2022/temperature-cooling\"\ncitation = \"x\"\nat_most = 27\n",
        "[[override]]\nclause = \"cn-42-2007/cooling\"\ncitation = \"x\"\nat_least = 25\n",
        "[[override]]\nclause = \"cn-42-2007/cooling\"\ncitation = \"x\"\nin_use = false\n",
        "[[override]]\nclause = \"cn-2674-2014/office-area\"\ncitation = \"x\"\nat_most = [[\"city\", \"mayor\", 50]]\n",
    ] {
        let found = printed(overlay(text));
        assert_eq!(found.len(), 1, "{text}: {found:#?}");
        assert!(found[0].starts_with("mine.toml:"), "{found:#?}");
        assert!(Catalogue::draft(&[], ("mine.toml", text)).is_ok(), "{text}");
    }
}

#[test]
fn an_override_may_tighten_a_row_add_one_and_choose_an_alternative() {
    let text = r#"
[[override]]
clause = "cn-2674-2014/office-area"
citation = "city notice 5, local values"
at_most = [["township", "township_deputy", 18], ["township", "township_other", 9]]

[[override]]
clause = "en-16798-1-2019/co2-1"
citation = "design brief, category I"
in_use = true

[[override]]
clause = "db37-t-2672-2019/electricity-provincial-b"
citation = "practice of the province's audits"
without = ["heating", "heating_pump"]
at_most = 40
"#;
    let catalogue = overlay(text).map_err(|p| format!("{p:#?}")).unwrap();
    let area = catalogue.clause("cn-2674-2014/office-area").unwrap();
    let key = ["township", "township_other"].map(|w| Some(w.to_owned()));
    let rules::Resolved::Bound(bound) = area.bound_for_key(&key) else { unreachable!() };
    assert_eq!(bound.at_most, Some(9.0));
    assert_eq!(area.limit.count(), 26);
    assert!(catalogue.clause("en-16798-1-2019/co2-1").unwrap().in_use);
    let electricity = catalogue.clause("db37-t-2672-2019/electricity-provincial-b").unwrap();
    assert_eq!(electricity.energy.without.len(), 2);
    assert_eq!(
        electricity.rating.and_then(|r| r.baseline),
        Some(40.0),
        "no rating stands above its constraint"
    );
}

#[test]
fn an_override_without_citation_or_of_no_clause_is_refused() {
    let found = printed(overlay("[[override]]\nclause = \"gb-t-18883-2022/co2\"\nat_most = 900\n"));
    assert!(found[0].contains("citation: missing"), "{found:#?}");
    let found =
        printed(overlay("[[override]]\nclause = \"gb-t-18883-2022/c02\"\ncitation = \"x\"\nat_most = 900\n"));
    assert!(found[0].contains("the nearest known word is `gb-t-18883-2022/co2`"), "{found:#?}");
}

#[test]
fn an_overlay_may_be_a_pack_of_its_own_and_needs_no_listing() {
    let (_, text) = pack("mine-2", "agency", "recommended", "{ at_most = 900, unit = \"ppm\" }", "");
    let catalogue = overlay(&text).unwrap();
    let register = Register::empty(Id::parse("r").unwrap());
    let ids: Vec<String> = catalogue.for_register(&register).iter().map(|c| c.id.clone()).collect();
    assert_eq!(ids, ["mine-2/co2"]);
}

#[test]
fn a_register_gets_the_clauses_of_its_packs_and_unverified_ones_only_when_accepted() {
    let catalogue = Catalogue::builtin().unwrap();
    let mut register = Register::empty(Id::parse("r").unwrap());
    register.packs = vec!["jgj-t-67-2019".to_owned()];
    let clauses = catalogue.for_register(&register);
    assert_eq!(clauses.len(), 6);
    let enforced = |r: &Register| clauses.iter().filter(|c| c.is_enforced(r)).count();
    assert_eq!(enforced(&register), 4);
    register.accept_unverified = vec!["jgj-t-67-2019/meeting-with-table".to_owned()];
    assert_eq!(enforced(&register), 5);
    assert_eq!(catalogue.check_register(&register), []);
    register.packs.push("jgj-t-67-2018".to_owned());
    let found = catalogue.check_register(&register);
    assert!(found[0].remedy.contains("`jgj-t-67-2019`"), "{found:?}");
}

#[test]
fn the_counts_add_up() {
    let counts = Catalogue::builtin().unwrap().counts();
    assert_eq!(counts.by_provenance.values().sum::<usize>(), counts.clauses);
    assert_eq!(counts.by_decides.values().sum::<usize>(), counts.clauses);
    assert_eq!(counts.by_decides.len(), 3);
    assert!(counts.limits > counts.clauses);
    // No number of ours claims that somebody opened the official text.
    assert_eq!(counts.by_provenance.get(&Provenance::Official), None);
    assert_eq!(counts.by_decides.get(&Decides::Register), Some(&18));
    println!("{counts:?}");
}
