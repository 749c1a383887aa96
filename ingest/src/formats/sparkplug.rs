//! Sparkplug B: births name the metrics of a node, data may carry their aliases alone.

use super::{
    Env, Parsed,
    births::{Births, Born},
};
use crate::{
    DecodeError, Decoded, ErrorKind, Format, MAX_PAYLOAD, Message, Outcome,
    field::{self, Field},
    fields::Walk,
    protobuf::{Fields, Malformed, Wire},
    tape::Scalar,
    time,
    wire_id::wire_id,
};

/// Why data without a birth is no reading.
const NO_BIRTH: &str = "no_birth";

/// `spBv1.0/{group}/{kind}/{node}[/{device}]`.
struct Topic<'a> {
    group: &'a str,
    kind: &'a str,
    node: &'a str,
    device: Option<&'a str>,
}

pub(super) fn decode(message: &Message<'_>, env: &mut Env<'_>) -> Result<Parsed, DecodeError> {
    let mut levels = message.topic.split('/').skip(1);
    let (Some(group), Some(kind)) = (levels.next(), levels.next()) else {
        return Err(DecodeError::topic("spBv1.0/{group}/{kind}/{node}[/{device}]"));
    };
    if group == "STATE" {
        return Ok(Decoded::Ignored("status").into());
    }
    let Some(node) = levels.next() else {
        return Err(DecodeError::topic("spBv1.0/{group}/{kind}/{node}[/{device}]"));
    };
    let topic = Topic { group, kind, node, device: levels.next() };
    match kind {
        "NBIRTH" | "DBIRTH" | "NDATA" | "DDATA" => data(&topic, message, env),
        "NDEATH" | "DDEATH" => Ok(Decoded::Ignored("death").into()),
        "NCMD" | "DCMD" => Ok(Decoded::Ignored("command").into()),
        _ => Err(DecodeError::new(ErrorKind::BadTopic, format!("`{kind}` is no kind of message"))),
    }
}

fn data(topic: &Topic<'_>, message: &Message<'_>, env: &mut Env<'_>) -> Result<Parsed, DecodeError> {
    if message.payload.len() > MAX_PAYLOAD {
        return Err(DecodeError::new(ErrorKind::TooLarge, format!("larger than {MAX_PAYLOAD} bytes")));
    }
    let (stamp, metrics) = payload(message.payload)
        .map_err(|Malformed| DecodeError::new(ErrorKind::BadBinary, "not a Sparkplug payload"))?;
    let node = format!("{}/{}", topic.group, topic.node);
    if topic.kind.ends_with("BIRTH") {
        learn(&mut env.state.births, &node, topic.kind == "NBIRTH", &metrics);
    }
    let sensor = match topic.device {
        Some(device) => wire_id(&format!("{}.{}.{device}", topic.group, topic.node)),
        None => wire_id(&format!("{}.{}", topic.group, topic.node)),
    };
    let walk = Walk { profile: env.profile(&sensor), ..Walk::new(env.names, "sparkplug-b") };
    let mut is_unborn = false;
    let mut found = Vec::new();
    for metric in &metrics {
        let born = metric.alias.and_then(|alias| env.state.births.get(&node, alias));
        let Some(name) = metric.name.or(born.map(|b| &*b.name)) else {
            is_unborn = true;
            continue;
        };
        let datatype = metric.datatype.or(born.map(|b| b.datatype)).unwrap_or(0);
        let unit = metric.unit.or(born.and_then(|b| b.unit.as_deref()));
        found.extend(field(name, metric, datatype, unit, &walk).map(|mut field| {
            field.time = metric.time.or(stamp).and_then(millis);
            field
        }));
    }
    let readings = field::bind(found, &sensor, message.received_at);
    let reason = match (topic.kind.ends_with("BIRTH"), is_unborn) {
        (true, _) => "birth",
        (false, true) => NO_BIRTH,
        (false, false) => "no_reading",
    };
    Ok(Decoded::readings_or(readings, reason).into())
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds since 1970 are far below 2^53")]
fn millis(stamp: u64) -> Option<model::Instant> {
    time::epoch(stamp as f64)
}

/// The value of a metric under the last part of its name; what stands before it is a channel.
fn field(
    name: &str,
    metric: &Metric<'_>,
    datatype: u64,
    unit: Option<&str>,
    walk: &Walk<'_>,
) -> Option<Field> {
    let scalar = metric.scalar(datatype)?;
    if let Some(field) = walk.single_scalar(name, &scalar, unit) {
        return Some(field);
    }
    let (front, last) = name.rsplit_once(['/', ':'])?;
    Some(walk.single_scalar(last, &scalar, unit)?.on_channel(front))
}

#[derive(Default)]
struct Metric<'a> {
    name: Option<&'a str>,
    alias: Option<u64>,
    time: Option<u64>,
    datatype: Option<u64>,
    is_null: bool,
    unit: Option<&'a str>,
    value: Option<(u64, Wire<'a>)>,
}

fn payload(bytes: &[u8]) -> Result<(Option<u64>, Vec<Metric<'_>>), Malformed> {
    let mut stamp = None;
    let mut metrics = Vec::new();
    for field in Fields(bytes) {
        match field? {
            (1, value) => stamp = value.integer(),
            (2, Wire::Bytes(bytes)) => metrics.push(Metric::parse(bytes)?),
            _ => {}
        }
    }
    Ok((stamp, metrics))
}

impl<'a> Metric<'a> {
    fn parse(bytes: &'a [u8]) -> Result<Self, Malformed> {
        let mut metric = Self::default();
        for field in Fields(bytes) {
            match field? {
                (1, value) => metric.name = value.text(),
                (2, value) => metric.alias = value.integer(),
                (3, value) => metric.time = value.integer(),
                (4, value) => metric.datatype = value.integer(),
                (7, value) => metric.is_null = value.integer() == Some(1),
                (9, Wire::Bytes(bytes)) => metric.unit = unit(bytes)?,
                (number @ 10..=15, value) => metric.value = Some((number, value)),
                _ => {}
            }
        }
        Ok(metric)
    }

    /// The value; integers of less than 64 bits travel unsigned and are read back by their datatype.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        reason = "two's complement of its width"
    )]
    fn scalar(&self, datatype: u64) -> Option<Scalar<'a>> {
        if self.is_null {
            return None;
        }
        Some(match self.value? {
            (10, Wire::Varint(value)) => Scalar::Number(match datatype {
                1 => f64::from(value as u8 as i8),
                2 => f64::from(value as u16 as i16),
                3 => f64::from(value as u32 as i32),
                _ => value as f64,
            }),
            (11, Wire::Varint(value)) if datatype == 4 => Scalar::Number(value as i64 as f64),
            (11, Wire::Varint(value)) => Scalar::Number(value as f64),
            (12, Wire::Fixed32(bits)) => Scalar::Number(shortest(f32::from_bits(bits))),
            (13, Wire::Fixed64(bits)) => Scalar::Number(f64::from_bits(bits)),
            (14, Wire::Varint(value)) => Scalar::Bool(value != 0),
            (15, value) => Scalar::Text(value.text()?.into()),
            _ => return None,
        })
    }
}

/// The number that the sensor meant: 21.3 and not 21.299999237.
fn shortest(value: f32) -> f64 {
    value.to_string().parse().unwrap_or_else(|_| f64::from(value))
}

/// The engineering unit among a metric's properties, if it is there.
fn unit(properties: &[u8]) -> Result<Option<&str>, Malformed> {
    let (mut keys, mut values) = (Vec::new(), Vec::new());
    for field in Fields(properties) {
        match field? {
            (1, key) => keys.push(key.text().unwrap_or_default()),
            (2, Wire::Bytes(value)) => {
                let text = Fields(value).find_map(|field| match field {
                    Ok((8, text)) => text.text(),
                    _ => None,
                });
                values.push(text);
            }
            _ => {}
        }
    }
    let is_unit = |key: &str| {
        matches!(
            &*crate::key::fold(key),
            "engunit" | "engineeringunits" | "engineeringunit" | "unit" | "units"
        )
    };
    Ok(keys.into_iter().zip(values).find(|(key, _)| is_unit(key)).and_then(|(_, value)| value))
}

/// Remembers the metrics of a birth.
fn learn(births: &mut Births, node: &str, is_of_node: bool, metrics: &[Metric<'_>]) {
    if is_of_node {
        births.forget(node);
    }
    for metric in metrics {
        if let (Some(alias), Some(name)) = (metric.alias, metric.name) {
            let (datatype, unit) = (metric.datatype.unwrap_or(0), metric.unit.map(str::to_owned));
            births.learn(node, alias, Born { name: name.to_owned(), datatype, unit });
        }
    }
}

/// Topic and payload of the command that asks a node for its birth, after a message whose metrics are only numbers.
///
/// `None` when nothing has to be asked for. The command carries the message's arrival as its time.
///
/// # Examples
/// ```
/// use ingest::{Decoder, Message, Routes, rebirth_request};
/// // One metric with the alias 5 and the value 21, of a node that was born before we came.
/// let payload = &[0x12, 4, 0x10, 5, 0x50, 21];
/// let message = Message { topic: "spBv1.0/hq/DDATA/gw/d1", payload, retained: false, received_at: None };
/// let outcome = Decoder::new(Routes::defaults()).decode_message(&message);
/// let (topic, payload) = rebirth_request(&message, &outcome).unwrap();
/// assert_eq!(topic, "spBv1.0/hq/NCMD/gw");
/// assert!(payload.windows(20).any(|part| part == b"Node Control/Rebirth"));
/// ```
#[must_use]
pub fn rebirth_request(message: &Message<'_>, outcome: &Outcome) -> Option<(String, Vec<u8>)> {
    if outcome.format != Some(Format::SparkplugB) || outcome.result != Ok(Decoded::Ignored(NO_BIRTH)) {
        return None;
    }
    let mut levels = message.topic.split('/');
    let (space, group, _kind, node) = (levels.next()?, levels.next()?, levels.next()?, levels.next()?);
    let mut metric = vec![0x0a, u8::try_from(REBIRTH.len()).ok()?];
    metric.extend(REBIRTH);
    metric.extend([0x20, BOOLEAN, 0x70, 1]);
    let mut payload = Vec::new();
    if let Some(at) = message.received_at.and_then(|at| u64::try_from(at.millis()).ok()) {
        payload.push(0x08);
        put_varint(&mut payload, at);
    }
    payload.extend([0x12, u8::try_from(metric.len()).ok()?]);
    payload.extend(metric);
    Some((format!("{space}/{group}/NCMD/{node}"), payload))
}

/// The metric that orders a birth, and its datatype.
const REBIRTH: &[u8] = b"Node Control/Rebirth";
const BOOLEAN: u8 = 11;

fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value > 0x7f {
        out.push(value.to_le_bytes()[0] | 0x80);
        value >>= 7;
    }
    out.push(value.to_le_bytes()[0]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Decoder, Routes};

    #[test]
    fn a_birth_is_asked_for_once_it_is_missed_and_not_after_it() {
        let mut decoder = Decoder::new(Routes::defaults());
        let at = model::Instant::parse("2026-03-02T08:00:00Z").ok();
        let mut asked = |topic: &str, payload: &[u8]| {
            let message = Message { topic, payload, retained: false, received_at: at };
            let outcome = decoder.decode_message(&message);
            rebirth_request(&message, &outcome)
        };
        let alone = [0x12, 4, 0x10, 5, 0x50, 21];
        let (topic, command) = asked("spBv1.0/hq/DDATA/gw/d1", &alone).unwrap();
        assert_eq!(topic, "spBv1.0/hq/NCMD/gw");
        let (stamp, metrics) = payload(&command).ok().unwrap();
        assert_eq!(stamp.and_then(millis), at);
        assert_eq!(metrics[0].name, Some("Node Control/Rebirth"));
        assert_eq!(metrics[0].scalar(11), Some(Scalar::Bool(true)));
        // The birth gives alias 5 the name `co2`.
        let birth = [0x12, 9, 0x0a, 3, b'c', b'o', b'2', 0x10, 5, 0x50, 21];
        assert_eq!(asked("spBv1.0/hq/DBIRTH/gw/d1", &birth), None);
        assert_eq!(asked("spBv1.0/hq/DDATA/gw/d1", &alone), None);
    }
}
