//! A run between two instants: days made one at a time, faults applied, reports in order of arrival.

use std::collections::BTreeMap;

use jiff::{ToSpan, civil::Date};
use model::{Id, Instant, Quantity, Span, register::EndUse};

use crate::{
    day::Day,
    energy::Registers,
    fault::FaultKind,
    noise::Stream,
    office::{Office, Role},
    report::{Report, ReportKind},
    scenario::{Breach, Kit},
    sensing,
};

/// Reports in order of arrival. Any cut into spans gives the same reports as one long run.
#[derive(Debug)]
pub(crate) struct Reports<'a> {
    office: &'a Office,
    span: Span,
    next: Option<Date>,
    registers: Registers,
    /// Made and not yet given, last first.
    waiting: Vec<Report>,
    /// Everything that arrives before this has been made.
    made_until: Instant,
    /// Values at the start of each fault that needs them.
    held: BTreeMap<usize, Vec<(Quantity, f64)>>,
}

impl<'a> Reports<'a> {
    pub(crate) fn new(office: &'a Office, span: Span) -> Self {
        let first = office.calendar.date(span.from);
        let first = first.checked_sub(lookback_days(office).days()).unwrap_or(first);
        Self {
            office,
            span,
            next: Some(first),
            registers: Registers::new(office),
            waiting: Vec::new(),
            made_until: Instant::MIN,
            held: BTreeMap::new(),
        }
    }

    fn make_day(&mut self, date: Date) {
        let day = Day::new(self.office, date, self.registers.clone());
        self.registers = day.registers();
        for (index, device) in self.office.devices.iter().enumerate() {
            let mut reports = sensing::reports(self.office, &day, index, device);
            for (number, fault) in self.office.faults.iter().enumerate().filter(|(_, f)| f.device == index) {
                if fault.span.intersect(Span::new(day.start, day.end)).is_none() {
                    continue;
                }
                let held = held(self.office, number, &mut self.held);
                reports = reports.into_iter().flat_map(|r| fault.apply(r, device.stream, held)).collect();
            }
            self.waiting.append(&mut reports);
        }
        let span = self.span;
        self.waiting.retain(|report| span.contains(report.arrival));
        self.waiting.sort_by_key(|r| std::cmp::Reverse((r.arrival, r.device, r.kind, r.time, r.copy)));
        self.made_until = day.end;
        self.next = date.tomorrow().ok();
    }
}

impl Iterator for Reports<'_> {
    type Item = Report;

    fn next(&mut self) -> Option<Report> {
        loop {
            if self.waiting.last().is_some_and(|report| report.arrival < self.made_until) {
                return self.waiting.pop();
            }
            match self.next {
                Some(date) if self.made_until < self.span.to => self.make_day(date),
                _ => return self.waiting.pop(),
            }
        }
    }
}

/// Days before a span whose messages can still arrive in it.
fn lookback_days(office: &Office) -> i64 {
    let late = office.faults.iter().filter(|f| f.kind == FaultKind::Late);
    late.map(|f| 2 + f.span.millis() / 86_400_000).max().unwrap_or(1)
}

/// The values of a fault's device at its start, as they would be without faults.
fn held<'a>(
    office: &Office,
    number: usize,
    cache: &'a mut BTreeMap<usize, Vec<(Quantity, f64)>>,
) -> &'a [(Quantity, f64)] {
    cache.entry(number).or_insert_with(|| {
        office
            .faults
            .get(number)
            .map(|fault| values_at(office, fault.device, fault.span.from))
            .unwrap_or_default()
    })
}

/// What a device would tell at an instant without faults.
pub(crate) fn values_at(office: &Office, device: usize, at: Instant) -> Vec<(Quantity, f64)> {
    let day = Day::new(office, office.calendar.date(at), Registers::new(office));
    let found = office.devices.get(device);
    found.map(|d| sensing::values(office, &day, d, at, at.millis() / 1000)).unwrap_or_default()
}

/// What verdicts over a week, a month or a year need of the past: all meters at each local midnight; totals each
/// hour from the Monday of the week before the start on; and, from the month before the start on, the people
/// sensors of rooms that are seeded idle.
pub(crate) fn backfill(office: &Office, span: Span) -> impl Iterator<Item = Report> + '_ {
    let mut date = office.calendar.date(span.from.plus_ms(-1)).tomorrow().ok();
    let mut registers = Registers::new(office);
    let month = office.calendar.date(office.start).first_of_month();
    let idle_from = month.checked_sub(1.month()).unwrap_or(month);
    let hourly_from = week_before(office.calendar.date(office.start));
    let days = std::iter::from_fn(move || {
        let today = date?;
        let at = office.calendar.start_of(today);
        if at >= span.to {
            return None;
        }
        date = today.tomorrow().ok();
        registers.advance(office, today);
        let mut reports = midnight(office, &registers, at);
        if today >= idle_from {
            reports.extend(idle(office, &Day::empty(office, today)));
        }
        if today >= hourly_from {
            reports.extend(hourly(office, &Day::new(office, today, registers.clone())));
        }
        reports.sort_by_key(|report| (report.arrival, report.device));
        Some(reports)
    });
    days.flatten().filter(move |report| span.contains(report.arrival))
}

/// The Monday of the week before a date.
fn week_before(date: Date) -> Date {
    let back = i64::from(date.weekday().to_monday_zero_offset()) + 7;
    date.checked_sub(back.days()).unwrap_or(date)
}

/// The totals at each hour of a day after its midnight.
fn hourly(office: &Office, day: &Day) -> Vec<Report> {
    let is_total = |role| match role {
        Role::Meter(meter) => office.meters.get(meter).is_some_and(|m| m.end_use == EndUse::Total),
        _ => false,
    };
    let hours = (1..).map(|hour| day.start.plus_ms(hour * 3_600_000)).take_while(|at| *at < day.end);
    let totals = office.devices.iter().enumerate().filter(|(_, device)| is_total(device.role));
    totals
        .flat_map(|(index, device)| {
            hours.clone().map(move |at| {
                let serial = at.millis() / 1000;
                let values = sensing::values(office, day, device, at, serial);
                with_resets(office, index, past(index, at, values), device.stream)
            })
        })
        .collect()
}

/// A message of the past, which is there shortly after it was observed.
fn past(device: usize, at: Instant, values: Vec<(Quantity, f64)>) -> Report {
    Report {
        // After the last reading before it.
        arrival: at.plus_ms(2_000),
        time: at,
        stamp: at,
        device,
        serial: at.millis() / 1000,
        copy: 0,
        kind: ReportKind::Up,
        values,
    }
}

/// A day of the people sensors of rooms that are seeded idle, as `day` has it: nobody.
fn idle(office: &Office, day: &Day) -> Vec<Report> {
    let is_idle =
        |room: &Id| office.file.breach.iter().any(|b| matches!(b, Breach::Idle { room: r } if r == room));
    let sees_people = |role| matches!(role, Role::Room(_, Kit::Counter | Kit::Presence));
    let devices = office.devices.iter().enumerate().filter(|(_, d)| sees_people(d.role) && is_idle(&d.place));
    let reports = devices.flat_map(|(index, device)| sensing::reports(office, day, index, device));
    reports.filter(|report| report.kind == ReportKind::Up).collect()
}

fn midnight(office: &Office, registers: &Registers, at: Instant) -> Vec<Report> {
    let meters = office.devices.iter().enumerate().filter_map(|(index, device)| match device.role {
        Role::Meter(meter) => Some((index, office.meters.get(meter)?, meter, device.stream)),
        _ => None,
    });
    meters
        .map(|(index, meter, number, stream)| {
            let parts = crate::energy::counted(office, meter);
            let used = registers.own(number) + parts.into_iter().map(|part| registers.own(part)).sum::<f64>();
            let quantity = match meter.carrier {
                model::register::Carrier::Water => Quantity::Water,
                _ => Quantity::EnergyImport,
            };
            let value = ((meter.initial + used / meter.multiplier) * 1000.0).round() / 1000.0;
            with_resets(office, index, past(index, at, vec![(quantity, value)]), stream)
        })
        .collect()
}

fn with_resets(office: &Office, device: usize, report: Report, stream: Stream) -> Report {
    let resets = office.faults.iter().filter(|f| f.device == device && f.kind.is_reset());
    resets.fold(report, |report, fault| {
        if !fault.span.contains(report.time) {
            return report;
        }
        let held = values_at(office, device, fault.span.from);
        fault.apply(report.clone(), stream, &held).pop().unwrap_or(report)
    })
}
