//! Energy use intensity of real office buildings.

use model::{Instant, Period, Quantity, Reading};
use rules::Measure;

use crate::data::{assert_close, building, folder, measured, reading, rows, text, truth};

/// bdg2-offices, fields `eui_annualised`, `valid_share`, `reportable` of every building and year.
/// The labels are naive local hours on a full grid, so they are read in UTC.
#[test]
fn annualised_intensity_and_valid_share_of_hourly_electricity() {
    let Some(folder) = folder("bdg2-offices") else { return };
    let truth = truth(&folder);
    let table = rows(&text(folder.join("electricity.csv.gz")));
    let mut compared = 0;
    for (name, expected) in truth["buildings"].as_object().unwrap() {
        let readings: Vec<Reading> = table
            .iter()
            .filter(|row| !row[name].is_empty())
            .map(|row| {
                let time = Instant::parse(&format!("{}Z", row["timestamp"])).unwrap();
                reading("meter", Quantity::Energy, time, row[name].parse().unwrap())
            })
            .collect();
        let register = building("UTC", expected["sqm"].as_f64().unwrap());
        for row in measured(register, Measure::Eui, Period::Year, &readings) {
            let year: String = row.from.to_string().chars().take(4).collect();
            let expected = &expected["years"][&year];
            assert_close(&format!("{name} {year} valid_share"), row.coverage, &expected["valid_share"], 1e-6);
            if let Some(value) = row.value {
                let at = format!("{name} {year} eui_annualised");
                assert_close(&at, value, &expected["eui_annualised"], 1e-4);
                assert_eq!(row.coverage >= 0.9, expected["reportable"].as_bool().unwrap(), "{name} {year}");
            }
            compared += 1;
        }
    }
    println!("bdg2-offices: {compared} building years agree");
    assert_eq!(compared, 36);
}
