//! Golden cases: every line of `testdata/<format>.jsonl` decodes to what stands beside it.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "test helpers")]

use std::{fs, path::Path};

use ingest::{Decoder, Format, Routes, decode_line, decode_line_strictly};
use serde_json::Value;

fn cases(format: Format) -> Vec<Value> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata").join(format!("{format}.jsonl"));
    let text = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Values may differ by the rounding of a conversion.
fn is_same(found: &Value, wanted: &Value) -> bool {
    match (found, wanted) {
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| is_same(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len()
                && a.iter().all(|(key, value)| b.get(key).is_some_and(|wanted| is_same(value, wanted)))
        }
        (Value::Number(a), Value::Number(b)) => {
            let (a, b) = (a.as_f64().unwrap(), b.as_f64().unwrap());
            (a - b).abs() <= 1e-9 * b.abs().max(1.0)
        }
        _ => found == wanted,
    }
}

#[test]
fn every_golden_case_decodes_as_written() {
    let mut failures = Vec::new();
    for format in Format::ALL {
        let mut decoder = Decoder::new(Routes::defaults());
        for case in cases(*format) {
            let line = decode_line_strictly(&mut decoder, Some(*format), &case.to_string()).line;
            let out: Value = serde_json::from_str(&line).unwrap();
            let wanted = &case["expect"];
            let is_right = match (&wanted["error"], &wanted["ignored"]) {
                (Value::String(kind), _) => out["error"]["kind"] == *kind,
                (_, Value::String(reason)) => out["ignored"] == *reason && out["format"] == format.name(),
                _ => out["format"] == format.name() && is_same(&out["readings"], &wanted["readings"]),
            };
            if !is_right {
                failures.push(format!("{format}: {}\n  wanted {wanted}\n  found  {out}", case["case"]));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn an_empty_message_clears_a_retained_one_in_every_format_but_ours_which_has_none() {
    for format in Format::ALL {
        let line = r#"{"topic": "normwatch/v1/air-1", "payload": " "}"#;
        let line = decode_line_strictly(&mut Decoder::new(Routes::defaults()), Some(*format), line).line;
        let out: Value = serde_json::from_str(&line).unwrap();
        let is_cleared = out["ignored"] == "cleared";
        assert_eq!(is_cleared, *format != Format::Senml, "{format}: {out}");
        assert!(is_cleared || out["error"]["kind"] == "not_json", "{out}");
    }
}

#[test]
fn a_line_of_decode_shows_how_a_device_was_heard_only_when_asked() {
    let line = r#"{"topic": "zigbee2mqtt/air", "payload": "{\"temperature\": 21, \"rssi\": -70}"}"#;
    let quantities = |line: &str| -> Vec<String> {
        let out: Value = serde_json::from_str(line).unwrap();
        let readings = out["readings"].as_array().unwrap();
        readings.iter().map(|reading| reading["quantity"].as_str().unwrap().to_owned()).collect()
    };
    let mut decoder = Decoder::new(Routes::defaults());
    assert_eq!(quantities(&decode_line(&mut decoder, None, line)), ["temperature"]);
    let strict = decode_line_strictly(&mut decoder, None, line).line;
    assert_eq!(quantities(&strict), ["temperature", "signal"]);
}

#[test]
fn every_format_has_a_good_and_a_bad_case() {
    for format in Format::ALL {
        let cases = cases(*format);
        let is_good = |case: &&Value| case["expect"]["error"].is_null();
        assert!(cases.iter().any(|case| is_good(&case)), "{format}");
        assert!(cases.iter().any(|case| !is_good(&case)), "{format}");
    }
}

#[test]
fn format_names_are_found_again() {
    for format in Format::ALL {
        assert_eq!(Format::parse(format.name()), Some(*format));
    }
    assert_eq!(Format::parse("morse"), None);
}
