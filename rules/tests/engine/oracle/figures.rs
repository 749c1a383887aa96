//! Figures of a window from its minutes: value, judged and observed time.

use model::{Id, Instant, Period, Quantity};
use rules::{Clause, Gate, Measure};

use super::{Counter, Minute, Oracle, Tally, is_building};
use crate::case::MINUTE;

impl Oracle<'_> {
    /// Value, judged and observed time, from minutes.
    pub(super) fn figure(
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
            Measure::Utilisation if is_building(name) => {
                for m in inside.iter().filter(|m| m.is_working) {
                    self.building_use(name, *m, &mut tally);
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

    pub(super) fn air(&self, clause: &Clause, name: &Id, m: Minute, tally: &mut Tally) {
        let before = self.hours[m.hour].1;
        if self.of(name, Quantity::Co2, before).is_empty() {
            return;
        }
        if clause.gate == Some(Gate::Working) && !m.is_working {
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

    pub(super) fn building_use(&self, name: &Id, m: Minute, tally: &mut Tally) {
        let (hour, before) = self.hours[m.hour];
        let rooms = self.rooms(name, hour);
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
    pub(super) fn people(&self, name: &Id, m: Minute) -> Option<Option<i64>> {
        let (hour, before) = self.hours[m.hour];
        let of_room = |room: &Id| self.occupancy(room, m).and_then(|(_, people)| people);
        if !is_building(name) {
            return self.has_people(name, before).then(|| of_room(name));
        }
        let rooms = self.rooms(name, hour);
        if !rooms.iter().any(|room| self.has_occupancy(room, before)) {
            return None;
        }
        let counted: Vec<&Id> = rooms.iter().filter(|room| self.has_people(room, before)).collect();
        let sum = counted.iter().map(|room| of_room(room)).sum::<Option<i64>>();
        Some(sum.filter(|_| !counted.is_empty()))
    }

    pub(super) fn is_empty(&self, name: &Id, m: Minute) -> Option<bool> {
        if !is_building(name) {
            return self.occupancy(name, m).map(|(is, _)| !is);
        }
        let all: Vec<Option<bool>> = self
            .rooms(name, self.hours[m.hour].0)
            .iter()
            .map(|r| self.occupancy(r, m).map(|(is, _)| is))
            .collect();
        if all.contains(&Some(true)) {
            Some(false)
        } else {
            (!all.is_empty() && all.iter().all(Option::is_some)).then_some(true)
        }
    }

    pub(super) fn can_tell_empty(&self, name: &Id, m: Minute) -> bool {
        let (hour, before) = self.hours[m.hour];
        if is_building(name) {
            return self.rooms(name, hour).iter().any(|room| self.has_occupancy(room, before));
        }
        self.has_occupancy(name, before)
    }

    /// The meters at or below a place in an hour, each with its registers there.
    pub(super) fn meters(&self, name: &Id, at: Instant) -> Vec<Option<&Counter>> {
        let rows = self.case.register.meters.values().filter_map(|history| history.at(at));
        let below = rows.filter(|meter| self.is_below(&meter.place, name, at));
        below
            .map(|meter| self.counters.iter().find(|c| c.meter == meter.id && c.place == meter.place))
            .collect()
    }

    pub(super) fn while_empty(&self, name: &Id, inside: &[Minute]) -> Option<(Option<f64>, f64, f64)> {
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

    pub(super) fn electricity(
        &self,
        name: &Id,
        from: Instant,
        to: Instant,
        period: Period,
    ) -> Option<(Option<f64>, f64, f64)> {
        let is_below_then = |place: &Id| {
            let rows = self.case.register.places[place].rows();
            let mut rows = rows.filter(|row| row.span.from < to && from < row.span.to);
            rows.any(|row| self.is_below(place, name, row.span.from.max(from)))
        };
        let is_seen = self.counters.iter().any(|c| is_below_then(&c.place) && c.first < to);
        if !is_seen {
            return None;
        }
        let days = |days: i64| (days * 24 + 1) * 60 * MINUTE;
        let longest = match period {
            Period::Hour => 60 * MINUTE,
            Period::Day => days(1),
            Period::Week => days(7),
            _ => days(31),
        };
        // Where a meter comes or goes the sum changes its parts.
        let rows = self.case.register.meters.values().flat_map(|history| history.rows());
        // The same where a room moves that has one at any time.
        let of_meters = self.case.register.meters.values().flat_map(|history| history.rows());
        let moves = of_meters.filter_map(|row| {
            let rooms: Vec<_> = self.case.register.places[&row.value.place].rows().collect();
            let is_in = |index: usize| rooms[index].value.parent.as_ref() == Some(name);
            (rooms.len() == 2 && is_in(0) != is_in(1)).then(|| rooms[1].span.from)
        });
        let borders = rows.map(|row| row.span.from).chain(moves);
        let mut borders: Vec<Instant> = borders.filter(|at| from < *at && *at < to).collect();
        borders.extend([from, to]);
        borders.sort_unstable();
        borders.dedup();
        let (mut known, mut kwh) = (0.0, None);
        for stretch in borders.windows(2) {
            let length = stretch[1].since(stretch[0]) as f64;
            let (mut coverage, mut sum) = (1.0_f64, None);
            for counter in &self.meters(name, stretch[0]) {
                let (mut amount, mut observed) = (0.0, 0.0);
                let steps = counter.iter().flat_map(|c| &c.steps);
                for step in steps.filter(|s| s.is_believed && s.to.since(s.from) <= longest) {
                    let part = step.to.min(stretch[1]).since(step.from.max(stretch[0])).max(0) as f64;
                    amount += step.kwh * part / step.to.since(step.from) as f64;
                    observed += part;
                }
                if observed > 0.0 {
                    sum = Some(sum.unwrap_or(0.0) + amount);
                }
                coverage = coverage.min(observed / length);
            }
            // A part of a sum is no sum: each meter must have been seen.
            if let Some(sum) = sum.filter(|_| coverage > 0.0) {
                kwh = Some(kwh.unwrap_or(0.0) + sum);
                known += coverage * length;
            }
        }
        Some((kwh, 1.0, known / to.since(from) as f64))
    }
}
