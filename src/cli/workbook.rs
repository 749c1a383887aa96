//! Spreadsheets (XLSX) as rows of cells: what a cell shows is settled, nothing of it interpreted yet.

use std::{io::Cursor, path::Path};

use anyhow::{Context, ensure};
use calamine::{Data, ExcelDateTime, ExcelDateTimeType, Reader, Xlsx};
use jiff::{civil::DateTime, tz::TimeZone};
use rust_xlsxwriter::{Format, Workbook};

/// Larger files are no tables of people; what they unpack to would fill the memory.
pub(super) const LARGEST: u64 = 64 << 20;
/// More cells than this in one sheet are refused, blank ones included.
const MOST_CELLS: u64 = 20_000_000;
/// A zip archive begins so, and so does every XLSX.
pub(super) const MAGIC: &[u8] = b"PK\x03\x04";

/// What a cell holds.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Cell {
    /// Nothing.
    Blank,
    /// Text, without blanks around it and on one line.
    Text(String),
    /// A number.
    Number(f64),
    /// True or false.
    Flag(bool),
    /// A date, a time of day (before day 1) or both, as the sheet shows it.
    When(ExcelDateTime),
    /// A formula that failed, such as `#N/A`.
    Broken(String),
}

/// What a column of dates holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum When {
    /// Days, and times now and then.
    Day,
    /// Times.
    Time,
}

fn quoted(text: String) -> String {
    if text.contains([',', '"', ';', '\t']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

/// One sheet; row and column 0 are the sheet's first, so that `rows[n]` is what it calls row n + 1.
#[derive(Debug)]
pub(super) struct Sheet {
    pub(super) name: String,
    pub(super) rows: Vec<Vec<Cell>>,
    is_1904: bool,
}

impl From<&Data> for Cell {
    fn from(data: &Data) -> Self {
        match data {
            Data::Empty => Self::Blank,
            Data::Int(number) => Self::Text(number.to_string()),
            Data::Float(number) => Self::Number(*number),
            Data::Bool(flag) => Self::Flag(*flag),
            Data::DateTime(when) => Self::When(*when),
            Data::Error(error) => Self::Broken(error.to_string()),
            Data::String(text) | Data::DateTimeIso(text) | Data::DurationIso(text) => {
                let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
                if line.is_empty() { Self::Blank } else { Self::Text(line) }
            }
        }
    }
}

impl Cell {
    /// Whether nothing stands in it.
    pub(super) const fn is_blank(&self) -> bool {
        matches!(self, Self::Blank)
    }

    /// The text that a CSV file would have here. A time without a date is `HH:MM`.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Blank => String::new(),
            Self::Text(text) | Self::Broken(text) => text.clone(),
            Self::Number(number) => number.to_string(),
            Self::Flag(flag) => flag.to_string(),
            Self::When(when) => match civil(when) {
                Some(at) if when.as_f64() < 1.0 => at.strftime("%H:%M").to_string(),
                Some(at) if at.time() == jiff::civil::Time::midnight() => at.date().to_string(),
                Some(at) => at.to_string(),
                None => when.as_f64().to_string(),
            },
        }
    }
}

/// Calendar date and time of day of a serial number.
fn civil(when: &ExcelDateTime) -> Option<DateTime> {
    let (year, month, day, hour, minute, second, milli) = when.to_ymd_hms_milli();
    let small = |number: u8| i8::try_from(number).ok();
    let nanos = i32::from(milli) * 1_000_000;
    let year = i16::try_from(year).ok()?;
    DateTime::new(year, small(month)?, small(day)?, small(hour)?, small(minute)?, small(second)?, nanos).ok()
}

impl Sheet {
    /// Rows as the lines of a CSV file would be, each cell by its column.
    pub(super) fn csv_line(
        &self,
        row: &[Cell],
        when: impl Fn(usize) -> Option<When>,
        zone: Option<&TimeZone>,
    ) -> String {
        let texts = row.iter().enumerate().map(|(column, cell)| {
            let text = when(column).and_then(|when| self.when_text(cell, when, zone));
            quoted(text.unwrap_or_else(|| cell.text()))
        });
        texts.collect::<Vec<_>>().join(",")
    }

    /// A day or time as text; one without an offset is that of `zone`.
    fn when_text(&self, cell: &Cell, when: When, zone: Option<&TimeZone>) -> Option<String> {
        let at = self.when(cell)?;
        if when == When::Day && at.time() == jiff::civil::Time::midnight() {
            return Some(at.date().to_string());
        }
        let zoned = zone.and_then(|zone| at.to_zoned(zone.clone()).ok());
        Some(
            zoned.map_or_else(
                || at.to_string(),
                |zoned| zoned.strftime("%Y-%m-%dT%H:%M:%S%.f%:z").to_string(),
            ),
        )
    }

    /// What a cell says where a date or time is wanted: a bare number is a serial of the sheet's calendar.
    fn when(&self, cell: &Cell) -> Option<DateTime> {
        match cell {
            Cell::When(when) => civil(when),
            Cell::Number(serial) if (1.0..3_000_000.0).contains(serial) => {
                civil(&ExcelDateTime::new(*serial, ExcelDateTimeType::DateTime, self.is_1904))
            }
            _ => None,
        }
    }
}

/// The sheets of a workbook; cells that are merged all hold what their first one holds.
///
/// # Errors
/// When it is no workbook, or too large.
pub(super) fn read(bytes: Vec<u8>) -> anyhow::Result<Vec<Sheet>> {
    ensure!(bytes.len() as u64 <= LARGEST, "larger than {} MiB: save only the tables", LARGEST >> 20);
    let mut book = Xlsx::new(Cursor::new(bytes)).context("no XLSX workbook: save it as .xlsx")?;
    let is_1904 = book.has_1904_epoch();
    let mut sheets = Vec::new();
    for name in book.sheet_names() {
        let range = book.worksheet_range(&name).with_context(|| format!("sheet `{name}`"))?;
        let merged = book.merge_cells_by_sheet_name(&name).with_context(|| format!("sheet `{name}`"))?;
        let mut rows: Vec<Vec<Cell>> = Vec::new();
        if let Some((last_row, last_column)) = range.end() {
            let cells = (u64::from(last_row) + 1) * (u64::from(last_column) + 1);
            ensure!(cells <= MOST_CELLS, "sheet `{name}`: has {cells} cells, at most {MOST_CELLS} are read");
            let cell = |row, column| range.get_value((row, column)).map_or(Cell::Blank, Cell::from);
            rows = (0..=last_row)
                .map(|row| (0..=last_column).map(|column| cell(row, column)).collect())
                .collect();
        }
        for region in merged {
            spread(&mut rows, region.start, region.end);
        }
        sheets.push(Sheet { name, rows, is_1904 });
    }
    Ok(sheets)
}

/// Fills a merged region with what stands in its first cell.
fn spread(rows: &mut [Vec<Cell>], start: (u32, u32), end: (u32, u32)) {
    let place = |at: u32| usize::try_from(at).unwrap_or(usize::MAX);
    let (top, left) = (place(start.0), place(start.1));
    let Some(first) = rows.get(top).and_then(|row| row.get(left)).cloned() else { return };
    for row in rows.iter_mut().take(place(end.0).saturating_add(1)).skip(top) {
        for cell in row.iter_mut().take(place(end.1).saturating_add(1)).skip(left) {
            cell.clone_from(&first);
        }
    }
}

/// Writes tables, each a name and its rows with the header first, as one workbook; a cell is a number where
/// `is_number` says so of its table and column.
///
/// # Errors
/// When the file cannot be written.
pub(super) fn write(
    path: &Path,
    tables: &[(String, Vec<Vec<String>>)],
    is_number: impl Fn(&str) -> bool,
) -> anyhow::Result<()> {
    let mut book = Workbook::new();
    let bold = Format::new().set_bold();
    for (name, rows) in tables {
        let sheet = book.add_worksheet();
        sheet.set_name(name)?.set_freeze_panes(1, 0)?;
        let header: &[String] = rows.first().map_or(&[], Vec::as_slice);
        for (at, cells) in (0_u32..).zip(rows) {
            for ((column, text), title) in (0_u16..).zip(cells).zip(header) {
                let number = (at > 0 && is_number(title)).then(|| text.parse::<f64>().ok()).flatten();
                match number {
                    Some(number) => sheet.write_number(at, column, number)?,
                    None if at == 0 => sheet.write_string_with_format(at, column, text, &bold)?,
                    None if text.is_empty() => continue,
                    None => sheet.write_string(at, column, text)?,
                };
            }
        }
        sheet.autofit();
    }
    std::fs::write(path, book.save_to_buffer()?).with_context(|| path.display().to_string())
}
