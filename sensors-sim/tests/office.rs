//! The demo office seen from outside: deterministic, in order, and in breach exactly where it was seeded.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::cast_precision_loss,
    reason = "tests may fail loudly"
)]

use std::collections::{BTreeMap, BTreeSet};

use model::{Id, Instant, Quantity, Span};
use sensors_sim::{Event, FaultKind, Label, Row, Scenario};

const DEMO: &str = include_str!("../scenarios/demo.toml");
const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;

fn at(text: &str) -> Instant {
    Instant::parse(text).unwrap()
}

fn days(from: Instant, count: i64) -> Span {
    Span::new(from, from.plus_ms(count * DAY))
}

/// The demo's file without what stands between two of its headings.
fn without(heading: &str, next: &str) -> String {
    let (from, to) = (DEMO.find(heading).unwrap(), DEMO.find(next).unwrap());
    format!("{}{}", &DEMO[..from], &DEMO[to..])
}

fn without_faults(start: Instant) -> Scenario {
    let text = without("# --- What is seeded to fail", "# --- Who gets mail");
    Scenario::parse(&text, Some(start)).unwrap()
}

fn without_breaches(start: Instant) -> Scenario {
    let text = without("# --- What is seeded to breach", "# --- Who gets mail");
    Scenario::parse(&text, Some(start)).unwrap()
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_seed_others() {
    let start = at("2026-11-14T00:00:00+08:00");
    let span = days(start, 1);
    let one: Vec<Event> = Scenario::demo(start).unwrap().events(span).collect();
    let two: Vec<Event> = Scenario::demo(start).unwrap().events(span).collect();
    assert!(one.len() > 20_000 && one == two);
    let other = Scenario::parse(&DEMO.replace("seed = 20260301", "seed = 1"), Some(start)).unwrap();
    assert_ne!(one, other.events(span).collect::<Vec<Event>>());
}

#[test]
fn spans_that_follow_each_other_give_what_one_long_span_gives() {
    // Cuts fall inside days, and inside the buffered messages of the late sensor (day 2, 06:00 to 15:00).
    let start = at("2026-11-14T13:30:00+08:00");
    let scenario = Scenario::demo(start).unwrap();
    let ends = [
        "2026-11-14T13:30:00",
        "2026-11-15T00:00:00",
        "2026-11-16T15:00:03",
        "2026-11-16T15:00:30",
        "2026-11-17T18:00:00",
    ]
    .map(|text| at(&format!("{text}+08:00")));
    let long: Vec<Event> = scenario.events(Span::new(ends[0], ends[4])).collect();
    let cut: Vec<Event> = ends.windows(2).flat_map(|w| scenario.events(Span::new(w[0], w[1]))).collect();
    assert_eq!(long.len(), cut.len());
    assert!(long == cut);
}

#[test]
fn events_come_in_time_order_inside_their_span() {
    let start = at("2026-06-30T23:00:00+08:00");
    let span = days(start, 2);
    let mut last = span.from;
    for event in Scenario::demo(start).unwrap().events(span) {
        assert!(last <= event.time && event.time < span.to);
        last = event.time;
    }
}

#[test]
fn a_new_room_leaves_all_other_devices_as_they_were() {
    let start = at("2026-03-02T00:00:00+08:00");
    let more = "[[rooms]]\nprefix = \"annex\"\nlabel = \"a\"\nuse = \"office\"\nfloors = [1]\nfirst = 1\ncount = 1\n\
                usable_area_m2 = 30.0\npeople = 0\nkits = [{ kit = \"air\", format = \"senml\" }]\n\n";
    let text = DEMO.replace("# --- Offices", &format!("{more}# --- Offices"));
    let grown = Scenario::parse(&text, Some(start)).unwrap();
    let span = Span::new(start, start.plus_ms(12 * HOUR));
    let mut seen_new = false;
    let kept: Vec<Event> = grown
        .events(span)
        .filter(|e| {
            let is_new = e.topic == "normwatch/v1/air-annex-101";
            seen_new |= is_new;
            !is_new
        })
        .collect();
    assert!(seen_new);
    assert!(kept == Scenario::demo(start).unwrap().events(span).collect::<Vec<Event>>());
}

/// A cell of a register file by column, for every row.
fn table(files: &BTreeMap<String, Vec<u8>>, name: &str) -> Vec<BTreeMap<String, String>> {
    let text = String::from_utf8(files[name].clone()).unwrap();
    let mut lines = text.lines();
    let header: Vec<&str> = lines.next().unwrap().split(',').collect();
    lines
        .map(|line| {
            let cells: Vec<&str> = line.split(',').collect();
            assert_eq!(cells.len(), header.len(), "{name}: {line}");
            header.iter().zip(cells).map(|(h, c)| ((*h).to_owned(), c.to_owned())).collect()
        })
        .collect()
}

/// Columns of the register's files as its documentation lists them.
const COLUMNS: [(&str, &str); 9] = [
    ("bodies.csv", "body,name,parent,level,authorised_headcount,energy_headcount,quota_zone"),
    (
        "places.csv",
        "place,kind,parent,label,use,floor_area_m2,usable_area_m2,heated_area_m2,excluded_area_m2,body,capacity,storeys,climate_zone,building_type,building_class",
    ),
    ("posts.csv", "post,rank,body,room"),
    (
        "sensors.csv",
        "sensor,place,profile,interval_s,max_gap_s,reporting,hold_off_s,zone,overlaps,scale,offset",
    ),
    (
        "meters.csv",
        "sensor,place,carrier,end_use,parent,multiplier,interval_s,max_gap_s,rollover_at,zero_is_gap,rated_kw",
    ),
    ("meter_events.csv", "sensor,time,kind,old_reading,new_reading,multiplier"),
    (
        "recipients.csv",
        "recipient,mail,language,time_zone,place,body,severity_at_least,deputy,absent_from,absent_to",
    ),
    ("waivers.csv", "clause,place,body,reason,approver,from,to"),
    ("calendar.csv", "date,kind,name"),
];

#[test]
fn the_register_has_the_documented_columns_and_refers_only_to_itself() {
    let files = Scenario::demo(at("2026-11-14T00:00:00+08:00")).unwrap().register_files();
    assert_eq!(files.len(), COLUMNS.len() + 1);
    for (name, columns) in COLUMNS {
        let known: BTreeSet<&str> = columns.split(',').collect();
        let header = String::from_utf8(files[name].clone()).unwrap();
        assert!(header.lines().next().unwrap().split(',').all(|column| known.contains(column)), "{name}");
    }
    let ids = |name: &str, column: &str| -> BTreeSet<String> {
        table(&files, name).into_iter().map(|row| row[column].clone()).filter(|id| !id.is_empty()).collect()
    };
    let (places, bodies, meters) =
        (ids("places.csv", "place"), ids("bodies.csv", "body"), ids("meters.csv", "sensor"));
    assert!((195..=230).contains(&places.len()), "{}", places.len());
    assert!(places.iter().chain(&bodies).all(|id| Id::parse(id).is_ok()));
    assert!(ids("places.csv", "parent").is_subset(&places));
    for (name, column, of) in [
        ("places.csv", "body", &bodies),
        ("posts.csv", "room", &places),
        ("posts.csv", "body", &bodies),
        ("sensors.csv", "place", &places),
        ("meters.csv", "place", &places),
        ("meters.csv", "parent", &meters),
        ("meter_events.csv", "sensor", &meters),
        ("recipients.csv", "place", &places),
    ] {
        assert!(ids(name, column).is_subset(of), "{name} {column}");
    }
    assert_eq!(ids("meter_events.csv", "kind"), BTreeSet::from(["reset".to_owned(), "replaced".to_owned()]));
}

#[test]
fn every_sensor_of_the_register_publishes_and_no_other() {
    let start = at("2026-11-16T00:00:00+08:00");
    let scenario = Scenario::demo(start).unwrap();
    let files = scenario.register_files();
    let bound = ["sensors.csv", "meters.csv"].into_iter().flat_map(|name| table(&files, name));
    let bound: BTreeSet<String> = bound.map(|row| row["sensor"].clone()).collect();
    let heard: BTreeSet<String> =
        scenario.rows(Span::new(start, start.plus_ms(2 * HOUR))).map(|row| row.sensor.to_string()).collect();
    assert_eq!(heard, bound);
    assert_eq!(scenario.sensors().count(), bound.len());
}

/// What a strict judge would find in hour means of the readings: room and measure.
fn judged(scenario: &Scenario, span: Span) -> BTreeSet<(String, &'static str)> {
    let files = scenario.register_files();
    let room_of: BTreeMap<String, String> =
        table(&files, "sensors.csv").into_iter().map(|r| (r["sensor"].clone(), r["place"].clone())).collect();
    let area: BTreeMap<String, f64> = table(&files, "places.csv")
        .into_iter()
        .filter_map(|r| Some((r["place"].clone(), r["usable_area_m2"].parse().ok()?)))
        .collect();
    let is_office = |room: &str| ["office-", "open-", "duty-"].iter().any(|p| room.starts_with(p));
    let mut hours: BTreeMap<(String, Quantity, i64), (f64, f64)> = BTreeMap::new();
    let mut found = BTreeSet::new();
    for row in scenario.rows(span) {
        let Some(room) = room_of.get(row.sensor.as_str()) else { continue };
        if !row.quantity.is_plausible(row.value) {
            continue;
        }
        if row.quantity == Quantity::PeopleCount && is_office(room) && area[room] / row.value < 6.0 {
            found.insert((room.clone(), "area_per_person"));
        }
        if !room.starts_with("server") {
            let entry = hours.entry((room.clone(), row.quantity, row.time.millis() / HOUR)).or_default();
            *entry = (entry.0 + row.value, entry.1 + 1.0);
        }
    }
    let month = span.from.timestamp().to_zoned(jiff::tz::TimeZone::get("Asia/Shanghai").unwrap()).month();
    let (temperature, humidity) = match month {
        6..=9 => ((26.0, 28.0), (40.0, 80.0)),
        12 | 1 | 2 => ((16.0, 20.0), (30.0, 60.0)),
        _ => ((16.0, 28.0), (30.0, 80.0)),
    };
    for ((room, quantity, _), (sum, count)) in hours {
        let mean = sum / count;
        match quantity {
            Quantity::Co2 if mean > 1000.0 => found.insert((room, "co2_hour_mean")),
            Quantity::Temperature if mean < temperature.0 || mean > temperature.1 => {
                found.insert((room, "temperature_hour_mean"))
            }
            Quantity::Humidity if mean < humidity.0 || mean > humidity.1 => {
                found.insert((room, "humidity_hour_mean"))
            }
            _ => false,
        };
    }
    found
}

#[test]
fn exactly_the_seeded_rooms_breach_in_every_season() {
    for day in ["2026-01-12", "2026-02-23", "2026-04-20", "2026-06-08", "2026-07-20", "2026-09-21"] {
        let start = at(&format!("{day}T00:00:00+08:00"));
        let scenario = without_faults(start);
        let span = days(start, 3);
        assert_eq!(judged(&scenario, span), seeded(&scenario, span), "{day}");
    }
}

#[test]
fn faults_add_no_breach_and_hide_none() {
    let start = at("2026-01-12T00:00:00+08:00");
    let scenario = Scenario::demo(start).unwrap();
    assert_eq!(judged(&scenario, days(start, 7)), seeded(&scenario, days(start, 7)));
}

/// Breaches of the room's air and people, from the truth.
fn seeded(scenario: &Scenario, span: Span) -> BTreeSet<(String, &'static str)> {
    let seeded: BTreeSet<(String, &str)> = scenario
        .truth(span)
        .into_iter()
        .filter_map(|truth| match truth.label {
            Label::Breach { place, measure } => Some((place.to_string(), measure)),
            Label::Fault { .. } => None,
        })
        .filter(|(_, measure)| {
            ["co2_hour_mean", "temperature_hour_mean", "humidity_hour_mean", "area_per_person"]
                .contains(measure)
        })
        .collect();
    assert!(seeded.len() >= 4, "{seeded:?}");
    seeded
}

#[test]
fn an_office_without_seeded_breaches_has_none() {
    for day in ["2026-01-12", "2026-07-20"] {
        let start = at(&format!("{day}T00:00:00+08:00"));
        assert_eq!(judged(&without_breaches(start), days(start, 2)), BTreeSet::new(), "{day}");
    }
}

#[test]
fn the_first_breach_begins_within_two_hours_of_any_start() {
    for start in ["2026-10-01T03:17:00+08:00", "2026-11-14T15:40:00+08:00", "2026-07-19T23:59:00+08:00"] {
        let start = at(start);
        let truth = Scenario::demo(start).unwrap().truth(days(start, 1));
        let is_air = |label: &Label| matches!(label, Label::Breach { measure: "co2_hour_mean", .. });
        let first = truth.iter().filter(|t| is_air(&t.label)).map(|t| t.span.from).min().unwrap();
        assert!(first.since(start) <= 2 * HOUR, "{start}: {first}");
    }
}

#[test]
fn the_meeting_room_is_stale_on_rest_days_too() {
    let saturday = at("2026-11-14T00:00:00+08:00");
    let truth = Scenario::demo(saturday).unwrap().truth(days(saturday, 1));
    let mut stale = truth.iter().filter(|t| {
        matches!(&t.label, Label::Breach { place, measure: "co2_hour_mean" } if place.as_str() == "meeting-251")
    });
    let morning = stale.next().unwrap().span;
    assert!(morning.from <= at("2026-11-14T10:00:00+08:00"), "{morning:?}");
}

#[test]
fn an_idle_room_never_has_anybody_and_other_offices_do() {
    let start = at("2026-11-16T00:00:00+08:00");
    let scenario = Scenario::demo(start).unwrap();
    let files = scenario.register_files();
    let rows = table(&files, "sensors.csv");
    let room_of: BTreeMap<String, String> =
        rows.into_iter().map(|r| (r["sensor"].clone(), r["place"].clone())).collect();
    let mut most: BTreeMap<&str, f64> = BTreeMap::new();
    for row in scenario.rows(days(start, 3)).filter(|r| r.quantity == Quantity::PeopleCount) {
        let peak = most.entry(room_of[row.sensor.as_str()].as_str()).or_default();
        *peak = peak.max(row.value);
    }
    let never: Vec<&str> = most.iter().filter(|(_, peak)| **peak < 1.0).map(|(room, _)| *room).collect();
    assert_eq!(never, ["office-412"]);
}

/// Register of a meter at the first midnight of each date given, real units.
fn registers(scenario: &Scenario, meter: &str, multiplier: f64, span: Span) -> Vec<f64> {
    let rows = scenario.backfill_rows(span).filter(|r| r.sensor.as_str() == meter);
    rows.map(|r| r.value * multiplier).collect()
}

#[test]
fn the_building_exceeds_its_quota_only_because_of_what_was_seeded() {
    // Constraint for provincial bodies in zone B: 81 kWh/(m2.a), DB37/T 2672-2019 table 4.
    let start = at("2026-11-14T00:00:00+08:00");
    let year = Span::new(at("2025-01-01T00:00:00+08:00"), at("2026-01-02T00:00:00+08:00"));
    let eui = |scenario: &Scenario| {
        let total = registers(scenario, "meter-total", 40.0, year);
        assert_eq!(total.len(), 366);
        assert!(total.windows(2).all(|w| w[0] < w[1]));
        (total[365] - total[0]) / 9500.0
    };
    let (seeded, clean) = (eui(&Scenario::demo(start).unwrap()), eui(&without_breaches(start)));
    assert!((90.0..160.0).contains(&seeded), "{seeded}");
    assert!((50.0..80.0).contains(&clean), "{clean}");
}

#[test]
fn a_total_meter_counts_its_parts_and_wastes_by_night_only_when_seeded() {
    let start = at("2026-11-16T00:00:00+08:00");
    for (scenario, is_seeded) in [(Scenario::demo(start).unwrap(), true), (without_breaches(start), false)] {
        let rows: Vec<Row> =
            scenario.rows(days(start, 2)).filter(|r| r.quantity == Quantity::EnergyImport).collect();
        let near = |meter: &str, clock: Instant| {
            let found =
                rows.iter().filter(|r| r.sensor.as_str() == meter && r.time >= clock).min_by_key(|r| r.time);
            let row = found.unwrap();
            (
                row.time.millis() as f64 / HOUR as f64,
                row.value * if meter == "meter-total" { 40.0 } else { 1.0 },
            )
        };
        let mean = |meter: &str, from: &str, to: &str| {
            let (a, b) = (near(meter, at(from)), near(meter, at(to)));
            (b.1 - a.1) / (b.0 - a.0)
        };
        let night = |m: &str| mean(m, "2026-11-16T21:00:00+08:00", "2026-11-17T05:00:00+08:00");
        let day = |m: &str| mean(m, "2026-11-16T08:00:00+08:00", "2026-11-16T18:00:00+08:00");
        let ratio = night("meter-total") / day("meter-total");
        assert_eq!(ratio > 0.30, is_seeded, "{ratio}");
        let parts = ["meter-lighting", "meter-sockets", "meter-hvac", "meter-server"].map(night);
        let sum: f64 = parts.iter().sum();
        assert!((night("meter-total") - sum) < 3.0 && night("meter-total") > sum, "{sum}");
    }
}

#[test]
fn backfill_and_live_readings_of_a_meter_agree() {
    let start = at("2026-11-14T00:00:00+08:00");
    let scenario = Scenario::demo(start).unwrap();
    let midnight = start.plus_ms(DAY);
    let told = registers(&scenario, "meter-sockets", 1.0, Span::new(midnight, midnight.plus_ms(1)))[0];
    let live = scenario.rows(Span::new(midnight.plus_ms(-10 * 60_000), midnight.plus_ms(10 * 60_000)));
    let live: Vec<f64> = live
        .filter(|r| r.sensor.as_str() == "meter-sockets" && r.quantity == Quantity::EnergyImport)
        .map(|r| r.value)
        .collect();
    assert!(live[0] < told && told < live[live.len() - 1], "{told} {live:?}");
}

#[test]
fn truth_names_every_kind_of_fault() {
    let start = at("2026-11-14T00:00:00+08:00");
    let kinds: BTreeSet<FaultKind> = Scenario::demo(start)
        .unwrap()
        .truth(days(start, 7))
        .into_iter()
        .filter_map(|t| match t.label {
            Label::Fault { kind, .. } => Some(kind),
            Label::Breach { .. } => None,
        })
        .collect();
    assert_eq!(kinds.len(), 11, "{kinds:?}");
}
