//! How much of what vendors publish is read rightly, over a collection of messages with known values.
//!
//! The collection stands beside the workspace (`../shared`, or where `NORMWATCH_SHARED` points);
//! without it these tests skip. Some expectations contradict their message; they are listed with the reason, and every
//! other one must be met.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::print_stdout, reason = "test helpers")]

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

/// Expectations that the message does not bear out: model, quantity, how many of them, and why.
const CONTRADICTED: &[(&str, &str, usize, &str)] = &[
    ("medifroid/ctslora", "temperature", 5, "the values have no name"),
    ("milesight/am104", "illuminance", 4, "infrared light is none that eyes see"),
    ("milesight/ct303", "current", 1, "the total of a current is a charge"),
    ("milesight/ct305", "current", 1, "the total of a current is a charge"),
    ("milesight/ct310", "current", 1, "the total of a current is a charge"),
    ("milesight/ws513", "voltage", 1, "2350 V on a socket"),
    ("milesight/ws513", "current", 1, "what the socket may carry, not what flows"),
    ("milesight/ws523", "power", 2, "a consumption beside a power is an energy"),
    ("milesight/wt304", "humidity", 1, "3661 % of humidity"),
    ("nexelec/insafepilot", "temperature", 3, "thresholds"),
    ("sensecap/s210x", "humidity", 1, "moisture of soil"),
    ("thermokon/cubicmeter", "temperature", 2, "extremes without the average are limits as often"),
    ("thermokon/generic", "battery_voltage", 1, "1560 V in a battery"),
    ("watteco/ventilo", "pressure", 1, "the difference of two pressures"),
    ("disruptive/co2", "pressure", 1, "pascals labelled as hectopascals"),
    ("haltian/thingseeair", "pressure", 2, "pascals labelled as hectopascals"),
    ("haltian/thingseeenvironment", "pressure", 1, "pascals labelled as hectopascals"),
    ("yanzi/presencemini", "occupied", 1, "the count of motions says nothing of now"),
];

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
    published: usize,
    found: usize,
    /// Lines without published value that are errors.
    errors: Vec<String>,
    /// Model, quantity and what was expected.
    misses: Vec<(String, String, String)>,
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
            score.published += 1;
            if is_found(readings, &wanted) {
                score.found += 1;
            } else {
                let quantity = expected["quantity"].as_str().unwrap();
                score.misses.push((model.to_owned(), quantity.to_owned(), expected.to_string()));
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
fn every_published_value_is_read_save_those_that_contradict_their_message() {
    let Some(collection) = collection() else { return };
    let verbose = std::env::var_os("NORMWATCH_MISSES").is_some();
    let mut misses: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
    for format in Format::ALL {
        let folder = collection.join(format.name());
        if !folder.is_dir() {
            continue;
        }
        let score = score(&folder, *format);
        println!("{format}: {}/{}", score.found, score.published);
        assert!(
            score.errors.is_empty(),
            "{format}: a message without readings is an error: {:?}",
            score.errors
        );
        for (model, quantity, expected) in score.misses {
            if verbose {
                println!("    {model}: {expected}");
            }
            misses.entry((model, quantity)).or_default().push(expected);
        }
    }
    for (model, quantity, count, why) in CONTRADICTED {
        let found = misses.remove(&((*model).to_owned(), (*quantity).to_owned())).unwrap_or_default();
        assert_eq!(found.len(), *count, "{model} ({why}): {found:?}");
    }
    assert!(misses.is_empty(), "{misses:#?}");
}
