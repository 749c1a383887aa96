//! The INPUT of `measure` and `replay`: files of readings, in any order and with doubles, as one stream in time order.
//!
//! A row that cannot be used is reported with its file and line, counted, and left out.

mod line;
mod series;

use std::{
    fs::File,
    io::{BufRead, BufReader, Read},
    path::PathBuf,
};

use flate2::read::MultiGzDecoder;
use line::{Layout, Wanted};
use model::{Instant, Reading, Register, Span};
use series::SeriesTable;

use super::{Terminal, workbook};

/// Bad rows that are named one by one where nothing else is asked; the rest is only counted.
const NAMED: u64 = 20;

/// What is done with rows that cannot be used.
#[derive(Debug, Clone, Copy)]
pub struct Strictness {
    /// How many bad rows are named one by one.
    pub named: u64,
    /// A row from here on is bad: it is ahead of its arrival.
    pub until: Instant,
    /// Whether a row of a sensor that the register does not know is bad, and not only left out.
    pub is_unknown_bad: bool,
}

/// A reading may be so far ahead of its arrival, ms, as live.
const MOST_AHEAD_MS: i64 = 5 * 60_000;

/// Nothing is ahead: `measure` and `replay` read no clock, so that they say the same whenever they are asked.
impl Default for Strictness {
    fn default() -> Self {
        Self { named: NAMED, until: Instant::MAX, is_unknown_bad: false }
    }
}

impl Strictness {
    /// Of files that arrive now: a row that is ahead of that is bad.
    #[must_use]
    pub const fn at(now: Instant) -> Self {
        Self { named: NAMED, until: now.plus_ms(MOST_AHEAD_MS), is_unknown_bad: false }
    }
}

/// Why a file as a whole cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum InputError {
    /// It cannot be opened or read to its end.
    #[error("{path}")]
    Read {
        /// The file as it was named.
        path: String,
        /// What the system says.
        source: std::io::Error,
    },
    /// It is no workbook that can be read.
    #[error("{path}: {what}")]
    Workbook {
        /// The file as it was named.
        path: String,
        /// What is wrong with it.
        what: String,
    },
    /// Its first line is neither a JSON object nor a header with the columns that must be there.
    #[error(
        "{path}:1: {missing}: required column is missing: write a header line time,sensor,quantity,value"
    )]
    Header {
        /// The file as it was named.
        path: String,
        /// The first column that is not there.
        missing: &'static str,
    },
}

/// What was left out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rejected {
    /// Rows that could not be understood or have an impossible time.
    pub bad: u64,
    /// Rows of sensors that the register does not know.
    pub unknown: u64,
    /// Rows that a later one of the same series and instant replaced.
    pub replaced: u64,
}

/// One usable row; the series is an index, so that millions of rows stay small.
#[derive(Debug, Clone, Copy)]
struct Row {
    time: Instant,
    series: u32,
    value: f64,
}

/// The readings of some files, by time; of several of one series and instant the last in the files.
#[derive(Debug)]
pub struct Input {
    series: SeriesTable,
    rows: Vec<Row>,
    rejected: Rejected,
    strictness: Strictness,
}

impl Input {
    /// Reads files in the order given: CSV or JSON Lines, plain or gzip, or the first sheet of an XLSX workbook;
    /// `-` for stdin.
    ///
    /// Values come out in canonical units, with the scale and offset of their sensor's binding applied, as the
    /// quality stage applies them to live readings. Rows of sensors unknown to `register` are left out and counted.
    ///
    /// # Errors
    /// Returns the first file that cannot be read at all. Bad rows are no error: they are told to `terminal`.
    pub fn read(
        files: &[PathBuf],
        register: &Register,
        strictness: Strictness,
        terminal: &mut Terminal,
    ) -> Result<Self, InputError> {
        let mut input = Self {
            series: SeriesTable::default(),
            rows: Vec::new(),
            rejected: Rejected::default(),
            strictness,
        };
        for file in files {
            let path = file.display().to_string();
            let failed = |source| InputError::Read { path: path.clone(), source };
            if file.as_os_str() == "-" {
                input.read_one(&path, std::io::stdin().lock(), register, terminal)?;
            } else {
                input.read_one(&path, File::open(file).map_err(failed)?, register, terminal)?;
            }
        }
        input.settle();
        input.report(terminal);
        Ok(input)
    }

    fn read_one(
        &mut self,
        path: &str,
        source: impl Read,
        register: &Register,
        terminal: &mut Terminal,
    ) -> Result<(), InputError> {
        let failed = |source| InputError::Read { path: path.to_owned(), source };
        let mut source = BufReader::with_capacity(1 << 16, source);
        if source.fill_buf().map_err(failed)?.starts_with(workbook::MAGIC) {
            let mut bytes = Vec::new();
            source.take(workbook::LARGEST + 1).read_to_end(&mut bytes).map_err(failed)?;
            return self.read_sheet(path, bytes, register, terminal);
        }
        if source.fill_buf().map_err(failed)?.starts_with(&[0x1f, 0x8b]) {
            let plain = BufReader::with_capacity(1 << 16, MultiGzDecoder::new(source));
            return self.read_lines(path, plain, register, terminal);
        }
        self.read_lines(path, source, register, terminal)
    }

    /// Rows of a workbook's first sheet; a time without an offset is the site's.
    fn read_sheet(
        &mut self,
        path: &str,
        bytes: Vec<u8>,
        register: &Register,
        terminal: &mut Terminal,
    ) -> Result<(), InputError> {
        let sheets = workbook::read(bytes)
            .map_err(|error| InputError::Workbook { path: path.to_owned(), what: format!("{error:#}") })?;
        let Some(sheet) = sheets.first() else { return Ok(()) };
        let zone = Some(&register.calendar.zone);
        let mut header: Option<(Layout, Option<usize>)> = None;
        for (number, row) in (1..).zip(&sheet.rows) {
            if row.iter().all(workbook::Cell::is_blank) {
                continue;
            }
            let time = header.as_ref().and_then(|(_, time)| *time);
            let when = |column| (time == Some(column)).then_some(workbook::When::Time);
            let line = sheet.csv_line(row, when, zone);
            if let Some((layout, _)) = &header {
                self.take(path, number, &line, layout, register, terminal);
                continue;
            }
            let layout = Layout::of(&line);
            let layout = layout.map_err(|missing| InputError::Header { path: path.to_owned(), missing })?;
            header = Some((layout, row.iter().position(|cell| cell.text().eq_ignore_ascii_case("time"))));
        }
        Ok(())
    }

    fn read_lines(
        &mut self,
        path: &str,
        mut source: impl BufRead,
        register: &Register,
        terminal: &mut Terminal,
    ) -> Result<(), InputError> {
        let mut layout: Option<Layout> = None;
        let mut bytes = Vec::new();
        let mut number = 0_u64;
        loop {
            bytes.clear();
            let failed = |source| InputError::Read { path: path.to_owned(), source };
            if source.read_until(b'\n', &mut bytes).map_err(failed)? == 0 {
                return Ok(());
            }
            number += 1;
            let line = String::from_utf8_lossy(&bytes);
            let line = line.trim_start_matches('\u{feff}').trim();
            if line.is_empty() {
                continue;
            }
            let Some(layout) = &layout else {
                let first = Layout::of(line);
                let first = first.map_err(|missing| InputError::Header { path: path.to_owned(), missing })?;
                if first.is_data() {
                    self.take(path, number, line, &first, register, terminal);
                }
                layout = Some(first);
                continue;
            };
            self.take(path, number, line, layout, register, terminal);
        }
    }

    fn take(
        &mut self,
        path: &str,
        number: u64,
        line: &str,
        layout: &Layout,
        register: &Register,
        terminal: &mut Terminal,
    ) {
        let row = layout.row(line).and_then(|taken| self.row(&taken.wanted(), register));
        match row {
            Ok(Some(row)) => self.rows.push(row),
            Ok(None) => self.rejected.unknown += 1,
            Err(what) => {
                self.rejected.bad += 1;
                if self.rejected.bad <= self.strictness.named {
                    terminal.say(format_args!("{path}:{number}: {what}"));
                }
            }
        }
    }

    /// The row of a line; `None` when the register does not know its sensor.
    fn row(&mut self, wanted: &Wanted<'_>, register: &Register) -> Result<Option<Row>, String> {
        let time = Instant::parse(wanted.time).map_err(|error| format!("time: {error}"))?;
        let (index, known) = self.series.find(wanted, register)?;
        if !known.is_bound() {
            let is_bad = self.strictness.is_unknown_bad;
            return if is_bad {
                Err(format!("sensor: `{}` is not in the register", wanted.sensor))
            } else {
                Ok(None)
            };
        }
        known.check_time(time)?;
        if time >= self.strictness.until {
            return Err(format!("time: {time} is ahead of now"));
        }
        let value = known.value(wanted.value, wanted.unit, time)?;
        Ok(Some(Row { time, series: index, value }))
    }

    /// Time order, and of equal instants of one series the last row only.
    fn settle(&mut self) {
        // Stable, so that file order survives among equals.
        self.rows.sort_by_key(|row| (row.time, row.series));
        let before = self.rows.len();
        self.rows.dedup_by(|later, kept| {
            let is_same = later.time == kept.time && later.series == kept.series;
            if is_same {
                *kept = *later;
            }
            is_same
        });
        self.rejected.replaced = (before - self.rows.len()) as u64;
    }

    fn report(&self, terminal: &mut Terminal) {
        let Rejected { bad, unknown, replaced } = self.rejected;
        if bad > self.strictness.named {
            let more = bad - self.strictness.named;
            terminal.say(format_args!("... and {more} more rows that could not be used"));
        }
        if unknown > 0 {
            let names = self.series.unknown(5).join(", ");
            terminal.say(format_args!("{unknown} rows of sensors that the register does not know: {names}"));
        }
        let kept = self.rows.len();
        terminal.say(format_args!(
            "{kept} readings used, {bad} bad rows, {unknown} unknown, {replaced} replaced"
        ));
    }

    /// The readings in time order; of one instant, by first appearance of the series.
    pub fn readings(&self) -> impl Iterator<Item = Reading> {
        self.rows
            .iter()
            .filter_map(|row| Reading::new(self.series.get(row.series)?.clone(), row.time, row.value))
    }

    /// Number of readings.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether nothing usable was found.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// What was left out.
    #[must_use]
    pub const fn rejected(&self) -> Rejected {
        self.rejected
    }

    /// From the first reading to the last, which is still inside; `None` without any.
    #[must_use]
    pub fn span(&self) -> Option<Span> {
        Some(Span::new(self.rows.first()?.time, self.rows.last()?.time.plus_ms(1)))
    }

    /// Whether a command over this input has failed: nothing usable, or bad rows where none are allowed.
    #[must_use]
    pub const fn is_failure(&self, strict: bool) -> bool {
        self.is_empty() || (strict && self.rejected.bad > 0)
    }
}

#[cfg(test)]
mod tests;
