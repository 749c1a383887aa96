//! How many readings a second the engine takes on one core, and how much memory a series costs.
//!
//! Rooms with four series each (CO2, temperature, humidity, presence) send every 5 minutes. Run it
//! with `cargo run --release -p normwatch-rules --example throughput`.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::cast_precision_loss,
    clippy::indexing_slicing,
    reason = "a program to look at, not part of the service"
)]

use std::{process::Command, sync::Arc, time::Instant as Clock};

use model::{
    Calendar, Id, Instant, Period, Place, PlaceKind, Quantity, Reading, Register, RoomUse, Series, Span,
    register::{History, Sensor, Severity},
};
use rules::{AppliesTo, Bound, Clause, Engine, EngineOptions, Gate, LiveClause, Measure, Output};

/// Resident memory of this process, bytes; 0 where the system does not tell.
fn resident() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().nth(1)).and_then(|n| n.parse::<f64>().ok());
    kib.unwrap_or(0.0) * 1024.0
}

const STEP_MS: i64 = 300_000;
const QUANTITIES: [Quantity; 4] =
    [Quantity::Co2, Quantity::Temperature, Quantity::Humidity, Quantity::Occupied];
const ROOMS_A_BUILDING: usize = 250;

fn id(text: &str) -> Id {
    Id::parse(text).unwrap()
}

fn place(name: &str, kind: PlaceKind, parent: Option<Id>) -> Place {
    Place {
        parent,
        room_use: (kind == PlaceKind::Room).then_some(RoomUse::Office),
        usable_area_m2: Some(20.0),
        capacity: Some(4.0),
        ..Place::new(id(name), kind)
    }
}

fn register(rooms: usize) -> Register {
    let mut register = Register::empty(id("bench"));
    register.calendar = Calendar::new(jiff::tz::TimeZone::get("Asia/Shanghai").unwrap());
    for number in 0..rooms {
        let building = format!("b{}", number / ROOMS_A_BUILDING);
        let place_of = place(&building, PlaceKind::Building, None);
        register.places.entry(place_of.id.clone()).or_insert_with(|| History::always(place_of));
        let room = place(&format!("room-{number}"), PlaceKind::Room, Some(id(&building)));
        let sensor = Sensor::new(id(&format!("sensor-{number}")), room.id.clone());
        register.sensors.insert(sensor.id.clone(), History::always(sensor));
        register.places.insert(room.id.clone(), History::always(room));
    }
    register
}

fn clause(name: &str, measure: Measure, gate: Option<Gate>, bound: Bound) -> LiveClause {
    let clause = Clause {
        document: "bench".to_owned(),
        severity: Severity::Info,
        applies_to: AppliesTo { kind: Some(PlaceKind::Room), ..AppliesTo::default() },
        gate,
        ..Clause::new("bench-1", name, measure, Period::Hour, bound)
    };
    LiveClause { clause: Arc::new(clause), in_force: Span::ALWAYS, is_enforced: true }
}

/// Three clauses that apply, `alike` more that limit the CO2 of the first, and `foreign` ones that apply nowhere.
fn clauses(alike: usize, foreign: usize) -> Vec<LiveClause> {
    let most = |cap| Bound { at_most: Some(cap), at_least: None };
    let band = |low, high| Bound { at_most: Some(high), at_least: Some(low) };
    let mut all = vec![
        clause("co2", Measure::Co2HourMean, Some(Gate::Occupied), most(1000.0)),
        clause("t", Measure::TemperatureHourMean, Some(Gate::Occupied), band(18.0, 26.0)),
        clause("rh", Measure::HumidityHourMean, None, band(30.0, 70.0)),
    ];
    for number in 0..alike {
        let cap = 700.0 + number as f64;
        all.push(clause(&format!("a{number}"), Measure::Co2HourMean, Some(Gate::Occupied), most(cap)));
    }
    for number in 0..foreign {
        let mut live = clause(&format!("f{number}"), Measure::Co2HourMean, None, most(1000.0));
        let mut inner = (*live.clause).clone();
        inner.applies_to.room_use = vec![RoomUse::DataCentre];
        live.clause = Arc::new(inner);
        all.push(live);
    }
    all
}

/// A value that wanders as a sensor's does.
fn value(quantity: Quantity, room: usize, step: usize) -> f64 {
    let noise = (room.wrapping_mul(2_654_435_761) ^ step.wrapping_mul(40_503)) % 64;
    let noise = noise as f64;
    match quantity {
        Quantity::Co2 => 600.0 + noise * 4.0,
        Quantity::Temperature => 22.0 + noise / 50.0,
        Quantity::Humidity => 45.0 + noise / 8.0,
        _ => f64::from(u8::from(noise > 20.0)),
    }
}

struct Measured {
    nanos: f64,
    verdicts: usize,
    bytes: f64,
}

/// Processor time of this process, s, so that other work on the machine does not count; wall time
/// where the system does not tell.
fn busy_s(since: Clock) -> f64 {
    let stat = std::fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    let nanos = stat.split_whitespace().next().and_then(|n| n.parse::<f64>().ok());
    nanos.map_or_else(|| since.elapsed().as_secs_f64(), |n| n / 1e9)
}

fn fill(batch: &mut Vec<Reading>, sensors: &[Id], time: Instant, step: usize) {
    batch.clear();
    for (room, sensor) in sensors.iter().enumerate() {
        // Spread over the interval, as sensors are.
        let at = time.plus_ms(i64::try_from(room * 7919 % 300_000).unwrap() / 1000 * 1000);
        for quantity in QUANTITIES {
            let series = Series { sensor: sensor.clone(), quantity, channel: None };
            batch.push(Reading::new(series, at, value(quantity, room, step)).unwrap());
        }
    }
    batch.sort_by_key(|r| r.time);
}

/// Feeds `hours` of readings; the first hour is not measured.
fn run(series: usize, [alike, foreign]: [usize; 2], held_hours: i64, hours: usize) -> Measured {
    let rooms = series / QUANTITIES.len();
    let register = Arc::new(register(rooms));
    let live = clauses(alike, foreign);
    let sensors: Vec<Id> = (0..rooms).map(|room| id(&format!("sensor-{room}"))).collect();
    let start = Instant::parse("2026-03-02T00:00:00+08:00").unwrap();
    let mut batch: Vec<Reading> = Vec::with_capacity(series);
    fill(&mut batch, &sensors, start, 0);
    let (before, clock) = (resident(), Clock::now());
    let options = EngineOptions { held_ms: held_hours * 3_600_000, ..EngineOptions::default() };
    let mut engine = Engine::new(register, &live, options);
    let mut out: Vec<Output> = Vec::new();
    let (mut busy, mut readings, mut verdicts) = (0.0, 0_usize, 0_usize);
    for step in 0..hours * 12 {
        fill(&mut batch, &sensors, start.plus_ms(i64::try_from(step).unwrap() * STEP_MS), step);
        let begun = busy_s(clock);
        for reading in &batch {
            engine.observe(reading, &mut out);
        }
        if step >= 12 {
            busy += busy_s(clock) - begun;
            readings += batch.len();
        }
        verdicts += out.len();
        out.clear();
    }
    let bytes = (resident() - before) / series as f64;
    Measured { nanos: busy * 1e9 / readings as f64, verdicts, bytes }
}

fn main() {
    let asked: Vec<usize> = std::env::args().skip(1).filter_map(|arg| arg.parse().ok()).collect();
    if let [series, alike, foreign, held, hours] = asked[..] {
        let m = run(series, [alike, foreign], i64::try_from(held).unwrap(), hours);
        let rate = 1e9 / m.nanos;
        let (nanos, bytes, verdicts, clauses) = (m.nanos, m.bytes, m.verdicts, alike + 3);
        println!(
            "{series:>6}  {clauses:>7}  {foreign:>7}  {held:>5} h  {nanos:>10.0}  {rate:>10.0}  {bytes:>12.0}  {verdicts:>8}"
        );
        return;
    }
    println!("series  clauses  foreign     held  ns/reading  readings/s  bytes/series  verdicts");
    // Each in a process of its own, so that one's memory does not hide another's.
    let all = [
        [1_000, 0, 0, 2, 40],
        [10_000, 0, 0, 2, 20],
        [100_000, 0, 0, 2, 6],
        [10_000, 10, 0, 2, 10],
        [10_000, 100, 0, 2, 10],
        [10_000, 0, 10, 2, 10],
        [10_000, 0, 1_000, 2, 10],
        [10_000, 0, 0, 6, 62],
        [10_000, 0, 0, 48, 62],
    ];
    for one in all {
        let args = one.map(|n: usize| n.to_string());
        Command::new(std::env::current_exe().unwrap()).args(args).status().unwrap();
    }
}
