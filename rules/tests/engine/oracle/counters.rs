//! Registers of meters: what each step used, cut where something was declared.

use model::{
    Id, Instant, Span,
    register::{Meter, MeterEvent, MeterEventKind},
};

use super::{Counter, Oracle, Step};
use crate::case::MINUTE;

impl Oracle<'_> {
    pub(super) fn count(&mut self, name: &Id, span: Span, meter: &Meter) {
        let mine = self.case.readings.iter().filter(|r| r.series.sensor == *name && span.contains(r.time));
        let readings: Vec<(Instant, f64)> = mine.map(|r| (r.time, r.value)).collect();
        let Some((first, _)) = readings.first().copied() else { return };
        let mut steps: Vec<Step> = Vec::new();
        for pair in readings.windows(2) {
            self.between(meter, pair[0], pair[1], &mut steps);
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

    /// What was declared of a meter, a row with another multiplier included.
    fn declared(&self, meter: &Meter) -> Vec<MeterEvent> {
        let events = self.case.register.meter_events.iter().filter(|e| e.sensor == meter.id);
        let mut events: Vec<MeterEvent> = events.cloned().collect();
        let rows: Vec<_> = self.case.register.meters[&meter.id].rows().collect();
        for pair in rows.windows(2) {
            let (time, multiplier) = (pair[1].span.from, pair[1].value.multiplier);
            let is_told = events.iter().any(|e| e.time == time && e.multiplier.is_some());
            if multiplier == pair[0].value.multiplier || is_told {
                continue;
            }
            if let Some(event) = events.iter_mut().rfind(|e| e.time == time) {
                event.multiplier = Some(multiplier);
            } else {
                let (kind, sensor) = (MeterEventKind::Multiplier, meter.id.clone());
                let multiplier = Some(multiplier);
                events.push(MeterEvent {
                    sensor,
                    time,
                    kind,
                    old_reading: None,
                    new_reading: None,
                    multiplier,
                });
            }
        }
        events.sort_by_key(|e| e.time);
        events
    }

    /// The steps between two readings: cut where something was declared, in whole register units.
    fn between(
        &self,
        meter: &Meter,
        (t0, v0): (Instant, f64),
        (t1, v1): (Instant, f64),
        steps: &mut Vec<Step>,
    ) {
        let events = self.declared(meter);
        let first = self.case.register.meters[&meter.id].rows().next().unwrap().value.multiplier;
        let factor = |at: Instant| {
            events.iter().filter(|e| e.time <= at).filter_map(|e| e.multiplier).next_back().unwrap_or(first)
        };
        let is_after = |event: &MeterEvent, value: f64| {
            let new = event.new_reading.unwrap_or(0.0);
            event.kind == MeterEventKind::Multiplier
                || event
                    .old_reading
                    .map_or((value - new).abs() <= 1.0, |old| (value - new).abs() <= (value - old).abs())
        };
        let mut add = |from: Instant, to: Instant, old: Option<f64>, new: Option<f64>| {
            let (Some(old), Some(new)) = (old, new) else { return };
            let rolled = meter.rollover_at.filter(|end| old <= *end && old >= 0.9 * end && new <= 0.1 * end);
            let rise = if new >= old { Some(new - old) } else { rolled.map(|end| end - old + new) };
            let Some(kwh) = rise.map(|rise| rise * factor(from)).filter(|_| from < to) else { return };
            // More than 100 MW is a broken register.
            let is_giant = kwh > 100_000.0 * to.since(from) as f64 / 3_600_000.0 + 1.0;
            if !is_giant {
                steps.push(Step { from, to, kwh, is_believed: true });
            }
        };
        let (mut from, mut raw) = (t0, Some(v0));
        for event in &events {
            let is_inside = t0 < event.time && event.time < t1;
            let is_at_start = event.time == t0 && !is_after(event, v0);
            let is_at_end = event.time == t1 && is_after(event, v1);
            if !(is_inside || is_at_start || is_at_end) {
                continue;
            }
            let next = if event.kind == MeterEventKind::Multiplier {
                let share = event.time.since(from) as f64 / t1.since(from).max(1) as f64;
                let stood = event.old_reading.or(raw.map(|raw| raw + (v1 - raw) * share));
                add(from, event.time, raw, stood);
                stood
            } else {
                add(from, event.time, raw, event.old_reading);
                Some(event.new_reading.unwrap_or(0.0))
            };
            (from, raw) = (event.time, next);
        }
        add(from, t1, raw, Some(v1));
    }
}
