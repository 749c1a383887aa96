//! Judging: from partials and meters to figures, from figures to verdicts and alerts.

use std::sync::Arc;

use model::{Id, Instant, Period, Span};

use super::{
    Output,
    place::{Need, PlaceState},
    shard::Shard,
};
use crate::{
    Clause, Energy, Measure,
    check::Finding,
    judge::{finding, measuring},
    measure::{Basis, Context, Figure, People, Source, figure, meter_figure, meters::Supply, source_of},
};

impl Shard {
    /// Judges windows of one check, in order; the alert changes once, after all of them.
    pub(super) fn judge(
        &mut self,
        place: usize,
        check: usize,
        windows: &[Span],
        now: Instant,
        out: &mut Vec<Output>,
    ) {
        let stale = self.options.stale_after_ms;
        let before = self.places.get(place).and_then(|p| p.checks.get(check)).map(|c| c.life());
        let (mut spoke, mut is_turned) = (None, false);
        for window in windows {
            let found = self.finding(place, check, *window);
            let Some(check) = self.places.get_mut(place).and_then(|p| p.checks.get_mut(check)) else {
                return;
            };
            let found = found.or_else(|| check.withdrawal(*window));
            if let Some((verdict, turned)) = found.and_then(|found| check.note(found, now, stale)) {
                let verdict = Arc::new(verdict);
                is_turned |= turned;
                out.push(Output::Verdict(Arc::clone(&verdict)));
                spoke = Some(verdict);
            }
        }
        let Some(check) = self.places.get_mut(place).and_then(|p| p.checks.get_mut(check)) else { return };
        if let (Some(before), Some(verdict)) = (before, spoke) {
            let transition = check.settle(&before, &verdict, is_turned, stale);
            out.extend(transition.map(|t| Output::Transition(Box::new(t))));
        }
    }

    pub(super) fn finding(&self, place: usize, check: usize, window: Span) -> Option<Finding> {
        let state = self.places.get(place)?;
        let clause = &state.checks.get(check)?.live.clause;
        if let Source::Basis(basis) = source_of(clause.measure, clause.gate) {
            state.ledger(basis)?;
        }
        let live = &state.checks.get(check)?.live;
        let context = self.context(state, window)?;
        let mut measuring = measuring(live, context)?;
        let mut figure = self.figure(state, clause, context)?;
        measuring.resolved = self.above_outdoors(clause, window, measuring.resolved, &mut figure.why);
        let waiver = || self.register.waiver(&clause.id, &state.id, window.from).map(|w| w.reason.clone());
        finding(clause, figure, measuring, waiver, window)
    }

    pub(super) fn context<'a>(&'a self, state: &'a PlaceState, window: Span) -> Option<Context<'a>> {
        Some(Context {
            register: &self.register,
            place: self.register.place(&state.id, window.from)?,
            window,
            supply: self.supply(state),
        })
    }

    const fn supply<'a>(&'a self, state: &'a PlaceState) -> Supply<'a> {
        Supply { chains: &self.meters, facts: &self.facts, meters: state.meters.as_slice() }
    }

    fn figure(&self, state: &PlaceState, clause: &Clause, context: Context<'_>) -> Option<Figure> {
        match source_of(clause.measure, clause.gate) {
            Source::Register => None,
            Source::Meters => {
                let is_seen = context.supply.is_seen(clause.measure, &clause.energy, context.window.to);
                is_seen.then(|| {
                    let correction = clause.correction.as_ref();
                    let people = state.wants_presence.then(|| self.people(state, context));
                    meter_figure(clause.measure, context, clause.period, &clause.energy, correction, people)
                })
            }
            Source::Basis(basis) => {
                let days = state.partials(basis, context.window, context.calendar())?;
                let mut figure = figure(clause.measure, &days, context);
                explain(state, basis, context.window.to, &mut figure);
                Some(figure)
            }
        }
    }

    fn people<'a>(&self, state: &'a PlaceState, context: Context<'_>) -> People<'a> {
        let days = state.partials(Basis::Peak, context.window, context.calendar()).unwrap_or_default();
        let usual = figure(Measure::EffectiveUsers, &days, context);
        People { usual_peak: usual.value, hours: &state.kept.presence }
    }

    /// Makes every place keep the partials of a measure for good.
    pub(super) fn watch(&mut self, measure: Measure, clip: Option<Span>) {
        self.clip = clip.unwrap_or(Span::ALWAYS);
        if let Source::Basis(basis) = source_of(measure, None) {
            for place in 0..self.places.len() {
                self.need(place, basis, Period::All);
            }
        }
    }

    pub(super) fn can_tell(&self, place: &Id, measure: Measure, at: Instant) -> bool {
        let Some(state) = self.index.get(place).and_then(|i| self.places.get(*i)) else { return false };
        match source_of(measure, None) {
            Source::Register => false,
            Source::Basis(basis) => state.ledger(basis).is_some(),
            Source::Meters => {
                self.register.place(place, at).is_some()
                    && self.supply(state).is_seen(measure, &Energy::default(), Instant::MAX)
            }
        }
    }

    pub(super) fn figure_of(
        &self,
        place: &Id,
        measure: Measure,
        window: Span,
        period: Period,
    ) -> Option<Figure> {
        let state = self.index.get(place).and_then(|i| self.places.get(*i))?;
        let context = self.context(state, window)?;
        match source_of(measure, None) {
            Source::Register => None,
            Source::Meters => {
                let is_seen = context.supply.is_seen(measure, &Energy::default(), window.to);
                is_seen.then(|| meter_figure(measure, context, period, &Energy::default(), None, None))
            }
            Source::Basis(basis) => {
                let basis = nearest(state, basis, period)?;
                let days = state.partials(basis, window, context.calendar())?;
                let mut figure = figure(measure, &days, context);
                explain(state, basis, window.to, &mut figure);
                Some(figure)
            }
        }
    }
}

/// The basis that a figure without a clause is taken from: ungated where that is kept long enough,
/// else the same gauge as some clause gates it.
fn nearest(state: &PlaceState, basis: Basis, period: Period) -> Option<Basis> {
    let is_kept = |need: &Need| period <= need.longest;
    if state.bases.get(&basis).is_some_and(is_kept) {
        return Some(basis);
    }
    let same_gauge = |held: &Basis| match (held, basis) {
        (Basis::Gauge(held, _), Basis::Gauge(asked, _)) => *held == asked,
        _ => false,
    };
    state.bases.iter().find(|(held, need)| same_gauge(held) && is_kept(need)).map(|(held, _)| *held)
}

/// States what a reader of the figure should know of its sensors.
fn explain(state: &PlaceState, basis: Basis, before: Instant, figure: &mut Figure) {
    let gate = match basis {
        Basis::Gauge(_, gate) => gate,
        _ => None,
    };
    match gate {
        Some(gate) if state.has_gate(gate, before) => {}
        Some(_) => {
            figure.why.insert("gate".to_owned(), "no sensor for it here: judged at all times".into());
        }
        None => {}
    }
    let of_people = !matches!(basis, Basis::Gauge(..)) || gate == Some(crate::Gate::Occupied);
    if of_people && state.counts_at_doors(before) {
        let how = "people in less people out at the doors since local midnight";
        figure.why.insert("counted".to_owned(), how.into());
    }
}
