//! One series of one meter: its recent readings and all that it has counted.

use model::{Calendar, Id, Instant, Nature, Period, Series, Span};
use serde::{Deserialize, Serialize};

use super::{
    facts::MeterFacts,
    pieces::{Piece, ZeroRun, believe, hull},
    steps::{amount, between},
    usage::{Grain, Part, Use},
};
use crate::{about::millis, almanac::Almanac, compact, ledger::Ledger, steps::Micro, whole::Extent};

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

    /// One that holds nothing, but knows since when there are readings.
    pub(crate) fn hollow(&self) -> Self {
        Self { first: self.first, ..Self::new(self.series.clone(), self.place.clone()) }
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
        self.first_pieces(self.readings.len(), facts)
    }

    /// The pieces of the first so many readings, and the zero run after them.
    fn first_pieces(&self, count: usize, facts: &MeterFacts) -> (Vec<Piece>, ZeroRun) {
        let mut run = self.base_run.clone();
        let mut pieces = Vec::new();
        let mut previous = None;
        for reading in self.readings.iter().take(count) {
            // The first one kept was counted before, unless it is the first of all.
            if previous.is_some() || self.is_interval() {
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
            // A tariff rests for days while the meter runs.
            let is_tariff = Extent::of(&self.series) == Extent::Tariff;
            let is_gap = !is_tariff && facts.at(span.from).is_some_and(|meter| meter.zero_is_gap);
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
        // The step to the first one kept is told before it, an amount with it.
        let told = if self.is_interval() { keep } else { keep + 1 };
        self.base_run = self.first_pieces(told, facts).1;
        self.readings.drain(..keep);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use model::{
        Quantity, Register,
        register::{Carrier, Meter},
    };

    use super::*;

    const HOUR_MS: i64 = 3_600_000;
    const KWH: Micro = 1_000_000;

    /// A chain with its meter, which reports every hour.
    struct Bench {
        facts: MeterFacts,
        almanac: Almanac,
        chain: Chain,
    }

    fn hour(number: i64) -> Instant {
        Instant::from_millis(number * HOUR_MS)
    }

    fn bench(quantity: Quantity, zero_is_gap: bool) -> Bench {
        let id = |text| Id::parse(text).unwrap();
        let mut register = Register::empty(id("site"));
        let meter =
            Meter { interval_s: 3600.0, zero_is_gap, ..Meter::new(id("m"), id("b"), Carrier::Electricity) };
        register.meters.insert(id("m"), model::register::History::always(meter));
        let facts = MeterFacts::new(&register, &id("m")).unwrap();
        let series = Series { sensor: id("m"), quantity, channel: None };
        Bench { facts, almanac: Almanac::new(Arc::new(register)), chain: Chain::new(series, id("b")) }
    }

    impl Bench {
        /// Readings by hour, in kWh.
        fn insert(&mut self, readings: impl IntoIterator<Item = (i64, i64)>) -> &mut Self {
            for (at, kwh) in readings {
                self.chain.insert(hour(at), kwh * KWH, &self.facts, &mut self.almanac);
            }
            self
        }

        /// What was used from one hour to another, kWh, and how many hours of it were observed.
        fn used(&self, from: i64, to: i64) -> (i128, i64) {
            let (amount, observed) =
                self.chain.used.over(Span::new(hour(from), hour(to))).within(Period::Year);
            (amount / i128::from(KWH), observed / HOUR_MS)
        }
    }

    #[test]
    fn a_reading_that_comes_again_late_with_another_value_replaces_the_first() {
        let mut bench = bench(Quantity::EnergyImport, false);
        bench.insert([(0, 0), (1, 3), (2, 4)]);
        assert_eq!((bench.used(0, 1), bench.used(1, 2)), ((3, 1), (1, 1)));
        bench.insert([(1, 2)]);
        assert_eq!((bench.used(0, 1), bench.used(1, 2)), ((2, 1), (2, 1)));
        assert_eq!(bench.chain.readings.len(), 3);
    }

    #[test]
    fn a_day_of_zeros_of_which_most_is_forgotten_is_disbelieved_as_a_whole() {
        // 1 kWh an hour for 12 hours, then nothing: as a register, and as amounts.
        for quantity in [Quantity::EnergyImport, Quantity::Energy] {
            let kwh = |h: i64| if quantity == Quantity::Energy { i64::from(h < 12) } else { h.min(12) };
            let mut bench = bench(quantity, true);
            for last in [19, 35] {
                let next = bench.chain.newest().map_or(0, |(at, _)| at.millis() / HOUR_MS + 1);
                bench.insert((next..last).map(|h| (h, kwh(h))));
                bench.chain.prune(hour(last), &bench.facts);
                assert_eq!(bench.chain.readings.first().map(|(at, _)| *at), Some(hour(last - 1)));
            }
            assert_eq!((bench.used(0, 12), bench.used(12, 34)), ((12, 12), (0, 22)));
            // One comes late, so that all that is remembered is told anew.
            bench.insert([36, 35, 37, 38].map(|h| (h, kwh(h))));
            assert_eq!((bench.used(0, 12), bench.used(12, 38)), ((12, 12), (0, 0)), "{quantity:?}");
        }
    }

    #[test]
    fn what_another_chain_found_replaces_and_fills_in_what_this_one_remembers() {
        let mut here = bench(Quantity::EnergyImport, false);
        here.insert([(0, 0), (1, 3), (4, 9)]);
        let mut found = bench(Quantity::EnergyImport, false);
        found.insert([(-2, 0), (-1, 0), (0, 0), (1, 4), (2, 5), (5, 10)]);
        here.chain.adopt(&found.chain, &here.facts);
        let held: Vec<(i64, i64)> =
            here.chain.readings.iter().map(|(at, kwh)| (at.millis() / HOUR_MS, kwh / KWH)).collect();
        assert_eq!(held, [(0, 0), (1, 4), (2, 5), (4, 9), (5, 10)], "none from before it remembers");
        assert_eq!(here.chain.first, hour(-2));
    }

    #[test]
    fn a_run_of_zeros_that_another_chain_found_broken_begins_after_the_break() {
        let mut here = bench(Quantity::EnergyImport, true);
        here.insert((0..=20).map(|h| (h, 5)));
        let mut found = bench(Quantity::EnergyImport, true);
        found.insert([(10, 6)]);
        here.chain.adopt(&found.chain, &here.facts);
        here.insert((21..=34).map(|h| (h, 5)));
        assert_eq!(here.used(20, 34), (0, 14));
        // The fall after the tenth is no step; a day of zeros is over at 35.
        here.insert([(35, 5)]);
        assert_eq!(here.used(20, 35), (0, 0));
    }

    #[test]
    fn fine_steps_are_those_of_an_hour_at_most_whose_zeros_are_believed() {
        // 2 kWh, zeros until `last`, 3 kWh, then two hours in one step.
        let fine = |last: i64, window: Span| {
            let mut bench = bench(Quantity::EnergyImport, true);
            bench.insert((0..=last).map(|h| (h, 2 * h.min(1))));
            bench.insert([(last + 1, 5), (last + 3, 9)]);
            let steps = bench.chain.fine_steps(window, &bench.facts);
            steps.iter().map(|(span, kwh)| (span.from.millis() / HOUR_MS, kwh / i128::from(KWH))).collect()
        };
        let all: Vec<(i64, i128)> = fine(25, Span::ALWAYS);
        assert_eq!(all, [(0, 2), (25, 3)]);
        let believed: Vec<(i64, i128)> = fine(24, Span::ALWAYS);
        assert_eq!(believed.len(), 25, "{believed:?}");
        let early: Vec<(i64, i128)> = fine(24, Span::new(hour(0), hour(2)));
        assert_eq!(early, [(0, 2), (1, 0)]);
    }
}
