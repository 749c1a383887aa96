//! The raw blocks of one series and day: one an hour while the day is the newest, then one for all of it.
//!
//! The block of a whole day stands in the row of its first hour; it is told from that of an hour by its points.

use std::collections::BTreeMap;

use rusqlite::{Connection, params};

use super::{
    HOUR_MS,
    block::{self, Point},
    place_of, time_of,
};

/// What is wrong with a block, before the series has a name.
pub(super) struct Damage {
    pub(super) from: i64,
}

/// Points of a day by hour, and how they are stored.
#[derive(Debug, Default)]
pub(super) struct Blocks {
    day: i64,
    hours: BTreeMap<i64, Vec<Point>>,
    /// Rows that were read.
    rows: usize,
    /// Hours whose points differ from what is stored.
    changed: Vec<i64>,
}

type Loaded = Result<Result<Blocks, Damage>, rusqlite::Error>;

impl Blocks {
    /// Reads all blocks of a day.
    pub(super) fn load(db: &Connection, series: i64, day: i64) -> Loaded {
        let mut blocks = Self { day, ..Self::default() };
        Ok(blocks.read(db, series, [day * 24, day * 24 + 23])?.map(|()| blocks))
    }

    /// Reads the blocks of some hours of the newest day, which is never one block.
    pub(super) fn load_hours(
        db: &Connection,
        series: i64,
        day: i64,
        hours: impl Iterator<Item = i64>,
    ) -> Loaded {
        let mut blocks = Self { day, ..Self::default() };
        for hour in hours {
            if let Err(damage) = blocks.read(db, series, [hour, hour])? {
                return Ok(Err(damage));
            }
        }
        Ok(Ok(blocks))
    }

    fn read(
        &mut self,
        db: &Connection,
        series: i64,
        [first, last]: [i64; 2],
    ) -> Result<Result<(), Damage>, rusqlite::Error> {
        let mut query = db.prepare_cached("SELECT place, body FROM hours WHERE place BETWEEN ?1 AND ?2")?;
        let mut rows = query.query([place_of(series, first), place_of(series, last)])?;
        while let Some(row) = rows.next()? {
            let from = time_of(row.get(0)?) * HOUR_MS;
            let body = row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?;
            let Some(points) = block::decode(body, from) else { return Ok(Err(Damage { from })) };
            self.rows += 1;
            for point in points {
                self.hours.entry(point.at.div_euclid(HOUR_MS)).or_default().push(point);
            }
        }
        Ok(Ok(()))
    }

    /// The points of an hour; `None` when it has none.
    pub(super) fn hour(mut self, hour: i64) -> Option<Vec<Point>> {
        self.hours.remove(&hour)
    }

    /// Whether an hour has raw readings.
    pub(super) fn has(&self, hour: i64) -> bool {
        self.hours.contains_key(&hour)
    }

    /// Adds points to an hour; its points then, `None` when that changes nothing.
    pub(super) fn merge(&mut self, hour: i64, fresh: Vec<Point>) -> Option<&[Point]> {
        let before = self.hours.remove(&hour).unwrap_or_default();
        let after = merged(&before, fresh);
        let is_same = before.len() == after.len() && before.iter().zip(&after).all(|(a, b)| a.is_same(b));
        if !is_same {
            self.changed.push(hour);
        }
        let held: &[Point] = self.hours.entry(hour).or_insert(after);
        (!is_same).then_some(held)
    }

    /// Writes the hours that changed, a block each.
    pub(super) fn write(&self, db: &Connection, series: i64) -> Result<(), rusqlite::Error> {
        for hour in &self.changed {
            let points = self.hours.get(hour).map_or(&[][..], Vec::as_slice);
            put(db, PUT, series, *hour, &block::encode(points, hour * HOUR_MS))?;
        }
        Ok(())
    }

    /// Writes the whole day as one block, unless it is one already and nothing changed.
    pub(super) fn join(&self, db: &Connection, series: i64) -> Result<(), rusqlite::Error> {
        let first = self.day * 24;
        if self.hours.is_empty() || (self.rows == 1 && self.changed.is_empty()) {
            return Ok(());
        }
        let points: Vec<Point> = self.hours.values().flatten().copied().collect();
        db.prepare_cached("DELETE FROM hours WHERE place BETWEEN ?1 AND ?2")?
            .execute([place_of(series, first), place_of(series, first + 23)])?;
        put(db, PUT, series, first, &block::encode(&points, first * HOUR_MS))
    }
}

const PUT: &str = "INSERT OR REPLACE INTO hours VALUES (?1, ?2)";

/// Writes a block of a series at an hour or day.
pub(super) fn put(
    db: &Connection,
    sql: &str,
    series: i64,
    at: i64,
    body: &[u8],
) -> Result<(), rusqlite::Error> {
    db.prepare_cached(sql)?.execute(params![place_of(series, at), body])?;
    Ok(())
}

/// Stored points and newer ones together; of one instant the newer stays.
pub(super) fn merged(stored: &[Point], fresh: Vec<Point>) -> Vec<Point> {
    let mut all = stored.to_vec();
    all.extend(fresh);
    block::settle(&mut all);
    all
}
