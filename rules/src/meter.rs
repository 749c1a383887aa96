//! Meters: from register readings and interval amounts to what was used when.
//!
//! A step between two register readings counts in full in a period that contains it and pro rata
//! by time at its borders. What cannot be known (an undeclared fall, a reset without its old
//! reading) is unobserved: never negative, never giant.

use model::{
    Calendar, Instant, Period, Series, Span,
    register::{Carrier, Meter, MeterEvent, MeterEventKind},
};
use serde::{Deserialize, Serialize};

use crate::{
    buffer::millis,
    ledger::{Ledger, Merge},
    partial::wide,
    steps::{Micro, micro},
};

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;
/// Longest step, ms, that a period of this rank can use: hour, day (with a clock change), week, month, any.
const CLASS_MS: [i64; 5] = [HOUR_MS, DAY_MS + HOUR_MS, 7 * DAY_MS + HOUR_MS, 31 * DAY_MS + HOUR_MS, i64::MAX];
/// A step above this power is no use but a broken register, kW, where the register names no rated power.
const GIANT_KW: f64 = 100_000.0;

/// Use over some time, by the length of the steps it was read in.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Use([UsePart; 5]);

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
struct UsePart {
    #[serde(with = "wide")]
    amount: i128,
    observed: i64,
}

impl Merge for Use {
    fn merge(&mut self, other: &Self) {
        for (own, part) in self.0.iter_mut().zip(&other.0) {
            own.amount += part.amount;
            own.observed += part.observed;
        }
    }
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl Use {
    /// Amount (micro-units) and observed time (ms) as far as steps are no longer than the period.
    pub(crate) fn within(&self, period: Period) -> (i128, i64) {
        let classes = match period {
            Period::Hour => 1,
            Period::Day => 2,
            Period::Week => 3,
            Period::Month => 4,
            Period::Year | Period::All | Period::Register => 5,
        };
        self.0.iter().take(classes).fold((0, 0), |(a, o), part| (a + part.amount, o + part.observed))
    }
}

/// A piece of use: evenly spread over its span.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Piece {
    /// This much was used; the span counts as observed.
    Used { span: Span, amount: i128 },
    /// Zeros that have become unbelievable: their time no longer counts as observed.
    Disbelieved { span: Span },
}

/// A run of exact zeros up to the newest reading.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct ZeroRun {
    /// Its steps, as long as they are believed.
    steps: Vec<Span>,
    /// From when to when it goes.
    span: Option<Span>,
}

/// One series of one meter: its recent readings and all that it has counted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Chain {
    pub(crate) series: Series,
    pub(crate) meter: Meter,
    readings: Vec<(Instant, Micro)>,
    /// The zero run where `readings` begin.
    base_run: ZeroRun,
    run: ZeroRun,
    pub(crate) used: Ledger<Use>,
}

impl Chain {
    pub(crate) fn new(series: Series, meter: Meter) -> Self {
        Self {
            series,
            meter,
            readings: Vec::new(),
            base_run: ZeroRun::default(),
            run: ZeroRun::default(),
            used: Ledger::default(),
        }
    }

    fn is_interval(&self) -> bool {
        self.series.quantity.nature() == model::Nature::Interval
    }

    /// The newest reading, in register units.
    pub(crate) fn newest(&self) -> Option<(Instant, Micro)> {
        self.readings.last().copied()
    }

    /// Takes a reading in register units; of several at one instant the last wins.
    /// Returns the span whose use it can change.
    pub(crate) fn insert(
        &mut self,
        at: Instant,
        value: Micro,
        events: &[MeterEvent],
        calendar: &Calendar,
    ) -> Span {
        let index = self.readings.partition_point(|(t, _)| *t < at);
        if self.readings.get(index) == Some(&(at, value)) {
            return Span::new(at, at);
        }
        let touched = self.neighbours(at);
        if self.readings.last().is_none_or(|(last, _)| *last < at) {
            let previous = self.newest();
            self.readings.push((at, value));
            let mut run = std::mem::take(&mut self.run);
            let pieces = self.pieces(previous, (at, value), events, &mut run);
            self.run = run;
            self.apply(&pieces, 1, calendar);
            return touched;
        }
        self.apply(&self.all_pieces(events).0, -1, calendar);
        match self.readings.get_mut(index) {
            Some(held) if held.0 == at => held.1 = value,
            _ => self.readings.insert(index, (at, value)),
        }
        let (pieces, run) = self.all_pieces(events);
        self.apply(&pieces, 1, calendar);
        self.run = run;
        touched
    }

    fn neighbours(&self, at: Instant) -> Span {
        let interval = millis(self.meter.interval_s);
        let before = self.readings.partition_point(|(t, _)| *t < at);
        let previous = before.checked_sub(1).and_then(|i| self.readings.get(i)).map_or(at, |(t, _)| *t);
        let next = self.readings.iter().skip(before).map(|(t, _)| *t).find(|t| *t > at);
        let from = if self.is_interval() { at } else { previous };
        Span::new(from, next.unwrap_or(at).max(at.plus_ms(interval)))
    }

    fn all_pieces(&self, events: &[MeterEvent]) -> (Vec<Piece>, ZeroRun) {
        let mut run = self.base_run.clone();
        let mut pieces = Vec::new();
        let mut previous = None;
        for (index, reading) in self.readings.iter().enumerate() {
            // The first one kept was counted before, unless it is the first of all.
            if index > 0 || self.is_interval() {
                pieces.extend(self.pieces(previous, *reading, events, &mut run));
            }
            previous = Some(*reading);
        }
        (pieces, run)
    }

    fn pieces(
        &self,
        previous: Option<(Instant, Micro)>,
        next: (Instant, Micro),
        events: &[MeterEvent],
        run: &mut ZeroRun,
    ) -> Vec<Piece> {
        let steps = if self.is_interval() {
            let span = Span::new(next.0, next.0.plus_ms(millis(self.meter.interval_s)));
            let multiplier = micro(self.meter.multiplier);
            vec![(span, i128::from(next.1) * i128::from(multiplier) / 1_000_000)]
        } else {
            previous.map(|previous| self.steps(previous, next, events)).unwrap_or_default()
        };
        let mut pieces = Vec::new();
        if steps.is_empty() {
            *run = ZeroRun::default();
        }
        for (span, amount) in steps {
            self.believe(span, amount, run, &mut pieces);
        }
        pieces
    }

    /// Adds a step, unless it belongs to a run of zeros that has become too long to believe.
    fn believe(&self, span: Span, amount: i128, run: &mut ZeroRun, pieces: &mut Vec<Piece>) {
        if amount != 0 || !self.meter.zero_is_gap {
            *run = ZeroRun::default();
            pieces.push(Piece::Used { span, amount });
            return;
        }
        let held = run.span.filter(|held| held.to == span.from);
        if held.is_none() {
            *run = ZeroRun::default();
        }
        let was = held.map_or(0, Span::millis);
        let joined = Span::new(held.map_or(span.from, |h| h.from), span.to);
        run.span = Some(joined);
        if was >= DAY_MS {
            return;
        }
        pieces.push(Piece::Used { span, amount: 0 });
        run.steps.push(span);
        if joined.millis() >= DAY_MS {
            pieces.extend(run.steps.drain(..).map(|span| Piece::Disbelieved { span }));
        }
    }

    /// The use between two register readings, in the unit of the quantity.
    fn steps(
        &self,
        (t0, v0): (Instant, Micro),
        (t1, v1): (Instant, Micro),
        events: &[MeterEvent],
    ) -> Vec<(Span, i128)> {
        let mut out = Vec::new();
        let (mut from, mut raw) = (t0, Some(v0));
        let inside = events.iter().filter(|e| e.sensor == self.meter.id && e.time > t0 && e.time <= t1);
        for event in inside {
            match event.kind {
                MeterEventKind::Replaced | MeterEventKind::Reset => {
                    let old = event.old_reading.map(micro);
                    self.push_step(&mut out, from, event.time, raw, old, events);
                    raw = Some(micro(event.new_reading.unwrap_or(0.0)));
                    from = event.time;
                }
                MeterEventKind::Multiplier => {
                    // What the register stood at is unknown unless noted; then it is spread by time.
                    let between = raw.map(|raw| {
                        let share = i128::from(event.time.since(from)) * i128::from(v1 - raw)
                            / i128::from(t1.since(from).max(1));
                        raw + i64::try_from(share).unwrap_or(0)
                    });
                    let at = event.old_reading.map(micro).or(between);
                    self.push_step(&mut out, from, event.time, raw, at, events);
                    raw = at;
                    from = event.time;
                }
            }
        }
        self.push_step(&mut out, from, t1, raw, Some(v1), events);
        out
    }

    fn push_step(
        &self,
        out: &mut Vec<(Span, i128)>,
        from: Instant,
        to: Instant,
        old: Option<Micro>,
        new: Option<Micro>,
        events: &[MeterEvent],
    ) {
        let span = Span::new(from, to);
        let (Some(old), Some(new)) = (old, new) else { return };
        let Some(raw) = self.rise(old, new) else { return };
        let multiplier = i128::from(micro(self.multiplier_at(from, events)));
        let amount = raw * multiplier / 1_000_000;
        if span.is_empty() || self.is_giant(amount, span) {
            return;
        }
        out.push((span, amount));
    }

    /// How far the register rose; `None` when it fell without a reason that is known.
    fn rise(&self, old: Micro, new: Micro) -> Option<i128> {
        if new >= old {
            return Some(i128::from(new) - i128::from(old));
        }
        let end = i128::from(micro(self.meter.rollover_at?));
        let (old, new) = (i128::from(old), i128::from(new));
        let is_near = old <= end && old * 10 >= end * 9 && new * 10 <= end;
        is_near.then(|| end - old + new)
    }

    fn multiplier_at(&self, at: Instant, events: &[MeterEvent]) -> f64 {
        events
            .iter()
            .filter(|e| e.sensor == self.meter.id && e.time <= at)
            .filter_map(|e| e.multiplier)
            .next_back()
            .unwrap_or(self.meter.multiplier)
    }

    fn is_giant(&self, amount: i128, span: Span) -> bool {
        if self.meter.carrier != Carrier::Electricity {
            return false;
        }
        let kw = self.meter.rated_kw.map_or(GIANT_KW, |rated| rated * 1.5);
        // micro-kWh that the largest believable power gives in the span, plus one kWh of register steps
        let most = i128::from(micro(kw)) * i128::from(span.millis()) / i128::from(HOUR_MS) + 1_000_000;
        amount > most
    }

    fn apply(&mut self, pieces: &[Piece], sign: i64, calendar: &Calendar) {
        for piece in pieces {
            match piece {
                Piece::Used { span, amount } => self.spread(*span, *amount, sign, sign, calendar),
                Piece::Disbelieved { span } => self.spread(*span, 0, sign, -sign, calendar),
            }
        }
    }

    fn spread(&mut self, span: Span, amount: i128, sign: i64, observed: i64, calendar: &Calendar) {
        let length = i128::from(span.millis());
        let class = CLASS_MS.iter().position(|most| span.millis() <= *most).unwrap_or(4);
        let share = |at: Instant| amount * i128::from(at.since(span.from)) / length;
        let mut at = span.from;
        while at < span.to {
            let hour = calendar.window(Period::Hour, at);
            let to = hour.to.min(span.to);
            let part = (share(to) - share(at)) * i128::from(sign);
            let ms = to.since(at) * observed;
            self.used.change(hour.from, calendar, |used| {
                if let Some(held) = used.0.get_mut(class) {
                    held.amount += part;
                    held.observed += ms;
                }
            });
            at = to;
        }
    }

    /// Forgets readings that late data can no longer touch.
    pub(crate) fn prune(&mut self, before: Instant, events: &[MeterEvent]) {
        let keep = self.readings.partition_point(|(t, _)| *t < before).saturating_sub(1);
        if keep < 16 || keep * 2 < self.readings.len() {
            return;
        }
        let mut run = self.base_run.clone();
        let mut previous = None;
        for (index, reading) in self.readings.iter().take(keep + 1).enumerate() {
            if (index > 0 && index <= keep) || (self.is_interval() && index < keep) {
                self.pieces(previous, *reading, events, &mut run);
            }
            previous = Some(*reading);
        }
        self.base_run = run;
        self.readings.drain(..keep);
    }
}
