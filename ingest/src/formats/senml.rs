//! SenML JSON (RFC 8428): a list of records with base fields that stay in force.
//!
//! On `normwatch/v1/{sensor}` the topic names the sensor and the last part of the name the quantity.
//! Elsewhere the name is cut the same way: what stands before the last `:` or `/` is the sensor,
//! unless the last part is no quantity; then the whole name is the sensor and the unit may tell
//! the quantity.

use std::borrow::Cow;

use model::{Flags, Id, Instant, Quantity};

use super::{Env, Parsed};
use crate::{
    DecodeError, Decoded, ErrorKind, Message, RawReading,
    entry::to_canonical,
    tape::{self, Cursor, Scalar, Tape},
    wire_id::wire_id,
};

/// The topic of the native contract.
pub(crate) const NATIVE: &str = "normwatch/v1/";

/// Times below this are relative to now (RFC 8428, section 4.5.3).
const RELATIVE_BELOW_S: f64 = 268_435_456.0;

/// The version of the format when a pack names none (RFC 8428, section 4.1).
pub(crate) const VERSION: f64 = 10.0;

/// Base fields in force.
#[derive(Default)]
pub(super) struct Base<'t> {
    pub(super) name: &'t str,
    pub(super) time: f64,
    pub(super) unit: Option<&'t str>,
    pub(super) value: f64,
}

pub(super) fn decode(message: &Message<'_>, env: &Env<'_>) -> Result<Parsed, DecodeError> {
    let native = match message.topic.strip_prefix(NATIVE) {
        Some(rest) => Some(Id::device(rest).map_err(|_| DecodeError::topic("normwatch/v1/{sensor}"))?),
        None => None,
    };
    let tape = Tape::parse(tape::text(message.payload)?)?;
    // Ours is a contract: a list, and nothing around it.
    let pack = pack(tape.root())
        .filter(|pack| native.is_none() || pack.object.is_none())
        .ok_or_else(|| DecodeError::new(ErrorKind::WrongType, "a SenML pack is a list of records"))?;
    let mut base = Base::default();
    let mut readings = Vec::with_capacity(8);
    let mut refused = None;
    for record in pack.object.into_iter().chain(pack.list.into_iter().flat_map(Cursor::children)) {
        if !record.is_object() {
            return Err(DecodeError::new(ErrorKind::WrongType, "a SenML record is an object"));
        }
        let record = Record::of(record)?;
        base.update(&record)?;
        if let Some(value) = record.value()? {
            match reading(&record, value, &base, native.as_ref(), message, env) {
                Ok(found) => readings.extend(found),
                // A record in a unit of something else is no reason to drop the others.
                Err(error) if error.kind == ErrorKind::BadUnit => refused = refused.or(Some(error)),
                Err(error) => return Err(error),
            }
        }
    }
    if let Some(error) = refused.filter(|_| readings.is_empty()) {
        return Err(error);
    }
    Ok(Decoded::readings_or(readings, "no_reading").into())
}

/// Where the records of a pack stand.
pub(crate) struct Pack<'t, 'a> {
    /// One record alone, or an object around the list with base fields of its own.
    pub(crate) object: Option<Cursor<'t, 'a>>,
    /// The records.
    pub(crate) list: Option<Cursor<'t, 'a>>,
}

/// Finds the records: a list. Taken too are one record alone, and an object that holds the list as `e` (drafts of the RFC)
/// or as `pack`.
pub(crate) fn pack<'t, 'a>(root: Cursor<'t, 'a>) -> Option<Pack<'t, 'a>> {
    let is_list = root.is_array();
    let wrapped = root.children().next().filter(|first| is_list && first.get("e").is_some());
    let object = wrapped.filter(|_| root.children().nth(1).is_none()).or((!is_list).then_some(root));
    let Some(around) = object else { return Some(Pack { object: None, list: Some(root) }) };
    let list = around.get("e").or_else(|| around.get("pack")).filter(|list| list.is_array());
    let is_record = around.get("v").or_else(|| around.get("vb")).is_some();
    (list.is_some() || is_record).then_some(Pack { object, list })
}

/// One record, its fields found in one walk.
#[derive(Default)]
pub(super) struct Record<'t, 'a> {
    base_name: Option<Cursor<'t, 'a>>,
    base_time: Option<Cursor<'t, 'a>>,
    base_unit: Option<Cursor<'t, 'a>>,
    base_value: Option<Cursor<'t, 'a>>,
    base_version: Option<Cursor<'t, 'a>>,
    name: Option<Cursor<'t, 'a>>,
    unit: Option<Cursor<'t, 'a>>,
    value: Option<Cursor<'t, 'a>>,
    state: Option<Cursor<'t, 'a>>,
    time: Option<Cursor<'t, 'a>>,
}

impl<'t, 'a> Record<'t, 'a> {
    /// Finds the fields of an object; of two equal ones the last counts.
    pub(super) fn of(object: Cursor<'t, 'a>) -> Result<Self, DecodeError> {
        let mut record = Self::default();
        for child in object.children() {
            let Some(label) = child.name() else { continue };
            let field = match label {
                "bn" => &mut record.base_name,
                "bt" => &mut record.base_time,
                "bu" => &mut record.base_unit,
                "bv" => &mut record.base_value,
                "bver" => &mut record.base_version,
                "n" => &mut record.name,
                "u" => &mut record.unit,
                "v" => &mut record.value,
                "vb" => &mut record.state,
                "t" => &mut record.time,
                // RFC 8428, section 4.4: a label that ends in `_` must be understood or the pack refused.
                _ if label.ends_with('_') => {
                    let what = "a label that must be understood is not";
                    return Err(DecodeError::at(ErrorKind::BadValue, label, what));
                }
                _ => continue,
            };
            *field = Some(child);
        }
        Ok(record)
    }

    /// The value: a number or a state. `None` for text, data and records that only set base fields.
    fn value(&self) -> Result<Option<&'t Scalar<'a>>, DecodeError> {
        let wrong =
            |field| DecodeError::at(ErrorKind::WrongType, field, format!("`{field}` has the wrong type"));
        if let Some(found) = self.value {
            let number = found.scalar().filter(|scalar| matches!(scalar, Scalar::Number(_)));
            return number.map(Some).ok_or_else(|| wrong("v"));
        }
        let Some(found) = self.state else { return Ok(None) };
        let state = found.scalar().filter(|scalar| matches!(scalar, Scalar::Bool(_)));
        state.map(Some).ok_or_else(|| wrong("vb"))
    }
}

impl<'t> Base<'t> {
    /// Takes over the base fields of a record.
    pub(super) fn update(&mut self, record: &Record<'t, '_>) -> Result<(), DecodeError> {
        self.name = text(record.base_name, "bn")?.unwrap_or(self.name);
        self.time = number(record.base_time, "bt")?.unwrap_or(self.time);
        self.unit = text(record.base_unit, "bu")?.or(self.unit);
        self.value = number(record.base_value, "bv")?.unwrap_or(self.value);
        let version = number(record.base_version, "bver")?.unwrap_or(VERSION);
        if version > VERSION {
            return Err(DecodeError::at(
                ErrorKind::BadValue,
                "bver",
                format!("version {version} is not known"),
            ));
        }
        Ok(())
    }
}

fn reading(
    record: &Record<'_, '_>,
    value: &Scalar<'_>,
    base: &Base<'_>,
    native: Option<&Id>,
    message: &Message<'_>,
    env: &Env<'_>,
) -> Result<Option<RawReading>, DecodeError> {
    let name = text(record.name, "n")?.unwrap_or_default();
    let (device, last) = split_name(base.name, name);
    let unit = text(record.unit, "u")?.or(base.unit);
    let (quantity, channel, device) = match quantity_named(&last, unit, env) {
        Some((quantity, channel)) => (quantity, channel, device),
        // The whole name is the device's: a unit of one quantity alone still tells.
        None => match unit.and_then(quantity_of_unit).filter(|_| native.is_none()) {
            Some(quantity) => (quantity, None, Cow::Owned(format!("{}{name}", base.name))),
            None => return Ok(None),
        },
    };
    let sensor = native.cloned().unwrap_or_else(|| device_id(&device, message.topic));
    let value = match value {
        Scalar::Number(number) => number + base.value,
        Scalar::Bool(state) => f64::from(*state),
        Scalar::Null | Scalar::Text(_) => return Ok(None),
    };
    let converted = to_canonical(quantity, value, unit)
        .map_err(|error| DecodeError::at(ErrorKind::BadUnit, "u", error.to_string()))?;
    let mut flags = if converted.is_estimated { Flags::ESTIMATED } else { Flags::NONE };
    if env.names.is_sentinel(quantity, converted.value) {
        flags = flags.with(Flags::SENTINEL);
    }
    let time = resolve_time(base.time + number(record.time, "t")?.unwrap_or(0.0), message.received_at);
    Ok(Some(RawReading { sensor, quantity, channel, value: converted.value, time, flags }))
}

/// Base name and name together, cut at the last `:` or `/` into device and quantity.
pub(crate) fn split_name<'t>(base: &'t str, name: &'t str) -> (Cow<'t, str>, Cow<'t, str>) {
    const CUTS: [char; 2] = [':', '/'];
    match name.rsplit_once(CUTS) {
        Some((front, last)) if base.is_empty() => (Cow::Borrowed(front), Cow::Borrowed(last)),
        Some((front, last)) => (Cow::Owned(format!("{base}{front}")), Cow::Borrowed(last)),
        // The usual case costs nothing: the base name ends where the quantity begins.
        None if base.is_empty() || (base.ends_with(CUTS) && !name.is_empty()) => {
            (Cow::Borrowed(base.trim_end_matches(CUTS)), Cow::Borrowed(name))
        }
        None => {
            let (front, last) = base.rsplit_once(CUTS).unwrap_or(("", base));
            (Cow::Borrowed(front), Cow::Owned(format!("{last}{name}")))
        }
    }
}

/// The quantity that a name means: one of the closed list as written, else one that the table knows and the unit fits.
fn quantity_named(name: &str, unit: Option<&str>, env: &Env<'_>) -> Option<(Quantity, Option<Id>)> {
    if let Some(quantity) = Quantity::parse(name) {
        return Some((quantity, None));
    }
    for known in env.names.spellings(name).iter() {
        if known.is_ignored {
            return None;
        }
        let mut found = env.names.matches(known, "senml").filter(|m| m.entry.is_plain());
        if let Some(found) = found.find(|m| to_canonical(m.entry.quantity, 1.0, unit).is_ok()) {
            let channel = found.entry.channel.as_deref().or(known.spelling.channel.as_deref());
            return Some((found.entry.quantity, channel.map(wire_id)));
        }
    }
    None
}

/// The quantity of a unit that measures one thing in an office (ratios, counts and energies measure many).
fn quantity_of_unit(unit: &str) -> Option<Quantity> {
    use Quantity as Q;
    let candidates = [
        Q::Temperature,
        Q::Co2,
        Q::Illuminance,
        Q::SoundLevel,
        Q::Power,
        Q::Voltage,
        Q::Current,
        Q::ApparentPower,
        Q::ReactivePower,
    ];
    if unit.contains("RH") {
        return Some(Q::Humidity);
    }
    if unit.eq_ignore_ascii_case("%EL") {
        return Some(Q::BatteryLevel);
    }
    candidates.into_iter().find(|quantity| to_canonical(*quantity, 1.0, Some(unit)).is_ok())
}

/// The sensor of a name's device part; the topic where there is none.
fn device_id(device: &str, topic: &str) -> Id {
    let device = device.trim_end_matches([':', '/']);
    wire_id(if device.is_empty() { topic } else { device })
}

/// An instant from SenML seconds: small numbers are relative to the arrival.
pub(super) fn resolve_time(secs: f64, received_at: Option<Instant>) -> Option<Instant> {
    if secs < RELATIVE_BELOW_S {
        let offset = Instant::from_secs_f64(secs)?.millis();
        return received_at.map(|at| at.plus_ms(offset));
    }
    Instant::from_secs_f64(secs)
}

fn text<'t>(found: Option<Cursor<'t, '_>>, field: &str) -> Result<Option<&'t str>, DecodeError> {
    let wrong = || DecodeError::at(ErrorKind::WrongType, field, format!("`{field}` is not a text"));
    found.map(|found| found.text().ok_or_else(wrong)).transpose()
}

fn number(found: Option<Cursor<'_, '_>>, field: &str) -> Result<Option<f64>, DecodeError> {
    let wrong = || DecodeError::at(ErrorKind::WrongType, field, format!("`{field}` is not a number"));
    found.map(|found| found.number().ok_or_else(wrong)).transpose()
}
