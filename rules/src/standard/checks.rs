//! What a clause must not say: checks of its parts against each other.

use model::{
    Period,
    register::{Level, Rank},
};

use super::{
    Attribute, Bound, Clause, Gate, LimitTable, Measure, Rating,
    section::{Findings, Section},
    words::Word,
};

/// Reports what does not fit together in a clause that was read from `s`.
pub(super) fn clause(f: &mut Findings<'_>, s: Section<'_, '_>, clause: &Clause) {
    // A missing or misspelt measure is reported already and says nothing about unit and period.
    if s.get("measure").and_then(|v| v.get_ref().as_str()).and_then(Measure::of) == Some(clause.measure) {
        figure(f, s, clause);
    }
    if !(0.0..=1.0).contains(&clause.min_coverage) {
        let what = format!("{} is not between 0 and 1", clause.min_coverage);
        s.report(f, "min_coverage", what, "write a share, such as 0.75");
    }
    bounds(f, s, clause);
    ratings(f, s, clause);
    if let Some(table) = &clause.limit.table {
        ranks(f, s, table);
        obsolete_offices(f, s, clause.measure, table);
    }
}

fn figure(f: &mut Findings<'_>, s: Section<'_, '_>, clause: &Clause) {
    let measure = clause.measure;
    let unit = clause.limit.unit.as_str();
    if !unit.is_empty() && !measure.units().contains(&unit) {
        let what = format!("unit `{unit}` does not fit {}", measure.name());
        s.report(f, "limit", what, format!("write `{}`", measure.units().join("` or `")));
    }
    if s.get("period").is_some() && !measure.periods().contains(&clause.period) {
        let known: Vec<&str> = measure.periods().iter().map(|p| p.name()).collect();
        let what = format!("{} has no {}", measure.name(), clause.period);
        s.report(f, "period", what, format!("write {}", known.join(", ")));
    }
    let is_of_co2 = matches!(measure, Measure::Co2HourMean | Measure::Co2DayMean | Measure::Co2AboveOutdoor);
    if clause.outdoor_ppm.is_some() && !is_of_co2 {
        s.report(f, "outdoor_ppm", "only CO2 is held against outdoor air", "remove it");
    }
    if clause.adaptive.is_some() && measure != Measure::TemperatureHourMean {
        let what = "only the air temperature of an hour is held against the weather";
        s.report(f, "adaptive", what, "remove it");
    }
    if clause.within.is_some() != measure.needs_band() {
        let what = if clause.within.is_some() { "only a share outside a band has one" } else { "missing" };
        s.report(
            f,
            "within",
            what,
            "write `within = { at_least, at_most }` for a share outside a band alone",
        );
    }
    if measure == Measure::WeatherRegularity && !matches!(clause.gate, None | Some(Gate::Working)) {
        s.report(f, "gate", "weather_regularity compares whole hours", "write `working`, or none");
    }
    let kind = s.get("applies_to").and_then(|to| to.get_ref().get("kind")?.get_ref().as_str());
    let is_figure = measure.is_of_bodies() && clause.only_if.is_none();
    if kind == Some("body") && clause.period != Period::Register && !is_figure {
        let what = format!("{} is not taken of a body", measure.name());
        s.report(f, "applies_to", what, "bodies have figures of the register and figures a person");
    }
    if clause.correction.is_some() && measure != Measure::EuiCorrected {
        s.report(f, "correction", "only eui_corrected is corrected", "remove it, or change the measure");
    }
    if clause.correction.is_none() && measure == Measure::EuiCorrected {
        s.report(f, "correction", "missing", "add [clause.correction] with the numbers of the document");
    }
}

fn bounds(f: &mut Findings<'_>, s: Section<'_, '_>, clause: &Clause) {
    let limit = &clause.limit;
    let rows = limit.table.iter().flat_map(|t| &t.rows).map(|row| row.bound);
    for bound in rows.chain([limit.fixed]) {
        if let (Some(least), Some(most)) = (bound.at_least, bound.at_most)
            && least > most
        {
            s.report(f, "limit", "at_least is above at_most", "exchange them");
        }
    }
    let Some(clear) = clause.clear else { return };
    if limit.table.is_some() || limit.curve.is_some() {
        s.report(f, "clear", "a table of limits has no single value to clear at", "remove it");
    } else if is_looser(clear, limit.fixed) {
        s.report(f, "clear", "looser than the limit", "write a value on the good side of the limit");
    }
}

/// Whether a bound has a side that the other has not, or lets more pass on a side of both.
pub(super) fn is_looser(bound: Bound, than: Bound) -> bool {
    let most = |x: f64| than.at_most.is_none_or(|y| x > y);
    let least = |x: f64| than.at_least.is_none_or(|y| x < y);
    bound.at_most.is_some_and(most) || bound.at_least.is_some_and(least)
}

fn ratings(f: &mut Findings<'_>, s: Section<'_, '_>, clause: &Clause) {
    let rows = clause.limit.table.iter().flat_map(|t| &t.rows).map(|row| (row.rating, row.bound));
    for (rating, bound) in rows.chain([(clause.rating, clause.limit.fixed)]) {
        let Some(Rating { baseline, guide }) = rating else { continue };
        let Some(constraint) = bound.at_most else {
            s.report(f, "rating", "without a constraint at_most", "ratings stand below a cap");
            continue;
        };
        if baseline.unwrap_or(guide) > constraint || guide > baseline.unwrap_or(constraint) {
            s.report(
                f,
                "rating",
                "above the constraint, or in the wrong order",
                "guide <= baseline <= at_most",
            );
        }
    }
}

/// A rank exists at certain levels only.
fn ranks(f: &mut Findings<'_>, s: Section<'_, '_>, table: &LimitTable) {
    let index = |attribute| table.by.iter().position(|by| *by == attribute);
    let (Some(level_at), Some(rank_at)) = (index(Attribute::Level), index(Attribute::Rank)) else { return };
    for row in &table.rows {
        let (Some(level), Some(rank)) = (row.key.get(level_at), row.key.get(rank_at)) else { continue };
        if let (Some(l), Some(r)) = (Level::parse(level), Rank::parse(rank))
            && !r.fits(l)
        {
            let what = format!("no rank `{rank}` at level `{level}`");
            s.report(f, "limit", what, "see the ranks of each level in the register");
        }
    }
}

/// The office caps of 1999 are still passed round as current ones; their lowest grade gives them away.
fn obsolete_offices(f: &mut Findings<'_>, s: Section<'_, '_>, measure: Measure, table: &LimitTable) {
    const LOWEST_CAP_OF_1999_M2: f64 = 6.0;
    if measure != Measure::PrivateOfficeArea || !table.by.contains(&Attribute::Rank) {
        return;
    }
    let caps = table.rows.iter().filter_map(|row| row.bound.at_most);
    let lowest = caps.fold(f64::INFINITY, f64::min);
    if lowest <= LOWEST_CAP_OF_1999_M2 {
        s.report(
            f,
            "limit",
            "a table with a lowest grade of 6 m² is the edition of 1999",
            "use the table of 2014 (lowest grade 9 m²)",
        );
    }
}
