//! The history against a naive oracle.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::disallowed_methods,
    reason = "tests"
)]

use std::collections::BTreeMap;

use model::{Flags, Id, Instant, Quantity, Reading, Series, Span};
use normwatch::{
    history::{History, Options},
    spool::Position,
};
use proptest::prelude::*;

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;

fn series(sensor: &str, quantity: Quantity) -> Series {
    Series { sensor: Id::parse(sensor).unwrap(), quantity, channel: None }
}

fn reading(at: i64, value: f64, flags: u16) -> Reading {
    let series = series("s", Quantity::Co2);
    Reading { series, time: Instant::from_millis(at), value, flags: Flags(flags) }
}

fn span(from: i64, to: i64) -> Span {
    Span::new(Instant::from_millis(from), Instant::from_millis(to))
}

fn open(dir: &tempfile::TempDir) -> History {
    History::open(&dir.path().join("history.sqlite"), Options::default()).unwrap()
}

fn all(history: &History) -> Vec<Reading> {
    history.readings(&series("s", Quantity::Co2), Span::ALWAYS).unwrap()
}

fn append(history: &History, position: Position, readings: &[Reading]) {
    assert!(!history.append(position, readings), "so few are no reason for a flush");
}

#[derive(Debug, Clone)]
enum Step {
    Append(Vec<Reading>),
    Flush,
    /// Lost what was not flushed; the spool gives it again from the durable position.
    Crash,
}

fn any_step() -> impl Strategy<Value = Step> {
    let at = prop_oneof![0..6 * HOUR, (0..20_i64).prop_map(|n| n * 60_000), 3 * DAY..3 * DAY + HOUR];
    let one = (at, prop_oneof![(4000..9000_i32).prop_map(|n| f64::from(n) / 10.0), -1e9..1e9_f64], 0..2_u16);
    let readings = prop::collection::vec(one.prop_map(|(at, value, flags)| reading(at, value, flags)), 0..12);
    prop_oneof![4 => readings.prop_map(Step::Append), 1 => Just(Step::Flush), 1 => Just(Step::Crash)]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(40) })]

    #[test]
    fn any_course_of_appends_flushes_and_crashes_gives_what_a_plain_map_gives(
        steps in prop::collection::vec(any_step(), 1..25),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let mut history = open(&dir);
        let mut spool: Vec<Vec<Reading>> = Vec::new();
        let mut oracle: BTreeMap<i64, Reading> = BTreeMap::new();
        for step in steps {
            match step {
                Step::Append(readings) => {
                    oracle.extend(readings.iter().map(|r| (r.time.millis(), r.clone())));
                    spool.push(readings.clone());
                    append(&history, Position::new(spool.len() as u64), &readings);
                }
                Step::Flush => { history.flush().unwrap(); }
                Step::Crash => {
                    drop(history);
                    history = open(&dir);
                    let from = history.durable_position().sequence;
                    for (n, readings) in (1..).zip(&spool).filter(|(n, _)| *n > from) {
                        append(&history, Position::new(n), readings);
                    }
                }
            }
            let expected: Vec<Reading> = oracle.values().cloned().collect();
            prop_assert_eq!(&all(&history), &expected);
            let newest = history.newest(&series("s", Quantity::Co2), HOUR).unwrap();
            let last = expected.last().map_or(0, |reading| reading.time.millis());
            prop_assert_eq!(newest.last(), expected.last());
            let reached = expected.iter().filter(|reading| reading.time.millis() >= last - HOUR).count();
            prop_assert!(newest.len() >= reached && expected.ends_with(&newest), "{:?}", newest);
        }
        // Partials, with what waits and when all is written, are those of the plain map.
        let expected = plain_partials(oracle.values());
        for _ in 0..2 {
            let found = history.partials(&series("s", Quantity::Co2), Span::ALWAYS).unwrap();
            let found: Vec<_> = found.iter().map(|(at, p)| (at.millis(), (p.count, p.sum, p.min, p.max))).collect();
            prop_assert_eq!(&found, &expected);
            history.flush().unwrap();
        }
    }
}

type Plain = (i64, (u32, i128, i64, i64));

fn plain_partials<'a>(readings: impl Iterator<Item = &'a Reading>) -> Vec<Plain> {
    let mut slots: BTreeMap<i64, (u32, i128, i64, i64)> = BTreeMap::new();
    for reading in readings.filter(|r| r.flags.is_usable()) {
        let micro = (reading.value * 1e6).round() as i64;
        let slot = slots.entry(reading.time.millis().div_euclid(900_000) * 900_000).or_insert((
            0,
            0,
            i64::MAX,
            i64::MIN,
        ));
        *slot = (slot.0 + 1, slot.1 + i128::from(micro), slot.2.min(micro), slot.3.max(micro));
    }
    slots.into_iter().collect()
}

#[test]
fn taking_entries_again_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let history = open(&dir);
    let readings = [reading(5, 1.0, 0), reading(6, 2.0, 0)];
    append(&history, Position::new(1), &readings);
    append(&history, Position::new(1), &[reading(5, 9.0, 0)]);
    assert_eq!(history.flush().unwrap().blocks, 1);
    append(&history, Position::new(2), &readings);
    assert_eq!(history.flush().unwrap().blocks, 0, "the same readings once more change no block");
    assert_eq!(all(&history), readings);
    assert_eq!(history.durable_position(), Position::new(2));
}

#[test]
fn raw_readings_go_before_partials_and_later_data_of_that_hour_are_counted() {
    let dir = tempfile::tempdir().unwrap();
    let history = open(&dir);
    append(&history, Position::new(1), &[reading(10, 400.0, 0), reading(100 * DAY, 500.0, 0)]);
    history.flush().unwrap();
    assert_eq!(history.prune(Instant::from_millis(100 * DAY)).unwrap().hours, 1);
    assert_eq!(all(&history).len(), 1);
    append(&history, Position::new(2), &[reading(20, 999.0, 0), reading(2 * HOUR, 777.0, 0)]);
    assert_eq!(history.flush().unwrap().too_late, 1);
    drop(history);
    let history = open(&dir);
    assert_eq!(history.too_late(), 1);
    let old = history.points(&series("s", Quantity::Co2), span(0, 3 * DAY), 100).unwrap();
    assert_eq!(old.iter().map(|(_, value)| *value).collect::<Vec<_>>(), [400.0, 777.0]);
    assert_eq!(history.prune(Instant::from_millis(3 * 366 * DAY + 2 * DAY)).unwrap().days, 1);
}

#[test]
fn a_chart_has_no_more_points_than_asked_and_spans_the_same_time() {
    let dir = tempfile::tempdir().unwrap();
    let history = open(&dir);
    let minutes: Vec<Reading> =
        (0..10 * 1440).map(|n| reading(n * 60_000, 400.0 + (n % 7) as f64, 0)).collect();
    append(&history, Position::new(1), &minutes);
    history.flush().unwrap();
    let co2 = series("s", Quantity::Co2);
    assert_eq!(history.points(&co2, span(0, HOUR), 100).unwrap().len(), 60, "raw when short");
    assert_eq!(history.points(&co2, span(0, 10 * DAY), 5000).unwrap().len(), 960, "partials when long");
    let chart = history.points(&co2, span(0, 10 * DAY), 100).unwrap();
    assert!((50..=100).contains(&chart.len()), "{}", chart.len());
    assert!(chart.windows(2).all(|pair| pair[0].0 < pair[1].0));
    assert!(chart.iter().all(|(_, value)| (402.5..403.5).contains(value)));
}

#[test]
fn readings_that_come_during_a_flush_are_neither_lost_nor_called_durable() {
    let dir = tempfile::tempdir().unwrap();
    let history = open(&dir);
    let many: Vec<Reading> = (0..5000)
        .map(|n| Reading { series: series(&format!("s-{n}"), Quantity::Co2), ..reading(5, 1.0, 0) })
        .collect();
    append(&history, Position::new(1), &many);
    std::thread::scope(|scope| {
        let flush = scope.spawn(|| history.flush().unwrap());
        for n in 2..200 {
            append(&history, Position::new(n), &[reading(i64::try_from(n).unwrap(), 2.0, 0)]);
        }
        flush.join().unwrap();
    });
    let durable = history.durable_position().sequence;
    assert_eq!(all(&history).len(), 198);
    drop(history);
    let history = open(&dir);
    assert!(all(&history).len() as u64 + 1 >= durable, "what is called durable is there");
    let last = history.readings(&series("s-4999", Quantity::Co2), Span::ALWAYS).unwrap();
    assert_eq!(last.len(), 1);
}

#[test]
#[ignore = "a measurement: run with --ignored --nocapture"]
fn how_long_a_flush_of_many_series_takes() {
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let history = open(&dir);
    for (n, hour) in (1..).zip(0..3_i64) {
        let many: Vec<Reading> = (0..100_000)
            .flat_map(|s| (0..4).map(move |k| (s, k)))
            .map(|(s, k)| Reading {
                series: series(&format!("sensor-{s}"), Quantity::Temperature),
                ..reading(hour * HOUR + k * 900_000, 20.0 + (s + k) as f64 / 100.0, 0)
            })
            .collect();
        append(&history, Position::new(n), &many);
        let started = tokio::time::Instant::now();
        let longest = std::thread::scope(|scope| {
            let flush = scope.spawn(|| history.flush().unwrap());
            let mut longest = std::time::Duration::ZERO;
            while !flush.is_finished() {
                let asked = tokio::time::Instant::now();
                assert_eq!(history.too_late(), 0);
                longest = longest.max(asked.elapsed());
            }
            longest
        });
        let took = started.elapsed();
        eprintln!("100,000 series, 400,000 readings: flush {took:?}, longest wait for the lock {longest:?}");
    }
}

#[test]
fn a_damaged_block_is_an_error_that_names_series_and_hour() {
    let dir = tempfile::tempdir().unwrap();
    let history = open(&dir);
    append(&history, Position::new(1), &[reading(5, 1.0, 0)]);
    history.flush().unwrap();
    let db = rusqlite::Connection::open(dir.path().join("history.sqlite")).unwrap();
    db.execute("UPDATE hours SET body = x'0501'", []).unwrap();
    let error = history.readings(&series("s", Quantity::Co2), Span::ALWAYS).unwrap_err().to_string();
    assert!(error.contains("s co2") && error.contains("1970-01-01T00:00:00Z"), "{error}");
    append(&history, Position::new(2), &[reading(7, 1.0, 0)]);
    assert!(history.flush().is_err());
    assert_eq!(history.durable_position(), Position::new(1), "what could not be written stays in the spool");
}
