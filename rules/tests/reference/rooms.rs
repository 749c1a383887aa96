//! Occupation and air of real rooms.

use jiff::civil::Time;
use model::{Instant, Period, Quantity, Reading, Register};
use rules::{Measure, MeasureRow};
use serde_json::Value;

use crate::data::{assert_close, folder, id, measured, reading, room, rows, text, truth};

/// Blocks of who was in: `working_hours.{utilisation, observed_min, seat_utilisation}`, `all_hours.utilisation`,
/// `weeks.*.{utilisation, observed_min, seat_utilisation}`, `peak_count`, `peak_first_at`.
pub(crate) fn compare_occupancy(at: &str, register: &Register, readings: &[Reading], truth: &Value) {
    let of = |measure, period| measured(register.clone(), measure, period, readings);
    let all = of(Measure::Utilisation, Period::All);
    assert_close(at, all[0].value.unwrap(), &truth["working_hours"]["utilisation"], 1e-6);
    let minutes = observed_minutes(register, &all[0]);
    assert_close(&format!("{at} observed_min"), minutes, &truth["working_hours"]["observed_min"], 0.2);
    let weeks = of(Measure::Utilisation, Period::Week);
    compare_weeks(at, register, &weeks, &truth["weeks"], "utilisation");
    if let Some(seats) = truth["working_hours"].get("seat_utilisation") {
        let all = of(Measure::SeatUtilisation, Period::All);
        assert_close(at, all[0].value.unwrap(), seats, 1e-6);
        let weeks = of(Measure::SeatUtilisation, Period::Week);
        compare_weeks(at, register, &weeks, &truth["weeks"], "seat_utilisation");
    }
    if let Some(all_hours) = truth.get("all_hours") {
        let mut open = register.clone();
        open.calendar.working_hours =
            model::WorkingHours { days: [true; 7], from: Time::midnight(), to: Time::midnight() };
        let all = measured(open, Measure::Utilisation, Period::All, readings);
        assert_close(&format!("{at} all_hours"), all[0].value.unwrap(), &all_hours["utilisation"], 1e-6);
    }
    if let (Some(peak), true) =
        (truth.get("peak_count"), readings[0].series.quantity == Quantity::PeopleCount)
    {
        let all = of(Measure::PeakPeople, Period::All);
        assert_close(at, all[0].value.unwrap(), peak, 0.0);
    }
}

/// Coverage as minutes of the working time of a row's period.
fn observed_minutes(register: &Register, row: &MeasureRow) -> f64 {
    let span = model::Span::new(row.from, row.to);
    let working: i64 = register.calendar.working_spans(span).iter().map(|s| s.millis()).sum();
    row.coverage * working as f64 / 60_000.0
}

fn compare_weeks(at: &str, register: &Register, rows: &[MeasureRow], truth: &Value, field: &str) {
    let mut seen = 0;
    for row in rows.iter().filter(|r| r.value.is_some()) {
        let date = register.calendar.date(row.from).iso_week_date();
        let week = format!("{}-W{:02}", date.year(), date.week());
        assert_close(&format!("{at} {week} {field}"), row.value.unwrap(), &truth[&week][field], 1e-6);
        let minutes = observed_minutes(register, row);
        assert_close(&format!("{at} {week} observed_min"), minutes, &truth[&week]["observed_min"], 0.01);
        seen += 1;
    }
    let expected = truth.as_object().unwrap().values().filter(|w| w["observed_min"].as_f64() > Some(0.0));
    assert_eq!(seen, expected.count(), "{at}: weeks with evidence");
}

/// Blocks of air (`qc` where it differs): `observed_min`, `observed_min_working`, `mean_time_weighted`,
/// `mean_time_weighted_working`, `hours_valid`, `max_hour_mean`, `max_hour_mean_at`, `hours_mean_above_1000`.
pub(crate) fn compare_gauge(
    at: &str,
    register: &Register,
    measure: Measure,
    readings: &[Reading],
    block: &Value,
) {
    let truth = block.get("qc").unwrap_or(&block["raw"]);
    let hours = measured(register.clone(), measure, Period::Hour, readings);
    let is_working = |h: &&MeasureRow| {
        let span = model::Span::new(h.from, h.to);
        register.calendar.working_spans(span) == [span]
    };
    let known: Vec<&MeasureRow> = hours.iter().filter(|h| h.value.is_some()).collect();
    let working: Vec<&MeasureRow> = known.iter().copied().filter(is_working).collect();
    for (hours, suffix) in [(&known, ""), (&working, "_working")] {
        let sum = |f: fn(&MeasureRow) -> f64| -> f64 { hours.iter().map(|h| f(h)).sum() };
        let minutes = sum(|h| h.coverage * 60.0);
        if let Some(expected) = truth.get(format!("observed_min{suffix}")) {
            assert_close(&format!("{at} observed_min{suffix}"), minutes, expected, 0.03);
        }
        if let Some(expected) = truth.get(format!("mean_time_weighted{suffix}")) {
            let mean = sum(|h| h.value.unwrap() * h.coverage * 60.0) / minutes;
            assert_close(&format!("{at} mean_time_weighted{suffix}"), mean, expected, 1e-3);
        }
    }
    if truth.get("hours_valid").is_none() {
        return;
    }
    let valid: Vec<&MeasureRow> = hours.iter().filter(|h| h.coverage >= 0.75).collect();
    assert_eq!(u64::try_from(valid.len()).ok(), truth["hours_valid"].as_u64(), "{at} hours_valid");
    let above = valid.iter().filter(|h| h.value.unwrap() > 1000.0).count();
    assert_eq!(u64::try_from(above).ok(), truth["hours_mean_above_1000"].as_u64(), "{at} hours above 1000");
    let max = valid.iter().max_by(|a, b| a.value.unwrap().total_cmp(&b.value.unwrap())).unwrap();
    assert_close(&format!("{at} max_hour_mean"), max.value.unwrap(), &truth["max_hour_mean"], 1e-4);
    let expected = Instant::parse(truth["max_hour_mean_at"].as_str().unwrap()).unwrap();
    assert_eq!(max.from, expected, "{at} max_hour_mean_at");
}

fn series(
    table: &[std::collections::HashMap<String, String>],
    column: &str,
    quantity: Quantity,
    time: impl Fn(&std::collections::HashMap<String, String>) -> Instant,
) -> Vec<Reading> {
    let filled = table.iter().filter(|row| !row[column].is_empty());
    filled.map(|row| reading("sensor", quantity, time(row), row[column].parse().unwrap())).collect()
}

const GAUGES: [(&str, Quantity, Measure); 3] = [
    ("co2", Quantity::Co2, Measure::Co2HourMean),
    ("temperature", Quantity::Temperature, Measure::TemperatureHourMean),
    ("humidity", Quantity::Humidity, Measure::HumidityHourMean),
];

#[test]
fn two_rooms_in_singapore() {
    let Some(folder) = folder("robod") else { return };
    let truth = truth(&folder);
    let time = |row: &std::collections::HashMap<String, String>| {
        Instant::parse(&row["timestamp"].replacen(' ', "T", 1).replace(' ', ":00")).unwrap()
    };
    for (name, expected) in truth["rooms"].as_object().unwrap() {
        let table = rows(&text(folder.join(format!("combined_{name}.csv.gz"))));
        let register = room("Asia/Singapore", 300.0, 900.0, expected["seats"].as_f64());
        let people = series(&table, "occupant_count", Quantity::PeopleCount, time);
        compare_occupancy(name, &register, &people, &expected["occupancy"]);
        let columns = ["indoor_co2", "air_temperature", "indoor_relative_humidity"];
        for ((field, quantity, measure), column) in GAUGES.into_iter().zip(columns) {
            let readings = series(&table, column, quantity, time);
            compare_gauge(&format!("{name} {field}"), &register, measure, &readings, &expected[field]);
        }
    }
    println!("robod: {} rooms agree", truth["rooms"].as_object().unwrap().len());
}

#[test]
fn twenty_three_rooms_in_berkeley() {
    let Some(folder) = folder("keti-sdh") else { return };
    let truth = truth(&folder);
    let time = |row: &std::collections::HashMap<String, String>| {
        Instant::parse(&format!("{}Z", row["timestamp"])).unwrap()
    };
    for (name, expected) in truth["rooms"].as_object().unwrap() {
        let table = rows(&text(folder.join(format!("{name}.csv.gz"))));
        let register = room("America/Los_Angeles", 60.0, 300.0, None);
        let motion = series(&table, "pir", Quantity::Motion, time);
        compare_occupancy(name, &register, &motion, &expected["motion_15min"]);
        for (field, quantity, measure) in GAUGES {
            let readings = series(&table, field, quantity, time);
            compare_gauge(&format!("{name} {field}"), &register, measure, &readings, &expected[field]);
        }
    }
    println!("keti-sdh: {} rooms agree", truth["rooms"].as_object().unwrap().len());
}

#[test]
fn one_office_in_mons() {
    let Some(folder) = folder("uci-occupancy-detection") else { return };
    let truth = truth(&folder);
    for (name, expected) in truth["series"].as_object().unwrap() {
        // The header lacks the name of the row id.
        let table = rows(&format!("\"id\",{}", text(folder.join(format!("{name}.txt")))));
        let time = |row: &std::collections::HashMap<String, String>| {
            Instant::parse(&format!("{}+01:00", row["date"])).unwrap()
        };
        let register = room("Europe/Brussels", 60.0, 180.0, None);
        let occupied = series(&table, "Occupancy", Quantity::Occupied, time);
        compare_occupancy(name, &register, &occupied, &expected["occupancy"]);
        for ((field, quantity, measure), column) in GAUGES.into_iter().zip(["CO2", "Temperature", "Humidity"])
        {
            let readings = series(&table, column, quantity, time);
            compare_gauge(&format!("{name} {field}"), &register, measure, &readings, &expected[field]);
        }
    }
}

#[test]
fn one_room_with_counts_and_two_motion_sensors() {
    let Some(folder) = folder("uci-room-occupancy-estimation") else { return };
    let truth = truth(&folder);
    let table = rows(&text(folder.join("occupancy_estimation.csv.gz")));
    let time = |row: &std::collections::HashMap<String, String>| {
        Instant::parse(&format!("{} {:0>8}Z", row["Date"].replace('/', "-"), row["Time"])).unwrap()
    };
    let mut register = room("UTC", 30.0, 120.0, None);
    let people = series(&table, "Room_Occupancy_Count", Quantity::PeopleCount, time);
    compare_occupancy("count", &register, &people, &truth["occupancy"]);
    for (field, quantity, measure, column) in [
        ("co2_S5", Quantity::Co2, Measure::Co2HourMean, "S5_CO2"),
        ("temperature_S1", Quantity::Temperature, Measure::TemperatureHourMean, "S1_Temp"),
    ] {
        let readings = series(&table, column, quantity, time);
        compare_gauge(field, &register, measure, &readings, &truth[field]);
    }
    let mut both = series(&table, "S6_PIR", Quantity::Motion, time);
    let second = series(&table, "S7_PIR", Quantity::Motion, time);
    let sensor = register.sensors[&id("sensor")].last().unwrap().clone();
    let sensor = model::register::Sensor { id: id("second"), ..sensor };
    register.sensors.insert(id("second"), model::register::History::always(sensor));
    both.extend(second.into_iter().map(|mut r| {
        r.series.sensor = id("second");
        r
    }));
    compare_occupancy("motion", &register, &both, &truth["motion_15min_S6_or_S7"]);
}

/// ghent-offices: `occupancy` and `co2` of both rooms, over the spring change of the clock.
/// Left out: `min_co2_above_1000_while_occupied` (minutes above are no measure of ours; its figure is a mean).
#[test]
fn two_offices_in_ghent() {
    let Some(folder) = folder("ghent-offices") else { return };
    let truth = truth(&folder);
    let time = |row: &std::collections::HashMap<String, String>| Instant::parse(&row["timestamp"]).unwrap();
    for (name, expected) in truth["rooms"].as_object().unwrap() {
        let table = rows(&text(folder.join(format!("{name}.csv.gz"))));
        let register = room("Europe/Brussels", 600.0, 1800.0, None);
        let occupied = series(&table, "presence", Quantity::Occupied, time);
        compare_occupancy(name, &register, &occupied, &expected["occupancy"]);
        let readings = series(&table, "CO2", Quantity::Co2, time);
        compare_gauge(name, &register, Measure::Co2HourMean, &readings, &expected["co2"]);
    }
}
