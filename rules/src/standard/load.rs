//! Reading a pack file into a [`Pack`], collecting every error with its line.

use std::sync::Arc;

use jiff::civil::Date;
use model::{
    Period, PlaceKind, Problem, Season,
    register::{Severity, Text},
};

use super::{
    AppliesTo, Binding, Bound, Clause, Evidence, Layer, Limit, Measure, Pack, Provenance, checks, duration,
    energy, limits,
    section::{Findings, Section},
    words::{Word, suggest},
};

const STANDARD: &[&str] = &[
    "id",
    "document",
    "title",
    "layer",
    "binding",
    "in_force",
    "in_force_known",
    "until",
    "supersedes",
    "note",
];
const CLAUSE: &[&str] = &[
    "id",
    "citation",
    "title",
    "remedy",
    "note",
    "provenance",
    "severity",
    "evidence",
    "applies_to",
    "measure",
    "period",
    "gate",
    "season",
    "min_coverage",
    "for",
    "limit",
    "clear",
    "band",
    "rating",
    "energy",
    "correction",
    "in_use",
];
const APPLIES_TO: &[&str] = &[
    "kind",
    "use",
    "level",
    "quota_zone",
    "climate_zone",
    "building_type",
    "building_class",
    "floor_area_at_least",
];

impl Pack {
    /// Reads one pack file; `file` is its name in error messages.
    ///
    /// # Errors
    /// Returns every problem of the file, in the order of its lines.
    pub fn load(file: &str, text: &str) -> Result<Self, Vec<Problem>> {
        let mut f = Findings::new(file, text);
        let root = f.parse();
        let start = root.span().start;
        let root = Section::new(root.get_ref(), start, "file");
        root.only(&mut f, &["standard", "clause"]);
        let pack = pack(&mut f, root);
        match pack {
            Some(pack) if f.problems.is_empty() => Ok(pack),
            _ => {
                f.problems.sort();
                Err(f.problems)
            }
        }
    }
}

/// The pack of a file's root table: `[standard]` and its `[[clause]]`s.
pub(super) fn pack(f: &mut Findings<'_>, root: Section<'_, '_>) -> Option<Pack> {
    if root.get("standard").is_none() {
        f.report(0, "standard", "missing", "begin the file with [standard]");
    }
    let standard = root.section(f, "standard", "standard");
    let mut pack = standard.and_then(|standard| header(f, standard));
    // Without a header the clauses are still read, so that all their errors show at once.
    let mut stand_in = nameless();
    clauses(f, root, pack.as_mut().unwrap_or(&mut stand_in));
    pack
}

fn nameless() -> Pack {
    Pack {
        id: "pack".to_owned(),
        document: String::new(),
        title: Text::default(),
        layer: Layer::National,
        binding: Binding::Recommended,
        in_force: Date::ZERO,
        in_force_known: true,
        until: None,
        supersedes: None,
        note: String::new(),
        clauses: Vec::new(),
    }
}

fn header(f: &mut Findings<'_>, section: Section<'_, '_>) -> Option<Pack> {
    section.only(f, STANDARD);
    let id = section.needs_text(f, "id");
    let document = section.needs_text(f, "document");
    let title = limits::text(f, section, "title");
    let layer = section.needs_word(f, "layer");
    let binding = section.needs_word(f, "binding");
    let in_force = section.date(f, "in_force");
    let until = section.date(f, "until");
    let supersedes = section.text(f, "supersedes").map(str::to_owned);
    if section.get("in_force").is_none() {
        section.report(f, "in_force", "missing", "add the first day in force, such as 2023-02-01");
    }
    if let (Some(from), Some(until)) = (in_force, until)
        && until <= from
    {
        section.report(f, "until", "is not after in_force", "write the first day no longer in force");
    }
    if let Some(id) = id {
        check_id(f, section, id);
    }
    Some(Pack {
        id: id?.to_owned(),
        title: title.unwrap_or_else(|| both(document.unwrap_or_default())),
        document: document?.to_owned(),
        layer: layer?,
        binding: binding?,
        in_force: in_force?,
        in_force_known: section.flag(f, "in_force_known").unwrap_or(true),
        until,
        supersedes,
        note: section.text(f, "note").unwrap_or_default().to_owned(),
        clauses: Vec::new(),
    })
}

fn both(text: &str) -> Text {
    Text { zh: text.to_owned(), en: text.to_owned() }
}

fn check_id(f: &mut Findings<'_>, section: Section<'_, '_>, id: &str) {
    let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    if !id.bytes().all(fits) || id.len() > 64 {
        section.report(f, "id", format!("`{id}` is no id"), "use at most 64 of a-z, 0-9 and -");
    }
}

fn clauses(f: &mut Findings<'_>, root: Section<'_, '_>, pack: &mut Pack) {
    for section in root.sections(f, "clause", "clause") {
        let id = section.needs_text(f, "id").unwrap_or("clause");
        let section = section.named(id);
        check_id(f, section, id);
        let clause = clause(f, section, pack, id);
        if pack.clauses.iter().any(|c| c.id == clause.id) {
            section.report(f, "id", format!("`{}` stands twice", clause.id), "give one of them another id");
        }
        pack.clauses.push(Arc::new(clause));
    }
}

/// A clause. What is missing or wrong is reported and stands in as something harmless, so that the
/// rest is checked as well; the pack is refused in the end.
fn clause(f: &mut Findings<'_>, s: Section<'_, '_>, pack: &Pack, id: &str) -> Clause {
    s.only(f, CLAUSE);
    let mut limit = limits::limit(f, s).unwrap_or_else(no_limit);
    let clause = Clause {
        id: format!("{}/{id}", pack.id),
        pack: pack.id.clone(),
        document: pack.document.clone(),
        citation: s.needs_text(f, "citation").unwrap_or_default().to_owned(),
        title: limits::text(f, s, "title").unwrap_or_else(|| both(id)),
        remedy: limits::text(f, s, "remedy").unwrap_or_default(),
        provenance: s.needs_word(f, "provenance").unwrap_or(Provenance::Unverified),
        severity: s.needs_word(f, "severity").unwrap_or(Severity::Info),
        evidence: s.needs_word(f, "evidence").unwrap_or(Evidence::Suspicion),
        applies_to: applies_to(f, s),
        measure: s.needs_word(f, "measure").unwrap_or(Measure::Utilisation),
        period: s.needs_word(f, "period").unwrap_or(Period::All),
        gate: s.word(f, "gate"),
        season: season(f, s),
        min_coverage: s.number(f, "min_coverage").unwrap_or(0.0),
        hold_ms: hold(f, s),
        clear: limits::clear(f, s),
        band: limits::band(f, s),
        rating: limits::rating(f, s, &mut limit),
        limit,
        energy: energy::energy(f, s),
        correction: energy::correction(f, s),
        note: s.text(f, "note").unwrap_or_default().to_owned(),
        in_use: s.flag(f, "in_use").unwrap_or(true),
        moved_by: None,
    };
    checks::clause(f, s, &clause);
    clause
}

fn no_limit() -> Limit {
    Limit { unit: String::new(), fixed: Bound::default(), table: None, curve: None }
}

/// `any` is the same as no season.
fn season(f: &mut Findings<'_>, s: Section<'_, '_>) -> Option<Season> {
    if s.text(f, "season") == Some("any") { None } else { s.word(f, "season") }
}

fn hold(f: &mut Findings<'_>, s: Section<'_, '_>) -> i64 {
    let Some(text) = s.text(f, "for") else { return 0 };
    duration::parse_ms(text).unwrap_or_else(|| {
        s.report(f, "for", format!("`{text}` is no duration"), "write 0s, 15m, 2h or 14d");
        0
    })
}

fn applies_to(f: &mut Findings<'_>, clause: Section<'_, '_>) -> AppliesTo {
    if clause.get("applies_to").is_none() {
        clause.report(f, "applies_to", "missing", "add `applies_to = { kind = \"room\" }`");
    }
    let Some(s) = clause.section(f, "applies_to", clause.name) else { return AppliesTo::default() };
    s.only(f, APPLIES_TO);
    let kind = s.needs_text(f, "kind");
    let known: Vec<&str> = PlaceKind::ALL.iter().map(|k| k.name()).chain(["body"]).collect();
    if let Some(word) = kind.filter(|word| !known.contains(word)) {
        s.report(f, "kind", format!("unknown word `{word}`"), suggest(word, &known));
    }
    AppliesTo {
        kind: kind.and_then(PlaceKind::of),
        room_use: s.words(f, "use"),
        level: s.words(f, "level"),
        quota_zone: s.texts(f, "quota_zone").into_iter().map(str::to_owned).collect(),
        climate_zone: s.words(f, "climate_zone"),
        building_type: s.words(f, "building_type"),
        building_class: s.words(f, "building_class"),
        floor_area_at_least: s.number(f, "floor_area_at_least"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn a_doubled_id_or_key_is_refused() {
        let clause = GOOD.split("[[clause]]").nth(1).unwrap();
        let found = Pack::load("hall.toml", &format!("{GOOD}[[clause]]{clause}")).unwrap_err();
        assert!(found[0].what.contains("`hall-air-1/co2` stands twice"), "{found:?}");
        assert!(!problems("for = \"2h\"", "for = \"2h\"\nfor = \"3h\"").is_empty());
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
}
