//! Finding and reading data sets, building registers for them.

use std::{
    collections::{BTreeMap, HashMap},
    fs::File,
    io::Read,
    path::PathBuf,
    sync::Arc,
};

use model::{
    Calendar, Id, Instant, Period, Place, PlaceKind, Quantity, Reading, Register, RoomUse, Series, Span,
    register::{Carrier, History, Meter, Sensor},
};
use rules::{
    AppliesTo, Bound, Clause, Energy, Engine, EngineOptions, LiveClause, Measure, MeasureRow, Output, Verdict,
};
use serde_json::Value;

/// The folder of a data set, if the sets are here.
pub(crate) fn folder(name: &str) -> Option<PathBuf> {
    #[allow(clippy::disallowed_methods, reason = "where the data lies is the tester's choice")]
    let shared = std::env::var("NORMWATCH_SHARED")
        .map_or_else(|_| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared"), PathBuf::from);
    let found = shared.join("datasets").join(name);
    if found.is_dir() {
        return Some(found);
    }
    println!("skipped: the data set {name} is not here");
    None
}

/// The text of a file, unpacked when it ends in `.gz`.
pub(crate) fn text(path: PathBuf) -> String {
    let mut out = String::new();
    let mut file = File::open(&path).unwrap();
    if path.extension().is_some_and(|e| e == "gz") {
        flate2::read::GzDecoder::new(file).read_to_string(&mut out).unwrap();
    } else {
        file.read_to_string(&mut out).unwrap();
    }
    out
}

/// The rows of a CSV text as columns by name.
pub(crate) fn rows(text: &str) -> Vec<HashMap<String, String>> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
    reader.deserialize().map(Result::unwrap).collect()
}

/// The reference results of a data set.
pub(crate) fn truth(folder: &std::path::Path) -> Value {
    serde_json::from_str(&text(folder.join("truth.json"))).unwrap()
}

pub(crate) fn id(text: &str) -> Id {
    Id::parse(text).unwrap()
}

pub(crate) fn place(name: &str, kind: PlaceKind) -> Place {
    Place { room_use: Some(RoomUse::Office), ..Place::new(id(name), kind) }
}

/// A register of one room with one sensor.
pub(crate) fn room(zone: &str, interval_s: f64, max_gap_s: f64, capacity: Option<f64>) -> Register {
    let mut register = Register::empty(id("reference"));
    register.calendar = Calendar::new(jiff::tz::TimeZone::get(zone).unwrap());
    let room = Place { capacity, ..place("room", PlaceKind::Room) };
    register.places.insert(id("room"), History::always(room));
    let sensor = Sensor { interval_s, max_gap_s, ..Sensor::new(id("sensor"), id("room")) };
    register.sensors.insert(id("sensor"), History::always(sensor));
    register
}

/// A register of one building with one electricity meter of hourly amounts.
pub(crate) fn building(zone: &str, area: f64) -> Register {
    let mut register = Register::empty(id("reference"));
    register.calendar = Calendar::new(jiff::tz::TimeZone::get(zone).unwrap());
    let building = Place { floor_area_m2: Some(area), ..place("building", PlaceKind::Building) };
    register.places.insert(id("building"), History::always(building));
    let meter = Meter {
        interval_s: 3600.0,
        max_gap_s: 10_800.0,
        ..Meter::new(id("meter"), id("building"), Carrier::Electricity)
    };
    register.meters.insert(id("meter"), History::always(meter));
    register
}

pub(crate) fn reading(sensor: &str, quantity: Quantity, time: Instant, value: f64) -> Reading {
    Reading::new(Series { sensor: id(sensor), quantity, channel: None }, time, value).unwrap()
}

/// Shuffled by a fixed rule, every fifth instant of a series twice: the result may not change.
///
/// Readings of one series at one instant stay together and in their order: of those the last wins.
pub(crate) fn disordered(readings: &[Reading]) -> Vec<Reading> {
    let mut instants: Vec<(&Series, Instant, Vec<&Reading>)> = Vec::new();
    let mut index: HashMap<(&Series, Instant), usize> = HashMap::new();
    for reading in readings {
        let next = instants.len();
        let at = *index.entry((&reading.series, reading.time)).or_insert(next);
        if at == next {
            instants.push((&reading.series, reading.time, Vec::new()));
        }
        instants[at].2.push(reading);
    }
    let mut out: Vec<Reading> = Vec::new();
    for start in 0..7 {
        for (.., group) in instants.iter().skip(start).step_by(7) {
            out.extend(group.iter().copied().cloned());
        }
    }
    for (.., group) in instants.iter().step_by(5) {
        out.extend(group.iter().copied().cloned());
    }
    out
}

/// A measure of the register's rows, checked to be the same for disordered input.
pub(crate) fn measured(
    register: Register,
    measure: Measure,
    period: Period,
    readings: &[Reading],
) -> Vec<MeasureRow> {
    measured_over(register, measure, period, None, readings)
}

/// The same over a span of one's own.
pub(crate) fn measured_over(
    register: Register,
    measure: Measure,
    period: Period,
    span: Option<Span>,
    readings: &[Reading],
) -> Vec<MeasureRow> {
    let register = Arc::new(register);
    let (from, to) = (span.map(|s| s.from), span.map(|s| s.to));
    let rows = rules::measure(&register, measure, period, from, to, readings.to_vec()).unwrap();
    if readings.len() > 1 {
        let again = rules::measure(&register, measure, period, from, to, disordered(readings)).unwrap();
        assert_eq!(rows, again, "input order changes the result");
    }
    rows
}

/// What the quality stage leaves to the measures: nothing outside the physical range of its quantity.
pub(crate) fn plausible(readings: Vec<Reading>) -> Vec<Reading> {
    readings.into_iter().filter(|r| r.series.quantity.is_plausible(r.value)).collect()
}

pub(crate) fn assert_close(name: &str, ours: f64, truth: &Value, tolerance: f64) {
    let expected = truth.as_f64().unwrap_or_else(|| panic!("{name}: truth has no number"));
    assert!((ours - expected).abs() <= tolerance, "{name}: ours {ours}, reference {expected}");
}

/// What a year's clause on a building says, with factors for its carriers. The limit is out of reach.
pub(crate) fn verdict(
    register: Register,
    measure: Measure,
    factors: BTreeMap<Carrier, f64>,
    readings: &[Reading],
) -> Verdict {
    let clause = Clause {
        applies_to: AppliesTo { kind: Some(PlaceKind::Building), ..AppliesTo::default() },
        min_coverage: 0.0,
        energy: Energy { factors, ..Energy::default() },
        ..Clause::new(
            "own-1",
            "intensity",
            measure,
            Period::Year,
            Bound { at_most: Some(1e9), at_least: None },
        )
    };
    let live = LiveClause { clause: Arc::new(clause), in_force: Span::ALWAYS, is_enforced: true };
    let mut engine = Engine::new(Arc::new(register), &[live], EngineOptions::default());
    let mut out = Vec::new();
    for reading in readings {
        engine.observe(reading, &mut out);
    }
    engine.finish(None, &mut out);
    let verdicts = out.into_iter().filter_map(|o| if let Output::Verdict(v) = o { Some(v) } else { None });
    Verdict::clone(&verdicts.last().expect("a year was judged"))
}
