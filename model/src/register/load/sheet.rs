//! One CSV file as rows of named cells: encoding, separator and header settled, nothing interpreted yet.

use std::{borrow::Cow, sync::Arc};

use csv::StringRecord;

use super::{
    columns::{Table, fold},
    row::Row,
};
use crate::Problem;

/// The rows of a file whose header could be read; what is wrong with the file itself goes to `problems`.
pub(super) fn rows(file: &str, bytes: &[u8], table: &Table, problems: &mut Vec<Problem>) -> Vec<Row> {
    let file: Arc<str> = Arc::from(file);
    let Some(text) = decode(bytes) else {
        problems.push(Problem::new(
            &*file,
            0,
            "encoding",
            "is neither UTF-8 nor GB18030",
            "save it as CSV UTF-8",
        ));
        return Vec::new();
    };
    let mut records = records(&text, &file, problems).into_iter();
    let Some((line, header)) = records.next() else {
        problems.push(Problem::new(
            &*file,
            0,
            "header",
            "the file is empty",
            "write a header line, or remove it",
        ));
        return Vec::new();
    };
    let Some(columns) = header_columns(&file, line, &header, table, problems) else { return Vec::new() };
    let mut rows = Vec::new();
    for (line, cells) in records {
        if cells.iter().any(|cell| !cell.trim().is_empty()) {
            rows.push(row(&file, line, &cells, &columns));
        }
    }
    rows
}

/// Text of UTF-8 or GB18030 bytes (or UTF-16 with its mark, as spreadsheets call Unicode text).
pub(super) fn decode(bytes: &[u8]) -> Option<Cow<'_, str>> {
    let (encoding, mark) = encoding(bytes);
    let (text, bad) = encoding.decode_without_bom_handling(bytes.get(mark..).unwrap_or_default());
    (!bad).then_some(text)
}

/// How the bytes are encoded, and the length of the mark that says so.
pub(super) fn encoding(bytes: &[u8]) -> (&'static encoding_rs::Encoding, usize) {
    encoding_rs::Encoding::for_bom(bytes).unwrap_or_else(|| {
        let is_utf8 = std::str::from_utf8(bytes).is_ok();
        (if is_utf8 { encoding_rs::UTF_8 } else { encoding_rs::GB18030 }, 0)
    })
}

/// The separator of the header line: the commonest of comma, semicolon and tab.
pub(super) fn separator(text: &str) -> u8 {
    let header = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let count = |separator: u8| header.bytes().filter(|b| *b == separator).count();
    [b';', b'\t'].into_iter().fold(b',', |best, other| if count(other) > count(best) { other } else { best })
}

/// Every record with the line it starts on.
fn records(text: &str, file: &str, problems: &mut Vec<Problem>) -> Vec<(usize, StringRecord)> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(separator(text))
        .from_reader(text.as_bytes());
    let mut lines = LineCounter { rest: text.as_bytes(), at: 0, line: 1 };
    let mut found = Vec::new();
    for record in reader.records() {
        match record {
            Ok(record) => {
                let offset = record.position().map_or(0, csv::Position::byte);
                let line = lines.advance(usize::try_from(offset).unwrap_or(usize::MAX));
                found.push((line, record));
            }
            Err(error) => {
                problems.push(Problem::new(file, 0, "csv", error.to_string(), "save the sheet as CSV again"));
                break;
            }
        }
    }
    found
}

/// Counts lines up to a byte offset that only grows. The reader's own count is one short after
/// CRLF, and stands on the blank lines that it skips.
struct LineCounter<'a> {
    rest: &'a [u8],
    at: usize,
    line: usize,
}

impl LineCounter<'_> {
    fn advance(&mut self, offset: usize) -> usize {
        while let Some((byte, rest)) = self.rest.split_first() {
            if self.at >= offset && !matches!(byte, b'\r' | b'\n') {
                break;
            }
            self.line += usize::from(*byte == b'\n');
            self.at += 1;
            self.rest = rest;
        }
        self.line
    }
}

/// Which column each cell of a row belongs to; `None` when a required one is missing.
fn header_columns(
    file: &str,
    line: usize,
    header: &StringRecord,
    table: &Table,
    problems: &mut Vec<Problem>,
) -> Option<Vec<Option<&'static str>>> {
    let mut columns: Vec<Option<&'static str>> = Vec::new();
    for cell in header {
        let name = fold(cell);
        let column = table.find(&name).map(|c| c.name);
        if let Some(column) = column
            && columns.contains(&Some(column))
        {
            let what = format!("`{}` is a second column `{column}`", cell.trim());
            problems.push(Problem::new(file, line, column, what, "keep one of them"));
        } else if column.is_none() && !name.is_empty() {
            let what = "unknown column".to_owned();
            let remedy = format!("did you mean `{}`? rename or remove it", table.nearest(&name));
            problems.push(Problem::new(file, line, cell.trim(), what, remedy));
        }
        columns.push(column);
    }
    let missing: Vec<_> =
        table.columns.iter().filter(|c| c.required && !columns.contains(&Some(c.name))).collect();
    for column in &missing {
        let aliases = column.aliases.first().map(|a| format!(" (or `{a}`)")).unwrap_or_default();
        let remedy = format!("add the column `{}`{aliases}", column.name);
        problems.push(Problem::new(file, line, column.name, "required column is missing", remedy));
    }
    missing.is_empty().then_some(columns)
}

fn row(file: &Arc<str>, line: usize, cells: &StringRecord, columns: &[Option<&'static str>]) -> Row {
    let mut named: Vec<(&'static str, String)> = Vec::with_capacity(columns.len());
    for (cell, column) in cells.iter().zip(columns) {
        if let Some(column) = column
            && !cell.trim().is_empty()
            && named.iter().all(|(held, _)| held != column)
        {
            named.push((column, cell.trim().to_owned()));
        }
    }
    let mut row = Row::new(Arc::clone(file), line, named);
    for (index, cell) in cells.iter().enumerate().filter(|(_, cell)| !cell.trim().is_empty()) {
        if columns.get(index).copied().flatten().is_none() && index >= columns.len() {
            let what = format!("cell `{}` stands behind the last column", cell.trim());
            row.report("row", what, "quote cells that contain the separator");
            break;
        }
    }
    row
}

#[cfg(test)]
mod tests {
    use super::{super::columns, *};

    fn read(bytes: &[u8]) -> (Vec<Row>, Vec<Problem>) {
        let mut problems = Vec::new();
        let rows = rows("bodies.csv", bytes, &columns::BODIES, &mut problems);
        (rows, problems)
    }

    #[test]
    fn the_same_sheet_reads_alike_in_every_tolerated_form() {
        let chinese = "单位编号,名称\r\nb1,办公厅\r\n";
        let gb = encoding_rs::GB18030.encode(chinese).0.into_owned();
        let semicolon = "\u{feff}body;name\nb1;办公厅\n".as_bytes().to_vec();
        let utf16: Vec<u8> =
            "\u{feff}body\tname\nb1\t办公厅\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        for bytes in [chinese.as_bytes().to_vec(), gb, semicolon, utf16] {
            let (rows, problems) = read(&bytes);
            assert_eq!(problems, []);
            assert_eq!(rows.len(), 1);
            assert_eq!((rows[0].text("body"), rows[0].text("name")), (Some("b1"), Some("办公厅")));
        }
    }

    #[test]
    fn lines_are_counted_as_an_editor_does() {
        for text in
            ["body,name\r\n\r\nb1,\"two\r\nlines\"\r\nb2,x", "body,name\n\nb1,\"two\nlines\"\n,\nb2,x"]
        {
            let lines: Vec<usize> = read(text.as_bytes()).0.iter().map(Row::line).collect();
            assert_eq!(lines.first(), Some(&3));
            assert_eq!(lines.last(), Some(&(text.lines().count())));
        }
    }

    #[test]
    fn an_unknown_a_double_and_a_missing_column_are_all_reported_at_once() {
        let (_, problems) = read("body,单位,levle\nb1,b1,city\n".as_bytes());
        let keys: Vec<&str> = problems.iter().map(|p| p.key.as_str()).collect();
        assert_eq!(keys, ["body", "levle", "name"]);
        assert!(problems[1].remedy.contains("`level`"), "{}", problems[1]);
    }

    #[test]
    fn a_cell_behind_the_last_column_is_reported_and_trailing_blanks_are_not() {
        let (mut rows, problems) = read(b"body,name\nb1,Office, North\nb2,South,,\n");
        assert_eq!(problems, []);
        assert_eq!(rows[0].take_problems().len(), 1);
        assert_eq!(rows[1].take_problems().len(), 0);
    }
}
