//! A made-up office: two buildings, a handful of rooms, alerts in every state, a history with a gap.

use std::{collections::BTreeMap, sync::Arc};

use jiff::{civil::Date, tz::TimeZone};
use model::{
    Flags, Id, Instant, Period, Place, PlaceKind, Quantity, Register, RoomUse, Series, Span,
    register::{Body, History, Level, Post, Rank, Sensor, Severity, Text},
};
use normwatch::{
    metrics::Metrics,
    view::{AlertView, Figure, Latest, Ledger, Link, MailState, MailView, PlaceView, Presence, Snapshot},
    web::{ChartSource, Desk},
};
use rules::{
    AlertState, AppliesTo, Attribute, Binding, Bound, Clause, Energy, Evidence, Fact, Gate, Layer, Limit,
    LimitTable, Measure, Outcome, Pack, Provenance, Row, Subject, Verdict,
};
use tokio::sync::watch;

/// A label that would be a script if a page forgot to escape it.
pub(crate) const HOSTILE: &str = "<script>alert(1)</script>";

pub(crate) fn id(text: &str) -> Id {
    Id::parse(text).unwrap()
}

/// The instant that the office calls now: a Wednesday afternoon.
pub(crate) fn now() -> Instant {
    Instant::parse("2026-11-18T15:20:00+08:00").unwrap()
}

fn ago(minutes: i64) -> Instant {
    now().plus_ms(-minutes * 60_000)
}

struct Room {
    id: &'static str,
    floor: &'static str,
    label: &'static str,
    room_use: RoomUse,
    area: f64,
    seats: f64,
    people: Option<f64>,
    co2: Option<f64>,
    heard: i64,
}

const fn room(
    id: &'static str,
    floor: &'static str,
    label: &'static str,
    room_use: RoomUse,
    (area, seats): (f64, f64),
    (people, co2, heard): (Option<f64>, Option<f64>, i64),
) -> Room {
    Room { id, floor, label, room_use, area, seats, people, co2, heard }
}

const ROOMS: [Room; 11] = [
    room("a-301", "a-3", "301 会议室", RoomUse::Meeting, (42.0, 12.0), (Some(14.0), Some(1280.0), 2)),
    room("a-302", "a-3", "302 办公室", RoomUse::Office, (28.5, 4.0), (Some(3.0), Some(845.0), 1)),
    room("a-303", "a-3", "303 单人办公室", RoomUse::SingleOffice, (31.0, 1.0), (Some(0.0), Some(470.0), 3)),
    room("a-304", "a-3", "304 办公室", RoomUse::Office, (26.0, 4.0), (None, None, 0)),
    room("a-305", "a-3", HOSTILE, RoomUse::Storage, (12.0, 0.0), (None, Some(450.0), 190)),
    room("a-401", "a-4", "401 开放办公区", RoomUse::OpenOffice, (160.0, 30.0), (Some(22.0), Some(1004.0), 2)),
    room("a-402", "a-4", "402 会议室", RoomUse::Meeting, (35.0, 10.0), (Some(0.0), Some(430.0), 1)),
    room("a-403", "a-4", "403 办公室", RoomUse::Office, (24.0, 3.0), (Some(2.0), Some(760.0), 4)),
    room("b-101", "b-1", "101 办公室", RoomUse::Office, (18.0, 2.0), (Some(5.0), Some(1090.0), 2)),
    room("b-102", "b-1", "102 接待室", RoomUse::Reception, (30.0, 8.0), (Some(0.0), Some(440.0), 2)),
    room("b-103", "b-1", "103 档案室", RoomUse::Archive, (55.0, 0.0), (None, None, 0)),
];

const TREE: [(&str, PlaceKind, Option<&str>, &str); 6] = [
    ("site", PlaceKind::Site, None, "机关大院"),
    ("a", PlaceKind::Building, Some("site"), "A 座"),
    ("b", PlaceKind::Building, Some("site"), "B 座"),
    ("a-3", PlaceKind::Floor, Some("a"), "A 座三层"),
    ("a-4", PlaceKind::Floor, Some("a"), "A 座四层"),
    ("b-1", PlaceKind::Floor, Some("b"), "B 座一层"),
];

pub(crate) fn register() -> Register {
    let mut register = Register::empty(id("office"));
    register.name = Text { zh: "市机关事务中心".to_owned(), en: "City office services".to_owned() };
    register.calendar.zone = TimeZone::get("Asia/Shanghai").unwrap();
    register.packs =
        vec!["gb-t-18883-2022".to_owned(), "normwatch-policy-1".to_owned(), "demo-area".to_owned()];
    let body = Body {
        id: id("planning"),
        name: "规划处".to_owned(),
        parent: None,
        level: Some(Level::City),
        authorised_headcount: Some(20.0),
        energy_headcount: Some(25.0),
        quota_zone: None,
    };
    register.bodies.insert(body.id.clone(), History::always(body));
    let place = |place: &str, kind, parent: Option<&str>, label: &str| Place {
        id: id(place),
        kind,
        parent: parent.map(id),
        label: Some(label.to_owned()),
        room_use: None,
        floor_area_m2: None,
        usable_area_m2: None,
        heated_area_m2: None,
        excluded_area_m2: None,
        body: Some(id("planning")),
        capacity: None,
        storeys: None,
        climate_zone: None,
        building_type: None,
        building_class: None,
    };
    for (name, kind, parent, label) in TREE {
        register.places.insert(id(name), History::always(place(name, kind, parent, label)));
    }
    for room in &ROOMS {
        let mut row = place(room.id, PlaceKind::Room, Some(room.floor), room.label);
        row.room_use = Some(room.room_use);
        row.usable_area_m2 = Some(room.area);
        register.places.insert(id(room.id), History::always(row));
        let sensor = Sensor::new(id(&format!("air-{}", room.id)), id(room.id));
        register.sensors.insert(sensor.id.clone(), History::always(sensor));
    }
    let post =
        Post { id: id("post-7"), rank: Rank::BureauHead, body: id("planning"), room: Some(id("a-303")) };
    register.posts.insert(post.id.clone(), History::always(post));
    register
}

pub(crate) fn clause(pack: &str, name: &str, measure: Measure, fixed: Bound, unit: &str) -> Clause {
    Clause {
        id: format!("{pack}/{name}"),
        pack: pack.to_owned(),
        document: "GB/T 18883-2022".to_owned(),
        citation: "表 1".to_owned(),
        title: Text { zh: "室内二氧化碳浓度".to_owned(), en: "Indoor carbon dioxide".to_owned() },
        remedy: Text {
            zh: "开窗或加大新风量，并减少同时在场人数。".to_owned(),
            en: "Open windows or raise the fresh air, and seat fewer people at a time.".to_owned(),
        },
        provenance: Provenance::OneSource,
        severity: Severity::Warning,
        evidence: Evidence::Firm,
        applies_to: AppliesTo {
            kind: Some(PlaceKind::Room),
            room_use: vec![RoomUse::Meeting, RoomUse::Office, RoomUse::OpenOffice],
            ..AppliesTo::default()
        },
        measure,
        period: Period::Hour,
        gate: Some(Gate::Occupied),
        season: None,
        min_coverage: 0.75,
        hold_ms: 600_000,
        limit: Limit { unit: unit.to_owned(), fixed, table: None },
        clear: None,
        band: None,
        rating: None,
        energy: Energy::default(),
        correction: None,
    }
}

fn most(value: f64) -> Bound {
    Bound { at_most: Some(value), at_least: None }
}

fn policy(name: &str, measure: Measure, fixed: Bound, unit: &str, zh: &str, en: &str) -> Clause {
    Clause {
        document: "normwatch policy 1".to_owned(),
        citation: name.to_owned(),
        title: Text { zh: zh.to_owned(), en: en.to_owned() },
        provenance: Provenance::Policy,
        severity: Severity::Info,
        evidence: Evidence::Suspicion,
        gate: None,
        period: Period::Week,
        ..clause("normwatch-policy-1", name, measure, fixed, unit)
    }
}

/// Three packs: one clause of air with a second unverified, two of policy, one table of areas.
pub(crate) fn standards() -> Vec<Arc<Pack>> {
    let mut co2 = clause("gb-t-18883-2022", "co2", Measure::Co2HourMean, most(1000.0), "ppm");
    co2.clear = Some(most(950.0));
    let mut damp = clause(
        "gb-t-18883-2022",
        "humidity",
        Measure::HumidityHourMean,
        Bound { at_least: Some(40.0), at_most: Some(80.0) },
        "%RH",
    );
    damp.provenance = Provenance::Unverified;
    damp.title = Text { zh: "相对湿度".to_owned(), en: "Relative humidity".to_owned() };
    let idle = policy("idle-days", Measure::IdleWorkingDays, most(10.0), "d", "连续闲置", "Idle for days");
    let least = Bound { at_least: Some(6.0), at_most: None };
    let crowded =
        policy("crowding", Measure::AreaPerPerson, least, "m2", "人均面积不足", "Too little area each");
    let mut area = clause("demo-area", "office-area", Measure::PrivateOfficeArea, Bound::default(), "m2");
    area.title = Text { zh: "办公室使用面积".to_owned(), en: "Office area".to_owned() };
    area.document = "发改投资〔2014〕2674号".to_owned();
    area.provenance = Provenance::TwoSources;
    area.severity = Severity::Critical;
    area.period = Period::Register;
    area.gate = None;
    let row = |level: &str, rank: &str, most_m2: f64| Row {
        key: vec![level.to_owned(), rank.to_owned()],
        bound: most(most_m2),
    };
    area.limit.table = Some(LimitTable {
        by: vec![Attribute::Level, Attribute::Rank],
        rows: vec![row("city", "mayor", 42.0), row("city", "bureau_head", 24.0)],
    });
    let pack = |id: &str, document: &str, zh: &str, en: &str, clauses: Vec<Clause>| {
        Arc::new(Pack {
            id: id.to_owned(),
            document: document.to_owned(),
            title: Text { zh: zh.to_owned(), en: en.to_owned() },
            layer: Layer::National,
            binding: Binding::Recommended,
            in_force: Date::constant(2023, 2, 1),
            until: None,
            supersedes: Some("gb-t-18883-2002".to_owned()),
            clauses: clauses.into_iter().map(Arc::new).collect(),
        })
    };
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

fn find(clause: &str) -> Arc<Clause> {
    let packs = standards();
    Arc::clone(packs.iter().flat_map(|p| &p.clauses).find(|c| c.id == clause).unwrap())
}

struct Judged {
    clause: &'static str,
    place: &'static str,
    value: Option<f64>,
    limit: f64,
    outcome: Outcome,
}

const fn judged(
    clause: &'static str,
    place: &'static str,
    value: Option<f64>,
    limit: f64,
    outcome: Outcome,
) -> Judged {
    Judged { clause, place, value, limit, outcome }
}

const JUDGED: [Judged; 8] = [
    judged("gb-t-18883-2022/co2", "a-301", Some(1243.7), 1000.0, Outcome::Breach),
    judged("gb-t-18883-2022/co2", "a-401", Some(1000.4), 1000.0, Outcome::Breach),
    judged("gb-t-18883-2022/co2", "a-302", Some(845.0), 1000.0, Outcome::Compliant),
    judged("gb-t-18883-2022/co2", "a-304", None, 1000.0, Outcome::Insufficient),
    judged("normwatch-policy-1/idle-days", "a-402", Some(14.0), 10.0, Outcome::Breach),
    judged("normwatch-policy-1/crowding", "b-101", Some(3.6), 6.0, Outcome::Breach),
    judged("demo-area/office-area", "a-303", Some(31.0), 24.0, Outcome::Breach),
    judged("gb-t-18883-2022/co2", "b-101", Some(930.0), 1000.0, Outcome::Compliant),
];

fn verdict(judged: &Judged) -> Arc<Verdict> {
    let clause = find(judged.clause);
    let window = match clause.period {
        Period::Register => Span::ALWAYS,
        Period::Week => Span::new(ago(9 * 1440 + 920), ago(2 * 1440 + 920)),
        _ => Span::new(ago(80), ago(20)),
    };
    let mut why = BTreeMap::new();
    why.insert("gated".to_owned(), Fact::Bool(true));
    why.insert("sensors".to_owned(), Fact::List(vec![Fact::Text(format!("air-{}", judged.place))]));
    why.insert("judged_s".to_owned(), Fact::Number(3600.0));
    Arc::new(Verdict {
        time: ago(20),
        subject: Subject::Place(id(judged.place)),
        is_minimum: clause.limit.fixed.at_least.is_some(),
        clause,
        outcome: judged.outcome,
        rating: None,
        value: judged.value,
        limit: Some(judged.limit),
        coverage: if judged.value.is_some() { 0.967 } else { 0.1 },
        waived: None,
        window,
        revision: 1,
        why,
    })
}

fn alert(name: &str, judged: &Judged, state: AlertState, started: i64) -> Arc<AlertView> {
    let verdict = verdict(judged);
    let clause = Arc::clone(&verdict.clause);
    Arc::new(AlertView {
        id: name.to_owned(),
        state,
        clause: clause.id.clone(),
        document: clause.document.clone(),
        citation: clause.citation.clone(),
        place: id(judged.place),
        value: judged.value,
        limit: Some(judged.limit),
        unit: clause.limit.unit.clone(),
        coverage: verdict.coverage,
        evidence: clause.evidence,
        started_at: ago(started),
        fired_at: (state != AlertState::Pending).then(|| ago(started - 10)),
        resolved_at: (state == AlertState::Resolved).then(|| ago(20)),
        revision: 1,
        acknowledged: name == "alert-area",
        unproven: false,
        waived: None,
        verdict,
    })
}

fn latest(sensor: &str, quantity: Quantity, value: f64, minutes: i64) -> Latest {
    let unit = quantity.unit().name();
    Latest {
        sensor: id(sensor),
        quantity,
        channel: None,
        value,
        unit,
        time: ago(minutes),
        flags: Flags::NONE,
    }
}

fn place_view(room: &Room) -> PlaceView {
    let sensor = format!("air-{}", room.id);
    let mut readings = Vec::new();
    if let Some(co2) = room.co2 {
        readings.push(latest(&sensor, Quantity::Co2, co2, room.heard));
        readings.push(latest(&sensor, Quantity::Temperature, 22.4, room.heard));
        readings.push(latest(&sensor, Quantity::BatteryLevel, 81.0, room.heard));
    }
    if let Some(people) = room.people {
        readings.push(latest(&format!("count-{}", room.id), Quantity::PeopleCount, people, room.heard));
    }
    let figure = |measure: Measure, value: Option<f64>, unit: &str, coverage: f64| Figure {
        measure: measure.name(),
        from: ago(80),
        to: ago(20),
        value,
        unit: unit.to_owned(),
        coverage,
    };
    PlaceView {
        place: id(room.id),
        kind: PlaceKind::Room,
        parent: Some(id(room.floor)),
        label: Some(room.label.to_owned()),
        room_use: Some(room.room_use),
        body: Some(id("planning")),
        usable_area_m2: Some(room.area),
        floor_area_m2: None,
        capacity: (room.seats > 0.0).then_some(room.seats),
        latest: readings,
        figures: vec![
            figure(Measure::Co2HourMean, room.co2, "ppm", 0.9996),
            figure(Measure::Utilisation, room.people.map(|p| (p / 20.0).min(1.0)), "1", 0.71),
        ],
        firing: JUDGED.iter().filter(|j| j.place == room.id && j.outcome == Outcome::Breach).count(),
    }
}

/// The whole office at [`now`].
pub(crate) fn snapshot() -> Snapshot {
    let mut snapshot =
        Snapshot { event_time: Some(ago(1)), now: Some(now()), is_caught_up: true, ..Snapshot::default() };
    for (name, kind, parent, label) in TREE {
        let view = PlaceView {
            place: id(name),
            kind,
            parent: parent.map(id),
            label: Some(label.to_owned()),
            room_use: None,
            body: Some(id("planning")),
            usable_area_m2: None,
            floor_area_m2: Some(12_400.0),
            capacity: None,
            latest: if kind == PlaceKind::Building {
                vec![latest(&format!("meter-{name}"), Quantity::Power, 41_250.0, 1)]
            } else {
                Vec::new()
            },
            figures: Vec::new(),
            firing: 0,
        };
        snapshot.places.insert(id(name), view);
    }
    for room in &ROOMS {
        snapshot.places.insert(id(room.id), place_view(room));
    }
    let fused = Presence { occupied: Some(true), people: Some(14.0), since: Some(ago(75)) };
    snapshot.presence.insert(id("a-301"), fused);
    snapshot.verdicts = JUDGED.iter().map(verdict).collect();
    snapshot.alerts = vec![
        alert("alert-co2", &JUDGED[0], AlertState::Firing, 80),
        alert("alert-open", &JUDGED[1], AlertState::Pending, 80),
        alert("alert-idle", &JUDGED[4], AlertState::Firing, 9 * 1440),
        alert("alert-crowd", &JUDGED[5], AlertState::Firing, 2 * 1440),
        alert("alert-area", &JUDGED[6], AlertState::Firing, 40 * 1440),
        alert("alert-over", &JUDGED[7], AlertState::Resolved, 300),
    ];
    snapshot.unknown_sensors = vec![(id("am307-77"), "application/3/device/am307-77/event/up".to_owned())];
    snapshot.ledger = Ledger {
        received: 128_431,
        stored: 127_900,
        duplicate: 301,
        ignored: 220,
        quarantined: 7,
        rejected: 1,
        pending: 2,
    };
    let link =
        |name, up, error: Option<&str>, backlog| Link { name, up, error: error.map(str::to_owned), backlog };
    snapshot.links = vec![
        link("mqtt", Some(true), None, 0),
        link("influx", Some(false), Some("connection refused (127.0.0.1:8086)"), 5210),
        link("smtp", None, None, 0),
    ];
    snapshot.mails_sent = 12;
    snapshot.mails = vec![Arc::new(MailView {
        id: "mail-1".to_owned(),
        time: ago(70),
        recipient: id("duty-office"),
        subject: "[告警] 301 会议室 室内二氧化碳浓度".to_owned(),
        state: MailState::Sent,
        attempts: 1,
        error: None,
        transitions: vec!["alert-co2".to_owned()],
        text: Arc::from("301 会议室：实测 1244 ppm，限值 1000 ppm。\n<b>not bold</b>\n"),
    })];
    snapshot
}

/// A day of air that rises with people; the sensor was silent from four to two hours ago.
struct History1;

impl ChartSource for History1 {
    fn points(&self, series: &Series, span: Span, max: usize) -> Result<Vec<(Instant, f64)>, String> {
        let step = (span.millis() / i64::try_from(max).unwrap()).max(300_000);
        let mut points = Vec::new();
        let mut at = span.from;
        while at < span.to.min(now()) {
            let minutes = now().since(at) / 60_000;
            if !(120..240).contains(&minutes) {
                points.push((at, value(series.quantity, at)));
            }
            at = at.plus_ms(step);
        }
        Ok(points)
    }

    fn flagged(&self, series: &Series, _: Span, _: usize) -> Result<Vec<(Instant, f64, Flags)>, String> {
        let odd = (series.quantity == Quantity::Co2).then_some((ago(500), 65_535.0, Flags::SENTINEL));
        Ok(odd.into_iter().collect())
    }
}

fn value(quantity: Quantity, at: Instant) -> f64 {
    let hour = (at.millis().rem_euclid(86_400_000) as f64 / 3_600_000.0 + 8.0) % 24.0;
    let busy = if (9.0..12.0).contains(&hour) || (13.5..18.0).contains(&hour) { 1.0 } else { 0.0 };
    let wave = (at.millis() as f64 / 1_700_000.0).sin();
    match quantity {
        Quantity::Co2 => 480.0 + busy * (560.0 + 220.0 * wave) + 30.0 * wave,
        Quantity::Temperature => 21.0 + 1.6 * busy + 0.4 * wave,
        Quantity::PeopleCount => (busy * (9.0 + 4.0 * wave)).round(),
        Quantity::Power => 14_000.0 + 24_000.0 * busy + 2_500.0 * wave,
        _ => 80.0,
    }
}

/// A desk over a snapshot; the sender keeps the state alive and can change it.
pub(crate) fn desk(snapshot: Snapshot) -> (watch::Sender<Arc<Snapshot>>, Desk) {
    let (sender, receiver) = watch::channel(Arc::new(snapshot));
    let desk =
        Desk::new(receiver, Arc::new(register()), standards(), Arc::new(History1), Arc::new(Metrics::new()));
    (sender, desk)
}
