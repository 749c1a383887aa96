//! Meters: power that follows people, weather and habit, integrated into registers that only rise.
//!
//! The energy of a whole day has a closed form, so that a register years after its start costs a
//! sum over days; inside a day the power's shape divides that energy, so that both always agree.

use jiff::civil::Date;
use model::{
    Season,
    register::{Carrier, EndUse},
};

use crate::{
    office::{Meter, Office},
    people,
};

/// Hours of full presence to which a working day amounts.
const FULL_HOURS: f64 = 7.0;
/// The same for conditioning, from about 06:30 to 20:30 with soft ends.
const GRIP_HOURS: f64 = 14.0;

/// The first day on which meters count: two years before the year of the start.
pub(crate) fn first_day(office: &Office) -> Date {
    let start = office.calendar.date(office.start).first_of_year();
    Date::new(start.year().saturating_sub(2), 1, 1).unwrap_or(start)
}

/// Registers of all meters at a local midnight, in real units (kWh, m³), own loads only.
#[derive(Debug, Clone)]
pub(crate) struct Registers {
    date: Date,
    own: Vec<f64>,
}

impl Registers {
    pub(crate) fn new(office: &Office) -> Self {
        Self { date: first_day(office), own: vec![0.0; office.meters.len()] }
    }

    /// Moves on to the midnight at which `date` begins; never back.
    pub(crate) fn advance(&mut self, office: &Office, date: Date) {
        while self.date < date {
            for (register, meter) in self.own.iter_mut().zip(&office.meters) {
                *register += day_energy(office, meter, self.date);
            }
            match self.date.tomorrow() {
                Ok(next) => self.date = next,
                Err(_) => return,
            }
        }
    }

    pub(crate) fn own(&self, meter: usize) -> f64 {
        self.own.get(meter).copied().unwrap_or(0.0)
    }
}

/// What a meter's own load uses in a local day, kWh or m³.
pub(crate) fn day_energy(office: &Office, meter: &Meter, date: Date) -> f64 {
    let day = office.day_number(date);
    let is_working = office.calendar.is_working_day(date);
    let chance = 1.0 + 0.03 * meter.stream.of(9).normal(day);
    if let Some(room) = meter.room.and_then(|index| office.rooms.get(index)) {
        let stays = people::stays(room.pattern, room.people, room.stream, day, is_working);
        return meter.night * 24.0 + meter.day * people::person_hours(&stays, 86_400) * chance;
    }
    let full_hours = match meter.end_use {
        EndUse::DataCentre => 0.0,
        EndUse::Hvac if is_working => demand(office, date) * GRIP_HOURS,
        _ if is_working => FULL_HOURS,
        _ => 0.1,
    };
    (meter.night * 24.0 + meter.day * full_hours) * chance
}

/// How hard the conditioning works on a day: cooling with the heat outside, heating only its pumps.
pub(crate) fn demand(office: &Office, date: Date) -> f64 {
    let mean = office.weather.slow_temperature(crate::numbers::float(office.day_number(date)) + 0.5);
    let is = |season| office.calendar.is_season(season, date) == Some(true);
    if is(Season::Cooling) {
        ((mean - 18.0) / 10.0).clamp(0.2, 1.3)
    } else if is(Season::Heating) {
        0.35
    } else {
        0.15
    }
}

/// One meter's day: power at each step and energy used since midnight at each step's start.
#[derive(Debug, Clone, Default)]
pub(crate) struct MeterDay {
    pub(crate) power: Vec<f64>,
    pub(crate) used: Vec<f64>,
}

/// The own load of a meter over a day, scaled so that it adds up to [`day_energy`].
pub(crate) fn meter_day(energy: f64, shape: Vec<f64>, step_h: f64) -> MeterDay {
    let sum: f64 = shape.iter().sum::<f64>() * step_h;
    let scale = if sum > 0.0 { energy / sum } else { 0.0 };
    let mut total = 0.0;
    let mut used = Vec::with_capacity(shape.len() + 1);
    used.push(0.0);
    let power: Vec<f64> = shape
        .into_iter()
        .map(|part| {
            let power = part * scale;
            total += power * step_h;
            used.push(total);
            power
        })
        .collect();
    MeterDay { power, used }
}

/// Indexes of the meters whose loads a meter counts besides its own: a total counts its sub-meters.
pub(crate) fn counted(office: &Office, meter: &Meter) -> Vec<usize> {
    let is_total = meter.end_use == EndUse::Total && meter.carrier == Carrier::Electricity;
    let below = |m: &Meter| is_total && m.parent.as_ref() == Some(&meter.id);
    office.meters.iter().enumerate().filter(|(_, m)| below(m)).map(|(index, _)| index).collect()
}
