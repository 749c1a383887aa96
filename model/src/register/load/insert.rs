//! A row added to a sheet that people keep: their encoding, separator, columns and order stay as they are.

use std::borrow::Cow;

use jiff::civil::Date;

use super::{
    columns::{SENSORS, fold},
    sheet,
};
use crate::{Id, Problem, Register};

/// A sensor that gets its place.
#[derive(Debug, Clone, PartialEq)]
pub struct NewSensor {
    /// Id on the wire.
    pub id: Id,
    /// Where it hangs.
    pub place: Id,
    /// Device profile; none where names say enough.
    pub profile: Option<String>,
    /// Nominal interval, s; the default of the register when absent.
    pub interval_s: Option<f64>,
    /// First local day of the binding; always when absent.
    pub from: Option<Date>,
}

impl NewSensor {
    fn cells(&self) -> Vec<(&'static str, String)> {
        let all = [
            ("sensor", Some(self.id.to_string())),
            ("place", Some(self.place.to_string())),
            ("profile", self.profile.clone()),
            ("interval_s", self.interval_s.map(|secs| secs.to_string())),
            ("from", self.from.map(|date| date.to_string())),
        ];
        all.into_iter().filter_map(|(name, cell)| Some((name, cell?))).collect()
    }
}

impl Register {
    /// The bytes of `sensors.csv` with one row more at its end; `None` begins a new file.
    ///
    /// Every byte that was there stays, unless a column has to be added for a cell of the row: then each
    /// row gets a blank cell at its end. Whether the register is right with it, [`Register::load`] says.
    ///
    /// # Errors
    /// Returns what is wrong with the file as it is; nothing is added to a file that cannot be read.
    pub fn with_sensor(file: Option<&[u8]>, new: &NewSensor) -> Result<Vec<u8>, Vec<Problem>> {
        let mut cells = new.cells();
        let Some(bytes) = file else {
            let header = cells.iter().map(|(name, _)| *name);
            return Ok([line(header, b',', "\n"), line(cells.iter().map(|(_, cell)| &**cell), b',', "\n")]
                .concat()
                .into_bytes());
        };
        let mut problems = Vec::new();
        sheet::rows(SENSORS.file, bytes, &SENSORS, &mut problems);
        let Some(text) = sheet::decode(bytes).filter(|_| problems.is_empty()) else { return Err(problems) };
        let sheet = Sheet::of(&text);
        let (mut out, mut added) = (bytes.to_vec(), String::new());
        let ordered: Vec<String> = sheet.columns.iter().map(|column| take(&mut cells, *column)).collect();
        if !cells.is_empty() {
            let names: Vec<&str> = cells.iter().map(|(name, _)| sheet.header_of(name)).collect();
            out = encoded(bytes, &sheet.widened(&names), true);
        }
        if !text.ends_with('\n') {
            added.push_str(sheet.line_end);
        }
        let row = ordered.iter().map(String::as_str).chain(cells.iter().map(|(_, cell)| &**cell));
        added.push_str(&line(row, sheet.separator, sheet.line_end));
        out.extend(encoded(bytes, &added, false));
        Ok(out)
    }
}

fn take(cells: &mut Vec<(&'static str, String)>, column: Option<&'static str>) -> String {
    let found = cells.iter().position(|(name, _)| Some(*name) == column);
    found.map(|index| cells.remove(index).1).unwrap_or_default()
}

/// A sheet as it stands.
struct Sheet<'a> {
    text: &'a str,
    separator: u8,
    line_end: &'static str,
    columns: Vec<Option<&'static str>>,
    /// Whether its header speaks Chinese.
    is_chinese: bool,
}

impl<'a> Sheet<'a> {
    fn of(text: &'a str) -> Self {
        let separator = sheet::separator(text);
        let mut reader = reader(text, separator);
        let header = reader.records().next().and_then(Result::ok).unwrap_or_default();
        let columns = header.iter().map(|cell| SENSORS.find(&fold(cell)).map(|column| column.name));
        Self {
            text,
            separator,
            line_end: if text.contains("\r\n") { "\r\n" } else { "\n" },
            columns: columns.collect(),
            is_chinese: header.iter().any(|cell| !cell.is_ascii()),
        }
    }

    /// What to call a column that is added: in the language of the others.
    fn header_of(&self, name: &'static str) -> &'static str {
        let column = SENSORS.columns.iter().find(|column| column.name == name);
        let alias = column.and_then(|column| column.aliases.first());
        alias.filter(|_| self.is_chinese).copied().unwrap_or(name)
    }

    /// The text with these columns at the end of its header, and a blank cell for each in every other row.
    fn widened(&self, names: &[&str]) -> String {
        let mut starts: Vec<usize> = vec![0];
        let mut reader = reader(self.text, self.separator);
        let records = reader.records().filter_map(Result::ok).skip(1);
        starts.extend(records.filter_map(|record| usize::try_from(record.position()?.byte()).ok()));
        let ends = starts.iter().skip(1).copied().chain([self.text.len()]);
        let mut out = String::with_capacity(self.text.len() + 64);
        for (index, (start, end)) in starts.iter().zip(ends).enumerate() {
            let piece = self.text.get(*start..end).unwrap_or_default();
            let row = piece.trim_end_matches(['\r', '\n']);
            out.push_str(row);
            for name in names {
                out.push(char::from(self.separator));
                out.push_str(if index == 0 { name } else { "" });
            }
            out.push_str(piece.get(row.len()..).unwrap_or_default());
        }
        out
    }
}

fn reader(text: &str, separator: u8) -> csv::Reader<&[u8]> {
    let mut builder = csv::ReaderBuilder::new();
    builder.has_headers(false).flexible(true).delimiter(separator).from_reader(text.as_bytes())
}

/// Cells as one line, quoted where they have to be.
fn line<'a>(cells: impl Iterator<Item = &'a str>, separator: u8, line_end: &str) -> String {
    let special = [char::from(separator), '"', '\r', '\n'];
    let quoted = cells.map(|cell| {
        if cell.contains(special) {
            Cow::Owned(format!("\"{}\"", cell.replace('"', "\"\"")))
        } else {
            Cow::Borrowed(cell)
        }
    });
    let separator = char::from(separator).to_string();
    format!("{}{line_end}", quoted.collect::<Vec<_>>().join(&separator))
}

/// A text in the encoding of a file, with the file's mark where it `begins` the file.
fn encoded(file: &[u8], text: &str, begins: bool) -> Vec<u8> {
    let (encoding, mark) = sheet::encoding(file);
    let mut out = if begins { file.get(..mark).unwrap_or_default().to_vec() } else { Vec::new() };
    if encoding == encoding_rs::UTF_16LE {
        out.extend(text.encode_utf16().flat_map(u16::to_le_bytes));
    } else if encoding == encoding_rs::UTF_16BE {
        out.extend(text.encode_utf16().flat_map(u16::to_be_bytes));
    } else {
        out.extend_from_slice(&encoding.encode(text).0);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn new() -> NewSensor {
        NewSensor {
            id: Id::parse("air-9").unwrap(),
            place: Id::parse("r-1").unwrap(),
            profile: None,
            interval_s: Some(60.0),
            from: Some(jiff::civil::date(2026, 11, 22)),
        }
    }

    fn added(file: &[u8]) -> String {
        let bytes = Register::with_sensor(Some(file), &new()).unwrap();
        sheet::decode(&bytes).unwrap().into_owned()
    }

    #[test]
    fn what_was_there_stays_byte_by_byte_in_every_encoding_and_separator() {
        let text = "备注传感器\r\n";
        assert!(Register::with_sensor(Some(text.as_bytes()), &new()).is_err(), "no such columns");
        let chinese = "安装位置;传感器编号;上报间隔;开始日期;分区\r\nr-1;air-1;;;\"一;二\"\r\n";
        let utf16: Vec<u8> = format!("\u{feff}{chinese}").encode_utf16().flat_map(u16::to_le_bytes).collect();
        let gb = encoding_rs::GB18030.encode(chinese).0.into_owned();
        for file in [chinese.as_bytes().to_vec(), format!("\u{feff}{chinese}").into_bytes(), utf16, gb] {
            let bytes = Register::with_sensor(Some(&file), &new()).unwrap();
            assert!(bytes.starts_with(&file));
            let text = sheet::decode(&bytes).unwrap();
            assert_eq!(text, format!("{chinese}r-1;air-9;60;2026-11-22;\r\n"));
        }
    }

    #[test]
    fn a_column_that_is_missing_is_added_in_the_language_of_the_others() {
        let text = "sensor,place,zone\nair-1,r-1,\"a\nb\"\nair-2,r-1,\n\n";
        let wanted = "sensor,place,zone,interval_s,from\nair-1,r-1,\"a\nb\",,\nair-2,r-1,,,\n\nair-9,r-1,,60,2026-11-22\n";
        assert_eq!(added(text.as_bytes()), wanted);
        let chinese = encoding_rs::GB18030.encode("传感器,场所\r\nair-1,r-1").0.into_owned();
        let wanted = "传感器,场所,上报间隔,开始日期\r\nair-1,r-1,,\r\nair-9,r-1,60,2026-11-22\r\n";
        assert_eq!(added(&chinese), wanted);
    }

    #[test]
    fn a_register_without_the_file_gets_one_and_a_broken_one_is_left_alone() {
        let bytes = Register::with_sensor(None, &new()).unwrap();
        assert_eq!(bytes, b"sensor,place,interval_s,from\nair-9,r-1,60,2026-11-22\n");
        let problems = Register::with_sensor(Some(b"sensor,plaice\na,b\n"), &new()).unwrap_err();
        assert!(problems.iter().any(|problem| problem.remedy.contains("`place`")), "{problems:?}");
    }
}
