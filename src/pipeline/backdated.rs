//! A register that says something else about the past: what the history holds of it is judged again.
//!
//! A sensor that is claimed from a day of last week on has spoken since; its readings are in the history and were
//! judged by nobody. They are taken now as if they came late: those that the engine still remembers re-open its
//! windows, for older ones the days are built anew. The same goes for a sensor that hung elsewhere than was known,
//! and the days on which a place lay in another building or on another floor than was known are built anew.
//!
//! An edit may claim hundreds of sensors with weeks of readings each. So the history is asked by the series and the
//! day: never more of it is in memory than a day of one. The days of all of them are then built anew together.

use std::collections::{BTreeMap, BTreeSet};

use model::{Id, Instant, Nature, Period, Reading, Register, Series, Span};
use rules::{LateDay, Taken, moved_days};

use super::{
    TICK_LAG_MS,
    judge::{Judge, JudgeError},
};
use crate::metrics::LateOutcome;

/// Whoever has just corrected the register waits for what follows: event time until days are built anew, ms.
const SOON_MS: i64 = 20_000;

/// A reading may bear a time so far ahead of its arrival, ms.
const AHEAD_MS: i64 = 5 * 60_000;

/// The history keeps days of UTC: whoever asks for one reads one block, ms.
const DAY_MS: i64 = 86_400_000;

/// Where a device hung, and from when to when.
type Bound = (Span, Id);
/// Where it is now known to have hung, and where no longer.
type Moves = (Vec<Bound>, Vec<Bound>);

impl Judge {
    /// Judges again what the history holds of devices that were bound otherwise `before`, and of places that have moved.
    /// The edit came at `arrival`, by which event time goes where there is none yet.
    pub(super) fn look_back(&mut self, before: &Register, arrival: Instant) -> Result<(), JudgeError> {
        let now = self.engine.event_time().unwrap_or(arrival.plus_ms(-TICK_LAG_MS));
        let after = std::sync::Arc::clone(&self.parts.rulebook.register);
        let oldest = now.plus_ms(-self.parts.raw_ms);
        // Those whom nobody knew may have spoken since the newest word of the others.
        let reach = Span::new(oldest, now.max(arrival).plus_ms(AHEAD_MS));
        let moved: BTreeMap<Id, Moves> = changed(before, &after)
            .into_iter()
            .map(|sensor| (moves(before, &after, &sensor, reach), sensor))
            .filter(|((gained, lost), _)| !gained.is_empty() || !lost.is_empty())
            .map(|(moves, sensor)| (sensor, moves))
            .collect();
        self.late.add(moved_days(before, &after, Span::new(oldest, now)));
        let mut known = if moved.is_empty() { Vec::new() } else { self.parts.history.series() };
        known.retain(|series| moved.contains_key(&series.sensor));
        known.sort();
        if !known.is_empty() {
            // Of a building that comes with its sensors all of it is of the past, in whatever order it is asked for.
            self.engine.begin(now);
        }
        let (mut looked_at, mut newer) = (0, Vec::new());
        for series in known {
            let Some((gained, lost)) = moved.get(&series.sensor) else { continue };
            for (span, _) in gained {
                looked_at += self.observe_again(&series, *span, now, &mut newer)?;
            }
            self.forget_at(&series, lost, &after)?;
        }
        // With these event time goes on: in its order.
        newer.sort_by(|a, b| (a.time, &a.series).cmp(&(b.time, &b.series)));
        newer.iter().for_each(|reading| self.observe_late(reading));
        if looked_at > 0 || self.late.is_changed {
            self.late.hasten(now.plus_ms(SOON_MS));
            tracing::info!(readings = looked_at, "the register says otherwise of the past: judged again");
        }
        Ok(())
    }

    /// Judges the readings of a series in a span as if they came now; those after `now` go to `newer`. Returns how many
    /// there are.
    fn observe_again(
        &mut self,
        series: &Series,
        span: Span,
        now: Instant,
        newer: &mut Vec<Reading>,
    ) -> Result<usize, JudgeError> {
        let mut count = 0;
        for day in days_of(span) {
            let readings = self.parts.history.readings(series, day)?;
            count += readings.len();
            for reading in readings {
                if reading.time > now {
                    newer.push(reading);
                } else {
                    self.observe_late(&reading);
                }
            }
        }
        Ok(count)
    }

    fn observe_late(&mut self, reading: &Reading) {
        match self.engine.observe(reading, &mut self.outputs) {
            Taken::Late => self.parts.metrics.late(LateOutcome::Late),
            Taken::TooLate => {
                self.note_late(reading);
            }
            Taken::InOrder | Taken::Barred | Taken::Unbound => {}
        }
    }

    /// Marks the days of the places where a series is known not to have hung.
    fn forget_at(&mut self, series: &Series, lost: &[Bound], register: &Register) -> Result<(), JudgeError> {
        let is_meter = matches!(series.quantity.nature(), Nature::Counter | Nature::Interval);
        for (span, place) in lost {
            for day in days_of(*span) {
                let readings = self.parts.history.readings(series, day)?;
                let days: BTreeSet<Instant> = readings
                    .iter()
                    .map(|reading| register.calendar.window(Period::Day, reading.time).from)
                    .collect();
                self.late.add(days.into_iter().map(|day| LateDay { place: place.clone(), day, is_meter }));
            }
        }
        Ok(())
    }
}

/// The parts of a span that lie in one day of UTC each, in order.
fn days_of(span: Span) -> impl Iterator<Item = Span> {
    let (first, last) = (span.from.millis().div_euclid(DAY_MS), (span.to.millis() - 1).div_euclid(DAY_MS));
    let edge = |day: i64| Instant::from_millis(day * DAY_MS);
    (first..=last).map(move |day| Span::new(span.from.max(edge(day)), span.to.min(edge(day + 1))))
}

/// Devices whose rows are not what they were.
fn changed(before: &Register, after: &Register) -> BTreeSet<Id> {
    let sensors = before.sensors.keys().chain(after.sensors.keys());
    let sensors = sensors.filter(|id| before.sensors.get(*id) != after.sensors.get(*id));
    let meters = before.meters.keys().chain(after.meters.keys());
    let meters = meters.filter(|id| before.meters.get(*id) != after.meters.get(*id));
    sensors.chain(meters).cloned().collect()
}

/// Where a device hung that nobody knew of, and where it did not hang since it hung elsewhere, inside `reach`. What
/// was stored with another correction than the rows now say is left out: the history holds corrected values.
fn moves(before: &Register, after: &Register, sensor: &Id, reach: Span) -> Moves {
    let mut edges: BTreeSet<Instant> = BTreeSet::from([reach.from, reach.to]);
    for register in [before, after] {
        let spans = spans_of(register, sensor);
        edges.extend(spans.iter().flat_map(|span| [span.from, span.to]).filter(|at| reach.contains(*at)));
    }
    let edges: Vec<Instant> = edges.into_iter().collect();
    let (mut gained, mut lost) = (Vec::new(), Vec::new());
    for (from, to) in edges.iter().zip(edges.iter().skip(1)) {
        let (old, new) = (place_at(before, sensor, *from), place_at(after, sensor, *from));
        if old == new {
            continue;
        }
        let span = Span::new(*from, *to);
        // Whose row is gone altogether has said what it said: a device that is removed clears nothing.
        if let (Some(old), Some(_)) = (old, &new) {
            lost.push((span, old));
        }
        if let Some(new) = new
            && correction_at(before, sensor, *from) == correction_at(after, sensor, *from)
        {
            gained.push((span, new));
        }
    }
    (gained, lost)
}

fn spans_of(register: &Register, sensor: &Id) -> Vec<Span> {
    let sensors = register.sensors.get(sensor).into_iter().flat_map(|rows| rows.rows().map(|row| row.span));
    let meters = register.meters.get(sensor).into_iter().flat_map(|rows| rows.rows().map(|row| row.span));
    sensors.chain(meters).collect()
}

fn place_at(register: &Register, sensor: &Id, at: Instant) -> Option<Id> {
    let hung = register.sensors.get(sensor).and_then(|rows| rows.at(at)).map(|row| row.place.clone());
    hung.or_else(|| register.meters.get(sensor).and_then(|rows| rows.at(at)).map(|row| row.place.clone()))
}

/// Factor and offset, by their bits; those of nobody are none.
fn correction_at(register: &Register, sensor: &Id, at: Instant) -> (u64, u64) {
    let row = register.sensors.get(sensor).and_then(|rows| rows.at(at));
    let (scale, offset) = row.map_or((1.0, 0.0), |row| (row.scale, row.offset));
    (scale.to_bits(), offset.to_bits())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_asked_for_by_the_day_all_of_it_and_nothing_twice() {
        let at = |text: &str| Instant::parse(&format!("2026-03-{text}:00Z")).unwrap();
        let days = |from, to| days_of(Span::new(at(from), at(to))).collect::<Vec<_>>();
        let span = |from, to| Span::new(at(from), at(to));
        assert_eq!(
            days("02T22:00", "05T00:00"),
            [span("02T22:00", "03T00:00"), span("03T00:00", "04T00:00"), span("04T00:00", "05T00:00")]
        );
        assert_eq!(days("02T22:00", "02T23:00"), [span("02T22:00", "02T23:00")]);
        assert!(days("02T00:00", "02T00:00").is_empty());
    }
}
