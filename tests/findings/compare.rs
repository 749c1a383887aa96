//! Findings held against what was seeded, window by window and alert by alert.

use std::collections::{BTreeMap, BTreeSet};

use model::{Instant, Span};
use rules::{Outcome, Transition, TransitionKind, Verdict};
use sensors_sim::{Label, Scenario};

use crate::play::Played;

/// Clause and place.
pub(crate) type Pair = (String, String);

/// How far sensors that report every ten minutes, and the hold-off of occupancy, smear an edge.
const EDGE_MS: i64 = 25 * 60_000;

/// Share of the limit by which a figure may miss it unpunished: the sensor's noise and its ten minutes between
/// two looks against the exact mean of the truth.
const NEAR: f64 = 0.03;

/// What was seeded to breach, and when it is truly so.
pub(crate) struct Seeded(BTreeMap<Pair, Vec<Span>>);

impl Seeded {
    pub(crate) fn of(scenario: &Scenario, run: Span) -> Self {
        let mut pairs: BTreeMap<Pair, Vec<Span>> = BTreeMap::new();
        for truth in scenario.truth(run) {
            if let Label::Breach { place, clause, .. } = truth.label {
                // What holds all through the run held before and holds on.
                let span = if truth.span == run { Span::ALWAYS } else { truth.span };
                let spans = pairs.entry((clause.to_owned(), place.to_string())).or_default();
                // Two wasted meters make one breach of their building.
                if !spans.contains(&span) {
                    spans.push(span);
                }
            }
        }
        Self(pairs)
    }

    pub(crate) fn pairs(&self) -> impl Iterator<Item = &Pair> {
        self.0.keys()
    }

    pub(crate) fn has(&self, pair: &Pair) -> bool {
        self.0.contains_key(pair)
    }

    /// Whether a window is truly in breach; `None` at the edges of the truth, which no sensor of ten minutes can tell.
    pub(crate) fn is_breach(&self, pair: &Pair, window: Span) -> Option<bool> {
        let spans = self.0.get(pair).map(Vec::as_slice).unwrap_or_default();
        let wide = Span::new(window.from.plus_ms(-EDGE_MS), window.to.plus_ms(EDGE_MS));
        let shared: i64 = spans.iter().filter_map(|s| s.intersect(wide)).map(Span::millis).sum();
        match shared {
            0 => Some(false),
            shared if shared == wide.millis() => Some(true),
            _ => None,
        }
    }
}

/// Counts of windows of one clause.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Counts {
    found: u32,
    false_alarm: u32,
    missed: u32,
    edge: u32,
    /// In truth a breach, and the engine said that it cannot tell.
    unproven: u32,
    fired: u32,
    resolved: u32,
}

/// What the comparison found.
#[derive(Debug, Default)]
pub(crate) struct Comparison {
    pub(crate) clauses: BTreeMap<String, Counts>,
    /// Breach verdicts of windows without one.
    pub(crate) false_alarms: Vec<(Pair, String)>,
    /// Compliant verdicts of windows in breach.
    pub(crate) missed: Vec<(Pair, String)>,
    /// Alerts that fired where nothing was seeded.
    pub(crate) fired_falsely: BTreeSet<Pair>,
    /// Seeded and neither told nor waived.
    pub(crate) never_told: BTreeSet<Pair>,
    /// Told to be over while they lasted.
    pub(crate) false_all_clears: Vec<(Pair, String)>,
}

pub(crate) fn pair_of(verdict: &Verdict) -> Pair {
    (verdict.clause.id.clone(), verdict.subject.id().to_string())
}

/// Compares everything said of windows that end after `since`.
pub(crate) fn compare(played: &Played, seeded: &Seeded, since: Instant) -> Comparison {
    let mut comparison = Comparison::default();
    for verdict in played.verdicts.values().filter(|v| v.window.to > since) {
        comparison.window(verdict, seeded);
    }
    for transition in &played.transitions {
        comparison.transition(transition, seeded);
    }
    let waived = played.verdicts.values().filter(|v| v.waived.is_some());
    let told = played.transitions.iter().map(|t| &t.alert.verdict);
    let told: BTreeSet<Pair> = waived.map(|v| pair_of(v)).chain(told.map(pair_of)).collect();
    comparison.never_told = seeded.pairs().filter(|pair| !told.contains(*pair)).cloned().collect();
    comparison
}

fn line(verdict: &Verdict) -> String {
    format!("{} value {:?} limit {:?}", verdict.window.from, verdict.value, verdict.limit)
}

impl Comparison {
    fn window(&mut self, verdict: &Verdict, seeded: &Seeded) {
        let pair = pair_of(verdict);
        let counts = self.clauses.entry(pair.0.clone()).or_default();
        let is_near = verdict.value.zip(verdict.limit).is_some_and(|(v, l)| (v - l).abs() <= NEAR * l.abs());
        let truth = seeded.is_breach(&pair, verdict.window);
        let is_right = truth == Some(verdict.outcome == Outcome::Breach);
        match (truth.filter(|_| is_right || !is_near), verdict.outcome) {
            (None, _) => counts.edge += 1,
            (Some(true), Outcome::Breach) => counts.found += 1,
            (Some(true), Outcome::Insufficient) => counts.unproven += 1,
            (Some(true), Outcome::Compliant) => {
                counts.missed += 1;
                self.missed.push((pair, line(verdict)));
            }
            (Some(false), Outcome::Breach) => {
                counts.false_alarm += 1;
                self.false_alarms.push((pair, line(verdict)));
            }
            (Some(false), _) => {}
        }
    }

    fn transition(&mut self, transition: &Transition, seeded: &Seeded) {
        let verdict = &transition.alert.verdict;
        let pair = pair_of(verdict);
        let counts = self.clauses.entry(pair.0.clone()).or_default();
        match transition.kind {
            TransitionKind::Firing => {
                counts.fired += 1;
                if !seeded.has(&pair) {
                    self.fired_falsely.insert(pair);
                }
            }
            TransitionKind::Resolved => {
                counts.resolved += 1;
                if seeded.is_breach(&pair, verdict.window) == Some(true) {
                    self.false_all_clears.push((pair, line(verdict)));
                }
            }
            TransitionKind::Revised | TransitionKind::Unproven | TransitionKind::Withdrawn => {}
        }
    }

    /// Adds another comparison's counts.
    pub(crate) fn add(&mut self, other: &Self) {
        for (clause, more) in &other.clauses {
            let counts = self.clauses.entry(clause.clone()).or_default();
            counts.found += more.found;
            counts.false_alarm += more.false_alarm;
            counts.missed += more.missed;
            counts.edge += more.edge;
            counts.unproven += more.unproven;
            counts.fired += more.fired;
            counts.resolved += more.resolved;
        }
    }

    /// Precision and recall of judged windows, and alerts, by clause.
    pub(crate) fn print(&self, title: &str) {
        println!("\n{title}");
        println!(
            "{:<46} {:>6} {:>6} {:>6} {:>6} {:>8} {:>9} {:>6} {:>6} {:>8}",
            "clause",
            "found",
            "false",
            "missed",
            "edge",
            "unproven",
            "precision",
            "recall",
            "fired",
            "resolved"
        );
        for (clause, c) in &self.clauses {
            let share = |part: u32, rest: u32| match part + rest {
                0 => "-".to_owned(),
                whole => format!("{:.4}", f64::from(part) / f64::from(whole)),
            };
            println!(
                "{clause:<46} {:>6} {:>6} {:>6} {:>6} {:>8} {:>9} {:>6} {:>6} {:>8}",
                c.found,
                c.false_alarm,
                c.missed,
                c.edge,
                c.unproven,
                share(c.found, c.false_alarm),
                share(c.found, c.missed),
                c.fired,
                c.resolved
            );
        }
    }

    /// Pairs of which a breach was judged compliant, or told to be over.
    pub(crate) fn hidden(&self) -> BTreeSet<Pair> {
        self.missed.iter().chain(&self.false_all_clears).map(|(pair, _)| pair.clone()).collect()
    }

    /// Nothing wrong, nothing missing, nothing taken back.
    pub(crate) fn assert_true(&self, title: &str) {
        assert!(self.false_alarms.is_empty(), "{title}: false alarms {:#?}", self.false_alarms);
        assert!(self.missed.is_empty(), "{title}: missed {:#?}", self.missed);
        assert!(self.fired_falsely.is_empty(), "{title}: fired {:#?}", self.fired_falsely);
        assert!(self.never_told.is_empty(), "{title}: never told {:#?}", self.never_told);
        assert!(self.false_all_clears.is_empty(), "{title}: all-clear {:#?}", self.false_all_clears);
    }
}
