//! One line of input, CSV or JSON, as the texts that make a reading.

use std::borrow::Cow;

use serde::Deserialize;

/// The texts of one row.
#[derive(Debug, PartialEq)]
pub(super) struct Wanted<'a> {
    pub(super) time: &'a str,
    pub(super) sensor: &'a str,
    pub(super) quantity: &'a str,
    pub(super) value: f64,
    /// `""` for the canonical unit.
    pub(super) unit: &'a str,
    /// `""` for none.
    pub(super) channel: &'a str,
}

/// How the lines of a file are to be read.
#[derive(Debug)]
pub(super) enum Layout {
    /// A JSON object a line.
    Json,
    /// CSV: which cell holds which column.
    Csv(Box<Columns>),
}

/// Cell index of each column.
#[derive(Debug)]
pub(super) struct Columns {
    time: usize,
    sensor: usize,
    quantity: usize,
    value: usize,
    unit: Option<usize>,
    channel: Option<usize>,
}

/// A row on its way: cells that outlive the parsing of their line.
pub(super) struct Taken<'a> {
    cells: [Cow<'a, str>; 5],
    value: f64,
}

impl Taken<'_> {
    /// The row's texts.
    pub(super) fn wanted(&self) -> Wanted<'_> {
        let [time, sensor, quantity, unit, channel] = &self.cells;
        Wanted { time, sensor, quantity, value: self.value, unit, channel }
    }
}

impl Layout {
    /// The layout that a file's first line announces; the missing column is the error.
    pub(super) fn of(line: &str) -> Result<Self, &'static str> {
        if line.starts_with('{') {
            return Ok(Self::Json);
        }
        let names: Vec<String> = cells(line).iter().map(|cell| cell.trim().to_lowercase()).collect();
        let find = |name: &str| names.iter().position(|cell| cell == name);
        let need = |name: &'static str| find(name).ok_or(name);
        Ok(Self::Csv(Box::new(Columns {
            time: need("time")?,
            sensor: need("sensor")?,
            quantity: need("quantity")?,
            value: need("value")?,
            unit: find("unit"),
            channel: find("channel"),
        })))
    }

    /// Whether the first line is a row itself.
    pub(super) const fn is_data(&self) -> bool {
        matches!(self, Self::Json)
    }

    /// The row of a line, or what is wrong with it.
    pub(super) fn row<'a>(&self, line: &'a str) -> Result<Taken<'a>, String> {
        match self {
            Self::Json => json(line),
            Self::Csv(columns) => columns.row(line),
        }
    }
}

impl Columns {
    fn row<'a>(&self, line: &'a str) -> Result<Taken<'a>, String> {
        let mut cells = cells(line);
        let mut take = |index: Option<usize>| {
            let cell = index.and_then(|index| cells.get_mut(index)).map(std::mem::take);
            match cell.unwrap_or_default() {
                Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
                Cow::Owned(text) => Cow::Owned(text.trim().to_owned()),
            }
        };
        let value = take(Some(self.value));
        let value = value.parse().map_err(|_| format!("value: `{value}` is no number"))?;
        let cells = [
            take(Some(self.time)),
            take(Some(self.sensor)),
            take(Some(self.quantity)),
            take(self.unit),
            take(self.channel),
        ];
        Ok(Taken { cells, value })
    }
}

/// The cells of a CSV line; a reading's cells hold no line ends.
fn cells(line: &str) -> Vec<Cow<'_, str>> {
    if !line.contains('"') {
        return line.split(',').map(Cow::Borrowed).collect();
    }
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(line.as_bytes());
    let record = reader.records().next().and_then(Result::ok).unwrap_or_default();
    record.iter().map(|cell| Cow::Owned(cell.to_owned())).collect()
}

#[derive(Deserialize)]
struct JsonRow<'a> {
    #[serde(borrow)]
    time: Cow<'a, str>,
    #[serde(borrow)]
    sensor: Cow<'a, str>,
    #[serde(borrow)]
    quantity: Cow<'a, str>,
    value: JsonValue,
    #[serde(borrow, default)]
    unit: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    channel: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum JsonValue {
    Number(f64),
    State(bool),
}

fn json(line: &str) -> Result<Taken<'_>, String> {
    let row: JsonRow<'_> = serde_json::from_str(line).map_err(|error| format!("json: {error}"))?;
    let value = match row.value {
        JsonValue::Number(value) => value,
        JsonValue::State(is_on) => f64::from(u8::from(is_on)),
    };
    let cells =
        [row.time, row.sensor, row.quantity, row.unit.unwrap_or_default(), row.channel.unwrap_or_default()];
    Ok(Taken { cells, value })
}
