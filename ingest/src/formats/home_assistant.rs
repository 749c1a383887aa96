//! Home Assistant's topics and those of `ESPHome`: one bare value a topic, units told elsewhere.
//!
//! Discovery messages are remembered by the state topic that they describe; statestream publishes
//! unit and class as topics beside the state.

use model::Id;

use super::{Env, Parsed, by_topic::by_last_words, state::Described};
use crate::{
    DecodeError, Decoded, ErrorKind, Message, field,
    fields::Walk,
    tape::{self, Cursor, Scalar, Tape},
    wire_id::wire_id,
};

/// `homeassistant/{component}/[{node}/]{object}/config`: never a reading, but it tells what a state topic means.
pub(super) fn decode_discovery(message: &Message<'_>, env: &mut Env<'_>) -> Result<Parsed, DecodeError> {
    let text = tape::text(message.payload)?.trim();
    if !text.starts_with('{') {
        return Ok(Decoded::Ignored("status").into());
    }
    let tape = Tape::parse(text)?;
    let config = tape.root();
    let either = |long: &str, short: &str| config.text_of(long).or_else(|| config.text_of(short));
    let base = config.text_of("~").unwrap_or_default();
    let Some(topic) = either("state_topic", "stat_t").map(|topic| topic.replace('~', base)) else {
        return Ok(Decoded::Ignored("config").into());
    };
    // A template picks one field of an object: such a topic is another format's.
    if either("value_template", "val_tpl").is_some_and(|template| template.contains("value_json")) {
        return Ok(Decoded::Ignored("config").into());
    }
    let described = Described {
        unit: either("unit_of_measurement", "unit_of_meas").map(str::to_owned),
        class: either("device_class", "dev_cla").map(str::to_owned),
        sensor: device(config),
    };
    env.state.describe(topic, described);
    Ok(Decoded::Ignored("config").into())
}

fn device(config: Cursor<'_, '_>) -> Option<Id> {
    let device = config.get("device").or_else(|| config.get("dev"))?;
    let ids = device.get("identifiers").or_else(|| device.get("ids"))?;
    ids.text().or_else(|| ids.children().next()?.text()).map(wire_id)
}

/// `ESPHome`: `{prefix}/{component}/{object}/state`; short forms end in the object.
pub(super) fn decode_esphome(message: &Message<'_>, env: &Env<'_>) -> Result<Parsed, DecodeError> {
    let levels: Vec<&str> = message.topic.split('/').filter(|level| !level.is_empty()).collect();
    let (device, component, object) = match levels.as_slice() {
        [device @ .., component, object, "state"] if !device.is_empty() => (device, *component, *object),
        [_, .., "status"] => return Ok(Decoded::Ignored("availability").into()),
        [_, .., "debug" | "command"] => return Ok(Decoded::Ignored("log").into()),
        [device @ .., object] if !device.is_empty() => (device, "sensor", *object),
        _ => return Err(DecodeError::topic("{prefix}/{component}/{object}/state")),
    };
    if !matches!(component, "sensor" | "binary_sensor" | "text_sensor" | "number") {
        return Ok(Decoded::Ignored("status").into());
    }
    let described = env.state.described(message.topic);
    let sensor = described.and_then(|d| d.sensor.clone()).unwrap_or_else(|| wire_id(&device.join("-")));
    one_value(object, described, &sensor, message, env)
}

/// Statestream: `{base}/{domain}/{entity}/{state or attribute}`, values quoted as JSON.
pub(super) fn decode_statestream(message: &Message<'_>, env: &mut Env<'_>) -> Result<Parsed, DecodeError> {
    let mut levels = message.topic.rsplit('/');
    let (Some(what), Some(entity), Some(domain)) = (levels.next(), levels.next(), levels.next()) else {
        return Err(DecodeError::topic("{base}/{domain}/{entity}/state"));
    };
    let text = tape::text(message.payload)?.trim().trim_matches('"');
    let topic = message.topic.strip_suffix(what).map(|front| format!("{front}state")).unwrap_or_default();
    match what {
        "state" if matches!(domain, "sensor" | "binary_sensor") => {
            let sensor = wire_id(entity);
            one_value(entity, env.state.described(&topic), &sensor, message, env)
        }
        "unit_of_measurement" | "device_class" => {
            let mut described = env.state.described(&topic).cloned().unwrap_or_default();
            let slot = if what == "device_class" { &mut described.class } else { &mut described.unit };
            *slot = Some(text.to_owned());
            env.state.describe(topic, described);
            Ok(Decoded::Ignored("config").into())
        }
        _ => Ok(Decoded::Ignored("attribute").into()),
    }
}

/// One bare value under a name that a user chose: its class decides, else the words at its end.
fn one_value(
    name: &str,
    described: Option<&Described>,
    sensor: &Id,
    message: &Message<'_>,
    env: &Env<'_>,
) -> Result<Parsed, DecodeError> {
    let text = tape::text(message.payload)?.trim().trim_matches('"');
    if text.starts_with(['{', '[']) {
        return Err(DecodeError::new(ErrorKind::WrongType, "a bare value is expected"));
    }
    let unit = described.and_then(|d| d.unit.as_deref());
    let walk = Walk { profile: env.profile(sensor), ..Walk::new(env.names, "home-assistant") };
    let class = described.and_then(|d| d.class.as_deref());
    let by_class = class.and_then(|class| walk.single(class, text, unit));
    let field = by_class.or_else(|| by_last_words(name, &Scalar::Text(text.into()), unit, &walk));
    let readings = field::bind(field.into_iter().collect(), sensor, message.received_at);
    Ok(Decoded::readings_or(readings, "no_reading").into())
}
