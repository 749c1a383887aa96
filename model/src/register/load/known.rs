//! What the files of a register and their columns are called, for whoever brings them in another form.

use super::{columns, settings};
use crate::register::Register;

impl Register {
    /// Name of the file of settings.
    pub const SETTINGS: &'static str = settings::FILE;

    /// Names of the tables that a register may have, the calendar included.
    pub fn tables() -> impl Iterator<Item = &'static str> {
        columns::FIXED.into_iter().chain([&columns::CALENDAR]).map(|table| table.file)
    }

    /// The column of a table that a header cell names, in whatever tolerated spelling; `None` for no column.
    #[must_use]
    pub fn column(table: &str, header: &str) -> Option<&'static str> {
        let mut tables = columns::FIXED.into_iter().chain([&columns::CALENDAR]);
        let table = tables.find(|known| known.file == table)?;
        table.find(&columns::fold(header)).map(|column| column.name)
    }
}
