//! One series of one meter: its recent readings and all that it has counted.

use model::{Calendar, Id, Instant, Nature, Period, Series, Span};
use serde::{Deserialize, Serialize};

use super::{
    facts::MeterFacts,
    steps::{amount, between},
    usage::{Grain, Part, Use},
};
use crate::{almanac::Almanac, buffer::millis, compact, ledger::Ledger, steps::Micro};

const DAY_MS: i64 = 86_400_000;

/// A piece of use: evenly spread over its span.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Piece {
    /// This much was used; the span counts as observed.
    Used { span: Span, amount: i128 },
    /// Zeros that have become unbelievable: their time no longer counts as observed.
    Disbelieved { span: Span },
}

impl Piece {
    const fn span(self) -> Span {
        match self {
            Self::Used { span, .. } | Self::Disbelieved { span } => span,
        }
    }

    /// Amount and observed time, ms, of a part of its span.
    fn within(self, part: Span) -> (i128, i64) {
        match self {
            Self::Used { span, amount } => {
                let length = i128::from(span.millis()).max(1);
                let until = |at: Instant| amount * i128::from(at.since(span.from)) / length;
                (until(part.to) - until(part.from), part.millis())
            }
            Self::Disbelieved { .. } => (0, -part.millis()),
        }
    }
}

/// A run of exact zeros up to the newest reading.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct ZeroRun {
    /// Its steps, as long as they are believed.
    steps: Vec<Span>,
    /// From when to when it goes.
    span: Option<Span>,
}

/// One series of one meter while it was bound to one place.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Chain {
    pub(crate) series: Series,
    pub(crate) place: Id,
    /// The earliest reading ever.
    #[serde(with = "compact::instant")]
    pub(crate) first: Instant,
    #[serde(with = "compact::readings")]
    readings: Vec<(Instant, Micro)>,
    /// The zero run where `readings` begin.
    base_run: ZeroRun,
    run: ZeroRun,
    pub(crate) used: Ledger<Use>,
}

impl Chain {
    pub(crate) fn new(series: Series, place: Id) -> Self {
        Self {
            series,
            place,
            first: Instant::MAX,
            readings: Vec::new(),
            base_run: ZeroRun::default(),
            run: ZeroRun::default(),
            used: Ledger::default(),
        }
    }

    /// Whether its readings are amounts of intervals and not a register.
    pub(crate) fn is_interval(&self) -> bool {
        self.series.quantity.nature() == Nature::Interval
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
        facts: &MeterFacts,
        almanac: &mut Almanac,
    ) -> Span {
        let index = self.readings.partition_point(|(t, _)| *t < at);
        if self.readings.get(index) == Some(&(at, value)) {
            return Span::new(at, at);
        }
        let touched = if index == self.readings.len() {
            let previous = self.newest();
            self.readings.push((at, value));
            let mut run = std::mem::take(&mut self.run);
            let pieces = self.pieces(previous, (at, value), facts, &mut run);
            self.run = run;
            self.apply(&pieces, 1, almanac);
            hull(&pieces, &[], at)
        } else {
            self.insert_late(index, at, value, facts, almanac)
        };
        if at < self.first {
            self.first = at;
            return Span::new(touched.from.min(at), Instant::MAX);
        }
        touched
    }

    fn insert_late(
        &mut self,
        index: usize,
        at: Instant,
        value: Micro,
        facts: &MeterFacts,
        almanac: &mut Almanac,
    ) -> Span {
        let (before, _) = self.all_pieces(facts);
        match self.readings.get_mut(index) {
            Some(held) if held.0 == at => held.1 = value,
            _ => self.readings.insert(index, (at, value)),
        }
        let (after, run) = self.all_pieces(facts);
        self.run = run;
        // What both begin and end with stays as it is.
        let same = before.iter().zip(&after).take_while(|(a, b)| a == b).count();
        let (before, after) = (before.get(same..).unwrap_or_default(), after.get(same..).unwrap_or_default());
        let tail = before.iter().rev().zip(after.iter().rev()).take_while(|(a, b)| a == b).count();
        let before = before.get(..before.len() - tail).unwrap_or_default();
        let after = after.get(..after.len() - tail).unwrap_or_default();
        self.apply(before, -1, almanac);
        self.apply(after, 1, almanac);
        hull(before, after, at)
    }

    fn all_pieces(&self, facts: &MeterFacts) -> (Vec<Piece>, ZeroRun) {
        let mut run = self.base_run.clone();
        let mut pieces = Vec::new();
        let mut previous = None;
        for (index, reading) in self.readings.iter().enumerate() {
            // The first one kept was counted before, unless it is the first of all.
            if index > 0 || self.is_interval() {
                pieces.extend(self.pieces(previous, *reading, facts, &mut run));
            }
            previous = Some(*reading);
        }
        (pieces, run)
    }

    fn pieces(
        &self,
        previous: Option<(Instant, Micro)>,
        next: (Instant, Micro),
        facts: &MeterFacts,
        run: &mut ZeroRun,
    ) -> Vec<Piece> {
        let steps = if self.is_interval() {
            let interval = facts.at(next.0).map_or(0, |meter| millis(meter.interval_s));
            vec![amount(facts, Span::new(next.0, next.0.plus_ms(interval)), next.1)]
        } else {
            previous.map(|previous| between(facts, previous, next)).unwrap_or_default()
        };
        let mut pieces = Vec::new();
        if steps.is_empty() {
            *run = ZeroRun::default();
        }
        for (span, amount) in steps {
            let is_gap = facts.at(span.from).is_some_and(|meter| meter.zero_is_gap);
            believe(span, amount, is_gap, run, &mut pieces);
        }
        pieces
    }

    fn apply(&mut self, pieces: &[Piece], sign: i64, almanac: &mut Almanac) {
        for piece in pieces {
            match piece {
                Piece::Used { span, amount } => self.spread(*span, *amount, sign, sign, almanac),
                Piece::Disbelieved { span } => self.spread(*span, 0, sign, -sign, almanac),
            }
        }
    }

    fn spread(&mut self, span: Span, amount: i128, sign: i64, observed: i64, almanac: &mut Almanac) {
        let length = i128::from(span.millis()).max(1);
        let share = |at: Instant| amount * i128::from(at.since(span.from)) / length;
        let mut at = span.from;
        while at < span.to {
            let facts = almanac.at(at);
            let to = facts.hour.to.min(span.to);
            let grain = Grain::of(span.millis(), Part::of_clock(facts.clock_hour));
            let part = (share(to) - share(at)) * i128::from(sign);
            let ms = to.since(at) * observed;
            self.used.change(facts.hour.from, facts.day, |used| used.add(grain, part, ms));
            at = to;
        }
    }

    /// What was used over a span that need not begin and end on the hour: its edges are taken from the steps, pro rata.
    pub(crate) fn used_over(&self, span: Span, facts: &MeterFacts, calendar: &Calendar) -> Use {
        let (first, last) =
            (calendar.window(Period::Hour, span.from), calendar.window(Period::Hour, span.to));
        let from = if first.from == span.from { span.from } else { first.to.min(span.to) };
        let to = last.from.max(from);
        let mut used = self.used.over(Span::new(from, to));
        let edges = [(first, Span::new(span.from, from)), (last, Span::new(to, span.to))];
        for (hour, edge) in edges.into_iter().filter(|(_, edge)| !edge.is_empty()) {
            let part = Part::of_clock(calendar.zone.to_datetime(hour.from.timestamp()).hour());
            for piece in self.all_pieces(facts).0 {
                let Some(inside) = piece.span().intersect(edge) else { continue };
                let (amount, observed) = piece.within(inside);
                used.add(Grain::of(piece.span().millis(), part), amount, observed);
            }
        }
        used
    }

    /// The steps of at most an hour inside a window, zeros that are not believed left out.
    pub(crate) fn fine_steps(&self, window: Span, facts: &MeterFacts) -> Vec<(Span, i128)> {
        const HOUR_MS: i64 = 3_600_000;
        let (pieces, _) = self.all_pieces(facts);
        let disbelieved = |span: Span| pieces.contains(&Piece::Disbelieved { span });
        pieces
            .iter()
            .filter(|p| p.span().intersect(window).is_some() && p.span().millis() <= HOUR_MS)
            .filter_map(|p| match p {
                Piece::Used { span, amount } => {
                    (*amount != 0 || !disbelieved(*span)).then_some((*span, *amount))
                }
                Piece::Disbelieved { .. } => None,
            })
            .collect()
    }

    /// Takes the readings that another chain of the same series has found in the time that this one remembers.
    /// What was used is the caller's to adopt.
    pub(crate) fn adopt(&mut self, found: &Self, facts: &MeterFacts) {
        let from = self.readings.first().map_or(Instant::MIN, |(at, _)| *at);
        for reading in found.readings.iter().filter(|(at, _)| *at >= from) {
            let index = self.readings.partition_point(|(at, _)| *at < reading.0);
            match self.readings.get_mut(index) {
                Some(held) if held.0 == reading.0 => held.1 = reading.1,
                _ => self.readings.insert(index, *reading),
            }
        }
        self.first = self.first.min(found.first);
        self.run = self.all_pieces(facts).1;
    }

    /// Forgets readings that late data can no longer touch.
    pub(crate) fn prune(&mut self, before: Instant, facts: &MeterFacts) {
        let keep = self.readings.partition_point(|(t, _)| *t < before).saturating_sub(1);
        if keep < 16 || keep * 2 < self.readings.len() {
            return;
        }
        let mut run = self.base_run.clone();
        let mut previous = None;
        for (index, reading) in self.readings.iter().take(keep + 1).enumerate() {
            if (index > 0 && index <= keep && !self.is_interval()) || (self.is_interval() && index < keep) {
                self.pieces(previous, *reading, facts, &mut run);
            }
            previous = Some(*reading);
        }
        self.base_run = run;
        self.readings.drain(..keep);
    }
}

/// Adds a step, unless it belongs to a run of zeros that has become too long to believe.
fn believe(span: Span, amount: i128, zero_is_gap: bool, run: &mut ZeroRun, pieces: &mut Vec<Piece>) {
    if amount != 0 || !zero_is_gap {
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

/// From the first to the last instant of some pieces; empty at `at` when there are none.
fn hull(some: &[Piece], others: &[Piece], at: Instant) -> Span {
    let spans = || some.iter().chain(others).map(|p| p.span());
    let from = spans().map(|s| s.from).min().unwrap_or(at);
    Span::new(from, spans().map(|s| s.to).max().unwrap_or(at))
}
