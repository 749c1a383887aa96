//! What lets a device that nobody has seen be read: one mechanism a test, with messages of our own making.
#![allow(clippy::unwrap_used, clippy::panic, reason = "test helpers")]

use ingest::{Decoded, Decoder, Format, Message, Routes};
use model::Quantity as Q;

type Row = (Q, Option<String>, f64);

/// Quantity, channel and value of what a network server's object says.
fn read(object: &str) -> Vec<Row> {
    let payload = format!(r#"{{"deviceInfo":{{"devEui":"00aa11bb22cc33dd"}},"object":{object}}}"#);
    let topic = "application/a/device/00aa11bb22cc33dd/event/up";
    let message = Message { topic, payload: payload.as_bytes(), retained: false, received_at: None };
    match Decoder::new(Routes::defaults()).decode_as(Format::ChirpstackV4, &message) {
        Ok(Decoded::Readings(readings)) => readings
            .into_iter()
            .map(|r| (r.quantity, r.channel.map(|c| c.to_string()), (r.value * 1e6).round() / 1e6))
            .collect(),
        Ok(Decoded::Ignored(_)) => Vec::new(),
        Err(error) => panic!("{object}: {error}"),
    }
}

fn plain(object: &str) -> Vec<(Q, f64)> {
    read(object).into_iter().map(|(quantity, _, value)| (quantity, value)).collect()
}

fn row(quantity: Q, channel: &str, value: f64) -> Row {
    (quantity, Some(channel.to_owned()), value)
}

#[test]
fn channels_are_numbers_lines_tariffs_and_places() {
    assert_eq!(
        read(
            r#"{"temperature_chn2":4.5,"averageVoltageL1":230,"Active Energy Import T1":{"unit":"Wh","value":900}}"#
        ),
        [row(Q::Temperature, "2", 4.5), row(Q::Voltage, "l1", 230.0), row(Q::EnergyImport, "t1", 0.9)]
    );
    assert_eq!(
        read(r#"{"power_left":5,"phase2_rms_current":1.5}"#),
        [row(Q::Power, "left", 5.0), row(Q::Current, "2", 1.5)]
    );
    assert_eq!(read(r#"{"B相电压":231}"#), [row(Q::Voltage, "b", 231.0)]);
}

#[test]
fn a_place_in_a_list_is_a_channel_only_among_its_like() {
    let apart = r#"{"messages":[{"type":"Air Temperature","value":21},{"type":"Air Humidity","value":40}]}"#;
    assert_eq!(read(apart), [(Q::Temperature, None, 21.0), (Q::Humidity, None, 40.0)]);
    let alike = r#"{"inputs":[{"current":1},{"current":2}]}"#;
    assert_eq!(read(alike), [row(Q::Current, "1", 1.0), row(Q::Current, "2", 2.0)]);
    let numbered = r#"{"inputs":[{"channel":4,"current":1},{"channel":7,"current":2}]}"#;
    assert_eq!(read(numbered), [row(Q::Current, "4", 1.0), row(Q::Current, "7", 2.0)]);
}

#[test]
fn a_channel_beside_a_lone_value_tells_it_from_that_of_another_message() {
    assert_eq!(read(r#"{"channel":2,"current":0.5}"#), [row(Q::Current, "2", 0.5)]);
    assert_eq!(read(r#"{"ch":"left","power":5}"#), [row(Q::Power, "left", 5.0)]);
    assert_eq!(
        read(r#"{"channel":1,"total_energy_kwh":1250,"phase":"L1"}"#),
        [row(Q::EnergyImport, "1", 1250.0)]
    );
    assert_eq!(read(r#"{"line":"L2","voltage":{"value":231,"unit":"V"}}"#), [row(Q::Voltage, "L2", 231.0)]);
    // A channel of the radio changes with every message, and what a device does is no part of it.
    for alone in [
        r#"{"channel":5,"rssi":-80,"sf":9,"temperature":21}"#,
        r#"{"phase":"heating","temperature":21}"#,
        r#"{"radio":{"channel":5},"temperature":21}"#,
        r#"{"channel":null,"temperature":21}"#,
    ] {
        let air: Vec<Row> = read(alone).into_iter().filter(|row| row.0 == Q::Temperature).collect();
        assert_eq!(air, [(Q::Temperature, None, 21.0)], "{alone}");
    }
}

#[test]
fn a_text_beside_a_value_names_it_under_any_key() {
    assert_eq!(
        plain(r#"{"points":[{"what":"Room temperature","measuredValue":"21,5","unit":"°C"}]}"#),
        [(Q::Temperature, 21.5)]
    );
    assert_eq!(plain(r#"{"points":[{"n":"battery","v":3.25,"u":"V"}]}"#), [(Q::BatteryVoltage, 3.25)]);
    assert_eq!(plain(r#"{"messages":[{"measurementId":4100,"measurementValue":640}]}"#), [(Q::Co2, 640.0)]);
    assert_eq!(
        plain(r#"{"points":[{"what":"valve opening","value":21,"unit":"°C"}]}"#),
        [],
        "a unit alone is not enough"
    );
}

#[test]
fn a_battery_is_in_volts_millivolts_or_percent_by_what_it_can_be() {
    assert_eq!(plain(r#"{"battery":3.55}"#), [(Q::BatteryVoltage, 3.55)]);
    assert_eq!(plain(r#"{"battery":3550}"#), [(Q::BatteryVoltage, 3.55)]);
    assert_eq!(plain(r#"{"battery":3}"#), [(Q::BatteryLevel, 3.0)]);
    assert_eq!(plain(r#"{"battery":92.5}"#), [(Q::BatteryLevel, 92.5)]);
    assert_eq!(
        plain(r#"{"battery":{"value":3.5,"unit":"%"}}"#),
        [(Q::BatteryLevel, 3.5)],
        "a stated unit decides"
    );
}

#[test]
fn a_low_voltage_is_a_cell_unless_something_electrical_is_measured() {
    assert_eq!(plain(r#"{"voltage":3.3,"temperature":20}"#).first(), Some(&(Q::BatteryVoltage, 3.3)));
    assert_eq!(plain(r#"{"voltage":3.3,"current":2}"#).first(), Some(&(Q::Voltage, 3.3)));
    assert_eq!(plain(r#"{"voltage":231.5}"#), [(Q::Voltage, 231.5)]);
}

#[test]
fn a_name_that_says_little_needs_a_unit_of_energy() {
    assert_eq!(
        plain(r#"{"import_kWh":12.5,"export_kWh":1}"#),
        [(Q::EnergyImport, 12.5), (Q::EnergyExport, 1.0)]
    );
    assert_eq!(plain(r#"{"import":12.5,"counter":9,"total":4,"index":7}"#), []);
    assert_eq!(plain(r#"{"total":{"value":3,"unit":"W"}}"#), [(Q::Power, 3.0)], "power is no energy");
}

#[test]
fn a_meter_that_prints_units_for_names_is_read() {
    assert_eq!(
        read(r#"{"V L1-N":231,"W sys":512,"Hz":50,"kWh (+) TOT":12.5,"kWh (-) TOT":1}"#),
        [
            row(Q::Voltage, "l1-n", 231.0),
            (Q::Power, None, 512.0),
            (Q::Frequency, None, 50.0),
            (Q::EnergyImport, None, 12.5)
        ]
    );
    assert_eq!(plain(r#"{"x":1,"w":4}"#), [], "a letter alone is nothing");
}

#[test]
fn particles_of_one_micrometre_are_not_pm10() {
    for name in ["pm1_0", "PM1.0", "pm_1_0", "pm1"] {
        assert_eq!(
            plain(&format!(r#"{{"{name}":9,"pm2_5":5,"pm10":6}}"#)),
            [(Q::Pm2_5, 5.0), (Q::Pm10, 6.0)],
            "{name}"
        );
    }
}

#[test]
fn limits_settings_and_statistics_are_not_the_value() {
    let object = r#"{"co2":700,"co2_alarm_threshold":1500,"temperature_min":18,"temperature_max":24,"temperature_offset":0.5,
        "high_temperature":30,"temperatureRange":{"min":5,"max":30},"cmd":{"value":{"count_in":7}},"power_on_time":3600,
        "vocIndex":80,"energy_id":12,"current_firmware":1.2}"#;
    assert_eq!(plain(object), [(Q::Co2, 700.0)]);
}

#[test]
fn a_nought_of_a_sensor_that_is_off_is_no_value() {
    assert_eq!(plain(r#"{"lux":0,"luxStatus":"disabled","temperature":20}"#), [(Q::Temperature, 20.0)]);
    assert_eq!(plain(r#"{"lux":0,"luxStatus":"ok"}"#), [(Q::Illuminance, 0.0)]);
}

#[test]
fn the_company_of_a_current_tells_its_unit() {
    assert_eq!(
        plain(r#"{"Current":650,"Vol":231,"Power":140}"#),
        [(Q::Current, 0.65), (Q::Voltage, 231.0), (Q::Power, 140.0)]
    );
    assert_eq!(
        read(r#"{"current_a":1.5,"current_b":2}"#),
        [row(Q::Current, "a", 1.5), row(Q::Current, "b", 2.0)]
    );
    let tenths = plain(r#"{"voltage":2301,"current":3}"#);
    assert_eq!(tenths, [(Q::Voltage, 230.1), (Q::Current, 3.0)], "no mains has 2301 V");
    assert_eq!(
        plain(r#"{"voltage":1560,"current":3}"#),
        [(Q::Current, 3.0)],
        "nor 1560 V, and no tenth of it"
    );
}

#[test]
fn what_a_zigbee_device_shows_is_no_unit_of_the_message() {
    let payload = br#"{"temperature":21.5,"temperature_unit":"fahrenheit","battery":90,"voltage":3}"#;
    let message = Message { topic: "zigbee2mqtt/a", payload, retained: false, received_at: None };
    let Ok(Decoded::Readings(found)) = Decoder::new(Routes::defaults()).decode(&message).1 else {
        panic!("no reading")
    };
    let found: Vec<_> = found.iter().map(|r| (r.quantity, r.value)).collect();
    assert_eq!(found, [(Q::Temperature, 21.5), (Q::BatteryLevel, 90.0), (Q::BatteryVoltage, 3.0)]);
}

#[test]
fn a_unit_stands_in_the_middle_of_a_name_or_in_a_list_of_units() {
    assert_eq!(read(r#"{"active_power_kW_phase_b":1.5}"#), [row(Q::Power, "b", 1500.0)]);
    assert_eq!(plain(r#"{"temperature":77,"units":{"temperature":"°F"}}"#), [(Q::Temperature, 25.0)]);
    assert_eq!(read(r#"{"occupancy_1":true}"#), [row(Q::Occupied, "1", 1.0)], "a number is no unit");
}

#[test]
fn the_past_without_an_instant_is_not_dated_by_its_arrival() {
    assert_eq!(
        plain(r#"{"temperature":20,"history":[{"temperature":15,"time":"2026-03-01 08:00"}]}"#),
        [(Q::Temperature, 20.0)]
    );
    assert_eq!(
        plain(r#"{"history":[{"temperature":15,"time":"2026-03-01T08:00:00Z"}]}"#),
        [(Q::Temperature, 15.0)]
    );
}

#[test]
fn a_temperature_of_something_else_is_kept_apart() {
    let stated = r#"{"air_temperature":{"value":20,"unit":"°C"},"barometer_temperature":{"value":22,"unit":"°C"},
        "max_temperature":{"value":30,"unit":"°C"},"dew_point_temperature":{"value":9,"unit":"°C"}}"#;
    assert_eq!(read(stated), [(Q::Temperature, None, 20.0), row(Q::Temperature, "other-barometer", 22.0)]);
    assert_eq!(read(r#"{"barometer_temperature":22}"#), [row(Q::Temperature, "other-barometer", 22.0)]);
}

#[test]
fn a_name_in_no_list_is_read_by_its_words() {
    let object = r#"{"total_energy_production_kwh":3.5,"current_power_draw_total_kW":0.5,"voltage_at_phase_1":231,
        "current_relative_humidity_rh":44,"numberOfPeopleEntered":2}"#;
    assert_eq!(
        read(object),
        [
            (Q::EnergyExport, None, 3.5),
            (Q::Power, None, 500.0),
            row(Q::Voltage, "1", 231.0),
            (Q::Humidity, None, 44.0),
            (Q::PeopleIn, None, 2.0)
        ]
    );
    let others = r#"{"reactive_energy_total":1,"energy_today":2,"power_factor_limit":3,"current_temperature_change":4,
        "people_in_queue":5,"energy_consumption_cost":6}"#;
    assert_eq!(read(others), [], "a word that is not meant is another thing");
}

#[test]
fn a_current_inside_another_quantity_says_when() {
    assert_eq!(plain(r#"{"power":{"current":300,"max":900}}"#), [(Q::Power, 300.0)]);
    assert_eq!(read(r#"{"phase_a":{"current":3}}"#), [row(Q::Current, "a", 3.0)]);
}

#[test]
fn one_value_in_two_units_is_one_reading() {
    assert_eq!(plain(r#"{"temperature_c":25,"temperature_f":77}"#), [(Q::Temperature, 25.0)]);
    assert_eq!(plain(r#"{"temperature_c":29.1,"temperature_f":84.4}"#), [(Q::Temperature, 29.1)]);
}

#[test]
fn door_counters_are_told_apart_by_their_totals() {
    assert_eq!(
        plain(r#"{"counter_a":4,"counter_b":3,"total_counter_a":13,"total_counter_b":10}"#),
        [(Q::PeopleIn, 4.0), (Q::PeopleOut, 3.0), (Q::PeopleInTotal, 13.0), (Q::PeopleOutTotal, 10.0)]
    );
}

#[test]
fn a_unit_follows_the_word_in_or_is_the_name_itself() {
    assert_eq!(
        plain(
            r#"{"temperature":{"temperatureInCelsius":22.5},"humidityInPercentage":41,"batteryLevelInPercentage":16}"#
        ),
        [(Q::Temperature, 22.5), (Q::Humidity, 41.0), (Q::BatteryLevel, 16.0)]
    );
    assert_eq!(plain(r#"{"celsius":21.5,"fahrenheit":70.7}"#), [(Q::Temperature, 21.5)]);
    assert_eq!(plain(r#"{"temperature_k":295.15}"#), [(Q::Temperature, 22.0)]);
}

#[test]
fn the_heat_of_the_device_is_kept_apart() {
    assert_eq!(
        read(r#"{"temperature":21,"internalTemperature":30,"mcu_temperature":31}"#)[..2],
        [(Q::Temperature, None, 21.0), row(Q::Temperature, "device", 30.0)]
    );
}

#[test]
fn a_count_of_regions_is_not_a_count_of_people() {
    assert_eq!(
        plain(r#"{"region_count":8,"people_count_max":5,"people_count_all":3}"#),
        [(Q::PeopleCount, 3.0)]
    );
    assert_eq!(read(r#"{"region_4_count":2}"#), [row(Q::PeopleCount, "4", 2.0)]);
}

#[test]
fn a_counter_with_a_letter_needs_its_like() {
    assert_eq!(plain(r#"{"counterA":13110}"#), []);
    assert_eq!(
        plain(r#"{"counterA":12,"counterB":9}"#),
        [(Q::PeopleInTotal, 12.0), (Q::PeopleOutTotal, 9.0)]
    );
}

#[test]
fn an_amount_beside_its_name_is_of_that_name() {
    assert_eq!(
        plain(
            r#"{"counts":[{"name":"Entries","count":5},{"name":"Exits","count":3},{"name":"Door 2","count":8}]}"#
        ),
        [(Q::PeopleIn, 5.0), (Q::PeopleOut, 3.0)]
    );
}

#[test]
fn a_numbered_threshold_is_a_threshold() {
    assert_eq!(plain(r#"{"temperatureAlertThreshold1":{"unit":"Cel","value":18}}"#), []);
}

#[test]
fn a_charge_may_be_called_batt_and_a_voltage_too() {
    assert_eq!(plain(r#"{"batt":97,"temperature":21}"#)[0], (Q::BatteryLevel, 97.0));
    assert_eq!(plain(r#"{"batt":3.05,"temperature":21}"#)[0], (Q::BatteryVoltage, 3.05));
}

#[test]
fn a_bare_value_on_a_routed_topic_is_named_by_its_last_level() {
    let message = Message { topic: "site/room-301/co2", payload: b"612", retained: false, received_at: None };
    let Ok(Decoded::Readings(found)) =
        Decoder::new(Routes::defaults()).decode_as(Format::VendorJson, &message)
    else {
        panic!("no reading")
    };
    let found: Vec<_> = found.iter().map(|r| (r.sensor.as_str(), r.quantity, r.value)).collect();
    assert_eq!(found, [("room-301", Q::Co2, 612.0)]);
}

#[test]
fn a_power_in_kilowatt_hours_is_an_energy() {
    assert_eq!(
        read(
            r#"{"total_power_import_kwh":10830.5,"total_power_export_kwh":12.5,"active_power_w":-543,"active_voltage_l1_v":230.5}"#
        ),
        [
            (Q::EnergyImport, None, 10_830.5),
            (Q::EnergyExport, None, 12.5),
            (Q::Power, None, -543.0),
            row(Q::Voltage, "l1", 230.5)
        ]
    );
}

#[test]
fn directions_may_be_left_and_right() {
    assert_eq!(plain(r#"{"ltr":3,"rtl":2}"#), [(Q::PeopleIn, 3.0), (Q::PeopleOut, 2.0)]);
}

#[test]
fn pairs_of_a_value_and_its_error_are_one_reading_and_two_rooms_are_two() {
    let found = plain(r#"{"temperature":[22.3,0.5],"co2":[655,69.6],"pm2_5":[4,10],"sound":[44.7,3.1]}"#);
    assert_eq!(found, [(Q::Temperature, 22.3), (Q::Co2, 655.0), (Q::Pm2_5, 4.0), (Q::SoundLevel, 44.7)]);
    assert_eq!(plain(r#"{"temperature":[22.3,21.5],"humidity":[40,44]}"#).len(), 4);
    assert_eq!(plain(r#"{"power":[22.3,0.5],"current":[6.5,0.1]}"#).len(), 4, "two outlets");
}

#[test]
fn a_place_and_a_unit_name_what_is_measured() {
    let found = plain(r#"{"L1_V":231.5,"L1_A":1.2,"ch2_kW":0.5,"CH_A":1}"#);
    assert_eq!(found, [(Q::Voltage, 231.5), (Q::Current, 1.2), (Q::Power, 500.0)]);
    assert_eq!(
        plain(r#"{"co2":500,"battery":{"V":5.9,"percent":95}}"#),
        [(Q::Co2, 500.0), (Q::BatteryVoltage, 5.9), (Q::BatteryLevel, 95.0)]
    );
}

#[test]
fn what_a_meter_measures_stands_beside_and_heat_is_no_electricity() {
    let heat = plain(r#"{"media":"heat","total_energy_consumption_kwh":1000}"#);
    assert_eq!(heat, [(Q::Heat, 3.6)]);
    assert_eq!(plain(r#"{"media":"water","total_m3":6.5}"#), [(Q::Water, 6.5)]);
    assert_eq!(plain(r#"{"media":"cooling load","total_energy_kwh":10,"flow_temperature_c":9}"#).len(), 1);
}

#[test]
fn an_id_is_no_name_and_a_label_may_stand_around_a_list() {
    assert_eq!(plain(r#"{"uuid":"2D00640B02811520","datapoints":[[1772438400,11.2]]}"#), []);
    let around = r#"[{"param":"rco2","units":"ppm","points":[{"ts":"2026-03-02T07:56:00Z","value":532}]}]"#;
    assert_eq!(plain(&format!(r#"{{"data":{around}}}"#)), [(Q::Co2, 532.0)]);
}

#[test]
fn a_word_tells_the_state_of_a_desk_and_a_number_the_people_of_a_room() {
    assert_eq!(plain(r#"{"deskId":"d1","status":"occupied"}"#), [(Q::Occupied, 1.0)]);
    assert_eq!(plain(r#"{"deskId":"d1","status":1}"#), [], "a code");
    assert_eq!(plain(r#"{"room_id":"r1","occupancy":4}"#), [(Q::PeopleCount, 4.0)]);
    assert_eq!(plain(r#"{"room_id":"r1","occupancy":true}"#), [(Q::Occupied, 1.0)]);
}
