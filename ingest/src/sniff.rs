//! What a payload looks like, for topics whose grammar nobody fixed.
//!
//! Looked at in a listed order, the most telling shape first. What no shape matches is foreign
//! traffic, which is normal on a shared broker.

use model::Quantity;

use crate::{
    Format,
    fields::Walk,
    formats::{influx_line, senml},
    names::Names,
    tape::{self, Cursor, Tape},
};

/// The format whose shape a payload has.
pub(crate) fn format_of(topic: &str, payload: &[u8], names: &Names) -> Option<Format> {
    let text = tape::text(payload).ok()?.trim();
    if !text.starts_with(['{', '[']) {
        return influx_line::looks_like(text).then_some(Format::InfluxLine);
    }
    let tape = Tape::parse(text).ok()?;
    let root = tape.root();
    let shape = SHAPES.iter().find(|(_, looks_like)| looks_like(topic, root));
    shape.map(|(format, _)| *format).or_else(|| is_known(root, names).then_some(Format::VendorJson))
}

type Test = fn(&str, Cursor<'_, '_>) -> bool;

/// Tried in this order.
const SHAPES: &[(Format, Test)] = &[
    (Format::Lwm2mSenml, |_, root| is_senml(root) && has_object_paths(root)),
    (Format::Senml, |_, root| is_senml(root)),
    (Format::ChirpstackV4, |_, root| root.path(&["deviceInfo", "devEui"]).is_some()),
    (Format::TtsV3, |_, root| root.get("end_device_ids").is_some()),
    (Format::TtsV2, |_, root| has(root, &["dev_id", "hardware_serial"])),
    (Format::MilesightGateway, |_, root| {
        root.get("devEUI").is_some()
            && ["gatewayTime", "data", "applicationID"].iter().any(|key| root.get(key).is_some())
            && !["object", "objectJSON", "devAddr"].iter().any(|key| root.get(key).is_some())
    }),
    (Format::ChirpstackV3, |_, root| root.get("devEUI").is_some() && root.get("fCnt").is_some()),
    (Format::MilesightGateway, |_, root| root.get("devEUI").is_some()),
    (Format::Tasmota, |topic, root| {
        root.get("StatusSNS").is_some() || (topic.ends_with("/SENSOR") && root.get("Time").is_some())
    }),
    (Format::ShellyGen2, |_, root| {
        has(root, &["src", "params"])
            && root.text_of("method").is_some_and(|method| method.starts_with("Notify"))
    }),
    (Format::CloudWebhook, |_, root| {
        root.path(&["event", "targetName"]).is_some()
            || has(root, &["targetName", "eventType"])
            || root.get("tsmTuid").is_some()
            || root.get("space_ref_id").is_some()
            || root.get("values").and_then(|values| values.children().next()?.get("resourceType")).is_some()
    }),
    (Format::IpSensors, |_, root| {
        root.path(&["content", "element"]).is_some()
            || root.path(&["data", "measurements"]).is_some()
            || ["live_data", "logics_data"].iter().any(|key| root.get(key).is_some())
    }),
    (Format::CnGateways, |_, root| root.get("batch").is_some_and(Cursor::is_array)),
];

fn has(root: Cursor<'_, '_>, keys: &[&str]) -> bool {
    keys.iter().all(|key| root.get(key).is_some())
}

fn is_senml(root: Cursor<'_, '_>) -> bool {
    const LABELS: [&str; 6] = ["bn", "bt", "bu", "n", "v", "vb"];
    let is_record = |record: Cursor<'_, '_>| {
        record.children().any(|c| c.name().is_some_and(|name| LABELS.contains(&name)))
    };
    senml::pack(root).is_some_and(|pack| match pack.list {
        Some(list) => list.children().next().is_some() && list.children().all(is_record),
        // One object with a value is many things: only a record has a name under this label.
        None => root.text_of("n").is_some(),
    })
}

/// `/3303/0/5700`: an object, its instance, a resource.
fn has_object_paths(root: Cursor<'_, '_>) -> bool {
    let name = root.children().find_map(|record| record.text_of("bn").or_else(|| record.text_of("n")));
    name.is_some_and(|name| {
        let mut parts = name.trim_matches('/').split('/');
        parts.clone().next().is_some_and(|part| !part.is_empty())
            && parts.all(|part| part.bytes().all(|b| b.is_ascii_digit()))
    })
}

/// Whether an object has a value of the room or a meter under a known name. A battery alone is no sensor: phones have one.
fn is_known(root: Cursor<'_, '_>, names: &Names) -> bool {
    let is_telling = |quantity: Quantity| {
        !quantity.is_of_radio() && !matches!(quantity, Quantity::BatteryLevel | Quantity::BatteryVoltage)
    };
    let fields = Walk::new(names, Format::VendorJson.name()).fields(root);
    fields.into_iter().any(|field| is_telling(field.quantity))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn format(topic: &str, payload: &str) -> Option<Format> {
        format_of(topic, payload.as_bytes(), &Names::builtin())
    }

    #[test]
    fn foreign_traffic_has_no_format() {
        for payload in [
            "online",
            "",
            "0",
            r#"{"_type":"location","lat":1.5,"lon":2.5,"batt":80,"tid":"ab"}"#,
            r#"{"state":"ON","brightness":200,"color_temp":300}"#,
            r#"{"level":"info","message":"connected"}"#,
            "[1,2,3]",
            "hello world = 3",
        ] {
            assert_eq!(format("a/b", payload), None, "{payload}");
        }
    }

    #[test]
    fn the_most_telling_shape_wins() {
        assert_eq!(format("x", r#"[{"bn":"/3303/0/","n":"5700","v":21}]"#), Some(Format::Lwm2mSenml));
        assert_eq!(format("x", r#"[{"n":"temperature","v":21}]"#), Some(Format::Senml));
        assert_eq!(format("x", r#"{"n":"temperature","v":21}"#), Some(Format::Senml));
        assert_eq!(format("x", r#"{"e":[{"n":"temperature","v":21}]}"#), Some(Format::Senml));
        assert_eq!(format("x", r#"{"v":21}"#), None);
        assert_eq!(format("x", "room,sensor=a co2=612 1700000000"), Some(Format::InfluxLine));
        assert_eq!(format("x", r#"{"temperature":21.5}"#), Some(Format::VendorJson));
    }
}
