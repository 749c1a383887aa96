//! Reading which energy counts (`[clause.energy]`), how it is corrected (`[clause.correction]`) and which
//! comfort temperature follows the weather (`[clause.adaptive]`).

use std::collections::BTreeMap;

use model::register::Carrier;

use super::{
    Adaptive, AreaBasis, Correction, Energy,
    section::{Findings, Section, number},
    words::Word,
};

/// `[clause.energy]`; electricity on building area where it is absent.
pub(super) fn energy(f: &mut Findings<'_>, clause: Section<'_, '_>) -> Energy {
    let Some(section) = clause.section(f, "energy", clause.name) else { return Energy::default() };
    section.only(f, &["factors", "without", "only", "area"]);
    let area = section.word(f, "area").unwrap_or(AreaBasis::Floor);
    let energy = Energy {
        factors: factors(f, section),
        without: section.words(f, "without"),
        only: section.words(f, "only"),
        area,
    };
    if energy.only.iter().any(|use_| energy.without.contains(use_)) {
        section.report(f, "energy", "an end use is both counted and left out", "keep it in one list");
    }
    energy
}

fn factors(f: &mut Findings<'_>, section: Section<'_, '_>) -> BTreeMap<Carrier, f64> {
    let mut factors = BTreeMap::new();
    let Some(table) = section.section(f, "factors", section.name) else { return factors };
    for (word, value) in table.entries() {
        match (Carrier::of(word), number(value.get_ref()).filter(|x| *x > 0.0)) {
            (Some(carrier), Some(factor)) => {
                factors.insert(carrier, factor);
            }
            (None, _) => {
                table.report(f, word, format!("unknown carrier `{word}`"), Carrier::suggest(word));
            }
            (_, None) => {
                table.report(f, word, "the factor is not above 0", "write the factor of the document");
            }
        }
    }
    factors
}

/// `[clause.correction]`: all four numbers.
pub(super) fn correction(f: &mut Findings<'_>, clause: Section<'_, '_>) -> Option<Correction> {
    let section = clause.section(f, "correction", clause.name)?;
    let keys = ["hours", "hours_fixed", "area", "area_fixed"];
    section.only(f, &keys);
    for key in keys {
        if section.get(key).is_none() {
            section.report(f, key, "missing", "a correction needs hours, hours_fixed, area and area_fixed");
        }
    }
    let mut positive = |key: &str, most: f64| {
        let number = section.number(f, key)?;
        if number <= 0.0 || number > most {
            section.report(f, key, format!("{number} is not above 0 and at most {most}"), "see the document");
        }
        Some(number)
    };
    Some(Correction {
        hours: positive("hours", 8784.0)?,
        hours_fixed: positive("hours_fixed", 1.0)?,
        area: positive("area", 1000.0)?,
        area_fixed: positive("area_fixed", 1.0)?,
    })
}

/// `[clause.adaptive]`: all four numbers.
pub(super) fn adaptive(f: &mut Findings<'_>, clause: Section<'_, '_>) -> Option<Adaptive> {
    let section = clause.section(f, "adaptive", clause.name)?;
    let keys = ["slope", "offset", "trm_from", "trm_to"];
    section.only(f, &keys);
    for key in keys {
        if section.get(key).is_none() {
            section.report(f, key, "missing", "an adaptive limit needs slope, offset, trm_from and trm_to");
        }
    }
    let mut number = |key: &str| section.number(f, key);
    let adaptive = Adaptive {
        slope: number("slope")?,
        offset: number("offset")?,
        trm_from: number("trm_from")?,
        trm_to: number("trm_to")?,
    };
    if adaptive.trm_from > adaptive.trm_to {
        section.report(f, "trm_from", "above trm_to", "exchange them");
    }
    Some(adaptive)
}
