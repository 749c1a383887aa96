//! Judging: from partials and meters to figures, from figures to verdicts and alerts.

use model::{Id, Instant, Period, Span};

use super::{
    place::{Need, PlaceState},
    shard::Shard,
    shared::{Asked, Shared},
};
use crate::{
    Clause, Correction, Energy, Fact, Measure, Output, Why,
    finding::Finding,
    judge::{finding, measuring},
    measure::{
        Basis, Context, Figure, Moment, People, Source, co2_above_outdoor, figure, meter_figure,
        meters::Supply, source_of, source_within, weather_regularity,
    },
    partial::{Partial, printed},
};

impl Shard {
    /// Judges windows of one check, in order; the alert changes once, after all of them.
    pub(super) fn judge(
        &mut self,
        place: usize,
        check: usize,
        windows: &[Span],
        shared: &mut Shared<'_>,
        (now, out): (Instant, &mut Vec<Output>),
    ) {
        if self.follows_weather(place, check) {
            windows.iter().for_each(|window| self.learn_weather(place, window.from));
        }
        let found = windows.iter().map(|window| (*window, self.finding(place, check, *window, shared)));
        let found = found.collect();
        self.note_all(place, check, found, now, out);
    }

    /// Takes what was found of windows of one check, in order.
    pub(super) fn note_all(
        &mut self,
        place: usize,
        check: usize,
        all: Vec<(Span, Option<Finding>)>,
        now: Instant,
        out: &mut Vec<Output>,
    ) {
        let stale = self.options.stale_after_ms;
        let Some(state) = self.places.get_mut(place) else { return };
        if let Some(check) = state.checks.get_mut(check) {
            let before = out.len();
            check.note_all(all, now, stale, out);
            // What was said is part of the next checkpoint, or a restart would not know of it.
            state.is_changed |= out.len() > before;
        }
    }

    fn follows_weather(&self, place: usize, check: usize) -> bool {
        let state = self.places.get(place).filter(|state| state.asks_weather);
        state.and_then(|s| s.checks.get(check)).is_some_and(|c| c.live.clause.adaptive.is_some())
    }

    /// What is found of one window, apart from those of other checks.
    pub(super) fn finding_alone(&self, place: usize, check: usize, window: Span) -> Option<Finding> {
        self.finding(place, check, window, &mut Shared::new(&self.register))
    }

    fn finding(&self, place: usize, check: usize, window: Span, shared: &mut Shared<'_>) -> Option<Finding> {
        let state = self.places.get(place)?;
        let live = &state.checks.get(check)?.live;
        let clause = &live.clause;
        if let Source::Basis(basis) = source_within(clause.measure, clause.gate, clause.within) {
            state.ledger(basis)?;
        }
        let place = shared.place(&state.id, window)?;
        let context = Context { register: &self.register, place, window, supply: self.supply(state) };
        let mut measuring = measuring(live, context)?;
        let mut figure = shared.limited(clause, window, |asked| self.figure(state, asked, context))?;
        let taken = |asked: &Asked| shared.get(asked, window, || self.figure(state, asked, context));
        let conditions = conditions(clause, &mut figure.why, taken);
        if conditions == Some(false) {
            return None;
        }
        let here = (&state.id, window);
        measuring.resolved = self.above_outdoors(clause, here, measuring.resolved, &mut figure.why);
        measuring.resolved = self.around_comfort(clause, here, measuring.resolved, &mut figure)?;
        let waiver = || self.register.waiver(&clause.id, &state.id, window.from).map(|w| w.reason.clone());
        let found = finding(clause, figure, measuring, waiver, window)?;
        Some(if conditions.is_none() { found.unproven() } else { found })
    }

    pub(super) fn context<'a>(&'a self, state: &'a PlaceState, window: Span) -> Option<Context<'a>> {
        Some(Context {
            register: &self.register,
            place: self.register.place(&state.id, window.from)?,
            window,
            supply: self.supply(state),
        })
    }

    fn supply<'a>(&'a self, state: &'a PlaceState) -> Supply<'a> {
        let place = self.index.get(&state.id);
        let moves = place.map(|place| self.ways.moves(*place)).unwrap_or_default();
        Supply { chains: &self.meters, facts: &self.facts, meters: state.meters.as_slice(), moves }
    }

    fn figure(&self, state: &PlaceState, asked: &Asked, context: Context<'_>) -> Option<Figure> {
        match asked.source() {
            Source::Register => None,
            Source::Outdoors => {
                let (place, at) = (&state.id, context.window.from);
                self.has_weather(place, at).then(|| self.running_mean(place, at))
            }
            Source::Meters => {
                let wanted = (asked.measure, &asked.energy);
                let here = (context.register, &state.id);
                let is_seen = context.supply.is_seen(wanted, here, context.window);
                is_seen.then(|| {
                    let correction = asked.correction.as_ref();
                    let people = state.wants_presence.then(|| self.people(state, context));
                    meter_figure(asked.measure, context, asked.period, &asked.energy, correction, people)
                })
            }
            Source::Basis(Basis::Regularity(_, is_gated)) => {
                self.regularity(state, is_gated, context, Instant::MAX)
            }
            Source::Basis(basis) => {
                let days = self.days(state, basis, context.window, Instant::MAX)?;
                let mut figure = figure(asked.measure, &days, context);
                explain(state, basis, context.window.to, &mut figure);
                let here = (&state.id, context.window);
                Some(self.outdoor_relative(asked.measure, figure, here, asked.outdoor_ppm))
            }
            Source::Devices => self.device_figure(state, asked.measure, context.window, asked.linger_ms),
        }
    }

    /// How far the cooling of a place follows the weather.
    fn regularity(
        &self,
        state: &PlaceState,
        is_gated: bool,
        context: Context<'_>,
        closed_to: Instant,
    ) -> Option<Figure> {
        let mut sums = [Partial::default(); 5];
        for (sum, moment) in sums.iter_mut().zip(Moment::ALL) {
            let days = self.days(state, Basis::Regularity(moment, is_gated), context.window, closed_to)?;
            days.iter().for_each(|(_, day)| sum.merge(day));
        }
        Some(weather_regularity::figure(sums, context))
    }

    /// Of CO2 above outdoors the part above; any other figure as it is.
    fn outdoor_relative(
        &self,
        measure: Measure,
        figure: Figure,
        (place, window): (&Id, Span),
        assumed: Option<f64>,
    ) -> Figure {
        if measure != Measure::Co2AboveOutdoor {
            return figure;
        }
        co2_above_outdoor::less(figure, self.outdoor_mean(place, window), assumed)
    }

    fn people<'a>(&self, state: &'a PlaceState, context: Context<'_>) -> People<'a> {
        let days = state.partials(Basis::Peak, context.window, context.calendar()).unwrap_or_default();
        let usual = figure(Measure::EffectiveUsers, &days, context);
        People { usual_peak: usual.value, hours: &state.kept.presence }
    }

    /// Makes every place keep the partials of a measure for good.
    pub(super) fn watch(
        &mut self,
        measure: Measure,
        clip: Option<Span>,
        usual: Option<(Energy, Correction)>,
    ) {
        self.clip = clip.unwrap_or(Span::ALWAYS);
        self.usual = usual;
        if measure == Measure::EuiCorrected {
            for place in 0..self.places.len() {
                self.need(place, Basis::Peak, Period::All);
            }
            self.places.iter_mut().for_each(|state| state.wants_presence = true);
        }
        self.is_clipped = clip.is_some();
        for state in &mut self.places {
            state.asks_outdoors |= measure == Measure::Co2AboveOutdoor;
            state.asks_weather |= matches!(measure, Measure::RunningMeanOutdoor | Measure::WeatherRegularity);
        }
        if measure.is_of_devices() {
            for place in 0..self.places.len() {
                self.watch_devices(place);
            }
        }
        if let Source::Basis(basis) = source_of(measure, None) {
            for place in 0..self.places.len() {
                self.need(place, basis, Period::All);
            }
        }
    }

    pub(super) fn can_tell(&self, place: &Id, measure: Measure, range: Span) -> bool {
        let Some(state) = self.index.get(place).and_then(|i| self.places.get(*i)) else { return false };
        match source_of(measure, None) {
            Source::Register => false,
            Source::Outdoors => self.ways.roots.contains(place) && self.has_weather(place, range.from),
            Source::Devices => state.watches_devices,
            Source::Basis(basis) => state.ledger(basis).is_some(),
            Source::Meters => {
                let mut rows = self.register.places.get(place).into_iter().flat_map(|history| history.rows());
                let wanted = (measure, &Energy::default());
                rows.any(|row| row.span.intersect(range).is_some())
                    && self.supply(state).is_metered(wanted, (&self.register, place), range)
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
            Source::Outdoors => Some(self.running_mean(place, window.from)),
            Source::Meters => {
                let plain = Energy::default();
                let here = (context.register, place);
                let is_seen = context.supply.is_seen((measure, &plain), here, window);
                is_seen.then(|| {
                    let people = state.wants_presence.then(|| self.people(state, context));
                    let (energy, correction) = match &self.usual {
                        Some((energy, correction)) => (energy, Some(correction)),
                        None => (&plain, None),
                    };
                    meter_figure(measure, context, period, energy, correction, people)
                })
            }
            Source::Devices => {
                let is_closed = state.kept.next_hour.is_some_and(|next| window.to <= next.from);
                is_closed.then(|| self.device_figure(state, measure, window, 0)).flatten()
            }
            Source::Basis(Basis::Regularity(_, is_gated)) => {
                self.regularity(state, is_gated, context, self.closed_to(state))
            }
            Source::Basis(basis) => {
                let basis = nearest(state, basis, period)?;
                let closed_to = self.closed_to(state);
                let mut days = self.days(state, basis, window, closed_to)?;
                let is_let_go = state.bases.get(&basis).is_some_and(|need| need.longest == Period::Hour);
                if days.is_empty() && is_let_go && window.to <= closed_to {
                    let day = self.register.calendar.window(Period::Day, window.from);
                    days.push((day, self.taken_again(state, basis, window)?));
                }
                let mut figure = figure(measure, &days, context);
                explain(state, basis, window.to, &mut figure);
                Some(self.outdoor_relative(measure, figure, (place, window), None))
            }
        }
    }
}

/// Whether the conditions of a clause hold, `None` being unknown; `why` says what each is.
///
/// A condition is unknown where its figure is, or is covered too little.
fn conditions(
    clause: &Clause,
    why: &mut Why,
    mut taken: impl FnMut(&Asked) -> Option<Figure>,
) -> Option<bool> {
    let Some(only_if) = &clause.only_if else { return Some(true) };
    let mut known: Vec<(&str, Option<bool>)> = Vec::new();
    for condition in &only_if.conditions {
        let figure = taken(&Asked::by_condition(condition, clause.period)).filter(|f| f.has_judged_time);
        let value = figure.and_then(|f| f.value.filter(|_| printed(f.coverage) >= condition.min_coverage));
        let value = value.map(printed);
        known.push((&condition.name, value.map(|value| condition.bound.is_kept_by(value))));
        let fact = value.map_or_else(|| "unknown".into(), Fact::Number);
        why.insert(format!("condition_{}", condition.name), fact);
    }
    why.insert("only_if".to_owned(), only_if.text.as_str().into());
    let holds =
        only_if.expr.holds(&|name| known.iter().find(|(n, _)| *n == name).and_then(|(_, holds)| *holds));
    if holds.is_none() {
        let unknown = known.iter().filter(|(_, holds)| holds.is_none());
        let names = unknown.map(|(name, _)| Fact::Text((*name).to_owned())).collect();
        why.insert("unknown_conditions".to_owned(), Fact::List(names));
    }
    holds
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
        Basis::Gauge(_, gate) | Basis::Outside(_, gate, _) => gate,
        _ => None,
    };
    match gate {
        Some(gate) if state.has_gate(gate, before) => {}
        Some(_) => {
            figure.why.insert("gate".to_owned(), "no sensor for it here: judged at all times".into());
        }
        None => {}
    }
    name_sensors(state, basis, before, figure);
    let of_people =
        !matches!(basis, Basis::Gauge(..) | Basis::Outside(..)) || gate == Some(crate::Gate::Occupied);
    if of_people && state.counts_at_doors(before) {
        let how = "people in less people out at the doors since local midnight";
        figure.why.insert("counted".to_owned(), how.into());
    }
}

/// Names the sensors of the place whose readings the figure is taken from.
fn name_sensors(state: &PlaceState, basis: Basis, before: Instant, figure: &mut Figure) {
    let mut names: Vec<&Id> = state.sensors(basis, before).collect();
    names.sort_unstable();
    names.dedup();
    if !names.is_empty() {
        let names = names.into_iter().map(|id| Fact::from(id.as_str())).collect();
        figure.why.insert("sensors".to_owned(), Fact::List(names));
    }
}
