//! Annual totals: one amount a year and carrier, as benchmarking and public notices publish them.
//!
//! Adapter: a meter whose interval is the year sends the total at the year's first instant.

use std::collections::{BTreeMap, HashMap};

use model::{
    Instant, Period, Quantity, Reading, Register, Span,
    register::{Body, Carrier, History, Meter},
};
use rules::Measure;

use crate::data::{
    assert_close, building, folder, id, measured, plausible, reading, rows, text, truth, verdict,
};

const KWH_PER_KBTU: f64 = 0.293_071_07;
const M2_PER_SQUARE_FOOT: f64 = 0.092_903_04;
const KWH_PER_GJ: f64 = 1000.0 / 3.6;

/// A building with a meter for each carrier and the readings that a year's totals make.
fn totals(zone: &str, year: i16, area: f64, used: &[(Carrier, Quantity, f64)]) -> (Register, Vec<Reading>) {
    let mut register = building(zone, area);
    register.meters.clear();
    let at = |year: i16| register.calendar.start_of(jiff::civil::date(year, 1, 1));
    let span = Span::new(at(year), at(year + 1));
    let mut readings = Vec::new();
    for (carrier, quantity, amount) in used {
        let meter = format!("meter-{carrier}");
        let row = Meter {
            interval_s: span.millis() as f64 / 1000.0,
            zero_is_gap: false,
            ..Meter::new(id(&meter), id("building"), *carrier)
        };
        register.meters.insert(row.id.clone(), History::always(row));
        readings.push(reading(&meter, *quantity, span.from, *amount));
    }
    (register, readings)
}

fn number(row: &HashMap<String, String>, column: &str) -> f64 {
    row[column].replace(',', "").parse().unwrap()
}

/// seattle-2016-offices: `area_m2`, `electricity_eui_kwh_m2`, `eui_from_totals_kwh_m2` (once from the published total, once from
/// its carriers), `balance_ok` of every office; 2016 is a leap year of 8,784 hours.
///
/// Left out: `eui_published_kwh_m2` (rests on areas that are not published), `summary` (of those), `status`, `outlier`.
/// 49784 published a negative use of electricity, which is outside the range of the quantity: it has no figure.
#[test]
fn a_year_of_seattle_offices_from_their_totals() {
    let Some(folder) = folder("seattle-2016-offices") else { return };
    let truth = truth(&folder);
    let table = text(folder.join("benchmarking_2016_offices.csv"));
    let (mut compared, mut unbalanced) = (0, Vec::new());
    for row in rows(table.trim_start_matches('\u{feff}')) {
        let name = row["OSEBuildingID"].as_str();
        let expected = &truth["buildings"][name];
        let area = number(&row, "PropertyGFABuilding(s)") * M2_PER_SQUARE_FOOT;
        assert_close(name, area, &expected["area_m2"], 1e-3);
        let year = |used: &[(Carrier, Quantity, f64)]| totals("America/Los_Angeles", 2016, area, used);
        let kwh = number(&row, "Electricity(kWh)");
        let (register, readings) = year(&[(Carrier::Electricity, Quantity::Energy, kwh)]);
        let intensity = measured(register, Measure::Eui, Period::Year, &plausible(readings));
        if kwh < 0.0 {
            assert_eq!((name, intensity.len()), ("49784", 0));
            continue;
        }
        assert_close(name, intensity[0].value.unwrap(), &expected["electricity_eui_kwh_m2"], 1e-4);
        assert!((intensity[0].coverage - 1.0).abs() < 1e-9, "{name}: {}", intensity[0].coverage);
        compared += 1;
        // The clause that adds carriers closes 8,784 hours a building: one in eight, and those that do not add up.
        let does_add_up = expected["balance_ok"].as_bool().unwrap();
        if compared % 8 != 0 && does_add_up {
            continue;
        }
        let total = number(&row, "SiteEnergyUse(kBtu)") * KWH_PER_KBTU;
        let (register, readings) = year(&[(Carrier::Electricity, Quantity::Energy, total)]);
        let whole = measured(register, Measure::Eui, Period::Year, &readings);
        assert_close(name, whole[0].value.unwrap(), &expected["eui_from_totals_kwh_m2"], 1e-4);
        // Ten kWh a cubic metre of gas; steam as heat.
        let (register, readings) = year(&[
            (Carrier::Electricity, Quantity::Energy, number(&row, "Electricity(kBtu)") * KWH_PER_KBTU),
            (Carrier::Gas, Quantity::GasUsed, number(&row, "NaturalGas(kBtu)") * KWH_PER_KBTU / 10.0),
            (Carrier::Heat, Quantity::HeatUsed, number(&row, "SteamUse(kBtu)") * KWH_PER_KBTU / KWH_PER_GJ),
        ]);
        let factors = [(Carrier::Electricity, 1.0), (Carrier::Gas, 10.0), (Carrier::Heat, KWH_PER_GJ)];
        let parts = verdict(register, Measure::Eui, BTreeMap::from(factors), &readings).value.unwrap();
        let is_balanced = (parts * area - total).abs() <= 0.01 * total;
        assert_eq!(is_balanced, does_add_up, "{name} balance_ok");
        if !is_balanced {
            unbalanced.push(name.to_owned());
        }
    }
    println!("seattle-2016-offices: {compared} office years agree, parts of {unbalanced:?} do not add up");
    assert_eq!((compared, unbalanced.len()), (234, 5));
}

/// An organ with so many people in a building, and what a year's totals say of it.
struct Organ {
    register: Register,
    readings: Vec<Reading>,
}

impl Organ {
    fn new(area: f64, people: f64, used: &[(Carrier, Quantity, f64)]) -> Self {
        let (mut register, readings) = totals("Asia/Shanghai", 2021, area, used);
        let body = Body { name: String::new(), energy_headcount: Some(people), ..Body::new(id("organ")) };
        register.bodies.insert(id("organ"), History::always(body));
        let mut place = register.places[&id("building")].last().unwrap().clone();
        place.body = Some(id("organ"));
        register.places.insert(id("building"), History::always(place));
        Self { register, readings }
    }

    fn says(&self, measure: Measure, factors: &[(Carrier, f64)]) -> f64 {
        let factors = factors.iter().copied().collect();
        verdict(self.register.clone(), measure, factors, &self.readings).value.unwrap()
    }
}

/// Calorific equivalent of electricity, kgce a kWh.
const KGCE: f64 = 0.1229;

/// china-public-institutions: `kwh_equivalent_per_m2`, `implied_m2_per_person`, and the published energy and water per area and
/// person that they rest on. Each average makes a building of 1,000 m2 that uses just that.
///
/// Left out: `electricity_per_m2` (the published figures themselves).
#[test]
fn published_averages_of_chinese_institutions_come_out_of_a_building_that_uses_them() {
    let Some(folder) = folder("china-public-institutions") else { return };
    let truth = truth(&folder);
    let mut published: BTreeMap<String, BTreeMap<String, f64>> = BTreeMap::new();
    for row in rows(&text(folder.join("published_indicators.csv"))) {
        let name = format!("{} {} {}", row["region"], row["period"], row["category"]);
        published.entry(name).or_default().insert(row["metric"].clone(), row["value"].parse().unwrap());
    }
    let (mut compared, mut implied) = (0, Vec::new());
    for (name, figures) in &published {
        let Some(per_area) = figures.get("energy_area") else { continue };
        let per_person = figures["energy_person"];
        let people = 1000.0 * per_area / per_person;
        let water = figures["water_person"] * people;
        let organ = Organ::new(
            1000.0,
            people,
            &[
                (Carrier::Electricity, Quantity::Energy, per_area / KGCE * 1000.0),
                (Carrier::Water, Quantity::WaterUsed, water),
            ],
        );
        let equivalent = organ.says(Measure::Eui, &[]);
        assert_close(name, equivalent, &truth["kwh_equivalent_per_m2"][name], 1e-4);
        let coal = [(Carrier::Electricity, KGCE)];
        let near = |measure, factors: &[(Carrier, f64)], expected: f64| {
            let ours = organ.says(measure, factors);
            assert!((ours - expected).abs() < 1e-4, "{name} {}: {ours}, {expected}", measure.name());
            ours
        };
        let area = near(Measure::Eui, &coal, *per_area);
        let person = near(Measure::EnergyPerPerson, &coal, per_person);
        near(Measure::WaterPerPerson, &[], figures["water_person"]);
        implied.push(person / area);
        compared += 1;
    }
    assert_eq!(compared, truth["kwh_equivalent_per_m2"].as_object().unwrap().len());
    for (name, expected) in truth["implied_m2_per_person"].as_object().unwrap() {
        // Beijing published electricity, not coal; its quotient is not repeated here.
        if !name.starts_with("Beijing") {
            let expected = expected.as_f64().unwrap();
            assert!(implied.iter().any(|ours| (ours - expected).abs() < 1e-3), "{name}: {implied:?}");
        }
    }
    println!("china-public-institutions: {compared} averages agree");
}

#[test]
fn a_year_total_is_no_figure_of_a_month_and_the_leap_day_belongs_to_its_year() {
    let (register, readings) =
        totals("Asia/Shanghai", 2024, 100.0, &[(Carrier::Electricity, Quantity::Energy, 8784.0)]);
    let year = measured(register.clone(), Measure::Electricity, Period::Year, &readings);
    assert_eq!((year.len(), year[0].value, year[0].coverage), (1, Some(8784.0), 1.0));
    assert_eq!(year[0].to, Instant::parse("2025-01-01T00:00:00+08:00").unwrap());
    let months = measured(register, Measure::Electricity, Period::Month, &readings);
    assert_eq!((months.len(), months.iter().filter(|m| m.value.is_some()).count()), (12, 0));
}
