//! Reading pack files: what loads, and what every mistake is told as.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop where it stands")]

use rules::Pack;

const GOOD: &str = r#"
[standard]
id = "hall-air-1"
document = "HALL 1"
title = { zh = "大厅", en = "Hall air" }
layer = "agency"
binding = "recommended"
in_force = 2020-01-01

[[clause]]
id = "co2"
citation = "page 1"
provenance = "policy"
severity = "warning"
evidence = "firm"
applies_to = { kind = "room", use = ["lobby"] }
measure = "co2_hour_mean"
period = "hour"
gate = "occupied"
season = "any"
min_coverage = 0.75
for = "2h"
limit = { at_most = 1200, unit = "ppm" }
clear = { at_most = 1100 }
band = { at_most = [800, 1200] }
"#;

/// The problems after one replacement in the good pack, as printed.
fn problems(from: &str, to: &str) -> Vec<String> {
    assert!(GOOD.contains(from), "{from}");
    let text = GOOD.replacen(from, to, 1);
    Pack::load("hall.toml", &text).err().unwrap_or_default().iter().map(ToString::to_string).collect()
}

#[test]
fn a_good_pack_loads_with_every_field() {
    let pack = Pack::load("hall.toml", GOOD).unwrap();
    let clause = &pack.clauses[0];
    assert_eq!(clause.id, "hall-air-1/co2");
    assert_eq!(clause.hold_ms, 7_200_000);
    assert_eq!(clause.limit.fixed.at_most, Some(1200.0));
    assert_eq!(clause.band.and_then(|b| b.at_most), Some((800.0, 1200.0)));
    assert_eq!(clause.season, None);
    assert_eq!(pack.title.zh, "大厅");
    assert!(pack.in_force_known && clause.in_use);
}

#[test]
fn an_error_names_file_line_key_and_remedy() {
    assert_eq!(
        problems("evidence = \"firm\"", "evidence = \"fim\""),
        ["hall.toml:15: co2.evidence: unknown word `fim`: write `firm`; known are firm, suspicion"]
    );
}

#[test]
fn a_body_has_figures_a_person_and_no_others_of_what_is_measured() {
    let to_body = |measure: &str, unit: &str| {
        let text = GOOD
            .replace("{ kind = \"room\", use = [\"lobby\"] }", "{ kind = \"body\" }")
            .replace("co2_hour_mean", measure)
            .replace("\"hour\"\ngate = \"occupied\"", "\"year\"")
            .replace("unit = \"ppm\"", &format!("unit = \"{unit}\""));
        let problems = Pack::load("hall.toml", &text).err().unwrap_or_default();
        problems.iter().map(ToString::to_string).collect::<Vec<String>>()
    };
    assert_eq!(to_body("water_per_person", "m3/(p.a)"), Vec::<String>::new());
    assert_eq!(
        to_body("eui", "kWh/(m2.a)"),
        [
            "hall.toml:16: co2.applies_to: eui is not taken of a body: bodies have figures of the register and figures a person"
        ]
    );
}

#[test]
fn every_kind_of_mistake_is_found() {
    let cases = [
        ("citation = \"page 1\"\n", "", "co2.citation: missing"),
        ("citation = \"page 1\"", "citation = \" \"", "co2.citation: missing"),
        (
            "co2_hour_mean",
            "co2_hourly",
            "unknown word `co2_hourly`: the nearest known word is `co2_hour_mean`",
        ),
        ("unit = \"ppm\"", "unit = \"lx\"", "co2.limit: unit `lx` does not fit co2_hour_mean"),
        ("\"lobby\"", "\"lobbi\"", "co2.use: unknown word `lobbi`"),
        ("period = \"hour\"", "period = \"day\"", "co2.period: co2_hour_mean has no day"),
        ("at_most = 1200, unit", "at_most = 1200, at_least = 1300, unit", "at_least is above at_most"),
        ("clear = { at_most = 1100", "clear = { at_most = 1300", "co2.clear: looser than the limit"),
        ("min_coverage = 0.75", "min_coverage = 75", "co2.min_coverage: 75 is not between 0 and 1"),
        ("for = \"2h\"", "for = \"2 hours\"", "`2 hours` is no duration"),
        ("gate =", "gait =", "co2.gait: unknown key: the nearest known word is `gate`"),
        ("band = {", "rating = { baseline = 1300, guide = 900 }\nband = {", "co2.rating"),
        ("in_force = 2020-01-01", "in_force = \"2020\"", "standard.in_force: expected a date"),
        ("layer = \"agency\"", "layer = \"village\"", "standard.layer: unknown word `village`"),
        ("kind = \"room\"", "kind = \"shed\"", "co2.kind: unknown word `shed`"),
        ("unit = \"ppm\" }", "unit = \"ppm\"", "syntax"),
        ("in_force = 2020-01-01\n", "", "standard.in_force: missing"),
        ("[800, 1200]", "[1200, 800]", "co2.band: at_most is not a pair"),
    ];
    for (from, to, expected) in cases {
        let found = problems(from, to);
        assert!(found.iter().any(|p| p.contains(expected)), "{expected}: {found:#?}");
    }
}

#[test]
fn all_errors_are_collected_not_the_first() {
    let text = GOOD.replace("\"firm\"", "\"fim\"").replace("\"ppm\"", "\"lx\"").replace("2h", "x");
    let found = Pack::load("hall.toml", &text).unwrap_err();
    assert_eq!(found.iter().map(|p| p.line).collect::<Vec<_>>(), [15, 22, 23]);
}

#[test]
fn what_is_missing_is_told_at_the_head_of_its_table() {
    let missing = GOOD.replace("severity = \"warning\"\n", "").replace(", unit = \"ppm\"", "");
    let found = Pack::load("hall.toml", &missing).unwrap_err();
    let lines: Vec<(usize, &str)> = found.iter().map(|p| (p.line, p.key.as_str())).collect();
    assert_eq!(lines, [(10, "co2.severity"), (22, "co2.unit")]);
}

#[test]
fn any_changed_byte_is_read_or_refused_with_a_line_of_the_file() {
    let mut rng = 0x2545_f491_4f6c_dd1d_u64;
    for _ in 0..2_000 {
        // Any one byte changed: read or refused with a line of the file, and never a panic.
        rng = rng.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let mut bytes = GOOD.as_bytes().to_vec();
        let at = usize::try_from(rng >> 33).unwrap() % bytes.len();
        bytes[at] = b" \"[]{}=.,-#x0\n"[usize::try_from(rng % 14).unwrap()];
        let text = String::from_utf8_lossy(&bytes);
        let lines = text.lines().count();
        for problem in Pack::load("hall.toml", &text).err().unwrap_or_default() {
            assert!((1..=lines).contains(&problem.line), "{problem}\n{text}");
        }
    }
}

#[test]
fn a_doubled_id_or_key_is_refused() {
    let clause = GOOD.split("[[clause]]").nth(1).unwrap();
    let found = Pack::load("hall.toml", &format!("{GOOD}[[clause]]{clause}")).unwrap_err();
    assert!(found[0].what.contains("`hall-air-1/co2` stands twice"), "{found:?}");
    assert!(!problems("for = \"2h\"", "for = \"2h\"\nfor = \"3h\"").is_empty());
}

#[test]
fn a_band_of_one_value_and_a_title_in_one_language_are_enough() {
    assert_eq!(problems("[800, 1200]", "[1200, 1200]"), Vec::<String>::new());
    assert_eq!(
        problems("title = { zh = \"大厅\", en = \"Hall air\" }", "title = { en = \"Hall\" }"),
        [""; 0]
    );
}

#[test]
fn the_points_of_a_curve_rise_and_are_pairs() {
    let curve = |points: &str| {
        let over = format!("{{ over = \"capacity\", at_most = {points}, unit = \"ppm\" }}\n#");
        problems("{ at_most = 1200, unit = \"ppm\" }\nclear", &over)
    };
    assert_eq!(curve("[[1, 900], [2, 1000]]"), Vec::<String>::new());
    for points in ["[[1, 900], [3, 950], [2, 1000]]", "[[1, 900], [3, 950], [3, 1000]]"] {
        let found = curve(points);
        assert!(found.len() == 1 && found[0].contains("points do not rise"), "{points}: {found:?}");
    }
    let found = curve("[[1, 900], [2], [3, 950]]");
    assert!(found.len() == 1 && found[0].contains("a point is not two numbers"), "{found:?}");
}

#[test]
fn a_rating_without_a_row_of_the_limit_is_told() {
    let found = problems(
        "limit = { at_most = 1200, unit = \"ppm\" }\nclear = { at_most = 1100 }",
        "limit = { by = [\"building_class\"], at_most = [[\"a\", 1200]], unit = \"ppm\" }\n\
         rating = { baseline = [[\"b\", 900]], guide = [[\"a\", 800], [\"b\", 800]] }",
    );
    let orphans = found.iter().filter(|p| p.contains("b has no limit and guide")).count();
    assert_eq!((orphans, found.len()), (1, 1), "{found:?}");
}

#[test]
fn a_table_needs_known_words_once() {
    let table = |rows: &str| {
        problems(
            "measure = \"co2_hour_mean\"\nperiod = \"hour\"\ngate = \"occupied\"\nseason = \"any\"\nmin_coverage = 0.75\nfor = \"2h\"\nlimit = { at_most = 1200, unit = \"ppm\" }\nclear = { at_most = 1100 }\nband = { at_most = [800, 1200] }",
            &format!(
                "measure = \"private_office_area\"\nperiod = \"register\"\nlimit = {{ unit = \"m2\", by = [\"level\", \"rank\"], at_most = [{rows}] }}"
            ),
        )
    };
    assert_eq!(table("[\"city\", \"mayor\", 42], [\"city\", \"vice_mayor\", 30]"), Vec::<String>::new());
    for (rows, expected) in [
        ("[\"city\", \"mayor\", 42], [\"city\", \"mayor\", 30]", "key city, mayor stands twice"),
        ("[\"city\", \"major\", 42]", "`major` is no word of rank"),
        ("[\"city\", 42]", "a row is not 2 words and a number"),
        ("[\"city\", \"minister\", 42]", "no rank `minister` at level `city`"),
        ("[\"city\", \"below_bureau\", 6]", "lowest grade of 6 m²"),
    ] {
        let found = table(rows);
        assert!(found.iter().any(|p| p.contains(expected)), "{expected}: {found:#?}");
    }
}

/// The good pack with lines added to its clause.
fn with(lines: &str) -> Result<Pack, Vec<String>> {
    let text = format!("{GOOD}{lines}\n");
    Pack::load("hall.toml", &text).map_err(|problems| problems.iter().map(ToString::to_string).collect())
}

#[test]
fn conditions_keep_firing_and_flap_load_as_written() {
    let pack = with(
        "only_if = \"busy and not (warm or warm)\"\nkeep_firing_for = \"2h\"\n\
         flap = { changes = 4, within = \"24h\" }\n\
         [clause.condition.warm]\nmeasure = \"temperature_hour_mean\"\nat_least = 26\nunit = \"Cel\"\n\
         [clause.condition.busy]\nmeasure = \"utilisation\"\nat_least = 0.5\nmin_coverage = 0.25",
    );
    let pack = pack.unwrap();
    let clause = &pack.clauses[0];
    assert_eq!(clause.firing.keep_ms, 7_200_000);
    assert_eq!(clause.firing.flap, Some(rules::Flap { changes: 4, within_ms: 86_400_000 }));
    let only_if = clause.only_if.clone().unwrap();
    assert_eq!(only_if.expr.names(), ["busy", "warm"]);
    let known: Vec<_> = only_if.conditions.iter().map(|c| (c.name.as_str(), c.min_coverage)).collect();
    assert_eq!(known, [("busy", 0.25), ("warm", 0.75)], "the clause's own coverage where none is given");
}

#[test]
fn what_is_wrong_with_conditions_is_told_with_its_line_and_remedy() {
    let warm = "[clause.condition.warm]\nmeasure = \"temperature_hour_mean\"\nat_least = 26\n";
    for bound in ["at_least = 26", "at_most = 26", "at_least = 20\nat_most = 26"] {
        let lines = format!("only_if = \"warm\"\n{}", warm.replace("at_least = 26", bound));
        assert_eq!(with(&lines).err().unwrap_or_default(), [""; 0], "{bound}");
    }
    for bound in ["at_least = \"hot\"", "at_most = \"hot\""] {
        let lines = format!("only_if = \"warm\"\n{}", warm.replace("at_least = 26", bound));
        let found = with(&lines).err().unwrap_or_default();
        assert!(found.len() == 1 && !found[0].contains("neither"), "a bound that is no number: {found:?}");
    }
    for (lines, problem) in [
        (
            format!("only_if = \"wram\"\n{warm}"),
            vec![
                "hall.toml:26: co2.only_if: no condition `wram`: write `warm`; known are warm, or add [clause.condition.wram]",
                "hall.toml:27: co2.condition: `only_if` does not use `warm`: use it, or remove it",
            ],
        ),
        (
            "only_if = \"warm\"".to_owned(),
            vec!["hall.toml:26: co2.only_if: no condition `warm`: add [clause.condition.warm]"],
        ),
        (
            warm.to_owned(),
            vec!["hall.toml:26: co2.condition: no `only_if` uses them: add `only_if = \"a and not b\"`"],
        ),
        (
            format!("only_if = \"warm and\"\n{warm}"),
            vec![
                "hall.toml:26: co2.only_if: ends where a condition is expected: write names of conditions joined by and, or, not and brackets",
            ],
        ),
        (
            format!("only_if = \"warm\"\n{}", warm.replace("temperature_hour_mean", "temperature_hour_men")),
            vec![
                "hall.toml:28: co2.measure: unknown word `temperature_hour_men`: the nearest known word is `temperature_hour_mean`",
            ],
        ),
        (
            format!("only_if = \"warm\"\n{}", warm.replace("temperature_hour_mean", "co2_day_mean")),
            vec!["hall.toml:27: co2.condition: `warm`: co2_day_mean has no hour: judge the clause by day"],
        ),
        (
            format!("only_if = \"warm\"\n{}", warm.replace("at_least = 26\n", "")),
            vec!["hall.toml:27: co2.condition: `warm` has neither at_most nor at_least: add its bound"],
        ),
        (
            "flap = { changes = 1, within = \"0s\" }".to_owned(),
            vec![
                "hall.toml:26: co2.changes: 1 changes: write a whole number from 2 to 20; firing and resolving are one change each",
                "hall.toml:26: co2.within: no time at all: write 24h or the like",
            ],
        ),
        (
            "keep_firing_for = \"long\"".to_owned(),
            vec!["hall.toml:26: co2.keep_firing_for: `long` is no duration: write 0s, 15m, 2h or 14d"],
        ),
    ] {
        assert_eq!(with(&lines).err().unwrap_or_default(), problem, "{lines}");
    }
}

#[test]
fn grades_of_handling_begin_at_nothing_and_rise() {
    let graded = |refit: f64, must: f64| {
        let grades = format!(
            "handling = {{ refit_above = {refit:?}, must_from = {must:?}, citation = \"p. 2\", provenance = \"policy\" }}"
        );
        problems("for = \"2h\"", &format!("for = \"2h\"\n{grades}"))
    };
    for (refit, must) in [(0.0, 0.0), (0.0, 0.5), (0.3, 0.3), (0.3, 0.5)] {
        assert_eq!(graded(refit, must), Vec::<String>::new(), "{refit} {must}");
    }
    for (refit, must) in [(-0.1, 0.5), (0.5, 0.3), (-0.3, -0.5)] {
        assert_eq!(graded(refit, must).len(), 1, "{refit} {must}");
    }
}
