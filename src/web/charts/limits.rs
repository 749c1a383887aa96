//! The limit lines of a chart: clauses that judge a quantity at a place.

use std::sync::Arc;

use model::{Id, Instant, Quantity};
use rules::{Clause, Measure};

use crate::{
    view::Snapshot,
    web::{applies::clauses_of, desk::Desk},
};

/// One bound of one clause.
#[derive(Debug, Clone)]
pub(in crate::web) struct Line {
    pub(in crate::web) clause: Arc<Clause>,
    /// In the unit of the clause's limit, which is that of the quantity.
    pub(in crate::web) value: f64,
    /// Breached below.
    pub(in crate::web) is_minimum: bool,
}

/// The quantity whose curve shows a measure, if one does.
#[must_use]
pub(in crate::web) const fn quantity_of(measure: Measure) -> Option<Quantity> {
    match measure {
        Measure::Co2HourMean | Measure::Co2DayMean => Some(Quantity::Co2),
        Measure::TemperatureHourMean => Some(Quantity::Temperature),
        Measure::SetpointHourMean => Some(Quantity::Setpoint),
        Measure::Pm25DayMean => Some(Quantity::Pm2_5),
        Measure::Pm10DayMean => Some(Quantity::Pm10),
        Measure::TvocDayMean => Some(Quantity::Tvoc),
        Measure::HumidityHourMean => Some(Quantity::Humidity),
        Measure::Illuminance => Some(Quantity::Illuminance),
        Measure::PeakPeople => Some(Quantity::PeopleCount),
        _ => None,
    }
}

/// The bounds that a chart of `quantity` at `place` shows. What the engine has judged comes first;
/// clauses that bind the place by the register follow, so that a line shows before the first verdict.
#[must_use]
pub(in crate::web) fn limits_of(
    desk: &Desk,
    snapshot: &Snapshot,
    place: &Id,
    quantity: Quantity,
    now: Instant,
) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    let is_shown =
        |clause: &Clause| quantity_of(clause.measure) == Some(quantity) && desk.is_enforced(clause);
    let judged = snapshot.verdicts.iter().filter(|v| v.subject.id() == place && is_shown(&v.clause));
    for verdict in judged {
        let moves = verdict.clause.limit.table.is_some() || verdict.clause.adaptive.is_some();
        if let Some(value) = verdict.limit.filter(|_| moves) {
            add(&mut lines, &verdict.clause, value, verdict.is_minimum);
        }
        add_fixed(&mut lines, &verdict.clause);
    }
    for clause in clauses_of(desk, place, now).into_iter().filter(|clause| is_shown(clause)) {
        add_fixed(&mut lines, clause);
    }
    lines
}

fn add_fixed(lines: &mut Vec<Line>, clause: &Arc<Clause>) {
    // Its numbers are distances from a comfort temperature that only a verdict knows.
    if clause.adaptive.is_some() {
        return;
    }
    let fixed = clause.limit.fixed;
    for (bound, is_minimum) in [(fixed.at_least, true), (fixed.at_most, false)] {
        if let Some(value) = bound {
            add(lines, clause, value, is_minimum);
        }
    }
}

fn add(lines: &mut Vec<Line>, clause: &Arc<Clause>, value: f64, is_minimum: bool) {
    let is_there = |line: &Line| line.clause.id == clause.id && line.is_minimum == is_minimum;
    if !lines.iter().any(is_there) {
        lines.push(Line { clause: Arc::clone(clause), value, is_minimum });
    }
}
