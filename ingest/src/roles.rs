//! Keys by the part that they play in an object: those that say nothing, and those that hold a name, a unit, a time or
//! a channel. All are folded.

use std::sync::LazyLock;

use crate::key;

/// Keys that say nothing of what stands under them: the name is found around them.
pub(crate) const NAMELESS: [&str; 54] = [
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
    "records",
    "datapoints",
    "history",
    "measurementvalue",
    "measuredvalue",
    "sensorvalue",
    "messages",
    "measure",
    "measurevalue",
    "measuredata",
    "readingvalue",
    "datavalue",
    "valuedata",
    "numericvalue",
    "floatvalue",
    "valuefloat",
    "realvalue",
    "telemetryvalue",
    "channelvalue",
    "record",
    "rawvalue",
    "decodedvalue",
    "scaledvalue",
    "points",
    "presentvalue",
    "currentvalue",
    "curval",
    "presentval",
    "lastvalue",
    "lastmeasurement",
    "lastreading",
    "latestreading",
    "latestvalue",
    "pointvalue",
    "tagvalue",
    "paramvalue",
    "parametervalue",
    "propertyvalue",
    "metricvalue",
    "itemvalue",
    "collectvalue",
];

/// The longest of [`NAMELESS`], in bytes.
const LONGEST: usize = 16;

/// The first letters of [`NAMELESS`] by their length, a bit each.
const NAMELESS_FIRST: [u32; LONGEST + 1] = {
    let (mut bits, mut rest) = ([0; LONGEST + 1], NAMELESS.as_slice());
    while let [name, others @ ..] = rest {
        if let [first, ..] = name.as_bytes()
            && let Some((_, [slot, ..])) = bits.split_at_mut_checked(name.len())
        {
            *slot |= 1 << (*first & 31);
        }
        rest = others;
    }
    bits
};

/// Keys beside a value that hold its name.
pub(crate) const LABELS: [&str; 33] = [
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
    "measurementtype",
    "measurand",
    "parametername",
    "channelname",
    "description",
    "field",
    "n",
    "obis",
    "obiscode",
    "param",
    "objectname",
    "pointname",
    "tagname",
    "variablename",
    "resourcename",
    "code",
    "dis",
    "title",
    "valuetype",
    "tag",
    "m",
    "id",
];

/// Keys that say how much of what a neighbour names.
pub(crate) const AMOUNTS: [&str; 2] = ["count", "amount"];

/// A key that says which way a power flows, with its side behind it.
pub(crate) const FLOW: &str = "energyflow";

/// Keys beside a value that hold its unit.
pub(crate) const UNITS: [&str; 6] = ["unit", "units", "uom", "unitofmeasurement", "u", "unitid"];

/// Keys beside temperatures that hold the degrees of all of them.
pub(crate) const SCALES: [&str; 6] =
    ["scale", "temperaturescale", "tempscale", "temperatureunit", "temperatureunits", "tempunit"];

/// Keys of a table that hold the names of its columns.
pub(crate) const COLUMNS: [&str; 12] = [
    "columns",
    "fields",
    "sensors",
    "keys",
    "headers",
    "header",
    "names",
    "labels",
    "parameters",
    "variables",
    "channels",
    "metrics",
];

/// Keys that hold the rows of a table, besides those that say nothing.
pub(crate) const ROWS: [&str; 6] = ["rows", "entries", "items", "body", "table", "series"];

/// Keys beside a value that hold what a meter measures.
pub(crate) const MEDIA: [&str; 3] = ["media", "medium", "metermedium"];

/// Keys of a record that hold its time.
pub(crate) const TIMES: [&str; 25] = [
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
    "utcto",
    "recorded",
    "recordedat",
    "observedat",
    "timeofsample",
    "createdat",
];

/// Keys beside a value that number its channel.
pub(crate) const CHANNELS: [&str; 6] = ["channel", "ch", "phase", "line", "zone", "channelnumber"];

/// Keys beside which a channel is that of a radio: how a message was sent and heard.
pub(crate) const RADIO: [&str; 16] = [
    "rssi",
    "snr",
    "lorasnr",
    "lsnr",
    "sf",
    "spreadingfactor",
    "datarate",
    "datr",
    "dr",
    "codingrate",
    "codr",
    "rfchain",
    "fport",
    "fcnt",
    "ssid",
    "bssid",
];

/// Whether a name ends like one of [`UNITS`]; most do not, and need not be folded.
pub(crate) fn may_name_a_unit(name: &str) -> bool {
    let last = name.bytes().rfind(|b| b.is_ascii_alphanumeric() || !b.is_ascii());
    last.is_some_and(|last| {
        !last.is_ascii() || matches!(last.to_ascii_lowercase(), b't' | b's' | b'm' | b'u' | b'd')
    })
}

/// What the keys of a whole object rule out, so that it need not be looked for beside every value of it.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Hints {
    /// Some key may name a unit.
    pub(crate) units: bool,
    /// Some key says in or out.
    pub(crate) direction: bool,
    /// Some key says what a meter measures.
    pub(crate) medium: bool,
    /// Some key says which way a power flows.
    pub(crate) flow: bool,
    /// The marks of all keys.
    keys: u128,
}

impl Hints {
    /// Whether some key may fold to a text of one of these marks.
    pub(crate) const fn may_hold(&self, marks: u128) -> bool {
        self.keys & marks != 0
    }

    /// Of all keys.
    pub(crate) fn of<'k>(names: impl Iterator<Item = &'k str>) -> Self {
        let mut hints = Self::default();
        for name in names {
            hints.keys |= key::mark(name);
            hints.units |= may_name_a_unit(name) && ends_in_a_unit(name);
            // Both are rare, and begin with few letters.
            match key::first_letter(name) {
                Some(b'd') => hints.direction |= key::is_folded_as(name, "direction"),
                Some(b'e') => hints.flow |= key::fold(name).starts_with(FLOW),
                Some(b'm') => hints.medium |= MEDIA.iter().any(|key| key::is_folded_as(name, key)),
                _ => {}
            }
        }
        hints
    }
}

/// Whether a folded name ends in one of [`UNITS`]; more than it may do no harm.
pub(crate) fn ends_in_a_unit(name: &str) -> bool {
    let end = name.bytes().rev().filter(|b| b.is_ascii_alphanumeric() || !b.is_ascii());
    let end = end.map(|b| b.to_ascii_lowercase());
    UNITS.iter().any(|unit| unit.bytes().rev().eq(end.clone().take(unit.len())))
}

/// Whether a key names a time.
pub(crate) fn is_time(name: &str) -> bool {
    TIMES.iter().any(|time| key::is_folded_as(name, time))
}

/// Whether a key says nothing of what stands under it.
pub(crate) fn is_nameless(name: &str) -> bool {
    // Asked for every value: most names differ from all that say nothing in their first and last letter, or in their
    // length.
    static MARKS: LazyLock<u128> =
        LazyLock::new(|| NAMELESS.iter().fold(0, |marks, name| marks | key::mark(name)));
    if *MARKS & key::mark(name) == 0 {
        return false;
    }
    let is_kept = |b: &u8| b.is_ascii_alphanumeric() || !b.is_ascii();
    let length = name.bytes().filter(is_kept).count();
    let Some(firsts) = NAMELESS_FIRST.get(length).filter(|firsts| **firsts != 0) else { return false };
    let first = name.bytes().find(is_kept);
    if first.is_none_or(|first| firsts >> (first.to_ascii_lowercase() & 31) & 1 == 0) {
        return false;
    }
    // The others are folded in place, and equal lengths are compared alone.
    let mut buffer = [0; LONGEST];
    for (to, byte) in buffer.iter_mut().zip(name.bytes().filter(is_kept)) {
        *to = byte.to_ascii_lowercase();
    }
    let folded = buffer.get(..length).unwrap_or_default();
    NAMELESS.iter().any(|nameless| nameless.as_bytes() == folded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_short_cuts_miss_no_name() {
        for name in NAMELESS {
            for spelt in [name.to_owned(), name.to_uppercase(), format!("_{name}-")] {
                assert!(is_nameless(&spelt) && name.len() <= 16, "{spelt}");
            }
        }
        for unit in UNITS {
            assert!(
                may_name_a_unit(&format!("power_{unit}")) && may_name_a_unit(&format!("{unit}°")),
                "{unit}"
            );
        }
        assert!(!is_nameless("temperature") && !may_name_a_unit("last_seen"));
    }
}
