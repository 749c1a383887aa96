//! Every fault of the demo shows in what its sensor publishes, and nowhere else.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "tests may fail loudly"
)]

use model::{Id, Instant, Quantity, Span};
use sensors_sim::{Event, FaultKind, Label, Row, Scenario};

const DEMO: &str = include_str!("../scenarios/demo.toml");
const HOUR: i64 = 3_600_000;

fn start() -> Instant {
    Instant::parse("2026-11-14T00:00:00+08:00").unwrap()
}

fn faulty() -> Scenario {
    Scenario::demo(start()).unwrap()
}

fn sound() -> Scenario {
    let (from, to) =
        (DEMO.find("# --- What is seeded to fail").unwrap(), DEMO.find("# --- Who gets mail").unwrap());
    Scenario::parse(&format!("{}{}", &DEMO[..from], &DEMO[to..]), Some(start())).unwrap()
}

/// The sensor of a fault and its span.
fn seeded(wanted: FaultKind) -> (Id, Span) {
    let truth = faulty().truth(Span::new(start(), start().plus_ms(7 * 24 * HOUR)));
    let found = truth.into_iter().find_map(|t| match t.label {
        Label::Fault { sensor, kind, .. } if kind == wanted => Some((sensor, t.span)),
        _ => None,
    });
    found.unwrap()
}

/// What a sensor says of a quantity over a span, with the fault and without.
fn both(sensor: &Id, quantity: Quantity, span: Span) -> (Vec<Row>, Vec<Row>) {
    let of = |scenario: Scenario| -> Vec<Row> {
        scenario.rows(span).filter(|r| r.sensor == *sensor && r.quantity == quantity).collect()
    };
    (of(faulty()), of(sound()))
}

fn first_hours(span: Span, hours: i64) -> Span {
    Span::new(span.from, span.from.plus_ms(hours * HOUR))
}

#[test]
fn a_stuck_sensor_says_the_same_for_hours() {
    let (sensor, span) = seeded(FaultKind::Stuck);
    let (bad, good) = both(&sensor, Quantity::Co2, Span::new(span.from, span.to));
    assert!(bad.len() > 200 && bad.iter().all(|r| r.value.to_bits() == bad[0].value.to_bits()));
    assert!(good.iter().any(|r| r.value.to_bits() != good[0].value.to_bits()));
    // Asked for from the middle, it repeats the same value.
    let middle = Span::new(span.from.plus_ms(30 * HOUR), span.from.plus_ms(31 * HOUR));
    assert_eq!(both(&sensor, Quantity::Co2, middle).0[0].value.to_bits(), bad[0].value.to_bits());
}

#[test]
fn a_silent_sensor_says_nothing_and_then_speaks_again() {
    let (sensor, span) = seeded(FaultKind::Silent);
    let whole = Span::new(span.from.plus_ms(-HOUR), span.to.plus_ms(HOUR));
    let (bad, good) = both(&sensor, Quantity::PeopleCount, whole);
    assert_eq!(bad.len(), 12);
    assert_eq!(good.len(), 12 + 180);
    assert!(bad.iter().all(|r| !span.contains(r.time)));
}

#[test]
fn a_spike_is_alone_among_its_neighbours() {
    let (sensor, span) = seeded(FaultKind::Spike);
    let (bad, good) = both(&sensor, Quantity::Co2, first_hours(span, 48));
    let jumps: Vec<usize> = (0..bad.len()).filter(|i| bad[*i].value - good[*i].value > 400.0).collect();
    assert!((10..=13).contains(&jumps.len()), "{jumps:?}");
    assert!(jumps.windows(2).all(|w| w[1] - w[0] > 6));
}

#[test]
fn a_drift_grows_and_ends() {
    let (sensor, span) = seeded(FaultKind::Drift);
    let (bad, good) = both(&sensor, Quantity::Humidity, Span::new(span.from, span.to.plus_ms(HOUR)));
    let off: Vec<f64> = bad.iter().zip(&good).map(|(b, g)| b.value - g.value).collect();
    let last_day = off[off.len() - 7 - 72];
    assert!((6.0..7.5).contains(&last_day), "{last_day}");
    assert!(off[0].abs() < 0.1 && off[off.len() - 1].abs() < 1e-9);
}

#[test]
fn a_wrong_unit_reads_as_fahrenheit() {
    let (sensor, span) = seeded(FaultKind::WrongUnit);
    let (bad, good) = both(&sensor, Quantity::Temperature, first_hours(span, 3));
    assert!(
        bad.iter().zip(&good).all(|(b, g)| (b.value - (g.value * 1.8 + 32.0)).abs() < 1e-9 && b.value > 50.0)
    );
}

#[test]
fn a_skewed_clock_is_two_hours_ahead() {
    let (sensor, span) = seeded(FaultKind::ClockSkew);
    let (bad, good) = both(&sensor, Quantity::PeopleCount, first_hours(span, 2));
    assert!(bad.len() > 20 && bad.iter().zip(&good).all(|(b, g)| b.time.since(g.time) == 2 * HOUR));
}

fn events_of(span: Span, part: &str) -> Vec<Event> {
    faulty().events(span).filter(|e| e.topic.contains(part)).collect()
}

#[test]
fn a_duplicate_is_the_same_message_twice() {
    let (_, span) = seeded(FaultKind::Duplicate);
    let events = events_of(first_hours(span, 4), "air-meeting-153");
    assert_eq!(events.len(), 48);
    assert!(events.chunks(2).all(|pair| {
        // The network passes the copy on two seconds later; the device's own part is the same.
        let uplink = |e: &Event| {
            serde_json::from_slice::<serde_json::Value>(&e.payload).unwrap()["uplink_message"].clone()
        };
        uplink(&pair[0]) == uplink(&pair[1]) && pair[1].time.since(pair[0].time) == 2_000
    }));
}

#[test]
fn late_messages_all_come_after_the_gap_with_their_own_times() {
    let (sensor, span) = seeded(FaultKind::Late);
    assert!(events_of(Span::new(span.from.plus_ms(10_000), span.to), sensor.as_str()).is_empty());
    let after = Span::new(span.to, span.to.plus_ms(60_000));
    let scenario = faulty();
    let late = scenario.rows(after).filter(|r| r.sensor == sensor && r.quantity == Quantity::Co2);
    let times: Vec<Instant> = late.map(|r| r.time).filter(|t| span.contains(*t)).collect();
    assert_eq!(times.len(), 54);
    assert!(times.windows(2).all(|w| w[0] < w[1]));
}

#[test]
fn a_reset_counter_starts_from_zero_and_a_new_meter_from_its_own_reading() {
    for (kind, quantity, base) in [
        (FaultKind::DeclaredReset, Quantity::EnergyImport, 0.0),
        (FaultKind::UndeclaredReset, Quantity::EnergyImport, 0.0),
        (FaultKind::MeterChange, Quantity::Water, 12.5),
    ] {
        let (sensor, span) = seeded(kind);
        let around = Span::new(span.from.plus_ms(-HOUR), span.from.plus_ms(26 * HOUR));
        let (bad, good) = both(&sensor, quantity, around);
        let fall = bad.windows(2).position(|w| w[1].value < w[0].value).unwrap() + 1;
        assert!(span.contains(bad[fall].time) && !span.contains(bad[fall - 1].time), "{kind:?}");
        assert!((bad[fall].value - base).abs() < 20.0, "{kind:?}: {}", bad[fall].value);
        assert!(bad[fall..].windows(2).all(|w| w[0].value <= w[1].value), "it falls only once: {kind:?}");
        let (b, g) =
            (bad[bad.len() - 1].value - bad[fall].value, good[good.len() - 1].value - good[fall].value);
        assert!((b - g).abs() < 0.01, "what it counts is unchanged: {kind:?} {b} {g}");
    }
}

#[test]
fn the_register_tells_the_last_reading_of_a_meter_that_was_changed() {
    let (sensor, span) = seeded(FaultKind::MeterChange);
    let files = faulty().register_files();
    let text = String::from_utf8(files["meter_events.csv"].clone()).unwrap();
    let line = text.lines().find(|l| l.starts_with(sensor.as_str())).unwrap();
    let cells: Vec<&str> = line.split(',').collect();
    assert_eq!((Instant::parse(cells[1]).unwrap(), cells[2], cells[4]), (span.from, "replaced", "12.5"));
    let before = Span::new(span.from.plus_ms(-600_000), span.from);
    let last = both(&sensor, Quantity::Water, before).0.pop().unwrap().value;
    let old: f64 = cells[3].parse().unwrap();
    assert!(old >= last && old - last < 1.0, "{old} {last}");
    assert!(text.lines().all(|l| !l.starts_with("plug-")), "the undeclared reset is not declared");
}
