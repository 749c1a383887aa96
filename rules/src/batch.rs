//! A measure over a recording: what `normwatch measure` prints.

use std::sync::Arc;

use model::{Id, Instant, Period, Reading, Register, Span};

use crate::{Catalogue, Correction, Energy, Engine, EngineOptions, Figure, Measure, partial::printed};

/// One row: a place or body and a period.
#[derive(Debug, Clone, PartialEq)]
pub struct MeasureRow {
    /// The place; of a figure a person also the body whose people they are.
    pub place: Id,
    /// Start of the period.
    pub from: Instant,
    /// End of the period.
    pub to: Instant,
    /// The value in the measure's unit, rounded to six decimals; `None` without evidence.
    pub value: Option<f64>,
    /// Observed share of the judged time, 0 to 1; 0 without evidence.
    pub coverage: f64,
}

/// The measure does not exist for this period.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{measure} has no period `{period}`: use one of {known}")]
pub struct NoSuchPeriod {
    /// The measure.
    pub measure: &'static str,
    /// What was asked.
    pub period: &'static str,
    /// What there is.
    pub known: String,
}

/// Computes a measure for every place whose sensors have told, or whose meters could tell it.
///
/// One row a period, in the order of place ids and time; then figures a person for every body with people and meters.
///
/// Readings may come in any order; of several of one series at one instant the last wins. The last
/// reading of a series stands one interval. `from` and `to` choose the periods that overlap them;
/// with [`Period::All`] they are the period.
///
/// # Errors
/// Returns [`NoSuchPeriod`] when the measure is not taken over this period.
pub fn measure(
    register: &Arc<Register>,
    measure: Measure,
    period: Period,
    from: Option<Instant>,
    to: Option<Instant>,
    mut readings: Vec<Reading>,
) -> Result<Vec<MeasureRow>, NoSuchPeriod> {
    if measure.needs_band() {
        let known = "a clause that says the band".to_owned();
        return Err(NoSuchPeriod { measure: measure.name(), period: period.name(), known });
    }
    let known = measure.periods();
    if !known.contains(&period) {
        let known = known.iter().map(|p| p.name()).collect::<Vec<_>>().join(", ");
        return Err(NoSuchPeriod { measure: measure.name(), period: period.name(), known });
    }
    readings.sort_by_key(|r| r.time);
    let Some(first) = readings.first().map(|r| r.time) else { return Ok(Vec::new()) };
    let options = EngineOptions { horizon_ms: i64::MAX / 4, ..EngineOptions::default() };
    let mut engine = Engine::new(Arc::clone(register), &[], options);
    let clip = (period == Period::All).then(|| Span::new(from.unwrap_or(first), to.unwrap_or(Instant::MAX)));
    engine.watch(measure, clip, usual(measure).as_ref());
    let mut ignored = Vec::new();
    for reading in &readings {
        engine.observe(reading, &mut ignored);
    }
    engine.finish(None, &mut ignored);
    let end = engine.event_time().unwrap_or(first);
    let range = Span::new(from.unwrap_or(first), to.unwrap_or(end));
    let windows = register.calendar.windows(period, range);
    let mut rows = Vec::new();
    for place in register.places.keys() {
        if !engine.can_tell(place, measure, range) {
            continue;
        }
        for window in &windows {
            let figure = engine.figure(place, measure, *window, period);
            rows.push(row(place, *window, figure));
        }
    }
    for estate in engine.tellable_bodies(measure, range) {
        for window in &windows {
            let figure = engine.figure_of_body(&estate, measure, *window, period);
            rows.push(row(&estate.body, *window, figure));
        }
    }
    Ok(rows)
}

fn row(of: &Id, window: Span, figure: Option<Figure>) -> MeasureRow {
    let value = figure.as_ref().and_then(|f| f.value).map(printed);
    let coverage = if value.is_some() { figure.map_or(0.0, |f| printed(f.coverage)) } else { 0.0 };
    MeasureRow { place: of.clone(), from: window.from, to: window.to, value, coverage }
}

/// Energy and correction of a corrected intensity where no clause is at hand: those of the first clause of
/// the product's own packs that has one, which is of GB/T 51161-2016.
fn usual(measure: Measure) -> Option<(Energy, Correction)> {
    if measure != Measure::EuiCorrected {
        return None;
    }
    let catalogue = Catalogue::builtin().ok()?;
    let mut clauses = catalogue.packs().iter().flat_map(|pack| &pack.clauses);
    clauses.find_map(|clause| Some((clause.energy.clone(), clause.correction?)))
}
