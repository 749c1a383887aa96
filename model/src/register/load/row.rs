//! One row: named cells, read as what they should be. What does not fit is noted and reading goes on.

use std::sync::Arc;

use jiff::{civil::Date, tz::TimeZone};

use super::ids::Ids;
use crate::{Calendar, Id, IdError, Instant, Problem, Span, calendar::parse_date, nearest};

/// What a number may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bounds {
    /// Above zero.
    Positive,
    /// Zero or above.
    NotNegative,
    /// Anything but zero.
    NotZero,
    /// Any finite number.
    Any,
}

/// One row of a sheet. Blank cells are absent.
#[derive(Debug)]
pub(super) struct Row {
    file: Arc<str>,
    line: usize,
    /// Few, and no column twice.
    cells: Vec<(&'static str, String)>,
    problems: Vec<Problem>,
    /// What the ids in it are shared with.
    ids: Option<Ids>,
}

impl Row {
    pub(super) const fn new(file: Arc<str>, line: usize, cells: Vec<(&'static str, String)>) -> Self {
        Self { file, line, cells, problems: Vec::new(), ids: None }
    }

    /// Ids in it will be those of earlier rows.
    pub(super) fn share_ids(&mut self, ids: &Ids) {
        self.ids = Some(ids.clone());
    }

    pub(super) const fn line(&self) -> usize {
        self.line
    }

    pub(super) fn take_problems(&mut self) -> Vec<Problem> {
        std::mem::take(&mut self.problems)
    }

    pub(super) fn report(&mut self, column: &str, what: impl Into<String>, remedy: impl Into<String>) {
        self.problems.push(Problem::new(&*self.file, self.line, column, what, remedy));
    }

    /// The cell, if it is not blank.
    pub(super) fn text(&self, column: &str) -> Option<&str> {
        self.cells.iter().find(|(name, _)| *name == column).map(|(_, cell)| cell.as_str())
    }

    /// The cell as an own text.
    pub(super) fn owned(&self, column: &str) -> Option<String> {
        self.text(column).map(str::to_owned)
    }

    /// The cell, which must not be blank.
    pub(super) fn need(&mut self, column: &str) -> Option<String> {
        self.has(column).then(|| self.owned(column)).flatten()
    }

    /// Whether the cell, which must not be blank, is not.
    fn has(&mut self, column: &str) -> bool {
        let has = self.text(column).is_some();
        if !has {
            self.report(column, "is empty", "write a value");
        }
        has
    }

    pub(super) fn id(&mut self, column: &str) -> Option<Id> {
        self.parsed(column, Id::parse)
    }

    /// An id on the wire.
    pub(super) fn device(&mut self, column: &str) -> Option<Id> {
        self.parsed(column, Id::device)
    }

    fn parsed(&mut self, column: &str, parse: fn(&str) -> Result<Id, IdError>) -> Option<Id> {
        let text = self.text(column)?;
        let id = parse(text);
        if id.is_err() {
            let what = format!("`{}` is no id", shown(text));
            self.report(column, what, "use 1 to 64 letters, digits, `.`, `_` or `-`");
        }
        let id = id.ok()?;
        Some(match &self.ids {
            Some(ids) => ids.shared(id),
            None => id,
        })
    }

    pub(super) fn need_id(&mut self, column: &str) -> Option<Id> {
        self.has(column).then(|| self.id(column)).flatten()
    }

    pub(super) fn need_device(&mut self, column: &str) -> Option<Id> {
        self.has(column).then(|| self.device(column)).flatten()
    }

    /// A number in a cell.
    pub(super) fn number(&mut self, column: &str, bounds: Bounds) -> Option<f64> {
        let text = self.text(column)?;
        let number = text.parse::<f64>().ok().filter(|n| n.is_finite());
        let Some(number) = number else {
            let what = format!("`{}` is no number", shown(text));
            self.report(
                column,
                what,
                "write digits with a decimal point, no unit and no thousands separator",
            );
            return None;
        };
        let (fits, rule) = match bounds {
            Bounds::Positive => (number > 0.0, "above 0"),
            Bounds::NotNegative => (number >= 0.0, "0 or above"),
            Bounds::NotZero => (number.abs() > 0.0, "other than 0"),
            Bounds::Any => (true, ""),
        };
        if !fits {
            let what = format!("`{}` is out of range", shown(text));
            self.report(column, what, format!("write a number {rule}"));
        }
        fits.then_some(number)
    }

    /// A whole number in a cell, from 1.
    pub(super) fn count(&mut self, column: &str) -> Option<u32> {
        let text = self.owned(column)?;
        let count = text.parse::<u32>().ok().filter(|n| *n > 0);
        if count.is_none() {
            self.report(column, format!("`{}` is no count", shown(&text)), "write a whole number from 1");
        }
        count
    }

    /// A member of a closed list.
    pub(super) fn choice<T: Copy>(
        &mut self,
        column: &str,
        all: &[T],
        name: fn(T) -> &'static str,
    ) -> Option<T> {
        let text = self.text(column)?;
        let found = all.iter().copied().find(|member| name(*member) == text);
        if found.is_none() {
            let names: Vec<&str> = all.iter().map(|member| name(*member)).collect();
            let meant = nearest(&text.to_lowercase(), names.iter().copied()).unwrap_or_default();
            let remedy = format!("did you mean `{meant}`? one of: {}", names.join(", "));
            let what = format!("unknown value `{}`", shown(text));
            self.report(column, what, remedy);
        }
        found
    }

    /// A member of a closed list, which must not be blank.
    pub(super) fn need_choice<T: Copy>(
        &mut self,
        column: &str,
        all: &[T],
        name: fn(T) -> &'static str,
    ) -> Option<T> {
        self.has(column).then(|| self.choice(column, all, name)).flatten()
    }

    pub(super) fn flag(&mut self, column: &str) -> Option<bool> {
        let text = self.owned(column)?;
        match text.to_lowercase().as_str() {
            "true" | "yes" | "1" | "是" => Some(true),
            "false" | "no" | "0" | "否" => Some(false),
            _ => {
                let what = format!("`{}` is neither true nor false", shown(&text));
                self.report(column, what, "write true or false");
                None
            }
        }
    }

    /// A local date (its midnight at the site) or an RFC 3339 time.
    pub(super) fn instant(&mut self, column: &str, calendar: &Calendar) -> Option<Instant> {
        let text = self.owned(column)?;
        let found = calendar.parse(&text);
        if found.is_none() {
            let what = format!("`{}` is neither a date nor a time", shown(&text));
            self.report(column, what, "write 2026-03-01, or 2026-03-01T08:00:00+08:00 with an offset");
        }
        found
    }

    /// A calendar date.
    pub(super) fn need_date(&mut self, column: &str) -> Option<Date> {
        let text = self.need(column)?;
        let found = parse_date(&text);
        if found.is_none() {
            self.report(column, format!("`{}` is no date", shown(&text)), "write it as 2026-03-01");
        }
        found
    }

    /// The span of two columns; a blank end is open.
    pub(super) fn span(&mut self, from: &str, to: &str, calendar: &Calendar) -> Span {
        let start = self.instant(from, calendar).unwrap_or(Instant::MIN);
        let end = self.instant(to, calendar).unwrap_or(Instant::MAX);
        if end <= start {
            self.report(
                to,
                "ends before it begins",
                format!("`{to}` is the first day after; write one after `{from}`"),
            );
        }
        Span::new(start, end)
    }

    /// The name of a time zone.
    pub(super) fn zone(&mut self, column: &str) -> Option<String> {
        let text = self.owned(column)?;
        let known = TimeZone::get(&text).is_ok();
        if !known {
            self.report(
                column,
                format!("unknown time zone `{}`", shown(&text)),
                "write one such as Asia/Shanghai",
            );
        }
        known.then_some(text)
    }
}

/// A cell as a message shows it: long ones are cut.
fn shown(text: &str) -> String {
    const LONGEST: usize = 60;
    let cut: String = text.chars().take(LONGEST).collect();
    if cut.len() < text.len() { cut + "..." } else { cut }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(cells: &[(&'static str, &str)]) -> Row {
        Row::new(Arc::from("x.csv"), 7, cells.iter().map(|(k, v)| (*k, (*v).to_owned())).collect())
    }

    #[test]
    fn a_date_is_local_midnight_and_a_time_needs_an_offset() {
        let shanghai = Calendar::new(TimeZone::get("Asia/Shanghai").unwrap());
        let mut row =
            row(&[("a", "2026-03-01"), ("b", "2026/3/1"), ("c", "2026-03-01T08:00:00"), ("d", "2026-02-30")]);
        let midnight = Instant::parse("2026-03-01T00:00:00+08:00").ok();
        assert_eq!(row.instant("a", &shanghai), midnight);
        assert_eq!(row.instant("b", &shanghai), midnight);
        assert_eq!(row.instant("c", &shanghai), None);
        assert_eq!(row.instant("d", &shanghai), None);
        assert_eq!(row.take_problems().len(), 2);
    }

    #[test]
    fn a_span_that_ends_at_its_start_is_reported() {
        let calendar = Calendar::new(TimeZone::UTC);
        let mut row = row(&[("from", "2026-03-01"), ("to", "2026-03-01")]);
        row.span("from", "to", &calendar);
        assert_eq!(row.take_problems().len(), 1);
    }

    #[test]
    fn numbers_that_are_no_numbers_say_so() {
        for bad in ["12,5", "12 m2", "NaN", "inf", "１２", "-1", "0"] {
            let mut row = row(&[("n", bad)]);
            assert_eq!(row.number("n", Bounds::Positive), None, "{bad}");
            assert_eq!(row.take_problems().len(), 1, "{bad}");
        }
    }
}
