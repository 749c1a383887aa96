//! Bare numbers in another power of ten than usual, where only one is physically possible.
//!
//! Drivers pass on the whole numbers of a chip: 2150 for 21.50 °C, 650 mA for 0.65 A. Nothing is done where a unit is
//! stated, or where two readings of a number are possible: none is better than a wrong one.

use model::{Flags, Quantity};

use crate::field::Field;

/// Brings bare numbers to the unit in which they are possible; those that contradict each other are taken out.
pub(crate) fn rescale(found: &mut Vec<Field>) {
    use Quantity as Q;
    // Most messages hold nothing of the kind: one look tells.
    let (mut is_cold, mut is_large, mut electric) = (false, false, 0);
    for field in found.iter() {
        match field.quantity {
            Q::Temperature if field.value <= -40.0 => is_cold = true,
            Q::Voltage if field.is_bare => electric |= 1,
            Q::Current if field.is_bare => electric |= 2,
            Q::Power if field.is_bare => electric |= 4,
            _ => {}
        }
        is_large |= field.is_bare && field.value >= 100.0;
    }
    if is_cold {
        mark_noughts(found);
    }
    if is_large {
        let tenths = tells_tenths(found);
        for field in found.iter_mut().filter(|field| is_chips_number(field)) {
            let tenths = tenths || is_of_room(&field.key);
            if let Some(parts) = parts(field.quantity, field.value, tenths) {
                set(field, field.value / parts);
            }
        }
    }
    if is_large && electric & 1 != 0 {
        settle_tenths_of_volts(found);
        let is_none =
            |field: &Field| field.quantity == Q::Voltage && field.is_bare && field.value > MOST_VOLTS;
        found.retain(|field| !is_none(field));
    }
    if electric == 7 {
        settle_powers(found);
    }
}

/// A bare voltage above this is in a unit that nobody stated, V.
const MOST_VOLTS: f64 = 1_000.0;

/// Tenths of the volts of a socket, as a whole number: nothing else is possible in an office.
const TENTHS_OF_VOLTS: std::ops::RangeInclusive<f64> = 2_000.0..=2_650.0;

/// A chip that counts tenths of volts counts milliamperes beside them; voltage times current tells whether its power
/// is in watts, tenths or thousandths of them. A power that fits none of these, or several, is taken out.
fn settle_tenths_of_volts(found: &mut Vec<Field>) {
    let is_chips = |field: &Field, quantity| {
        field.quantity == quantity
            && field.is_bare
            && field.value.fract() == 0.0
            && field.flags == Flags::NONE
    };
    let is_tenths = |field: &Field| TENTHS_OF_VOLTS.contains(&field.value);
    let Some(at) = found.iter().position(|field| is_chips(field, Quantity::Voltage) && is_tenths(field))
    else {
        return;
    };
    let beside = |found: &[Field], quantity| {
        let voltage = found.get(at)?;
        found.iter().position(|field| is_chips(field, quantity) && is_of_one(field, voltage))
    };
    let (current, power) = (beside(found, Quantity::Current), beside(found, Quantity::Power));
    let volts = scaled(found, at, 10.0);
    let value = |found: &[Field], at: usize| found.get(at).map_or(0.0, |field| field.value.abs());
    let (amperes, watts) = (current.map(|at| value(found, at) / 1_000.0), power.map(|at| value(found, at)));
    let possible = amperes.zip(watts).map(|(amperes, watts)| {
        let fits = |parts: &&f64| POSSIBLE.contains(&(volts * amperes * **parts / watts));
        let mut possible = [1.0, 10.0, 1_000.0].iter().filter(fits);
        possible.next().filter(|_| possible.next().is_none()).copied()
    });
    // Alone, a small number may be of amperes.
    if let Some(at) = current
        && (possible.flatten().is_some() || value(found, at) >= 100.0)
    {
        scaled(found, at, 1_000.0);
    }
    match (power, possible) {
        (Some(at), Some(Some(parts))) => drop(scaled(found, at, parts)),
        (Some(at), Some(None)) if watts != Some(0.0) => drop(found.remove(at)),
        _ => {}
    }
}

/// A field brought to its unit, of which the number has so many parts; its value.
fn scaled(found: &mut [Field], at: usize, parts: f64) -> f64 {
    let Some(field) = found.get_mut(at) else { return 0.0 };
    set(field, field.value / parts);
    field.value
}

/// Gives a field its value in the unit of its quantity.
const fn set(field: &mut Field, value: f64) {
    (field.value, field.is_bare) = (value, false);
}

/// Whether two values are of one device's part and instant.
fn is_of_one(a: &Field, b: &Field) -> bool {
    a.channel == b.channel && a.spot == b.spot && a.time == b.time
}

/// What humidity chips say when they answer nought: the temperature is where their scale begins, and the air is dry.
fn mark_noughts(found: &mut [Field]) {
    const BEGINNINGS: [f64; 2] = [-45.0, -40.0];
    let is = |field: &Field, value: f64| (field.value - value).abs() < f64::EPSILON;
    let is_nought = |field: &Field| field.quantity == Quantity::Humidity && is(field, 0.0);
    let is_beginning = |field: &Field| {
        field.quantity == Quantity::Temperature && BEGINNINGS.iter().any(|beginning| is(field, *beginning))
    };
    let dry = found.iter().position(is_nought);
    let cold = found.iter().position(|field| {
        is_beginning(field) && dry.and_then(|at| found.get(at)).is_some_and(|dry| is_of_one(dry, field))
    });
    if let (Some(dry), Some(cold)) = (dry, cold) {
        for at in [dry, cold] {
            if let Some(field) = found.get_mut(at) {
                field.flags = field.flags.with(Flags::SENTINEL);
            }
        }
    }
}

/// A whole number that nobody gave a unit, and no stand-in.
fn is_chips_number(field: &Field) -> bool {
    field.is_bare && field.value >= 100.0 && field.value.fract() == 0.0 && !field.flags.has(Flags::SENTINEL)
}

/// How many of the number make one of the quantity's unit; `None` where it is one, or could be of several.
fn parts(quantity: Quantity, value: f64, tenths: bool) -> Option<f64> {
    use Quantity as Q;
    let is = |low: f64, high: f64| (low..=high).contains(&value);
    match quantity {
        Q::Temperature | Q::OutdoorTemperature | Q::Setpoint if is(1_000.0, 4_500.0) => Some(100.0),
        Q::Temperature | Q::Setpoint if is(10_000.0, 45_000.0) => Some(1_000.0),
        Q::Temperature | Q::Setpoint if tenths && is(100.0, 450.0) => Some(10.0),
        Q::Humidity if is(1_001.0, 10_000.0) => Some(100.0),
        Q::Humidity if is(150.0, 1_000.0) => Some(10.0),
        Q::Pressure if is(3_000.0, 11_000.0) => Some(10.0),
        _ => None,
    }
}

/// Whether a humidity tells that the chip counts tenths: 215 alone may be 21.5 °C or 2.15 °C.
fn tells_tenths(found: &[Field]) -> bool {
    let mut humidities = found.iter().filter(|field| field.quantity == Quantity::Humidity).peekable();
    humidities.peek().is_some()
        && humidities.all(|field| is_chips_number(field) && (150.0..=1_000.0).contains(&field.value))
}

/// Whether a name says that it is warm: no room has 2 °C.
fn is_of_room(key: &str) -> bool {
    key.split(|c: char| !c.is_alphanumeric())
        .any(|word| matches!(&*word.to_ascii_lowercase(), "room" | "indoor"))
}

/// What a power may be of voltage times current: a poor power factor, and the rounding of small numbers.
const POSSIBLE: std::ops::RangeInclusive<f64> = 0.8..=20.0;

/// Voltage times current is the apparent power: it tells milliamperes and kilowatts that nobody stated.
fn settle_powers(found: &mut Vec<Field>) {
    let mut doubtful = Vec::new();
    for at in 0..found.len() {
        let Some((current, ratio)) = found.get(at).and_then(|power| beside(found, power)) else { continue };
        let value = |at: usize| found.get(at).map_or(0.0, |field| field.value);
        let is_whole = |at: usize| value(at).fract() == 0.0;
        let scaled = if POSSIBLE.contains(&(ratio * 1_000.0)) {
            Some((at, value(at) / 1_000.0))
        } else if !POSSIBLE.contains(&(ratio / 1_000.0)) {
            continue;
        } else if is_whole(current) && (value(current) >= 100.0 || is_whole(at)) {
            Some((current, value(current) / 1_000.0))
        } else if !is_whole(current) && !is_whole(at) && value(current) < 100.0 {
            Some((at, value(at) * 1_000.0))
        } else {
            None
        };
        match scaled.and_then(|(at, value)| Some((found.get_mut(at)?, value))) {
            Some((field, value)) => set(field, value),
            None => doubtful.extend([at, current]),
        }
    }
    doubtful.sort_unstable();
    doubtful.dedup();
    for at in doubtful.into_iter().rev() {
        found.remove(at);
    }
}

/// The bare current beside a bare power, and how often the power goes into their voltage times that current.
fn beside(found: &[Field], power: &Field) -> Option<(usize, f64)> {
    let is_bare =
        |field: &Field, quantity| field.is_bare && field.quantity == quantity && is_of_one(field, power);
    if !is_bare(power, Quantity::Power) || power.value == 0.0 {
        return None;
    }
    let voltage = found.iter().find(|field| is_bare(field, Quantity::Voltage))?.value;
    let current = found.iter().position(|field| is_bare(field, Quantity::Current) && field.value > 0.0)?;
    MAINS.contains(&voltage).then_some(())?;
    Some((current, voltage * found.get(current)?.value / power.value.abs()))
}

/// Voltages of a supply, V.
const MAINS: std::ops::RangeInclusive<f64> = 80.0..=500.0;
