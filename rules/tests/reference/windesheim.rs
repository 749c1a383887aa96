//! Three sorts of presence sensors and two of air in the same rooms of Windesheim, over an autumn change of the clock.

use std::collections::{BTreeMap, HashMap};

use model::{
    Instant, Period, Quantity, Reading,
    register::{History, Sensor},
};
use rules::Measure;
use serde_json::Value;

use crate::{
    data::{folder, id, measured, reading, room, rows, text, truth},
    rooms::{compare_gauge, compare_occupancy},
};

/// The file's offsets have no colon.
fn time(row: &HashMap<String, String>) -> Instant {
    let (front, minutes) = row["timestamp"].split_at(row["timestamp"].len() - 2);
    Instant::parse(&format!("{front}:{minutes}")).unwrap()
}

/// Quantity and factor of a property; those without one of ours are left out.
fn quantity(source: &str, property: &str) -> Option<(Quantity, f64)> {
    match (source, property) {
        ("human_observer", _) => None,
        (_, "co2__ppm") => Some((Quantity::Co2, 1.0)),
        (_, "temp_in__degC") => Some((Quantity::Temperature, 1.0)),
        (_, "rel_humidity__0") => Some((Quantity::Humidity, 100.0)),
        (_, "occupancy__p") => Some((Quantity::PeopleCount, 1.0)),
        (_, "occupancy__bool") => Some((Quantity::Occupied, 1.0)),
        _ => None,
    }
}

/// Readings of a room by `source/property`.
fn recorded(table: &[HashMap<String, String>]) -> BTreeMap<String, Vec<Reading>> {
    let mut series: BTreeMap<String, Vec<Reading>> = BTreeMap::new();
    for row in table {
        let Some((quantity, factor)) = quantity(&row["source"], &row["property"]) else { continue };
        let value = row["value"].parse::<f64>().unwrap() * factor;
        let name = format!("{}/{}", row["source"], row["property"]);
        series.entry(name).or_default().push(reading("sensor", quantity, time(row), value));
    }
    series
}

fn compare(at: &str, name: &str, readings: &[Reading], expected: &Value, seats: Option<f64>) {
    let seconds = |field: &str| expected[field].as_f64().unwrap();
    let register = room("Europe/Amsterdam", seconds("P_s"), seconds("G_s"), seats);
    let measure = match readings[0].series.quantity {
        Quantity::Co2 => Measure::Co2HourMean,
        Quantity::Temperature => Measure::TemperatureHourMean,
        Quantity::Humidity => Measure::HumidityHourMean,
        _ => return compare_occupancy(&format!("{at} {name}"), &register, readings, expected),
    };
    compare_gauge(&format!("{at} {name}"), &register, measure, readings, expected);
}

/// b4b-windesheim: every series that has a quantity of ours, each alone in its room; motion once more with a hold-off.
///
/// Left out: `human_observer` (six spot looks, no series), `valve_frac__0` (no quantity of ours),
/// `presence_agreement_*` (compares sensors, no measure).
#[test]
fn every_series_of_two_offices_over_the_night_of_25_hours() {
    let Some(folder) = folder("b4b-windesheim") else { return };
    let truth = truth(&folder);
    let mut compared = 0;
    for (name, expected) in truth["rooms"].as_object().unwrap() {
        let series = recorded(&rows(&text(folder.join(format!("{name}_raw_measurements.csv.gz")))));
        for (series, readings) in &series {
            let block = &expected["series"][series];
            compare(name, series, readings, block, expected["work_places"].as_f64());
            compared += 1;
            if let Some(motion) = block.get("motion_15min") {
                let mut moved = readings.clone();
                moved.iter_mut().for_each(|r| r.series.quantity = Quantity::Motion);
                compare(name, &format!("{series} motion_15min"), &moved, motion, None);
            }
        }
    }
    println!("b4b-windesheim: {compared} series agree");
    assert_eq!(compared, 16);
}

/// The naive fusion of design.md: at each second counters over presence, counts of one zone take their maximum.
#[test]
fn all_sensors_of_a_room_together_are_what_each_second_says() {
    let Some(folder) = folder("b4b-windesheim") else { return };
    let truth = truth(&folder);
    let series = recorded(&rows(&text(folder.join("999169_raw_measurements.csv.gz"))));
    let mut register = room("Europe/Amsterdam", 60.0, 180.0, Some(6.0));
    register.sensors.clear();
    let mut all = Vec::new();
    let mut held: BTreeMap<&str, BTreeMap<i64, f64>> = BTreeMap::new();
    for name in ["CO2-meter-SCD4x/occupancy__p", "xovis/occupancy__p", "bms/occupancy__bool"] {
        let block = &truth["rooms"]["999169"]["series"][name];
        let sensor = id(&name.replace(['/', '_'], "-"));
        let (interval, gap) = (block["P_s"].as_f64().unwrap(), block["G_s"].as_f64().unwrap());
        let row = Sensor { interval_s: interval, max_gap_s: gap, ..Sensor::new(sensor.clone(), id("room")) };
        register.sensors.insert(sensor.clone(), History::always(row));
        let mut readings = series[name].clone();
        readings.iter_mut().for_each(|r| r.series.sensor = sensor.clone());
        let seconds = held.entry(name).or_default();
        for (index, r) in readings.iter().enumerate() {
            let start = r.time.millis() / 1000;
            let stands = start + if index + 1 == readings.len() { interval } else { gap } as i64;
            let until = readings.get(index + 1).map_or(stands, |n| stands.min(n.time.millis() / 1000));
            seconds.extend((start..until).map(|second| (second, r.value)));
        }
        all.extend(readings);
    }
    let first = all.iter().map(|r| r.time).min().unwrap();
    let last = held.values().filter_map(|seconds| seconds.keys().next_back()).max().unwrap() + 1;
    let working = register.calendar.working_spans(model::Span::new(first, Instant::from_millis(last * 1000)));
    let (mut observed, mut occupied, mut counted, mut people) = (0_u32, 0_u32, 0_u32, 0.0);
    for second in working.iter().flat_map(|span| span.from.millis() / 1000..span.to.millis() / 1000) {
        let at = |name: &str| held[name].get(&second).copied();
        let most = match (at("CO2-meter-SCD4x/occupancy__p"), at("xovis/occupancy__p")) {
            (Some(a), Some(b)) => Some(a.max(b)),
            (a, b) => a.or(b),
        };
        if let Some(value) = most.or_else(|| at("bms/occupancy__bool")) {
            observed += 1;
            occupied += u32::from(value > 0.0);
        }
        if let Some(count) = most {
            counted += 1;
            people += count;
        }
    }
    let use_of = measured(register.clone(), Measure::Utilisation, Period::All, &all);
    let seats = measured(register, Measure::SeatUtilisation, Period::All, &all);
    let near = |ours: Option<f64>, naive: f64| (ours.unwrap() - naive).abs() < 1e-6;
    assert!(near(use_of[0].value, f64::from(occupied) / f64::from(observed)), "{use_of:?}");
    assert!(near(seats[0].value, people / f64::from(counted) / 6.0), "{seats:?}");
}
