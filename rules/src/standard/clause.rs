//! A clause: one rule of a document, with its limit and where that comes from.

use std::collections::BTreeMap;

use model::{
    Period, PlaceKind, RoomUse, Season,
    register::{BuildingClass, BuildingType, Carrier, ClimateZone, EndUse, Level, Severity, Text},
};
use serde::{Deserialize, Serialize};

use super::{Handling, Measure, OnlyIf};

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
    /// The working hours of the register's calendar; known without any sensor.
    Working,
}

/// A limit's two sides; a value on a bound keeps it.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Bound {
    /// Breached above.
    pub at_most: Option<f64>,
    /// Breached below.
    pub at_least: Option<f64>,
}

/// Attributes of the register that choose a limit.
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
    /// Authorised headcount of the body (编制定员); keys a curve, not a table.
    AuthorisedHeadcount,
    /// Energy-using headcount of the body (用能人数), which divides figures per person.
    EnergyHeadcount,
    /// Building area of the building, m²; narrows what a clause applies to.
    FloorArea,
    /// Storeys above ground of the building; narrows what a clause applies to.
    Storeys,
    /// Capacity of the place: seats, of a garage its parking spaces; keys a curve, not a table.
    Capacity,
}

/// A row of a limit table: key cells, then the bound.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// One word for each attribute of the table, as the register writes it.
    pub key: Vec<String>,
    /// The limit of this row.
    pub bound: Bound,
    /// Ratings below this row's limit.
    pub rating: Option<Rating>,
}

/// A limit keyed by attributes of the register.
#[derive(Debug, Clone, PartialEq)]
pub struct LimitTable {
    /// The key's attributes.
    pub by: Vec<Attribute>,
    /// The rows, no key twice.
    pub rows: Vec<Row>,
}

/// A cap that glides with a number of the register: straight between points, level outside them.
#[derive(Debug, Clone, PartialEq)]
pub struct Curve {
    /// The number it glides with.
    pub over: Attribute,
    /// Number and cap, at least two, numbers rising.
    pub at_most: Vec<(f64, f64)>,
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
    /// By a number of the register, instead of `fixed`.
    pub curve: Option<Curve>,
}

/// Ratings below a limit: never a breach.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Rating {
    /// Encouraged value (基准值); some documents have none.
    pub baseline: Option<f64>,
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
    /// Only buildings of at least this building area, m².
    pub floor_area_at_least: Option<f64>,
    /// Only buildings of at least this many storeys.
    pub storeys_at_least: Option<f64>,
    /// Only buildings of at most this many storeys.
    pub storeys_at_most: Option<f64>,
}

/// Comfort temperature that follows the weather (`[clause.adaptive]`): `slope * Trm + offset`, Trm being
/// the running mean of the outdoor temperature. The clause's limit is the distance from it, K.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Adaptive {
    /// K of comfort temperature a K of Trm.
    pub slope: f64,
    /// Comfort temperature at a Trm of 0 °C, °C.
    pub offset: f64,
    /// Lowest Trm for which the document has the model, °C.
    pub trm_from: f64,
    /// Highest Trm for which the document has the model, °C.
    pub trm_to: f64,
}

/// How far a lower layer may move the bounds of a recommended limit, ends included.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Band {
    /// Lowest and highest cap.
    pub at_most: Option<(f64, f64)>,
    /// Lowest and highest minimum.
    pub at_least: Option<(f64, f64)>,
}

/// How a firing alert ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Firing {
    /// How long the value must have been clear before the alert resolves (`keep_firing_for`), ms.
    pub keep_ms: i64,
    /// When an alert that comes and goes stays firing; never when absent.
    pub flap: Option<Flap>,
}

/// Flap guard: an alert that has changed so often in a while resolves only after all of that while clear.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flap {
    /// Changes that make it flap; firing and resolving are one each.
    pub changes: u8,
    /// The while, ms.
    pub within_ms: i64,
}

impl Flap {
    /// How many changes may be asked for.
    pub const CHANGES: std::ops::RangeInclusive<u8> = 2..=20;
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
    /// How far a lower layer may move a recommended limit; not at all when absent.
    pub band: Option<Band>,
    /// Ratings below the limit.
    pub rating: Option<Rating>,
    /// How a breach is handled by how far it goes.
    pub handling: Option<Handling>,
    /// Which energy counts.
    pub energy: Energy,
    /// Correction for hours and density.
    pub correction: Option<Correction>,
    /// Of a limit above outdoor air: the CO2 outdoors that its number assumes, ppm. Where outdoor sensors
    /// say otherwise, the limit moves with them.
    pub outdoor_ppm: Option<f64>,
    /// Of a share of time outside a band: the band, in the unit of the gauge; its ends are inside.
    pub within: Option<Bound>,
    /// Of a limit that follows the weather: the comfort temperature that it stands around.
    pub adaptive: Option<Adaptive>,
    /// What a reader should know about the number or its source.
    pub note: String,
    /// Judged only while this holds.
    pub only_if: Option<OnlyIf>,
    /// How its alert ends.
    pub firing: Firing,
    /// Whether it is judged at all; one of several alternatives is chosen by an overlay.
    pub in_use: bool,
    /// Citation of the overlay that moved it, if one did.
    pub moved_by: Option<String>,
}

impl Clause {
    /// A rule of our own in the making: policy, firm, a warning, for every place, judged from three quarters of the
    /// time; `pack` is its document and `1` its citation. For previews and tests: a pack's file says all of that itself.
    #[must_use]
    pub fn new(pack: &str, name: &str, measure: Measure, period: Period, fixed: Bound) -> Self {
        Self {
            id: format!("{pack}/{name}"),
            pack: pack.to_owned(),
            document: pack.to_owned(),
            citation: "1".to_owned(),
            title: Text::default(),
            remedy: Text::default(),
            provenance: Provenance::Policy,
            severity: Severity::Warning,
            evidence: Evidence::Firm,
            applies_to: AppliesTo::default(),
            measure,
            period,
            gate: None,
            season: None,
            min_coverage: 0.75,
            hold_ms: 0,
            limit: Limit { unit: measure.unit().to_owned(), fixed, table: None, curve: None },
            clear: None,
            band: None,
            rating: None,
            handling: None,
            energy: Energy::default(),
            correction: None,
            outdoor_ppm: None,
            within: None,
            adaptive: None,
            note: String::new(),
            only_if: None,
            firing: Firing::default(),
            in_use: true,
            moved_by: None,
        }
    }
}

impl Limit {
    /// How many numbers it holds: each side of each row, each point of a curve.
    #[must_use]
    pub fn count(&self) -> usize {
        let sides = |b: &Bound| usize::from(b.at_most.is_some()) + usize::from(b.at_least.is_some());
        let rows = self.table.iter().flat_map(|t| &t.rows).map(|row| sides(&row.bound)).sum::<usize>();
        let points = self.curve.as_ref().map_or(0, |curve| curve.at_most.len());
        sides(&self.fixed) + rows + points
    }
}
