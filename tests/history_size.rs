//! What the history takes on disk for real readings. The sets are not part of the project: without them this
//! says so and passes.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    clippy::cast_precision_loss,
    clippy::disallowed_methods,
    reason = "tests"
)]

use std::{
    io::Read,
    path::{Path, PathBuf},
};

use flate2::read::GzDecoder;
use model::{Id, Instant, Quantity, Reading, Series, Span};
use normwatch::{
    history::{History, Options},
    spool::Position,
};

/// The most that raw blocks may take with all that holds them (rows, pages, names), bytes a reading.
const MOST: f64 = 8.0;

/// A column of a file: its header and what it observes.
type Column = (&'static str, Quantity);

fn set(name: &str) -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared");
    let shared = std::env::var_os("NORMWATCH_SHARED").map_or(beside, PathBuf::from);
    let dir = shared.join("datasets").join(name);
    if dir.is_dir() {
        return Some(dir);
    }
    eprintln!("skipped: no {} beside the workspace", dir.display());
    None
}

/// The tables of a set, by file name without ending.
fn tables(dir: &Path) -> Vec<(String, csv::Reader<std::io::Cursor<String>>)> {
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let mut found = Vec::new();
    for path in paths {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let mut text = String::new();
        if name.ends_with(".csv.gz") {
            GzDecoder::new(std::fs::File::open(&path).unwrap()).read_to_string(&mut text).unwrap();
        } else if name.ends_with(".txt") {
            text = std::fs::read_to_string(&path).unwrap();
            // Its header lacks a name for the row numbers.
            text = format!("\"n\",{text}");
        } else {
            continue;
        }
        let sensor = name.split(".csv").next().unwrap().split(".txt").next().unwrap().replace('.', "-");
        found.push((sensor, csv::Reader::from_reader(std::io::Cursor::new(text))));
    }
    found
}

fn series(sensor: &str, quantity: Quantity) -> Series {
    Series { sensor: Id::parse(sensor).unwrap(), quantity, channel: None }
}

fn instant(text: &str, zone: &str) -> Instant {
    let mut text = text.replace(" +08:00", ":00").replace(' ', "T");
    if text.find(':') == Some(12) {
        text.insert(11, '0'); // an hour of one digit
    }
    let is_zoned = text.len() > 19;
    Instant::parse(&if is_zoned { text } else { format!("{text}{zone}") }).unwrap()
}

/// Readings of tables with a column a quantity; `columns` empty: every column is a sensor of its own.
fn wide(dir: &Path, time: &[&str], zone: &str, quantity: Quantity, columns: &[Column]) -> Vec<Reading> {
    let mut readings = Vec::new();
    for (sensor, mut rows) in tables(dir) {
        let header = rows.headers().unwrap().clone();
        let at = |name: &str| header.iter().position(|column| column == name);
        let times: Vec<usize> = time.iter().map(|name| at(name).unwrap()).collect();
        let places: Vec<(usize, Series)> = if columns.is_empty() {
            let others = header.iter().enumerate().filter(|(n, _)| !times.contains(n));
            others
                .map(|(n, name)| (n, series(&Id::fold(&format!("{sensor}-{name}")).to_string(), quantity)))
                .collect()
        } else {
            let present = columns.iter().filter_map(|(name, quantity)| Some((at(name)?, name, *quantity)));
            present
                .map(|(n, name, q)| (n, series(&Id::fold(&format!("{sensor}-{name}")).to_string(), q)))
                .collect()
        };
        for row in rows.records().map(Result::unwrap) {
            let stamp: Vec<&str> = times.iter().map(|n| &row[*n]).collect();
            let time = instant(&stamp.join("T"), zone);
            for (n, series) in &places {
                if let Some(reading) =
                    row[*n].parse().ok().and_then(|v| Reading::new(series.clone(), time, v))
                {
                    readings.push(reading);
                }
            }
        }
    }
    readings
}

/// Readings of tables with a row a reading.
fn long(dir: &Path, properties: &[Column]) -> Vec<Reading> {
    let mut readings = Vec::new();
    for (sensor, mut rows) in tables(dir) {
        for row in rows.records().map(Result::unwrap) {
            let Some((_, quantity)) = properties.iter().find(|(name, _)| *name == &row[3]) else { continue };
            let source = Id::fold(&format!("{sensor}-{}", &row[1])).to_string();
            let time = instant(&row[2].replace("+0200", "+02:00").replace("+0100", "+01:00"), "");
            let value = row[4].parse().ok();
            readings.extend(value.and_then(|v| Reading::new(series(&source, *quantity), time, v)));
        }
    }
    readings
}

/// Writes readings as they come, a twentieth at a time, and tells bytes a reading.
fn measure(name: &str, mut readings: Vec<Reading>) {
    assert!(!readings.is_empty(), "{name}");
    readings.sort_by_key(|reading| reading.time);
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("history.sqlite");
    let history = History::open(&path, Options::default()).unwrap();
    let began = tokio::time::Instant::now();
    for (n, batch) in (1..).zip(readings.chunks(readings.len().div_ceil(20))) {
        assert!(!history.append(Position::new(n), batch));
        history.flush().unwrap();
    }
    let took = began.elapsed().as_secs_f64();
    let some = readings[readings.len() / 2].series.clone();
    let mut expected: Vec<Reading> = readings.iter().filter(|r| r.series == some).cloned().collect();
    expected.reverse();
    expected.dedup_by_key(|reading| reading.time); // of one instant the last stays
    expected.reverse();
    assert_eq!(history.readings(&some, Span::ALWAYS).unwrap(), expected, "every bit comes back");
    let count = {
        let db = rusqlite::Connection::open(&path).unwrap();
        let all: f64 =
            history.series().iter().map(|s| history.readings(s, Span::ALWAYS).unwrap().len() as f64).sum();
        let sum = |table: &str| -> f64 {
            let sql = format!("SELECT COALESCE(SUM(LENGTH(body)), 0) FROM {table}");
            db.query_row(&sql, [], |row| row.get::<_, i64>(0)).unwrap() as f64 / all
        };
        (all, sum("hours"), sum("days"))
    };
    let (count, blocks, partials) = count;
    let file = history.bytes().unwrap() as f64 / count;
    // The file without its partials: raw blocks with their share of rows, pages and names.
    let copy = dir.path().join("raw.sqlite");
    let db = rusqlite::Connection::open(&path).unwrap();
    db.execute("VACUUM INTO ?1", [copy.to_string_lossy()]).unwrap();
    let db = rusqlite::Connection::open(&copy).unwrap();
    db.execute_batch("DELETE FROM days; VACUUM").unwrap();
    let pages: i64 = db.query_row("PRAGMA page_count", [], |row| row.get(0)).unwrap();
    let raw = pages as f64 * 4096.0 / count;
    eprintln!(
        "{name}: {count} readings; bytes a reading: blocks {blocks:.2}, with rows and names {raw:.2}, partials \
         {partials:.2}, whole file {file:.2}; {:.0} readings/s",
        count / took
    );
    assert!(raw <= MOST, "{name}: {raw:.2} bytes a reading");
}

#[test]
fn one_minute_means_of_forty_rooms() {
    let Some(dir) = set("keti-sdh") else { return };
    let columns = [
        ("co2", Quantity::Co2),
        ("humidity", Quantity::Humidity),
        ("light", Quantity::Illuminance),
        ("pir", Quantity::Motion),
        ("temperature", Quantity::Temperature),
    ];
    measure("keti-sdh", wide(&dir, &["timestamp"], "Z", Quantity::Co2, &columns));
}

#[test]
fn five_minute_means_of_single_precision() {
    let Some(dir) = set("robod") else { return };
    let columns = [
        ("voc", Quantity::Tvoc),
        ("sound_pressure_level", Quantity::SoundLevel),
        ("indoor_relative_humidity", Quantity::Humidity),
        ("air_temperature", Quantity::Temperature),
        ("illuminance", Quantity::Illuminance),
        ("pm2.5", Quantity::Pm2_5),
        ("indoor_co2", Quantity::Co2),
        ("lighting_energy", Quantity::Energy),
        ("plug_load_energy", Quantity::Energy),
        ("temp_setpoint", Quantity::Setpoint),
        ("outdoor_co2", Quantity::OutdoorCo2),
        ("occupant_presence", Quantity::Occupied),
        ("occupant_count", Quantity::PeopleCount),
    ];
    measure("robod", wide(&dir, &["timestamp"], "+08:00", Quantity::Co2, &columns));
}

#[test]
fn one_minute_readings_of_one_room() {
    let Some(dir) = set("uci-occupancy-detection") else { return };
    let columns = [
        ("Temperature", Quantity::Temperature),
        ("Humidity", Quantity::Humidity),
        ("Light", Quantity::Illuminance),
        ("CO2", Quantity::Co2),
        ("Occupancy", Quantity::Occupied),
    ];
    measure("uci-occupancy-detection", wide(&dir, &["date"], "Z", Quantity::Co2, &columns));
}

#[test]
fn half_minute_readings_of_one_room() {
    let Some(dir) = set("uci-room-occupancy-estimation") else { return };
    let columns = [
        ("S1_Temp", Quantity::Temperature),
        ("S2_Temp", Quantity::Temperature),
        ("S1_Light", Quantity::Illuminance),
        ("S2_Light", Quantity::Illuminance),
        ("S5_CO2", Quantity::Co2),
        ("S6_PIR", Quantity::Motion),
        ("Room_Occupancy_Count", Quantity::PeopleCount),
    ];
    measure("uci-room-occupancy-estimation", wide(&dir, &["Date", "Time"], "Z", Quantity::Co2, &columns));
}

#[test]
fn ten_minute_readings_of_three_rooms() {
    let Some(dir) = set("ghent-offices") else { return };
    let columns = [("CO2", Quantity::Co2), ("presence", Quantity::Occupied)];
    measure("ghent-offices", wide(&dir, &["timestamp"], "Z", Quantity::Co2, &columns));
}

#[test]
fn hourly_meters_of_two_years() {
    for (name, time) in [("ucam-estates", "datetime"), ("bdg2-offices", "timestamp")] {
        let Some(dir) = set(name) else { continue };
        measure(name, wide(&dir, &[time], "Z", Quantity::Energy, &[]));
    }
}

#[test]
fn readings_of_one_row_each() {
    let Some(dir) = set("b4b-windesheim") else { return };
    let properties = [
        ("co2__ppm", Quantity::Co2),
        ("occupancy__p", Quantity::PeopleCount),
        ("rel_humidity__0", Quantity::Humidity),
        ("temp_in__degC", Quantity::Temperature),
    ];
    measure("b4b-windesheim", long(&dir, &properties));
}
