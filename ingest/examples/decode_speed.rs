//! How long decoding takes beside a bare parse of the same message: `cargo run --release -p normwatch-ingest --example
//! decode_speed`.
//!
//! On a busy machine instructions are counted instead: `valgrind --tool=callgrind .../decode_speed zigbee2mqtt decode
//! 2000` runs one side so often; the difference of two runs is what the calls in between cost.
#![allow(
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::cast_precision_loss,
    reason = "an example that measures and prints"
)]

use std::{hint::black_box, time::Instant};

use ingest::{Decoder, Message, Routes};
use serde::Deserialize;

#[derive(Deserialize)]
#[allow(dead_code, reason = "only parsed")]
struct State {
    battery: f64,
    humidity: f64,
    temperature: f64,
    pressure: f64,
    linkquality: f64,
    voltage: f64,
    power_outage_count: f64,
    last_seen: String,
}

#[derive(Deserialize)]
#[allow(dead_code, reason = "only parsed")]
#[serde(rename_all = "camelCase")]
struct Event {
    time: String,
    device_info: DeviceInfo,
    object: Object,
}

#[derive(Deserialize)]
#[allow(dead_code, reason = "only parsed")]
#[serde(rename_all = "camelCase")]
struct DeviceInfo {
    dev_eui: String,
}

#[derive(Deserialize)]
#[allow(dead_code, reason = "only parsed")]
struct Object {
    temperature: f64,
    humidity: f64,
    co2: f64,
    battery: f64,
}

const ZIGBEE: &str = r#"{"battery":91,"humidity":41.3,"temperature":21.4,"pressure":1003.2,"linkquality":120,"voltage":2995,"power_outage_count":3,"last_seen":"2026-03-02T08:00:00Z"}"#;
const CHIRPSTACK: &str = r#"{"deduplicationId":"3ac7e3c4-4401-4b8d-9386-a5c902f9202d","time":"2026-03-02T08:00:00.123+00:00","deviceInfo":{"tenantName":"t","applicationName":"a","deviceProfileName":"p","deviceName":"d","devEui":"00aa11bb22cc33dd","tags":{}},"devAddr":"00189440","adr":true,"dr":5,"fCnt":1201,"fPort":1,"confirmed":false,"data":"AWcA1wJoKQ==","object":{"temperature":21.5,"humidity":41.0,"co2":655.0,"battery":98.0},"rxInfo":[{"gatewayId":"0016c001f153a14c","uplinkId":4217106255,"rssi":-36,"snr":10.5,"context":"E3OWOQ=="}],"txInfo":{"frequency":868100000}}"#;

const SENML: &str = r#"[{"bn":"room-1:","bt":1772438400,"n":"temperature","u":"Cel","v":21.5},{"n":"humidity","u":"%RH","v":41},{"n":"co2","u":"ppm","v":655},{"n":"battery_level","u":"%EL","v":98}]"#;

/// One record of a SenML pack.
#[derive(Deserialize)]
#[allow(dead_code, reason = "only parsed")]
struct Record {
    bn: Option<String>,
    bt: Option<f64>,
    n: String,
    u: String,
    v: f64,
}

/// A message, and a bare parse of it into its own struct.
struct Case {
    name: &'static str,
    topic: &'static str,
    text: &'static str,
    parse: fn(&str),
}

fn parse<'j, T: Deserialize<'j>>(text: &'j str) {
    drop(black_box(serde_json::from_str::<T>(black_box(text)).unwrap()));
}

const CASES: [Case; 3] = [
    Case {
        name: "zigbee2mqtt",
        topic: "zigbee2mqtt/room-1",
        text: ZIGBEE,
        parse: |text| parse::<State>(text),
    },
    Case {
        name: "chirpstack-v4",
        topic: "application/a/device/00aa11bb22cc33dd/event/up",
        text: CHIRPSTACK,
        parse: |text| parse::<Event>(text),
    },
    Case {
        name: "senml",
        topic: "normwatch/v1/room-1",
        text: SENML,
        parse: |text| parse::<Vec<Record>>(text),
    },
];

/// Nanoseconds a call, the best of ten rounds.
fn nanos(mut call: impl FnMut()) -> f64 {
    const CALLS: u32 = 20_000;
    let mut best = f64::MAX;
    for _ in 0..10 {
        let start = Instant::now();
        (0..CALLS).for_each(|_| call());
        best = best.min(start.elapsed().as_nanos() as f64 / f64::from(CALLS));
    }
    best
}

fn decode(decoder: &mut Decoder, case: &Case) {
    let payload = case.text.as_bytes();
    let message = Message { topic: case.topic, payload, retained: false, received_at: None };
    drop(black_box(decoder.decode_message(black_box(&message))));
}

fn main() {
    let mut decoder = Decoder::new(Routes::defaults());
    let args: Vec<String> = std::env::args().skip(1).collect();
    if let [name, side, calls] = args.as_slice() {
        let case = CASES.iter().find(|case| case.name == name).unwrap();
        for _ in 0..calls.parse().unwrap() {
            if side == "decode" { decode(&mut decoder, case) } else { (case.parse)(case.text) }
        }
        return;
    }
    for case in &CASES {
        let decoded = nanos(|| decode(&mut decoder, case));
        let parsed = nanos(|| (case.parse)(case.text));
        let ratio = decoded / parsed;
        println!("{}: decode {decoded:.0} ns, bare parse {parsed:.0} ns, {ratio:.1} times", case.name);
    }
}
