//! The meters of the demo office: totals, waste by night, quota, and the past.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::cast_precision_loss,
    reason = "tests may fail loudly"
)]

mod demo;

use std::collections::BTreeMap;

use demo::{DAY, HOUR, at, days, without_breaches};
use model::{Instant, Quantity, Span};
use sensors_sim::{Row, Scenario};

/// Register of a meter at the first midnight of each date given, real units.
fn registers(scenario: &Scenario, meter: &str, multiplier: f64, span: Span) -> Vec<f64> {
    let rows = scenario.backfill_rows(span).filter(|r| r.sensor.as_str() == meter);
    rows.map(|r| r.value * multiplier).collect()
}

#[test]
fn the_building_exceeds_its_quota_only_because_of_what_was_seeded() {
    // Constraint for provincial bodies in zone B: 81 kWh/(m2.a), DB37/T 2672-2019 table 4.
    let start = at("2026-11-14T00:00:00+08:00");
    let year = Span::new(at("2025-01-01T00:00:00+08:00"), at("2026-01-02T00:00:00+08:00"));
    let eui = |scenario: &Scenario| {
        let total = registers(scenario, "meter-total", 40.0, year);
        assert_eq!(total.len(), 366);
        assert!(total.windows(2).all(|w| w[0] < w[1]));
        (total[365] - total[0]) / 9500.0
    };
    let (seeded, clean) = (eui(&Scenario::demo(start).unwrap()), eui(&without_breaches(start)));
    assert!((90.0..160.0).contains(&seeded), "{seeded}");
    assert!((50.0..80.0).contains(&clean), "{clean}");
}

#[test]
fn a_total_meter_counts_its_parts_and_wastes_by_night_only_when_seeded() {
    let start = at("2026-11-16T00:00:00+08:00");
    for (scenario, is_seeded) in [(Scenario::demo(start).unwrap(), true), (without_breaches(start), false)] {
        let rows: Vec<Row> =
            scenario.rows(days(start, 2)).filter(|r| r.quantity == Quantity::EnergyImport).collect();
        let near = |meter: &str, clock: Instant| {
            let found =
                rows.iter().filter(|r| r.sensor.as_str() == meter && r.time >= clock).min_by_key(|r| r.time);
            let row = found.unwrap();
            (
                row.time.millis() as f64 / HOUR as f64,
                row.value * if meter == "meter-total" { 40.0 } else { 1.0 },
            )
        };
        let mean = |meter: &str, from: &str, to: &str| {
            let (a, b) = (near(meter, at(from)), near(meter, at(to)));
            (b.1 - a.1) / (b.0 - a.0)
        };
        let night = |m: &str| mean(m, "2026-11-16T21:00:00+08:00", "2026-11-17T05:00:00+08:00");
        let day = |m: &str| mean(m, "2026-11-16T08:00:00+08:00", "2026-11-16T18:00:00+08:00");
        let ratio = night("meter-total") / day("meter-total");
        assert_eq!(ratio > 0.30, is_seeded, "{ratio}");
        let parts = ["meter-lighting", "meter-sockets", "meter-hvac", "meter-server"].map(night);
        let sum: f64 = parts.iter().sum();
        assert!((night("meter-total") - sum) < 3.0 && night("meter-total") > sum, "{sum}");
    }
}

#[test]
fn backfill_and_live_readings_of_a_meter_agree() {
    let start = at("2026-11-14T00:00:00+08:00");
    let scenario = Scenario::demo(start).unwrap();
    let midnight = start.plus_ms(DAY);
    let told = registers(&scenario, "meter-sockets", 1.0, Span::new(midnight, midnight.plus_ms(5_000)))[0];
    let live = scenario.rows(Span::new(midnight.plus_ms(-10 * 60_000), midnight.plus_ms(10 * 60_000)));
    let live: Vec<f64> = live
        .filter(|r| r.sensor.as_str() == "meter-sockets" && r.quantity == Quantity::EnergyImport)
        .map(|r| r.value)
        .collect();
    assert!(live[0] < told && told < live[live.len() - 1], "{told} {live:?}");
}

#[test]
fn a_boiler_left_on_is_the_only_plug_that_wastes() {
    let start = at("2026-11-14T00:00:00+08:00");
    let rows = Scenario::demo(start).unwrap();
    let mut used: BTreeMap<String, (f64, f64)> = BTreeMap::new();
    // A Saturday: what a plug uses, it uses while nobody is there.
    for row in rows.rows(days(start, 1)).filter(|r| r.sensor.as_str().starts_with("plug-")) {
        if row.quantity == Quantity::EnergyImport {
            used.entry(row.sensor.to_string()).or_insert((row.value, row.value)).1 = row.value;
        }
    }
    let wasted: Vec<&String> = used.iter().filter(|(_, (a, b))| b - a > 1.0).map(|(plug, _)| plug).collect();
    assert_eq!((used.len(), wasted), (5, vec![&"plug-office-301".to_owned()]));
}
