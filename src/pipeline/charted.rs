//! What dashboards get beside readings and fresh verdicts: figures, verdicts that stand for longer than an hour, and
//! what became of alerts.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use model::{Calendar, Id, Instant, Period, Place, PlaceKind, Register, Span};
use rules::{Clause, Energy, Measure, Subject, Transition, Verdict};

use super::judge::Judge;
use crate::series::{
    PlaceTags,
    line::{self, EventKind, EventLine, MeasureLine, VerdictLine},
};

/// How long after its end the use of a day is told, ms: as long as the engine holds readings; later ones are days built
/// anew, and tell verdicts alone.
const SETTLED_MS: i64 = 6 * 3_600_000;

impl Judge {
    /// Sends the figures that verdicts were found from; several clauses of one measure share one.
    pub(super) fn chart_figures(&mut self, verdicts: &[Arc<Verdict>]) {
        if !self.parts.has_series {
            return;
        }
        let mut told: BTreeSet<(&Subject, Measure, Period, Instant)> = BTreeSet::new();
        let mut lines = Vec::new();
        for verdict in verdicts {
            let (measure, period) = (verdict.clause.measure, verdict.clause.period);
            if told.insert((&verdict.subject, measure, period, verdict.window.from))
                && let Some((value, coverage)) = self.plain_figure(verdict)
            {
                let tags = self.tags_of(&verdict.subject, verdict.window.from);
                lines.push(line::measure(&MeasureLine {
                    measure: measure.name(),
                    place: place_of(&verdict.subject),
                    tags: &tags,
                    period: period.name(),
                    value,
                    coverage,
                    from: verdict.window.from,
                }));
            }
        }
        self.fresh.lines.extend(lines);
    }

    /// Value and coverage without what is the clause's own: its gate, its factors, its exclusions.
    fn plain_figure(&self, verdict: &Verdict) -> Option<(Option<f64>, f64)> {
        let clause = &verdict.clause;
        let figure = place_of(&verdict.subject)
            .filter(|_| !depends_on_clause(clause.measure))
            .and_then(|place| self.engine.figure(place, clause.measure, verdict.window, clause.period));
        match figure {
            Some(figure) => Some((figure.value, figure.coverage)),
            None => is_plain(clause).then_some((verdict.value, verdict.coverage)),
        }
    }

    /// At every full hour of event time: the verdicts that stand, since a chart of the last hours has no point of a year
    /// that began in January, and once a day how rooms were used.
    ///
    /// No point is written twice with different values: after an outage the newest are sent first.
    pub(super) fn chart_hour(&mut self) {
        let Some(now) = self.engine.event_time().filter(|_| self.parts.has_series) else { return };
        if now < self.next_hour {
            return;
        }
        let book = Arc::clone(&self.parts.rulebook);
        let hour = book.register.calendar.window(Period::Hour, now);
        self.next_hour = hour.to;
        let day = settled_day(&book.register.calendar, hour.from);
        if self.used_on != Some(day.from) {
            self.used_on = Some(day.from);
            self.chart_use(&book.register, day);
        }
        // Windows of a day and longer begin at midnight: that point is their own verdict's.
        if book.register.calendar.window(Period::Day, hour.from).from == hour.from {
            return;
        }
        let live = book.catalogue.live(&book.register);
        let in_force: BTreeSet<&str> = live
            .iter()
            .filter(|live| live.in_force.contains(hour.from))
            .map(|live| live.clause.id.as_str())
            .collect();
        let standing = self.engine.verdicts().into_iter().chain(self.register_checks.verdicts());
        for verdict in standing {
            let stands = verdict.clause.period != Period::Hour && verdict.window.from < hour.from;
            if stands && in_force.contains(verdict.clause.id.as_str()) {
                let tags = self.tags_of(&verdict.subject, hour.from);
                let standing = VerdictLine { from: hour.from, ..VerdictLine::from(&verdict) };
                self.fresh.lines.push(line::verdict(&standing, &tags));
            }
        }
    }

    fn chart_use(&mut self, register: &Register, day: Span) {
        let is_room = |place: &Place| place.kind == PlaceKind::Room;
        let rooms = register.places.iter().filter(|(_, rows)| rows.at(day.from).is_some_and(is_room));
        for (room, _) in rooms {
            let figure = self.engine.figure(room, Measure::Utilisation, day, Period::Day);
            if let Some(figure) = figure.filter(|figure| figure.value.is_some()) {
                self.fresh.lines.push(line::measure(&MeasureLine {
                    measure: Measure::Utilisation.name(),
                    place: Some(room),
                    tags: &PlaceTags::of(register, room, day.from),
                    period: Period::Day.name(),
                    value: figure.value,
                    coverage: figure.coverage,
                    from: day.from,
                }));
            }
        }
    }

    /// Marks what became of alerts; those of one place at one instant are one mark, since a point has no other name.
    pub(super) fn chart_alerts(&mut self, transitions: &[Transition]) {
        if !self.parts.has_series {
            return;
        }
        let mut marks: BTreeMap<(&Subject, Instant), Vec<&Transition>> = BTreeMap::new();
        for transition in transitions {
            marks.entry((&transition.alert.check.subject, transition.at)).or_default().push(transition);
        }
        for ((subject, at), transitions) in marks {
            let (title, text) = words(subject, &transitions);
            let line = line::event(&EventLine {
                kind: EventKind::Alert,
                place: place_of(subject),
                tags: &self.tags_of(subject, at),
                title: &title,
                text: &text,
                at,
            });
            self.fresh.lines.push(line);
        }
    }

    fn tags_of(&self, subject: &Subject, at: Instant) -> PlaceTags {
        match subject {
            Subject::Place(place) => PlaceTags::of(&self.parts.rulebook.register, place, at),
            Subject::Body(body) => PlaceTags { body: Some(body.clone()), ..PlaceTags::default() },
        }
    }
}

const fn place_of(subject: &Subject) -> Option<&Id> {
    match subject {
        Subject::Place(place) => Some(place),
        Subject::Body(_) => None,
    }
}

/// Whether a figure is none before a clause says between which bounds, or for how long.
const fn depends_on_clause(measure: Measure) -> bool {
    matches!(
        measure,
        Measure::TemperatureOutside | Measure::HumidityOutside | Measure::Absence | Measure::Stuck
    )
}

/// Whether the figure of a clause is the measure's own.
fn is_plain(clause: &Clause) -> bool {
    clause.gate.is_none() && clause.energy == Energy::default() && !depends_on_clause(clause.measure)
}

/// The newest local day that ended so long before `at` that its use is settled.
fn settled_day(calendar: &Calendar, at: Instant) -> Span {
    let after = calendar.window(Period::Day, at.plus_ms(-SETTLED_MS)).from;
    calendar.window(Period::Day, after.plus_ms(-1))
}

/// Title and text of a mark.
fn words(subject: &Subject, transitions: &[&Transition]) -> (String, String) {
    let kinds: BTreeSet<&str> = transitions.iter().map(|transition| transition.kind.name()).collect();
    let kinds = kinds.into_iter().collect::<Vec<_>>().join(", ");
    let said: Vec<String> = transitions.iter().map(|transition| said(transition)).collect();
    (format!("Alert {kinds}: {}", subject.id()), said.join("; "))
}

fn said(transition: &Transition) -> String {
    let (kind, check, verdict) = (transition.kind.name(), &transition.alert.check, &transition.alert.verdict);
    let (Some(value), Some(limit)) = (verdict.value, verdict.limit) else {
        return format!("{kind}: {}", check.clause);
    };
    let bound = if verdict.is_minimum { "at least" } else { "at most" };
    format!("{kind}: {}, {value} {} ({bound} {limit})", check.clause, verdict.clause.limit.unit)
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;

    #[test]
    fn the_use_of_a_local_day_is_settled_six_hours_after_its_end_even_across_a_change_of_clocks() {
        let calendar = Calendar::new(TimeZone::get("Europe/Berlin").unwrap());
        let at = |text: &str| Instant::parse(text).unwrap();
        for (now, [from, to]) in [
            ("2026-10-26T06:00:00+01:00", ["2026-10-25T00:00:00+02:00", "2026-10-26T00:00:00+01:00"]),
            ("2026-10-26T05:00:00+01:00", ["2026-10-24T00:00:00+02:00", "2026-10-25T00:00:00+02:00"]),
            ("2026-03-30T07:00:00+02:00", ["2026-03-29T00:00:00+01:00", "2026-03-30T00:00:00+02:00"]),
        ] {
            assert_eq!(settled_day(&calendar, at(now)), Span::new(at(from), at(to)), "{now}");
        }
    }
}
