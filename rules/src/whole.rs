//! What one device says of one thing in several series: the whole, and its parts.
//!
//! A meter may tell its total, and the same by tariffs and by phases; a counter at a door, and the same by lines. Each of
//! them is all of it: only one may count, else what is told twice is used twice.

use model::Series;

/// What the channel of a series is a part of, the surest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Extent {
    /// No part: all of it.
    Whole,
    /// A tariff: `t1`.
    Tariff,
    /// A phase of a supply: `a`, `l1`.
    Phase,
    /// One of several like it: a circuit, an outlet, a line.
    Place,
    /// Anything else: it says nothing of what else there is.
    Named,
    /// Something else than what the device is for: `other-…`.
    Other,
}

impl Extent {
    pub(crate) fn of(series: &Series) -> Self {
        let Some(channel) = &series.channel else { return Self::Whole };
        let channel = channel.as_str();
        if channel == "other" || channel.starts_with("other-") {
            return Self::Other;
        }
        let figures = channel.trim_start_matches(|c: char| c.is_ascii_alphabetic());
        let letters = channel.strip_suffix(figures).unwrap_or(channel);
        let is_number = figures.bytes().all(|b| b.is_ascii_digit() || b == b'-');
        match (letters.to_ascii_lowercase().as_str(), figures.is_empty()) {
            ("t" | "tariff", false) if is_number => Self::Tariff,
            ("l", false) if is_number => Self::Phase,
            ("a" | "b" | "c", true) => Self::Phase,
            ("" | "ch" | "channel" | "line", false) if is_number => Self::Place,
            ("left" | "right" | "top" | "bottom" | "center" | "centre", true) => Self::Place,
            _ => Self::Named,
        }
    }
}

/// Of one device's series of one quantity, those that are together all of it: the surest that there are.
///
/// None where each has a name of its own: nobody knows whether one of them holds the others. What was heard once stays
/// the surest: a total that falls silent is unknown, and no sum of what is left.
pub(crate) fn whole<'a, T>(
    items: impl IntoIterator<Item = &'a T>,
    series: impl Fn(&T) -> &Series,
) -> Vec<&'a T> {
    let mut surest = (Extent::Named, Vec::new());
    for (item, extent) in items.into_iter().map(|item| (item, Extent::of(series(item)))) {
        if extent < surest.0 {
            surest = (extent, Vec::new());
        }
        if extent == surest.0 {
            surest.1.push(item);
        }
    }
    let (extent, found) = surest;
    if extent == Extent::Named && found.len() > 1 { Vec::new() } else { found }
}

#[cfg(test)]
mod tests {
    use model::{Id, Quantity};

    use super::*;

    fn series(channel: &str) -> Series {
        let channel = Some(channel).filter(|c| !c.is_empty()).map(|c| Id::parse(c).unwrap());
        Series { sensor: Id::parse("m").unwrap(), quantity: Quantity::EnergyImport, channel }
    }

    fn of(channels: &[&str]) -> String {
        let all: Vec<Series> = channels.iter().map(|channel| series(channel)).collect();
        let name = |series: &&Series| series.channel.as_ref().map_or("-", |c| c.as_str()).to_owned();
        whole(&all, |series| series).iter().map(name).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn the_whole_comes_before_tariffs_phases_and_places_and_none_is_mixed_with_another() {
        assert_eq!(of(&["2", "b", "t1", "", "a", "t2"]), "-");
        assert_eq!(of(&["2", "b", "t1", "a", "t2"]), "t1 t2");
        assert_eq!(of(&["2", "b", "a", "1", "L3"]), "b a L3", "phases go by their letters or by their lines");
        assert_eq!(of(&["left", "import", "right"]), "left right");
        assert_eq!(of(&["1-2", "1-3", "ch4"]), "1-2 1-3 ch4");
    }

    #[test]
    fn a_name_of_its_own_counts_alone_only() {
        assert_eq!((of(&["import"]).as_str(), of(&["other-mains"]).as_str()), ("import", ""));
        assert_eq!(of(&["mains", "lift"]), "");
        assert_eq!(of(&["mains", "lift", "1", "2"]), "1 2");
    }
}
