//! What the decoders are compared with: each message read by `serde_json` into a struct made for it.
//!
//! The least that any program must do which knows the message beforehand: no route, no names,
//! no units, no checks.

use std::borrow::Cow;

use serde::Deserialize;

/// Reads a `SenML` pack.
pub(super) fn senml(payload: &[u8]) -> bool {
    #[derive(Deserialize)]
    #[expect(dead_code, reason = "read for its cost")]
    struct Record<'a> {
        #[serde(borrow)]
        bn: Option<Cow<'a, str>>,
        bt: Option<f64>,
        #[serde(borrow)]
        n: Cow<'a, str>,
        #[serde(borrow)]
        u: Option<Cow<'a, str>>,
        v: Option<f64>,
    }
    parsed::<Vec<Record<'_>>>(payload)
}

/// Reads an uplink of ChirpStack 4.
pub(super) fn chirpstack(payload: &[u8]) -> bool {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    #[expect(dead_code, reason = "read for its cost")]
    struct Uplink<'a> {
        #[serde(borrow)]
        deduplication_id: Cow<'a, str>,
        #[serde(borrow)]
        time: Cow<'a, str>,
        #[serde(borrow)]
        device_info: Device<'a>,
        f_cnt: u32,
        #[serde(borrow)]
        data: Cow<'a, str>,
        object: Object,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    #[expect(dead_code, reason = "read for its cost")]
    struct Device<'a> {
        #[serde(borrow)]
        application_id: Cow<'a, str>,
        #[serde(borrow)]
        device_name: Cow<'a, str>,
        #[serde(borrow)]
        dev_eui: Cow<'a, str>,
    }
    #[derive(Deserialize)]
    #[expect(dead_code, reason = "read for its cost")]
    struct Object {
        co2: f64,
        temperature: f64,
        humidity: f64,
        illumination: f64,
        battery: f64,
    }
    parsed::<Uplink<'_>>(payload)
}

/// Reads a device state of zigbee2mqtt.
pub(super) fn zigbee2mqtt(payload: &[u8]) -> bool {
    #[derive(Deserialize)]
    #[expect(dead_code, reason = "read for its cost")]
    struct State<'a> {
        co2: f64,
        temperature: f64,
        humidity: f64,
        illuminance: f64,
        battery: f64,
        voltage: f64,
        linkquality: f64,
        #[serde(borrow)]
        last_seen: Cow<'a, str>,
    }
    parsed::<State<'_>>(payload)
}

fn parsed<'a, T: Deserialize<'a>>(payload: &'a [u8]) -> bool {
    std::hint::black_box(serde_json::from_slice::<T>(std::hint::black_box(payload))).is_ok()
}
