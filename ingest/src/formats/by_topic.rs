//! What only the topic names: the value of a message, and its sender.

use model::{Id, Instant};

use super::{Env, eui};
use crate::{
    RawReading,
    field::{self, Field},
    fields::Walk,
    obis,
    roles::is_nameless,
    spelling,
    tape::Scalar,
    wire_id::wire_id,
};

/// Last levels of a topic that name the kind of message and not the sender.
const KINDS: &[&str] = &[
    "up",
    "uplink",
    "data",
    "state",
    "telemetry",
    "event",
    "events",
    "status",
    "json",
    "measurements",
    "readings",
    "report",
    "push",
    "post",
    "obis",
    "values",
    "send",
];

/// The value of a message that does not name it.
pub(super) struct Value<'v> {
    pub(super) scalar: &'v Scalar<'v>,
    /// As the message states it.
    pub(super) unit: Option<&'v str>,
    pub(super) time: Option<Instant>,
}

/// Reads a value by its topic: the last level that says something is its name, the one before it the sender.
///
/// Where both levels together are the name of another quantity (`battery/voltage`, `L1/V`), the sender stands before
/// them. Where the last level is the sender's name, its last word may tell what it measures; of a quantity that nobody
/// gives in two units. `own` is the sender that the message itself names.
pub(super) fn read(
    value: &Value<'_>,
    own: Option<Id>,
    topic: &str,
    env: &Env<'_>,
    format: &'static str,
) -> Option<RawReading> {
    let mut levels = topic.split('/').filter(|level| !level.is_empty()).collect::<Vec<_>>();
    // `.../1-0:16.7.0/255/value` ends in words that say nothing.
    while levels.len() > 2 && levels.last().is_some_and(|level| says_nothing(level)) {
        levels.pop();
    }
    let [front @ .., name] = levels.as_slice() else { return None };
    let before = front.last().copied().unwrap_or_default();
    let is_of_period = spelling::words(before).iter().any(|word| env.names.is_of_period(word));
    if is_of_period || env.names.is_foreign_context(before) {
        return None;
    }
    let told = |levels: &[&str]| own.clone().unwrap_or_else(|| of_topic(&levels.join("/")));
    let sensor = told(if front.is_empty() { &levels } else { front });
    let walk = Walk { profile: env.profile(&sensor), ..Walk::new(env.names, format) };
    let single = |name: &str| walk.single_scalar(name, value.scalar, value.unit);
    let both = format!("{before}_{name}");
    if walk.ignores(&both) {
        return None;
    }
    let plain = single(obis::name(name).as_deref().unwrap_or(name));
    let is_word = !env.names.says_little(before);
    let is_other = |joined: &Field| plain.as_ref().is_none_or(|plain| plain.quantity != joined.quantity);
    let joined = single(&both).filter(|joined| is_word || is_other(joined));
    if let Some(field) = joined {
        let around = front.split_last().map(|(_, around)| around).filter(|around| !around.is_empty());
        let sensor = told(around.unwrap_or(front));
        return field::bind(vec![field], &sensor, value.time).pop();
    }
    if let Some(field) = plain {
        return field::bind(vec![field], &sensor, value.time).pop();
    }
    let sensor = told(&[name]);
    let Some(mut field) = by_last_words(name, value.scalar, value.unit, &walk) else {
        // `temperature/desk-4` with a unit of temperatures: the level before says of what.
        let is_meant = own.is_none() && value.unit.is_some() && !env.names.is_qualifier(name);
        let field = single(before).filter(|_| is_meant)?;
        return field::bind(vec![field], &sensor, value.time).pop();
    };
    field.channel = None;
    let is_sure = value.unit.is_some() || field::is_state(field.quantity) || field::is_of_air(field.quantity);
    if is_sure { field::bind(vec![field], &sensor, value.time).pop() } else { None }
}

fn says_nothing(level: &str) -> bool {
    is_kind(level) || (is_nameless(level) && level != "V") || level.bytes().all(|b| b.is_ascii_digit())
}

fn is_kind(level: &str) -> bool {
    KINDS.contains(&&*level.to_ascii_lowercase())
}

/// The sender as the topic names it: the last level that is not the kind of message.
pub(super) fn of_topic(topic: &str) -> Id {
    let mut levels = topic.split('/').rev().filter(|level| !level.is_empty());
    let level = levels.clone().find(|level| !is_kind(level)).or_else(|| levels.next()).unwrap_or(topic);
    eui(level).unwrap_or_else(|| wire_id(level))
}

/// A name of more words is none: every end of it is looked up.
const MOST_WORDS: usize = 32;

/// `living_room_temperature`: the longest end that is a known name; what stands before it is a channel.
pub(super) fn by_last_words(
    name: &str,
    value: &Scalar<'_>,
    unit: Option<&str>,
    walk: &Walk<'_>,
) -> Option<Field> {
    let words: Vec<&str> = name.split(['_', '-', ' ', '.']).filter(|word| !word.is_empty()).collect();
    if words.iter().any(|word| walk.names.is_of_period(word)) {
        return None;
    }
    if words.len() > MOST_WORDS {
        return None;
    }
    for start in 0..words.len() {
        let (front, end) = words.split_at_checked(start)?;
        let end = end.join("_");
        if walk.ignores(&end) {
            return None;
        }
        if let Some(mut field) = walk.single_scalar(&end, value, unit) {
            if !front.is_empty() {
                field.channel.get_or_insert_with(|| front.join("_"));
            }
            return Some(field);
        }
    }
    None
}
