//! `measure` over files of real recordings: whatever order, doubling, format or packing they come in, the same bytes,
//! and the figures of the reference results.
//!
//! The data sets are not part of the project: without `../shared/datasets` these tests say so and pass.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    reason = "test helpers outside #[test] functions"
)]

use std::{
    collections::HashMap,
    fmt::Write as _,
    io::{Read as _, Write as _},
    path::{Path, PathBuf},
    process::Command,
};

use flate2::{Compression, read::GzDecoder, write::GzEncoder};
use serde_json::{Value, json};

/// The folder of a data set, if the sets are here.
fn folder(name: &str) -> Option<PathBuf> {
    #[allow(clippy::disallowed_methods, reason = "where the data lies is the tester's choice")]
    let shared = std::env::var("NORMWATCH_SHARED")
        .map_or_else(|_| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
    let found = shared.join("datasets").join(name);
    if !found.is_dir() {
        println!("skipped: the data set {name} is not here");
    }
    found.is_dir().then_some(found)
}

fn table(path: &Path) -> Vec<HashMap<String, String>> {
    let mut text = String::new();
    GzDecoder::new(std::fs::File::open(path).unwrap()).read_to_string(&mut text).unwrap();
    csv::Reader::from_reader(text.as_bytes()).deserialize().map(Result::unwrap).collect()
}

fn truth(folder: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(folder.join("truth.json")).unwrap()).unwrap()
}

/// Time, sensor, quantity, value.
type Row = (String, &'static str, &'static str, String);

fn csv_of<'a>(rows: impl Iterator<Item = &'a Row>) -> String {
    let mut out = "time,sensor,quantity,value\n".to_owned();
    for (time, sensor, quantity, value) in rows {
        writeln!(out, "{time},{sensor},{quantity},{value}").unwrap();
    }
    out
}

fn json_of<'a>(rows: impl Iterator<Item = &'a Row>) -> String {
    let mut out = String::new();
    for (time, sensor, quantity, value) in rows {
        let value: f64 = value.parse().unwrap();
        writeln!(out, "{}", json!({"time": time, "sensor": sensor, "quantity": quantity, "value": value}))
            .unwrap();
    }
    out
}

/// Every seventh row, then the next of each seven, and so on; then every fifth row again.
fn disordered(rows: &[Row]) -> Vec<Row> {
    let mut out: Vec<Row> = Vec::new();
    for start in (0..7).rev() {
        out.extend(rows.iter().skip(start).step_by(7).cloned());
    }
    out.extend(rows.iter().step_by(5).cloned());
    out
}

/// A register in a directory, with the recording in every form that `measure` reads.
struct Office {
    dir: tempfile::TempDir,
    forms: Vec<Vec<String>>,
}

impl Office {
    fn new(zone: &str, tables: &[(&str, &str)], rows: &[Row]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let write = |name: &str, bytes: &[u8]| std::fs::write(dir.path().join(name), bytes).unwrap();
        std::fs::create_dir(dir.path().join("office")).unwrap();
        let settings = format!("id = \"site\"\ntime_zone = \"{zone}\"\npacks = []\n");
        write("office/register.toml", settings.as_bytes());
        for (name, text) in tables {
            write(&format!("office/{name}.csv"), text.as_bytes());
        }
        let packed = |text: &str| {
            let mut gz = GzEncoder::new(Vec::new(), Compression::fast());
            gz.write_all(text.as_bytes()).unwrap();
            gz.finish().unwrap()
        };
        let mixed = disordered(rows);
        let (front, back) = mixed.split_at(mixed.len() / 2);
        write("plain.csv", csv_of(rows.iter()).as_bytes());
        write("mixed.csv", csv_of(mixed.iter()).as_bytes());
        write("mixed.csv.gz", &packed(&csv_of(mixed.iter())));
        write("mixed.jsonl.gz", &packed(&json_of(mixed.iter())));
        write("front.csv", csv_of(front.iter()).as_bytes());
        write("back.jsonl", json_of(back.iter()).as_bytes());
        let forms = [
            &["plain.csv"][..],
            &["mixed.csv"],
            &["mixed.csv.gz"],
            &["mixed.jsonl.gz"],
            &["front.csv", "back.jsonl"],
            &["back.jsonl", "front.csv"],
        ];
        Self { dir, forms: forms.map(|names| names.iter().map(ToString::to_string).collect()).into() }
    }

    /// The rows of a measure: place, measure, from, to, value, unit, coverage. The same bytes from every form.
    fn measure(&self, measure: &str, period: &str) -> Vec<Vec<String>> {
        let mut first: Option<String> = None;
        for form in &self.forms {
            let mut command = Command::new(env!("CARGO_BIN_EXE_normwatch"));
            command.current_dir(self.dir.path()).args(["measure", "--register", "office", "--strict"]);
            command.args(["--measure", measure, "--period", period]).args(form);
            let done = command.output().unwrap();
            assert!(done.status.success(), "{form:?}: {}", String::from_utf8_lossy(&done.stderr));
            let text = String::from_utf8(done.stdout).unwrap();
            let held = first.get_or_insert_with(|| text.clone());
            let other = held.lines().zip(text.lines()).find(|(a, b)| a != b);
            assert_eq!(other, None, "{form:?} gives other bytes");
            assert_eq!(held.len(), text.len(), "{form:?} gives other bytes");
        }
        let text = first.unwrap();
        let fields = |line: &str| line.split(',').map(str::to_owned).collect();
        text.lines().skip(1).map(fields).collect()
    }
}

fn close(at: &str, ours: &str, expected: &Value, within: f64) {
    let (ours, expected): (f64, f64) = (ours.parse().unwrap(), expected.as_f64().unwrap());
    assert!((ours - expected).abs() <= within, "{at}: {ours}, reference {expected}");
}

/// robod Room3: `occupancy.working_hours.utilisation`, `seat_utilisation`, `peak_count`, `weeks.*.utilisation`,
/// `co2.max_hour_mean`.
#[test]
fn a_room_recorded_in_any_order_and_format_gives_the_same_bytes() {
    let Some(folder) = folder("robod") else { return };
    let truth = &truth(&folder)["rooms"]["Room3"];
    let mut rows: Vec<Row> = Vec::new();
    for row in table(&folder.join("combined_Room3.csv.gz")) {
        let time = row["timestamp"].replacen(' ', "T", 1).replace(' ', ":00");
        for (column, quantity) in [("occupant_count", "people_count"), ("indoor_co2", "co2")] {
            if !row[column].is_empty() {
                // Six decimals: the last bits of longer texts depend on the parser of the format.
                let value: f64 = row[column].parse().unwrap();
                rows.push((time.clone(), "s", quantity, format!("{value:.6}")));
            }
        }
    }
    let places = "place,kind,use,capacity\nroom,room,office,15\n";
    let sensors = "sensor,place,interval_s,max_gap_s\ns,room,300,900\n";
    let office = Office::new("Asia/Singapore", &[("places", places), ("sensors", sensors)], &rows);
    let people = &truth["occupancy"];
    close("all", &office.measure("utilisation", "all")[0][4], &people["working_hours"]["utilisation"], 1e-6);
    let seats = office.measure("seat_utilisation", "all");
    close("seats", &seats[0][4], &people["working_hours"]["seat_utilisation"], 1e-6);
    close("peak", &office.measure("peak_people", "all")[0][4], &people["peak_count"], 0.0);
    let weeks = office.measure("utilisation", "week");
    let known: Vec<_> = weeks.iter().filter(|week| !week[4].is_empty()).collect();
    let expected = people["weeks"].as_object().unwrap();
    assert_eq!(known.len(), expected.len());
    for (week, expected) in known.iter().zip(expected.values()) {
        close(&week[2], &week[4], &expected["utilisation"], 1e-6);
    }
    assert!(
        weeks.iter().any(|week| week[4].is_empty() && week[6] == "0"),
        "the autumn gap has rows without value"
    );
    let hours = office.measure("co2_hour_mean", "hour");
    let valid = hours.iter().filter(|hour| hour[6].parse::<f64>().unwrap() >= 0.75);
    let largest = valid.map(|hour| hour[4].parse::<f64>().unwrap()).fold(0.0, f64::max);
    let air = truth["co2"].get("qc").unwrap_or(&truth["co2"]["raw"]);
    close("max_hour_mean", &largest.to_string(), &air["max_hour_mean"], 1e-4);
}

/// ucam-estates b13, electricity as a register and gas as hourly amounts of 2019: `kwh`, `valid_share` (electricity).
#[test]
fn meters_recorded_in_any_order_and_format_give_the_same_bytes() {
    let Some(folder) = folder("ucam-estates") else { return };
    let truth = &truth(&folder)["buildings"]["b13"];
    let utc = |row: &HashMap<String, String>| row["datetime"].replace(' ', "T") + "Z";
    let mut rows: Vec<Row> = Vec::new();
    let mut register = 0.0;
    for row in table(&folder.join("b13_electricity_2019.csv.gz")) {
        rows.push((utc(&row), "m", "energy_import", format!("{register:.1}")));
        register += row["equipment load [kWh]"].parse::<f64>().unwrap();
    }
    rows.push(("2020-01-01T00:00:00Z".to_owned(), "m", "energy_import", format!("{register:.1}")));
    for row in table(&folder.join("b13_gas_2019.csv.gz")) {
        rows.push((utc(&row), "g", "gas_used", row["heating load [kWh]"].clone()));
    }
    let places = "place,kind,floor_area_m2\nhouse,building,1\n";
    let meters = "sensor,place,carrier,interval_s\nm,house,electricity,3600\ng,house,gas,3600\n";
    let house = Office::new("UTC", &[("places", places), ("meters", meters)], &rows);
    let year = |measure: &str| house.measure(measure, "year").remove(0);
    let (electricity, gas, eui) = (year("electricity"), year("gas"), year("eui"));
    close("electricity", &electricity[4], &truth["electricity_2019"]["kwh"], 1e-3);
    close("electricity", &electricity[6], &truth["electricity_2019"]["valid_share"], 1e-6);
    close("eui", &eui[4], &truth["electricity_2019"]["kwh_annualised"], 1e-3);
    close("gas", &gas[4], &truth["gas_2019"]["kwh"], 1e-3);
    assert_eq!((electricity[5].as_str(), gas[5].as_str(), eui[5].as_str()), ("kWh", "m3", "kWh/(m2.a)"));
    assert_eq!(house.measure("electricity", "month").len(), 12);
}
