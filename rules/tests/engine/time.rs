//! Local time: clock changes, odd offsets, editions, working days.

use model::{Calendar, Instant, Period, PlaceKind, Quantity, Span};
use rules::{Catalogue, Clause, Measure, Outcome};

use crate::world::{World, at, clause, co2, id};

fn utc(text: &str) -> Instant {
    Instant::parse(text).unwrap()
}

fn world_in(zone: &str, clause: Clause) -> World {
    let mut world = World::new().with(clause);
    world.register.calendar = Calendar::new(jiff::tz::TimeZone::get(zone).unwrap());
    world
}

fn windows(zone: &str, clause: Clause, from: &str, to: &str) -> Vec<Span> {
    let mut run = world_in(zone, clause).run();
    run.steady("s1", Quantity::Co2, utc(from), utc(to), 700.0);
    run.advance(utc(to).plus_ms(3_600_000));
    assert!(run.verdicts().iter().all(|v| v.value == Some(700.0)));
    run.verdicts().iter().map(|v| v.window).collect()
}

fn day() -> Clause {
    clause("day", PlaceKind::Room, Measure::Co2DayMean, Period::Day, 1000.0)
}

#[test]
fn the_repeated_autumn_hour_is_two_windows_and_its_day_has_25() {
    let hours = windows("Europe/Berlin", co2(), "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z");
    assert_eq!(hours.len(), 25);
    let days = windows("Europe/Berlin", day(), "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z");
    assert_eq!(days.iter().map(|w| w.millis()).collect::<Vec<_>>(), [25 * 3_600_000]);
}

#[test]
fn a_spring_day_has_23_hours() {
    let hours = windows("Europe/Berlin", co2(), "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z");
    assert_eq!(hours.len(), 23);
}

#[test]
fn hours_begin_on_the_local_clock_hour_in_zones_of_half_and_quarter_hours() {
    for (zone, minutes) in [("Asia/Kathmandu", 15), ("Asia/Kolkata", 30), ("America/St_Johns", 30)] {
        let hours = windows(zone, co2(), "2026-01-10T00:00:00Z", "2026-01-10T12:00:00Z");
        let whole =
            hours.iter().skip(1).all(|w| w.from.millis() / 60_000 % 60 == minutes && w.millis() == 3_600_000);
        assert!(whole, "{zone}");
    }
}

#[test]
fn a_clock_change_of_half_an_hour_cuts_an_hour_in_two() {
    let hours = windows("Australia/Lord_Howe", co2(), "2026-04-04T13:00:00Z", "2026-04-05T13:30:00Z");
    assert_eq!(hours.iter().map(|w| w.millis()).sum::<i64>(), 24 * 3_600_000 + 1_800_000);
    assert!(hours.iter().zip(hours.iter().skip(1)).all(|(a, b)| a.to == b.from));
    assert_eq!(hours.iter().filter(|w| w.millis() == 1_800_000).count(), 1);
}

#[test]
fn a_window_is_judged_by_the_edition_in_force_at_its_start_and_never_split() {
    let border = at("03-03 00:00");
    let mut world = World::new().with(co2()).with(Clause { id: "own-2/co2".to_owned(), ..co2() });
    for clause in [day(), Clause { id: "own-2/day".to_owned(), ..day() }] {
        world = world.with(clause);
    }
    for live in &mut world.clauses {
        let is_old = live.clause.id.starts_with("own-1");
        live.in_force =
            if is_old { Span::new(Instant::MIN, border) } else { Span::new(border, Instant::MAX) };
    }
    let mut run = world.run();
    run.steady("s1", Quantity::Co2, at("03-02 22:00"), at("03-03 02:00"), 700.0);
    run.advance(at("03-04 01:00"));
    let said: Vec<_> = run
        .verdicts()
        .iter()
        .filter(|v| v.value.is_some() && v.window.from < at("03-03 02:00"))
        .map(|v| (v.clause.id.as_str(), v.window.from))
        .collect();
    assert_eq!(
        said,
        [
            ("own-1/co2", at("03-02 22:00")),
            ("own-1/co2", at("03-02 23:00")),
            ("own-1/day", at("03-02 00:00")),
            ("own-2/co2", at("03-03 00:00")),
            ("own-2/co2", at("03-03 01:00")),
            ("own-2/day", at("03-03 00:00")),
        ]
    );
}

#[test]
fn the_editions_of_2002_and_2022_follow_each_other_at_local_midnight() {
    let catalogue = Catalogue::builtin().unwrap();
    let mut world = World::new();
    world.register.packs = vec!["gb-t-18883-2002".to_owned(), "gb-t-18883-2022".to_owned()];
    let mut live = catalogue.live(&world.register);
    live.retain(|l| matches!(l.clause.measure, Measure::Co2HourMean | Measure::Co2DayMean));
    assert!(!live.is_empty());
    world.clauses = live;
    let mut run = world.run();
    run.steady("s1", Quantity::Co2, at("2023-01-31 00:00"), at("2023-02-02 00:00"), 1100.0);
    run.advance(at("2023-02-02 01:00"));
    let editions: Vec<(&str, Instant)> =
        run.verdicts().iter().map(|v| (v.clause.pack.as_str(), v.window.from)).collect();
    let border = at("2023-02-01 00:00");
    assert!(editions.iter().any(|(pack, from)| *pack == "gb-t-18883-2002" && *from < border));
    assert!(editions.iter().any(|(pack, from)| *pack == "gb-t-18883-2022" && *from >= border));
    let swapped = |(pack, from): &(&str, Instant)| (*pack == "gb-t-18883-2002") != (*from < border);
    assert!(!editions.iter().any(swapped), "{editions:?}");
}

#[test]
fn holidays_have_no_working_time_and_make_up_workdays_have() {
    let used = clause("use", PlaceKind::Room, Measure::Utilisation, Period::Day, 2.0);
    let mut world = World::new().with(used);
    let exceptions = &mut world.register.calendar.exceptions;
    exceptions.insert(jiff::civil::date(2026, 3, 2), model::DayKind::Holiday);
    exceptions.insert(jiff::civil::date(2026, 3, 7), model::DayKind::Workday);
    let mut run = world.run();
    run.steady("s1", Quantity::Occupied, at("03-02 00:00"), at("03-09 00:00"), 1.0);
    run.advance(at("03-09 01:00"));
    let days: Vec<_> = run.verdicts().iter().map(|v| v.window.from).collect();
    let expected = ["03-03", "03-04", "03-05", "03-06", "03-07"].map(|day| at(&format!("{day} 00:00")));
    assert_eq!(days, expected, "no working time, no verdict");
}

#[test]
fn a_running_month_gives_no_verdict_when_the_input_ends() {
    let monthly = clause("month", PlaceKind::Room, Measure::Utilisation, Period::Month, 0.5);
    let mut run = World::new().with(monthly).run();
    run.steady("s1", Quantity::Occupied, at("03-30 00:00"), at("2026-04-03 00:00"), 1.0);
    run.finish();
    let months: Vec<_> = run.verdicts().iter().map(|v| v.window.from).collect();
    assert_eq!(months, [at("03-01 00:00")]);
}

#[test]
fn verdicts_of_one_instant_come_rooms_first() {
    let mut world =
        World::new().with(clause("busy", PlaceKind::Building, Measure::Utilisation, Period::Hour, 2.0));
    world = world.with(clause("room", PlaceKind::Room, Measure::Utilisation, Period::Hour, 2.0));
    let mut run = world.run();
    run.steady("s2", Quantity::Occupied, at("03-02 09:00"), at("03-02 10:30"), 1.0);
    let order: Vec<_> = run.verdicts().iter().map(|v| (v.subject.id().clone(), v.time)).collect();
    assert_eq!(order, [(id("r2"), at("03-02 10:15")), (id("b"), at("03-02 10:15"))]);
    assert!(run.verdicts().iter().all(|v| v.outcome != Outcome::Breach));
}

#[test]
fn thirty_five_days_give_each_window_once_and_no_more() {
    let week = clause("use", PlaceKind::Room, Measure::Utilisation, Period::Week, 0.5);
    let mut run = World::new().with(co2()).with(day()).with(week).run();
    let (from, to) = (at("03-02 00:00"), at("04-06 00:00"));
    let mut time = from;
    while time < to {
        run.send("s1", Quantity::Co2, time, 700.0).send("s1", Quantity::Occupied, time, 1.0);
        time = time.plus_ms(900_000);
    }
    run.advance(to.plus_ms(3_600_000));
    for (name, windows) in [("co2", 35 * 24), ("day", 35), ("use", 5)] {
        let said = run.of(name);
        let windows_of: std::collections::BTreeSet<_> = said.iter().map(|v| v.window.from).collect();
        assert_eq!((said.len(), windows_of.len()), (windows, windows), "{name}");
        assert!(said.iter().all(|v| v.revision == 1 && v.coverage > 0.999), "{name}");
    }
}
