//! The dumbest engine: every minute of every place is looked at, from all readings at once.
//!
//! It shares no code with the real one beyond the types. Everything in a case lies on whole minutes.

mod counters;
mod figures;
mod people;

use std::collections::{BTreeMap, BTreeSet};

use model::{Id, Instant, Period, Place, PlaceKind, Quantity, register::Sensor};
use rules::{Clause, Gate, LiveClause, Measure, Outcome};

use crate::case::{BUILDINGS, Case, MINUTE};

/// What a check says of a window.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Said {
    pub(crate) outcome: Outcome,
    pub(crate) value: Option<f64>,
    pub(crate) coverage: f64,
}

/// Clause, place and window start; window end beside.
pub(crate) type Key = (String, Id, Instant);

/// Pending (false) or firing (true), and since when.
pub(crate) type Alerts = BTreeMap<(String, Id), (bool, Instant)>;

/// One series of one binding, minute by minute: its value in millionths where it is observed.
struct Track {
    quantity: Quantity,
    place: Id,
    sensor: Sensor,
    /// When it hung there.
    bound: model::Span,
    first: Instant,
    readings: Vec<(Instant, i64)>,
    observed: BTreeMap<Instant, i64>,
    moving: BTreeSet<Instant>,
}

/// A step of a register.
#[derive(Clone, Copy)]
struct Step {
    from: Instant,
    to: Instant,
    kwh: f64,
    is_believed: bool,
}

/// The registers of one meter at one place.
struct Counter {
    meter: Id,
    place: Id,
    first: Instant,
    steps: Vec<Step>,
}

/// A minute with its local hour and day.
#[derive(Clone, Copy)]
struct Minute {
    at: Instant,
    hour: usize,
    day: usize,
    is_working: bool,
}

pub(crate) struct Oracle<'a> {
    case: &'a Case,
    tracks: Vec<Track>,
    counters: Vec<Counter>,
    minutes: Vec<Minute>,
    hours: Vec<(Instant, Instant)>,
    days: Vec<(Instant, Instant)>,
    weeks: Vec<(Instant, Instant)>,
    months: Vec<(Instant, Instant)>,
}

impl<'a> Oracle<'a> {
    pub(crate) fn new(case: &'a Case) -> Self {
        let mut oracle = Self {
            case,
            tracks: Vec::new(),
            counters: Vec::new(),
            minutes: Vec::new(),
            hours: Vec::new(),
            days: Vec::new(),
            weeks: Vec::new(),
            months: Vec::new(),
        };
        oracle.walk_the_clock();
        for (sensor, history) in &case.register.sensors {
            for row in history.rows() {
                oracle.follow(sensor, row.span, &row.value);
            }
        }
        for (meter, history) in &case.register.meters {
            // A new row at the same place goes on counting.
            let mut rows = history.rows().peekable();
            while let Some(row) = rows.next() {
                let mut span = row.span;
                while let Some(next) = rows.next_if(|next| next.value.place == row.value.place) {
                    span.to = next.span.to;
                }
                oracle.count(meter, span, &row.value);
            }
        }
        oracle
    }

    /// Minutes, hours, days, weeks and months of the local clock from a month before the input to two days after.
    fn walk_the_clock(&mut self) {
        let calendar = &self.case.register.calendar;
        let first = self.case.readings.first().map_or(self.case.end, |r| r.time);
        let mut at = Instant::from_millis(first.millis().div_euclid(MINUTE) * MINUTE - 33 * 1440 * MINUTE);
        let (mut last_hour, mut last_day, mut last_week, mut last_month) = (None, None, None, None);
        while at < self.case.end.plus_ms(2 * 1440 * MINUTE) {
            let local = calendar.zone.to_datetime(at.timestamp());
            let offset = calendar.zone.to_offset(at.timestamp()).seconds();
            let next = at.plus_ms(MINUTE);
            let hour = Some((local.date(), local.hour(), offset));
            if hour != last_hour {
                self.hours.push((at, next));
                last_hour = hour;
            }
            if Some(local.date()) != last_day {
                self.days.push((at, next));
                last_day = Some(local.date());
            }
            let iso = local.date().iso_week_date();
            let week = Some((iso.year(), iso.week()));
            if week != last_week {
                self.weeks.push((at, next));
                last_week = week;
            }
            if Some(local.month()) != last_month {
                self.months.push((at, next));
                last_month = Some(local.month());
            }
            self.weeks.last_mut().unwrap().1 = next;
            self.months.last_mut().unwrap().1 = next;
            self.hours.last_mut().unwrap().1 = next;
            self.days.last_mut().unwrap().1 = next;
            let is_weekday = local.date().weekday().to_monday_zero_offset() < 5;
            let is_workday = match calendar.exceptions.get(&local.date()) {
                Some(kind) => *kind == model::DayKind::Workday,
                None => is_weekday,
            };
            let is_working = is_workday && (9..18).contains(&local.hour());
            let (hour, day) = (self.hours.len() - 1, self.days.len() - 1);
            self.minutes.push(Minute { at, hour, day, is_working });
            at = next;
        }
    }

    fn follow(&mut self, name: &Id, span: model::Span, sensor: &Sensor) {
        let mine = self.case.readings.iter().filter(|r| r.series.sensor == *name && span.contains(r.time));
        let mut by_quantity: BTreeMap<Quantity, Vec<(Instant, i64)>> = BTreeMap::new();
        for r in mine {
            by_quantity.entry(r.series.quantity).or_default().push((r.time, (r.value * 1e6) as i64));
        }
        for (quantity, readings) in by_quantity {
            let (gap, interval, hold) = (sensor.max_gap_s, sensor.interval_s, sensor.hold_off_s);
            let ms = |seconds: f64| seconds as i64 * 1000;
            let mut observed = BTreeMap::new();
            let mut moving = BTreeSet::new();
            for (index, (at, value)) in readings.iter().enumerate() {
                let until = match readings.get(index + 1) {
                    Some((next, _)) => (*next).min(at.plus_ms(ms(gap))),
                    None => at.plus_ms(ms(gap.min(interval))),
                };
                let mut minute = *at;
                while minute < until && span.contains(minute) {
                    observed.insert(minute, *value);
                    minute = minute.plus_ms(MINUTE);
                }
                let mut minute = *at;
                while *value > 0 && minute < at.plus_ms(ms(hold)) {
                    moving.insert(minute);
                    minute = minute.plus_ms(MINUTE);
                }
            }
            let first = readings[0].0;
            let (place, sensor) = (sensor.place.clone(), sensor.clone());
            let bound = span;
            self.tracks.push(Track { quantity, place, sensor, bound, first, readings, observed, moving });
        }
    }

    fn place(&self, name: &Id, at: Instant) -> &'a Place {
        self.case.register.place(name, at).unwrap()
    }

    /// Whether a place is another, or lies in it at an instant.
    fn is_below(&self, place: &Id, above: &Id, at: Instant) -> bool {
        place == above || self.place(place, at).parent.as_ref() == Some(above)
    }

    /// The first hour of a place: of its first reading, or of a room that has had one when it moves in.
    fn opened(&self, name: &Id) -> Option<Instant> {
        let sensors = self.tracks.iter().map(|t| (&t.place, t.first));
        let firsts: Vec<(&Id, Instant)> =
            sensors.chain(self.counters.iter().map(|c| (&c.place, c.first))).collect();
        let moves = |place: &Id, first: Instant| {
            let rows = self.case.register.places[place].rows();
            rows.map(|row| row.span.from).find(|at| *at > first && self.is_below(place, name, *at))
        };
        let entered = firsts.into_iter().filter_map(|(place, first)| {
            if self.is_below(place, name, first) { Some(first) } else { moves(place, first) }
        });
        let first = entered.min()?;
        self.hours.iter().find(|(from, to)| *from <= first && first < *to).map(|(from, _)| *from)
    }

    /// Everything that a complete input makes the engine say.
    pub(crate) fn verdicts(&self) -> BTreeMap<Key, Said> {
        let mut all = BTreeMap::new();
        for live in &self.case.clauses {
            for name in self.case.register.places.keys() {
                let kind = if is_building(name) { PlaceKind::Building } else { PlaceKind::Room };
                if live.clause.applies_to.kind == Some(kind) {
                    self.judge(live, name, &mut all);
                }
            }
        }
        all
    }

    fn windows(&self, period: Period) -> &[(Instant, Instant)] {
        match period {
            Period::Hour => &self.hours,
            Period::Day => &self.days,
            Period::Week => &self.weeks,
            _ => &self.months,
        }
    }

    fn judge(&self, live: &LiveClause, name: &Id, all: &mut BTreeMap<Key, Said>) {
        let Some(opened) = self.opened(name) else { return };
        for (from, to) in self.windows(live.clause.period).iter().copied() {
            let last_hour = self.hours.iter().rfind(|(start, _)| *start < to).unwrap().0;
            if to <= opened || last_hour >= self.case.end || !live.in_force.contains(from) {
                continue;
            }
            let inside: Vec<Minute> =
                self.minutes.iter().filter(|m| from.max(opened) <= m.at && m.at < to).copied().collect();
            let found = match live.clause.measure {
                Measure::Electricity => self.electricity(name, from, to, live.clause.period),
                _ => self.figure(&live.clause, name, from, &inside),
            };
            let Some((value, judged, observed)) = found.filter(|(_, judged, _)| *judged > 0.0) else {
                continue;
            };
            let judged = match live.clause.measure {
                Measure::Electricity => judged,
                _ => self.with_unseen(&live.clause, name, (from, to), opened, judged),
            };
            all.insert(
                (live.clause.id.clone(), name.clone(), from),
                said(&live.clause, value, observed / judged),
            );
        }
    }

    /// Judged time with that of the window before the place's first reading.
    fn with_unseen(
        &self,
        clause: &Clause,
        name: &Id,
        (from, to): (Instant, Instant),
        opened: Instant,
        judged: f64,
    ) -> f64 {
        let counts = |m: &&Minute| {
            let only_working = matches!(clause.measure, Measure::Utilisation | Measure::SeatUtilisation)
                || clause.gate == Some(Gate::Working);
            from <= m.at && m.at < to && (m.is_working || !only_working)
        };
        let (before, after): (Vec<&Minute>, Vec<&Minute>) =
            self.minutes.iter().filter(counts).partition(|m| m.at < opened);
        let is_weighted = is_building(name) && clause.measure == Measure::Utilisation;
        let weight = if is_weighted { judged / after.len() as f64 } else { 1.0 };
        judged + before.len() as f64 * weight
    }

    /// Whether the first window that an edition no longer judges is over, and the next edition has proven
    /// something there.
    fn is_out_of_force(&self, live: &LiveClause, name: &Id, verdicts: &BTreeMap<Key, Said>) -> bool {
        let mut windows = self.windows(live.clause.period).iter();
        let is_over = windows.find(|(from, _)| *from >= live.in_force.to).is_some_and(|(_, to)| {
            self.hours.iter().rfind(|(start, _)| start < to).unwrap().0 < self.case.end
        });
        let next = live.clause.id.replace("own-1", "own-2");
        let has_spoken = verdicts.iter().any(|((id, place, _), said)| {
            *id == next && place == name && said.outcome != Outcome::Insufficient
        });
        is_over && has_spoken
    }

    /// Alerts that live at the end, from verdicts in time order.
    pub(crate) fn alerts(&self, verdicts: &BTreeMap<Key, Said>) -> Alerts {
        let mut alerts = Alerts::new();
        for live in &self.case.clauses {
            let clause = &live.clause;
            for name in self.case.register.places.keys() {
                let mine = verdicts.iter().filter(|((id, place, _), _)| *id == clause.id && place == name);
                let (mut start, mut breached, mut is_firing) = (None, 0, false);
                for ((_, _, from), said) in mine {
                    let to = self.windows(clause.period).iter().find(|(start, _)| start == from).unwrap().1;
                    let is_clear = || clause.clear.is_none_or(|c| said.value.unwrap() <= c.at_most.unwrap());
                    match said.outcome {
                        Outcome::Insufficient => {}
                        Outcome::Breach => {
                            start = start.or(Some(*from));
                            breached += to.since(*from);
                            is_firing = is_firing || breached > clause.hold_ms;
                        }
                        Outcome::Compliant if !is_firing || is_clear() => {
                            (start, breached, is_firing) = (None, 0, false);
                        }
                        Outcome::Compliant => {}
                    }
                }
                if let Some(start) = start.filter(|_| !self.is_out_of_force(live, name, verdicts)) {
                    alerts.insert((clause.id.clone(), name.clone()), (is_firing, start));
                }
            }
        }
        alerts
    }
}

fn is_building(name: &Id) -> bool {
    BUILDINGS.contains(&name.as_str())
}

fn said(clause: &Clause, value: Option<f64>, coverage: f64) -> Said {
    let round = |v: f64| (v * 1e6).round() / 1e6;
    let (value, coverage) = (value.map(round), round(coverage));
    let outcome = match value {
        Some(_) if coverage < clause.min_coverage => Outcome::Insufficient,
        Some(v) if v > clause.limit.fixed.at_most.unwrap() => Outcome::Breach,
        Some(_) => Outcome::Compliant,
        None => Outcome::Insufficient,
    };
    Said { outcome, value, coverage }
}

/// Weighted minutes: judged, observed, and value times weight.
#[derive(Default)]
struct Tally {
    judged: i64,
    observed: i64,
    sum: i128,
}

impl Tally {
    fn add(&mut self, weight: i64, value: Option<i64>) {
        self.judged += weight;
        if let Some(value) = value {
            self.observed += weight;
            self.sum += i128::from(value) * i128::from(weight);
        }
    }

    fn mean(&self) -> (Option<f64>, f64, f64) {
        let mean = (self.observed > 0).then(|| self.sum as f64 / self.observed as f64 / 1e6);
        (mean, self.judged as f64, self.observed as f64)
    }
}
