//! Bodies: what their buildings deliver, merged and judged when the last of them has.
//!
//! A body's people sit in many buildings, each a shard with its own clock. So a window of a body is judged
//! when every shard that has a meter of it has closed it, from what each has delivered then; and again when
//! one delivers it again. In any order the same comes out.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use model::{Id, Instant, Period, Register, Span};

use super::{
    Engine,
    feed::{Delivery, Feed},
    reopen::Reopened,
    saved::{Piece, SavedShard},
    shard::Shard,
};
use crate::{
    Figure, LiveClause, Measure, Output, Subject,
    check::Check,
    finding::Finding,
    judge::{finding, measuring_body},
    measure::{
        body_figure,
        estate::{Estate, Tree},
        headcount::is_counted_above,
        holding::{Delivered, Holding},
        meters::carriers,
    },
    outlived::outlive,
};

/// A body that clauses judge by what meters count.
#[derive(Debug, Clone)]
pub(super) struct BodyState {
    estate: Arc<Estate>,
    checks: Vec<Check>,
    /// The shards that have a meter of it at some time.
    shards: BTreeSet<usize>,
    /// What they have delivered of windows that may still be judged, by the topmost place of each.
    delivered: BTreeMap<(Period, Instant), BTreeMap<Id, Delivered>>,
    is_changed: bool,
}

pub(super) fn body_key(body: &Id) -> String {
    format!("body/{body}")
}

/// Whether a body is one that the figures a person are of: it has a headcount, or none above it could have.
fn is_institution(register: &Register, body: &Id) -> bool {
    let rows = register.bodies.get(body).into_iter().flat_map(|history| history.rows());
    rows.into_iter().any(|row| row.value.energy_headcount.is_some() || row.value.parent.is_none())
}

impl Engine {
    /// Sets up the bodies that clauses judge, and tells their shards to deliver.
    pub(super) fn bind_bodies(&mut self, clauses: &[LiveClause]) {
        let is_of_body =
            |live: &&LiveClause| live.clause.applies_to.kind.is_none() && live.clause.measure.is_of_bodies();
        let clauses: Vec<Arc<LiveClause>> =
            clauses.iter().filter(is_of_body).cloned().map(Arc::new).collect();
        if clauses.is_empty() {
            return;
        }
        let register = Arc::clone(&self.register);
        let tree = Tree::new(&register);
        for id in register.bodies.keys().filter(|id| is_institution(&register, id)) {
            let estate = Arc::new(tree.estate(id));
            let places = estate.meters.iter().filter_map(|id| register.meters.get(id));
            let places = places.flat_map(|history| history.rows().map(|row| &row.value.place));
            let shards: BTreeSet<usize> = places.filter_map(|place| self.homes.get(place).copied()).collect();
            if shards.is_empty() {
                continue;
            }
            let periods: BTreeSet<Period> = clauses.iter().map(|live| live.clause.period).collect();
            for number in &shards {
                let (body, estate, periods) = (self.bodies.len(), Arc::clone(&estate), periods.clone());
                if let Some(shard) = self.shards.get_mut(*number) {
                    shard.feed(Feed { body, estate, periods });
                }
            }
            let subject = Arc::new(Subject::Body(id.clone()));
            let bound = |live: &Arc<LiveClause>| Check::new(Arc::clone(live), Arc::clone(&subject));
            let checks = clauses.iter().map(bound).collect();
            let delivered = BTreeMap::new();
            self.bodies.push(BodyState { estate, checks, shards, delivered, is_changed: false });
        }
    }

    /// The bodies stand in the order of their ids.
    fn body_number(&self, id: &str) -> Option<usize> {
        self.bodies.binary_search_by(|state| state.estate.body.as_str().cmp(id)).ok()
    }

    /// Takes what a shard has delivered, and judges the windows that are complete with it.
    pub(super) fn take_deliveries(&mut self, number: usize, out: &mut Vec<Output>) {
        let Some(shard) = self.shards.get_mut(number) else { return };
        if shard.deliveries.is_empty() {
            return;
        }
        let root = shard.root.clone();
        for Delivery { body, period, window, part, now } in std::mem::take(&mut shard.deliveries) {
            let Some(state) = self.bodies.get_mut(body) else { continue };
            state.is_changed = true;
            state.delivered.entry((period, window.from)).or_default().insert(root.clone(), part);
            let Some(delivered) = self.gathered(body, period, window) else { continue };
            let grace = self.of_shards(body).map(Shard::delivery_ms).max().unwrap_or(0);
            let now = now.max(window.to.plus_ms(grace));
            self.judge_body(body, (period, window), &delivered, now, out);
        }
    }

    /// The same of every shard.
    pub(super) fn take_all_deliveries(&mut self, out: &mut Vec<Output>) {
        if !self.bodies.is_empty() {
            (0..self.shards.len()).for_each(|number| self.take_deliveries(number, out));
        }
    }

    /// The shards of a body.
    fn of_shards(&self, body: usize) -> impl Iterator<Item = &Shard> {
        let numbers = self.bodies.get(body).into_iter().flat_map(|state| &state.shards);
        numbers.filter_map(|number| self.shards.get(*number))
    }

    /// What all shards of a body have of a window; `None` while one of them has yet to close it.
    ///
    /// What was delivered long ago is asked for again: the meters hold it for two years.
    fn gathered(&self, body: usize, period: Period, window: Span) -> Option<Delivered> {
        let state = self.bodies.get(body)?;
        let held = state.delivered.get(&(period, window.from));
        let mut all = Delivered::default();
        for number in &state.shards {
            let shard = self.shards.get(*number)?;
            match shard.delivers_to() {
                Some(to) if to < window.to => return None,
                Some(_) => match held.and_then(|held| held.get(&shard.root)) {
                    Some(part) => all.merge(part),
                    None => all.merge(&shard.delivery(&state.estate, window, period)),
                },
                None => {}
            }
        }
        Some(all)
    }

    /// Judges a window of a body by every clause that asks for it.
    fn judge_body(
        &mut self,
        body: usize,
        (period, window): (Period, Span),
        delivered: &Delivered,
        now: Instant,
        out: &mut Vec<Output>,
    ) {
        let register = Arc::clone(&self.register);
        let closed_to = self.of_shards(body).filter_map(Shard::delivers_to).min().unwrap_or(window.to);
        let Some(state) = self.bodies.get_mut(body) else { return };
        state.is_changed = true;
        let (stale, horizon) = (self.options.stale_after_ms, self.options.horizon_ms);
        for check in state.checks.iter_mut().filter(|check| check.live.clause.period == period) {
            if window.to <= check.pruned_to() {
                continue;
            }
            let found = finding_of(&register, &state.estate, check, window, delivered);
            check.note_all(vec![(window, found)], now, stale, out);
            check.prune(closed_to.plus_ms(horizon.saturating_neg()), stale);
        }
        let mut checks: Vec<&mut Check> = state.checks.iter_mut().collect();
        outlive(&mut checks, (closed_to, &register), now, stale, out);
        // What is asked for later is taken from the meters again.
        state.delivered.retain(|(period, from), _| {
            let window = register.calendar.window(*period, *from);
            window.to.plus_ms(window.millis().saturating_add(horizon)) > closed_to
        });
    }

    /// Judges again the windows of bodies in which meters of a shard were built anew on some days. Returns what
    /// is now said of those that no check remembers.
    pub(super) fn reopen_bodies(
        &mut self,
        number: usize,
        days: &BTreeSet<Instant>,
        out: &mut Vec<Output>,
    ) -> Vec<Reopened> {
        let register = Arc::clone(&self.register);
        let Some(shard) = self.shards.get(number) else { return Vec::new() };
        let (root, now) = (shard.root.clone(), shard.clock().unwrap_or(Instant::MIN));
        let mut told = Vec::new();
        for body in 0..self.bodies.len() {
            let Some(state) = self.bodies.get_mut(body).filter(|state| state.shards.contains(&number)) else {
                continue;
            };
            let periods: BTreeSet<Period> = state.checks.iter().map(|c| c.live.clause.period).collect();
            let windows: BTreeSet<(Period, Span)> = periods
                .into_iter()
                .flat_map(|period| days.iter().map(move |day| (period, *day)))
                .map(|(period, day)| (period, register.calendar.window(period, day)))
                .collect();
            for (period, window) in windows {
                if let Some(state) = self.bodies.get_mut(body) {
                    state.delivered.entry((period, window.from)).or_default().remove(&root);
                }
                let Some(delivered) = self.gathered(body, period, window) else { continue };
                told.extend(self.forgotten(body, (period, window), &delivered, now));
                self.judge_body(body, (period, window), &delivered, now, out);
            }
        }
        told
    }

    /// What is now said of a window by the checks of a body that do not remember it.
    fn forgotten(
        &self,
        body: usize,
        (period, window): (Period, Span),
        delivered: &Delivered,
        now: Instant,
    ) -> Vec<Reopened> {
        let Some(state) = self.bodies.get(body) else { return Vec::new() };
        let is_forgotten =
            |check: &&Check| check.live.clause.period == period && window.to <= check.pruned_to();
        let said = state.checks.iter().filter(is_forgotten).map(|check| {
            let found = finding_of(&self.register, &state.estate, check, window, delivered);
            let is_withdrawal = found.is_none();
            let found = found.unwrap_or_else(|| Finding::nothing_left(window));
            Reopened { verdict: check.first_verdict(found, now), is_withdrawal }
        });
        said.collect()
    }

    /// Takes up what was delivered to a body, and the memories of its checks.
    pub(super) fn restore_body(&mut self, key: &str, saved: SavedShard) {
        let Piece::Body(delivered, memories) = saved.0 else { return };
        let number = key.split_once('/').and_then(|(_, id)| self.body_number(id));
        let Some(state) = number.and_then(|number| self.bodies.get_mut(number)) else { return };
        for ((period, from, root), part) in delivered {
            // A shard of several buildings tells anew: what is held may be of the first of them alone, from
            // before a place moved.
            let home = self.homes.get(&root).and_then(|number| self.shards.get(*number));
            if home.is_some_and(|shard| shard.ways.roots.len() > 1) {
                continue;
            }
            state.delivered.entry((period, from)).or_default().insert(root, part);
        }
        for (clause, memory) in memories {
            if let Some(check) = state.checks.iter_mut().find(|check| check.live.clause.id == clause) {
                check.memory = memory;
            }
        }
    }

    /// The pieces of bodies that changed since the last call.
    pub(super) fn take_changed_bodies(&mut self) -> Vec<(String, SavedShard)> {
        let memory = |check: &Check| (check.live.clause.id.clone(), check.memory.clone());
        let saved = self.bodies.iter_mut().filter_map(|state| {
            std::mem::take(&mut state.is_changed).then(|| {
                let parts = state.delivered.iter().flat_map(|((period, from), parts)| {
                    parts.iter().map(|(root, part)| ((*period, *from, root.clone()), part.clone()))
                });
                let piece = Piece::Body(parts.collect(), state.checks.iter().map(memory).collect());
                (body_key(&state.estate.body), SavedShard(piece))
            })
        });
        saved.collect()
    }

    /// Goes on with the bodies of another rulebook; alerts whose check is no more are withdrawn. Returns the
    /// keys of bodies that are no more.
    pub(super) fn go_on_with_bodies(
        &mut self,
        old: Vec<BodyState>,
        now: Option<Instant>,
        out: &mut Vec<Output>,
    ) -> BTreeSet<String> {
        let mut gone = BTreeSet::new();
        for state in old {
            let number = self.body_number(state.estate.body.as_str());
            let mut next = number.and_then(|number| self.bodies.get_mut(number));
            match &mut next {
                // Even if it goes on with nothing: that is less than what a checkpoint holds.
                Some(next) => next.is_changed = true,
                None => {
                    gone.insert(body_key(&state.estate.body));
                }
            }
            for check in state.checks {
                let taken = next.as_mut().and_then(|next| {
                    let same = |next: &&mut Check| next.live.clause.id == check.live.clause.id;
                    next.checks.iter_mut().find(same).filter(|next| check.goes_on_as(&next.live))
                });
                match taken {
                    Some(next) => next.memory = check.memory,
                    None => {
                        let told = now.and_then(|now| check.withdraw(now));
                        out.extend(told.map(|t| Output::Transition(Box::new(t))));
                    }
                }
            }
        }
        gone
    }

    /// The checks of all bodies.
    pub(super) fn body_checks(&self) -> impl Iterator<Item = &Check> {
        self.bodies.iter().flat_map(|state| &state.checks)
    }

    /// The bodies of which a measure can be told at some time of a range, each with what it holds; without any clause.
    pub(crate) fn tellable_bodies(&self, measure: Measure, range: Span) -> Vec<Estate> {
        if !measure.is_of_bodies() {
            return Vec::new();
        }
        let tree = Tree::new(&self.register);
        let wanted = carriers(measure, &crate::Energy::default());
        let is_there = |span: Span| span.intersect(range).is_some();
        let is_meant = |id: &Id| {
            let mut rows = self.register.meters.get(id).into_iter().flat_map(|history| history.rows());
            rows.any(|row| is_there(row.span) && wanted.contains_key(&row.value.carrier))
        };
        let bodies = self.register.bodies.iter().filter(|(id, history)| {
            is_institution(&self.register, id) && history.rows().any(|row| is_there(row.span))
        });
        let estates = bodies.map(|(id, _)| tree.estate(id));
        estates.filter(|estate| estate.meters.iter().any(is_meant)).collect()
    }

    /// The figure of a body over a window, without any clause.
    pub(crate) fn figure_of_body(
        &self,
        estate: &Estate,
        measure: Measure,
        window: Span,
        period: Period,
    ) -> Option<Figure> {
        let mut delivered = Delivered::default();
        for shard in &self.shards {
            delivered.merge(&shard.delivery(estate, window, period));
        }
        let holding = Holding { register: &self.register, estate, window, delivered: &delivered };
        body_figure(measure, holding, period, &crate::Energy::default()).filter(|f| f.has_judged_time)
    }
}

/// What is found of a window of a body; nothing where none of its meters was ever heard.
fn finding_of(
    register: &Register,
    estate: &Estate,
    check: &Check,
    window: Span,
    delivered: &Delivered,
) -> Option<Finding> {
    let clause = &check.live.clause;
    let body = register.body(&estate.body, window.from)?;
    if is_counted_above(body) || delivered.is_empty() {
        return None;
    }
    let measuring = measuring_body(&check.live, register, body, window.from)?;
    let holding = Holding { register, estate, window, delivered };
    let figure = body_figure(clause.measure, holding, clause.period, &clause.energy)?;
    let waived = || register.waiver(&clause.id, &body.id, window.from).map(|w| w.reason.clone());
    finding(clause, figure, measuring, waived, window)
}
