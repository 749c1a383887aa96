//! Made-up packs: air, areas by rank, and thresholds of the operator.

use std::sync::Arc;

use jiff::civil::Date;
use model::{
    Period, PlaceKind, RoomUse,
    register::{Severity, Text},
};
use rules::{
    AppliesTo, Attribute, Binding, Bound, Clause, Evidence, Gate, Layer, LimitTable, Measure, Pack,
    Provenance, Row,
};

pub(crate) fn clause(pack: &str, name: &str, measure: Measure, fixed: Bound) -> Clause {
    Clause {
        document: "GB/T 18883-2022".to_owned(),
        citation: "表 1".to_owned(),
        title: Text { zh: "室内二氧化碳浓度".to_owned(), en: "Indoor carbon dioxide".to_owned() },
        remedy: Text {
            zh: "开窗或加大新风量，并减少同时在场人数。".to_owned(),
            en: "Open windows or raise the fresh air, and seat fewer people at a time.".to_owned(),
        },
        provenance: Provenance::OneSource,
        applies_to: AppliesTo {
            kind: Some(PlaceKind::Room),
            room_use: vec![RoomUse::Meeting, RoomUse::Office, RoomUse::OpenOffice],
            ..AppliesTo::default()
        },
        gate: Some(Gate::Occupied),
        hold_ms: 600_000,
        ..Clause::new(pack, name, measure, Period::Hour, fixed)
    }
}

fn most(value: f64) -> Bound {
    Bound { at_most: Some(value), at_least: None }
}

fn policy(name: &str, measure: Measure, fixed: Bound, zh: &str, en: &str) -> Clause {
    Clause {
        document: "normwatch policy 1".to_owned(),
        citation: name.to_owned(),
        title: Text { zh: zh.to_owned(), en: en.to_owned() },
        provenance: Provenance::Policy,
        severity: Severity::Info,
        evidence: Evidence::Suspicion,
        gate: None,
        period: Period::Week,
        ..clause("normwatch-policy-1", name, measure, fixed)
    }
}

fn pack(id: &str, document: &str, zh: &str, en: &str, clauses: Vec<Clause>) -> Arc<Pack> {
    Arc::new(Pack {
        id: id.to_owned(),
        document: document.to_owned(),
        title: Text { zh: zh.to_owned(), en: en.to_owned() },
        layer: Layer::National,
        binding: Binding::Recommended,
        in_force: Date::constant(2023, 2, 1),
        in_force_known: id != "demo-area",
        note: if id == "demo-area" { "Read in a reprint only.".to_owned() } else { String::new() },
        until: None,
        supersedes: Some("gb-t-18883-2002".to_owned()),
        clauses: clauses.into_iter().map(Arc::new).collect(),
    })
}

/// Three packs: one clause of air with a second unverified, two of policy, one table of areas.
pub(crate) fn standards() -> Vec<Arc<Pack>> {
    let mut co2 = clause("gb-t-18883-2022", "co2", Measure::Co2HourMean, most(1000.0));
    co2.clear = Some(most(950.0));
    co2.moved_by = Some("agency order 7, item 2".to_owned());
    co2.note = "Hour mean of the occupied hour.".to_owned();
    let mut damp = clause(
        "gb-t-18883-2022",
        "humidity",
        Measure::HumidityHourMean,
        Bound { at_least: Some(40.0), at_most: Some(80.0) },
    );
    damp.provenance = Provenance::Unverified;
    damp.title = Text { zh: "相对湿度".to_owned(), en: "Relative humidity".to_owned() };
    let idle = policy("idle-days", Measure::IdleWorkingDays, most(10.0), "连续闲置", "Idle for days");
    let least = Bound { at_least: Some(6.0), at_most: None };
    let crowded = policy("crowding", Measure::AreaPerPerson, least, "人均面积不足", "Too little area each");
    let mut area = clause("demo-area", "office-area", Measure::PrivateOfficeArea, Bound::default());
    area.title = Text { zh: "办公室使用面积".to_owned(), en: "Office area".to_owned() };
    area.document = "发改投资〔2014〕2674号".to_owned();
    area.provenance = Provenance::TwoSources;
    area.severity = Severity::Critical;
    area.period = Period::Register;
    area.gate = None;
    let row = |level: &str, rank: &str, most_m2: f64| Row {
        key: vec![level.to_owned(), rank.to_owned()],
        bound: most(most_m2),
        rating: None,
    };
    area.limit.table = Some(LimitTable {
        by: vec![Attribute::Level, Attribute::Rank],
        rows: vec![row("city", "mayor", 42.0), row("city", "bureau_head", 24.0)],
    });
    vec![
        pack("gb-t-18883-2022", "GB/T 18883-2022", "室内空气质量标准", "Indoor air quality", vec![co2, damp]),
        pack(
            "demo-area",
            "发改投资〔2014〕2674号",
            "党政机关办公用房建设标准",
            "Office building standard",
            vec![area],
        ),
        pack(
            "normwatch-policy-1",
            "normwatch policy 1",
            "运行管理阈值",
            "Operating thresholds",
            vec![idle, crowded],
        ),
    ]
}

/// The clause of this id.
pub(crate) fn find(clause: &str) -> Arc<Clause> {
    let packs = standards();
    Arc::clone(packs.iter().flat_map(|p| &p.clauses).find(|c| c.id == clause).unwrap())
}
