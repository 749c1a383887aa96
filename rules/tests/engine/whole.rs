//! What a device says once as a whole and once more in parts is used once.

use model::{Id, Instant, Period, PlaceKind, Quantity, Reading};
use proptest::prelude::*;
use rules::{Measure, MeasureRow, measure};

use crate::{
    case::{Case, Size},
    properties::{config, feed, finish, start, state},
    world::{Run, World, at, clause, id, reading},
};

/// The reading on a channel.
fn part(channel: &str, mut reading: Reading, share: f64) -> Reading {
    reading.series.channel = Some(Id::parse(channel).unwrap());
    reading.value *= share;
    reading
}

fn register(time: &str, value: f64) -> Reading {
    reading("m", Quantity::EnergyImport, at(time), value)
}

fn rows(measured: Measure, readings: Vec<Reading>) -> Vec<MeasureRow> {
    let mut world = World::new();
    world.meter("m", "b", |_| {});
    let rows =
        measure(&std::sync::Arc::new(world.register), measured, Period::Hour, None, None, readings).unwrap();
    rows.into_iter().filter(|row| row.place == id("b")).collect()
}

fn hours(readings: Vec<Reading>) -> Vec<(Option<f64>, f64)> {
    rows(Measure::Electricity, readings).into_iter().map(|row| (row.value, row.coverage)).collect()
}

#[test]
fn a_total_is_not_added_to_its_tariffs_nor_they_to_its_phases() {
    let told = [register("03-02 08:00", 100.0), register("03-02 09:00", 108.0)];
    let of = |channel: &'static str, share: f64| told.clone().map(|reading| part(channel, reading, share));
    let tariffs = [of("t1", 0.25), of("t2", 0.75)].concat();
    let phases = [of("a", 0.25), of("b", 0.25), of("c", 0.5)].concat();
    let once = vec![(Some(8.0), 1.0)];
    assert_eq!(hours([told.to_vec(), tariffs.clone(), phases.clone()].concat()), once);
    assert_eq!(hours([tariffs, phases.clone()].concat()), once, "no total: the tariffs are all of it");
    assert_eq!(hours(phases.clone()), once);
    assert_eq!(hours(phases[..4].to_vec()), [(Some(4.0), 1.0)], "the third was never heard");
}

#[test]
fn what_is_used_is_known_as_long_as_every_part_is() {
    let part = |channel, readings: &[(&str, f64)]| {
        let readings = readings.iter().map(|(time, value)| part(channel, register(time, *value), 1.0));
        readings.collect::<Vec<_>>()
    };
    let all = part("1", &[("03-02 08:00", 0.0), ("03-02 09:00", 8.0)]);
    let half = part("2", &[("03-02 08:00", 0.0), ("03-02 08:30", 6.0)]);
    assert_eq!(hours([all, half].concat()), [(Some(10.0), 0.5)], "half of the first, and the second");
}

#[test]
fn a_total_that_falls_silent_is_unknown_and_no_sum_of_its_tariffs() {
    let total = [register("03-02 08:00", 0.0), register("03-02 09:00", 8.0)];
    let all = ["03-02 08:00", "03-02 09:00", "03-02 10:00"];
    let tariff = |channel: &str, steps: [f64; 3]| {
        let readings = all.iter().zip(steps).map(|(time, value)| part(channel, register(time, value), 1.0));
        readings.collect::<Vec<_>>()
    };
    let tariffs = [tariff("t1", [0.0, 8.0, 11.0]), tariff("t2", [5.0, 5.0, 6.0])].concat();
    assert_eq!(hours([total.to_vec(), tariffs].concat()), [(Some(8.0), 1.0), (None, 0.0)]);
}

#[test]
fn circuits_with_names_of_their_own_are_no_total() {
    let named = |channel| {
        [register("03-02 08:00", 0.0), register("03-02 09:00", 8.0)].map(|r| part(channel, r, 1.0)).to_vec()
    };
    assert_eq!(hours(named("mains")), [(Some(8.0), 1.0)]);
    assert_eq!(hours([named("mains"), named("lift")].concat()), [(None, 0.0)], "one may hold the other");
    assert_eq!(hours([named("1"), named("2")].concat()), [(Some(16.0), 1.0)]);
    assert_eq!(hours(named("other-lift")), [(None, 0.0)], "what is read by its unit alone is no total");
}

#[test]
fn a_circuit_alone_and_phases_that_stand_still_for_days_are_a_gap_where_the_register_says_so() {
    let mut world = World::new();
    world.meter("m", "b", |meter| meter.zero_is_gap = true);
    let register = std::sync::Arc::new(world.register);
    for channels in [&["1"][..], &["a", "b", "c"][..]] {
        let readings = (0..60).flat_map(|hour| {
            let time = at("03-02 00:00").plus_ms(hour * 3_600_000);
            channels
                .iter()
                .map(move |channel| part(channel, reading("m", Quantity::EnergyImport, time, 7.0), 1.0))
        });
        let rows =
            measure(&register, Measure::Electricity, Period::Hour, None, None, readings.collect()).unwrap();
        assert!(rows.iter().all(|row| row.value.is_none()), "{channels:?}");
    }
}

#[test]
fn lines_with_names_of_their_own_are_doors_that_add_up() {
    let peak = clause("peak", PlaceKind::Room, Measure::PeakPeople, Period::Hour, 100.0);
    let mut run = World::new().with(peak).run();
    let most = most_people(&mut run, |run, time| {
        let came = if time == at("03-02 09:00") { 2.0 } else { 0.0 };
        for (line, quantity, value) in [
            ("east", Quantity::PeopleIn, came),
            ("west", Quantity::PeopleIn, came),
            ("east", Quantity::PeopleOut, 0.0),
            ("west", Quantity::PeopleOut, 0.0),
        ] {
            run.observe(&part(line, reading("s1", quantity, time, value), 1.0));
        }
    });
    assert_eq!(most, Some(4.0));
}

#[test]
fn a_tariff_that_rests_for_days_is_no_gap() {
    let readings = (0..60).flat_map(|hour| {
        let time = at("03-02 00:00").plus_ms(hour * 3_600_000);
        let of = |channel, value| part(channel, reading("m", Quantity::EnergyImport, time, value), 1.0);
        [of("t1", 7.0), of("t2", hour as f64)]
    });
    let known = hours(readings.collect());
    assert_eq!(known.len(), 59);
    assert!(known.iter().all(|hour| *hour == (Some(1.0), 1.0)), "{known:?}");
}

fn most_people(run: &mut Run, send: impl Fn(&mut Run, Instant)) -> Option<f64> {
    let mut time = at("03-02 00:00");
    while time < at("03-02 12:00") {
        send(run, time);
        time = time.plus_ms(300_000);
    }
    run.advance(at("03-02 14:00"));
    run.verdicts().iter().filter_map(|verdict| verdict.value).reduce(f64::max)
}

#[test]
fn a_door_that_tells_passages_and_registers_and_lines_counts_each_person_once() {
    let peak = || clause("peak", PlaceKind::Room, Measure::PeakPeople, Period::Hour, 100.0);
    let came = |time| if time == at("03-02 09:00") { 4.0 } else { 0.0 };
    let since = |time| if time >= at("03-02 09:00") { 104.0 } else { 100.0 };
    let pairs = [
        (Quantity::PeopleIn, Quantity::PeopleOut, came as fn(Instant) -> f64),
        (Quantity::PeopleInTotal, Quantity::PeopleOutTotal, since as fn(Instant) -> f64),
    ];
    for told in [&pairs[..], &pairs[..1], &pairs[1..]] {
        for lines in [&[][..], &["1", "2"][..]] {
            let mut run = World::new().with(peak()).run();
            let most = most_people(&mut run, |run, time| {
                for (ins, outs, value) in told {
                    for (quantity, value) in [(*ins, value(time)), (*outs, 0.0)] {
                        let whole = reading("s1", quantity, time, value);
                        for line in lines {
                            run.observe(&part(line, whole.clone(), 0.5));
                        }
                        run.observe(&whole);
                    }
                }
            });
            assert_eq!(most, Some(4.0), "{} pairs, lines {lines:?}", told.len());
        }
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn what_is_said_once_more_in_parts_changes_no_verdict(
        seed in any::<u64>(),
        (sensors, meters) in (0_i64..5, 1_i64..3),
    ) {
        use Quantity as Q;
        let case = Case::new(seed, Size { hours: 30, rooms: 2, sensors, meters });
        let is_told_twice = |reading: &&Reading| matches!(
            reading.series.quantity,
            Q::EnergyImport | Q::Energy | Q::PeopleIn | Q::PeopleOut | Q::PeopleInTotal | Q::PeopleOutTotal
        );
        let twice = case.readings.iter().filter(is_told_twice);
        let parts = twice.flat_map(|reading| {
            [("1", 0.5), ("2", 0.5), ("t1", 0.25), ("a", 1.0)].map(|(channel, s)| part(channel, reading.clone(), s))
        });
        let said = |readings: &[Reading]| {
            let mut run = start(&case);
            feed(&mut run, readings);
            finish(&mut run, &case);
            state(&run)
        };
        let mut all: Vec<Reading> = case.readings.iter().cloned().chain(parts).collect();
        all.sort_by_key(|reading| reading.time);
        let mut once = case.readings.clone();
        once.sort_by_key(|reading| reading.time);
        prop_assert_eq!(said(&all), said(&once));
    }
}
