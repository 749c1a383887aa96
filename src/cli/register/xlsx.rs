//! The register as one workbook: a sheet a table, and one of settings (`key`, `value`).
//!
//! Each sheet becomes the CSV file that it stands for, with every row on the line of its number, so that the
//! one loader checks it and what it finds wrong is named by sheet and row.

use std::{collections::BTreeMap, path::Path};

use anyhow::Context;
use jiff::tz::TimeZone;
use model::{Problem, Register};

use super::super::workbook::{self, Cell, Sheet, When};

/// Sheet of the settings.
const SETTINGS: &str = "register";
/// What sheets may be called beside the names of their tables.
const ALIASES: [(&str, &[&str]); 10] = [
    (SETTINGS, &["设置", "登记册"]),
    ("bodies", &["单位", "机构", "处室"]),
    ("places", &["场所", "房间"]),
    ("posts", &["职位", "岗位"]),
    ("sensors", &["传感器"]),
    ("meters", &["计量表", "表计", "仪表"]),
    ("meter_events", &["表计事件", "换表记录"]),
    ("recipients", &["收件人"]),
    ("waivers", &["豁免"]),
    ("calendar", &["日历", "节假日"]),
];
/// Rows among which the header is looked for: titles may stand above it.
const HEADER_WITHIN: usize = 10;
/// Columns that hold a day or a time.
const WHEN: [&str; 6] = ["from", "to", "absent_from", "absent_to", "date", "time"];
/// Settings that are lists and may be written with commas.
const LISTS: [&str; 2] = ["packs", "accept_unverified"];

/// The files that a workbook stands for, the sheets of these files by name, and sheets that stand for none.
pub(super) struct Book {
    pub(super) files: BTreeMap<String, Vec<u8>>,
    /// Cells that hold a failed formula.
    pub(super) problems: Vec<Problem>,
    sheets: BTreeMap<String, String>,
    pub(super) unknown: Vec<String>,
}

impl Book {
    /// Reads a workbook.
    pub(super) fn read(path: &Path) -> anyhow::Result<Self> {
        let bytes = std::fs::read(path).with_context(|| path.display().to_string())?;
        let sheets = workbook::read(bytes).with_context(|| path.display().to_string())?;
        let mut book = Self {
            files: BTreeMap::new(),
            problems: Vec::new(),
            sheets: BTreeMap::new(),
            unknown: Vec::new(),
        };
        let zone = sheets.iter().find(|sheet| table_of(&sheet.name) == SETTINGS).and_then(zone);
        for sheet in sheets {
            let table = table_of(&sheet.name);
            let is_settings = table == SETTINGS;
            let file = if is_settings { Register::SETTINGS.to_owned() } else { format!("{table}.csv") };
            if !is_settings && !Register::tables().any(|known| known == file) {
                book.unknown.push(sheet.name.clone());
            }
            book.broken(&file, &sheet);
            let text = if is_settings { settings(&sheet) } else { csv_of(&file, &sheet, zone.as_ref()) };
            book.sheets.insert(file.clone(), sheet.name);
            book.files.insert(file, text.into_bytes());
        }
        book.name_calendar();
        Ok(book)
    }

    /// The calendar's sheet is the calendar, whether the settings say so or not.
    fn name_calendar(&mut self) {
        let Some(text) = self.files.get_mut(Register::SETTINGS) else { return };
        let says_so = String::from_utf8_lossy(text).lines().any(|line| line.starts_with("calendar "));
        if !says_so && self.sheets.contains_key("calendar.csv") {
            text.extend_from_slice(b"calendar = \"calendar.csv\"\n");
        }
    }

    fn broken(&mut self, file: &str, sheet: &Sheet) {
        for (row, cells) in (1..).zip(&sheet.rows) {
            for (column, cell) in cells.iter().enumerate() {
                if let Cell::Broken(what) = cell {
                    let what = format!("the formula gives {what}");
                    let key = letters(column);
                    self.problems.push(Problem::new(file, row, key, what, "mend it, or write the value"));
                }
            }
        }
    }

    /// The problem with its file named as the workbook and its sheet.
    pub(super) fn place(&self, path: &Path, problem: Problem) -> Problem {
        let sheet = self.sheets.get(&problem.file).map_or(problem.file.as_str(), String::as_str);
        Problem { file: format!("{}[{sheet}]", path.display()), ..problem }
    }
}

/// The table that a sheet's name means.
fn table_of(sheet: &str) -> String {
    let name = sheet.trim().to_lowercase();
    let name = name.trim_end_matches(".csv").trim_end_matches(".toml").replace([' ', '-'], "_");
    let known = ALIASES.iter().find(|(_, aliases)| aliases.contains(&name.as_str()));
    known.map_or(name, |(table, _)| (*table).to_owned())
}

/// A column as the sheet calls it.
fn letters(mut column: usize) -> String {
    let mut out = Vec::new();
    loop {
        out.push(char::from(b'A' + u8::try_from(column % 26).unwrap_or(0)));
        if column < 26 {
            return out.into_iter().rev().collect();
        }
        column = column / 26 - 1;
    }
}

/// The row of the header: of the first rows the one with the most columns of the table; titles and the upper
/// rows of a header of several stand above it.
fn header_row(file: &str, sheet: &Sheet) -> usize {
    let known = |row: &[Cell]| {
        let names: std::collections::BTreeSet<_> =
            row.iter().filter_map(|cell| Register::column(file, &cell.text())).collect();
        names.len()
    };
    let rows = sheet.rows.iter().take(HEADER_WITHIN).enumerate();
    let best = rows.map(|(at, row)| (known(row), at)).filter(|(count, _)| *count > 0);
    let first = || sheet.rows.iter().position(|row| row.iter().any(|cell| !cell.is_blank()));
    best.max().map(|(_, at)| at).or_else(first).unwrap_or(0)
}

/// A sheet as CSV; row n is line n.
fn csv_of(file: &str, sheet: &Sheet, zone: Option<&TimeZone>) -> String {
    let header = header_row(file, sheet);
    let titles = sheet.rows.get(header).map_or(&[][..], Vec::as_slice);
    let is_when =
        |title: &Cell| Register::column(file, &title.text()).is_some_and(|name| WHEN.contains(&name));
    let when: Vec<Option<When>> = titles.iter().map(|title| is_when(title).then_some(When::Day)).collect();
    let mut out = String::new();
    for (at, cells) in sheet.rows.iter().enumerate() {
        if at >= header && cells.iter().any(|cell| !cell.is_blank()) {
            let of = |column: usize| when.get(column).copied().flatten().filter(|_| at > header);
            out.push_str(&sheet.csv_line(cells, of, zone));
        }
        out.push('\n');
    }
    out
}

/// The settings as TOML; row n is line n.
fn settings(sheet: &Sheet) -> String {
    let mut out = String::new();
    for cells in &sheet.rows {
        let mut cells = cells.iter();
        let (key, value) = (cells.next().unwrap_or(&Cell::Blank), cells.next().unwrap_or(&Cell::Blank));
        let key = key.text();
        let is_header = matches!(key.to_lowercase().as_str(), "key" | "键" | "设置" | "项目");
        if !key.is_empty() && !is_header && !value.is_blank() {
            out.push_str(&format!("{key} = {}", toml_of(&key, value)));
        }
        out.push('\n');
    }
    out
}

fn toml_of(key: &str, value: &Cell) -> String {
    let string = |text: &str| toml::Value::String(text.to_owned()).to_string();
    match value {
        Cell::Number(_) | Cell::Flag(_) => value.text(),
        _ if value.text().starts_with('[') => value.text(),
        _ if LISTS.contains(&key) => {
            let text = value.text();
            let items = text.split([',', '，', '、', ';']).map(str::trim).filter(|item| !item.is_empty());
            format!("[{}]", items.map(string).collect::<Vec<_>>().join(", "))
        }
        _ => string(&value.text()),
    }
}

/// The time zone that the settings name.
fn zone(sheet: &Sheet) -> Option<TimeZone> {
    let row = sheet.rows.iter().find(|row| row.first().is_some_and(|cell| cell.text() == "time_zone"))?;
    TimeZone::get(&row.get(1)?.text()).ok()
}

/// Writes the files of a register as one workbook.
pub(super) fn write(path: &Path, files: &BTreeMap<String, String>) -> anyhow::Result<()> {
    let mut tables = Vec::new();
    if let Some(text) = files.get(Register::SETTINGS) {
        let mut rows = vec![vec!["key".to_owned(), "value".to_owned()]];
        flatten("", &text.parse::<toml::Table>()?, &mut rows);
        tables.push((SETTINGS.to_owned(), rows));
    }
    for file in Register::tables() {
        let Some(text) = files.get(file) else { continue };
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
        let rows: Result<Vec<Vec<String>>, csv::Error> =
            reader.records().map(|record| Ok(record?.iter().map(str::to_owned).collect())).collect();
        tables.push((file.trim_end_matches(".csv").to_owned(), rows?));
    }
    workbook::write(path, &tables, is_number)
}

/// Whether a column holds numbers; everything else stays text, so that `0012` stays an id.
fn is_number(column: &str) -> bool {
    const OTHERS: [&str; 6] = ["capacity", "storeys", "scale", "offset", "multiplier", "rollover_at"];
    ["_m2", "_s", "_kw", "headcount", "_reading"].iter().any(|end| column.ends_with(end))
        || OTHERS.contains(&column)
}

fn flatten(path: &str, table: &toml::Table, rows: &mut Vec<Vec<String>>) {
    for (key, value) in table {
        let key = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        let text = match value {
            toml::Value::Table(inner) => {
                flatten(&key, inner, rows);
                continue;
            }
            toml::Value::String(text) => text.clone(),
            toml::Value::Array(items) if LISTS.contains(&key.as_str()) => {
                items.iter().filter_map(toml::Value::as_str).collect::<Vec<_>>().join(", ")
            }
            other => other.to_string(),
        };
        rows.push(vec![key, text]);
    }
}

#[cfg(test)]
mod tests;
