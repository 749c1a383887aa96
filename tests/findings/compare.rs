//! Findings held against what was seeded, window by window and alert by alert.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use model::{Calendar, Instant, Period, Register, Span};
use rules::{Outcome, Transition, TransitionKind, Verdict};
use sensors_sim::{FaultKind, Label, Scenario};

use crate::play::Played;

/// Clause and place.
pub(crate) type Pair = (String, String);

/// How far sensors that report every ten minutes, and the hold-off of occupancy, smear an edge.
const EDGE_MS: i64 = 25 * 60_000;

/// Share of the limit by which a figure may miss it unpunished: the sensor's noise and its ten minutes between
/// two looks against the exact mean of the truth.
const NEAR: f64 = 0.03;

/// What was seeded to breach, when it is truly so, and when the sensors there cannot tell.
pub(crate) struct Seeded {
    breaches: BTreeMap<Pair, Vec<Span>>,
    /// By place: when a sensor of it fails in a way that leaves the place unobserved.
    blind: Vec<(String, Span)>,
    calendar: Calendar,
    run: Span,
}

/// How long a sensor that has come back, or stands still, can leave its place unknown.
const BLIND_MS: i64 = 3_600_000;

impl Seeded {
    pub(crate) fn of(scenario: &Scenario, run: Span) -> Self {
        let register = Register::load(&scenario.register_files()).unwrap_or_else(|e| panic!("{e:?}"));
        let mut breaches: BTreeMap<Pair, Vec<Span>> = BTreeMap::new();
        let mut blind = Vec::new();
        for truth in scenario.truth(run) {
            match truth.label {
                Label::Breach { place, clause, .. } => {
                    // What holds all through the run held before and holds on.
                    let span = if truth.span == run { Span::ALWAYS } else { truth.span };
                    let spans = breaches.entry((clause.to_owned(), place.to_string())).or_default();
                    // Two wasted meters make one breach of their building.
                    if !spans.contains(&span) {
                        spans.push(span);
                    }
                }
                Label::Fault { sensor, kind, .. } if blinds(kind) => {
                    let sensors = register.sensors.get(&sensor).and_then(|h| h.last()).map(|s| &s.place);
                    let meters = register.meters.get(&sensor).and_then(|h| h.last()).map(|m| &m.place);
                    let wide = Span::new(truth.span.from.plus_ms(-BLIND_MS), truth.span.to.plus_ms(BLIND_MS));
                    blind.extend(sensors.or(meters).map(|place| (place.to_string(), wide)));
                }
                Label::Fault { .. } => {}
            }
        }
        Self { breaches, blind, calendar: register.calendar, run }
    }

    /// The same with a place whose sensors somebody takes away from an instant on.
    pub(crate) fn without_sensors(mut self, place: &str, from: Instant) -> Self {
        self.blind.push((place.to_owned(), Span::new(from, Instant::MAX)));
        self
    }

    pub(crate) fn pairs(&self) -> impl Iterator<Item = &Pair> {
        self.breaches.keys()
    }

    pub(crate) fn has(&self, pair: &Pair) -> bool {
        self.breaches.contains_key(pair)
    }

    /// Whether the sensors of a place can tell of a window.
    fn can_tell(&self, place: &str, window: Span) -> bool {
        !self.blind.iter().any(|(held, span)| held == place && span.intersect(window).is_some())
    }

    /// Windows of a period that end inside the run and are truly in breach.
    fn windows(&self, pair: &Pair, period: Period, since: Instant) -> Vec<Span> {
        let windows = self.calendar.windows(period, Span::new(since.max(self.run.from), self.run.to));
        let ended = windows.into_iter().filter(|w| w.to > since && w.to <= self.run.to);
        ended.filter(|window| self.is_breach(pair, *window) == Some(true)).collect()
    }

    /// Whether a window is truly in breach; `None` at the edges of the truth, which no sensor of ten minutes can tell.
    pub(crate) fn is_breach(&self, pair: &Pair, window: Span) -> Option<bool> {
        let spans = self.breaches.get(pair).map(Vec::as_slice).unwrap_or_default();
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
    /// In truth a breach, and a sensor there could not tell.
    unproven: u32,
    fired: u32,
    resolved: u32,
}

impl Counts {
    const fn add(&mut self, more: &Self) {
        self.found += more.found;
        self.false_alarm += more.false_alarm;
        self.missed += more.missed;
        self.edge += more.edge;
        self.unproven += more.unproven;
        self.fired += more.fired;
        self.resolved += more.resolved;
    }
}

/// What the comparison found.
#[derive(Debug, Default)]
pub(crate) struct Comparison {
    pub(crate) clauses: BTreeMap<String, Counts>,
    /// Breach verdicts of windows without one.
    pub(crate) false_alarms: Vec<(Pair, String)>,
    /// Compliant verdicts of windows in breach.
    pub(crate) missed: Vec<(Pair, String)>,
    /// Windows in breach of which sensors that could tell said nothing, or not enough.
    pub(crate) unsaid: Vec<(Pair, String)>,
    /// Alerts that fired where nothing was seeded.
    pub(crate) fired_falsely: BTreeSet<Pair>,
    /// Seeded and neither told nor waived.
    pub(crate) never_told: BTreeSet<Pair>,
    /// Told to be over while they lasted.
    pub(crate) false_all_clears: Vec<(Pair, String)>,
    /// What fired about the sensors themselves: silent or stuck ones.
    pub(crate) devices: BTreeSet<Pair>,
}

/// Whether a fault leaves unobserved what the sensor would have seen.
const fn blinds(kind: FaultKind) -> bool {
    match kind {
        FaultKind::Stuck
        | FaultKind::Silent
        | FaultKind::WrongUnit
        | FaultKind::ClockSkew
        | FaultKind::DeclaredReset
        | FaultKind::UndeclaredReset
        | FaultKind::MeterChange => true,
        FaultKind::Spike | FaultKind::Drift | FaultKind::Duplicate | FaultKind::Late => false,
    }
}

pub(crate) fn pair_of(verdict: &Verdict) -> Pair {
    (verdict.clause.id.clone(), verdict.subject.id().to_string())
}

/// Compares everything said of windows that end after `since`.
pub(crate) fn compare(played: &Played, seeded: &Seeded, since: Instant) -> Comparison {
    let mut comparison = Comparison::default();
    let is_of_room = |v: &&Arc<Verdict>| !v.clause.measure.is_of_devices();
    for verdict in played.verdicts.values().filter(|v| v.window.to > since).filter(is_of_room) {
        comparison.window(verdict, seeded);
    }
    let fired = played.devices.iter().filter(|t| t.kind == TransitionKind::Firing);
    comparison.devices = fired.map(|t| pair_of(&t.alert.verdict)).collect();
    for transition in &played.transitions {
        comparison.transition(transition, seeded);
    }
    comparison.silence(played, seeded, since);
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
            (Some(true), Outcome::Insufficient) if !seeded.can_tell(&pair.1, verdict.window) => {
                counts.unproven += 1;
            }
            (Some(true), Outcome::Insufficient) => {
                counts.missed += 1;
                self.unsaid.push((pair, format!("coverage {} of {}", verdict.coverage, line(verdict))));
            }
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

    /// Counts windows in breach without any verdict: missed, unless the sensors there could not tell.
    fn silence(&mut self, played: &Played, seeded: &Seeded, since: Instant) {
        let periods: BTreeMap<&str, Period> =
            played.verdicts.values().map(|v| (v.clause.id.as_str(), v.clause.period)).collect();
        for pair in seeded.pairs() {
            let Some(period) = periods.get(pair.0.as_str()).filter(|p| **p != Period::Register) else {
                continue;
            };
            for window in seeded.windows(pair, *period, since) {
                if played.verdicts.contains_key(&(pair.0.clone(), pair.1.clone(), window.from)) {
                    continue;
                }
                let counts = self.clauses.entry(pair.0.clone()).or_default();
                if seeded.can_tell(&pair.1, window) {
                    counts.missed += 1;
                    self.unsaid.push((pair.clone(), format!("{} nothing said", window.from)));
                } else {
                    counts.unproven += 1;
                }
            }
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
            self.clauses.entry(clause.clone()).or_default().add(more);
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
        let mut all = Counts::default();
        for c in self.clauses.values() {
            all.add(c);
        }
        let rows = self.clauses.iter().map(|(clause, c)| (clause.as_str(), c));
        for (name, c) in rows.chain([("all clauses", &all)]) {
            let share = |part: u32, rest: u32| match part + rest {
                0 => "-".to_owned(),
                whole => format!("{:.4}", f64::from(part) / f64::from(whole)),
            };
            println!(
                "{name:<46} {:>6} {:>6} {:>6} {:>6} {:>8} {:>9} {:>6} {:>6} {:>8}",
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
        assert!(self.unsaid.is_empty(), "{title}: not said {:#?}", self.unsaid);
        assert!(self.fired_falsely.is_empty(), "{title}: fired {:#?}", self.fired_falsely);
        assert!(self.never_told.is_empty(), "{title}: never told {:#?}", self.never_told);
        assert!(self.false_all_clears.is_empty(), "{title}: all-clear {:#?}", self.false_all_clears);
    }
}
