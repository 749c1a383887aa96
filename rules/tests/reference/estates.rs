//! Hourly electricity and gas of university buildings.

use std::collections::BTreeMap;

use model::{
    Instant, Period, Quantity, Reading, Register,
    register::{Carrier, History, Meter},
};
use rules::Measure;
use serde_json::Value;

use crate::data::{assert_close, building, folder, id, measured, reading, rows, text, truth, verdict};

fn register(carrier: Carrier, zero_is_gap: bool) -> Register {
    let mut register = building("UTC", 1.0);
    let meter = register.meters[&id("meter")].last().unwrap().clone();
    let meter = Meter { carrier, zero_is_gap, ..meter };
    register.meters.insert(id("meter"), History::always(meter));
    register
}

fn compare(at: &str, carrier: Carrier, readings: &[Reading], truth: &Value) {
    let (measure, column) = match carrier {
        Carrier::Electricity => (Measure::Electricity, "electricity"),
        _ => (Measure::Gas, "gas"),
    };
    let at = format!("{at} {column}");
    let believed = measured(register(carrier, false), measure, Period::Year, readings);
    assert_close(&format!("{at} kwh"), believed[0].value.unwrap(), &truth["kwh"], 1e-3);
    assert_close(&format!("{at} completeness"), believed[0].coverage, &truth["completeness"], 1e-6);
    let year = measured(register(carrier, true), measure, Period::Year, readings);
    assert_close(&format!("{at} kwh"), year[0].value.unwrap(), &truth["kwh"], 1e-3);
    assert_close(&format!("{at} valid_share"), year[0].coverage, &truth["valid_share"], 1e-6);
    // The area is 1 m2: the intensity is the annualised use.
    let factors = BTreeMap::from([(carrier, 1.0)]);
    let scaled = verdict(register(carrier, true), Measure::Eui, factors, readings);
    assert_close(&format!("{at} kwh_annualised"), scaled.value.unwrap(), &truth["kwh_annualised"], 1e-3);
    let hours = measured(register(carrier, true), measure, Period::Hour, readings);
    let known = hours.iter().filter(|h| h.value.is_some()).count();
    assert_eq!(u64::try_from(known).ok(), truth["hours_valid"].as_u64(), "{at} hours_valid");
    let peak = hours.iter().rev().max_by(|a, b| a.value.unwrap_or(-1.0).total_cmp(&b.value.unwrap_or(-1.0)));
    assert_close(&format!("{at} peak"), peak.unwrap().value.unwrap(), &truth["peak_kwh_per_h"], 1e-6);
    let label = truth["peak_at"].as_str().unwrap();
    assert_eq!(peak.unwrap().from, Instant::parse(&format!("{label}Z")).unwrap(), "{at} peak_at");
}

/// ucam-estates: `kwh`, `completeness`, `valid_share`, `hours_valid`, `kwh_annualised`, `peak_kwh_per_h`, `peak_at` of every
/// building, carrier and year. Kilowatt-hours of gas are fed as gas amounts: the figures have no unit of their own.
///
/// Left out: `zero_hours`, `longest_zero_run_h`, `p99_*`, `readings_above_*` and the ratios of two years (no measure).
#[test]
fn four_buildings_with_hourly_electricity_and_gas() {
    let Some(folder) = folder("ucam-estates") else { return };
    let truth = truth(&folder);
    let mut compared = 0;
    for (name, expected) in truth["buildings"].as_object().unwrap() {
        for (carrier, column, header, quantity) in [
            (Carrier::Electricity, "electricity", "equipment load [kWh]", Quantity::Energy),
            (Carrier::Gas, "gas", "heating load [kWh]", Quantity::GasUsed),
        ] {
            for year in [2018, 2019] {
                let table = rows(&text(folder.join(format!("{name}_{column}_{year}.csv.gz"))));
                let readings: Vec<Reading> = table
                    .iter()
                    .map(|row| {
                        let time = Instant::parse(&format!("{}Z", row["datetime"])).unwrap();
                        reading("meter", quantity, time, row[header].parse().unwrap())
                    })
                    .collect();
                let expected = &expected[&format!("{column}_{year}")];
                compare(&format!("{name} {year}"), carrier, &readings, expected);
                compared += 1;
            }
        }
    }
    println!("ucam-estates: {compared} meter years agree");
    assert_eq!(compared, 16);
}
