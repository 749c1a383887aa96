//! `LwM2M` objects as SenML: names are object paths, units are implied by the registry of objects.

use model::{Flags, Id, Instant, Quantity};

use super::{Env, Parsed, senml};
use crate::{
    DecodeError, Decoded, ErrorKind, Message, RawReading,
    entry::to_canonical,
    tape::{self, Cursor, Tape},
    wire_id::wire_id,
};

/// Objects of the OMA registry (IPSO): object, resource, quantity, unit where the pack states none.
const RESOURCES: &[(u32, u32, Quantity, &str)] = &[
    (3, 9, Quantity::BatteryLevel, "%"),
    (4, 2, Quantity::Signal, "dBm"),
    (3301, 5700, Quantity::Illuminance, "lx"),
    (3302, 5500, Quantity::Occupied, "1"),
    (3302, 5501, Quantity::MotionCount, "count"),
    (3303, 5700, Quantity::Temperature, "Cel"),
    (3304, 5700, Quantity::Humidity, "%RH"),
    (3305, 5800, Quantity::Power, "W"),
    (3305, 5805, Quantity::EnergyImport, "Wh"),
    (3305, 5810, Quantity::ReactivePower, "var"),
    (3305, 5820, Quantity::PowerFactor, "1"),
    (3308, 5900, Quantity::Setpoint, "Cel"),
    (3315, 5700, Quantity::Pressure, "Pa"),
    (3316, 5700, Quantity::Voltage, "V"),
    (3317, 5700, Quantity::Current, "A"),
    (3318, 5700, Quantity::Frequency, "Hz"),
    (3323, 5700, Quantity::Pressure, "Pa"),
    (3324, 5700, Quantity::SoundLevel, "dB"),
    (3325, 5700, Quantity::Co2, "ppm"),
    (3328, 5700, Quantity::Power, "W"),
    (3329, 5700, Quantity::PowerFactor, "1"),
    (3331, 5700, Quantity::EnergyImport, "Wh"),
    (3331, 5805, Quantity::EnergyImport, "Wh"),
    (3434, 1, Quantity::PeopleCount, "count"),
    (3434, 5, Quantity::PeopleInTotal, "count"),
    (3434, 6, Quantity::PeopleOutTotal, "count"),
    (10242, 30, Quantity::Power, "kW"),
    (10242, 40, Quantity::EnergyImport, "kWh"),
];

pub(super) fn decode(message: &Message<'_>, env: &Env<'_>) -> Result<Parsed, DecodeError> {
    let tape = Tape::parse(tape::text(message.payload)?)?;
    let pack = tape.root();
    if !pack.is_array() {
        return Err(DecodeError::new(ErrorKind::WrongType, "a SenML pack is a list of records"));
    }
    let sensor = endpoint(message.topic);
    let mut base = senml::Base::default();
    let mut readings = Vec::new();
    for record in pack.children().filter(|record| record.is_object()) {
        base.update(&senml::Record::of(record)?)?;
        readings.extend(reading(record, &base, &sensor, message.received_at, env));
    }
    Ok(Decoded::readings_or(readings, "no_reading").into())
}

/// The endpoint is outside the pack; gateways put it into the topic, before the kind of message.
fn endpoint(topic: &str) -> Id {
    let by_urn = topic.split('/').find(|level| level.starts_with("urn:"));
    by_urn.map_or_else(|| super::by_topic::of_topic(topic), wire_id)
}

fn reading(
    record: Cursor<'_, '_>,
    base: &senml::Base<'_>,
    sensor: &Id,
    received_at: Option<Instant>,
    env: &Env<'_>,
) -> Option<RawReading> {
    let name = format!("{}{}", base.name, record.text_of("n").unwrap_or_default());
    let mut parts = name.split('/').filter_map(|part| part.parse::<u32>().ok());
    let (object, instance, resource) = (parts.next()?, parts.next()?, parts.next()?);
    let (_, _, quantity, usual) = RESOURCES.iter().find(|(o, r, ..)| (*o, *r) == (object, resource))?;
    let state = record.get("vb").and_then(Cursor::boolean).map(f64::from);
    let number = record.number_of("v").map(|v| v + base.value).or(state)?;
    let unit = record.text_of("u").or(base.unit).unwrap_or(usual);
    let value = to_canonical(*quantity, number, Some(unit)).ok()?.value;
    let secs = base.time + record.number_of("t").unwrap_or(0.0);
    let is_sentinel = env.names.is_sentinel(*quantity, value);
    Some(RawReading {
        sensor: sensor.clone(),
        quantity: *quantity,
        channel: (instance > 0).then(|| wire_id(&instance.to_string())),
        value,
        time: senml::resolve_time(secs, received_at),
        flags: if is_sentinel { Flags::SENTINEL } else { Flags::NONE },
    })
}
