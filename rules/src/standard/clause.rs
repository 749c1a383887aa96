//! A clause: one rule of a document, with its limit and where that comes from.

use std::collections::BTreeMap;

use model::{
    Period, PlaceKind, RoomUse, Season,
    register::{BuildingClass, BuildingType, Carrier, ClimateZone, EndUse, Level, Severity, Text},
};
use serde::{Deserialize, Serialize};

/// Where a limit comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Provenance {
    /// Read in the official text.
    Official,
    /// Two independent sources agree.
    TwoSources,
    /// One source.
    OneSource,
    /// Arithmetic from other rows.
    Derived,
    /// Our own or the operator's threshold, shown as such.
    Policy,
    /// No source read, or sources conflict: never raises an alert until accepted by id.
    Unverified,
}

/// How sure the sensor can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Evidence {
    /// The measured value decides.
    Firm,
    /// The sensor can only hint at it.
    Suspicion,
}

/// What must hold for time to be judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Gate {
    /// Somebody is in the room.
    Occupied,
    /// The cooling runs.
    Cooling,
    /// The heating runs.
    Heating,
}

/// What can decide a clause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Decides {
    /// Readings of sensors or meters.
    Readings,
    /// The register alone.
    Register,
}

/// The figures that a clause can limit (design: names of measures).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// Occupied share of observed working time, 1.
    Utilisation,
    /// Mean people in working time over seats, 1.
    SeatUtilisation,
    /// US USE IT: mean people present on weekdays over capacity by area, 1.
    SpaceUtilisation,
    /// Most people at one instant.
    PeakPeople,
    /// Working days without any occupation.
    IdleWorkingDays,
    /// Usable area over people present, m²/person.
    AreaPerPerson,
    /// Usable area over posts in the room, m²/post.
    PrivateOfficeArea,
    /// Usable area of service rooms over authorised headcount, m²/person.
    ServiceArea,
    /// Mean CO2 of an hour, ppm.
    Co2HourMean,
    /// Mean CO2 of a day, ppm.
    Co2DayMean,
    /// Mean temperature of an hour, °C.
    TemperatureHourMean,
    /// Mean relative humidity of an hour, %.
    HumidityHourMean,
    /// Mean illuminance, lx.
    Illuminance,
    /// Lighting power over area, W/m².
    LightingPowerDensity,
    /// Electricity used, kWh.
    Electricity,
    /// Gas used, m³.
    Gas,
    /// Heat used, GJ.
    Heat,
    /// Water used, m³.
    Water,
    /// Energy use intensity, kWh/(m2.a).
    Eui,
    /// Energy use intensity corrected for hours and density, kWh/(m2.a).
    EuiCorrected,
    /// Energy over energy-using headcount, kgce/(p.a).
    EnergyPerPerson,
    /// Water over energy-using headcount, m3/(p.a).
    WaterPerPerson,
    /// Electricity while nobody was there, kWh.
    EnergyWhileEmpty,
    /// Mean night power over mean working-hours power, 1.
    NightRatio,
    /// Energy of a rest day over that of a working day, 1.
    RestDayRatio,
    /// People at work per day as sensors see them.
    EffectiveUsers,
}

impl Measure {
    /// Every measure with its name in files and the API.
    pub const NAMES: &'static [(Self, &'static str)] = &[
        (Self::Utilisation, "utilisation"),
        (Self::SeatUtilisation, "seat_utilisation"),
        (Self::SpaceUtilisation, "space_utilisation"),
        (Self::PeakPeople, "peak_people"),
        (Self::IdleWorkingDays, "idle_working_days"),
        (Self::AreaPerPerson, "area_per_person"),
        (Self::PrivateOfficeArea, "private_office_area"),
        (Self::ServiceArea, "service_area"),
        (Self::Co2HourMean, "co2_hour_mean"),
        (Self::Co2DayMean, "co2_day_mean"),
        (Self::TemperatureHourMean, "temperature_hour_mean"),
        (Self::HumidityHourMean, "humidity_hour_mean"),
        (Self::Illuminance, "illuminance"),
        (Self::LightingPowerDensity, "lighting_power_density"),
        (Self::Electricity, "electricity"),
        (Self::Gas, "gas"),
        (Self::Heat, "heat"),
        (Self::Water, "water"),
        (Self::Eui, "eui"),
        (Self::EuiCorrected, "eui_corrected"),
        (Self::EnergyPerPerson, "energy_per_person"),
        (Self::WaterPerPerson, "water_per_person"),
        (Self::EnergyWhileEmpty, "energy_while_empty"),
        (Self::NightRatio, "night_ratio"),
        (Self::RestDayRatio, "rest_day_ratio"),
        (Self::EffectiveUsers, "effective_users"),
    ];

    /// The name in files and the API.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(m, _)| *m == self).map_or("", |(_, name)| name)
    }

    /// The measure of this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(_, n)| *n == name).map(|(m, _)| *m)
    }
}

/// A limit's two sides; a value on a bound keeps it.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Bound {
    /// Breached above.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most: Option<f64>,
    /// Breached below.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_least: Option<f64>,
}

/// Attributes of the register that key a limit table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Attribute {
    /// Level of the body.
    Level,
    /// Rank of the posts in the room.
    Rank,
    /// Use of the room.
    Use,
    /// Climate zone of the building.
    ClimateZone,
    /// Type of the building.
    BuildingType,
    /// Class of the building.
    BuildingClass,
    /// Local quota zone of the body.
    QuotaZone,
}

/// A row of a limit table: key cells, then the bound.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// One word for each attribute of the table, as the register writes it.
    pub key: Vec<String>,
    /// The limit of this row.
    pub bound: Bound,
}

/// A limit keyed by attributes of the register.
#[derive(Debug, Clone, PartialEq)]
pub struct LimitTable {
    /// The key's attributes.
    pub by: Vec<Attribute>,
    /// The rows, no key twice.
    pub rows: Vec<Row>,
}

/// The number or numbers of a clause.
#[derive(Debug, Clone, PartialEq)]
pub struct Limit {
    /// Unit of value and limit as printed, such as `kWh/(m2.a)`.
    pub unit: String,
    /// The same for everybody.
    pub fixed: Bound,
    /// By attributes of the register, instead of `fixed`.
    pub table: Option<LimitTable>,
}

/// Ratings below a limit: never a breach.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rating {
    /// Encouraged value (基准值).
    pub baseline: f64,
    /// Target value (引导值).
    pub guide: f64,
}

/// How good a value is below its limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RatingLevel {
    /// At or below the guide value.
    Guide,
    /// At or below the baseline value.
    Baseline,
    /// At or below the constraint value.
    Constraint,
    /// Above the constraint value: the only breach.
    AboveConstraint,
}

/// Which area divides an energy figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AreaBasis {
    /// Building area.
    #[default]
    Floor,
    /// Heated area.
    Heated,
}

/// Which energy counts and how it converts (`[clause.energy]`).
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Energy {
    /// Carriers that count, with the factor from kWh, m³, GJ to the unit of the limit. Empty: electricity, factor 1.
    pub factors: BTreeMap<Carrier, f64>,
    /// End uses that are left out where they are metered apart, with the place's excluded area.
    pub without: Vec<EndUse>,
    /// Only these end uses count; empty for all.
    pub only: Vec<EndUse>,
    /// Which area divides.
    pub area: AreaBasis,
}

/// Correction of an energy figure for hours of use and density (`[clause.correction]`):
/// factor `(a + (1 - a) * hours / T) * (b + (1 - b) * S / area)`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Correction {
    /// Standard hours of use a year, h.
    pub hours: f64,
    /// Share of the figure that does not depend on hours, 0 to 1.
    pub hours_fixed: f64,
    /// Standard floor area per person, m².
    pub area: f64,
    /// Share of the figure that does not depend on density, 0 to 1.
    pub area_fixed: f64,
}

/// What a clause applies to; an empty list means any.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AppliesTo {
    /// Kind of place, or `None` for bodies.
    pub kind: Option<PlaceKind>,
    /// Uses of rooms.
    pub room_use: Vec<RoomUse>,
    /// Levels of the body.
    pub level: Vec<Level>,
    /// Quota zones of the body.
    pub quota_zone: Vec<String>,
    /// Climate zones.
    pub climate_zone: Vec<ClimateZone>,
    /// Building types.
    pub building_type: Vec<BuildingType>,
    /// Building classes.
    pub building_class: Vec<BuildingClass>,
}

/// One rule of a document.
#[derive(Debug, Clone, PartialEq)]
pub struct Clause {
    /// `<pack id>/<clause>`.
    pub id: String,
    /// Pack id, which carries the edition.
    pub pack: String,
    /// Designation of the document.
    pub document: String,
    /// Where in the document, in the document's own numbering.
    pub citation: String,
    /// What it asks, in a few words.
    pub title: Text,
    /// What to do about a breach.
    pub remedy: Text,
    /// Where the number comes from.
    pub provenance: Provenance,
    /// How bad a breach is.
    pub severity: Severity,
    /// How sure the sensor can be.
    pub evidence: Evidence,
    /// What it applies to.
    pub applies_to: AppliesTo,
    /// The figure that it limits.
    pub measure: Measure,
    /// The window it is judged over.
    pub period: Period,
    /// What must hold for time to be judged.
    pub gate: Option<Gate>,
    /// Judged only in this season; any when absent.
    pub season: Option<Season>,
    /// Least coverage for a verdict other than insufficient, 0 to 1.
    pub min_coverage: f64,
    /// How long a breach must last before it fires (`for`), ms.
    pub hold_ms: i64,
    /// The number.
    pub limit: Limit,
    /// A firing alert resolves only when the value keeps this as well.
    pub clear: Option<Bound>,
    /// How far a lower layer may move a recommended limit: lowest and highest `at_most`.
    pub band: Option<(f64, f64)>,
    /// Ratings below the limit.
    pub rating: Option<Rating>,
    /// Which energy counts.
    pub energy: Energy,
    /// Correction for hours and density.
    pub correction: Option<Correction>,
}
