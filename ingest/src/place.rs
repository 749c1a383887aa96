//! Where a value stands in an object: its names, its neighbours, its times and its places in lists.

use model::{Instant, Quantity};

use crate::{
    entry::Entry,
    key,
    near::{
        NEIGHBOURS, instant, is_near, is_time_of_pair, labels_of_others, neighbour, pair_time, text_beside,
        time_in,
    },
    obis,
    roles::{AMOUNTS, CHANNELS, FLOW, Hints, LABELS, MEDIA, RADIO, UNITS, is_nameless, is_time},
    scaler, spelling,
    table::{self, Cell},
    tape::{Cursor, Scalar},
};

mod unit;

/// What joins the parts of a path in a name.
const PATH: [char; 3] = ['.', '/', ':'];

/// A leaf seen from itself outwards.
pub(crate) struct Place<'t, 'a> {
    root: Cursor<'t, 'a>,
    leaf: Cursor<'t, 'a>,
    /// Its own name and those of the objects around it, at most three, nameless keys left out.
    names: [&'t str; 3],
    name_count: usize,
    /// Every key on the way to the root, the own one excluded.
    pub(crate) above: Vec<&'t str>,
    /// What the keys of `root` rule out.
    hints: Hints,
    /// The object that holds its name.
    object: Option<Cursor<'t, 'a>>,
    /// Whether its own key says nothing.
    is_nameless: bool,
    /// Whether its own key says how much of what a neighbour names: `{"name": "Entries", "count": 5}`.
    pub(crate) is_amount: bool,
    /// What a table says of it.
    pub(crate) cell: Option<Cell<'t, 'a>>,
}

impl<'t, 'a> Place<'t, 'a> {
    /// The place of `leaf` inside `root`; `None` when it is not inside.
    ///
    /// `last` is the cell of the leaf before it, if that was one.
    pub(crate) fn of(
        root: Cursor<'t, 'a>,
        leaf: Cursor<'t, 'a>,
        hints: Hints,
        last: Option<Cell<'t, 'a>>,
    ) -> Option<Self> {
        let mut place = Self {
            root,
            leaf,
            names: [""; 3],
            name_count: 0,
            above: Vec::new(),
            hints,
            object: None,
            is_nameless: false,
            is_amount: false,
            cell: if leaf.index().is_some() { Cell::of(root, leaf, last) } else { None },
        };
        let mut at = leaf;
        while at != root {
            let parent = at.parent()?;
            if let Some(name) = at.name() {
                place.enter(name, parent);
            }
            at = parent;
        }
        if let Some(name) = place.cell.and_then(|cell| cell.name()) {
            (place.names, place.name_count) = ([name, "", ""], 1);
            (place.is_nameless, place.is_amount) = (false, false);
        }
        Some(place)
    }

    fn enter(&mut self, name: &'t str, object: Cursor<'t, 'a>) {
        let is_own = self.object.is_none();
        if is_own {
            self.object = Some(object);
            self.is_amount = matches!(key::first_letter(name), Some(b'a' | b'c'))
                && AMOUNTS.iter().any(|amount| key::is_folded_as(name, amount));
        } else {
            self.above.push(name);
        }
        if is_nameless(name) && !(is_own && is_in_volts(name, object)) {
            self.is_nameless |= is_own;
        } else if let Some(free) = self.names.get_mut(self.name_count) {
            *free = name;
            self.name_count += 1;
        }
    }

    /// Its own name and those of the objects around it, at most three, nameless keys left out.
    pub(crate) fn names(&self) -> &[&'t str] {
        self.names.get(..self.name_count).unwrap_or_default()
    }

    /// Whether nothing stands beside it but its unit, a time and the id of a sensor.
    pub(crate) fn is_of_a_sensor_alone(&self) -> bool {
        const SENSORS: [&str; 8] =
            ["sensorid", "sensoruuid", "sourceid", "deviceid", "deveui", "deviceuuid", "uuid", "mac"];
        let Some(object) = self.object.filter(|_| self.is_nameless) else { return false };
        let mut has_sensor = false;
        let all = object.children().take(NEIGHBOURS + 1).enumerate().all(|(at, child)| {
            let Some(name) = child.name().filter(|_| at < NEIGHBOURS) else { return false };
            let folded = key::fold(name);
            let is_sensor = SENSORS.contains(&&*folded) && child.scalar().is_some();
            has_sensor |= is_sensor;
            is_sensor || child == self.leaf || UNITS.contains(&&*folded) || is_time(name)
        });
        all && has_sensor
    }

    /// The only name that it can have: nothing around it names it too.
    pub(crate) fn plain_name(&self) -> Option<&'t str> {
        match self.names() {
            [own]
                if !self.is_nameless
                    && !self.is_amount
                    && self.leaf.index().is_none()
                    && self.direction().is_none() =>
            {
                Some(own)
            }
            _ => None,
        }
    }

    /// What a meter's code says that names it, or stands beside it.
    pub(crate) fn codes(&self) -> impl Iterator<Item = String> + use<'t, 'a> {
        self.names().first().copied().into_iter().chain(self.labels()).filter_map(obis::name)
    }

    /// The number that it stands for where a power of ten stands beside.
    pub(crate) fn scaled(&self) -> Option<f64> {
        let is_told = self.is_nameless || self.leaf.index().is_some();
        if is_told { scaler::scaled(self.leaf, self.object.filter(|_| self.is_nameless)) } else { None }
    }

    /// Whether it is the time or the power of ten of the value beside it in a list.
    pub(crate) fn is_no_value(&self) -> bool {
        self.leaf.index().is_some() && (scaler::is_scaler(self.leaf) || is_time_of_pair(self.leaf))
    }

    /// What its own name says at the end of a path (`module.humidity`), and as one of a list (`powers`).
    pub(crate) fn own_ends(&self) -> impl Iterator<Item = &'t str> + use<'t, 'a> {
        let own = self.names().first().copied();
        let end = own.and_then(|own| own.rsplit_once(PATH)).map(|(_, end)| end);
        let one = own.filter(|_| self.leaf.index().is_some() && self.cell.is_none());
        end.into_iter().chain(one.and_then(|own| own.strip_suffix('s')))
    }

    /// The names that neighbours give a nameless value, the most telling first.
    pub(crate) fn labels(&self) -> impl Iterator<Item = &'t str> + use<'t, 'a> {
        let object = self.object.filter(|_| self.is_nameless || self.is_amount);
        // {"param": "co2", "points": [{"ts": ..., "value": 600}]}
        let around = object.filter(|_| self.is_nameless).and_then(record_around);
        let object = object.into_iter().chain(around);
        let labels =
            object.flat_map(|object| LABELS.iter().filter_map(move |label| text_beside(object, label)));
        labels.filter(|text| is_like_a_name(text))
    }

    /// Other texts beside a nameless value: one may name it under a key of the vendor's own.
    pub(crate) fn other_texts(&self) -> impl Iterator<Item = &'t str> + use<'t, 'a> {
        let object = self.object.filter(|_| self.is_nameless).into_iter();
        let near = object.flat_map(|object| object.children().take(NEIGHBOURS));
        let is_unit = |name: &str| UNITS.iter().any(|unit| key::is_folded_as(name, unit));
        near.filter(move |child| child.name().is_some_and(|name| !is_unit(name)))
            .filter_map(Cursor::text)
            .filter(|text| is_like_a_name(text))
    }

    /// What a meter measures, where a neighbour says it.
    pub(crate) fn medium(&self) -> Option<&'t str> {
        let object = self.object.filter(|_| self.hints.medium)?;
        // {"medium": "water", "meter_reading": {"value": 123.5, "unit": "m3"}}
        let around = object.parent().filter(|_| self.is_nameless);
        let objects = std::iter::once(object).chain(around);
        objects.flat_map(|object| MEDIA.iter().filter_map(move |key| text_beside(object, key))).next()
    }

    /// Whether a neighbour says that a power is given back: `{"power_a": 130, "energy_flow_a": "producing"}`.
    pub(crate) fn is_given_back(&self) -> bool {
        let Some(object) = self.object.filter(|_| self.hints.flow) else { return false };
        let own = self.names().first().map(|own| key::fold(own)).unwrap_or_default();
        let Some(side) = own.strip_prefix("power") else { return false };
        object.children().take(NEIGHBOURS).any(|child| {
            let is_flow = |name: &str| key::fold(name).strip_prefix(FLOW) == Some(side);
            let is_back = |text: &str| matches!(&*key::fold(text), "producing" | "reverse" | "export");
            child.text().is_some_and(is_back) && child.name().is_some_and(is_flow)
        })
    }

    /// The number of what a nameless value measures, where a vendor numbers its quantities.
    pub(crate) fn numbered(&self) -> Option<String> {
        let object = self.object.filter(|_| self.is_nameless)?;
        let number = neighbour(object, "measurementid").or_else(|| neighbour(object, "measureid"))?;
        match number.scalar()? {
            Scalar::Number(number) => Some(format!("measurementid{number}")),
            Scalar::Text(text) => Some(format!("measurementid{text}")),
            Scalar::Null | Scalar::Bool(_) => None,
        }
    }

    /// What a neighbour says of the value's state: `{"lux": 0, "luxStatus": "disabled"}`.
    pub(crate) fn status(&self) -> Option<&'t str> {
        let own = key::fold(self.names().first()?);
        self.object?.children().take(NEIGHBOURS).find_map(|child| {
            let text = child.text()?;
            let name = key::fold(child.name().filter(|name| name.ends_with(['s', 'S']))?);
            let rest = name.strip_prefix(&own)?;
            matches!(rest, "status" | "sensorstatus").then_some(text)
        })
    }

    /// Whether the value is of the past and says of when in a way that is no instant: it must not be dated by its
    /// arrival.
    pub(crate) fn is_undatable(&self) -> bool {
        const LISTS: [&str; 6] = ["history", "backlog", "datalog", "historical", "log", "logs"];
        let is_list = |name: &&str| LISTS.iter().any(|list| key::is_folded_as(name, list));
        if !self.above.iter().any(is_list) {
            return false;
        }
        let Some(record) = self.object else { return false };
        let mut texts = record.children().take(NEIGHBOURS).filter(|child| child.text().is_some());
        texts.any(|child| child.name().is_some_and(is_time) && instant(child).is_none())
    }

    /// In or out, where a neighbour says it of a count.
    pub(crate) fn direction(&self) -> Option<&'t str> {
        text_beside(self.object.filter(|_| self.hints.direction)?, "direction")
    }

    /// Whether surely none of the keys with these marks stands beside the value; cheap, and may miss it.
    pub(crate) fn lacks(&self, marks: u128) -> bool {
        !self.hints.may_hold(marks) && !self.is_nameless && self.cell.is_none()
    }

    /// Whether one of these keys (folded) stands beside the value, or beside the object that a nameless value fills.
    pub(crate) fn has_beside(&self, wanted: &[String]) -> bool {
        let has = |object: Cursor<'_, '_>| {
            wanted.iter().any(|key| self.hints.may_hold(key::mark(key)) && is_near(object, key))
        };
        if self.cell.is_some_and(|cell| wanted.iter().any(|key| cell.has_beside(key))) {
            return true;
        }
        let Some(object) = self.object else { return false };
        if self.is_nameless
            && labels_of_others(object).any(|text| wanted.iter().any(|w| key::is_folded_as(text, w)))
        {
            return true;
        }
        has(object) || (self.is_nameless && object.parent().filter(|_| object != self.root).is_some_and(has))
    }

    /// The time of the record around the value (a pair of time and value, an item of a list, or the object of a
    /// nameless value), and that of the nearest object of any kind that has a time.
    ///
    /// The second is looked for only when wanted.
    pub(crate) fn times(&self, wants_near: bool) -> (Option<Instant>, Option<Instant>) {
        if let Some(time) = self.cell.and_then(|cell| cell.time).or_else(|| table::time_in_step(self.leaf)) {
            return (Some(time), Some(time));
        }
        let mut near = None;
        let mut at = self.leaf;
        while at != self.root {
            let Some(parent) = at.parent() else { break };
            if let Some(pair) = pair_time(at, parent) {
                return (Some(pair), near.or(Some(pair)));
            }
            let is_record = parent.index().is_some() || self.is_nameless;
            if parent.is_object() && (is_record || wants_near) {
                let found = time_in(parent, self.names().first().copied());
                near = near.or(found);
                if found.is_some() && is_record {
                    return (found, near);
                }
            }
            at = parent;
        }
        (None, near)
    }

    /// The channel that its name gives, or a neighbour (`{"channel": 2, "current": 0.5}`).
    pub(crate) fn channel(&self, named: [&Option<String>; 2]) -> Option<String> {
        let parts: Vec<&str> = named.into_iter().flatten().map(String::as_str).collect();
        if !parts.is_empty() {
            return Some(parts.join("-"));
        }
        let object = self.object?;
        // {"channel": 2, "current": {"value": 0.5}}
        let around = object.parent().filter(|_| self.is_nameless && object != self.root);
        std::iter::once(object).chain(around).find_map(|object| {
            let mut may_stand = CHANNELS.iter().filter(|key| self.hints.may_hold(key::mark(key)));
            let is_item = object.index().is_some();
            may_stand.find_map(|key| {
                short_text(neighbour(object, key)?).filter(|word| is_item || is_own(object, key, word))
            })
        })
    }

    /// Its places in lists of values that have no times.
    pub(crate) fn spot(&self, time: Option<Instant>) -> Option<String> {
        if time.is_some() {
            return None;
        }
        let mut places = Vec::new();
        let mut at = self.leaf;
        while at != self.root {
            let Some(parent) = at.parent() else { break };
            // An only item needs no number.
            let is_one_of_many = parent.children().nth(1).is_some();
            places.extend(at.index().filter(|_| is_one_of_many).map(|index| (index + 1).to_string()));
            at = parent;
        }
        places.reverse();
        (!places.is_empty()).then(|| places.join("-"))
    }
}

/// Whether the neighbours are those that the entry asks for.
pub(crate) fn has_company(entry: &Entry, place: Option<&Place<'_, '_>>) -> bool {
    let medium = place.and_then(Place::medium).map(key::fold);
    let fits = match (&medium, entry.media.is_empty()) {
        (Some(medium), false) => entry.media.contains(medium),
        // Energy of a heat meter is no electricity.
        (Some(medium), true) => !is_electric(entry.quantity) || medium.contains("electr"),
        (None, is_any) => is_any,
    };
    if !fits {
        return false;
    }
    let is_within =
        |around: &String| place.is_some_and(|place| place.above.iter().any(|n| key::is_folded_as(n, around)));
    if !entry.within.is_empty() && !entry.within.iter().any(is_within) {
        return false;
    }
    let has = |keys: &[String]| place.is_some_and(|place| place.has_beside(keys));
    (entry.beside.is_empty() || has(&entry.beside)) && (entry.without.is_empty() || !has(&entry.without))
}

/// Whether only an electricity meter measures a quantity that others have too.
const fn is_electric(quantity: Quantity) -> bool {
    matches!(quantity, Quantity::EnergyImport | Quantity::EnergyExport | Quantity::Power)
}

/// The object around a record that stands in it alone or in a list, under a key that says nothing.
fn record_around<'t, 'a>(record: Cursor<'t, 'a>) -> Option<Cursor<'t, 'a>> {
    let list = match record.index() {
        Some(_) => record.parent()?,
        None => record,
    };
    list.name().filter(|name| is_nameless(name))?;
    list.parent().filter(|around| around.is_object())
}

/// Whether a text may name what is measured: an id has more figures than letters, or none of them. Codes of registers
/// (`1-0:1.8.0`) are written with points.
fn is_like_a_name(text: &str) -> bool {
    let count = |is: fn(char) -> bool| text.chars().filter(|c| is(*c)).count();
    // Eight figures are an item of data of a meter (DL/T 645), or nothing that a table knows.
    let is_item = text.len() == 8 && text.bytes().all(|b| b.is_ascii_digit());
    let letters = count(char::is_alphabetic);
    let is_of_words = text.contains('.') || (text.contains(' ') && letters > 1);
    !text.is_empty()
        && (is_item || is_of_words || count(|c| c.is_ascii_digit()) <= letters || obis::name(text).is_some())
}

/// `{"battery": {"V": 3.05, "percent": 90}}`: a capital V is volts, save beside a name for the value.
fn is_in_volts(name: &str, object: Cursor<'_, '_>) -> bool {
    name == "V" && !LABELS.iter().any(|label| text_beside(object, label).is_some())
}

/// Whether the channel of an object that stands alone is one of the device: not that of its radio, which changes from
/// message to message, and no state of what it does (`"phase": "heating"`).
fn is_own(object: Cursor<'_, '_>, key: &str, word: &str) -> bool {
    match key {
        "channel" | "ch" => !RADIO.iter().any(|mark| neighbour(object, mark).is_some()),
        "phase" | "line" => spelling::is_place(word),
        _ => true,
    }
}

/// A small whole number or a short word.
fn short_text(value: Cursor<'_, '_>) -> Option<String> {
    match value.scalar()? {
        Scalar::Number(number) if number.fract() == 0.0 && (0.0..1000.0).contains(number) => {
            Some(format!("{number}"))
        }
        Scalar::Text(text) if !text.is_empty() && text.len() <= 16 => Some(text.to_string()),
        Scalar::Number(_) | Scalar::Text(_) | Scalar::Null | Scalar::Bool(_) => None,
    }
}
