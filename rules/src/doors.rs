//! Counters at doors: people in and out add up to people inside, from zero at local midnight.

use model::{Id, Instant, Quantity, Span};

use crate::{
    buffer::{DOORS, SeriesBuffer},
    steps::{Micro, Steps, sweep},
    whole::Extent,
};

/// How many people are inside over `window`, as counters at the doors say; `None` where no
/// quantity of people in has its counterpart of people out.
///
/// Starts from nobody at `midnight`, never falls below zero, and is known while every counter that hung here then is
/// observed. Registers that fall are new ones: that step adds nothing.
pub(crate) fn inside(
    buffers: &[SeriesBuffer],
    window: Span,
    midnight: Instant,
    has_ended: bool,
) -> Option<Steps<Micro>> {
    let is_asked = |b: &&SeriesBuffer| b.is_door() && b.first < window.to && b.is_bound_in(window);
    let seen: Vec<&SeriesBuffer> = buffers.iter().filter(is_asked).collect();
    let has = |q: &Quantity| seen.iter().any(|b| b.series.quantity == *q);
    let pairs = DOORS.iter().filter(|pair| pair.iter().all(has)).flatten().copied().collect::<Vec<_>>();
    let counting: Vec<_> = seen.into_iter().filter(|b| pairs.contains(&b.series.quantity)).collect();
    let mut passes: Vec<(Instant, i64)> = Vec::new();
    let mut observed: Vec<Steps<Micro>> = Vec::new();
    for buffer in told_once(&counting) {
        let is_out = DOORS.iter().any(|[_, out]| *out == buffer.series.quantity);
        passed(buffer, midnight, window.to, if is_out { -1 } else { 1 }, &mut passes);
        observed.push(buffer.values(window, has_ended).map(|_| 1));
    }
    if observed.is_empty() {
        return None;
    }
    let people = counted(passes, midnight, window);
    let mut out = Steps::default();
    let tracks: Vec<&Steps<Micro>> = std::iter::once(&people).chain(&observed).collect();
    sweep(&tracks, window, |span, values| {
        if let [Some(people), observed @ ..] = values
            && observed.iter().all(Option::is_some)
        {
            out.push(span, *people);
        }
    });
    Some(out)
}

/// The series of each device that count: what passed is told since the last report and as a register, as a whole and by
/// lines, and each is all of it. The register goes before what it also tells, the whole before its lines; those that tell
/// both ways before the others. Lines with names of their own are doors that lie beside each other: they add up.
fn told_once<'a>(all: &[&'a SeriesBuffer]) -> Vec<&'a SeriesBuffer> {
    let mut devices: Vec<&Id> = all.iter().map(|b| &b.series.sensor).collect();
    devices.sort_unstable();
    devices.dedup();
    let mut told = Vec::new();
    for device in devices {
        let own = || all.iter().copied().filter(|b| b.series.sensor == *device);
        let mut extents: Vec<Extent> = own().map(|b| Extent::of(&b.series)).collect();
        extents.sort_unstable();
        extents.dedup();
        let mut sets: Vec<[Vec<&SeriesBuffer>; 2]> = Vec::new();
        for pair in DOORS.iter().rev() {
            sets.extend(extents.iter().map(|extent| {
                pair.map(|quantity| {
                    let series =
                        own().filter(|b| b.series.quantity == quantity && Extent::of(&b.series) == *extent);
                    series.collect()
                })
            }));
        }
        let both = sets.iter().position(|ways| ways.iter().all(|way| !way.is_empty()));
        let either = || sets.iter().position(|ways| ways.iter().any(|way| !way.is_empty()));
        let chosen = both.or_else(either).map(|at| sets.swap_remove(at));
        told.extend(chosen.into_iter().flatten().flatten());
    }
    told
}

/// Adds what passed one counter after midnight, each report at its own instant.
fn passed(
    buffer: &SeriesBuffer,
    midnight: Instant,
    to: Instant,
    sign: i64,
    passes: &mut Vec<(Instant, i64)>,
) {
    let is_register = buffer.series.quantity.nature() == model::Nature::Counter;
    let mut before: Option<(Instant, Micro)> = None;
    let readings = buffer.since(midnight);
    for (at, value) in readings.iter().filter(|(at, _)| *at < to) {
        let change = if is_register {
            // A step from long ago says nothing of when: only a base to count from.
            let near = before.filter(|(t, _)| *t >= midnight || at.since(*t) <= buffer.about.max_gap_ms);
            near.map_or(0, |(_, base)| (*value - base).max(0))
        } else {
            *value
        };
        if *at >= midnight {
            passes.push((*at, change * sign));
        }
        before = Some((*at, *value));
    }
}

/// People inside over the window; what passes at one instant counts together.
fn counted(mut passes: Vec<(Instant, i64)>, midnight: Instant, window: Span) -> Steps<Micro> {
    // Each counter's are in order: a merge of runs.
    passes.sort();
    let mut out = Steps::default();
    let mut people: Micro = 0;
    let mut from = midnight;
    let mut rest = passes.as_slice();
    while let Some((at, _)) = rest.first().copied() {
        if let Some(span) = Span::new(from, at).intersect(window) {
            out.push(span, people);
        }
        let same = rest.iter().take_while(|(t, _)| *t == at).count();
        let net: i64 = rest.iter().take(same).map(|(_, change)| change).sum();
        people = (people + net).max(0);
        from = at;
        rest = rest.get(same..).unwrap_or_default();
    }
    if let Some(span) = Span::new(from, window.to).intersect(window) {
        out.push(span, people);
    }
    out
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use model::{Series, register::Sensor};

    use super::*;
    use crate::about::About;

    fn at(minute: i64) -> Instant {
        Instant::from_millis(minute * 60_000)
    }

    fn buffer(quantity: Quantity, readings: &[(i64, i64)]) -> SeriesBuffer {
        let sensor =
            Sensor { max_gap_s: 3600.0, ..Sensor::new(Id::parse("d").unwrap(), Id::parse("r").unwrap()) };
        let series = Series { sensor: sensor.id.clone(), quantity, channel: None };
        let mut buffer = SeriesBuffer::new(series, Arc::new(About::of_sensor(&sensor, Span::ALWAYS)));
        for (minute, value) in readings {
            buffer.insert(at(*minute), value * 1_000_000);
        }
        buffer
    }

    fn people(buffers: &[SeriesBuffer], window: (i64, i64)) -> Vec<(i64, i64, i64)> {
        let window = Span::new(at(window.0), at(window.1));
        let steps = inside(buffers, window, at(0), false).unwrap_or_default();
        let minute = |at: Instant| at.millis() / 60_000;
        steps.iter().map(|(span, v)| (minute(span.from), minute(span.to), v / 1_000_000)).collect()
    }

    #[test]
    fn people_in_less_people_out_since_midnight_are_inside() {
        let ins = buffer(Quantity::PeopleIn, &[(-5, 9), (0, 0), (10, 3), (20, 1), (30, 0)]);
        let outs = buffer(Quantity::PeopleOut, &[(0, 0), (10, 0), (20, 2), (30, 9)]);
        let all = [ins, outs];
        assert_eq!(people(&all, (0, 40)), [(0, 10, 0), (10, 20, 3), (20, 30, 2), (30, 40, 0)]);
    }

    #[test]
    fn a_register_that_falls_is_a_new_one_and_adds_nothing() {
        let ins = buffer(Quantity::PeopleInTotal, &[(-5, 100), (5, 104), (10, 2), (15, 3)]);
        let outs = buffer(Quantity::PeopleOutTotal, &[(-5, 7), (5, 7), (15, 8)]);
        assert_eq!(people(&[ins, outs], (0, 20)), [(0, 5, 0), (5, 20, 4)]);
    }

    #[test]
    fn without_a_counter_of_people_out_nothing_is_known() {
        let ins = buffer(Quantity::PeopleIn, &[(0, 0), (10, 3)]);
        assert!(inside(&[ins], Span::new(at(0), at(40)), at(0), false).is_none());
    }
}
