//! Formats that are an object with field names and little more: who sent it is in the object or in the topic.
//!
//! Vendors' own JSON, bare codec output of gateways, webhooks that a bridge publishes, meter gateways and IP
//! counters differ in names only, and names are the table's business.

use model::{Id, Instant};

use super::{
    Env, Parsed,
    by_topic::{self, of_topic},
    eui, xovis,
};
use crate::{
    DecodeError, Decoded, ErrorKind, Format, Message, RawReading, field,
    fields::Walk,
    key, near,
    place::Place,
    roles::{Hints, is_nameless},
    tape::{self, Cursor, Scalar, Tape},
    wire_id::wire_id,
};

/// Keys whose value is the device's own id, folded; the most telling first.
const IDS: &[&str] = &[
    "deveui",
    "deviceeui",
    "tsmtuid",
    "targetname",
    "deviceid",
    "devid",
    "uid",
    "did",
    "meterid",
    "sensorid",
    "serialnumber",
    "serial",
    "sn",
    "mac",
    "macaddress",
    "imei",
    "spacerefid",
    "devicemac",
    "roomid",
    "zoneid",
    "spaceid",
    "devicename",
    "device",
    "sensor",
];

/// Objects that describe the sender: an id is looked for inside them too.
const SENDERS: &[&str] = &[
    "event",
    "device",
    "deviceinfo",
    "sensor",
    "header",
    "source",
    "sensorinfo",
    "packageinfo",
    "metadata",
    "context",
    "logicsdata",
    "livedata",
    "statusdata",
];

/// Reads any object with known names.
pub(super) fn decode(
    message: &Message<'_>,
    env: &Env<'_>,
    format: &'static str,
) -> Result<Parsed, DecodeError> {
    let text = tape::text(message.payload)?.trim();
    if text.starts_with('<') {
        // Sub-metering after the national guideline is XML over TCP: a bridge that forwards it converts nothing.
        return Ok(Decoded::Ignored("xml").into());
    }
    if !text.starts_with(['{', '[']) {
        let is_number = text.parse::<f64>().is_ok() && format != Format::VendorJson.name();
        if is_number {
            return Err(DecodeError::new(ErrorKind::WrongType, "an object or a list is expected"));
        }
        return Ok(named_by_topic(text.trim_matches('"'), message, env, format).into());
    }
    let tape = Tape::parse(text)?;
    let root = tape.root();
    if let Some(readings) = xovis::crossings(root, message).filter(|_| format == "ip-sensors") {
        return Ok(Decoded::Readings(readings).into());
    }
    let mut readings = Vec::new();
    match records(root) {
        Some(records) => records.for_each(|record| readings.extend(read(record, message, env, format))),
        None => {
            readings = read(root, message, env, format);
            if readings.is_empty() {
                readings = inside_texts(root, message, env, format);
            }
            if readings.is_empty() {
                let around = || only_object(root).and_then(|inner| nameless(inner, message, env, format));
                readings.extend(nameless(root, message, env, format).or_else(around));
            }
            if let Some((sensor, time)) = readings.first().map(|first| (first.sensor.clone(), first.time)) {
                tape.radio().ride_along(&mut readings, &sensor, time);
            }
        }
    }
    let is_undecoded = root.get("data").is_some_and(|data| data.text().is_some());
    let reason = if readings.is_empty() && is_undecoded { "no_object" } else { "no_reading" };
    Ok(Decoded::readings_or(readings, reason).into())
}

/// A bare value: the topic names it and its sender.
///
/// What names nothing there is a status (`online`), a version, a text for people.
fn named_by_topic(text: &str, message: &Message<'_>, env: &Env<'_>, format: &'static str) -> Decoded {
    let value = by_topic::Value { scalar: &Scalar::Text(text.into()), unit: None, time: message.received_at };
    let is_read = format == Format::VendorJson.name();
    let reading = is_read.then(|| by_topic::read(&value, None, message.topic, env, format)).flatten();
    Decoded::readings_or(reading.into_iter().collect(), "bare_text")
}

/// The one value of an object that names nothing: `{"value": 21.5, "unit": "°C"}` on `site/room-301/temperature`.
fn nameless(
    object: Cursor<'_, '_>,
    message: &Message<'_>,
    env: &Env<'_>,
    format: &'static str,
) -> Option<RawReading> {
    let is_value = |child: &Cursor<'_, '_>| child.name().is_some_and(is_nameless) && child.scalar().is_some();
    let mut values = object.children().filter(is_value);
    let leaf = values.next().filter(|_| values.next().is_none())?;
    let place = Place::of(object, leaf, Hints::of(object.names()), None)?;
    let time = place.times(true).1.or(message.received_at);
    let value = by_topic::Value { scalar: leaf.scalar()?, unit: place.unit(), time };
    by_topic::read(&value, sender(object), message.topic, env, format)
}

/// What an object wraps, where that is but one object.
fn only_object<'t, 'a>(root: Cursor<'t, 'a>) -> Option<Cursor<'t, 'a>> {
    let mut objects = root.children().filter(|child| child.is_object());
    objects.next().filter(|_| objects.next().is_none())
}

/// Readings of objects that are written into texts of an object: `{"sid": "a", "data": "{\"humidity\": 40}"}`.
fn inside_texts(
    object: Cursor<'_, '_>,
    message: &Message<'_>,
    env: &Env<'_>,
    format: &'static str,
) -> Vec<RawReading> {
    /// Further ones are not read.
    const MOST_TEXTS: usize = 16;
    let is_object = |text: &&str| text.starts_with('{') || text.starts_with("[{");
    let texts = object.leaves().filter_map(|(leaf, _)| leaf.text()).filter(is_object);
    let mut readings = Vec::new();
    let mut texts = texts.take(MOST_TEXTS).peekable();
    if texts.peek().is_none() {
        return readings;
    }
    let outer = sender(object).unwrap_or_else(|| of_topic(message.topic));
    let at = near::time_in(object, None).or(message.received_at);
    for text in texts {
        let Ok(inner) = Tape::parse(text) else { continue };
        let mut take = |inside: Cursor<'_, '_>| {
            let sensor = sender(inside).unwrap_or_else(|| outer.clone());
            let walk =
                Walk { profile: env.profile(&sensor), takes_near_time: true, ..Walk::new(env.names, format) };
            readings.extend(field::bind(walk.fields(inside), &sensor, at));
        };
        match records(inner.root()) {
            Some(records) => records.for_each(take),
            None => take(inner.root()),
        }
    }
    readings
}

fn read(
    object: Cursor<'_, '_>,
    message: &Message<'_>,
    env: &Env<'_>,
    format: &'static str,
) -> Vec<RawReading> {
    let sensor = sender(object).unwrap_or_else(|| of_topic(message.topic));
    let walk = Walk { profile: env.profile(&sensor), takes_near_time: true, ..Walk::new(env.names, format) };
    let at: Option<Instant> = message.received_at;
    field::bind(walk.fields(object), &sensor, at)
}

/// The list of records that each name their own device, where the message is such a list.
fn records<'t, 'a>(root: Cursor<'t, 'a>) -> Option<impl Iterator<Item = Cursor<'t, 'a>>> {
    let lists = std::iter::once(root).chain(root.children()).filter(|list| list.is_array());
    let is_record = |record: Cursor<'_, '_>| record.is_object() && own_id(record).is_some();
    let mut lists = lists.filter(|list| list.children().next().is_some());
    lists.find(|list| list.children().all(is_record)).map(Cursor::children)
}

/// The sender of an object on any topic; `None` when the payload is none.
pub(crate) fn sender_of(topic: &str, payload: &[u8]) -> Option<Id> {
    let tape = Tape::parse(tape::text(payload).ok()?).ok()?;
    let root = tape.root();
    root.is_object().then(|| sender(root).unwrap_or_else(|| of_topic(topic)))
}

/// The id that an object gives its sender, or the nearest of the objects in it that describe one.
pub(super) fn sender(object: Cursor<'_, '_>) -> Option<Id> {
    let senders = || {
        let inside = object.children().filter(|child| child.is_object());
        inside.filter(|child| child.name().is_some_and(|name| SENDERS.contains(&&*key::fold(name))))
    };
    own_id(object)
        .or_else(|| senders().find_map(sender))
        .or_else(|| senders().find_map(|sender| sender.get("id").and_then(id)))
}

fn own_id(object: Cursor<'_, '_>) -> Option<Id> {
    let named = |wanted: &&str| {
        object
            .children()
            .find(|child| child.name().is_some_and(|name| key::fold(name) == *wanted))
            .and_then(id)
    };
    IDS.iter().find_map(named)
}

fn id(value: Cursor<'_, '_>) -> Option<Id> {
    match value.scalar()? {
        Scalar::Text(text) => {
            let last = text.trim().trim_end_matches('/').rsplit('/').next().unwrap_or_default().trim();
            if last.is_empty() { None } else { Some(eui(last).unwrap_or_else(|| wire_id(last))) }
        }
        Scalar::Number(number) => Some(wire_id(&number.to_string())),
        Scalar::Null | Scalar::Bool(_) => None,
    }
}
