//! What vendors do against expectation, one test each, with messages of our own making.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::float_cmp,
    reason = "test helpers"
)]

use ingest::{Decoded, Decoder, Format, Message, Routes};
use model::{Flags, Instant, Quantity as Q};

struct Found {
    quantity: Q,
    channel: Option<String>,
    value: f64,
    time: Option<Instant>,
    flags: Flags,
}

fn read_on(topic: &str, format: Format, payload: &str) -> Vec<Found> {
    let received_at = Instant::parse("2026-03-02T08:00:00Z").ok();
    let message = Message { topic, payload: payload.as_bytes(), retained: false, received_at };
    match Decoder::new(Routes::defaults()).decode_as(format, &message) {
        Ok(Decoded::Readings(readings)) => readings
            .into_iter()
            .map(|r| Found {
                quantity: r.quantity,
                channel: r.channel.map(|c| c.to_string()),
                value: r.value,
                time: r.time,
                flags: r.flags,
            })
            .collect(),
        Ok(Decoded::Ignored(_)) => Vec::new(),
        Err(error) => panic!("{error}"),
    }
}

/// The values of a decoded object inside a network server's envelope.
fn read(object: &str) -> Vec<Found> {
    let payload = format!(r#"{{"deviceInfo":{{"devEui":"00aa11bb22cc33dd"}},"object":{object}}}"#);
    read_on("application/a/device/00aa11bb22cc33dd/event/up", Format::ChirpstackV4, &payload)
}

fn values(object: &str) -> Vec<(Q, f64)> {
    read(object).into_iter().map(|found| (found.quantity, (found.value * 1e6).round() / 1e6)).collect()
}

#[test]
fn quirk_01_numbers_in_texts_keep_their_units() {
    assert_eq!(
        values(
            r#"{"Temperature":"19.25°C","Battery":"3.4V(low battery)","Current1":"250mA","Humidity":"n.a. 16"}"#
        ),
        [(Q::Temperature, 19.25), (Q::BatteryVoltage, 3.4), (Q::Current, 0.25)]
    );
}

#[test]
fn quirk_02_stand_ins_for_no_value_are_marked_and_words_are_nothing() {
    let found =
        read(r#"{"temperature":327.67,"co2":65535,"humidity":"Calculating","noise":"","pm10":"unknown"}"#);
    assert_eq!(found.len(), 2);
    assert!(found.iter().all(|f| f.flags.has(Flags::SENTINEL)));
    assert_eq!(values(r#"{"motion_event_state":255}"#), [(Q::Motion, 1.0)]);
}

#[test]
fn quirk_03_values_out_of_range_are_kept_for_the_quality_stage_to_mark() {
    let found = read(r#"{"room_temperature":{"unit":"°C","value":"2190.0"}}"#);
    assert_eq!((found[0].value, found[0].quantity.is_plausible(found[0].value)), (2190.0, false));
}

#[test]
fn quirk_04_occupancy_comes_as_number_word_and_truth_value() {
    for (written, state) in
        [("2", 1.0), ("0", 0.0), ("\"vacant\"", 0.0), ("\"occupied\"", 1.0), ("true", 1.0)]
    {
        assert_eq!(values(&format!(r#"{{"occupancy":{written}}}"#)), [(Q::Occupied, state)], "{written}");
    }
}

#[test]
fn quirk_05_one_counter_has_flat_and_nested_names() {
    for object in [r#"{"line_2_total_in":7}"#, r#"{"line_2":{"total_in":7}}"#] {
        let found = read(object);
        assert_eq!(
            (found[0].quantity, found[0].channel.as_deref()),
            (Q::PeopleInTotal, Some("2")),
            "{object}"
        );
    }
    assert_eq!(values(r#"{"people_counter_all":3}"#), values(r#"{"people_count_all":3}"#));
    assert_eq!(values(r#"{"pir":"trigger"}"#), values(r#"{"pir":true}"#));
}

#[test]
fn quirk_06_normalisers_go_beyond_their_schema() {
    let payload = r#"{"end_device_ids":{"device_id":"d"},"uplink_message":{"normalized_payload":
        [{"air":{"indoor":{"temperature":20.5}},"action":{"motionState":"noMotion"}},{"battVolt":3.1}]}}"#;
    let found = read_on("v3/a/devices/d/up", Format::TtsV3, payload);
    let found: Vec<_> = found.iter().map(|f| (f.quantity, f.value)).collect();
    assert_eq!(found, [(Q::Temperature, 20.5), (Q::Motion, 0.0), (Q::BatteryVoltage, 3.1)]);
}

#[test]
fn quirk_07_a_field_called_time_need_not_be_one() {
    let found = read(r#"{"time":35,"timestamp":1234567,"temperature":21}"#);
    assert_eq!(found[0].time, Instant::parse("2026-03-02T08:00:00Z").ok());
}

#[test]
fn quirk_08_a_configuration_reply_does_not_hide_the_reading() {
    assert_eq!(
        values(r#"{"temperatureRangeLimits":{"temperature":30},"keepAliveTime":10,"temperature":22}"#),
        [(Q::Temperature, 22.0)]
    );
}

#[test]
fn quirk_09_batches_keep_the_times_of_their_records() {
    let found = read(
        r#"{"records":[{"variable":"temperature","value":20,"unit":"Cel","eventTime":"2026-03-01T10:00:00Z"},
            {"variable":"temperature","value":21,"unit":"Cel","eventTime":"2026-03-01T10:10:00Z"}],"temperature":21}"#,
    );
    let times: Vec<_> = found.iter().map(|f| f.time.unwrap().to_string()).collect();
    assert_eq!(times, ["2026-03-01T10:00:00Z", "2026-03-01T10:10:00Z"]);
    let undated = read(r#"{"readings":[{"humidity":40,"timestamp":null},{"humidity":41,"timestamp":null}]}"#);
    let channels: Vec<_> = undated.iter().map(|f| f.channel.as_deref()).collect();
    assert_eq!(channels, [Some("1"), Some("2")], "order without times is no time");
}

#[test]
fn quirk_10_a_counter_is_passed_on_as_it_stands() {
    // Resets are the engine's: the decoder must neither difference nor hide them.
    let energy = |total: &str| {
        read_on("tele/p/SENSOR", Format::Tasmota, &format!(r#"{{"ENERGY":{{"Total":{total}}}}}"#))
    };
    assert_eq!((energy("1066.0")[0].value, energy("0.0")[0].value), (1066.0, 0.0));
}

#[test]
fn quirk_11_an_energy_labelled_as_power_has_lost_its_hour() {
    assert_eq!(values(r#"{"active_energy":{"value":12.5,"unit":"kW"}}"#), [(Q::EnergyImport, 12.5)]);
    assert_eq!(values(r#"{"humidity":{"value":1,"unit":"lx"}}"#), [], "anything else is not guessed");
}

#[test]
fn quirk_12_names_are_misspelt_spaced_bracketed_and_chinese() {
    assert_eq!(
        values(r#"{"battery voltage":"3.3V","Temperature(°C)":18,"humd":44,"室内湿度 ":40.5}"#),
        [(Q::BatteryVoltage, 3.3), (Q::Temperature, 18.0), (Q::Humidity, 44.0), (Q::Humidity, 40.5)]
    );
}

#[test]
fn quirk_13_awkward_json_is_read_and_nan_is_an_error() {
    assert_eq!(values("{\n  \"co2\" : 0.6e3 ,\n  \"serial\" : 18446744073709551615\n}"), [(Q::Co2, 600.0)]);
    let message =
        Message { topic: "normwatch/v1/a", payload: b"{\"co2\":NaN}", retained: false, received_at: None };
    assert!(Decoder::new(Routes::defaults()).decode(&message).1.is_err());
}

#[test]
fn quirk_14_one_device_is_one_sensor_through_both_network_servers() {
    let mut decoder = Decoder::new(Routes::defaults());
    let mut sensor = |topic: &str, payload: &str| {
        let message = Message { topic, payload: payload.as_bytes(), retained: false, received_at: None };
        let Ok(Decoded::Readings(found)) = decoder.decode(&message).1 else { panic!("no reading") };
        found[0].sensor.clone()
    };
    let tts = r#"{"end_device_ids":{"dev_eui":"00AA11BB22CC33DD"},"uplink_message":{"decoded_payload":{"co2":500}}}"#;
    let chirpstack = r#"{"deviceInfo":{"devEui":"00aa11bb22cc33dd"},"object":{"co2":500}}"#;
    assert_eq!(sensor("v3/a/devices/x/up", tts), sensor("application/a/device/x/event/up", chirpstack));
}

#[test]
fn quirk_15_a_retained_value_of_unknown_age_is_no_news() {
    let message =
        Message { topic: "d/sensor/temperature/state", payload: b"21", retained: true, received_at: None };
    assert_eq!(Decoder::new(Routes::defaults()).decode(&message).1, Ok(Decoded::Ignored("retained")));
}

#[test]
fn quirk_16_a_local_time_without_zone_gives_way_to_the_arrival() {
    let payload = r#"{"Time":"2026-10-25T02:30:00","SI7021":{"Temperature":21},"TempUnit":"C"}"#;
    let found = read_on("tele/d/SENSOR", Format::Tasmota, payload);
    assert_eq!(found[0].time, Instant::parse("2026-03-02T08:00:00Z").ok());
}

#[test]
fn quirk_17_quantities_that_share_a_message_are_kept_apart() {
    let found =
        read(r#"{"temperature":21,"temperatureBoard":35,"TempC_DS18B20":5,"voltage_a":230,"voltage_b":231}"#);
    let found: Vec<_> = found.iter().map(|f| (f.quantity, f.channel.as_deref(), f.value)).collect();
    assert_eq!(
        found,
        [
            (Q::Temperature, None, 21.0),
            (Q::Temperature, Some("device"), 35.0),
            (Q::Temperature, Some("TempC_DS18B20"), 5.0),
            (Q::Voltage, Some("a"), 230.0),
            (Q::Voltage, Some("b"), 231.0)
        ]
    );
}

#[test]
fn quirk_18_a_power_factor_above_one_is_a_percentage() {
    assert_eq!(values(r#"{"power_factor":98}"#), [(Q::PowerFactor, 0.98)]);
    assert_eq!(values(r#"{"pf":0.9,"power":0,"current":0.07}"#).len(), 3);
}

#[test]
fn quirk_19_topics_hold_blanks_accents_and_slashes() {
    let message = Message {
        topic: "zigbee2mqtt/étage 2/salle/fenêtre",
        payload: br#"{"contact":false}"#,
        retained: false,
        received_at: None,
    };
    let Ok(Decoded::Readings(found)) = Decoder::new(Routes::defaults()).decode(&message).1 else {
        panic!("no reading")
    };
    assert!(found[0].sensor.as_str().starts_with("tage-2-salle-fen-tre-"), "{}", found[0].sensor);
}

#[test]
fn quirk_20_foreign_traffic_is_ignored_quietly() {
    let mut decoder = Decoder::new(Routes::defaults());
    for (topic, payload) in [
        ("owntracks/u/phone", r#"{"_type":"location","lat":48.1,"lon":11.5,"batt":70}"#),
        ("lights/hall/set", "ON"),
        ("$SYS/broker/uptime", "100 seconds"),
        ("debug/app", "level=3 reached"),
        ("cam/front", "\u{0}\u{1}JFIF"),
    ] {
        let message = Message { topic, payload: payload.as_bytes(), retained: false, received_at: None };
        assert_eq!(decoder.decode(&message), (None, Ok(Decoded::Ignored("no_route"))), "{topic}");
    }
}
