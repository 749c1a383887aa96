//! One local day of the office: people and air of each room, power of each meter, on a grid of two minutes.

use jiff::civil::Date;
use model::{Instant, Season};

use crate::{
    air::{self, Mixed, Mode},
    energy::{self, MeterDay, Registers},
    office::Office,
    people,
    rooms::Room,
    scenario::Pattern,
};

/// Length of a step, s.
pub(crate) const STEP_S: i64 = 120;
const STEP_H: f64 = 120.0 / 3600.0;
/// Height of every room, m.
const HEIGHT_M: f64 = 2.8;
/// Air changes an hour through gaps when ventilation is off.
const LEAKAGE: f64 = 0.4;

/// A room's day.
#[derive(Debug, Clone)]
pub(crate) struct RoomDay {
    pub(crate) people: Vec<u16>,
    /// CO2 in ppm at the end of each step.
    pub(crate) co2: Vec<f64>,
}

/// The office's day.
#[derive(Debug, Clone)]
pub(crate) struct Day {
    pub(crate) start: Instant,
    pub(crate) end: Instant,
    /// Count of days, for draws.
    pub(crate) number: i64,
    pub(crate) is_working: bool,
    pub(crate) mode: Mode,
    /// Share of the season's indoor climate in this day, 1 inside a season.
    season_share: f64,
    near: Mode,
    pub(crate) rooms: Vec<RoomDay>,
    pub(crate) meters: Vec<MeterDay>,
    registers: Registers,
}

impl Day {
    /// Makes a day; `registers` may stand at any earlier midnight.
    pub(crate) fn new(office: &Office, date: Date, mut registers: Registers) -> Self {
        registers.advance(office, date);
        let start = office.calendar.start_of(date);
        let end = date.tomorrow().map_or(Instant::MAX, |next| office.calendar.start_of(next));
        let steps = usize::try_from(end.since(start) / 1000 / STEP_S).unwrap_or(0);
        let number = office.day_number(date);
        let is_working = office.calendar.is_working_day(date);
        let (mode, near, season_share) = season(office, date);
        let rooms: Vec<RoomDay> = office
            .rooms
            .iter()
            .map(|room| room_day(office, room, number, is_working, start, steps))
            .collect();
        let mut day = Self {
            start,
            end,
            number,
            is_working,
            mode,
            season_share,
            near,
            rooms,
            meters: Vec::new(),
            registers,
        };
        day.meters = day.loads(office, date, steps);
        day
    }

    /// A day on which nobody comes and nothing runs.
    pub(crate) fn empty(office: &Office, date: Date) -> Self {
        let start = office.calendar.start_of(date);
        Self {
            start,
            end: date.tomorrow().map_or(Instant::MAX, |next| office.calendar.start_of(next)),
            number: office.day_number(date),
            is_working: false,
            mode: Mode::Off,
            season_share: 0.0,
            near: Mode::Off,
            rooms: Vec::new(),
            meters: Vec::new(),
            registers: Registers::new(office),
        }
    }

    /// The step that an instant falls into.
    pub(crate) fn step(&self, at: Instant) -> usize {
        let step = at.since(self.start).div_euclid(1000 * STEP_S);
        let last = self.rooms.first().map_or(0, |room| room.people.len().saturating_sub(1));
        usize::try_from(step).unwrap_or(0).min(last)
    }

    /// Local hour of the day.
    pub(crate) fn hour(&self, at: Instant) -> f64 {
        crate::report::hours(at.since(self.start))
    }

    /// People in a room.
    pub(crate) fn people(&self, room: usize, at: Instant) -> u16 {
        self.rooms.get(room).and_then(|r| r.people.get(self.step(at))).copied().unwrap_or(0)
    }

    /// CO2 in a room, ppm.
    pub(crate) fn co2(&self, room: usize, at: Instant) -> f64 {
        self.rooms.get(room).and_then(|r| r.co2.get(self.step(at))).copied().unwrap_or(430.0)
    }

    /// Temperature in a room, °C.
    pub(crate) fn temperature(&self, office: &Office, index: usize, room: &Room, at: Instant) -> f64 {
        let days = office.weather.local_days(at);
        let outside = office.weather.slow_temperature(days);
        let hour = self.hour(at);
        let grip = if self.is_working || room.is_left_running { air::grip(hour) } else { 0.0 };
        let target = |mode| match mode {
            // Heavy walls hold the night at 26.7 to 27.2 °C in summer and 17.3 to 17.9 °C in winter.
            Mode::Cooling => (27.0 + 0.05 * (outside - 26.0).clamp(-6.0, 4.0), room.cooling_c),
            Mode::Heating => (17.6 + 0.03 * outside.clamp(-10.0, 10.0), room.heating_c),
            Mode::Off => (22.3, 22.8),
        };
        let blend = |mode| {
            let (free, held) = target(mode);
            free + (held - free) * grip
        };
        let base = blend(Mode::Off) + (blend(self.near) - blend(Mode::Off)) * self.season_share;
        let crowd = 0.25 * f64::from(self.people(index, at)) / f64::from(room.people.max(1));
        base + crowd.min(0.3)
            + 0.12 * room.stream.of(21).wander(days * 6.0)
            + 0.08 * room.stream.of(22).normal(0)
    }

    /// Relative humidity in a room, %.
    pub(crate) fn humidity(&self, office: &Office, index: usize, room: &Room, at: Instant) -> f64 {
        let days = office.weather.local_days(at);
        let of = |mode| match mode {
            Mode::Cooling => 58.0,
            Mode::Heating => 43.0,
            Mode::Off => 49.0,
        };
        let base = of(Mode::Off) + (of(self.near) - of(Mode::Off)) * self.season_share;
        let crowd = 1.5 * f64::from(self.people(index, at)) / f64::from(room.people.max(1));
        base + 5.0 * office.weather_wander(days / 1.5) + crowd + room.stream.of(23).wander(days * 5.0)
    }

    /// Light on the desks, lx: lamps when somebody is there, daylight through the window.
    pub(crate) fn illuminance(&self, office: &Office, index: usize, room: &Room, at: Instant) -> f64 {
        let daylight = office.weather.daylight(at) * room.stream.of(24).between(0, 80.0, 320.0);
        let lamps =
            if self.people(index, at) > 0 { room.stream.of(25).between(0, 340.0, 420.0) } else { 0.0 };
        lamps + daylight
    }

    /// Whether cooling and heating run in a room.
    pub(crate) fn conditioning(&self, room: &Room, at: Instant) -> (bool, bool) {
        let runs = (self.is_working || room.is_left_running) && air::is_running(self.hour(at));
        (runs && self.mode == Mode::Cooling, runs && self.mode == Mode::Heating)
    }

    /// A meter's register in real units, its parts included, before any reset.
    pub(crate) fn register(&self, office: &Office, meter: usize, at: Instant) -> f64 {
        let into = crate::report::hours(at.since(self.start).max(0)) / STEP_H;
        let step = self.step(at);
        let part = (into - crate::numbers::float(i64::try_from(step).unwrap_or(0))).clamp(0.0, 1.0);
        let own = |index: usize| {
            let used = self.meters.get(index).map_or(0.0, |m| {
                let before = m.used.get(step).copied().unwrap_or(0.0);
                let after = m.used.get(step + 1).copied().unwrap_or(before);
                before + (after - before) * part
            });
            self.registers.own(index) + used
        };
        self.sum(office, meter, own)
    }

    /// A meter's power, kW, its parts included.
    pub(crate) fn power(&self, office: &Office, meter: usize, at: Instant) -> f64 {
        let step = self.step(at);
        self.sum(office, meter, |index| {
            self.meters.get(index).and_then(|m| m.power.get(step)).copied().unwrap_or(0.0)
        })
    }

    /// The registers at this day's midnight.
    pub(crate) fn registers(&self) -> Registers {
        self.registers.clone()
    }

    fn sum(&self, office: &Office, meter: usize, of: impl Fn(usize) -> f64) -> f64 {
        let parts = office.meters.get(meter).map(|m| energy::counted(office, m)).unwrap_or_default();
        of(meter) + parts.into_iter().map(&of).sum::<f64>()
    }

    fn loads(&self, office: &Office, date: Date, steps: usize) -> Vec<MeterDay> {
        let presence: Vec<f64> = (0..steps)
            .map(|step| {
                let present =
                    office.rooms.iter().zip(&self.rooms).filter(|(room, _)| room.pattern == Pattern::Desk);
                let people: f64 =
                    present.filter_map(|(_, day)| day.people.get(step)).map(|n| f64::from(*n)).sum();
                people / office.staff
            })
            .collect();
        let demand = energy::demand(office, date);
        let grip: Vec<f64> =
            (0_i64..)
                .take(steps)
                .map(|step| {
                    if self.is_working {
                        demand * air::grip(crate::numbers::float(step) * STEP_H)
                    } else {
                        0.0
                    }
                })
                .collect();
        let day_of = |meter: &crate::office::Meter| {
            use model::register::EndUse;
            let people: Vec<f64>;
            let drive = match (meter.room.and_then(|room| self.rooms.get(room)), meter.end_use) {
                (Some(room), _) => {
                    people = room.people.iter().map(|n| f64::from(*n)).collect();
                    &people
                }
                (None, EndUse::Hvac) => &grip,
                _ => &presence,
            };
            let shape = drive.iter().map(|share| meter.night + meter.day * share).collect();
            energy::meter_day(energy::day_energy(office, meter, date), shape, STEP_H)
        };
        office.meters.iter().map(day_of).collect()
    }
}

fn room_day(
    office: &Office,
    room: &Room,
    number: i64,
    is_working: bool,
    start: Instant,
    steps: usize,
) -> RoomDay {
    let stays = people::stays(room.pattern, room.people, room.stream, number, is_working);
    let people = people::counts(&stays, steps, STEP_S);
    let volume_m3 = room.usable_area_m2.unwrap_or(30.0) * HEIGHT_M;
    let leak = Mixed { volume_m3, supply_m3h: LEAKAGE * volume_m3 };
    let driven = Mixed { volume_m3, supply_m3h: room.supply_m3h.max(leak.supply_m3h) };
    let driven =
        if room.is_always_supplied { Mixed { volume_m3, supply_m3h: room.supply_m3h } } else { driven };
    let outdoor = office.weather.co2(start);
    // At midnight a room is empty or staffed around the clock: both stand at their steady state.
    let mut co2 = driven.steady(outdoor, f64::from(people.first().copied().unwrap_or(0)));
    let co2 = people
        .iter()
        .zip(0_i64..)
        .map(|(present, step)| {
            let hour = crate::numbers::float(step) * STEP_H;
            let at = start.plus_ms(step * STEP_S * 1000);
            let air = match room.repaired.filter(|(since, _)| *since <= at) {
                Some((_, supply_m3h)) => Mixed { volume_m3, supply_m3h },
                None if room.is_always_supplied || (6.5..20.5).contains(&hour) => driven,
                None => leak,
            };
            let outdoor = office.weather.co2(at);
            co2 = air.after(co2, outdoor, f64::from(*present), STEP_H);
            co2
        })
        .collect();
    RoomDay { people, co2 }
}

/// The mode of a date, the season nearest to it, and how much of that season's climate the rooms
/// have: all inside it, none ten days outside, so that no season begins with a jump.
fn season(office: &Office, date: Date) -> (Mode, Mode, f64) {
    let mode_of = |date: Date| {
        let is = |season| office.calendar.is_season(season, date) == Some(true);
        if is(Season::Cooling) {
            Mode::Cooling
        } else if is(Season::Heating) {
            Mode::Heating
        } else {
            Mode::Off
        }
    };
    let mode = mode_of(date);
    if mode != Mode::Off {
        return (mode, mode, 1.0);
    }
    let (mut back, mut ahead) = (date, date);
    for far in 1_i32..10 {
        back = back.yesterday().unwrap_or(back);
        ahead = ahead.tomorrow().unwrap_or(ahead);
        for near in [mode_of(back), mode_of(ahead)] {
            if near != Mode::Off {
                return (mode, near, 1.0 - f64::from(far) / 10.0);
            }
        }
    }
    (mode, Mode::Off, 0.0)
}
