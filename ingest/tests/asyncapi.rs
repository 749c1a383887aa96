//! The AsyncAPI document is one, and says what the decoder does.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "test helpers")]

use ingest::{Decoded, Decoder, Diagnostics, ErrorKind, Message, Routes, asyncapi};
use model::{Instant, Quantity};
use serde_json::Value;

/// The value that a local reference names.
fn resolve<'d>(document: &'d Value, reference: &str) -> &'d Value {
    let pointer = reference.strip_prefix('#').unwrap_or_else(|| panic!("{reference} is not local"));
    document.pointer(pointer).unwrap_or_else(|| panic!("{reference} leads nowhere"))
}

/// Whether a value fits a schema, as far as our schemas go: any other keyword fails the test.
fn fits(document: &Value, schema: &Value, value: &Value) -> bool {
    let Some(schema) = schema.as_object() else { return schema.as_bool().unwrap() };
    schema.iter().all(|(keyword, rule)| match keyword.as_str() {
        "$ref" => fits(document, resolve(document, rule.as_str().unwrap()), value),
        "type" => match rule.as_str().unwrap() {
            "array" => value.is_array(),
            "object" => value.is_object(),
            "string" => value.is_string(),
            "boolean" => value.is_boolean(),
            "number" => value.is_number(),
            "integer" => value.is_i64() || value.is_u64(),
            other => panic!("{other}"),
        },
        "minItems" => value.as_array().is_none_or(|list| list.len() as u64 >= rule.as_u64().unwrap()),
        "maxItems" => value.as_array().is_none_or(|list| list.len() as u64 <= rule.as_u64().unwrap()),
        "items" => value.as_array().is_none_or(|list| list.iter().all(|item| fits(document, rule, item))),
        "required" => rule.as_array().unwrap().iter().all(|key| value.get(key.as_str().unwrap()).is_some()),
        "properties" => {
            let rules = rule.as_object().unwrap();
            rules.iter().all(|(key, rule)| value.get(key).is_none_or(|inner| fits(document, rule, inner)))
        }
        "patternProperties" => {
            assert_eq!(rule, &serde_json::json!({"_$": false}));
            value.as_object().is_none_or(|object| object.keys().all(|key| !key.ends_with('_')))
        }
        "enum" => rule.as_array().unwrap().contains(value),
        "maximum" => value.as_f64().is_none_or(|value| value <= rule.as_f64().unwrap()),
        "minimum" => value.as_f64().is_none_or(|value| value >= rule.as_f64().unwrap()),
        "format" => value.as_str().is_none_or(|text| Instant::parse(text).is_ok()),
        "description" | "examples" => true,
        other => panic!("{other} is not checked here"),
    })
}

/// Every `$ref` in a value.
fn references(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(object) => {
            found.extend(object.get("$ref").and_then(Value::as_str).map(str::to_owned));
            object.values().for_each(|inner| references(inner, found));
        }
        Value::Array(list) => list.iter().for_each(|inner| references(inner, found)),
        _ => {}
    }
}

/// Whether an object has these keys and, beside extensions, none but these and the optional ones.
fn assert_keys(value: &Value, needed: &[&str], optional: &[&str]) {
    let object = value.as_object().unwrap_or_else(|| panic!("{value} is no object"));
    for key in needed {
        assert!(object.contains_key(*key), "{key} is missing in {value}");
    }
    for key in object.keys().filter(|key| !key.starts_with("x-")) {
        assert!(needed.contains(&key.as_str()) || optional.contains(&key.as_str()), "{key} in {value}");
    }
}

#[test]
fn the_document_has_the_structure_of_asyncapi_3() {
    let document = asyncapi();
    let optional = ["id", "servers", "defaultContentType", "channels", "operations", "components"];
    assert_keys(&document, &["asyncapi", "info"], &optional);
    assert_eq!(document["asyncapi"], "3.0.0");
    let optional = ["description", "termsOfService", "contact", "license", "tags", "externalDocs"];
    assert_keys(&document["info"], &["title", "version"], &optional);
    let mut found = Vec::new();
    references(&document, &mut found);
    assert!(found.len() > 8);
    assert!(found.iter().all(|reference| resolve(&document, reference).is_object()));
    let about = ["title", "summary", "description", "tags", "externalDocs", "bindings"];
    for channel in document["channels"].as_object().unwrap().values() {
        assert_keys(channel, &["address", "messages"], &[&about[..], &["servers", "parameters"]].concat());
        let address = channel["address"].as_str().unwrap();
        for name in channel["parameters"].as_object().unwrap().keys() {
            assert!(address.contains(&format!("{{{name}}}")), "{name} is not in {address}");
        }
        assert_eq!(address.matches('{').count(), channel["parameters"].as_object().unwrap().len());
    }
    for operation in document["operations"].as_object().unwrap().values() {
        let optional = [&about[..], &["messages", "reply", "security", "traits"]].concat();
        assert_keys(operation, &["action", "channel"], &optional);
        assert!(["send", "receive"].contains(&operation["action"].as_str().unwrap()));
        // Messages of an operation are those of its channel, by reference into the channel.
        let channel = operation["channel"]["$ref"].as_str().unwrap();
        for message in operation["messages"].as_array().unwrap() {
            assert!(message["$ref"].as_str().unwrap().starts_with(&format!("{channel}/messages/")));
        }
        let optional = ["qos", "retain", "messageExpiryInterval", "bindingVersion"];
        assert_keys(&operation["bindings"]["mqtt"], &[], &optional);
    }
    for message in document["components"]["messages"].as_object().unwrap().values() {
        let optional = [&about[..], &["contentType", "examples", "headers", "name"]].concat();
        assert_keys(message, &["payload"], &optional);
    }
}

#[test]
fn every_quantity_unit_kind_and_format_of_the_code_stands_in_it() {
    let document = asyncapi();
    let listed = |pointer: &str| document.pointer(pointer).unwrap().as_array().unwrap().clone();
    assert_eq!(listed("/components/schemas/quantity/enum").len(), Quantity::ALL.len());
    assert_eq!(listed("/components/schemas/errorKind/enum").len(), ErrorKind::ALL.len());
    let co2 = listed("/x-normwatch-quantities").into_iter().find(|one| one["name"] == "co2").unwrap();
    assert_eq!((co2["unit"].as_str(), co2["range"][0].as_f64()), (Some("ppm"), Some(250.0)));
    let formats = listed("/x-normwatch-formats");
    let zigbee = formats.iter().find(|one| one["name"] == "zigbee2mqtt").unwrap();
    assert_eq!(zigbee["topics"][0], "zigbee2mqtt/#");
    assert_eq!(document["x-normwatch-limits"]["payload_bytes"], ingest::MAX_PAYLOAD);
}

#[test]
fn what_the_schema_of_a_pack_takes_the_decoder_takes_and_what_it_refuses_is_refused() {
    let document = asyncapi();
    let schema = resolve(&document, "#/components/schemas/senmlPack");
    let mut decoder = Decoder::new(Routes::defaults());
    let example = document.pointer("/components/messages/senmlPack/examples/0/payload").unwrap().to_string();
    let cases = [
        (example.as_str(), true),
        (r#"[{"bn":"r:","n":"co2","v":700},{"n":"note","vs":"x"}]"#, true),
        (r#"[{"n":"co2","v":"high"}]"#, false),
        (r#"[{"n":"occupied","vb":1}]"#, false),
        (r#"[{"n":7,"v":1}]"#, false),
        (r#"[{"bver":11,"n":"co2","v":700}]"#, false),
        (r#"[{"n":"co2","v":700,"must_":1}]"#, false),
        (r#"{"n":"co2","v":700}"#, false),
        (r#"[7]"#, false),
    ];
    for (payload, is_good) in cases {
        let topic = "normwatch/v1/room-301";
        let message = Message { topic, payload: payload.as_bytes(), retained: false, received_at: None };
        let taken = matches!(decoder.decode(&message).1, Ok(Decoded::Readings(_)));
        assert_eq!(taken, is_good, "decoder: {payload}");
        assert_eq!(fits(&document, schema, &serde_json::from_str(payload).unwrap()), is_good, "{payload}");
    }
}

#[test]
fn every_diagnosis_that_is_published_fits_its_schema() {
    let document = asyncapi();
    let schema = resolve(&document, "#/components/schemas/diagnosis");
    let now = |n: i64| Instant::from_millis(1_773_100_800_000 + n * 60_000);
    let mut diagnostics = Diagnostics::default();
    let mut decoder = Decoder::new(Routes::defaults());
    let payloads: [&[u8]; 5] = [
        br#"[{"n":"co2","v":700}]"#,
        br#"[{"n":"co2","v":"x"}]"#,
        b"[]",
        &[0x1f, 0x8b],
        br#"[{"n":"co2","u":"furlong","v":1}]"#,
    ];
    for (n, payload) in (0..).zip(payloads) {
        let message = Message { topic: "normwatch/v1/r", payload, retained: false, received_at: None };
        diagnostics.note(message.topic, &decoder.decode_message(&message).result, now(n));
        let told = diagnostics.take_due(now(n), 10);
        assert_eq!(told.len(), 1);
        let body: Value = serde_json::from_slice(&told[0].payload).unwrap();
        assert!(fits(&document, schema, &body), "{body}");
        let mut broken = body.clone();
        broken["state"] = Value::from("fine");
        assert!(!fits(&document, schema, &broken), "the check can fail");
    }
}
