//! Our own history: raw readings for some weeks and 15-minute partials for years, in SQLite.
//!
//! One row holds a compressed block of one series and hour, or day once that is over. Readings of open hours wait in
//! memory and are written in batches; the spool still has them, so a crash loses nothing:
//! [`History::durable_position`] says from where it must be read again, and reading it
//! again changes nothing. Charts, late data and what-if ask here, never the time-series server.

mod beside;
pub(crate) mod block;
mod column;
mod day;
mod flush;
mod partial;
mod query;

use std::{
    collections::HashMap,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use block::Point;
pub use flush::{Flushed, Pruned};
use model::{Id, Quantity, Reading, Series};
pub use partial::Partial;
use rusqlite::Connection;

use crate::{
    database::{self, DatabaseError, unsigned},
    spool::Position,
};

const MIGRATIONS: &[&str] = &[include_str!("schema.sql")];

/// Version of the newest tables.
pub(crate) const SCHEMA: usize = MIGRATIONS.len();
const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;

/// Bits of a row's key for the hour or day; the rest is the series.
const TIME_BITS: u32 = 28;

/// Key of the block of a series and an hour (or day) since 1970: blocks of a series lie together, in time order.
///
/// 28 bits hold every hour of the years 1 to 9999, those before 1970 included.
const fn place_of(series: i64, time: i64) -> i64 {
    (series << TIME_BITS) + time + (1 << (TIME_BITS - 1))
}

/// The hour or day of a key.
const fn time_of(place: i64) -> i64 {
    (place & ((1 << TIME_BITS) - 1)) - (1 << (TIME_BITS - 1))
}

/// Why the history could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// The file failed.
    #[error("history file failed")]
    Database(#[from] DatabaseError),
    /// A block that cannot be decoded.
    #[error("history of {series} at {from} is damaged", from = model::Instant::from_millis(*.from))]
    Damaged {
        /// The series, as sensor and quantity.
        series: String,
        /// Start of the block, ms since the epoch.
        from: i64,
    },
    /// The task that ran the call was cancelled.
    #[error("history call was cancelled")]
    Cancelled,
}

impl From<rusqlite::Error> for HistoryError {
    fn from(error: rusqlite::Error) -> Self {
        DatabaseError::from(error).into()
    }
}

/// How long the history reaches.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Days of raw readings.
    pub raw_days: u32,
    /// Days of 15-minute partials.
    pub partial_days: u32,
    /// Readings that may wait in memory before it is time for a flush.
    pub most_waiting: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { raw_days: 35, partial_days: 3 * 366, most_waiting: 500_000 }
    }
}

/// The history; clones share one connection. Calls block for the time of a disk access.
#[derive(Debug, Clone)]
pub struct History {
    inner: Arc<Mutex<Inner>>,
    /// Held through a flush, so that there is one at a time; queries and appends go on between its steps.
    flushing: Arc<Mutex<()>>,
}

#[derive(Debug)]
struct Inner {
    db: Connection,
    options: Options,
    ids: HashMap<Series, i64>,
    /// Series that have a number but no row yet: written with their first readings.
    fresh: Vec<(i64, Series)>,
    next_id: i64,
    /// Readings not yet written, by series id, in the order of the spool.
    waiting: HashMap<i64, Vec<Point>>,
    waiting_count: usize,
    /// Newest spool position taken, in memory.
    taken: Position,
    /// Newest spool position whose readings are on disk.
    durable: Position,
    too_late: u64,
}

impl History {
    /// Opens the file, creating it if absent.
    ///
    /// # Errors
    /// When the file cannot be opened or is newer than this release.
    pub fn open(path: &Path, options: Options) -> Result<Self, HistoryError> {
        let db = database::open(path, MIGRATIONS)?;
        let ids = load_series(&db)?;
        let (durable, too_late) =
            db.query_row("SELECT part, sequence, too_late FROM reached", [], |row| {
                let position = Position { partition: row.get(0)?, sequence: unsigned(row.get(1)?) };
                Ok((position, unsigned(row.get(2)?)))
            })?;
        let next_id: i64 =
            db.query_row("SELECT COALESCE(MAX(id), 0) + 1 FROM series", [], |row| row.get(0))?;
        let inner = Inner {
            db,
            options,
            ids,
            fresh: Vec::new(),
            next_id,
            waiting: HashMap::new(),
            waiting_count: 0,
            taken: durable,
            durable,
            too_late,
        };
        Ok(Self { inner: Arc::new(Mutex::new(inner)), flushing: Arc::default() })
    }

    /// Takes the readings of one spool entry; entries come in the order of the spool.
    ///
    /// Call it for every entry, with no readings for ticks and changes, so that the durable position moves on.
    ///
    /// An entry that was taken before changes nothing. The readings wait in memory until
    /// [`Self::flush`]; returns whether so many wait that it is time for one.
    #[must_use = "a history that is never flushed fills the memory"]
    pub fn append(&self, position: Position, readings: &[Reading]) -> bool {
        let mut inner = self.lock();
        if position <= inner.taken {
            return inner.waiting_count >= inner.options.most_waiting;
        }
        for reading in readings {
            let id = inner.id_of(&reading.series);
            let point = Point { at: reading.time.millis(), value: reading.value, flags: reading.flags.0 };
            inner.waiting.entry(id).or_default().push(point);
        }
        inner.waiting_count += readings.len();
        inner.taken = position;
        inner.waiting_count >= inner.options.most_waiting
    }

    /// Runs a call where it may block, for async callers.
    ///
    /// # Errors
    /// Those of the call.
    pub async fn call<T, F>(&self, call: F) -> Result<T, HistoryError>
    where
        T: Send + 'static,
        F: FnOnce(&Self) -> Result<T, HistoryError> + Send + 'static,
    {
        let history = self.clone();
        tokio::task::spawn_blocking(move || call(&history)).await.unwrap_or(Err(HistoryError::Cancelled))
    }

    /// The newest spool position whose readings are on disk: the spool is read again from behind it.
    #[must_use]
    pub fn durable_position(&self) -> Position {
        self.lock().durable
    }

    /// Readings that came when the raw data of their hour were gone, and so were not kept.
    #[must_use]
    pub fn too_late(&self) -> u64 {
        self.lock().too_late
    }

    /// Bytes in use in the file.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn bytes(&self) -> Result<u64, HistoryError> {
        Ok(database::used_bytes(&self.lock().db)?)
    }

    /// The state behind the lock. A panic of another holder left whole readings or none.
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// The number of a series, given at its first reading.
    fn id_of(&mut self, series: &Series) -> i64 {
        if let Some(id) = self.ids.get(series) {
            return *id;
        }
        let id = self.next_id;
        self.next_id += 1;
        self.ids.insert(series.clone(), id);
        self.fresh.push((id, series.clone()));
        id
    }

    fn name_of(&self, id: i64) -> String {
        let found = self.ids.iter().find(|(_, known)| **known == id);
        found.map_or_else(String::new, |(series, _)| format!("{} {}", series.sensor, series.quantity))
    }
}

fn load_series(db: &Connection) -> Result<HashMap<Series, i64>, HistoryError> {
    let mut query = db.prepare("SELECT id, sensor, quantity, channel FROM series")?;
    let mut rows = query.query([])?;
    let mut ids = HashMap::new();
    while let Some(row) = rows.next()? {
        let (sensor, quantity, channel): (String, String, String) = (row.get(1)?, row.get(2)?, row.get(3)?);
        let series = Id::parse(&sensor)
            .ok()
            .zip(Quantity::parse(&quantity))
            .map(|(sensor, quantity)| Series { sensor, quantity, channel: Id::parse(&channel).ok() });
        // A quantity that a newer release brought and this one does not know: its rows stay, unread.
        if let Some(series) = series {
            ids.insert(series, row.get(0)?);
        }
    }
    Ok(ids)
}
