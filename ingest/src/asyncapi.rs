//! The contract for vendors as an AsyncAPI 3.0 document, made from the lists that the decoder itself uses.

use model::{Nature, Quantity, Unit};
use serde_json::{Value, json};

use crate::{
    ErrorKind, Format, MAX_DEPTH, MAX_PAYLOAD, MAX_READINGS, MAX_VALUES,
    diagnostics::{LEVEL, PAUSE_MS, Standing},
    formats::senml::{NATIVE, VERSION},
    route::DEFAULTS,
};

/// What an id may be, as [`model::Id::parse`] takes it.
const ID: &str = "^[A-Za-z0-9._-]{1,64}$";

/// The AsyncAPI 3.0 document of the native contract: topics, messages with their schemas, limits, quantities with
/// their units, and the other formats that are understood.
///
/// # Examples
/// ```
/// let document = ingest::asyncapi();
/// assert_eq!(document["asyncapi"], "3.0.0");
/// assert_eq!(document["channels"]["readings"]["address"], "normwatch/v1/{sensor}");
/// ```
#[must_use]
pub fn asyncapi() -> Value {
    json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "normwatch: readings of office sensors",
            "version": "1.0.0",
            "description": "What a sensor or gateway publishes over MQTT, what it is told back, and what is refused. \
                MQTT 3.1.1 or 5, QoS 1, retain off.",
            "license": { "name": "Apache-2.0" },
        },
        "defaultContentType": "application/senml+json",
        "channels": channels(),
        "operations": operations(),
        "components": {
            "messages": {
                "senmlPack": {
                    "title": "SenML pack",
                    "summary": "Readings of one sensor (RFC 8428, JSON).",
                    "contentType": "application/senml+json",
                    "payload": { "$ref": "#/components/schemas/senmlPack" },
                    "examples": [{ "name": "room", "payload": example() }],
                },
                "diagnosis": {
                    "title": "Diagnosis",
                    "summary": "What became of the sensor's messages.",
                    "contentType": "application/json",
                    "payload": { "$ref": "#/components/schemas/diagnosis" },
                },
            },
            "schemas": {
                "senmlPack": pack(),
                "senmlRecord": record(),
                "diagnosis": diagnosis(),
                "quantity": { "type": "string", "enum": names(Quantity::ALL, |quantity| quantity.name()) },
                "unit": { "type": "string", "enum": names(Unit::ALL, |unit| unit.name()) },
                "errorKind": { "type": "string", "enum": names(ErrorKind::ALL, |kind| kind.name()) },
            },
        },
        "x-normwatch-quantities": Quantity::ALL.iter().copied().map(quantity).collect::<Vec<_>>(),
        "x-normwatch-limits": limits(),
        "x-normwatch-formats": formats(),
    })
}

fn channels() -> Value {
    let parameters = json!({
        "sensor": { "description": format!("The device's stable id: {ID}"), "examples": ["room-301"] },
    });
    json!({
        "readings": {
            "address": format!("{NATIVE}{{sensor}}"),
            "title": "Readings of one sensor",
            "parameters": parameters,
            "messages": { "senmlPack": { "$ref": "#/components/messages/senmlPack" } },
        },
        "diagnostics": {
            "address": format!("{NATIVE}{{sensor}}{LEVEL}"),
            "title": "What became of them",
            "parameters": parameters,
            "messages": { "diagnosis": { "$ref": "#/components/messages/diagnosis" } },
        },
    })
}

fn operations() -> Value {
    json!({
        "takeReadings": {
            "action": "receive",
            "channel": { "$ref": "#/channels/readings" },
            "summary": "normwatch takes readings; a message is acknowledged when it is on disk.",
            "messages": [{ "$ref": "#/channels/readings/messages/senmlPack" }],
            "bindings": { "mqtt": { "qos": 1, "retain": false, "bindingVersion": "0.2.0" } },
        },
        "tellDiagnosis": {
            "action": "send",
            "channel": { "$ref": "#/channels/diagnostics" },
            "summary": "When the standing of a sensor changes, at most once a minute; kept for a day for sensors \
                that are in the register.",
            "messages": [{ "$ref": "#/channels/diagnostics/messages/diagnosis" }],
            "bindings": { "mqtt": { "qos": 0, "retain": true, "messageExpiryInterval": 86_400, "bindingVersion": "0.2.0" } },
        },
    })
}

fn example() -> Value {
    json!([
        { "bn": "room-301:", "bt": 1_773_100_800, "n": "co2", "u": Quantity::Co2.unit().name(), "v": 734 },
        { "n": "temperature", "u": Quantity::Temperature.unit().name(), "v": 22.4 },
        { "n": "occupied", "vb": true },
    ])
}

fn pack() -> Value {
    json!({
        "type": "array",
        "description": "The last part of bn + n, behind `:` or `/`, is the quantity; the topic names the sensor.",
        "minItems": 1,
        "maxItems": MAX_READINGS,
        "items": { "$ref": "#/components/schemas/senmlRecord" },
    })
}

fn record() -> Value {
    json!({
        "type": "object",
        "description": "Base fields stay in force for the records behind them. Text (vs) and data (vd) are passed over.",
        "properties": {
            "bn": { "type": "string", "description": "base name" },
            "bt": { "type": "number", "description": "base time, s since 1970 UTC; small numbers are relative to now" },
            "bu": { "type": "string", "description": "base unit" },
            "bv": { "type": "number", "description": "base value" },
            "bver": { "type": "number", "maximum": VERSION },
            "n": { "type": "string", "description": "name; its last part is one of #/components/schemas/quantity" },
            "u": {
                "type": "string",
                "description": "unit; without it that of the quantity. Others of the same kind are converted",
                "examples": names(Unit::ALL, |unit| unit.name()),
            },
            "v": { "type": "number" },
            "vb": { "type": "boolean" },
            "vs": { "type": "string" },
            "vd": { "type": "string" },
            "t": { "type": "number", "description": "time, s, added to bt; without both the arrival counts" },
        },
        // RFC 8428, section 4.4: such a label must be understood or the pack refused, and we know none.
        "patternProperties": { "_$": false },
    })
}

fn diagnosis() -> Value {
    let count = |what: &str| json!({ "type": "integer", "minimum": 0, "description": what });
    let time = |what: &str| json!({ "type": "string", "format": "date-time", "description": what });
    json!({
        "type": "object",
        "required": ["time", "state", "accepted", "ignored", "refused", "readings"],
        "properties": {
            "time": time("arrival of the newest message"),
            "state": { "type": "string", "enum": Standing::NAMES, "description": "what became of it" },
            "accepted": count("messages that brought readings, since the service began to count"),
            "ignored": count("messages that were understood and brought none"),
            "refused": count("messages that broke the contract"),
            "readings": count("readings taken from the accepted messages"),
            "last_error": {
                "type": "object",
                "required": ["kind", "message", "time"],
                "properties": {
                    "kind": { "$ref": "#/components/schemas/errorKind" },
                    "message": { "type": "string" },
                    "field": { "type": "string", "description": "where one can be named" },
                    "time": time("arrival of the newest message that was refused"),
                },
            },
        },
    })
}

fn names<T: Copy>(all: &[T], name: impl Fn(T) -> &'static str) -> Vec<&'static str> {
    all.iter().map(|one| name(*one)).collect()
}

fn quantity(quantity: Quantity) -> Value {
    let (least, most) = quantity.range();
    let nature = match quantity.nature() {
        Nature::Gauge => "gauge",
        Nature::Counter => "counter",
        Nature::Interval => "interval",
        Nature::SinceLast => "since_last",
    };
    let finite = |bound: f64| bound.is_finite().then_some(bound);
    json!({
        "name": quantity.name(),
        "unit": quantity.unit().name(),
        "nature": nature,
        "range": [finite(least), finite(most)],
    })
}

fn limits() -> Value {
    json!({
        "payload_bytes": MAX_PAYLOAD,
        "json_depth": MAX_DEPTH,
        "json_values": MAX_VALUES,
        "readings_per_message": MAX_READINGS,
        "seconds_between_diagnoses": PAUSE_MS / 1000,
        "compression": "none: a compressed payload is refused and never unpacked",
    })
}

fn formats() -> Vec<Value> {
    let topics = |format: Format| -> Vec<&str> {
        DEFAULTS.iter().filter(|(_, of)| *of == format).map(|(filter, _)| *filter).collect()
    };
    Format::ALL.iter().map(|format| json!({ "name": format.name(), "topics": topics(*format) })).collect()
}
