//! Any vendor's object -> values of known quantities.
//!
//! Names, units and stand-ins come from the table; this file knows only how to ask it. What the
//! table does not know is passed over: it is never a reason to drop the rest.

use std::{borrow::Cow, sync::Arc};

use model::{Flags, Quantity, Unit};

use crate::{
    entry::{Converted, Entry},
    field::{Field, is_state, settle, without_errors, without_signals_of_others},
    key,
    names::{Known, Match, Names},
    place::{Place, has_company},
    roles::{self, Hints},
    scalar, scale, spelling,
    tape::{Cursor, Scalar},
};

/// How to read one object.
#[derive(Clone, Copy)]
pub(crate) struct Walk<'n> {
    pub(crate) names: &'n Names,
    /// Names of the sensor's device profile; they go before the common ones.
    pub(crate) profile: Option<&'n Names>,
    /// Name of the format, for entries that hold in it alone.
    pub(crate) format: &'n str,
    /// Whether the nearest object with a time dates its values, the outermost too (else only records do: in an
    /// envelope the network's time is the better one).
    pub(crate) takes_near_time: bool,
    /// Units that the message states once for a quantity.
    pub(crate) units: &'n [(Quantity, &'n str)],
}

/// What a table says of a name.
enum Answer {
    /// The value is this.
    Field(Field),
    /// The name is known and no reading.
    Ignored,
    /// The name is not known, or not for such a value.
    Unknown,
}

/// A scalar as a value of an entry's quantity.
#[derive(Clone, Copy)]
struct Read {
    value: f64,
    flags: Flags,
    /// As published, in a unit that nobody stated.
    is_bare: bool,
}

impl Answer {
    const fn is_final(&self) -> bool {
        !matches!(self, Self::Unknown)
    }
}

impl<'n> Walk<'n> {
    /// A walk with the table alone.
    pub(crate) const fn new(names: &'n Names, format: &'n str) -> Self {
        Self { names, profile: None, format, takes_near_time: false, units: &[] }
    }

    /// Every known value in `root`, in document order, one for each series and instant.
    pub(crate) fn fields(&self, root: Cursor<'_, '_>) -> Vec<Field> {
        let hints = Hints::of(root.names());
        let leaves = root.leaves().filter(|(_, scalar)| !matches!(scalar, Scalar::Null));
        let mut last = None;
        let places = leaves.filter_map(|(leaf, scalar)| {
            let place = Place::of(root, leaf, hints, last)?;
            last = place.cell;
            Some((place, scalar))
        });
        let mut found = places.filter_map(|(place, scalar)| self.field(&place, scalar)).collect();
        scale::rescale(&mut found);
        settle(without_errors(without_signals_of_others(found)))
    }

    /// Names of numbers and states in `root` that no table knows, each once, in document order.
    pub(crate) fn unknown<'t>(&self, root: Cursor<'t, '_>) -> Vec<&'t str> {
        let mut names: Vec<&str> = Vec::new();
        let hints = Hints::of(root.names());
        for (leaf, _) in root.leaves().filter(|(_, s)| matches!(s, Scalar::Number(_) | Scalar::Bool(_))) {
            let Some(place) = Place::of(root, leaf, hints, None) else { continue };
            let Some(name) = place.names().first().copied().filter(|_| !self.is_foreign(&place)) else {
                continue;
            };
            let mut candidates = self.candidates(&place).into_iter();
            let is_known = candidates.any(|name| self.tables().any(|t| !t.spellings(&name).is_empty()));
            if !is_known && !roles::is_time(name) && !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }

    /// Whether a name is known and deliberately no reading.
    pub(crate) fn ignores(&self, name: &str) -> bool {
        self.names.spellings(name).iter().any(|known| known.is_ignored)
    }

    /// The value of a bare text under a name that stands elsewhere (in the topic, say).
    pub(crate) fn single(&self, name: &str, text: &str, unit: Option<&str>) -> Option<Field> {
        self.single_scalar(name, &Scalar::Text(text.into()), unit)
    }

    /// A value under a name that stands elsewhere.
    pub(crate) fn single_scalar(&self, name: &str, scalar: &Scalar<'_>, unit: Option<&str>) -> Option<Field> {
        self.tables().find_map(|table| match self.look_up(table, name, scalar, None, unit) {
            Answer::Field(field) => Some(field),
            Answer::Ignored | Answer::Unknown => None,
        })
    }

    /// The tables to ask, in order.
    fn tables(&self) -> impl Iterator<Item = &'n Names> {
        self.profile.into_iter().chain([self.names])
    }

    fn field(&self, place: &Place<'_, '_>, scalar: &Scalar<'_>) -> Option<Field> {
        let scaled = place.scaled().map(Scalar::Number);
        let scalar = scaled.as_ref().unwrap_or(scalar);
        if place.labels().any(|label| self.names.unlisted(label).is_setting) {
            return None;
        }
        let plain = place.plain_name();
        let mut answer = plain.map_or(Answer::Unknown, |name| self.ask(name, place, scalar));
        if !answer.is_final() && plain.is_none_or(key::is_path_or_code) {
            let names = self.candidates(place);
            let mut answers = names.iter().map(|name| self.ask(name, place, scalar));
            answer = answers.find(Answer::is_final).unwrap_or(Answer::Unknown);
        }
        match answer {
            Answer::Field(field) => {
                // How many there are of a door says nothing of whether it is open.
                let is_misnamed = place.is_amount && field.quantity.unit() != Unit::Count;
                let is_none = is_misnamed
                    || self.is_foreign(place)
                    || self.is_dead(&field, place)
                    || place.is_undatable()
                    || place.is_no_value();
                (!is_none).then_some(field)
            }
            Answer::Ignored => None,
            Answer::Unknown => self.by_unit(place, scalar),
        }
    }

    /// What the tables say of a value under one of its names.
    fn ask(&self, name: &str, place: &Place<'_, '_>, scalar: &Scalar<'_>) -> Answer {
        let mut answers = self.tables().map(|table| self.look_up(table, name, scalar, Some(place), None));
        answers.find(Answer::is_final).unwrap_or(Answer::Unknown)
    }

    fn look_up(
        &self,
        table: &Names,
        name: &str,
        scalar: &Scalar<'_>,
        place: Option<&Place<'_, '_>>,
        unit: Option<&str>,
    ) -> Answer {
        for known in table.spellings(name).iter() {
            if known.is_ignored {
                return Answer::Ignored;
            }
            let spelling = &known.spelling;
            // zigbee2mqtt states no units in messages: `temperature_unit` there is what the device shows.
            let beside = || place.filter(|_| self.format != "zigbee2mqtt")?.unit();
            let stated = unit.or(spelling.unit.as_deref()).or_else(beside);
            for found in table.matches(known, self.format) {
                let entry = found.entry;
                if !entry.beside.is_empty() && place.is_none_or(|place| place.lacks(entry.beside_marks)) {
                    continue;
                }
                if entry.numbered && spelling.channel.is_none() {
                    continue;
                }
                if entry.ignored && has_company(entry, place) {
                    return Answer::Ignored;
                }
                let stated = stated.or_else(|| self.unit_of_message(entry.quantity));
                let degrees = stated.is_none().then(|| self.degrees(entry, name, place)).flatten();
                if degrees.is_some_and(|degrees| !is_warm_in(degrees, scalar)) {
                    return Answer::Ignored;
                }
                let stated = stated.or(degrees);
                if let Some(read) = self.read(entry, scalar, stated)
                    && has_company(entry, place)
                    && (entry.without.is_empty() || spelling.channel.is_none())
                {
                    return Answer::Field(self.found(found, known, read, place));
                }
            }
        }
        Answer::Unknown
    }

    /// A value under a name that is known by its unit.
    pub(crate) fn in_unit(&self, known: &Known, place: &Place<'_, '_>, scalar: &Scalar<'_>) -> Option<Field> {
        let found = self.names.matches(known, self.format).next()?;
        let read = self.read(found.entry, scalar, known.spelling.unit.as_deref())?;
        has_company(found.entry, Some(place)).then(|| self.found(found, known, read, Some(place)))
    }

    fn found(
        &self,
        Match { entry, rank }: Match<'_>,
        Known { name, spelling, .. }: &Known,
        read: Read,
        place: Option<&Place<'_, '_>>,
    ) -> Field {
        let Read { mut value, flags, is_bare } = read;
        if entry.quantity == Quantity::Power && value > 0.0 && place.is_some_and(Place::is_given_back) {
            value = -value;
        }
        let named = [&spelling.channel, &entry.channel];
        let (record_time, near_time) = place.map_or((None, None), |place| place.times(self.takes_near_time));
        let channel = match place {
            Some(place) => place.channel(named),
            None => named.into_iter().flatten().next().cloned(),
        };
        let spot = place.and_then(|place| place.spot(record_time));
        let time = record_time.or(near_time);
        Field {
            quantity: entry.quantity,
            channel,
            spot,
            value,
            time,
            flags,
            is_bare,
            key: Arc::clone(name),
            rank,
        }
    }

    /// The names under which a value may be known, the most specific first.
    fn candidates<'p>(&self, place: &Place<'p, '_>) -> Vec<Cow<'p, str>> {
        let mut names = Vec::with_capacity(4);
        let is_known = |label: &&str| self.tables().any(|table| !table.spellings(label).is_empty());
        names.extend(place.codes().map(Cow::Owned));
        let texts = || place.labels().chain(place.other_texts());
        let ends = || texts().filter_map(|text| Some(text.rsplit_once(['.', '/', ':', '='])?.1));
        names.extend(texts().find(is_known).or_else(|| ends().find(is_known)).map(Cow::Borrowed));
        if place.is_amount {
            names.extend(place.labels().map(|label| Cow::Owned(format!("{label}_count"))));
        }
        names.extend(place.numbered().map(Cow::Owned));
        if let (Some(own), Some(way)) = (place.names().first(), place.direction()) {
            names.push(Cow::Owned(format!("{own}_{way}")));
        }
        for length in (2..=place.names().len()).rev() {
            let path: Vec<&str> = place.names().iter().take(length).rev().copied().collect();
            names.push(Cow::Owned(path.join("_")));
        }
        // `{"voltages": {"L1": 230.1}}`
        if let [own, around, ..] = place.names()
            && spelling::is_place(own)
            && let Some(one) = around.strip_suffix('s')
        {
            names.push(Cow::Owned(format!("{one}_{own}")));
        }
        // `{"occupancy": {"current": 4}}` is not a current: the word says when.
        if let [own, around, ..] = place.names()
            && key::is_folded_as(own, "current")
            && is_known(around)
            && !self.names.says_little(around)
        {
            names.push(Cow::Borrowed(around));
            return names;
        }
        names.extend(place.names().first().map(|own| Cow::Borrowed(*own)));
        names.extend(place.own_ends().map(Cow::Borrowed));
        names
    }

    /// Whether a nought stands for a sensor that is off or broken, as a neighbour tells.
    fn is_dead(&self, field: &Field, place: &Place<'_, '_>) -> bool {
        field.value.abs() < f64::EPSILON
            && !is_state(field.quantity)
            && place.status().is_some_and(|status| self.names.is_missing_word(status))
    }

    pub(crate) fn is_foreign(&self, place: &Place<'_, '_>) -> bool {
        let own = place.names().first().filter(|own| key::is_path_or_code(own));
        let path = own.and_then(|own| own.rsplit_once(['.', '/'])).map(|(front, _)| front);
        place.above.iter().chain(path.as_ref()).any(|name| self.names.is_foreign_context(name))
    }

    /// The degrees of all temperatures of a device, for one whose name does not say its own. zigbee2mqtt tells in what the
    /// device shows them.
    fn degrees<'p>(&self, entry: &Entry, name: &str, place: Option<&Place<'p, '_>>) -> Option<&'p str> {
        let is_asked = entry.quantity.unit() == Unit::Celsius && self.format != "zigbee2mqtt";
        place.filter(|_| is_asked && !spelling::states_degrees(name))?.degrees()
    }

    fn unit_of_message(&self, quantity: Quantity) -> Option<&'n str> {
        self.units.iter().find(|(stated, _)| *stated == quantity).map(|(_, unit)| *unit)
    }

    /// The value of a scalar as an entry's quantity; `None` when it cannot be one.
    fn read(&self, entry: &Entry, scalar: &Scalar<'_>, stated: Option<&str>) -> Option<Read> {
        if is_state(entry.quantity) {
            let value = self.state(entry, scalar).filter(|_| stated.is_none_or(fits_a_state))?;
            return Some(Read { value, flags: Flags::NONE, is_bare: false });
        }
        let (number, unit) = match scalar {
            Scalar::Number(value) => (*value, stated),
            Scalar::Text(text) if self.tables().any(|table| table.is_missing_word(text)) => return None,
            Scalar::Text(text) => {
                let (value, unit) = scalar::number_in(text)?;
                (value, unit.or(stated))
            }
            Scalar::Null | Scalar::Bool(_) => return None,
        };
        let Converted { value, is_estimated } = entry.convert(number, unit)?.ok()?;
        let mut flags = Flags::NONE;
        if is_estimated || entry.estimated {
            flags = flags.with(Flags::ESTIMATED);
        }
        if entry.is_sentinel(number) || self.tables().any(|table| table.is_sentinel(entry.quantity, value)) {
            flags = flags.with(Flags::SENTINEL);
        }
        let is_bare = unit.is_none() && value.to_bits() == number.to_bits();
        value.is_finite().then_some(Read { value, flags, is_bare })
    }

    fn state(&self, entry: &Entry, scalar: &Scalar<'_>) -> Option<f64> {
        let number = match scalar {
            Scalar::Text(text) if entry.words_only => {
                f64::from(self.tables().find_map(|table| table.state(text))?)
            }
            _ if entry.words_only => return None,
            Scalar::Bool(state) => f64::from(*state),
            Scalar::Number(value) => *value,
            Scalar::Text(text) => match self.tables().find_map(|table| table.state(text)) {
                Some(state) => f64::from(state),
                None => scalar::number_in(text).filter(|(_, unit)| unit.is_none())?.0,
            },
            Scalar::Null => return None,
        };
        // More than one may say how sure or how strong; only motion keeps it. All bits of a byte say yes.
        let is_strength = entry.quantity == Quantity::Motion && (number - 255.0).abs() > f64::EPSILON;
        let state = if is_strength { number.max(0.0) } else { f64::from(number > 0.0) };
        Some(if entry.inverted { 1.0 - state } else { state })
    }
}

/// Whether a number can be a room's in these degrees: a thermostat that shows Fahrenheit may still send Celsius, and 22 °F
/// are in no office. None is better than a wrong one.
fn is_warm_in(degrees: &str, scalar: &Scalar<'_>) -> bool {
    const LEAST_FAHRENHEIT: f64 = 45.0;
    let number = match scalar {
        Scalar::Number(number) => *number,
        Scalar::Text(text) => scalar::number_in(text).map_or(f64::NAN, |(number, _)| number),
        Scalar::Null | Scalar::Bool(_) => f64::NAN,
    };
    let is_fahrenheit = Unit::Celsius.convert(50.0, degrees).is_ok_and(|cel| (cel - 10.0).abs() < 0.1);
    !is_fahrenheit || number > LEAST_FAHRENHEIT
}

/// Whether a unit may stand beside a state; seconds since the last motion, for one, are no motion.
fn fits_a_state(unit: &str) -> bool {
    matches!(&*unit.trim().to_lowercase(), "" | "1" | "/" | "bool" | "boolean" | "state" | "string" | "count")
}
