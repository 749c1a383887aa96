//! Asking the history: raw readings for judging again, points for charts.

use std::collections::BTreeMap;

use model::{Flags, Instant, Nature, Reading, Series, Span};

use super::{
    DAY_MS, HOUR_MS, History, HistoryError, Inner,
    block::{self, Point},
    day::merged,
    flush::{FIRST, hour_slots, load_hour},
    partial::{self, Partial, SLOT_MS, SLOTS, value_of},
    place_of, time_of,
};

/// Up to this length a chart is drawn from raw readings, where there are any.
const RAW_CHART_MS: i64 = 2 * DAY_MS;

impl History {
    /// The raw readings of a series whose time lies in `span`, in time order, written or waiting.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn readings(&self, series: &Series, span: Span) -> Result<Vec<Reading>, HistoryError> {
        let inner = self.lock();
        let Some(id) = inner.ids.get(series) else { return Ok(Vec::new()) };
        let points = inner.points(*id, span)?.into_iter();
        let reading = |point: Point| Reading {
            series: series.clone(),
            time: Instant::from_millis(point.at),
            value: point.value,
            flags: Flags(point.flags),
        };
        Ok(points.map(reading).collect())
    }

    /// Points for a chart of `span`, at most `most`, in time order and in the canonical unit.
    ///
    /// Short spans show usable raw readings, long ones 15-minute means. Where that gives
    /// more than `most`, neighbours are taken together: gauges by their mean, counters by
    /// their last value.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn points(
        &self,
        series: &Series,
        span: Span,
        most: usize,
    ) -> Result<Vec<(Instant, f64)>, HistoryError> {
        let inner = self.lock();
        let Some(id) = inner.ids.get(series).copied() else { return Ok(Vec::new()) };
        let mut parts: Vec<(i64, Partial)> = Vec::new();
        if span.millis() <= RAW_CHART_MS {
            let usable = inner.points(id, span)?.into_iter().filter(|point| Flags(point.flags).is_usable());
            parts = usable.map(|point| (point.at, Partial::of(&point))).collect();
        }
        if parts.is_empty() {
            parts = inner.partials(id, span)?;
        }
        let is_counter = series.quantity.nature() == Nature::Counter;
        Ok(thin(parts, most, is_counter))
    }

    /// The 15-minute partials of a series in `span`, by start, in time order.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn partials(&self, series: &Series, span: Span) -> Result<Vec<(Instant, Partial)>, HistoryError> {
        let inner = self.lock();
        let Some(id) = inner.ids.get(series) else { return Ok(Vec::new()) };
        let parts = inner.partials(*id, span)?.into_iter();
        Ok(parts.map(|(at, partial)| (Instant::from_millis(at), partial)).collect())
    }

    /// The raw readings of a series in the last `reach_ms` up to its newest one, in time order.
    ///
    /// May give up to an hour more. Empty when the history has no raw reading of it.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn newest(&self, series: &Series, reach_ms: i64) -> Result<Vec<Reading>, HistoryError> {
        let end = {
            let inner = self.lock();
            let Some(id) = inner.ids.get(series).copied() else { return Ok(Vec::new()) };
            inner.end_of(id)?
        };
        end.map_or(Ok(Vec::new()), |end| {
            let from = Instant::from_millis(end - HOUR_MS - reach_ms.max(0));
            self.readings(series, Span::new(from, Instant::from_millis(end)))
        })
    }

    /// Every series that the history knows, in no order.
    #[must_use]
    pub fn series(&self) -> Vec<Series> {
        self.lock().ids.keys().cloned().collect()
    }
}

impl Inner {
    /// An instant (ms) behind the newest raw point of a series, at most an hour.
    fn end_of(&self, id: i64) -> Result<Option<i64>, HistoryError> {
        let (first, last) = (place_of(id, FIRST), place_of(id + 1, FIRST));
        let newest: Option<i64> = self
            .db
            .prepare_cached("SELECT MAX(place) FROM hours WHERE place >= ?1 AND place < ?2")?
            .query_row([first, last], |row| row.get(0))?;
        let written = newest.map(|place| (time_of(place) + 1) * HOUR_MS);
        let waiting = self.waiting.get(&id).into_iter().flatten().map(|point| point.at + 1).max();
        Ok(written.max(waiting))
    }

    /// Raw points in `span`, those that wait laid over those that are written.
    fn points(&self, id: i64, span: Span) -> Result<Vec<Point>, HistoryError> {
        let (from, to) = (span.from.millis(), span.to.millis());
        let mut query = self
            .db
            .prepare_cached("SELECT place, body FROM hours WHERE place BETWEEN ?1 AND ?2 ORDER BY place")?;
        let mut rows = query.query([
            place_of(id, from.div_euclid(DAY_MS) * 24),
            place_of(id, (to - 1).div_euclid(HOUR_MS)),
        ])?;
        let mut points = Vec::new();
        while let Some(row) = rows.next()? {
            let start = time_of(row.get(0)?) * HOUR_MS;
            let body = row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?;
            points.extend(block::decode(body, start).ok_or_else(|| self.damaged(id, start))?);
        }
        points.extend(self.waiting.get(&id).into_iter().flatten());
        points.retain(|point| from <= point.at && point.at < to);
        block::settle(&mut points);
        Ok(points)
    }

    /// Partials whose start lies in `span` (or that contain its start), as if nothing waited.
    fn partials(&self, id: i64, span: Span) -> Result<Vec<(i64, Partial)>, HistoryError> {
        let from = span.from.millis().div_euclid(SLOT_MS) * SLOT_MS;
        let to = span.to.millis();
        let mut parts = Vec::new();
        for (day, slots) in self.days(id, from, to)? {
            let starts = (0_i64..).map(|slot| day * DAY_MS + slot * SLOT_MS);
            let there = starts.zip(slots).filter_map(|(at, partial)| Some((at, partial?)));
            parts.extend(there.filter(|(at, _)| from <= *at && *at < to));
        }
        Ok(parts)
    }

    fn days(&self, id: i64, from: i64, to: i64) -> Result<BTreeMap<i64, partial::Day>, HistoryError> {
        let mut query = self
            .db
            .prepare_cached("SELECT place, body FROM days WHERE place BETWEEN ?1 AND ?2 ORDER BY place")?;
        let mut rows = query
            .query([place_of(id, from.div_euclid(DAY_MS)), place_of(id, (to - 1).div_euclid(DAY_MS))])?;
        let mut days = BTreeMap::new();
        while let Some(row) = rows.next()? {
            let day = time_of(row.get(0)?);
            let body = row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?;
            let slots = partial::decode(body, day * DAY_MS).ok_or_else(|| self.damaged(id, day * DAY_MS))?;
            days.insert(day, slots);
        }
        self.overlay_waiting(id, from, to, &mut days)?;
        Ok(days)
    }

    /// Puts the partials of hours with waiting readings in place of the written ones.
    fn overlay_waiting(
        &self,
        id: i64,
        from: i64,
        to: i64,
        days: &mut BTreeMap<i64, partial::Day>,
    ) -> Result<(), HistoryError> {
        let mut hours = BTreeMap::<i64, Vec<Point>>::new();
        for point in self.waiting.get(&id).into_iter().flatten() {
            if from <= point.at && point.at < to {
                hours.entry(point.at.div_euclid(HOUR_MS)).or_default();
            }
        }
        for point in self.waiting.get(&id).into_iter().flatten() {
            if let Some(fresh) = hours.get_mut(&point.at.div_euclid(HOUR_MS)) {
                fresh.push(*point);
            }
        }
        for (hour, fresh) in hours {
            let stored = load_hour(&self.db, id, hour)?.map_err(|d| self.damaged(id, d.from))?;
            let day = hour.div_euclid(24);
            let slots = days.entry(day).or_insert([None; SLOTS]);
            if stored.is_none() && hour_slots(slots, hour).iter().any(Option::is_some) {
                continue;
            }
            let points = merged(&stored.unwrap_or_default(), fresh);
            let mut renewed = partial::of_points(&points, day * DAY_MS);
            hour_slots(slots, hour).copy_from_slice(hour_slots(&mut renewed, hour));
        }
        Ok(())
    }

    fn damaged(&self, id: i64, from: i64) -> HistoryError {
        HistoryError::Damaged { series: self.name_of(id), from }
    }
}

/// At most `most` points: neighbours in equal spans of time are taken together.
fn thin(parts: Vec<(i64, Partial)>, most: usize, is_counter: bool) -> Vec<(Instant, f64)> {
    let point = |(at, partial): (i64, Partial)| {
        let (at, value) =
            if is_counter { (partial.last.0, value_of(partial.last.1)) } else { (at, partial.mean()) };
        (Instant::from_millis(at), value)
    };
    let (Some(first), Some(last)) = (parts.first(), parts.last()) else { return Vec::new() };
    if parts.len() <= most {
        return parts.into_iter().map(point).collect();
    }
    let buckets = i64::try_from(most.max(1)).unwrap_or(i64::MAX);
    let (start, width) = (first.0, (last.0 - first.0) / buckets + 1);
    let bucket = |part: &(i64, Partial)| (part.0 - start) / width;
    let joined = parts.chunk_by(|a, b| bucket(a) == bucket(b)).filter_map(|chunk| {
        let whole = chunk.iter().map(|(_, partial)| *partial).reduce(Partial::merge)?;
        Some((chunk.first()?.0, whole))
    });
    joined.map(point).collect()
}
