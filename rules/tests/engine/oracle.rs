//! The dumbest engine: every minute of every place is looked at, from all readings at once.
//!
//! It shares no code with the real one beyond the types. Everything in a case lies on whole minutes.

use std::collections::{BTreeMap, BTreeSet};

use model::{Id, Instant, Period, Place, PlaceKind, Quantity, RoomUse, register::Sensor};
use rules::{Clause, Gate, LiveClause, Measure, Outcome};

use crate::case::{Case, MINUTE};

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

    /// Minutes, hours and days of the local clock from two days before the input to two days after.
    fn walk_the_clock(&mut self) {
        let calendar = &self.case.register.calendar;
        let first = self.case.readings.first().map_or(self.case.end, |r| r.time);
        let mut at = Instant::from_millis(first.millis().div_euclid(MINUTE) * MINUTE - 2 * 1440 * MINUTE);
        let (mut last_hour, mut last_day) = (None, None);
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
            self.tracks.push(Track { quantity, place, sensor, first, readings, observed, moving });
        }
    }

    fn count(&mut self, name: &Id, span: model::Span, meter: &model::register::Meter) {
        let mine = self.case.readings.iter().filter(|r| r.series.sensor == *name && span.contains(r.time));
        let readings: Vec<(Instant, f64)> = mine.map(|r| (r.time, r.value)).collect();
        let Some((first, _)) = readings.first().copied() else { return };
        let mut steps: Vec<Step> = Vec::new();
        for pair in readings.windows(2) {
            let ((from, old), (to, new)) = (pair[0], pair[1]);
            if new >= old {
                steps.push(Step { from, to, kwh: (new - old) * meter.multiplier, is_believed: true });
            }
        }
        if meter.zero_is_gap {
            for start in 0..steps.len() {
                let mut stop = start;
                while stop < steps.len()
                    && steps[stop].kwh == 0.0
                    && (stop == start || steps[stop].from == steps[stop - 1].to)
                {
                    stop += 1;
                }
                if stop > start && steps[stop - 1].to.since(steps[start].from) >= 1440 * MINUTE {
                    steps[start..stop].iter_mut().for_each(|s| s.is_believed = false);
                }
            }
        }
        self.counters.push(Counter { meter: name.clone(), place: meter.place.clone(), first, steps });
    }

    fn place(&self, name: &Id, at: Instant) -> &'a Place {
        self.case.register.place(name, at).unwrap()
    }

    fn is_below(&self, place: &Id, above: &Id) -> bool {
        place == above || above.as_str() == "b"
    }

    /// The first hour of a place, by its first reading.
    fn opened(&self, name: &Id) -> Option<Instant> {
        let sensors = self.tracks.iter().filter(|t| self.is_below(&t.place, name)).map(|t| t.first);
        let meters = self.counters.iter().filter(|c| self.is_below(&c.place, name)).map(|c| c.first);
        let first = sensors.chain(meters).min()?;
        self.hours.iter().find(|(from, to)| *from <= first && first < *to).map(|(from, _)| *from)
    }

    fn of(&self, room: &Id, quantity: Quantity, before: Instant) -> Vec<&Track> {
        let mine = |t: &&Track| t.place == *room && t.quantity == quantity && t.first < before;
        self.tracks.iter().filter(mine).collect()
    }

    fn has_doors(&self, room: &Id, before: Instant) -> bool {
        [Quantity::PeopleIn, Quantity::PeopleOut].iter().all(|q| !self.of(room, *q, before).is_empty())
    }

    fn has_people(&self, room: &Id, before: Instant) -> bool {
        !self.of(room, Quantity::PeopleCount, before).is_empty() || self.has_doors(room, before)
    }

    fn has_occupancy(&self, room: &Id, before: Instant) -> bool {
        let plain = [Quantity::PeopleCount, Quantity::Occupied, Quantity::Motion];
        plain.iter().any(|q| !self.of(room, *q, before).is_empty()) || self.has_doors(room, before)
    }

    /// Whether somebody is in, and how many (millionths), if known.
    fn occupancy(&self, room: &Id, minute: Minute) -> Option<(bool, Option<i64>)> {
        let before = self.hours[minute.hour].1;
        if let Some(people) = self.counted(room, minute, before) {
            return Some((people > 0, Some(people)));
        }
        if let Some(people) = self.through_doors(room, minute, before) {
            return Some((people > 0, Some(people)));
        }
        let presence: Vec<Option<bool>> = self
            .of(room, Quantity::Occupied, before)
            .iter()
            .map(|t| t.observed.get(&minute.at).map(|v| *v > 0))
            .collect();
        let motion: Vec<Option<bool>> = self
            .of(room, Quantity::Motion, before)
            .iter()
            .map(|t| t.observed.get(&minute.at).map(|_| t.moving.contains(&minute.at)))
            .collect();
        for class in [presence, motion] {
            if class.contains(&Some(true)) {
                return Some((true, None));
            }
            if !class.is_empty() && class.iter().all(Option::is_some) {
                return Some((false, None));
            }
        }
        None
    }

    fn counted(&self, room: &Id, minute: Minute, before: Instant) -> Option<i64> {
        let tracks = self.of(room, Quantity::PeopleCount, before);
        // Groups of zones that overlap: joined until nothing changes.
        let mut groups: Vec<BTreeSet<Option<String>>> = Vec::new();
        for track in &tracks {
            let mut group = BTreeSet::from([track.sensor.zone.clone()]);
            group.extend(track.sensor.overlaps.clone().map(Some));
            let (touching, apart): (Vec<_>, Vec<_>) =
                groups.into_iter().partition(|g| g.intersection(&group).next().is_some());
            group.extend(touching.into_iter().flatten());
            groups = apart;
            groups.push(group);
        }
        let mut sum = 0;
        for group in &groups {
            let members = tracks.iter().filter(|t| group.contains(&t.sensor.zone));
            sum += members.filter_map(|t| t.observed.get(&minute.at)).max()?;
        }
        (!groups.is_empty()).then_some(sum)
    }

    fn through_doors(&self, room: &Id, minute: Minute, before: Instant) -> Option<i64> {
        if !self.has_doors(room, before) {
            return None;
        }
        let midnight = self.days[minute.day].0;
        let mut net: BTreeMap<Instant, i64> = BTreeMap::new();
        for (quantity, sign) in [(Quantity::PeopleIn, 1), (Quantity::PeopleOut, -1)] {
            for track in self.of(room, quantity, before) {
                track.observed.get(&minute.at)?;
                for (at, value) in track.readings.iter().filter(|(at, _)| midnight <= *at && *at <= minute.at)
                {
                    *net.entry(*at).or_default() += sign * value;
                }
            }
        }
        Some(net.values().fold(0, |people, change| (people + change).max(0)))
    }

    fn gauge(&self, room: &Id, quantity: Quantity, minute: Minute) -> Option<i64> {
        let before = self.hours[minute.hour].1;
        let seen: Vec<i64> = self
            .of(room, quantity, before)
            .iter()
            .filter_map(|t| t.observed.get(&minute.at).copied())
            .collect();
        let count = i64::try_from(seen.len()).unwrap();
        (count > 0).then(|| seen.iter().sum::<i64>().div_euclid(count))
    }

    fn rooms(&self, at: Instant) -> Vec<Id> {
        let office = [RoomUse::Office, RoomUse::Meeting];
        let rooms = self.case.register.places.keys().filter(|name| name.as_str() != "b");
        rooms.filter(|name| office.contains(&self.place(name, at).room_use.unwrap())).cloned().collect()
    }

    /// Everything that a complete input makes the engine say.
    pub(crate) fn verdicts(&self) -> BTreeMap<Key, Said> {
        let mut all = BTreeMap::new();
        for live in &self.case.clauses {
            for name in self.case.register.places.keys() {
                let kind = if name.as_str() == "b" { PlaceKind::Building } else { PlaceKind::Room };
                if live.clause.applies_to.kind == Some(kind) {
                    self.judge(live, name, &mut all);
                }
            }
        }
        all
    }

    fn judge(&self, live: &LiveClause, name: &Id, all: &mut BTreeMap<Key, Said>) {
        let Some(opened) = self.opened(name) else { return };
        let windows = if live.clause.period == Period::Hour { &self.hours } else { &self.days };
        for (number, (from, to)) in windows.iter().copied().enumerate() {
            let last_hour = self.hours.iter().rfind(|(start, _)| *start < to).unwrap().0;
            if to <= opened || last_hour >= self.case.end || !live.in_force.contains(from) {
                continue;
            }
            let inside: Vec<Minute> = self
                .minutes
                .iter()
                .filter(|m| number == if live.clause.period == Period::Hour { m.hour } else { m.day })
                .filter(|m| m.at >= opened)
                .copied()
                .collect();
            let found = match live.clause.measure {
                Measure::Electricity => self.electricity(name, from, to, live.clause.period),
                _ => self.figure(&live.clause, name, from, &inside),
            };
            let Some((value, judged, observed)) = found.filter(|(_, judged, _)| *judged > 0.0) else {
                continue;
            };
            all.insert(
                (live.clause.id.clone(), name.clone(), from),
                said(&live.clause, value, observed / judged),
            );
        }
    }

    /// Value, judged and observed time, from minutes.
    fn figure(
        &self,
        clause: &Clause,
        name: &Id,
        from: Instant,
        inside: &[Minute],
    ) -> Option<(Option<f64>, f64, f64)> {
        let mut tally = Tally::default();
        match clause.measure {
            Measure::Co2HourMean | Measure::Co2DayMean => {
                for m in inside {
                    self.air(clause, name, *m, &mut tally);
                }
                Some(tally.mean())
            }
            Measure::Utilisation if name.as_str() == "b" => {
                for m in inside.iter().filter(|m| m.is_working) {
                    self.building_use(*m, &mut tally);
                }
                Some(tally.mean())
            }
            Measure::Utilisation => {
                for m in
                    inside.iter().filter(|m| m.is_working && self.has_occupancy(name, self.hours[m.hour].1))
                {
                    tally.add(1, self.occupancy(name, *m).map(|(is, _)| i64::from(is) * 1_000_000));
                }
                Some(tally.mean())
            }
            Measure::SeatUtilisation => {
                for m in inside.iter().filter(|m| m.is_working && self.has_people(name, self.hours[m.hour].1))
                {
                    tally.add(1, self.occupancy(name, *m).and_then(|(_, people)| people));
                }
                let (mean, judged, observed) = tally.mean();
                Some((mean.map(|v| v / self.place(name, from).capacity.unwrap()), judged, observed))
            }
            Measure::AreaPerPerson => {
                for m in inside.iter().filter(|m| self.has_people(name, self.hours[m.hour].1)) {
                    match self.occupancy(name, *m) {
                        Some((false, _)) => {}
                        Some((true, people)) => tally.add(1, people),
                        None => tally.add(1, None),
                    }
                }
                let (mean, judged, observed) = tally.mean();
                let Some(area) = self.place(name, from).usable_area_m2 else {
                    return Some((None, judged, 0.0));
                };
                Some((mean.filter(|v| *v > 0.0).map(|v| area / v), judged, observed))
            }
            Measure::PeakPeople => {
                let mut peak = None;
                for m in inside {
                    let Some(people) = self.people(name, *m) else { continue };
                    tally.add(1, people);
                    peak = peak.max(people);
                }
                let (_, judged, observed) = tally.mean();
                Some((peak.map(|v| v as f64 / 1e6), judged, observed))
            }
            Measure::EnergyWhileEmpty => self.while_empty(name, inside),
            _ => panic!("the oracle does not know {}", clause.measure.name()),
        }
    }

    fn air(&self, clause: &Clause, name: &Id, m: Minute, tally: &mut Tally) {
        let before = self.hours[m.hour].1;
        if self.of(name, Quantity::Co2, before).is_empty() {
            return;
        }
        let is_gated = clause.gate == Some(Gate::Occupied) && self.has_occupancy(name, before);
        let value = self.gauge(name, Quantity::Co2, m);
        match self.occupancy(name, m) {
            _ if !is_gated => tally.add(1, value),
            Some((false, _)) => {}
            Some((true, _)) => tally.add(1, value),
            None => tally.add(1, None),
        }
    }

    fn building_use(&self, m: Minute, tally: &mut Tally) {
        let (hour, before) = self.hours[m.hour];
        let rooms = self.rooms(hour);
        if !rooms.iter().any(|room| self.has_occupancy(room, before)) {
            return;
        }
        for room in rooms {
            let area = self.place(&room, hour).usable_area_m2.unwrap_or(1000.0);
            let known = self.occupancy(&room, m).map(|(is, _)| i64::from(is) * 1_000_000);
            tally.add((area * 100.0).round() as i64, known);
        }
    }

    /// People of a room or of the building: outer `None` where no sensor can tell.
    fn people(&self, name: &Id, m: Minute) -> Option<Option<i64>> {
        let (hour, before) = self.hours[m.hour];
        let of_room = |room: &Id| self.occupancy(room, m).and_then(|(_, people)| people);
        if name.as_str() != "b" {
            return self.has_people(name, before).then(|| of_room(name));
        }
        let rooms = self.rooms(hour);
        if !rooms.iter().any(|room| self.has_occupancy(room, before)) {
            return None;
        }
        let counted: Vec<&Id> = rooms.iter().filter(|room| self.has_people(room, before)).collect();
        let sum = counted.iter().map(|room| of_room(room)).sum::<Option<i64>>();
        Some(sum.filter(|_| !counted.is_empty()))
    }

    fn is_empty(&self, name: &Id, m: Minute) -> Option<bool> {
        if name.as_str() != "b" {
            return self.occupancy(name, m).map(|(is, _)| !is);
        }
        let all: Vec<Option<bool>> =
            self.rooms(self.hours[m.hour].0).iter().map(|r| self.occupancy(r, m).map(|(is, _)| is)).collect();
        if all.contains(&Some(true)) {
            Some(false)
        } else {
            (!all.is_empty() && all.iter().all(Option::is_some)).then_some(true)
        }
    }

    fn can_tell_empty(&self, name: &Id, m: Minute) -> bool {
        let (hour, before) = self.hours[m.hour];
        if name.as_str() == "b" {
            return self.rooms(hour).iter().any(|room| self.has_occupancy(room, before));
        }
        self.has_occupancy(name, before)
    }

    /// The meters at or below a place in an hour, each with its registers there.
    fn meters(&self, name: &Id, at: Instant) -> Vec<Option<&Counter>> {
        let rows = self.case.register.meters.values().filter_map(|history| history.at(at));
        let below = rows.filter(|meter| self.is_below(&meter.place, name));
        below
            .map(|meter| self.counters.iter().find(|c| c.meter == meter.id && c.place == meter.place))
            .collect()
    }

    fn while_empty(&self, name: &Id, inside: &[Minute]) -> Option<(Option<f64>, f64, f64)> {
        let (mut judged, mut observed, mut kwh) = (0.0, 0.0, 0.0);
        for m in inside {
            let before = self.hours[m.hour].1;
            let meters = self.meters(name, m.at);
            let is_seen = meters.iter().flatten().any(|c| c.first < before);
            if !is_seen || !self.can_tell_empty(name, *m) {
                continue;
            }
            judged += 1.0;
            let short = |c: &Counter| {
                let mut steps = c.steps.iter().filter(|s| s.is_believed && s.to.since(s.from) <= 60 * MINUTE);
                let step = steps.find(|s| s.from <= m.at && m.at < s.to)?;
                Some(step.kwh * MINUTE as f64 / step.to.since(step.from) as f64)
            };
            let used: Option<Vec<f64>> = meters.iter().map(|c| c.and_then(short)).collect();
            let (Some(used), Some(is_empty)) = (used, self.is_empty(name, *m)) else { continue };
            observed += 1.0;
            kwh += if is_empty { used.iter().sum::<f64>() } else { 0.0 };
        }
        Some(((observed > 0.0).then_some(kwh), judged, observed))
    }

    fn electricity(
        &self,
        name: &Id,
        from: Instant,
        to: Instant,
        period: Period,
    ) -> Option<(Option<f64>, f64, f64)> {
        let is_seen = self.counters.iter().any(|c| self.is_below(&c.place, name) && c.first < to);
        if !is_seen {
            return None;
        }
        let longest = if period == Period::Hour { 60 } else { 25 * 60 } * MINUTE;
        let (mut coverage, mut kwh) = (1.0_f64, None);
        let meters = self.meters(name, from);
        for counter in &meters {
            let (mut amount, mut observed) = (0.0, 0.0);
            let steps = counter.iter().flat_map(|c| &c.steps);
            for step in steps.filter(|s| s.is_believed && s.to.since(s.from) <= longest) {
                let part = step.to.min(to).since(step.from.max(from)).max(0) as f64;
                amount += step.kwh * part / step.to.since(step.from) as f64;
                observed += part;
            }
            if observed > 0.0 {
                kwh = Some(kwh.unwrap_or(0.0) + amount);
            }
            coverage = coverage.min(observed / to.since(from) as f64);
        }
        Some((kwh, 1.0, if kwh.is_some() { coverage } else { 0.0 }))
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
                    let windows = if clause.period == Period::Hour { &self.hours } else { &self.days };
                    let to = windows.iter().find(|(start, _)| start == from).unwrap().1;
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
                if let Some(start) = start {
                    alerts.insert((clause.id.clone(), name.clone()), (is_firing, start));
                }
            }
        }
        alerts
    }
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
