//! Random offices: places, sensors that move, registers that fall, clock changes, gaps.

use std::sync::Arc;

use jiff::{ToSpan, tz::TimeZone};
use model::{
    Calendar, Instant, Period, PlaceKind, Quantity, Reading, Register, RoomUse, Series, Span,
    register::{Carrier, Dated, History, Meter, MeterEvent, MeterEventKind, Sensor},
};
use rules::{Bound, Clause, Gate, LiveClause, Measure};

use crate::world::{clause, id, place, two};

pub(crate) const MINUTE: i64 = 60_000;

/// A small random number generator (splitmix64), so that a seed names a case for ever.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number in `0..below`.
    pub(crate) fn below(&mut self, below: i64) -> i64 {
        (self.next() % below as u64) as i64
    }

    pub(crate) fn one_in(&mut self, n: i64) -> bool {
        self.below(n) == 0
    }

    pub(crate) fn of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len() as i64) as usize]
    }

    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            items.swap(i, self.below(i as i64 + 1) as usize);
        }
    }
}

/// The buildings; rooms begin in the first and may move to the second.
pub(crate) const BUILDINGS: [&str; 2] = ["b", "c"];

/// Zones and days with a clock change, an odd offset or a leap day.
const DAYS: [(&str, &str); 14] = [
    ("Asia/Shanghai", "2026-03-02T00:00:00Z"),
    ("Asia/Kathmandu", "2024-02-28T03:00:00Z"),
    ("Asia/Kolkata", "2026-01-08T12:00:00Z"),
    ("Europe/Berlin", "2026-10-24T06:00:00Z"),
    ("Europe/Berlin", "2026-03-28T10:00:00Z"),
    ("Australia/Lord_Howe", "2026-04-04T01:00:00Z"),
    ("Australia/Lord_Howe", "2026-10-02T20:00:00Z"),
    ("America/St_Johns", "2026-03-07T05:00:00Z"),
    ("America/Los_Angeles", "2026-10-31T09:00:00Z"),
    ("America/Santiago", "2026-09-05T10:00:00Z"),
    ("America/Santiago", "2026-04-03T23:00:00Z"),
    ("UTC", "2025-12-30T14:00:00Z"),
    ("Pacific/Chatham", "2026-04-03T20:00:00Z"),
    ("Pacific/Chatham", "2026-09-25T20:00:00Z"),
];

/// An office and what its sensors sent, in time order, each series at each instant once.
#[derive(Debug, Clone)]
pub(crate) struct Case {
    pub(crate) register: Register,
    pub(crate) clauses: Vec<LiveClause>,
    pub(crate) readings: Vec<Reading>,
    pub(crate) end: Instant,
}

/// How large a case is; smaller ones are easier to understand when they fail.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Size {
    pub(crate) hours: i64,
    pub(crate) rooms: i64,
    pub(crate) sensors: i64,
    pub(crate) meters: i64,
}

impl Case {
    pub(crate) fn new(seed: u64, size: Size) -> Self {
        let dice = &mut Dice(seed);
        let (zone, day) = dice.of(&DAYS);
        let zone = TimeZone::get(zone).unwrap();
        let start = Instant::parse(day).unwrap().plus_ms(dice.below(600) * MINUTE);
        let end = start.plus_ms(size.hours * 60 * MINUTE);
        let mut register = Register::empty(id("case"));
        register.calendar = Calendar::new(zone.clone());
        if dice.one_in(3) {
            let date = register.calendar.date(end);
            register
                .calendar
                .exceptions
                .insert(date, dice.of(&[model::DayKind::Holiday, model::DayKind::Workday]));
        }
        let border_date = register.calendar.date(start).checked_add(1.day()).unwrap();
        let border = register.calendar.start_of(border_date);
        for building in BUILDINGS {
            register.places.insert(id(building), History::always(place(building, PlaceKind::Building, None)));
        }
        for number in 0..size.rooms {
            add_room(&mut register, dice, number, border);
        }
        let mut readings = Vec::new();
        for number in 0..size.sensors {
            let sensor = add_sensor(&mut register, dice, number, size.rooms, border);
            for quantity in quantities(dice) {
                send(&mut readings, dice, &sensor, quantity, start, end);
            }
        }
        for number in 0..size.meters {
            let meter = add_meter(&mut register, dice, number, border);
            add_events(&mut register, dice, &meter, start, end);
            count(&mut readings, dice, &meter, start, end);
        }
        readings.sort_by(|a, b| (a.time, &a.series).cmp(&(b.time, &b.series)));
        Self { register, clauses: clauses(dice, border), readings, end }
    }

    /// Makes every meter's zeros believable, however many.
    pub(crate) fn believe_zeros(&mut self) {
        for history in self.register.meters.values_mut() {
            let mut believed = History::default();
            for row in history.rows() {
                let value = Meter { zero_is_gap: false, ..row.value.clone() };
                believed.insert(Dated { span: row.span, value }).unwrap();
            }
            *history = believed;
        }
    }
}

fn add_room(register: &mut Register, dice: &mut Dice, number: i64, border: Instant) {
    let name = format!("r{number}");
    let mut room = place(&name, PlaceKind::Room, Some("b"));
    room.usable_area_m2 = dice.of(&[Some(20.0), Some(35.5), None]);
    room.room_use = dice.of(&[Some(RoomUse::Office), Some(RoomUse::Meeting), Some(RoomUse::Storage)]);
    let mut later = room.clone();
    if dice.one_in(2) {
        later.usable_area_m2 = Some(50.0);
        later.capacity = Some(9.0);
    }
    if dice.one_in(4) {
        later.room_use = dice.of(&[Some(RoomUse::Office), Some(RoomUse::Storage)]);
    }
    match dice.below(4) {
        0 => later.parent = Some(id("c")),
        1 => {
            room.parent = Some(id("c"));
            later.parent = Some(id("b"));
        }
        _ => {}
    }
    register.places.insert(id(&name), two(room, border, later));
}

fn add_sensor(register: &mut Register, dice: &mut Dice, number: i64, rooms: i64, border: Instant) -> Sensor {
    let interval = dice.of(&[1, 5, 10, 15, 60]);
    let room = |dice: &mut Dice| id(&format!("r{}", dice.below(rooms)));
    let sensor = Sensor {
        interval_s: (interval * 60) as f64,
        max_gap_s: (interval * dice.of(&[1, 2, 3]) * 60) as f64,
        hold_off_s: (dice.of(&[0, 5, 15, 40]) * 60) as f64,
        zone: dice.of(&[None, Some("x"), Some("y")]).map(str::to_owned),
        overlaps: dice.of(&[None, None, Some("x")]).map(str::to_owned),
        ..Sensor::new(id(&format!("s{number}")), room(dice))
    };
    let history = if dice.one_in(3) {
        two(sensor.clone(), border, Sensor { place: room(dice), ..sensor.clone() })
    } else {
        History::always(sensor.clone())
    };
    register.sensors.insert(sensor.id.clone(), history);
    sensor
}

fn quantities(dice: &mut Dice) -> Vec<Quantity> {
    let mut found = Vec::new();
    for quantity in [Quantity::Co2, Quantity::Occupied, Quantity::Motion, Quantity::PeopleCount] {
        if dice.one_in(2) {
            found.push(quantity);
        }
    }
    if dice.one_in(4) {
        found.extend([Quantity::PeopleIn, Quantity::PeopleOut]);
    }
    found
}

fn reading(name: &model::Id, quantity: Quantity, time: Instant, value: f64) -> Reading {
    Reading::new(Series { sensor: name.clone(), quantity, channel: None }, time, value).unwrap()
}

fn send(
    out: &mut Vec<Reading>,
    dice: &mut Dice,
    sensor: &Sensor,
    quantity: Quantity,
    start: Instant,
    end: Instant,
) {
    let length = end.since(start) / MINUTE;
    let mut at = dice.below(length / 2);
    let last = length - if dice.one_in(2) { 0 } else { dice.below(length / 3) };
    while at < last {
        let value = match quantity {
            Quantity::Co2 => 400 + dice.below(24) * 50,
            Quantity::Occupied | Quantity::PeopleIn | Quantity::PeopleOut => dice.below(2),
            Quantity::Motion => dice.of(&[0, 0, 0, 1]),
            _ => dice.below(4),
        };
        out.push(reading(&sensor.id, quantity, start.plus_ms(at * MINUTE), value as f64));
        let interval = sensor.interval_s as i64 / 60;
        at += match dice.below(20) {
            0 => 1 + dice.below(interval * 8),
            1 => 1 + dice.below(interval),
            _ => interval,
        };
    }
}

fn add_meter(register: &mut Register, dice: &mut Dice, number: i64, border: Instant) -> Meter {
    let interval = dice.of(&[15, 30, 60, 90]);
    let meter = Meter {
        interval_s: (interval * 60) as f64,
        max_gap_s: (dice.of(&[15, 60]) * 60) as f64,
        zero_is_gap: dice.one_in(2),
        multiplier: dice.of(&[1.0, 40.0]),
        rollover_at: dice.of(&[None, Some(1000.0)]),
        ..Meter::new(id(&format!("m{number}")), id(dice.of(&["r0", "b", "c"])), Carrier::Electricity)
    };
    let history = if dice.one_in(3) {
        let multiplier = dice.of(&[1.0, meter.multiplier]);
        two(meter.clone(), border, Meter { place: id(dice.of(&["r0", "b"])), multiplier, ..meter.clone() })
    } else {
        History::always(meter.clone())
    };
    register.meters.insert(meter.id.clone(), history);
    meter
}

/// What somebody declared of the meter, at whichever minute; the readings do not know of it.
fn add_events(register: &mut Register, dice: &mut Dice, meter: &Meter, start: Instant, end: Instant) {
    use MeterEventKind::{Multiplier, Replaced, Reset};
    let length = end.since(start) / MINUTE;
    for _ in 0..dice.below(4) {
        let kind = dice.of(&[Reset, Replaced, Multiplier]);
        let noted = |dice: &mut Dice| (!dice.one_in(3)).then(|| dice.below(1000) as f64);
        // On the quarter of an hour: often enough a reading has the same instant.
        let time = start.plus_ms(dice.below(length / 15) * 15 * MINUTE);
        register.meter_events.push(MeterEvent {
            sensor: meter.id.clone(),
            time,
            kind,
            old_reading: noted(dice),
            new_reading: if kind == Multiplier { None } else { noted(dice) },
            multiplier: (kind == Multiplier).then(|| dice.of(&[1.0, 20.0])),
        });
    }
}

fn count(out: &mut Vec<Reading>, dice: &mut Dice, meter: &Meter, start: Instant, end: Instant) {
    let length = end.since(start) / MINUTE;
    let mut at = dice.below(length / 2);
    if dice.one_in(2) {
        at -= at % 15;
    }
    let still = if dice.one_in(2) { (at + length / 8, at + length / 8 + 26 * 60) } else { (0, 0) };
    let mut register = dice.below(1000);
    while at < length {
        out.push(reading(&meter.id, Quantity::EnergyImport, start.plus_ms(at * MINUTE), register as f64));
        let is_still = still.0 <= at && at < still.1;
        register = match dice.below(40) {
            0 | 1 if !is_still => dice.below(10),
            2 if !is_still => 995 + dice.below(5),
            _ if is_still => register,
            _ => register + dice.below(4),
        };
        let interval = meter.interval_s as i64 / 60;
        at += if dice.one_in(15) { 1 + dice.below(interval * 6) } else { interval };
    }
}

fn clauses(dice: &mut Dice, border: Instant) -> Vec<LiveClause> {
    use Measure as M;
    use Period::{Day, Hour, Month, Week};
    use PlaceKind::{Building, Room};
    let gate = |c: Clause| Clause { gate: Some(Gate::Occupied), ..c };
    let mut found = vec![
        clause("co2", Room, M::Co2HourMean, Hour, 1000.0),
        gate(clause("co2-gated", Room, M::Co2HourMean, Hour, 1000.0)),
        clause("co2-day", Room, M::Co2DayMean, Day, 900.0),
        Clause { gate: Some(Gate::Working), ..clause("co2-working", Room, M::Co2DayMean, Day, 900.0) },
        clause("use-hour", Room, M::Utilisation, Hour, 0.5),
        clause("use-day", Room, M::Utilisation, Day, 0.4),
        clause("use-building", Building, M::Utilisation, Day, 0.4),
        clause("peak", Room, M::PeakPeople, Hour, 2.0),
        clause("peak-building", Building, M::PeakPeople, Hour, 3.0),
        clause("seats", Room, M::SeatUtilisation, Day, 0.3),
        clause("area", Room, M::AreaPerPerson, Day, 20.0),
        clause("empty", Room, M::EnergyWhileEmpty, Hour, 1.000_003_3),
        clause("empty-building", Building, M::EnergyWhileEmpty, Day, 5.000_003_3),
        clause("power", Building, M::Electricity, Hour, 4.000_003_3),
        clause("power-room", Room, M::Electricity, Hour, 4.000_003_3),
        clause("power-day", Building, M::Electricity, Day, 60.000_003_3),
        clause("use-week", Room, M::Utilisation, Week, 0.4),
        clause("use-month", Room, M::Utilisation, Month, 0.4),
        clause("use-month-building", Building, M::Utilisation, Month, 0.4),
        clause("seats-week", Room, M::SeatUtilisation, Week, 0.3),
        clause("empty-week", Room, M::EnergyWhileEmpty, Week, 5.000_003_3),
        clause("power-week", Building, M::Electricity, Week, 60.000_003_3),
        clause("power-month", Building, M::Electricity, Month, 60.000_003_3),
    ];
    for clause in &mut found {
        clause.min_coverage = dice.of(if clause.period > Day { &[0.01, 0.05] } else { &[0.25, 0.5, 0.75] });
        clause.hold_ms = dice.of(&[0, 0, 60, 90]) * MINUTE;
        if dice.one_in(3) {
            let cap = clause.limit.fixed.at_most.map(|cap| cap * 0.9);
            clause.clear = Some(Bound { at_most: cap, at_least: None });
        }
    }
    let mut live: Vec<LiveClause> = Vec::new();
    for clause in found {
        let next = Clause { id: clause.id.replace("own-1", "own-2"), ..clause.clone() };
        let spans = if dice.one_in(3) {
            vec![(clause, Span::new(Instant::MIN, border)), (next, Span::new(border, Instant::MAX))]
        } else {
            vec![(clause, Span::ALWAYS)]
        };
        live.extend(spans.into_iter().map(|(clause, in_force)| LiveClause {
            clause: Arc::new(clause),
            in_force,
            is_enforced: true,
        }));
    }
    live
}
