//! Words of pack files: each enum's members by name, and the nearest known word to a misspelt one.

use model::{
    Period, PlaceKind, RoomUse, Season,
    register::{BuildingClass, BuildingType, Carrier, ClimateZone, EndUse, Level, Rank, Severity},
};

use super::{
    AreaBasis, Attribute, Binding, Decides, Evidence, Gate, Layer, Measure, Provenance, RatingLevel,
};
use crate::Outcome;

/// A closed list that pack files name by words.
pub(super) trait Word: Copy + 'static {
    /// Every member with its word.
    fn words() -> Vec<(Self, &'static str)>;

    /// The member of this word.
    fn of(word: &str) -> Option<Self> {
        Self::words().into_iter().find(|(_, w)| *w == word).map(|(member, _)| member)
    }

    /// What to write instead of `word`.
    fn suggest(word: &str) -> String {
        let words: Vec<&str> = Self::words().into_iter().map(|(_, w)| w).collect();
        suggest(word, &words)
    }
}

macro_rules! named {
    ($($name:ident { $($variant:ident = $word:literal,)+ })+) => { $(
        impl $name {
            /// The word in pack files and the API.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }
        }

        impl Word for $name {
            fn words() -> Vec<(Self, &'static str)> { vec![$((Self::$variant, $word),)+] }
        }
    )+ };
}

named! {
    Provenance {
        Official = "official", TwoSources = "two_sources", OneSource = "one_source",
        Derived = "derived", Policy = "policy", Unverified = "unverified",
    }
    Evidence { Firm = "firm", Suspicion = "suspicion", }
    Gate { Occupied = "occupied", Cooling = "cooling", Heating = "heating", Working = "working", }
    Decides { Register = "register", Sensors = "sensors", Meters = "meters", }
    Layer {
        National = "national", Ministry = "ministry", Province = "province", City = "city", Agency = "agency",
    }
    Binding { Mandatory = "mandatory", Recommended = "recommended", }
    RatingLevel {
        Guide = "guide", Baseline = "baseline", Constraint = "constraint", AboveConstraint = "above_constraint",
    }
    AreaBasis { Floor = "floor", Heated = "heated", }
    Attribute {
        Level = "level", Rank = "rank", Use = "use", ClimateZone = "climate_zone",
        BuildingType = "building_type", BuildingClass = "building_class", QuotaZone = "quota_zone",
        AuthorisedHeadcount = "authorised_headcount", EnergyHeadcount = "energy_headcount",
        FloorArea = "floor_area_m2", Storeys = "storeys", Capacity = "capacity",
    }
}

macro_rules! of_the_model {
    ($($name:ident)+) => { $(
        impl Word for $name {
            fn words() -> Vec<(Self, &'static str)> { Self::ALL.iter().map(|m| (*m, m.name())).collect() }
        }
    )+ };
}

/// Types of other modules of this crate, which have no `name` of their own here.
impl Word for Outcome {
    fn words() -> Vec<(Self, &'static str)> {
        vec![(Self::Compliant, "compliant"), (Self::Breach, "breach"), (Self::Insufficient, "insufficient")]
    }
}

of_the_model! {
    Period PlaceKind RoomUse Season BuildingClass BuildingType Carrier ClimateZone EndUse Level Rank Severity
}

impl Word for Measure {
    fn words() -> Vec<(Self, &'static str)> {
        Self::NAMES.to_vec()
    }
}

impl Attribute {
    /// What to write instead of a word that the register never writes for this attribute; `None` when it may.
    pub(super) fn objection(self, word: &str) -> Option<String> {
        fn check<T: Word>(word: &str) -> Option<String> {
            T::of(word).is_none().then(|| T::suggest(word))
        }
        match self {
            Self::Level => check::<Level>(word),
            Self::Rank => check::<Rank>(word),
            Self::Use => check::<RoomUse>(word),
            Self::ClimateZone => check::<ClimateZone>(word),
            Self::BuildingType => check::<BuildingType>(word),
            Self::BuildingClass => check::<BuildingClass>(word),
            // Zones are local words: any that is one.
            Self::QuotaZone => word.trim().is_empty().then(|| "write the zone as bodies.csv does".to_owned()),
            Self::AuthorisedHeadcount
            | Self::EnergyHeadcount
            | Self::FloorArea
            | Self::Storeys
            | Self::Capacity => Some("a number of the register keys a curve, not a table".to_owned()),
        }
    }
}

/// What to write instead of `word`: the nearest of `known`, and all of them while they are few.
pub(super) fn suggest(word: &str, known: &[&str]) -> String {
    let nearest = known.iter().min_by_key(|k| distance(word, k)).copied().unwrap_or_default();
    if known.len() > 8 {
        return format!("the nearest known word is `{nearest}`");
    }
    format!("write `{nearest}`; known are {}", known.join(", "))
}

/// Number of letters to insert, drop or change (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        let mut next = vec![left];
        for (up, to) in row.iter().skip(1).zip(&b) {
            left = (diagonal + usize::from(from != *to)).min(up + 1).min(left + 1);
            diagonal = *up;
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_word_gets_its_nearest_neighbour() {
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("", "abc"), 3);
        assert!(Measure::suggest("co2_hourly_mean").contains("`co2_hour_mean`"));
        assert!(Evidence::suggest("fim").contains("`firm`"));
    }

    #[test]
    fn a_number_is_no_key_of_a_table() {
        assert!(Attribute::AuthorisedHeadcount.objection("200").is_some());
        assert_eq!(Attribute::QuotaZone.objection("db37-a"), None);
    }
}
