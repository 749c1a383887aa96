//! Registers and amounts: what was used when.

use model::{
    Instant, Period, PlaceKind, Quantity, Series,
    register::{Carrier, EndUse, History, Meter, MeterEvent, MeterEventKind},
};
use rules::{Measure, MeasureRow, measure};

use crate::world::{World, at, clause, hourly_meter, id, place, reading, two};

/// A world with meter `m` at building `b`.
fn metered(change: impl FnOnce(&mut Meter)) -> World {
    let mut world = World::new();
    world.meter("m", "b", change);
    world
}

fn registered(readings: &[(&str, f64)]) -> Vec<model::Reading> {
    readings.iter().map(|(time, value)| reading("m", Quantity::EnergyImport, at(time), *value)).collect()
}

fn rows(world: &World, readings: Vec<model::Reading>, period: Period) -> Vec<MeasureRow> {
    let register = std::sync::Arc::new(world.register.clone());
    let rows = measure(&register, Measure::Electricity, period, None, None, readings).unwrap();
    rows.into_iter().filter(|row| row.place == id("b")).collect()
}

fn hours(world: &World, readings: &[(&str, f64)]) -> Vec<(Option<f64>, f64)> {
    let rows = rows(world, registered(readings), Period::Hour);
    rows.into_iter().map(|row| (row.value, row.coverage)).collect()
}

fn event(
    kind: MeterEventKind,
    time: &str,
    readings: (Option<f64>, Option<f64>),
    factor: Option<f64>,
) -> MeterEvent {
    MeterEvent {
        sensor: id("m"),
        time: at(time),
        kind,
        old_reading: readings.0,
        new_reading: readings.1,
        multiplier: factor,
    }
}

#[test]
fn a_step_counts_pro_rata_on_both_sides_of_a_border() {
    let seen = hours(&metered(|_| {}), &[("03-02 08:30", 0.0), ("03-02 09:15", 3.0)]);
    assert_eq!(seen, [(Some(2.0), 0.5), (Some(1.0), 0.25)]);
}

#[test]
fn a_step_longer_than_the_period_counts_for_longer_periods_only() {
    let readings = [("03-02 08:00", 0.0), ("03-02 10:00", 4.0)];
    assert!(
        hours(&metered(|_| {}), &readings)
            .iter()
            .all(|(value, coverage)| value.is_none() && *coverage == 0.0)
    );
    let day = rows(&metered(|_| {}), registered(&readings), Period::Day);
    assert_eq!((day[0].value, day[0].coverage), (Some(4.0), 0.083_333));
}

#[test]
fn a_month_read_once_a_month_counts_in_a_year_and_not_in_a_day() {
    let world = metered(|meter| meter.max_gap_s = 100_000.0);
    let readings =
        || registered(&[("2026-01-01 00:00", 0.0), ("2026-02-01 00:00", 310.0), ("2026-03-05 00:00", 630.0)]);
    let month: Vec<_> =
        rows(&world, readings(), Period::Month).into_iter().map(|r| (r.value, r.coverage)).collect();
    assert_eq!(month, [(Some(310.0), 1.0), (None, 0.0), (None, 0.0)], "32 days fit no month");
    assert_eq!(rows(&world, readings(), Period::Year)[0].value, Some(630.0));
    assert!(rows(&world, readings(), Period::Day).iter().all(|row| row.value.is_none()));
}

#[test]
fn an_undeclared_fall_is_a_new_base_and_its_step_is_unobserved() {
    let seen = hours(&metered(|_| {}), &[("03-02 08:00", 900.0), ("03-02 09:00", 3.0), ("03-02 10:00", 5.0)]);
    assert_eq!(seen, [(None, 0.0), (Some(2.0), 1.0)]);
}

#[test]
fn after_a_declared_reset_the_register_counts_from_zero() {
    let mut world = metered(|_| {});
    world.register.meter_events.push(event(MeterEventKind::Reset, "03-02 08:30", (None, None), None));
    let seen = hours(&world, &[("03-02 08:00", 900.0), ("03-02 09:00", 3.0)]);
    assert_eq!(seen, [(Some(3.0), 0.5)], "what the old register rose to is not known");
}

#[test]
fn a_reading_at_the_instant_of_a_reset_is_of_the_register_that_it_fits() {
    let reset = |old| {
        let mut world = metered(|_| {});
        world.register.meter_events.push(event(MeterEventKind::Reset, "03-02 09:00", (old, None), None));
        world
    };
    // Taken just before: the old register rose to 905, the new one to 3.
    let before = [("03-02 08:00", 900.0), ("03-02 09:00", 905.0), ("03-02 10:00", 3.0)];
    let both = [(Some(5.0), 1.0), (Some(3.0), 1.0)];
    assert_eq!(hours(&reset(None), &before), both);
    assert_eq!(hours(&reset(Some(905.0)), &before), both);
    // Taken just after: what the old register rose to is known only where it was noted.
    let after = [("03-02 08:00", 900.0), ("03-02 09:00", 0.0), ("03-02 10:00", 3.0)];
    assert_eq!(hours(&reset(None), &after), [(None, 0.0), (Some(3.0), 1.0)]);
    assert_eq!(hours(&reset(Some(905.0)), &after), both);
}

#[test]
fn a_reading_at_the_instant_of_a_replacement_is_of_the_register_that_it_fits() {
    let mut world = metered(|_| {});
    let event = event(MeterEventKind::Replaced, "03-02 09:00", (Some(905.0), Some(2000.0)), None);
    world.register.meter_events.push(event);
    for at_once in [905.0, 2000.5] {
        let readings = [("03-02 08:00", 900.0), ("03-02 09:00", at_once), ("03-02 10:00", 2003.0)];
        let used: f64 = hours(&world, &readings).iter().map(|(value, _)| value.unwrap()).sum();
        let not_counted = (at_once - 2000.0).max(0.0);
        assert!((used - (8.0 - not_counted)).abs() < 1e-9, "{at_once}: {used}");
    }
}

#[test]
fn what_is_declared_at_one_instant_touches_no_other_step() {
    let mut world = metered(|_| {});
    let replaced = event(MeterEventKind::Replaced, "03-02 09:30", (Some(903.0), Some(50.0)), None);
    world.register.meter_events.push(replaced);
    let readings =
        [("03-02 08:00", 900.0), ("03-02 09:00", 902.0), ("03-02 10:00", 53.0), ("03-02 11:00", 57.0)];
    assert_eq!(hours(&world, &readings), [(Some(2.0), 1.0), (Some(4.0), 1.0), (Some(4.0), 1.0)]);
}

#[test]
fn a_step_as_long_as_the_period_counts_for_it_also_when_the_clock_goes_back_within() {
    let world = metered(|_| {});
    let weekly = [("03-02 00:00", 0.0), ("03-09 00:00", 70.0)];
    assert_eq!(rows(&world, registered(&weekly), Period::Week)[0].value, Some(70.0));
    let monthly = [("03-01 00:00", 0.0), ("04-01 00:00", 310.0)];
    assert_eq!(rows(&world, registered(&monthly), Period::Month)[0].value, Some(310.0));
    assert_eq!(rows(&world, registered(&monthly), Period::Week)[0].value, None);
    let mut berlin = metered(|_| {});
    berlin.register.calendar = model::Calendar::new(jiff::tz::TimeZone::get("Europe/Berlin").unwrap());
    for (period, from, to) in [
        (Period::Day, "2026-10-25T00:00:00+02:00", "2026-10-26T00:00:00+01:00"),
        (Period::Week, "2026-10-19T00:00:00+02:00", "2026-10-26T00:00:00+01:00"),
        (Period::Month, "2026-10-01T00:00:00+02:00", "2026-11-01T00:00:00+01:00"),
    ] {
        let read =
            |time: &str, value| reading("m", Quantity::EnergyImport, Instant::parse(time).unwrap(), value);
        let found = rows(&berlin, vec![read(from, 1.0), read(to, 26.0)], period);
        assert_eq!((found[0].value, found[0].coverage), (Some(25.0), 1.0), "{period}");
    }
}

#[test]
fn a_replaced_meter_counts_up_to_its_last_reading_and_on_from_the_new_one() {
    let mut world = metered(|_| {});
    let event = event(MeterEventKind::Replaced, "03-02 08:30", (Some(902.0), Some(50.0)), None);
    world.register.meter_events.push(event);
    let seen = hours(&world, &[("03-02 08:00", 900.0), ("03-02 09:00", 53.0)]);
    assert_eq!(seen, [(Some(5.0), 1.0)]);
}

#[test]
fn a_register_rolls_over_only_where_declared_and_only_near_its_end() {
    let rolling = || metered(|meter| meter.rollover_at = Some(10_000.0));
    assert_eq!(hours(&rolling(), &[("03-02 08:00", 9990.0), ("03-02 09:00", 5.0)]), [(Some(15.0), 1.0)]);
    assert_eq!(hours(&rolling(), &[("03-02 08:00", 5000.0), ("03-02 09:00", 5.0)]), [(None, 0.0)]);
    assert_eq!(hours(&metered(|_| {}), &[("03-02 08:00", 9990.0), ("03-02 09:00", 5.0)]), [(None, 0.0)]);
}

#[test]
fn a_rollover_is_in_register_units_before_the_multiplier() {
    let world = metered(|meter| (meter.rollover_at, meter.multiplier) = (Some(10_000.0), 40.0));
    assert_eq!(hours(&world, &[("03-02 08:00", 9990.0), ("03-02 09:00", 5.0)]), [(Some(600.0), 1.0)]);
}

#[test]
fn a_new_multiplier_counts_from_its_instant_on() {
    let mut world = metered(|_| {});
    let change = event(MeterEventKind::Multiplier, "03-02 08:30", (Some(11.0), None), Some(10.0));
    world.register.meter_events.push(change);
    assert_eq!(hours(&world, &[("03-02 08:00", 10.0), ("03-02 09:00", 12.0)]), [(Some(11.0), 1.0)]);
}

#[test]
fn a_new_row_with_another_multiplier_counts_from_its_midnight_on() {
    let mut world = metered(|_| {});
    let second = Meter { multiplier: 10.0, ..hourly_meter("m", "b") };
    world.register.meters.insert(id("m"), two(hourly_meter("m", "b"), at("03-03 00:00"), second));
    let readings = [("03-02 23:00", 10.0), ("03-03 00:00", 11.0), ("03-03 01:00", 12.0)];
    assert_eq!(hours(&world, &readings), [(Some(1.0), 1.0), (Some(10.0), 1.0)]);
}

#[test]
fn a_meter_replaced_on_the_day_of_its_new_row_counts_by_the_multiplier_of_that_row() {
    let mut world = metered(|_| {});
    let second = Meter { multiplier: 10.0, ..hourly_meter("m", "b") };
    world.register.meters.insert(id("m"), two(hourly_meter("m", "b"), at("03-03 00:00"), second));
    let replaced = event(MeterEventKind::Replaced, "03-03 00:00", (Some(11.0), Some(0.0)), None);
    world.register.meter_events.push(replaced);
    let readings = [("03-02 23:00", 10.0), ("03-03 00:00", 0.0), ("03-03 01:00", 1.0)];
    assert_eq!(hours(&world, &readings), [(Some(1.0), 1.0), (Some(10.0), 1.0)]);
}

#[test]
fn a_giant_step_is_no_use_but_a_broken_register() {
    let world = metered(|meter| meter.rated_kw = Some(10.0));
    // 15 kW and a register step are believed, more is not.
    assert_eq!(hours(&world, &[("03-02 08:00", 0.0), ("03-02 09:00", 16.0)]), [(Some(16.0), 1.0)]);
    assert_eq!(hours(&world, &[("03-02 08:00", 0.0), ("03-02 09:00", 16.1)]), [(None, 0.0)]);
    assert_eq!(hours(&metered(|_| {}), &[("03-02 08:00", 0.0), ("03-02 09:00", 1e6)]), [(None, 0.0)]);
}

#[test]
fn a_day_of_zeros_is_a_gap_where_the_register_says_so_and_less_is_not() {
    let count = |hours: i64, zero_is_gap| {
        let world = metered(|meter| meter.zero_is_gap = zero_is_gap);
        let start = at("03-02 00:00");
        let mut readings = vec![reading("m", Quantity::EnergyImport, start, 0.0)];
        for hour in 1..=60 {
            let value = if hour <= 10 { hour } else { 10.max(hour - hours) };
            readings.push(reading(
                "m",
                Quantity::EnergyImport,
                start.plus_ms(hour * 3_600_000),
                value as f64,
            ));
        }
        rows(&world, readings, Period::Hour).iter().filter(|row| row.value.is_some()).count()
    };
    assert_eq!((count(23, true), count(24, true), count(24, false)), (60, 36, 60));
}

#[test]
fn zeros_that_become_unbelievable_correct_the_day_that_was_told() {
    let daily = clause("use", PlaceKind::Building, Measure::Electricity, Period::Day, 1000.0);
    let mut world = World::new().with(daily);
    world.meter("m", "b", |meter| meter.zero_is_gap = true);
    let mut run = world.run();
    for hour in 0..48 {
        let value = f64::from(hour.min(12));
        run.send("m", Quantity::EnergyImport, at("03-02 00:00").plus_ms(i64::from(hour) * 3_600_000), value);
    }
    let first: Vec<_> = run.verdicts().iter().map(|v| (v.window.from, v.coverage, v.revision)).collect();
    assert_eq!(first[0], (at("03-02 00:00"), 1.0, 1));
    assert_eq!(first[1], (at("03-02 00:00"), 0.5, 2), "from noon on it was silent");
}

#[test]
fn amounts_of_intervals_are_never_carried() {
    let send = |time: &str, value| reading("m", Quantity::Energy, at(time), value);
    let readings = vec![send("03-02 08:00", 5.0), send("03-02 10:00", 7.0)];
    let seen = rows(&metered(|meter| meter.multiplier = 2.0), readings, Period::Hour);
    let seen: Vec<_> = seen.iter().map(|row| row.value).collect();
    assert_eq!(seen, [Some(10.0), None, Some(14.0)]);
}

#[test]
fn the_register_of_a_meter_is_preferred_to_its_amounts() {
    let mut readings = registered(&[("03-02 08:00", 0.0), ("03-02 09:00", 3.0)]);
    readings.push(reading("m", Quantity::Energy, at("03-02 08:00"), 100.0));
    assert_eq!(rows(&metered(|_| {}), readings, Period::Hour)[0].value, Some(3.0));
}

fn with_meters(meters: &[(&str, &str, EndUse, Option<&str>)]) -> World {
    let mut world = World::new();
    for (name, at_place, end_use, parent) in meters {
        world.meter(name, at_place, |meter| {
            meter.end_use = *end_use;
            meter.parent = parent.map(id);
        });
    }
    world
}

fn used(world: &World, readings: &[(&str, f64)]) -> Option<f64> {
    let readings = readings.iter().flat_map(|(meter, value)| {
        [("03-02 08:00", 0.0), ("03-02 09:00", *value)]
            .map(|(t, v)| reading(meter, Quantity::EnergyImport, at(t), v))
    });
    rows(world, readings.collect(), Period::Hour)[0].value
}

#[test]
fn end_uses_are_never_added_to_a_total_and_add_up_where_there_is_none() {
    let all = [("m", 10.0), ("l", 4.0), ("h", 3.0)];
    let with_total = with_meters(&[
        ("m", "b", EndUse::Total, None),
        ("l", "b", EndUse::Lighting, None),
        ("h", "b", EndUse::Hvac, None),
    ]);
    assert_eq!(used(&with_total, &all), Some(10.0));
    let parts = with_meters(&[("l", "b", EndUse::Lighting, None), ("h", "r1", EndUse::Hvac, None)]);
    assert_eq!(used(&parts, &all), Some(7.0));
}

#[test]
fn a_meter_below_a_counted_one_is_not_counted_again_however_deep() {
    let deep = with_meters(&[
        ("m", "b", EndUse::Total, None),
        ("l", "r1", EndUse::Lighting, Some("m")),
        ("h", "r1", EndUse::Total, Some("l")),
    ]);
    assert_eq!(used(&deep, &[("m", 10.0), ("l", 4.0), ("h", 3.0)]), Some(10.0));
}

#[test]
fn a_meter_that_hangs_at_another_place_for_part_of_the_time_counts_there_for_that_part() {
    let mut world = World::new();
    world.place(place("c", PlaceKind::Building, None));
    let moved = two(hourly_meter("m", "b"), at("03-02 09:00"), hourly_meter("m", "c"));
    world.register.meters.insert(id("m"), moved);
    let readings = registered(&[
        ("03-02 08:00", 0.0),
        ("03-02 08:30", 1.0),
        ("03-02 09:00", 2.0),
        ("03-02 09:30", 5.0),
        ("03-02 10:00", 9.0),
    ]);
    let register = std::sync::Arc::new(world.register.clone());
    let all = measure(&register, Measure::Electricity, Period::Day, None, None, readings).unwrap();
    let of = |name: &str| all.iter().find(|row| row.place == id(name)).unwrap().value;
    assert_eq!((of("b"), of("c")), (Some(1.0), Some(7.0)), "the step across the move belongs to neither");
}

#[test]
fn meters_that_follow_each_other_within_a_window_add_up() {
    let daily = clause("use", PlaceKind::Building, Measure::Electricity, Period::Month, 1e6);
    let mut world = World::new().with(daily);
    let border = at("03-11 00:00");
    for (name, from, to) in [("m1", Instant::MIN, border), ("m2", border, Instant::MAX)] {
        let mut history = History::default();
        let span = model::Span::new(from, to);
        history.insert(model::register::Dated { span, value: hourly_meter(name, "b") }).unwrap();
        world.register.meters.insert(id(name), history);
    }
    let mut run = world.run();
    for hour in 0..=31 * 24_i64 {
        let time = at("03-01 00:00").plus_ms(hour * 3_600_000);
        let name = if time < border { "m1" } else { "m2" };
        run.send(name, Quantity::EnergyImport, time, (hour % 240) as f64);
    }
    run.advance(at("2026-04-01 02:00"));
    let verdict = run.verdicts().pop().unwrap();
    // Each hour uses 1 kWh; one hour is lost where the meters change, one at each fall of the second.
    assert_eq!((verdict.value, verdict.coverage), (Some(741.0), 0.995_968));
}

#[test]
fn other_carriers_have_their_own_measures() {
    let mut world = World::new();
    world.register.meters.insert(
        id("w"),
        History::always(Meter { max_gap_s: 3600.0, ..Meter::new(id("w"), id("b"), Carrier::Water) }),
    );
    let series = |time: &str, value| {
        let series = Series { sensor: id("w"), quantity: Quantity::Water, channel: None };
        model::Reading::new(series, at(time), value).unwrap()
    };
    let readings = vec![series("03-02 08:00", 1.0), series("03-02 09:00", 1.5)];
    let register = std::sync::Arc::new(world.register.clone());
    let of = |m| measure(&register, m, Period::Hour, None, None, readings.clone()).unwrap();
    assert_eq!(of(Measure::Water)[0].value, Some(0.5));
    assert!(of(Measure::Gas).is_empty() && of(Measure::Electricity).is_empty());
}

#[test]
fn a_span_that_begins_or_ends_within_an_hour_gets_its_share_of_the_hour() {
    let readings = registered(&[("03-02 08:00", 100.0), ("03-02 09:00", 160.0), ("03-02 10:00", 280.0)]);
    let register = std::sync::Arc::new(metered(|_| {}).register);
    for (from, to, used) in [
        ("03-02 08:15", "03-02 09:45", 135.0),
        ("03-02 08:15", "03-02 08:20", 5.0),
        ("03-02 08:00", "03-02 09:30", 120.0),
        ("03-02 08:30", "03-02 10:00", 150.0),
    ] {
        let over = (Some(at(from)), Some(at(to)));
        let all =
            measure(&register, Measure::Electricity, Period::All, over.0, over.1, readings.clone()).unwrap();
        assert_eq!((all[0].value, all[0].coverage), (Some(used), 1.0), "{from} to {to}");
    }
}

#[test]
fn a_span_that_cuts_a_day_of_zeros_within_an_hour_does_not_observe_them() {
    // 2 kWh an hour until ten, then a day and a half of nothing.
    let counts: Vec<(String, f64)> = (0..=46_u32)
        .map(|hour| (format!("03-{:02} {:02}:00", 2 + hour / 24, hour % 24), f64::from(2 * hour.min(10))))
        .collect();
    let counts: Vec<(&str, f64)> = counts.iter().map(|(time, value)| (time.as_str(), *value)).collect();
    let register = std::sync::Arc::new(metered(|meter| meter.zero_is_gap = true).register);
    let over = (Some(at("03-02 09:30")), Some(at("03-02 12:30")));
    let all =
        measure(&register, Measure::Electricity, Period::All, over.0, over.1, registered(&counts)).unwrap();
    assert_eq!((all[0].value, all[0].coverage), (Some(1.0), 0.166_667), "half an hour of three");
}
