//! Tables in messages: the names of the columns once, and rows of values below or beside them.
//!
//! `{"sensors": ["time", "tmp"], "units": ["s", "C"], "datapoints": [[1772438400, 21.5]]}`, or the names as the first row.

use model::Instant;

use crate::{
    key,
    near::instant,
    roles::{self, COLUMNS, ROWS, UNITS},
    tape::Cursor,
};

/// Most columns of a table: no device has more, and a hostile table must not cost its square.
const MOST_COLUMNS: usize = 128;

/// How far above a row the names of its columns are looked for.
const FAR: usize = 4;

/// A value in a row, with what the head of its table says of it.
#[derive(Clone, Copy)]
pub(crate) struct Cell<'t, 'a> {
    /// The object that holds the head; `None` where the head is the first row.
    table: Option<Cursor<'t, 'a>>,
    row: Cursor<'t, 'a>,
    head: Cursor<'t, 'a>,
    column: usize,
    /// The time of its row.
    pub(crate) time: Option<Instant>,
}

impl<'t, 'a> Cell<'t, 'a> {
    /// The cell that a leaf is; `None` where it stands in no table. `last` is the cell before it, whose row it may share.
    pub(crate) fn of(root: Cursor<'t, 'a>, leaf: Cursor<'t, 'a>, last: Option<Self>) -> Option<Self> {
        let column = leaf.index().filter(|column| *column < MOST_COLUMNS)?;
        let row = leaf.parent()?;
        if let Some(last) = last.filter(|last| last.row == row) {
            return Some(Self { column, ..last });
        }
        let cell = Self::new(root, row, column)?;
        Some(Self { time: cell.time_of_row(), ..cell })
    }

    fn new(root: Cursor<'t, 'a>, row: Cursor<'t, 'a>, column: usize) -> Option<Self> {
        let width = row.children().take(MOST_COLUMNS + 1).count();
        let fits = |head: &Cursor<'_, '_>| {
            *head != row
                && head.children().take(MOST_COLUMNS + 1).count() == width
                && head.children().all(|name| name.text().is_some())
        };
        // Names stand in the first row, or under a key of an object around.
        let rows = row.parent()?;
        if rows.is_array()
            && let Some(head) = rows.children().next().filter(|first| width > 1 && fits(first))
        {
            return Some(Self { table: None, row, head, column, time: None });
        }
        let mut at = row;
        for _ in 0..FAR {
            // What has a name of its own is no row: `{"sensors": ["left", "right"], "temperature": [21, 22]}`.
            if at == root || at.name().is_some_and(|name| !holds_rows(name)) {
                return None;
            }
            at = at.parent()?;
            if at.is_object()
                && let Some(head) = at.children().take(MOST_COLUMNS).filter(is_head).find(fits)
            {
                return Some(Self { table: Some(at), row, head, column, time: None });
            }
        }
        None
    }

    /// The name of its column.
    pub(crate) fn name(&self) -> Option<&'t str> {
        self.head.children().nth(self.column)?.text()
    }

    /// Whether another column has this name, folded.
    pub(crate) fn has_beside(&self, folded: &str) -> bool {
        self.names().any(|name| key::is_folded_as(name, folded))
    }

    /// The unit of its column.
    pub(crate) fn unit(&self) -> Option<&'t str> {
        let is_units = |list: &Cursor<'_, '_>| {
            list.is_array()
                && list.name().is_some_and(|name| UNITS.iter().any(|unit| key::is_folded_as(name, unit)))
        };
        let list = self.table?.children().take(MOST_COLUMNS).find(is_units)?;
        list.children().nth(self.column)?.text()
    }

    /// The time that its row gives; or that of the first row and the seconds from row to row.
    fn time_of_row(&self) -> Option<Instant> {
        let column = self.names().position(roles::is_time);
        if let Some(column) = column {
            return self.row.children().nth(column).and_then(instant);
        }
        let around = self.row.parent()?.parent()?;
        let (first, step) = (around.number_of("ts")?, around.number_of("period")?);
        #[expect(clippy::cast_precision_loss, reason = "no list is that long")]
        let rows = self.row.index()? as f64;
        crate::time::epoch(first + rows * step)
    }

    fn names(&self) -> impl Iterator<Item = &'t str> + use<'t, 'a> {
        self.head.children().take(MOST_COLUMNS).filter_map(Cursor::text)
    }
}

fn holds_rows(name: &str) -> bool {
    roles::is_nameless(name) || ROWS.iter().any(|rows| key::is_folded_as(name, rows))
}

fn is_head(list: &Cursor<'_, '_>) -> bool {
    list.is_array()
        && list.name().is_some_and(|name| COLUMNS.iter().any(|head| key::is_folded_as(name, head)))
}

/// The time of an item of a list where its object has a list of times beside: `{"time": [a, b], "co2": [600, 610]}`.
pub(crate) fn time_in_step(leaf: Cursor<'_, '_>) -> Option<Instant> {
    /// Further items are not looked for, one by one from the start.
    const MOST_ITEMS: usize = 1024;
    let index = leaf.index().filter(|index| *index < MOST_ITEMS)?;
    let object = leaf.parent()?.parent().filter(|object| object.is_object())?;
    let is_times = |list: &Cursor<'_, '_>| list.is_array() && list.name().is_some_and(roles::is_time);
    let times = object.children().take(MOST_COLUMNS).find(is_times)?;
    times.children().nth(index).and_then(instant)
}
