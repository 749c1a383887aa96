//! What `packs show` prints: one pack with everything that an auditor asks.

use rules::{Bound, Clause, Limit, Pack, Rating};

/// The lines of one pack.
pub(super) fn pack(pack: &Pack) -> Vec<String> {
    let mut lines = vec![
        format!("{}  {} / {}", pack.document, pack.title.zh, pack.title.en),
        format!("{}, {}, {}, {}", pack.id, pack.layer.name(), pack.binding.name(), dates(pack)),
    ];
    if let Some(old) = &pack.supersedes {
        lines.push(format!("supersedes {old}"));
    }
    if !pack.note.is_empty() {
        lines.push(pack.note.clone());
    }
    for clause in &pack.clauses {
        lines.push(String::new());
        lines.extend(of_clause(clause));
    }
    lines
}

fn dates(pack: &Pack) -> String {
    let until = pack.until.map(|date| format!(" until {date}")).unwrap_or_default();
    let known = if pack.in_force_known { "" } else { " (day not confirmed, see the note)" };
    format!("in force from {}{until}{known}", pack.in_force)
}

fn of_clause(clause: &Clause) -> Vec<String> {
    let use_ = if clause.in_use { "" } else { ", not in use" };
    let mut lines = vec![
        format!(
            "{}  {}  [{}, {}, {}{use_}]",
            clause.id,
            clause.citation,
            clause.provenance.name(),
            clause.severity,
            clause.evidence.name()
        ),
        format!("  {} / {}", clause.title.zh, clause.title.en),
        format!("  applies to {}", scope(clause)),
        format!("  {} by {}{}", clause.measure.name(), clause.period, conditions(clause)),
    ];
    lines.extend(limits(clause).into_iter().map(|limit| format!("    {limit}")));
    lines.extend(bands(clause).into_iter().map(|band| format!("  {band}")));
    lines.extend(energy(clause).map(|energy| format!("  {energy}")));
    if let Some(by) = &clause.moved_by {
        lines.push(format!("  moved by: {by}"));
    }
    if !clause.note.is_empty() {
        lines.push(format!("  note: {}", clause.note));
    }
    if !clause.remedy.en.is_empty() {
        lines.push(format!("  remedy: {} / {}", clause.remedy.zh, clause.remedy.en));
    }
    lines
}

/// Whom a clause applies to, in the words of the register.
fn scope(clause: &Clause) -> String {
    fn words<T: Copy>(name: &str, members: &[T], word: fn(T) -> &'static str) -> Option<String> {
        let words: Vec<&str> = members.iter().map(|member| word(*member)).collect();
        (!words.is_empty()).then(|| format!("{name} {}", words.join(" or ")))
    }
    let to = &clause.applies_to;
    let zones: Vec<&str> = to.quota_zone.iter().map(String::as_str).collect();
    let number = |name: &str, x: Option<f64>| x.map(|x| format!("{name} {x}"));
    let parts = [
        words("use", &to.room_use, model::RoomUse::name),
        words("level", &to.level, model::register::Level::name),
        (!zones.is_empty()).then(|| format!("quota_zone {}", zones.join(" or "))),
        words("climate_zone", &to.climate_zone, model::register::ClimateZone::name),
        words("building_type", &to.building_type, model::register::BuildingType::name),
        words("building_class", &to.building_class, model::register::BuildingClass::name),
        number("floor_area_m2 at least", to.floor_area_at_least),
        number("storeys at least", to.storeys_at_least),
        number("storeys at most", to.storeys_at_most),
    ];
    let kind = to.kind.map_or("body", model::PlaceKind::name).to_owned();
    std::iter::once(kind).chain(parts.into_iter().flatten()).collect::<Vec<_>>().join(", ")
}

/// What must hold for time to be judged and for a breach to fire.
fn conditions(clause: &Clause) -> String {
    let mut parts: Vec<String> = Vec::new();
    parts.extend(clause.gate.map(|gate| format!("while {}", gate.name())));
    parts.extend(clause.season.map(|season| format!("in the {season} season")));
    if clause.min_coverage > 0.0 {
        parts.push(format!("coverage at least {}", clause.min_coverage));
    }
    if clause.hold_ms > 0 {
        parts.push(format!("longer than {} min", clause.hold_ms / 60_000));
    }
    parts.extend(clause.within.map(|band| format!("outside {}", bound(&band, ""))));
    parts.iter().map(|part| format!(", {part}")).collect()
}

/// Every number of a clause in words: fixed, each row of the table, each point of the curve.
fn limits(clause: &Clause) -> Vec<String> {
    let Limit { unit, fixed, table, curve } = &clause.limit;
    if let Some(table) = table {
        let by: Vec<&str> = table.by.iter().map(|attribute| attribute.name()).collect();
        let row = |row: &rules::Row| {
            format!("{}: {}{}", row.key.join(", "), bound(&row.bound, unit), rating(row.rating))
        };
        let head = format!("by {}:", by.join(", "));
        return std::iter::once(head).chain(table.rows.iter().map(row)).collect();
    }
    if let Some(curve) = curve {
        let point = |(at, cap): &(f64, f64)| format!("{}: {}: at most {cap} {unit}", curve.over.name(), at);
        let head = "straight between these points, level outside:".to_owned();
        return std::iter::once(head).chain(curve.at_most.iter().map(point)).collect();
    }
    let around = clause.adaptive.map(|a| {
        let trm = format!("for a running mean Trm of {} to {}", a.trm_from, a.trm_to);
        format!(" around {} x Trm + {}, {trm}", a.slope, a.offset)
    });
    let outdoors =
        clause.outdoor_ppm.map(|ppm| format!(", of which {ppm} are outdoors where nothing says more"));
    let more = around.or(outdoors).unwrap_or_default();
    vec![format!("{}{more}{}", bound(fixed, unit), rating(clause.rating))]
}

fn rating(rating: Option<Rating>) -> String {
    let Some(Rating { baseline, guide }) = rating else { return String::new() };
    let baseline = baseline.map(|x| format!(", baseline {x}")).unwrap_or_default();
    format!("{baseline}, guide {guide}")
}

/// Where an alert clears, and how far a lower layer may move the number.
fn bands(clause: &Clause) -> Vec<String> {
    let pair =
        |name: &str, pair: Option<(f64, f64)>| pair.map(|(low, high)| format!("{name} {low} to {high}"));
    let clear = clause.clear.map(|clear| format!("alert clears: {}", bound(&clear, &clause.limit.unit)));
    let band = clause.band.map(|band| {
        let sides = [pair("at most", band.at_most), pair("at least", band.at_least)];
        let sides: Vec<String> = sides.into_iter().flatten().collect();
        format!("a lower layer may set {}", sides.join(" and "))
    });
    let handling = clause.handling.as_ref().map(|grades| {
        let (most, must) = (grades.refit_above, grades.must_from);
        format!(
            "up to {} % over: {}; from {} %: {}; between: {} ({}, {})",
            most * 100.0,
            grades.of(most),
            must * 100.0,
            grades.of(must),
            grades.of(f64::midpoint(most, must)),
            grades.citation,
            grades.provenance.name()
        )
    });
    clear.into_iter().chain(band).chain(handling).collect()
}

/// Which energy counts, with factors; and the numbers of a correction.
fn energy(clause: &Clause) -> impl Iterator<Item = String> {
    let energy = &clause.energy;
    let uses =
        |uses: &[model::register::EndUse]| uses.iter().map(|u| u.name()).collect::<Vec<_>>().join(", ");
    let mut parts: Vec<String> = Vec::new();
    if !energy.factors.is_empty() {
        let factors: Vec<String> =
            energy.factors.iter().map(|(carrier, x)| format!("{carrier} x {x}")).collect();
        parts.push(factors.join(" + "));
    }
    if !energy.only.is_empty() {
        parts.push(format!("only {}", uses(&energy.only)));
    }
    if !energy.without.is_empty() {
        parts.push(format!("without {}", uses(&energy.without)));
    }
    if energy.area == rules::AreaBasis::Heated {
        parts.push("over heated area".to_owned());
    }
    let energy = (!parts.is_empty()).then(|| format!("energy: {}", parts.join(", ")));
    let correction = clause.correction.map(|c| {
        let share = |fixed: f64| ((1.0 - fixed) * 1e6).round() / 1e6;
        format!(
            "corrected by ({} + {} x {} h / T) x ({} + {} x S / {} m2)",
            c.hours_fixed,
            share(c.hours_fixed),
            c.hours,
            c.area_fixed,
            share(c.area_fixed),
            c.area
        )
    });
    energy.into_iter().chain(correction)
}

/// A bound in words.
fn bound(bound: &Bound, unit: &str) -> String {
    let text = match (bound.at_least, bound.at_most) {
        (Some(low), Some(high)) => format!("{low} to {high} {unit}"),
        (Some(low), None) => format!("at least {low} {unit}"),
        (None, Some(high)) => format!("at most {high} {unit}"),
        (None, None) => "no number".to_owned(),
    };
    text.trim_end().to_owned()
}
