//! What was seeded, as labelled data: a judge of alerts knows what should have been found, where and when.

use jiff::ToSpan;
use model::{Id, Instant, Quantity, RoomUse, Span};

use crate::{
    air::Mode,
    day::{Day, STEP_S},
    energy::Registers,
    fault::FaultKind,
    office::{Office, Role},
    scenario::{Breach, Kit},
};

/// What was seeded.
#[derive(Debug, Clone, PartialEq)]
pub enum Label {
    /// A standard is breached at a place.
    Breach {
        /// Room or building.
        place: Id,
        /// Clause that it breaches, `<pack>/<clause>`.
        clause: &'static str,
        /// Name of the measure that shows it.
        measure: &'static str,
    },
    /// A sensor fails.
    Fault {
        /// Id on the wire.
        sensor: Id,
        /// How.
        kind: FaultKind,
        /// Only this quantity, or all.
        quantity: Option<Quantity>,
    },
}

/// A label and the span in which it holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Truth {
    /// What.
    pub label: Label,
    /// When; figures of the register alone hold all the time.
    pub span: Span,
}

/// Ppm above which an hour's mean breaches (0.10 % by volume).
const STALE_PPM: f64 = 1000.0;
/// Usable area a person below which an office is crowded, m².
const CROWDED_M2: f64 = 6.0;

pub(crate) fn truth(office: &Office, span: Span) -> Vec<Truth> {
    let mut found = Vec::new();
    for fault in &office.faults {
        let Some(device) = office.devices.get(fault.device) else { continue };
        if let Some(span) = fault.span.intersect(span) {
            let label =
                Label::Fault { sensor: device.id.clone(), kind: fault.kind, quantity: fault.quantity };
            found.push(Truth { label, span });
        }
    }
    for breach in &office.file.breach {
        for (place, (clause, measure)) in standing(office, breach) {
            found.push(Truth { label: Label::Breach { place, clause, measure }, span });
        }
    }
    found.extend(observed(office, span));
    found
}

/// A clause and the measure that it limits.
type Rule = (&'static str, &'static str);

const CO2: Rule = ("gb-t-18883-2022/co2", "co2_hour_mean");
const COOLING: Rule = ("cn-42-2007/cooling", "temperature_hour_mean");
const HEATING: Rule = ("cn-42-2007/heating", "temperature_hour_mean");
const SET_COOLING: Rule = ("cn-42-2007/setpoint-cooling", "setpoint_hour_mean");
const SET_HEATING: Rule = ("cn-42-2007/setpoint-heating", "setpoint_hour_mean");
const CROWDING: Rule = ("jgj-t-67-2019/office-crowding", "area_per_person");
const OFFICE_AREA: Rule = ("cn-2674-2014/office-area", "private_office_area");
const IDLE: [Rule; 2] =
    [("normwatch-policy-1/idle-room", "idle_working_days"), ("normwatch-policy-1/low-use", "utilisation")];
const EMPTY: Rule = ("normwatch-policy-1/energy-while-empty", "energy_while_empty");
const NIGHT: [Rule; 2] = [
    ("normwatch-policy-1/night-ratio", "night_ratio"),
    ("normwatch-policy-1/rest-day-ratio", "rest_day_ratio"),
];
const QUOTA: [Rule; 2] = [
    ("db37-t-2672-2019/electricity-provincial-b", "eui"),
    ("db37-t-2672-2019/non-heating-provincial-b", "eui"),
];

/// Breaches that hold for the whole run.
fn standing(office: &Office, breach: &Breach) -> Vec<(Id, Rule)> {
    let all = |place: &Id, rules: &[Rule]| rules.iter().map(|rule| (place.clone(), *rule)).collect();
    match breach {
        Breach::Oversized { room, .. } => all(room, &[OFFICE_AREA]),
        Breach::Idle { room } => all(room, &IDLE),
        Breach::NightWaste { meter, .. } => match office.meters.iter().find(|m| m.id == *meter) {
            Some(plug) if plug.room.is_some() => all(&plug.place, &[EMPTY]),
            Some(meter) => all(&meter.place, &NIGHT),
            None => Vec::new(),
        },
        Breach::OverQuota { .. } => all(&office.file.building.id, &QUOTA),
        Breach::StaleAir { .. } | Breach::Crowded { .. } | Breach::Setpoint { .. } => Vec::new(),
    }
}

/// Breaches that come and go with people and season, found in the office itself and not in readings.
fn observed(office: &Office, span: Span) -> Vec<Truth> {
    let mut found: Vec<Truth> = Vec::new();
    let mut date = office.calendar.date(span.from);
    let mut registers = Registers::new(office);
    while office.calendar.start_of(date) < span.to {
        let day = Day::new(office, date, registers);
        registers = day.registers();
        for breach in &office.file.breach {
            let spans = match breach {
                Breach::StaleAir { room, .. } => hours(&day, |at| stale(office, &day, room, at)),
                Breach::Setpoint { room, .. } => hours(&day, |at| misset(office, &day, room, at)),
                Breach::Crowded { room, .. } => steps(&day, |at| is_crowded(office, &day, room, at)),
                _ => Vec::new(),
            };
            let (place, (clause, measure)) = match breach {
                Breach::StaleAir { room, .. } => (room, CO2),
                Breach::Setpoint { room, .. } if day.mode == Mode::Cooling => (room, COOLING),
                Breach::Setpoint { room, .. } => (room, HEATING),
                Breach::Crowded { room, .. } => (room, CROWDING),
                _ => continue,
            };
            for part in spans.into_iter().filter_map(|s| s.intersect(span)) {
                join(&mut found, &Label::Breach { place: place.clone(), clause, measure }, part);
            }
            if let Breach::Setpoint { room, .. } = breach {
                let (clause, measure) = if day.mode == Mode::Cooling { SET_COOLING } else { SET_HEATING };
                let label = Label::Breach { place: room.clone(), clause, measure };
                for part in hours(&day, |at| set_wrong(office, &day, room, at)) {
                    part.intersect(span).into_iter().for_each(|part| join(&mut found, &label, part));
                }
            }
        }
        match date.checked_add(1.day()) {
            Ok(next) => date = next,
            Err(_) => break,
        }
    }
    found
}

/// Adds a span of a label, lengthening its last span when they touch.
fn join(found: &mut Vec<Truth>, label: &Label, span: Span) {
    match found.iter_mut().rev().find(|truth| truth.label == *label) {
        Some(last) if last.span.to == span.from => last.span.to = span.to,
        _ => found.push(Truth { label: label.clone(), span }),
    }
}

fn hours(day: &Day, holds: impl Fn(Span) -> bool) -> Vec<Span> {
    let count = day.end.since(day.start) / 3_600_000;
    let hour = |n: i64| Span::new(day.start.plus_ms(n * 3_600_000), day.start.plus_ms((n + 1) * 3_600_000));
    (0..count).map(hour).filter(|hour| holds(*hour)).collect()
}

fn steps(day: &Day, holds: impl Fn(Instant) -> bool) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    for at in instants(Span::new(day.start, day.end)).filter(|at| holds(*at)) {
        let end = at.plus_ms(STEP_S * 1000);
        match spans.last_mut() {
            Some(last) if last.to == at => last.to = end,
            _ => spans.push(Span::new(at, end)),
        }
    }
    spans
}

fn instants(span: Span) -> impl Iterator<Item = Instant> {
    let count = span.millis() / (STEP_S * 1000);
    (0..count).map(move |step| span.from.plus_ms(step * STEP_S * 1000))
}

fn stale(office: &Office, day: &Day, room: &Id, hour: Span) -> bool {
    let Some((index, _)) = office.room(room) else { return false };
    // Only hours with people are judged, and only the part in which they are there.
    let inside: Vec<f64> =
        instants(hour).filter(|at| day.people(index, *at) > 0).map(|at| day.co2(index, at)).collect();
    !inside.is_empty() && mean(&inside) > STALE_PPM
}

fn misset(office: &Office, day: &Day, room: &Id, hour: Span) -> bool {
    let Some((index, room)) = office.room(room) else { return false };
    let running = |at: &Instant| {
        let (cools, heats) = day.conditioning(room, *at);
        cools || heats
    };
    let inside: Vec<f64> =
        instants(hour).filter(running).map(|at| day.temperature(office, index, room, at)).collect();
    // Set-point rule of 2007: not below 26 °C in summer, not above 20 °C in winter.
    match day.mode {
        Mode::Cooling => !inside.is_empty() && mean(&inside) < 26.0,
        Mode::Heating => !inside.is_empty() && mean(&inside) > 20.0,
        Mode::Off => false,
    }
}

/// Whether a unit that tells its set-point runs in the hour with a wrong one.
fn set_wrong(office: &Office, day: &Day, room: &Id, hour: Span) -> bool {
    let Some((index, room)) = office.room(room) else { return false };
    let is_told = office.devices.iter().any(|d| matches!(d.role, Role::Room(i, Kit::Hvac) if i == index));
    let runs = |at| {
        let (cools, heats) = day.conditioning(room, at);
        cools || heats
    };
    is_told
        && instants(hour).any(runs)
        && match day.mode {
            Mode::Cooling => room.cooling_c < 26.0,
            Mode::Heating => room.heating_c > 20.0,
            Mode::Off => false,
        }
}

fn is_crowded(office: &Office, day: &Day, room: &Id, at: Instant) -> bool {
    let Some((index, room)) = office.room(room) else { return false };
    let is_office = matches!(room.room_use, RoomUse::Office | RoomUse::OpenOffice | RoomUse::SingleOffice);
    let people = f64::from(day.people(index, at));
    is_office && people > 0.0 && room.usable_area_m2.is_some_and(|area| area / people < CROWDED_M2)
}

#[expect(clippy::cast_precision_loss, reason = "steps of an hour")]
fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}
