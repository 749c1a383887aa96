//! What each device reports on a day, before any fault: values as its sensor resolves them.

use model::{Instant, Quantity};

use crate::{
    day::Day,
    office::{Device, Office, Role},
    report::{Report, ReportKind},
    scenario::{Format, Kit},
};

/// All reports of a device whose observation falls into the day, in order of observation.
pub(crate) fn reports(office: &Office, day: &Day, index: usize, device: &Device) -> Vec<Report> {
    let mut reports: Vec<Report> = ticks(day, device)
        .map(|(time, serial)| Report {
            arrival: time.plus_ms(latency_ms(device, serial)),
            time,
            stamp: time,
            device: index,
            serial,
            copy: 0,
            kind: ReportKind::Up,
            values: values(office, day, device, time, serial),
        })
        .collect();
    if let Role::Room(room, Kit::Presence | Kit::Motion) = device.role {
        reports.extend(changes(office, day, index, device, room));
        reports.sort_by_key(|report| report.time);
    }
    if matches!(device.format, Format::ChirpstackV4) {
        reports.extend(network_events(day, index, device));
    }
    reports
}

/// The times of a periodic device: every interval from a phase of its own, whatever the day.
fn ticks(day: &Day, device: &Device) -> impl Iterator<Item = (Instant, i64)> + use<> {
    let interval_ms = device.interval_s * 1000;
    let phase = device.stream.of(1).bits(0).cast_signed().rem_euclid(interval_ms);
    let first = (day.start.millis() - phase).div_euclid(interval_ms) + 1;
    let end = day.end;
    (first..)
        .map(move |serial| (Instant::from_millis(serial * interval_ms + phase), serial))
        .take_while(move |(time, _)| *time < end)
}

/// A report at each arrival of the first and leaving of the last person.
fn changes(office: &Office, day: &Day, index: usize, device: &Device, room: usize) -> Vec<Report> {
    let Some(people) = day.rooms.get(room).map(|r| &r.people) else { return Vec::new() };
    let steps = people.iter().zip(people.iter().skip(1)).zip(1_i64..);
    let turned = steps.filter(|((before, after), _)| (**before > 0) != (**after > 0));
    turned
        .map(|(_, step)| {
            let start = day.start.plus_ms(step * crate::day::STEP_S * 1000);
            let time =
                start.plus_ms(device.stream.of(2).bits(start.millis()).cast_signed().rem_euclid(60_000));
            let serial = time.millis() / 1000;
            Report {
                arrival: time.plus_ms(latency_ms(device, serial)),
                time,
                stamp: time,
                device: index,
                serial,
                copy: 0,
                kind: ReportKind::Up,
                values: values(office, day, device, time, serial),
            }
        })
        .collect()
}

/// A battery status once a day, and on a rare day a new join.
fn network_events(day: &Day, index: usize, device: &Device) -> impl Iterator<Item = Report> + use<> {
    let stream = device.stream.of(3);
    let mut kinds = vec![(ReportKind::Status, 1)];
    if stream.uniform(day.number) < 0.01 {
        kinds.push((ReportKind::Join, 2));
    }
    let (start, number) = (day.start, day.number);
    kinds.into_iter().map(move |(kind, aspect)| {
        let time = start.plus_ms(stream.of(aspect).bits(number).cast_signed().rem_euclid(86_000_000));
        Report {
            arrival: time.plus_ms(300),
            time,
            stamp: time,
            device: index,
            serial: number,
            copy: 0,
            kind,
            values: Vec::new(),
        }
    })
}

/// Radio and gateway delay, 150 to 1,400 ms.
fn latency_ms(device: &Device, serial: i64) -> i64 {
    150 + device.stream.of(4).bits(serial).cast_signed().rem_euclid(1_250)
}

/// The values of a device at an instant, in canonical units.
pub(crate) fn values(
    office: &Office,
    day: &Day,
    device: &Device,
    at: Instant,
    serial: i64,
) -> Vec<(Quantity, f64)> {
    office
        .quantities(device)
        .into_iter()
        .zip(0_u64..)
        .map(|(quantity, aspect)| {
            let noise = device.stream.of(100 + aspect).normal(serial);
            (quantity, value(office, day, device, quantity, at, noise))
        })
        .collect()
}

fn value(office: &Office, day: &Day, device: &Device, quantity: Quantity, at: Instant, noise: f64) -> f64 {
    use Quantity as Q;
    match device.role {
        Role::Outdoor => match quantity {
            Q::OutdoorCo2 => round(office.weather.co2(at) + 2.0 * noise, 0),
            _ => round(office.weather.temperature(at) + 0.1 * noise, 1),
        },
        Role::Meter(index) => {
            let multiplier = office.meters.get(index).map_or(1.0, |m| m.multiplier);
            let initial = office.meters.get(index).map_or(0.0, |m| m.initial);
            match quantity {
                Q::Power => round(day.power(office, index, at) * 1000.0, 1),
                _ => round(initial + day.register(office, index, at) / multiplier, 3),
            }
        }
        Role::Room(index, _) => {
            let Some(room) = office.rooms.get(index) else { return 0.0 };
            let people = day.people(index, at);
            let flag = |is_on: bool| f64::from(u8::from(is_on));
            match quantity {
                Q::Temperature => round(day.temperature(office, index, room, at) + 0.06 * noise, 1),
                Q::Humidity => round(day.humidity(office, index, room, at) + 0.4 * noise, 1),
                Q::Co2 => round(day.co2(index, at) + 7.0 * noise, 0),
                Q::Illuminance => round(day.illuminance(office, index, room, at) * (1.0 + 0.02 * noise), 0),
                Q::PeopleCount => f64::from(people),
                // A still person is missed now and then by an infrared sensor.
                Q::Motion => flag(people > 0 && noise < 1.6),
                Q::Occupied => flag(people > 0),
                Q::Setpoint => match day.mode {
                    crate::air::Mode::Cooling => room.cooling_c,
                    crate::air::Mode::Heating => room.heating_c,
                    crate::air::Mode::Off => 23.0,
                },
                Q::CoolingOn => flag(day.conditioning(room, at).0),
                Q::HeatingOn => flag(day.conditioning(room, at).1),
                _ => 0.0,
            }
        }
    }
}

fn round(value: f64, places: i32) -> f64 {
    let scale = 10_f64.powi(places);
    (value * scale).round() / scale
}
