//! Layers: what a document of a lower layer may do to one above it.

use model::{PlaceKind, Problem, Span};

use super::{Attribute, Band, Binding, Bound, Clause, Pack, checks::is_looser, origin::Origins};

/// Where a pack of a lower layer does to one above it what it must not; the finding stands in the lower one's file.
pub(super) fn conflicts(high: &Pack, low: &Pack, origins: &Origins) -> Vec<Problem> {
    if high.layer >= low.layer {
        return Vec::new();
    }
    let mut problems = Vec::new();
    for below in &low.clauses {
        for above in high.clauses.iter().filter(|above| is_same_matter(above, below)) {
            if let Some(what) = objection((high, above), below) {
                let what = format!("{} {what}: {}", below.id, above.id);
                problems.push(origins.of_limit(&below.id, what, &remedy(above)));
            }
        }
    }
    problems
}

/// What a lower layer may do with a clause, for people.
pub(super) fn remedy(clause: &Clause) -> String {
    let Some(band) = clause.band else {
        return "keep its value, or ask for a waiver".to_owned();
    };
    let side =
        |name: &str, pair: Option<(f64, f64)>| pair.map(|(low, high)| format!("{name} {low} to {high}"));
    let sides: Vec<String> =
        side("at_most", band.at_most).into_iter().chain(side("at_least", band.at_least)).collect();
    format!("stay inside {}", sides.join(" and "))
}

/// Why a lower clause must not stand beside, or replace, a higher one; `None` when it may.
///
/// A mandatory clause may only be tightened. A recommended one may be moved inside its band and not
/// at all without one.
pub(super) fn objection(high: (&Pack, &Clause), low: &Clause) -> Option<String> {
    let (pack, high) = high;
    for (above, below) in pairs(high, low) {
        match pack.binding {
            Binding::Mandatory if is_looser(below, fill(above, below)) => {
                return Some("relaxes a mandatory clause".to_owned());
            }
            Binding::Recommended if !is_inside(high.band, above, below) => {
                return Some(match high.band {
                    Some(_) => "moves a recommended clause outside its band".to_owned(),
                    None => "moves a recommended clause that has no band".to_owned(),
                });
            }
            Binding::Mandatory | Binding::Recommended => {}
        }
    }
    None
}

/// The bounds of both clauses for the same subjects, as far as their tables have the same attributes.
fn pairs(high: &Clause, low: &Clause) -> Vec<(Bound, Bound)> {
    match (&high.limit.table, &low.limit.table) {
        (None, None) => vec![(high.limit.fixed, low.limit.fixed)],
        (Some(above), Some(below)) if above.by == below.by => {
            let row = |key: &[String]| above.rows.iter().find(|row| row.key == key);
            below.rows.iter().filter_map(|b| Some((row(&b.key)?.bound, b.bound))).collect()
        }
        // Keys of different attributes: only what is looser than every row is surely looser.
        (Some(above), _) => {
            let rows = above.rows.iter().map(|row| row.bound);
            let loosest = rows.reduce(|a, b| Bound {
                at_most: a.at_most.zip(b.at_most).map(|(x, y)| x.max(y)),
                at_least: a.at_least.zip(b.at_least).map(|(x, y)| x.min(y)),
            });
            loosest.into_iter().map(|bound| (bound, low.limit.fixed)).collect()
        }
        (None, Some(below)) => below.rows.iter().map(|row| (high.limit.fixed, row.bound)).collect(),
    }
}

/// A side that the higher clause does not limit is free for the lower one.
fn fill(above: Bound, below: Bound) -> Bound {
    Bound { at_most: above.at_most.or(below.at_most), at_least: above.at_least.or(below.at_least) }
}

fn is_inside(band: Option<Band>, above: Bound, below: Bound) -> bool {
    let side = |pair: Option<(f64, f64)>, above: Option<f64>, below: Option<f64>| match (above, below) {
        (Some(above), Some(below)) => {
            let (low, high) = pair.unwrap_or((above, above));
            (low..=high).contains(&below)
        }
        _ => true,
    };
    let band = band.unwrap_or_default();
    side(band.at_most, above.at_most, below.at_most) && side(band.at_least, above.at_least, below.at_least)
}

/// Whether two clauses judge the same figure of a common subject at a common time.
fn is_same_matter(a: &Clause, b: &Clause) -> bool {
    let seasons = a.season.is_none() || b.season.is_none() || a.season == b.season;
    let figure = a.measure == b.measure && a.period == b.period && a.gate == b.gate && a.only_if == b.only_if;
    let unit = a.limit.unit == b.limit.unit && a.energy == b.energy;
    let unit = unit && a.within == b.within && a.adaptive == b.adaptive;
    figure && unit && seasons && a.in_use && b.in_use && have_common_subject(a, b)
}

fn have_common_subject(a: &Clause, b: &Clause) -> bool {
    let kind = |c: &Clause| c.applies_to.kind.map(PlaceKind::name);
    let attributes = [
        Attribute::Use,
        Attribute::Level,
        Attribute::QuotaZone,
        Attribute::ClimateZone,
        Attribute::BuildingType,
        Attribute::BuildingClass,
    ];
    kind(a) == kind(b)
        && attributes.iter().all(|attribute| {
            let (of_a, of_b) = (a.allowed(*attribute), b.allowed(*attribute));
            of_a.is_empty() || of_b.is_empty() || of_a.iter().any(|word| of_b.contains(word))
        })
}

/// Whether two packs are in force on a common day.
pub(super) fn are_together(a: &Pack, b: &Pack) -> bool {
    let day = |pack: &Pack| {
        let until = pack.until.unwrap_or(jiff::civil::Date::MAX);
        (pack.in_force, until)
    };
    let ((from_a, to_a), (from_b, to_b)) = (day(a), day(b));
    from_a < to_b && from_b < to_a
}

/// The span of a pack in the local time of a site.
pub(super) fn span(pack: &Pack, calendar: &model::Calendar) -> Span {
    let until = pack.until.map_or(model::Instant::MAX, |day| calendar.start_of(day));
    Span::new(calendar.start_of(pack.in_force), until)
}
