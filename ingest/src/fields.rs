//! Any vendor's object -> values of known quantities.
//!
//! Names, units and stand-ins come from the table; this file knows only shapes: a value beside
//! its unit, a list of named points, records with their own times, pairs of time and value.
//! What the table does not know is passed over: it is never a reason to drop the rest.

use model::{Flags, Id, Instant, Quantity};

use crate::{
    RawReading, key,
    names::{Converted, Entry, Match, Names},
    scalar,
    tape::{Cursor, Scalar},
    time,
};

/// Keys that say nothing of what stands under them: the name is found around them.
const NAMELESS: &[&str] = &[
    "value",
    "values",
    "val",
    "v",
    "data",
    "reading",
    "readings",
    "result",
    "output",
    "measurement",
    "measurements",
    "measures",
    "samples",
    "state",
    "records",
    "datapoints",
    "history",
];

/// Keys beside a value that hold its name.
const LABELS: &[&str] = &[
    "variable",
    "name",
    "type",
    "quantity",
    "parameter",
    "metric",
    "label",
    "key",
    "displayname",
    "sensortype",
    "resourcetype",
    "field",
    "id",
];

/// Keys beside a value that hold its unit.
const UNITS: &[&str] = &["unit", "units", "uom", "unitofmeasurement"];

/// Keys of a record that hold its time.
const TIMES: &[&str] = &[
    "timestamp",
    "time",
    "ts",
    "date",
    "datetime",
    "eventtime",
    "logtimestamp",
    "frameisotime",
    "measuredat",
    "at",
    "updatetime",
    "t",
    "sampletime",
    "stamp",
    "tsmts",
    "unixtime",
    "collecttime",
    "reporttime",
    "to",
];

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

/// A value of a known quantity, not yet bound to a sensor.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Field {
    pub(crate) quantity: Quantity,
    pub(crate) channel: Option<String>,
    pub(crate) value: f64,
    pub(crate) time: Option<Instant>,
    pub(crate) flags: Flags,
    key: String,
    rank: usize,
}

/// Binds fields to a sensor; those without a time of their own take `time`.
pub(crate) fn bind(fields: Vec<Field>, sensor: &Id, time: Option<Instant>) -> Vec<RawReading> {
    let bound = fields.into_iter().map(|field| RawReading {
        sensor: sensor.clone(),
        quantity: field.quantity,
        channel: field.channel.map(|channel| Id::fold(&channel)),
        value: field.value,
        time: field.time.or(time),
        flags: field.flags,
    });
    bound.collect()
}

impl<'n> Walk<'n> {
    /// A walk with the table alone.
    pub(crate) const fn new(names: &'n Names, format: &'n str) -> Self {
        Self { names, profile: None, format, takes_near_time: false, units: &[] }
    }

    /// Every known value in `root`, in document order, one for each series and instant.
    pub(crate) fn fields(&self, root: Cursor<'_, '_>) -> Vec<Field> {
        let found = root.leaves().filter_map(|(leaf, scalar)| self.field(root, leaf, scalar)).collect();
        settle(found)
    }

    /// Whether a name is known and deliberately no reading.
    pub(crate) fn ignores(&self, name: &str) -> bool {
        key::spellings(name).iter().any(|spelling| self.is_ignored(&spelling.folded))
    }

    /// The value of a bare text under a name that stands elsewhere (in the topic, say).
    pub(crate) fn single(&self, name: &str, text: &str, unit: Option<&str>) -> Option<Field> {
        self.single_scalar(name, &Scalar::Text(text.into()), unit)
    }

    /// A value under a name that stands elsewhere.
    pub(crate) fn single_scalar(&self, name: &str, scalar: &Scalar<'_>, unit: Option<&str>) -> Option<Field> {
        for spelling in key::spellings(name) {
            if self.is_ignored(&spelling.folded) {
                return None;
            }
            let stated = unit.or(spelling.unit.as_deref());
            for found in self.matches(&spelling.folded).filter(|found| found.entry.beside.is_empty()) {
                let Some((value, flags)) = self.read(found.entry, scalar, stated) else { continue };
                let channel = found.entry.channel.clone().or_else(|| spelling.channel.clone());
                let quantity = found.entry.quantity;
                let key = name.to_owned();
                return Some(Field { quantity, channel, value, time: None, flags, key, rank: found.rank });
            }
        }
        None
    }

    fn field(&self, root: Cursor<'_, '_>, leaf: Cursor<'_, '_>, scalar: &Scalar<'_>) -> Option<Field> {
        if matches!(scalar, Scalar::Null) {
            return None;
        }
        let place = Place::of(root, leaf)?;
        for name in self.candidates(&place) {
            for spelling in key::spellings(&name) {
                if self.is_ignored(&spelling.folded) {
                    return None;
                }
                for found in self.matches(&spelling.folded) {
                    let stated = spelling.unit.as_deref().or_else(|| place.unit());
                    let Some((value, flags)) = self.value(found.entry, scalar, stated, &place) else {
                        continue;
                    };
                    if self.is_foreign(&place) {
                        return None;
                    }
                    return Some(Field {
                        quantity: found.entry.quantity,
                        channel: place.channel([&spelling.channel, &found.entry.channel]),
                        value,
                        time: place.time(self.takes_near_time),
                        flags,
                        key: name,
                        rank: found.rank,
                    });
                }
            }
        }
        None
    }

    /// The names under which a value may be known, the most specific first.
    fn candidates(&self, place: &Place<'_, '_>) -> Vec<String> {
        let mut names = Vec::with_capacity(3);
        if let Some(label) = place.label().filter(|label| self.knows(label)) {
            names.push(label.to_owned());
        }
        for length in (1..=place.names.len()).rev() {
            let path: Vec<&str> = place.names.iter().take(length).rev().copied().collect();
            names.push(path.join("_"));
        }
        names
    }

    fn knows(&self, name: &str) -> bool {
        key::spellings(name).iter().any(|s| {
            self.names.knows(&s.folded)
                || self.profile.is_some_and(|p| p.knows(&s.folded))
                || self.is_ignored(&s.folded)
        })
    }

    fn is_ignored(&self, folded: &str) -> bool {
        match self.profile {
            Some(profile) if profile.knows(folded) => false,
            Some(profile) => profile.is_ignored(folded) || self.names.is_ignored(folded),
            None => self.names.is_ignored(folded),
        }
    }

    fn matches(&self, folded: &str) -> impl Iterator<Item = Match<'n>> {
        let profile =
            self.profile.into_iter().flat_map(|p| p.matches(folded, self.format)).collect::<Vec<_>>();
        let common = self.names.matches(folded, self.format).collect::<Vec<_>>();
        profile.into_iter().chain(common)
    }

    fn is_foreign(&self, place: &Place<'_, '_>) -> bool {
        place.above.iter().any(|name| self.names.is_foreign_context(name))
    }

    fn value(
        &self,
        entry: &Entry,
        scalar: &Scalar<'_>,
        stated: Option<&str>,
        place: &Place<'_, '_>,
    ) -> Option<(f64, Flags)> {
        if !entry.beside.is_empty() && !place.has_beside(&entry.beside) {
            return None;
        }
        let of_message =
            self.units.iter().find(|(quantity, _)| *quantity == entry.quantity).map(|(_, unit)| *unit);
        self.read(entry, scalar, stated.or(of_message))
    }

    /// The value of a scalar as an entry's quantity; `None` when it cannot be one.
    pub(crate) fn read(
        &self,
        entry: &Entry,
        scalar: &Scalar<'_>,
        stated: Option<&str>,
    ) -> Option<(f64, Flags)> {
        if is_state(entry.quantity) {
            return self.state(entry, scalar).map(|value| (value, Flags::NONE));
        }
        let (number, unit) = match scalar {
            Scalar::Number(value) => (*value, stated),
            Scalar::Text(text) if self.names.is_missing_word(text) => return None,
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
        if self.names.is_sentinel(entry.quantity, value) {
            flags = flags.with(Flags::SENTINEL);
        }
        value.is_finite().then_some((value, flags))
    }

    fn state(&self, entry: &Entry, scalar: &Scalar<'_>) -> Option<f64> {
        let number = match scalar {
            Scalar::Bool(state) => f64::from(*state),
            Scalar::Number(value) => *value,
            Scalar::Text(text) => match self.names.state(text) {
                Some(state) => f64::from(state),
                None => scalar::number_in(text).filter(|(_, unit)| unit.is_none())?.0,
            },
            Scalar::Null => return None,
        };
        // More than one may say how sure or how strong; only motion keeps it.
        let state =
            if entry.quantity == Quantity::Motion { number.max(0.0) } else { f64::from(number > 0.0) };
        Some(if entry.inverted { 1.0 - state } else { state })
    }
}

/// Whether values of a quantity are 0 or 1.
pub(crate) const fn is_state(quantity: Quantity) -> bool {
    matches!(
        quantity,
        Quantity::Occupied
            | Quantity::Motion
            | Quantity::WindowOpen
            | Quantity::CoolingOn
            | Quantity::HeatingOn
    )
}

/// Where a leaf stands, seen from the leaf outwards.
struct Place<'t, 'a> {
    /// Its own name and that of the object around it, nameless keys left out.
    names: Vec<&'t str>,
    /// Every key on the way to the root, the own one excluded.
    above: Vec<&'t str>,
    /// The object that holds its name.
    object: Option<Cursor<'t, 'a>>,
    /// Whether its own key says nothing.
    is_nameless: bool,
    /// Places in the arrays around it, innermost first, those of pairs left out.
    indexes: Vec<usize>,
    /// The time of the record around it.
    record_time: Option<Instant>,
    /// The time of the nearest object that has one.
    near_time: Option<Instant>,
}

impl<'t, 'a> Place<'t, 'a> {
    fn of(root: Cursor<'t, 'a>, leaf: Cursor<'t, 'a>) -> Option<Self> {
        let mut place = Self {
            names: Vec::new(),
            above: Vec::new(),
            object: None,
            is_nameless: false,
            indexes: Vec::new(),
            record_time: None,
            near_time: None,
        };
        let mut at = leaf;
        while at != root {
            let parent = at.parent()?;
            if let Some(name) = at.name() {
                place.enter_named(name, parent);
            } else if let Some(index) = at.index() {
                place.enter_item(leaf, parent, index);
            }
            if parent.is_object() {
                place.enter_object(parent);
            }
            at = parent;
        }
        Some(place)
    }

    fn enter_named(&mut self, name: &'t str, parent: Cursor<'t, 'a>) {
        let is_first = self.object.is_none();
        if is_first {
            self.object = Some(parent);
        } else {
            self.above.push(name);
        }
        if NAMELESS.contains(&&*key::fold(name)) {
            self.is_nameless |= is_first;
        } else if self.names.len() < 3 {
            self.names.push(name);
        }
    }

    fn enter_object(&mut self, object: Cursor<'t, 'a>) {
        let own = self.names.first().copied();
        if self.near_time.is_none() {
            self.near_time = time_in(object, own);
        }
        if self.record_time.is_none() && (object.index().is_some() || self.is_nameless) {
            self.record_time = time_in(object, own);
        }
    }

    fn enter_item(&mut self, leaf: Cursor<'t, 'a>, array: Cursor<'t, 'a>, index: usize) {
        let mut items = array.children();
        let (first, second, third) = (items.next(), items.next(), items.next());
        // [time, value]: the time is the value's.
        if let (Some(first), Some(second), None) = (first, second, third)
            && second == leaf
            && let Some(at) = first.text().and_then(time::parse)
        {
            self.record_time = Some(at);
        } else if second.is_some() {
            self.indexes.push(index);
        }
    }

    /// The name that a neighbour gives a nameless value.
    fn label(&self) -> Option<&'t str> {
        let object = self.object.filter(|_| self.is_nameless)?;
        let labels = LABELS.iter().filter_map(|label| neighbour(object, label)?.text());
        labels.into_iter().find(|text| !text.is_empty())
    }

    fn unit(&self) -> Option<&'t str> {
        let object = self.object?;
        if self.is_nameless {
            return UNITS.iter().find_map(|unit| neighbour(object, unit)?.text());
        }
        let own = key::fold(self.names.first()?);
        object.children().find_map(|child| {
            let name = key::fold(child.name()?);
            let is_unit = name.strip_prefix(&*own).is_some_and(|rest| UNITS.contains(&rest));
            if is_unit { child.text().or_else(|| child.children().next()?.text()) } else { None }
        })
    }

    fn has_beside(&self, wanted: &[String]) -> bool {
        let named = |object: Cursor<'t, 'a>| {
            object.children().any(|child| child.name().is_some_and(|name| wanted.contains(&key::fold(name))))
        };
        self.object.is_some_and(named)
    }

    fn time(&self, takes_near_time: bool) -> Option<Instant> {
        self.record_time.or(self.near_time.filter(|_| takes_near_time))
    }

    /// What tells the value from others of its quantity: the name's own channel, and places in lists of values
    /// that have no times.
    fn channel(&self, named: [&Option<String>; 2]) -> Option<String> {
        let mut parts: Vec<String> = named.into_iter().flatten().cloned().collect();
        if self.record_time.is_none() {
            parts.extend(self.indexes.iter().rev().map(|index| (index + 1).to_string()));
        }
        (!parts.is_empty()).then(|| parts.join("-"))
    }
}

fn neighbour<'t, 'a>(object: Cursor<'t, 'a>, folded: &str) -> Option<Cursor<'t, 'a>> {
    object.children().find(|child| child.name().is_some_and(|name| key::fold(name) == folded))
}

/// The time that an object gives its values; the value named `own` is not it.
fn time_in(object: Cursor<'_, '_>, own: Option<&str>) -> Option<Instant> {
    object.children().find_map(|child| {
        let name = child.name()?;
        if Some(name) == own || !TIMES.contains(&&*key::fold(name)) {
            return None;
        }
        instant(child)
    })
}

/// The time that a text or number is.
pub(crate) fn instant(at: Cursor<'_, '_>) -> Option<Instant> {
    match at.scalar()? {
        Scalar::Number(value) => time::epoch(*value),
        Scalar::Text(text) => time::parse(text),
        Scalar::Null | Scalar::Bool(_) => None,
    }
}

/// One value for each series and instant: the same value twice is kept once; of different ones the plainest name
/// keeps the series and the others become channels named after their keys.
fn settle(mut found: Vec<Field>) -> Vec<Field> {
    if found.len() < 2 {
        return found;
    }
    let mut kept: Vec<Field> = Vec::with_capacity(found.len());
    found.sort_by_key(|field| field.rank);
    for mut field in found {
        let same_series = |other: &&Field| other.quantity == field.quantity && other.channel == field.channel;
        let same_value = |other: &Field| other.value.to_bits() == field.value.to_bits();
        let mut rivals = kept.iter().filter(same_series);
        // A record's last value is often repeated outside the list, without its time.
        if rivals.clone().any(|other| same_value(other) && (other.time == field.time || field.time.is_none()))
        {
            continue;
        }
        if rivals.any(|other| other.time == field.time) {
            field.channel = Some(match &field.channel {
                Some(channel) => format!("{channel}-{}", field.key),
                None => field.key.clone(),
            });
        }
        kept.push(field);
    }
    let timed: Vec<Field> = kept.iter().filter(|field| field.time.is_some()).cloned().collect();
    kept.retain(|field| {
        field.time.is_some()
            || !timed.iter().any(|t| {
                t.quantity == field.quantity
                    && t.channel == field.channel
                    && t.value.to_bits() == field.value.to_bits()
            })
    });
    kept
}
