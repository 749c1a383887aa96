//! The end of an hour: partials are taken, windows that end are judged, what nobody needs is forgotten.

use std::sync::Arc;

use model::{Instant, Period, Quantity, Span};

use super::{aggregate::Rooms, place::PlaceState, shard::Shard, shared::Shared, weather};
use crate::{
    Output,
    almanac::HourFacts,
    measure::{Basis, inputs::Inputs, room, weather_regularity, while_empty},
    outlived::outlive,
    partial::Partial,
};

/// Least coverage of an hour whose people count as known.
const PRESENCE_COVERAGE: f64 = 0.5;
/// How long the people of each hour are kept: two years and a little.
const PRESENCE_MS: i64 = 740 * 86_400_000;

impl Shard {
    /// Closes the next hour of a place.
    pub(super) fn close_hour(&mut self, place: usize, now: Instant, out: &mut Vec<Output>) {
        let Some(hour) = self.places.get(place).and_then(|p| p.kept.next_hour) else { return };
        let facts = self.almanac.at(hour.from);
        self.compute(place, &facts);
        self.open_around(place, hour);
        let checks = self.places.get(place).map_or(0, |p| p.checks.len());
        let register = Arc::clone(&self.register);
        let mut shared = Shared::new(&register);
        for check in 0..checks {
            let period = self.period_of(place, check);
            let window = period.map(|period| facts.window(period)).filter(|w| w.to == hour.to);
            if let Some(window) = window {
                self.judge(place, check, &[window], &mut shared, (now, out));
            }
        }
        self.outlive(place, hour.to, now, out);
        self.deliver_closed(place, &facts, now);
        let next = self.almanac.at(hour.to);
        let is_midnight = next.day.from == hour.to;
        let stale = self.options.stale_after_ms;
        let Some(state) = self.places.get_mut(place) else { return };
        if is_midnight {
            let faded = state.checks.iter_mut().filter_map(|check| check.fade(now, stale));
            out.extend(faded.map(|transition| Output::Transition(Box::new(transition))));
        }
        state.kept.next_hour = Some(next.hour);
        state.is_changed = true;
        self.set_timer(place);
        self.tidy(place, next.hour.from, is_midnight);
    }

    /// Ends the alerts of a place whose clause is no longer in force there; its windows have ended up to `closed_to`.
    pub(super) fn outlive(&mut self, place: usize, closed_to: Instant, now: Instant, out: &mut Vec<Output>) {
        let Some(state) = self.places.get_mut(place) else { return };
        if state.checks.iter().any(|check| check.may_outlive(closed_to, &self.register)) {
            state.is_changed = true;
            let mut checks: Vec<_> = state.checks.iter_mut().collect();
            outlive(&mut checks, (closed_to, &self.register), now, self.options.stale_after_ms, out);
        }
    }

    fn period_of(&self, place: usize, check: usize) -> Option<Period> {
        Some(self.places.get(place)?.checks.get(check)?.live.clause.period)
    }

    /// Forgets what late data can no longer touch and no window needs.
    fn tidy(&mut self, place: usize, open_from: Instant, is_midnight: bool) {
        // An hour that late data may still touch begins up to an hour before the horizon.
        let since = |ms: i64| open_from.plus_ms(ms.saturating_neg() - 2 * 3_600_000);
        let before = since(self.options.horizon_ms);
        let held = self.held(place);
        let held_from = since(held.gauges_ms);
        let stale = self.options.stale_after_ms;
        self.tidy_devices(place, before);
        // A place above waits longer before it closes an hour, and takes it from what is held here.
        let above = self.places.get(place).map(|state| state.above.as_slice()).unwrap_or_default();
        let above = above.iter().filter_map(|number| self.places.get(*number)?.kept.next_hour);
        let behind = above.map(|hour| open_from.since(hour.from)).max().unwrap_or(0).max(0);
        let Some(state) = self.places.get_mut(place) else { return };
        for buffer in &mut state.kept.buffers {
            buffer.forget(since(held.of(buffer)).plus_ms(-behind));
        }
        for check in &mut state.checks {
            check.prune(before, stale);
        }
        for (basis, ledger) in &mut state.kept.ledgers {
            let before = if basis.is_of_meters() { before } else { held_from };
            match state.bases.get(basis) {
                Some(need) if need.longest > Period::Hour => {
                    if is_midnight {
                        let oldest = before.plus_ms(need.keep_ms().saturating_neg());
                        ledger.roll(before, oldest, &self.register.calendar);
                    }
                }
                Some(need) if need.is_shared => ledger.forget_hours(before.plus_ms(-behind)),
                _ => ledger.forget_hours(open_from.plus_ms(-3_600_000)),
            }
        }
        if is_midnight {
            let oldest = before.plus_ms(-PRESENCE_MS);
            state.kept.presence = state.kept.presence.split_off(&oldest);
            // A window of a day may still ask for the outdoor air of its start.
            for buffer in &mut self.outdoor {
                let is_weather = buffer.series.quantity == Quantity::OutdoorTemperature;
                let more = 90_000_000 + if is_weather { weather::KEEP_MS } else { 0 };
                buffer.forget(before.plus_ms(-more));
            }
            self.tidy_meters(before);
        }
    }

    /// Once a day, whichever place ends it first.
    fn tidy_meters(&mut self, before: Instant) {
        const KEEP_MS: i64 = 800 * 86_400_000;
        if self.tidied_to.is_some_and(|to| before <= to) {
            return;
        }
        self.tidied_to = Some(before);
        let oldest = before.plus_ms(-KEEP_MS);
        for (number, chain) in self.meters.chains.iter_mut().enumerate() {
            if let Some(facts) = self.facts.get(&chain.series.sensor) {
                chain.prune(before, facts);
            }
            chain.used.roll(before, oldest, &self.register.calendar);
            self.changed_chains.insert(number);
        }
    }

    /// Takes the partials of one hour of a place from the readings that are there now.
    pub(super) fn compute(&mut self, place: usize, facts: &HourFacts) {
        self.compute_some(place, facts, |_| true);
    }

    /// The same of an hour whose gauges have been let go.
    pub(super) fn compute_old(&mut self, place: usize, facts: &HourFacts) {
        self.compute_some(place, facts, Basis::is_of_meters);
    }

    /// The partial of a closed hour that has been let go, taken again from the readings: `None` where those are gone too.
    pub(super) fn taken_again(&self, state: &PlaceState, basis: Basis, hour: Span) -> Option<Partial> {
        let place = *self.index.get(&state.id)?;
        let open = state.kept.next_hour?.from;
        if hour.from < open.plus_ms(self.held(place).gauges_ms.saturating_neg()) {
            return None;
        }
        // The almanac learns while it answers, and a question must not change the engine.
        let facts = self.almanac.clone().at(hour.from);
        let window = hour.intersect(self.clip)?;
        let inputs = Inputs::new(window, &facts, &state.kept.buffers, self.has_ended);
        self.partial(state, basis, &inputs, &facts)
    }

    fn compute_some(&mut self, place: usize, facts: &HourFacts, is_asked: impl Fn(Basis) -> bool) {
        let Some(state) = self.places.get(place) else { return };
        let Some(window) = facts.hour.intersect(self.clip) else { return };
        let inputs = Inputs::new(window, facts, &state.kept.buffers, self.has_ended);
        let bases = state.bases.keys().copied().filter(|basis| is_asked(*basis));
        let partials: Vec<(Basis, Option<Partial>)> =
            bases.map(|basis| (basis, self.partial(state, basis, &inputs, facts))).collect();
        let Some(state) = self.places.get_mut(place) else { return };
        state.is_changed = true;
        for (basis, partial) in partials {
            if basis == Basis::Peak && state.wants_presence {
                note_presence(state, facts, partial.as_ref());
            }
            state.set_partial(basis, facts.hour.from, partial);
        }
    }

    fn partial(
        &self,
        state: &PlaceState,
        basis: Basis,
        inputs: &Inputs<'_>,
        facts: &HourFacts,
    ) -> Option<Partial> {
        let window = inputs.window;
        let rooms = || {
            let inside = state.rooms.iter().filter(|(_, span)| span.contains(window.from));
            inside.filter_map(|(room, _)| self.places.get(*room))
        };
        let aggregated = || Rooms::new(facts, window, rooms(), &self.register, self.has_ended);
        if basis == Basis::WhileEmpty {
            let steps = while_empty::steps(self.context(state, window)?)?;
            let empty = while_empty::room(inputs).or_else(|| Some(aggregated()?.known_empty()))?;
            return Some(while_empty::partial(&steps, &empty, window));
        }
        if let Basis::Regularity(moment, is_gated) = basis {
            let is_judged = !is_gated || facts.is_working(window);
            let outdoors =
                self.outdoor_partial(Quantity::OutdoorTemperature, (&state.id, window.from), window);
            let partial = weather_regularity::partial(self.context(state, window)?, &outdoors, moment)?;
            return Some(if is_judged { partial } else { Partial::default() });
        }
        room::hour_partial(basis, inputs).or_else(|| aggregated()?.partial(basis))
    }
}

fn note_presence(state: &mut PlaceState, facts: &HourFacts, partial: Option<&Partial>) {
    let known = partial.filter(|p| p.coverage() >= PRESENCE_COVERAGE && p.time > 0);
    match known.map(|p| p.sum / i128::from(p.time)).and_then(|mean| i64::try_from(mean).ok()) {
        Some(mean) => {
            state.kept.presence.insert(facts.hour.from, mean);
        }
        None => {
            state.kept.presence.remove(&facts.hour.from);
        }
    }
}
