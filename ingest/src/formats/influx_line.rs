//! InfluxDB line protocol over MQTT, as Telegraf and others publish it: several lines a message.

use std::borrow::Cow;

use model::Instant;

use super::{Env, Parsed, by_topic};
use crate::{
    DecodeError, Decoded, ErrorKind, Message, RawReading, field, fields::Walk, tape, time, wire_id::wire_id,
};

/// Tags that name the sensor, the most telling first.
const IDS: [&str; 12] = [
    "sensor",
    "sensor_id",
    "device_id",
    "deviceId",
    "device",
    "dev_eui",
    "meter",
    "id",
    "groupaddress",
    "serial",
    "name",
    "host",
];

pub(super) fn decode(message: &Message<'_>, env: &Env<'_>) -> Result<Parsed, DecodeError> {
    let text = tape::text(message.payload)?;
    if !text.trim().contains('=') {
        return Ok(bare(text.trim(), message, env));
    }
    let mut readings = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let line = Line::parse(line).ok_or_else(|| {
            DecodeError::new(ErrorKind::BadValue, "a line is `measurement,tag=v field=v [time]`")
        })?;
        readings.extend(line.readings(message, env));
    }
    Ok(Decoded::readings_or(readings, "no_reading").into())
}

/// Telegraf's layout of a topic for each field: the value stands alone, the last level names it.
fn bare(text: &str, message: &Message<'_>, env: &Env<'_>) -> Parsed {
    let Some((front, name)) = message.topic.rsplit_once('/') else {
        return Decoded::Ignored("no_reading").into();
    };
    let sensor = by_topic::of_topic(front);
    let walk = Walk { profile: env.profile(&sensor), ..Walk::new(env.names, "influx-line") };
    let field = walk.single(name, text, None);
    Decoded::readings_or(field::bind(field.into_iter().collect(), &sensor, message.received_at), "no_reading")
        .into()
}

/// Whether a text begins with a line of this protocol.
pub(crate) fn looks_like(text: &str) -> bool {
    text.lines().next().and_then(|line| Line::parse(line.trim())).is_some_and(|line| !line.fields.is_empty())
}

struct Line<'a> {
    measurement: Cow<'a, str>,
    tags: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    fields: Vec<(Cow<'a, str>, &'a str)>,
    time: Option<Instant>,
}

impl<'a> Line<'a> {
    fn parse(line: &'a str) -> Option<Self> {
        let (head, rest) = split_once(line, ' ')?;
        let mut parts = split(head, ',');
        let measurement = unescape(parts.next().filter(|name| !name.is_empty())?);
        let tags = parts
            .map(|tag| split_once(tag, '=').map(|(k, v)| (unescape(k), unescape(v))))
            .collect::<Option<_>>()?;
        let (fields, stamp) = split_once(rest.trim_start(), ' ').unwrap_or((rest, ""));
        // A field that is none (a decimal comma, say) is passed over.
        let pairs =
            split(fields, ',').filter_map(|field| split_once(field, '=').map(|(k, v)| (unescape(k), v)));
        let is_value = |value: &str| {
            value.starts_with('"')
                || matches!(value, "t" | "T" | "f" | "F")
                || matches!(&*value.to_lowercase(), "true" | "false")
                || value.trim_end_matches(['i', 'u']).parse::<f64>().is_ok()
        };
        let stamp = stamp.trim();
        let time = if stamp.is_empty() { None } else { Some(stamp.parse::<i64>().ok()?) };
        let fields: Vec<_> = pairs.filter(|(k, v)| !k.is_empty() && is_value(v)).collect();
        (!fields.is_empty()).then(|| Self {
            measurement,
            tags,
            fields,
            time: time.and_then(|t| time::epoch(to_f64(t))),
        })
    }

    fn tag(&self, name: &str) -> Option<&str> {
        self.tags.iter().find(|(key, value)| key == name && !value.is_empty()).map(|(_, value)| &**value)
    }

    fn readings(&self, message: &Message<'_>, env: &Env<'_>) -> Vec<RawReading> {
        let by_tag = IDS.iter().find_map(|tag| self.tag(tag));
        let sensor = by_tag.map_or_else(|| by_topic::of_topic(message.topic), wire_id);
        let walk = Walk { profile: env.profile(&sensor), ..Walk::new(env.names, "influx-line") };
        let found = self.fields.iter().filter_map(|(name, value)| {
            let value = plain(value)?;
            let unit = self.tag("unit");
            let joined = format!("{}_{name}", self.measurement);
            let is_nameless = matches!(&**name, "value" | "val" | "v");
            let own = if is_nameless { &*self.measurement } else { &**name };
            walk.single(&joined, value, unit).or_else(|| walk.single(own, value, unit))
        });
        field::bind(found.collect(), &sensor, self.time.or(message.received_at))
    }
}

#[expect(clippy::cast_precision_loss, reason = "nanoseconds since 1970 lose less than a microsecond")]
const fn to_f64(stamp: i64) -> f64 {
    stamp as f64
}

/// A field's value without its type mark.
fn plain(value: &str) -> Option<&str> {
    match value {
        "t" | "T" => Some("true"),
        "f" | "F" => Some("false"),
        _ if value.starts_with('"') => value.strip_prefix('"')?.strip_suffix('"'),
        _ if value.ends_with(['i', 'u']) => Some(value.trim_end_matches(['i', 'u'])),
        _ => Some(value),
    }
}

/// Where `separator` stands unescaped and outside quotes.
fn find(text: &str, separator: char) -> Option<usize> {
    let (mut is_escaped, mut is_quoted) = (false, false);
    text.char_indices().find_map(|(i, c)| {
        let is_here = c == separator && !is_escaped && !is_quoted;
        is_quoted ^= c == '"' && !is_escaped;
        is_escaped = c == '\\' && !is_escaped;
        is_here.then_some(i)
    })
}

fn split_once(text: &str, separator: char) -> Option<(&str, &str)> {
    let (front, back) = text.split_at_checked(find(text, separator)?)?;
    Some((front, back.strip_prefix(separator)?))
}

fn split(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        match split_once(text, separator) {
            Some((front, back)) => {
                rest = Some(back);
                Some(front)
            }
            None => {
                rest = None;
                Some(text)
            }
        }
    })
}

fn unescape(text: &str) -> Cow<'_, str> {
    if text.contains('\\') { Cow::Owned(text.replace('\\', "")) } else { Cow::Borrowed(text) }
}
