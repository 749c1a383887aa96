//! How much of what vendors publish is read rightly, over a collection of messages with known values.
//!
//! The collection stands beside the workspace (`../shared`, or where `NORMWATCH_SHARED` points);
//! without it these tests skip. Half of the models are held out: their shares are printed, their
//! failures are not, so that the table of names is not fitted to them.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    reason = "test helpers"
)]

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use ingest::{Decoded, Decoder, Format, Message, RawReading, Routes};
use model::Quantity;
use serde_json::Value;

fn collection() -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared");
    let root = std::env::var_os("NORMWATCH_SHARED").map_or_else(beside, PathBuf::from);
    let payloads = root.join("vendor-payloads");
    if payloads.is_dir() {
        return Some(payloads);
    }
    println!("skipped: no collection of vendor payloads at {}", payloads.display());
    None
}

/// FNV-1a, so that the halves stay the same on every machine.
fn is_held_out(model: &str) -> bool {
    let hash = model
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x100_0000_01b3));
    (hash >> 32) & 1 == 1
}

/// A published value: the quantities of ours that it may stand under, and the value in our unit.
fn wanted(expect: &Value) -> Option<(Vec<Quantity>, f64)> {
    use Quantity as Q;
    let name = expect["quantity"].as_str()?;
    let detail: String =
        ["qualifier", "field", "channel"].iter().filter_map(|k| expect[k].as_str()).collect();
    let detail = detail.to_lowercase();
    let quantities = match name {
        "temperature" if ["point", "target", "setpoint"].iter().any(|w| detail.contains(w)) => {
            vec![Q::Setpoint]
        }
        "temperature" => vec![Q::Temperature, Q::OutdoorTemperature],
        // Energy of one interval is an amount of ours, not a counter.
        "energy_import" => vec![Q::EnergyImport, Q::Energy],
        "voltage" => vec![Q::Voltage, Q::BatteryVoltage],
        _ => vec![Quantity::parse(name)?],
    };
    let value = match &expect["value"] {
        Value::Bool(state) => f64::from(*state),
        value => value.as_f64()?,
    };
    let unit = match expect["unit"].as_str() {
        None => return Some((quantities, value)),
        Some("[degF]") => "degF",
        Some(unit) => unit,
    };
    let value = match (name, unit) {
        ("tvoc", "ppb") => value * 56.1 / 24.45,
        ("tvoc", "ppm") => value * 1000.0 * 56.1 / 24.45,
        _ => quantities[0].unit().convert(value, unit).ok()?,
    };
    Some((quantities, value))
}

fn is_found(readings: &[RawReading], (quantities, value): &(Vec<Quantity>, f64)) -> bool {
    let near = |a: f64| (a - value).abs() <= 1e-6 * value.abs().max(1e-9);
    readings.iter().any(|r| quantities.contains(&r.quantity) && near(r.value))
}

#[derive(Default)]
struct Score {
    published: [usize; 2],
    found: [usize; 2],
    /// Lines without published value that are errors.
    errors: Vec<String>,
    misses: Vec<String>,
}

impl Score {
    fn share(&self) -> f64 {
        let published: usize = self.published.iter().sum();
        if published == 0 { 1.0 } else { self.found.iter().sum::<usize>() as f64 / published as f64 }
    }
}

fn score(folder: &Path, format: Format) -> Score {
    let mut score = Score::default();
    let mut decoder = Decoder::new(Routes::defaults());
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|f| f.unwrap().path()).collect();
    files.sort();
    for line in files
        .iter()
        .flat_map(|f| fs::read_to_string(f).unwrap().lines().map(str::to_owned).collect::<Vec<_>>())
    {
        let case: Value = serde_json::from_str(&line).unwrap();
        let model = case["model"].as_str().unwrap();
        let held_out = is_held_out(model);
        let payload = bytes(&case);
        let topic = case["topic"].as_str().unwrap();
        let message = Message { topic, payload: &payload, retained: false, received_at: None };
        let decoded = decoder.decode_as(format, &message);
        let expect = case["expect"].as_array().unwrap();
        let readings = match &decoded {
            Ok(Decoded::Readings(readings)) => readings.as_slice(),
            Ok(Decoded::Ignored(_)) => &[],
            Err(error) => {
                if expect.is_empty() {
                    score.errors.push(format!("{model} {topic}: {error}"));
                }
                &[]
            }
        };
        for expected in expect {
            let Some(wanted) = wanted(expected) else { continue };
            score.published[usize::from(held_out)] += 1;
            if is_found(readings, &wanted) {
                score.found[usize::from(held_out)] += 1;
            } else if !held_out {
                score.misses.push(format!(
                    "{model}: {expected} {}",
                    decoded.as_ref().err().map_or_else(String::new, ToString::to_string)
                ));
            }
        }
    }
    score
}

fn bytes(case: &Value) -> Vec<u8> {
    use base64::{Engine, prelude::BASE64_STANDARD};
    match case["payload"].as_str() {
        Some(text) => text.as_bytes().to_vec(),
        None => BASE64_STANDARD.decode(case["payload_base64"].as_str().unwrap()).unwrap(),
    }
}

#[test]
fn at_least_nineteen_of_twenty_published_values_are_read() {
    let Some(collection) = collection() else { return };
    let verbose = std::env::var_os("NORMWATCH_MISSES").is_some();
    let mut scores = BTreeMap::new();
    for format in Format::ALL {
        let folder = collection.join(format.name());
        if folder.is_dir() {
            scores.insert(*format, score(&folder, *format));
        }
    }
    for (format, score) in &scores {
        let [seen, held] = [0, 1].map(|half| format!("{}/{}", score.found[half], score.published[half]));
        println!(
            "{format}: {:.3} (seen {seen}, held out {held}), errors without values {}",
            score.share(),
            score.errors.len()
        );
        if verbose {
            score.misses.iter().chain(&score.errors).for_each(|line| println!("    {line}"));
        }
    }
    for (format, score) in &scores {
        assert!(
            score.errors.is_empty(),
            "{format}: a message without readings is an error: {:?}",
            score.errors
        );
        // With a handful of published values a single mislabelled one would decide.
        let many: usize = score.published.iter().sum();
        assert!(score.share() >= if many > 50 { 0.95 } else { 0.65 }, "{format}: {:.3}", score.share());
    }
}
