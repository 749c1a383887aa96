//! Reading a pack file into a [`Pack`], collecting every error with its line.

use std::sync::Arc;

use jiff::civil::Date;
use model::{
    Period, PlaceKind, Problem, Season,
    register::{Severity, Text},
};

use super::{
    AppliesTo, Binding, Bound, Clause, Evidence, Layer, Limit, Measure, Pack, Provenance, checks, duration,
    energy, firing, handling, limits,
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
    "handling",
    "energy",
    "correction",
    "outdoor_ppm",
    "in_use",
    "within",
    "adaptive",
    "only_if",
    "condition",
    "keep_firing_for",
    "flap",
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
    "storeys_at_least",
    "storeys_at_most",
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
    let min_coverage = s.number(f, "min_coverage").unwrap_or(0.0);
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
        min_coverage,
        hold_ms: hold(f, s),
        clear: limits::clear(f, s),
        band: limits::band(f, s),
        rating: limits::rating(f, s, &mut limit),
        handling: handling::handling(f, s),
        limit,
        energy: energy::energy(f, s),
        correction: energy::correction(f, s),
        outdoor_ppm: s.number(f, "outdoor_ppm"),
        within: limits::within(f, s),
        adaptive: energy::adaptive(f, s),
        note: s.text(f, "note").unwrap_or_default().to_owned(),
        only_if: firing::only_if(f, s, min_coverage),
        firing: firing::firing(f, s),
        in_use: s.flag(f, "in_use").unwrap_or(true),
        moved_by: None,
    };
    checks::clause(f, s, &clause);
    firing::check(f, s, &clause);
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
        storeys_at_least: s.number(f, "storeys_at_least"),
        storeys_at_most: s.number(f, "storeys_at_most"),
    }
}
