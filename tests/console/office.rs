//! A made-up office: two buildings, a handful of rooms, alerts in every state, a history with a gap.

use std::sync::Arc;

use jiff::tz::TimeZone;
use model::{
    Flags, Id, Instant, Period, Place, PlaceKind, Quantity, Register, RoomUse, Span,
    register::{Body, History, Level, Post, Rank, Sensor, Text},
};
use normwatch::{
    metrics::Metrics,
    view::{
        AlertView, Figure, Latest, Ledger, Link, MailState, MailView, PlaceView, Presence, Snapshot,
        UnknownSensor,
    },
    web::{Desk, MailSource},
};
use rules::{AlertState, Fact, Measure, Outcome, Subject, Verdict, Why};
use tokio::sync::watch;

use crate::{history::DayOfAir, standards};

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
        name: "规划处".to_owned(),
        level: Some(Level::City),
        authorised_headcount: Some(20.0),
        energy_headcount: Some(25.0),
        ..Body::new(id("planning"))
    };
    register.bodies.insert(body.id.clone(), History::always(body));
    let place = |place: &str, kind, parent: Option<&str>, label: &str| Place {
        parent: parent.map(id),
        label: Some(label.to_owned()),
        body: Some(id("planning")),
        ..Place::new(id(place), kind)
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
    let clause = standards::find(judged.clause);
    let window = match clause.period {
        Period::Register => Span::ALWAYS,
        Period::Week => Span::new(ago(9 * 1440 + 920), ago(2 * 1440 + 920)),
        _ => Span::new(ago(80), ago(20)),
    };
    let mut why = Why::default();
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
        acknowledgement: None,
        silenced_until: None,
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
        time_from: Some("gateway"),
    }
}

fn place_view(room: &Room) -> PlaceView {
    let sensor = format!("air-{}", room.id);
    let mut readings = Vec::new();
    if let Some(co2) = room.co2 {
        readings.push(latest(&sensor, Quantity::Co2, co2, room.heard));
        readings.push(latest(&sensor, Quantity::Temperature, 22.4, room.heard));
        readings.push(latest(&sensor, Quantity::BatteryLevel, 81.0, room.heard));
        // The farther from the gateway, the weaker.
        let floor = f64::from(u8::from(room.floor == "a-3"));
        readings.push(latest(&sensor, Quantity::Signal, -119.0 + 40.0 * floor, room.heard));
        readings.push(latest(&sensor, Quantity::Snr, -17.5 + 25.0 * floor, room.heard));
    }
    if let Some(people) = room.people {
        readings.push(latest(&format!("count-{}", room.id), Quantity::PeopleCount, people, room.heard));
    }
    let figure = |measure: Measure, period, value: Option<f64>, unit: &str, coverage: f64| Figure {
        measure: measure.name(),
        period,
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
            figure(Measure::Co2HourMean, Period::Hour, room.co2, "ppm", 0.9996),
            figure(Measure::Utilisation, Period::Week, room.people.map(|p| (p / 20.0).min(1.0)), "1", 0.71),
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
    tell_of_service(&mut snapshot);
    snapshot
}

/// What the service says of itself: ledger and links.
fn tell_of_service(snapshot: &mut Snapshot) {
    snapshot.unknown_sensors = vec![Arc::new(UnknownSensor {
        sensor: id("am307-77"),
        topic: "application/3/device/am307-77/event/up".to_owned(),
        format: Some("chirpstack"),
        first: ago(190),
        last: ago(4),
        messages: 19,
        readings: vec![Latest {
            sensor: id("am307-77"),
            quantity: Quantity::Co2,
            channel: None,
            value: 612.0,
            unit: "ppm",
            time: ago(4),
            flags: Flags::NONE,
            time_from: None,
        }],
    })];
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
}

/// An outbox with one mail, which has two views.
#[derive(Debug)]
struct OneMail;

impl MailSource for OneMail {
    fn newest(&self, _: usize) -> Result<Vec<Arc<MailView>>, String> {
        Ok(vec![Arc::new(MailView {
            id: "mail-1".to_owned(),
            time: ago(70),
            recipient: id("duty-office"),
            subject: "[告警] 301 会议室 室内二氧化碳浓度".to_owned(),
            state: MailState::Sent,
            attempts: 1,
            error: None,
            transitions: vec!["fired-co2".to_owned()],
            alerts: vec!["alert-co2".to_owned()],
            text: Some(Arc::from("301 会议室：实测 1244 ppm，限值 1000 ppm。\n<b>not bold</b>\n")),
            html: Some(Arc::from("<p style=\"color:red\">实测 1244 ppm</p><script>alert(1)</script>")),
        })])
    }

    fn one(&self, id: &str) -> Result<Option<Arc<MailView>>, String> {
        Ok(self.newest(1)?.into_iter().find(|mail| mail.id == id))
    }

    fn sent(&self) -> Result<u64, String> {
        Ok(12)
    }
}

/// A desk over a snapshot; the sender keeps the state alive and can change it.
pub(crate) fn desk(snapshot: Snapshot) -> (watch::Sender<Arc<Snapshot>>, Desk) {
    let (sender, receiver) = watch::channel(Arc::new(snapshot));
    let desk = Desk::new(
        receiver,
        Arc::new(register()),
        standards::standards(),
        Arc::new(DayOfAir),
        Arc::new(Metrics::new()),
    );
    (sender, desk.with_mails(Arc::new(OneMail)))
}
