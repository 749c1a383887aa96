//! Rooms played through the whole service: broker, judge, mails, time-series server; with and without crashes.

use std::{collections::HashMap, io::Read as _, path::Path};

use flate2::read::GzDecoder;
use model::{Id, Instant, Quantity};
use normwatch::clock::Clock;
use sensors_sim::Row;

use crate::play::{Play, with_and_without_crashes};

const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 24 * 60 * MINUTE_MS;
const WEEK_MS: i64 = 7 * DAY_MS;

/// The shift by whole weeks, so that local hours and weekdays stay, that ends the rows within the last week.
fn recent(mut rows: Vec<Row>) -> Vec<Row> {
    let newest = rows.iter().map(|row| row.time).max().unwrap();
    let latest = Clock::System.now().plus_ms(-30 * MINUTE_MS);
    let weeks = latest.since(newest).div_euclid(WEEK_MS);
    for row in &mut rows {
        row.time = row.time.plus_ms(weeks * WEEK_MS);
    }
    rows
}

fn row(sensor: &Id, time: Instant, quantity: Quantity, value: f64) -> Row {
    Row { time, sensor: sensor.clone(), quantity, value }
}

/// Three rooms and three days: crowded, warm, and one whose air stands still because its sensor is dead.
fn generated() -> Vec<Row> {
    let monday = Instant::parse("2026-03-02T00:00:00Z").unwrap();
    let mut rows = Vec::new();
    for (index, name) in ["gen-1", "gen-2", "gen-3"].into_iter().enumerate() {
        let sensor = Id::parse(name).unwrap();
        for step in 0..3 * 24 * 30 {
            let time = monday.plus_ms(step * 2 * MINUTE_MS);
            let hour = step / 30 % 24;
            let is_busy = (9..18).contains(&hour);
            // A small wave, so that no sensor but the dead one repeats itself.
            let wave = (step % 7) as f64;
            let co2 = match (index, is_busy) {
                (2, _) => 1250.0,
                (0, true) => 1180.0 + 10.0 * wave,
                _ => 480.0 + wave,
            };
            let temperature = if index == 1 && is_busy { 29.0 } else { 22.0 } + 0.1 * wave;
            rows.push(row(&sensor, time, Quantity::Co2, co2));
            rows.push(row(&sensor, time, Quantity::Temperature, temperature));
            rows.push(row(&sensor, time, Quantity::Humidity, 45.0 + wave));
            rows.push(row(&sensor, time, Quantity::Motion, f64::from(u8::from(is_busy && step % 3 == 0))));
        }
    }
    rows
}

const COLUMNS: [(&str, Quantity); 4] = [
    ("co2", Quantity::Co2),
    ("humidity", Quantity::Humidity),
    ("pir", Quantity::Motion),
    ("temperature", Quantity::Temperature),
];

/// The rows of one room's table; its name is that of the file.
fn published(file: &Path) -> Vec<Row> {
    let mut text = String::new();
    GzDecoder::new(std::fs::File::open(file).unwrap()).read_to_string(&mut text).unwrap();
    let name = file.file_name().unwrap().to_str().unwrap().trim_end_matches(".csv.gz");
    let sensor = Id::parse(&format!("mote-{name}")).unwrap();
    let mut table = csv::Reader::from_reader(text.as_bytes());
    let mut rows = Vec::new();
    for line in table.deserialize::<HashMap<String, String>>() {
        let line = line.unwrap();
        let time = Instant::parse(&format!("{}Z", line["timestamp"].replacen(' ', "T", 1))).unwrap();
        for (column, quantity) in COLUMNS {
            if let Ok(value) = line[column].parse() {
                rows.push(row(&sensor, time, quantity, value));
            }
        }
    }
    rows
}

#[tokio::test(flavor = "multi_thread")]
async fn generated_rooms_give_the_same_verdicts_and_mails_with_five_crashes() {
    let play = Play::of(recent(generated()), "UTC");
    with_and_without_crashes(&play, 11).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn published_rooms_give_the_same_verdicts_and_mails_with_five_crashes() {
    let shared = std::env::var("NORMWATCH_SHARED")
        .unwrap_or_else(|_| format!("{}/../shared", env!("CARGO_MANIFEST_DIR")));
    let folder = Path::new(&shared).join("datasets/keti-sdh");
    let Ok(files) = std::fs::read_dir(&folder) else {
        println!("skipped: {} is absent", folder.display());
        return;
    };
    let mut files: Vec<_> = files.map(|file| file.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|ending| ending == "gz"));
    files.sort();
    let rows = files.iter().flat_map(|file| published(file)).collect();
    // The times are UTC and the rooms seven hours behind it, that week and in the one played.
    with_and_without_crashes(&Play::of(recent(rows), "Etc/GMT+7"), 7).await;
}
