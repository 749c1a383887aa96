//! Writing what waits into blocks and partials, and letting go what is too old.

use std::{collections::BTreeMap, sync::PoisonError, thread, time::Duration};

use model::{Id, Instant, Series};
use rusqlite::{Connection, OptionalExtension, params};

use super::{
    DAY_MS, HOUR_MS, History, HistoryError, Inner,
    block::Point,
    day::{Blocks, Damage, put},
    partial::{self, Day, SLOT_MS, SLOTS},
    place_of, time_of,
};
use crate::{
    database::{give_back, signed},
    spool::Position,
};

/// Free pages given back at a time: 80 MiB, once a day.
const FREE_PAGES: u32 = 20_000;
/// Series written in one step of a flush: some tens of milliseconds.
const STEP_SERIES: usize = 1000;
/// Pause between two steps.
const BETWEEN_STEPS: Duration = Duration::from_micros(300);
/// Before the first hour and day that there is.
pub(super) const FIRST: i64 = -20_000_000;

/// What a flush wrote.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Flushed {
    /// Blocks of an hour that changed.
    pub blocks: u64,
    /// Readings that came when the raw data of their hour were gone.
    pub too_late: u64,
}

/// What was let go.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Raw blocks of an hour.
    pub hours: u64,
    /// Days of partials.
    pub days: u64,
}

impl History {
    /// Writes what waits, with its spool position.
    ///
    /// It goes by steps of some series, each a transaction, so that nobody waits long for
    /// the lock. A crash between two steps costs nothing: the position moves with the last.
    ///
    /// # Errors
    /// When the disk refuses, or a block that must be merged cannot be read; what is not written waits on.
    pub fn flush(&self) -> Result<Flushed, HistoryError> {
        let _only_one = self.flushing.lock().unwrap_or_else(PoisonError::into_inner);
        let (position, mut todo) = {
            let inner = self.lock();
            (inner.taken, inner.waiting.keys().copied().collect::<Vec<i64>>())
        };
        todo.sort_unstable(); // neighbours share pages
        let mut done = Flushed::default();
        for series in todo.chunks(STEP_SERIES) {
            self.lock().write(series, None, &mut done)?;
            // The lock is not fair: without a pause this thread would take it again before any other.
            thread::sleep(BETWEEN_STEPS);
        }
        self.lock().write(&[], Some(position), &mut done)?;
        Ok(done)
    }
}

impl Inner {
    /// Writes what waits of some series, or the position reached, in one transaction.
    fn write(
        &mut self,
        todo: &[i64],
        reached: Option<Position>,
        done: &mut Flushed,
    ) -> Result<(), HistoryError> {
        let before = done.too_late;
        let step = self.db.unchecked_transaction()?;
        write_names(&step, &self.fresh)?;
        for series in todo {
            let points = self.waiting.get(series).map_or(&[][..], Vec::as_slice);
            if let Err(damage) = write_series(&step, *series, points, done)? {
                return Err(HistoryError::Damaged { series: self.name_of(*series), from: damage.from });
            }
        }
        let too_late = self.too_late + (done.too_late - before);
        let durable = reached.unwrap_or(self.durable);
        step.prepare_cached("UPDATE reached SET part = ?1, sequence = ?2, too_late = ?3")?
            .execute(params![durable.partition, signed(durable.sequence), signed(too_late)])?;
        step.commit()?;
        self.fresh = Vec::new();
        (self.durable, self.too_late) = (durable, too_late);
        for series in todo {
            let written = self.waiting.remove(series);
            self.waiting_count -= written.map_or(0, |points| points.len());
        }
        Ok(())
    }
}

fn write_names(db: &Connection, fresh: &[(i64, Series)]) -> Result<(), rusqlite::Error> {
    let mut put = db.prepare_cached("INSERT INTO series VALUES (?1, ?2, ?3, ?4)")?;
    for (id, series) in fresh {
        let channel = series.channel.as_ref().map_or("", Id::as_str);
        put.execute(params![id, series.sensor.as_str(), series.quantity.name(), channel])?;
    }
    Ok(())
}

/// Merges the waiting points of a series into its blocks, then into the partials of their days.
///
/// The newest day is written by the hour; when a later one begins, its blocks become one: a block has its own
/// costs, and like numbers compress better together. Late points are merged into the one block of their day.
fn write_series(
    db: &Connection,
    series: i64,
    points: &[Point],
    done: &mut Flushed,
) -> Result<Result<(), Damage>, rusqlite::Error> {
    let mut days: BTreeMap<i64, BTreeMap<i64, Vec<Point>>> = BTreeMap::new();
    for point in points {
        let hour = point.at.div_euclid(HOUR_MS);
        days.entry(hour.div_euclid(24)).or_default().entry(hour).or_default().push(*point);
    }
    let stored = newest_day(db, series)?;
    let newest = days.keys().next_back().copied().max(stored);
    if let Some(over) = stored.filter(|day| newest > Some(*day) && !days.contains_key(day)) {
        match Blocks::load(db, series, over)? {
            Ok(blocks) => blocks.join(db, series)?,
            Err(damage) => return Ok(Err(damage)),
        }
    }
    for (day, hours) in days {
        let is_over = newest > Some(day);
        let blocks = if is_over {
            Blocks::load(db, series, day)?
        } else {
            Blocks::load_hours(db, series, day, hours.keys().copied())?
        };
        let mut blocks = match blocks {
            Ok(blocks) => blocks,
            Err(damage) => return Ok(Err(damage)),
        };
        let slots = match load_day(db, series, day)? {
            Ok(slots) => slots,
            Err(damage) => return Ok(Err(damage)),
        };
        let mut slots = slots.unwrap_or([None; SLOTS]);
        let mut is_new = false;
        for (hour, fresh) in hours {
            if !blocks.has(hour) && hour_slots(&mut slots, hour).iter().any(Option::is_some) {
                // The raw data are gone but were counted: adding would count what may be a repetition.
                done.too_late += fresh.len() as u64;
                continue;
            }
            let Some(after) = blocks.merge(hour, fresh) else { continue };
            let mut renewed = partial::of_points(after, day * DAY_MS);
            hour_slots(&mut slots, hour).copy_from_slice(hour_slots(&mut renewed, hour));
            done.blocks += 1;
            is_new = true;
        }
        if is_over {
            blocks.join(db, series)?;
        } else {
            blocks.write(db, series)?;
        }
        if is_new {
            put(
                db,
                "INSERT OR REPLACE INTO days VALUES (?1, ?2)",
                series,
                day,
                &partial::encode(&slots, day * DAY_MS),
            )?;
        }
    }
    Ok(Ok(()))
}

/// The newest day of which a series has raw readings.
fn newest_day(db: &Connection, series: i64) -> Result<Option<i64>, rusqlite::Error> {
    let bounds = [place_of(series, FIRST), place_of(series + 1, FIRST)];
    let newest: Option<i64> = db
        .prepare_cached("SELECT MAX(place) FROM hours WHERE place >= ?1 AND place < ?2")?
        .query_row(bounds, |row| row.get(0))?;
    Ok(newest.map(|place| time_of(place).div_euclid(24)))
}

/// The four partials of an hour.
pub(super) fn hour_slots(day: &mut Day, hour: i64) -> &mut [Option<partial::Partial>] {
    let per_hour = usize::try_from(HOUR_MS / SLOT_MS).unwrap_or(0);
    let first = usize::try_from(hour.rem_euclid(24)).unwrap_or(0) * per_hour;
    day.get_mut(first..first + per_hour).unwrap_or_default()
}

pub(super) type Loaded<T> = Result<Result<Option<T>, Damage>, rusqlite::Error>;

/// The stored points of an hour: of its own block, or of that of its day.
pub(super) fn load_hour(db: &Connection, series: i64, hour: i64) -> Loaded<Vec<Point>> {
    let blocks = Blocks::load(db, series, hour.div_euclid(24))?;
    Ok(blocks.map(|blocks| blocks.hour(hour)))
}

/// The stored partials of a day.
pub(super) fn load_day(db: &Connection, series: i64, day: i64) -> Loaded<Day> {
    let from = day * DAY_MS;
    load(db, "SELECT body FROM days WHERE place = ?1", series, day, |body| {
        partial::decode(body, from).ok_or(Damage { from })
    })
}

fn load<T>(
    db: &Connection,
    sql: &str,
    series: i64,
    at: i64,
    decode: impl FnOnce(&[u8]) -> Result<T, Damage>,
) -> Loaded<T> {
    let mut query = db.prepare_cached(sql)?;
    let body: Option<Vec<u8>> = query.query_row([place_of(series, at)], |row| row.get(0)).optional()?;
    Ok(body.map(|bytes| decode(&bytes)).transpose())
}

impl History {
    /// Lets go raw readings and partials that are older than the history reaches, seen from `now`.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn prune(&self, now: Instant) -> Result<Pruned, HistoryError> {
        let inner = self.lock();
        let days = |count: u32| i64::from(count) * DAY_MS;
        // By whole days: one block may hold a day.
        let hour = (now.millis() - days(inner.options.raw_days)).div_euclid(DAY_MS) * 24;
        let day = (now.millis() - days(inner.options.partial_days)).div_euclid(DAY_MS);
        let step = inner.db.unchecked_transaction()?;
        let mut pruned = Pruned::default();
        for series in inner.ids.values() {
            // By series: a seek each, where one statement would walk the whole table.
            pruned.hours +=
                step.prepare_cached("DELETE FROM hours WHERE place >= ?1 AND place < ?2")?
                    .execute([place_of(*series, FIRST), place_of(*series, hour)])? as u64;
            pruned.days +=
                step.prepare_cached("DELETE FROM days WHERE place >= ?1 AND place < ?2")?
                    .execute([place_of(*series, FIRST), place_of(*series, day)])? as u64;
        }
        step.commit()?;
        give_back(&inner.db, FREE_PAGES)?;
        Ok(pruned)
    }
}
