//! Meter files of another program, with what it made of them.
//!
//! Adapters. Amounts (`value,start,end`): a register that stands still in gaps and rises by each amount over its interval; where
//! all intervals have one length also as interval amounts. Registers (`cumulative`): a reading at each end. `endOnly`: the first
//! row has no start and is dropped by upstream; here it is the first register reading. Rows that are no reading (a bad
//! number, a bad date, an end that is its start) are left out, as `measure` rejects and counts them.

use std::collections::BTreeSet;

use model::{
    Instant, Period, Quantity, Reading, Register, Span,
    register::{Carrier, History, Meter, MeterEvent, MeterEventKind},
};
use rules::Measure;
use serde_json::Value;

use crate::data::{building, folder, id, measured_over, reading, text};

fn instant(text: &str) -> Option<Instant> {
    Instant::parse(&format!("{}Z", text.trim().replace(' ', "T"))).ok()
}

/// Value, start where the file has one, and end of each usable row in time order, each row once.
fn file(case: &Value) -> Vec<(f64, Option<Instant>, Instant)> {
    let has_start = case["parameters"]["endOnly"].as_bool() != Some(true);
    let mut found = Vec::new();
    for line in case["input_csv"].as_str().unwrap().lines() {
        let mut fields = line.split(',');
        let Ok(value) = fields.next().unwrap().parse::<f64>() else { continue };
        let start = if has_start { instant(fields.next().unwrap()) } else { None };
        let Some(end) = instant(fields.next().unwrap()) else { continue };
        if start != Some(end) && (start.is_some() || !has_start) {
            found.push((value, start, end));
        }
    }
    found.sort_by_key(|(_, _, end)| *end);
    found.dedup();
    found
}

fn is_cumulative(case: &Value) -> bool {
    case["parameters"]["cumulative"].as_bool() == Some(true)
}

/// Readings of a register.
fn registered(case: &Value) -> Vec<Reading> {
    let (mut sum, mut readings) = (0.0, Vec::new());
    for (value, start, end) in file(case) {
        if is_cumulative(case) {
            readings.push(reading("meter", Quantity::EnergyImport, end, value));
            continue;
        }
        if let Some(start) = start {
            readings.push(reading("meter", Quantity::EnergyImport, start, sum));
            sum += value;
        } else if !readings.is_empty() {
            sum += value;
        }
        readings.push(reading("meter", Quantity::EnergyImport, end, sum));
    }
    readings
}

fn register(events: &[MeterEvent]) -> Register {
    let mut register = building("UTC", 100.0);
    register.meter_events = events.to_vec();
    let meter = Meter {
        interval_s: 86_400.0,
        max_gap_s: 259_200.0,
        ..Meter::new(id("meter"), id("building"), Carrier::Electricity)
    };
    register.meters.insert(id("meter"), History::always(meter));
    register
}

/// The declared reset of a file that allows one, at the start of the interval over which the register fell.
fn resets(case: &Value) -> Vec<MeterEvent> {
    if case["parameters"]["cumulativeReset"].as_bool() != Some(true) {
        return Vec::new();
    }
    let file = file(case);
    let fell = file.windows(2).filter(|pair| pair[1].0 < pair[0].0);
    fell.map(|pair| MeterEvent {
        sensor: id("meter"),
        time: pair[0].2,
        kind: MeterEventKind::Reset,
        old_reading: None,
        new_reading: None,
        multiplier: None,
    })
    .collect()
}

fn intervals(case: &Value) -> Vec<(f64, Span)> {
    let at = |row: &Value, field: &str| instant(row[field].as_str().unwrap()).unwrap();
    let rows = case["expected"].as_array().unwrap().iter();
    rows.map(|row| (row["value"].as_f64().unwrap(), Span::new(at(row, "start"), at(row, "end")))).collect()
}

/// What an import makes of the interval, and how much of it is known.
fn used(register: &Register, readings: &[Reading], span: Span) -> (Option<f64>, f64) {
    let rows = measured_over(register.clone(), Measure::Electricity, Period::All, Some(span), readings);
    rows.first().map_or((None, 0.0), |row| (row.value, row.coverage))
}

/// Files that the other program refuses as a whole, and of which ours keeps the rows that are sound: an undeclared fall is a new
/// base (the reset of pipe7 and pipe13 is outside its window), a bad row is left out. pipe32: a register is read at an
/// instant, so that the start that overlaps by a second does not matter.
const KEPT: [&str; 7] = ["pipe7", "pipe9", "pipe11", "pipe13", "pipe27", "pipe30", "pipe32"];

/// oed-meter-import-cases: every interval of `expected` of every case, as a register and (where it fits) as amounts.
///
/// Left out: `clean_success`, `dropped_readings` (messages of an importer).
#[test]
fn every_interval_that_the_other_program_stored() {
    let Some(folder) = folder("oed-meter-import-cases") else { return };
    let cases: Value = serde_json::from_str(&text(folder.join("cases.json"))).unwrap();
    let (mut compared, mut refused) = (0, BTreeSet::new());
    for case in cases.as_array().unwrap() {
        let name = case["case"].as_str().unwrap();
        let (registered, register) = (registered(case), register(&resets(case)));
        for (value, span) in intervals(case) {
            assert_eq!(used(&register, &registered, span), (Some(value), 1.0), "{name} {span:?}");
            compared += 1;
        }
        if case["all_rejected"].as_bool() == Some(true) || name == "pipe32" {
            refused.insert(name);
        }
        let is_even =
            file(case).iter().all(|(_, start, end)| start.map(|s| end.since(s)) == Some(86_400_000));
        if !is_cumulative(case) && is_even {
            let amounts: Vec<Reading> = file(case)
                .iter()
                .map(|(value, start, _)| reading("meter", Quantity::Energy, start.unwrap(), *value))
                .collect();
            for (value, span) in intervals(case) {
                assert_eq!(used(&register, &amounts, span), (Some(value), 1.0), "{name} amounts {span:?}");
            }
        }
    }
    println!("oed-meter-import-cases: {compared} intervals agree");
    assert_eq!(refused, BTreeSet::from(KEPT));
    assert_eq!(compared, 52);
}

#[test]
fn files_that_the_other_program_refuses_keep_their_sound_rows() {
    let Some(folder) = folder("oed-meter-import-cases") else { return };
    let cases: Value = serde_json::from_str(&text(folder.join("cases.json"))).unwrap();
    let sums = [
        // 48 + 72, nothing over the fall, 120 after it.
        ("pipe7", 240.0, 0.75),
        ("pipe9", 240.0, 0.75),
        ("pipe11", 240.0, 0.75),
        ("pipe13", 240.0, 0.75),
        ("pipe32", 336.0, 1.0),
    ];
    for (name, sum, coverage) in sums {
        let case = cases.as_array().unwrap().iter().find(|case| case["case"] == name).unwrap();
        let readings = registered(case);
        let span = Span::new(readings[0].time, readings.last().unwrap().time);
        assert_eq!(used(&register(&[]), &readings, span), (Some(sum), coverage), "{name}");
    }
    for (name, days) in
        [("pipe27", [Some(24.0), None, Some(72.0)]), ("pipe30", [Some(24.0), Some(48.1), Some(72.0)])]
    {
        let case = cases.as_array().unwrap().iter().find(|case| case["case"] == name).unwrap();
        let amounts: Vec<Reading> = file(case)
            .iter()
            .map(|(value, start, _)| reading("meter", Quantity::Energy, start.unwrap(), *value))
            .collect();
        let rows = crate::data::measured(register(&[]), Measure::Electricity, Period::Day, &amounts);
        let values: Vec<Option<f64>> = rows.iter().take(3).map(|row| row.value).collect();
        assert_eq!(values, days, "{name}");
    }
}
