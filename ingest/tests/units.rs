//! Names that are in no list, by their words and the unit that stands with them.

#![expect(clippy::unwrap_used, clippy::panic, reason = "test code outside #[test] functions")]

use ingest::{Decoded, Decoder, Format, Message, Routes};
use model::Quantity as Q;

fn read(payload: &str) -> Vec<(Q, Option<String>, f64)> {
    let message =
        Message { topic: "site/gateway", payload: payload.as_bytes(), retained: false, received_at: None };
    match Decoder::new(Routes::defaults()).decode_as(Format::VendorJson, &message).unwrap() {
        Decoded::Readings(readings) => readings
            .into_iter()
            .map(|r| (r.quantity, r.channel.map(|c| c.to_string()), (r.value * 1e4).round() / 1e4))
            .collect(),
        Decoded::Ignored(_) => Vec::new(),
    }
}

fn one(payload: &str) -> (Q, String, f64) {
    match read(payload).as_slice() {
        [(quantity, channel, value)] => (*quantity, channel.clone().unwrap_or_default(), *value),
        other => panic!("{payload}: {other:?}"),
    }
}

#[test]
fn a_word_that_is_measured_in_the_unit_tells_what_and_the_others_where() {
    assert_eq!(one(r#"{"current_used_A":1.29}"#), (Q::Current, "used".into(), 1.29));
    assert_eq!(one(r#"{"feeder_current_a":10.4}"#), (Q::Current, "feeder".into(), 10.4));
    assert_eq!(
        one(r#"{"name":"CO2 Kantine","value":640,"unit":"ppm"}"#),
        (Q::Co2, "other-kantine".into(), 640.0)
    );
    assert_eq!(
        one(r#"{"objectName":"Room 301 CO2","presentValue":812,"units":"parts-per-million"}"#),
        (Q::Co2, "301".into(), 812.0),
        "a number is a place, not another air"
    );
    assert_eq!(one(r#"{"Grid_Export_kWh":3.5}"#), (Q::EnergyExport, "other-grid".into(), 3.5));
}

#[test]
fn a_unit_that_measures_one_thing_alone_is_enough() {
    assert_eq!(
        read(r#"{"Mains_Watts":1234.5,"Mains_Wh":55667,"Mains_Amps":5.3,"Mains_Hz":50.01}"#),
        [
            (Q::Power, Some("mains".into()), 1234.5),
            (Q::EnergyImport, Some("other-mains".into()), 55.667),
            (Q::Current, Some("mains".into()), 5.3),
            (Q::Frequency, Some("mains".into()), 50.01),
        ]
    );
    assert_eq!(one(r#"{"avg":2.376,"avgu":"kW"}"#), (Q::Power, String::new(), 2376.0));
    assert_eq!(read(r#"{"sampling_Hz":1000}"#), [], "no supply has such a frequency");
}

#[test]
fn a_letter_at_the_end_of_a_name_is_no_unit_by_itself() {
    assert_eq!(read(r#"{"room_A":12,"zone_W":3,"block_V":7,"sensor_a":5}"#), []);
}

#[test]
fn limits_periods_prices_and_what_flows_elsewhere_are_not_read() {
    let names = [
        "overload_limit_W",
        "energy_today_kWh",
        "kWh_last_month",
        "price_per_kWh",
        "rated_current_A",
        "pv_yield_kWh",
        "battery_charge_kW",
        "heat_pump_max_kW",
        "duct_pressure_Pa",
        "dc_bus_mV",
    ];
    for name in names {
        assert_eq!(read(&format!(r#"{{"{name}":42}}"#)), [], "{name}");
    }
}

#[test]
fn a_name_that_says_something_is_not_read_as_what_its_unit_says() {
    assert_eq!(read(r#"{"energy":{"value":3,"unit":"lx"}}"#), []);
    assert_eq!(read(r#"{"co2":{"value":3,"unit":"kWh"}}"#), []);
}

#[test]
fn records_of_sensors_without_names_are_what_their_units_say_and_any_other_word_forbids_it() {
    let records = r#"{"readings":[{"source_id":"x-1","value":23.5,"unit":"°C"},{"source_id":"x-2","value":1013,"unit":"hPa"}]}"#;
    assert_eq!(read(records), [(Q::Temperature, None, 23.5), (Q::Pressure, None, 1013.0)]);
    let beside = [
        r#""source_id":"x","what":"oven""#,
        r#""point_id":"boiler_flow""#,
        r#""tagid":"SP1""#,
        r#""code":12"#,
        r#""source_id":"x","setpoint":true"#,
        r#""source_id":"x","meta":{"name":"boiler"}"#,
        r#""a":1"#,
    ];
    for beside in beside {
        assert_eq!(read(&format!(r#"{{"readings":[{{{beside},"value":40,"unit":"°C"}}]}}"#)), [], "{beside}");
    }
    assert_eq!(read(r#"{"cmd":"write","points":[{"value":21,"unit":"°C"}]}"#), []);
    assert_eq!(read(r#"{"value":21.5,"unit":"°C"}"#), [], "a lone value is named by its topic");
}

#[test]
fn what_a_building_has_outdoors_is_not_its_weather_and_cold_water_is_not_all_of_it() {
    for name in ["outdoor_coil_C", "outdoor_lockout_C", "outdoor_co2_assumed_ppm"] {
        assert_eq!(read(&format!(r#"{{"{name}":42}}"#)), [], "{name}");
    }
    assert_eq!(one(r#"{"hot_water_L":1500}"#), (Q::Water, "other-hot".into(), 1.5));
    assert_eq!(one(r#"{"night_kWh":4}"#).1, "other-night");
}

#[test]
fn a_label_that_says_setting_is_believed_before_one_that_names_a_quantity() {
    for (name, tag) in
        [("High limit", "temperature"), ("alarm level", "co2"), ("presence timeout", "presence")]
    {
        assert_eq!(
            read(&format!(r#"{{"points":[{{"name":"{name}","tag":"{tag}","value":30}}]}}"#)),
            [],
            "{name}"
        );
    }
}

#[test]
fn one_scale_beside_is_of_every_temperature_and_of_nothing_else() {
    assert_eq!(
        read(r#"{"temperature":72.5,"humidity":31,"scale":"FAHRENHEIT"}"#),
        [(Q::Temperature, None, 22.5), (Q::Humidity, None, 31.0)]
    );
    assert_eq!(one(r#"{"temp_c":22,"temp_unit":"F"}"#), (Q::Temperature, String::new(), 22.0));
    assert_eq!(one(r#"{"celsius":22,"scale":"F"}"#), (Q::Temperature, String::new(), 22.0));
    let shown = r#"{"local_temperature":22.5,"temperature_unit":"fahrenheit","humidity":40}"#;
    assert_eq!(
        read(shown),
        [(Q::Humidity, None, 40.0)],
        "22 °F are in no office, and what is shown may not be what is sent"
    );
}

#[test]
fn phases_may_stand_in_an_object_of_many() {
    assert_eq!(
        read(
            r#"{"voltages":{"L1":230.1,"L2":{"value":229.9,"unit":"V"}},"currents":{"L1":{"value":1500,"unit":"mA"}}}"#
        ),
        [
            (Q::Voltage, Some("l1".into()), 230.1),
            (Q::Voltage, Some("l2".into()), 229.9),
            (Q::Current, Some("l1".into()), 1.5)
        ]
    );
}

#[test]
fn figures_below_the_line_and_points_in_names_are_read() {
    let sensors = r#"{"sensors":[{"name":"CO₂","unit":"ppm","value":659},{"name":"X9 - PM2.5","unit":"ug/m3","value":9}]}"#;
    assert_eq!(read(sensors), [(Q::Co2, None, 659.0), (Q::Pm2_5, Some("other-x9".into()), 9.0)]);
}

#[test]
fn a_name_that_ends_in_one_is_apart_from_the_rooms_air_and_a_state_needs_words_that_say_where() {
    assert_eq!(one(r#"{"CellarHumidity":60}"#), (Q::Humidity, "other-cellar".into(), 60.0));
    assert_eq!(one(r#"{"pointName":"ZoneOccupancy","pointValue":true}"#), (Q::Occupied, "zone".into(), 1.0));
    for name in
        ["expectedOccupancy", "nightMotion", "boost_temperature", "humidity_max", "targetCo2", "HallPower"]
    {
        assert_eq!(read(&format!(r#"{{"{name}":1}}"#)), [], "{name}");
    }
}

#[test]
fn when_somebody_was_there_last_is_no_state() {
    for name in ["last_presence", "last_occupancy", "average_presence", "room_last_motion"] {
        assert_eq!(read(&format!(r#"{{"{name}":35}}"#)), [], "{name}");
    }
    assert_eq!(one(r#"{"sensor_presence":true}"#).0, Q::Occupied);
}

#[test]
fn the_heat_of_a_floor_is_not_the_rooms() {
    assert_eq!(one(r#"{"floor_temperature":27}"#), (Q::Temperature, "surface".into(), 27.0));
}

#[test]
fn a_current_in_an_object_that_says_nothing_of_people_is_a_current() {
    let read = read(r#"{"state":{"current":123,"power":28,"voltage":231}}"#);
    assert!(read.contains(&(Q::Current, None, 0.123)), "{read:?}");
}

#[test]
fn a_name_of_very_many_words_is_a_text_and_costs_no_more_than_its_length() {
    let name = "wall ".repeat(100_000);
    assert_eq!(
        read(&format!(
            r#"{{"{name}temperature":21,"list":[{{"name":"{name}CO2","value":600,"unit":"ppm"}}]}}"#
        )),
        []
    );
}
