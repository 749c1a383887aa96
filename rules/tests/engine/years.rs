//! Random years of a building: intensity and use a person against a naive sum over minutes of the year.

use std::sync::Arc;

use jiff::{ToSpan, tz::TimeZone};
use model::{
    Calendar, Instant, Period, PlaceKind, Quantity, Reading, Register, Span,
    register::{Body, Carrier, Dated, History, Meter},
};
use proptest::prelude::*;
use rules::{Measure, measure};

use crate::{
    case::{Dice, MINUTE},
    world::{body, id, place, reading},
};

/// Values in force one after another from the days of the year on.
type Rows = Vec<(Instant, f64)>;

/// A building over one year: its area and headcount change at midnights, its register is read now and then.
struct Year {
    span: Span,
    areas: Rows,
    heads: Rows,
    readings: Vec<(Instant, f64)>,
    zero_is_gap: bool,
}

const ZONES: [(&str, i16); 6] = [
    ("Asia/Kathmandu", 2024),
    ("Asia/Kolkata", 2025),
    ("Pacific/Chatham", 2024),
    ("Australia/Lord_Howe", 2026),
    ("Asia/Shanghai", 2023),
    ("America/St_Johns", 2024),
];

impl Year {
    fn new(dice: &mut Dice) -> (Self, TimeZone) {
        let (zone, year) = dice.of(&ZONES);
        let zone = TimeZone::get(zone).unwrap();
        let calendar = Calendar::new(zone.clone());
        let first = jiff::civil::date(year, 1, 1);
        let day = |n: i64| calendar.start_of(first.checked_add(n.days()).unwrap());
        let span = Span::new(day(0), calendar.start_of(jiff::civil::date(year + 1, 1, 1)));
        let mut rows = |values: &[f64]| {
            let mut days: Vec<i64> = (0..dice.below(3)).map(|_| 1 + dice.below(364)).collect();
            days.sort_unstable();
            days.dedup();
            let borders = std::iter::once(Instant::MIN).chain(days.into_iter().map(day));
            borders.map(|at| (at, dice.of(values))).collect::<Rows>()
        };
        let (areas, heads) = (rows(&[500.0, 800.0, 1250.0]), rows(&[20.0, 35.0, 60.0]));
        let mut at = span.from.plus_ms((dice.below(2_880) - 1_440) * MINUTE);
        let (mut readings, mut register) = (Vec::new(), 0.0);
        let stop = span.to.plus_ms((dice.below(2_880) - 1_440) * MINUTE);
        while at < stop {
            readings.push((at, register));
            let is_long = dice.one_in(9);
            at =
                at.plus_ms((if is_long { 1 + dice.below(40_000) } else { 360 + dice.below(2_000) }) * MINUTE);
            register += if dice.one_in(6) { 0.0 } else { dice.below(400) as f64 };
            if dice.one_in(20) {
                register = 0.0;
            }
        }
        (Self { span, areas, heads, readings, zero_is_gap: dice.one_in(2) }, zone)
    }

    fn register(&self, zone: TimeZone) -> Register {
        fn dated<T>(rows: &Rows, make: impl Fn(f64) -> T) -> History<T> {
            let mut history = History::default();
            for (index, (from, value)) in rows.iter().enumerate() {
                let to = rows.get(index + 1).map_or(Instant::MAX, |next| next.0);
                history.insert(Dated { span: Span::new(*from, to), value: make(*value) }).unwrap();
            }
            history
        }
        let mut register = Register::empty(id("year"));
        register.calendar = Calendar::new(zone);
        let building = |area: f64| model::Place {
            floor_area_m2: Some(area),
            body: Some(id("office")),
            ..place("b", PlaceKind::Building, None)
        };
        register.places.insert(id("b"), dated(&self.areas, building));
        let office = |heads: f64| Body { energy_headcount: Some(heads), ..body("office") };
        register.bodies.insert(id("office"), dated(&self.heads, office));
        let meter =
            Meter { zero_is_gap: self.zero_is_gap, ..Meter::new(id("m"), id("b"), Carrier::Electricity) };
        register.meters.insert(id("m"), History::always(meter));
        register
    }

    /// Steps that are believed: from, to, kWh.
    fn steps(&self) -> Vec<(Instant, Instant, f64)> {
        let pairs = self.readings.windows(2).map(|p| (p[0].0, p[1].0, p[1].1 - p[0].1));
        let all: Vec<_> = pairs.collect();
        let mut kept = Vec::new();
        let mut start = 0;
        while start < all.len() {
            let zeros = all[start..].iter().take_while(|s| s.2 == 0.0).count();
            let run = &all[start..start + zeros];
            let is_gap =
                self.zero_is_gap && run.last().is_some_and(|last| last.1.since(run[0].0) >= 1_440 * MINUTE);
            if !is_gap {
                kept.extend_from_slice(run);
            }
            start += zeros;
            kept.extend(all.get(start).filter(|step| step.2 > 0.0));
            start += 1;
        }
        kept
    }

    /// Use scaled to the whole year, and the share of it that was seen.
    fn used(&self) -> (f64, f64) {
        let (mut kwh, mut seen) = (0.0, 0.0);
        for (from, to, amount) in self.steps() {
            let part = to.min(self.span.to).since(from.max(self.span.from)).max(0) as f64;
            kwh += amount * part / to.since(from) as f64;
            seen += part;
        }
        let share = seen / self.span.millis() as f64;
        (kwh / share, share)
    }

    /// The mean of dated values by the time that each held.
    fn mean(&self, rows: &Rows) -> f64 {
        let mut sum = 0.0;
        for (index, (from, value)) in rows.iter().enumerate() {
            let to = rows.get(index + 1).map_or(self.span.to, |next| next.0);
            sum += value * to.since(*from.max(&self.span.from)).max(0) as f64;
        }
        sum / self.span.millis() as f64
    }
}

proptest! {
    #![proptest_config(crate::properties::config())]

    #[test]
    fn a_year_of_changing_area_and_headcount_is_what_its_minutes_say(seed: u64) {
        let dice = &mut Dice(seed);
        let (year, zone) = Year::new(dice);
        let register = Arc::new(year.register(zone));
        let mut sent: Vec<Reading> =
            year.readings.iter().map(|(at, v)| reading("m", Quantity::EnergyImport, *at, *v)).collect();
        let again: Vec<Reading> = sent.iter().step_by(4).cloned().collect();
        sent.extend(again);
        dice.shuffle(&mut sent);
        let (used, share) = year.used();
        for (measured, divisor) in [
            (Measure::Eui, year.mean(&year.areas)),
            (Measure::EnergyPerPerson, year.mean(&year.heads)),
        ] {
            let rows = measure(&register, measured, Period::Year, None, None, sent.clone()).unwrap();
            let row = rows.iter().find(|row| row.from == year.span.from).unwrap();
            let expected = used / divisor;
            let off = (row.value.unwrap() - expected).abs() / expected.max(1.0);
            prop_assert!(off < 1e-6, "{}: {:?}, naive {expected}", measured.name(), row.value);
            prop_assert!((row.coverage - share).abs() < 2e-6, "{}, naive {share}", row.coverage);
        }
    }
}
