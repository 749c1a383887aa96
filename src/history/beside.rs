//! Readings next to a span, however far away: what a meter's use is spread between.

use model::{Flags, Instant, Reading, Series, Span};

use super::{
    DAY_MS, HOUR_MS, History, HistoryError, Inner,
    block::{self, Point},
    place_of, time_of,
};

impl History {
    /// The newest usable raw reading of a series before a span, and the oldest from its end on.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn beside(
        &self,
        series: &Series,
        span: Span,
    ) -> Result<(Option<Reading>, Option<Reading>), HistoryError> {
        let inner = self.lock();
        let Some(id) = inner.ids.get(series).copied() else { return Ok((None, None)) };
        let reading = |point: Point| Reading {
            series: series.clone(),
            time: Instant::from_millis(point.at),
            value: point.value,
            flags: Flags(point.flags),
        };
        let before = inner.nearest(id, span.from.millis(), true)?;
        let after = inner.nearest(id, span.to.millis(), false)?;
        Ok((before.map(reading), after.map(reading)))
    }
}

impl Inner {
    /// The usable point nearest to `at`: before it, or from it on.
    fn nearest(&self, id: i64, at: i64, is_before: bool) -> Result<Option<Point>, HistoryError> {
        let fits = |point: &Point| {
            (if is_before { point.at < at } else { point.at >= at }) && Flags(point.flags).is_usable()
        };
        let nearer = |a: Point, b: Point| if (a.at > b.at) == is_before { a } else { b };
        let waiting = self.waiting.get(&id).into_iter().flatten().copied();
        let mut found = waiting.filter(fits).reduce(nearer);
        let sql = if is_before {
            "SELECT place, body FROM hours WHERE place BETWEEN ?1 AND ?2 ORDER BY place DESC"
        } else {
            "SELECT place, body FROM hours WHERE place BETWEEN ?1 AND ?2 ORDER BY place"
        };
        let hour = place_of(id, at.div_euclid(HOUR_MS));
        let bounds = if is_before {
            [place_of(id, super::flush::FIRST), hour]
        } else {
            // The block of a day stands at its first hour.
            [place_of(id, at.div_euclid(DAY_MS) * 24), place_of(id + 1, super::flush::FIRST) - 1]
        };
        let mut query = self.db.prepare_cached(sql)?;
        let mut rows = query.query(bounds)?;
        while let Some(row) = rows.next()? {
            let start = time_of(row.get(0)?) * HOUR_MS;
            let body = row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?;
            let points = block::decode(body, start)
                .ok_or_else(|| HistoryError::Damaged { series: self.name_of(id), from: start })?;
            if let Some(written) = points.into_iter().filter(fits).reduce(nearer) {
                // Of one instant the one that waits is the newer.
                found = Some(match found {
                    Some(waits) if waits.at == written.at => waits,
                    Some(waits) => nearer(waits, written),
                    None => written,
                });
                break;
            }
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use model::{Id, Quantity};

    use super::{super::Options, *};
    use crate::spool::Position;

    #[test]
    fn neighbours_are_found_across_hours_written_and_waiting_and_what_is_barred_is_passed_over() {
        let dir = tempfile::tempdir().unwrap();
        let history = History::open(&dir.path().join("history.sqlite"), Options::default()).unwrap();
        let series =
            Series { sensor: Id::parse("m").unwrap(), quantity: Quantity::EnergyImport, channel: None };
        let reading = |hour: i64, flags| Reading {
            series: series.clone(),
            time: Instant::from_millis(hour * HOUR_MS),
            value: 1.0,
            flags,
        };
        let readings = [1, 5, 90].map(|hour| reading(hour, Flags::NONE));
        assert!(!history.append(Position::new(1), &readings));
        history.flush().unwrap();
        let more = [reading(6, Flags::RANGE), reading(50, Flags::NONE)];
        assert!(!history.append(Position::new(2), &more));
        let beside = |from: i64, to: i64| {
            let span = Span::new(Instant::from_millis(from * HOUR_MS), Instant::from_millis(to * HOUR_MS));
            let (before, after) = history.beside(&series, span).unwrap();
            let hour = |r: Option<Reading>| r.map(|r| r.time.millis() / HOUR_MS);
            (hour(before), hour(after))
        };
        assert_eq!(beside(10, 20), (Some(5), Some(50)));
        assert_eq!(beside(60, 90), (Some(50), Some(90)));
        assert_eq!(beside(1, 91), (None, None));
        assert_eq!(beside(5, 6), (Some(1), Some(50)));
    }
}
