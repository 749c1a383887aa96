//! The scenario file: what the office is, what is seeded to go wrong, and when.
//!
//! Times of faults are told as days after the start, so that one file serves any start date.

use model::{
    Id, Instant, RoomUse,
    register::{Carrier, EndUse, Rank, Text},
};
use serde::Deserialize;

/// Why a scenario cannot be played.
#[derive(Debug, thiserror::Error)]
pub enum ScenarioError {
    /// The file is not TOML of the expected shape.
    #[error("scenario file: {0}")]
    Shape(#[from] toml::de::Error),
    /// A value names something that does not exist or cannot be.
    #[error("scenario file: {key}: {what}")]
    Value {
        /// Table and key.
        key: &'static str,
        /// What is wrong.
        what: String,
    },
}

/// The file as written.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct File {
    pub(crate) id: Id,
    pub(crate) seed: u64,
    pub(crate) name: Text,
    pub(crate) time_zone: String,
    /// First day of the run; the caller may give another.
    #[serde(default)]
    pub(crate) start: Option<Instant>,
    pub(crate) packs: Vec<String>,
    pub(crate) working_hours: Hours,
    pub(crate) seasons: Seasons,
    pub(crate) site: Site,
    pub(crate) building: Building,
    #[serde(default)]
    pub(crate) holiday: Vec<Holiday>,
    #[serde(default)]
    pub(crate) body: Vec<BodyRow>,
    #[serde(default)]
    pub(crate) rooms: Vec<RoomGroup>,
    #[serde(default)]
    pub(crate) meter: Vec<MeterRow>,
    #[serde(default)]
    pub(crate) breach: Vec<Breach>,
    #[serde(default)]
    pub(crate) fault: Vec<FaultRow>,
    #[serde(default)]
    pub(crate) recipient: Vec<RecipientRow>,
    #[serde(default)]
    pub(crate) waiver: Vec<WaiverRow>,
}

/// Hours of certain weekdays, 1 for Monday.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Hours {
    pub(crate) days: Vec<u8>,
    pub(crate) from: String,
    pub(crate) to: String,
}

/// `MM-DD` pairs, both ends included.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Seasons {
    pub(crate) cooling: [String; 2],
    pub(crate) heating: [String; 2],
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Site {
    pub(crate) id: Id,
    pub(crate) label: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Building {
    pub(crate) id: Id,
    pub(crate) label: String,
    pub(crate) body: Id,
    pub(crate) floor_area_m2: f64,
    pub(crate) storeys: u32,
    pub(crate) climate_zone: String,
    pub(crate) building_type: String,
    pub(crate) building_class: String,
    /// Whether a weather station stands on the roof.
    #[serde(default)]
    pub(crate) weather_station: bool,
}

/// Days off that come every year on the same date.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Holiday {
    pub(crate) from: String,
    pub(crate) days: i64,
    pub(crate) name: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BodyRow {
    pub(crate) id: Id,
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) parent: Option<Id>,
    #[serde(default)]
    pub(crate) level: Option<String>,
    #[serde(default)]
    pub(crate) authorised_headcount: Option<u32>,
    #[serde(default)]
    pub(crate) energy_headcount: Option<u32>,
    #[serde(default)]
    pub(crate) quota_zone: Option<String>,
}

/// Rooms alike: `count` on each of `floors`, numbered from `first`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RoomGroup {
    pub(crate) prefix: String,
    pub(crate) label: String,
    #[serde(rename = "use")]
    pub(crate) room_use: RoomUse,
    pub(crate) floors: Vec<u32>,
    pub(crate) first: u32,
    pub(crate) count: u32,
    /// Corridors and the like have none: they are no usable area.
    #[serde(default)]
    pub(crate) usable_area_m2: Option<f64>,
    #[serde(default)]
    pub(crate) people: u32,
    #[serde(default)]
    pub(crate) capacity: Option<u32>,
    #[serde(default)]
    pub(crate) pattern: Pattern,
    /// Fresh air a seat, m³/h.
    #[serde(default = "fresh_air")]
    pub(crate) fresh_air_m3h: f64,
    #[serde(default)]
    pub(crate) kits: Vec<KitRow>,
    /// Ranks of the posts in each room, all in every room of the group.
    #[serde(default)]
    pub(crate) ranks: Vec<Rank>,
    /// Bodies that hold the rooms, in turn.
    #[serde(default)]
    pub(crate) bodies: Vec<Id>,
}

const fn fresh_air() -> f64 {
    50.0
}

/// How people use a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Pattern {
    /// Nobody stays.
    #[default]
    Empty,
    /// Desks on working days.
    Desk,
    /// Meetings on working days.
    Meeting,
    /// Two long meetings every day of the week.
    DailyMeeting,
    /// A duty team: all come, break and leave together on working days.
    Shift,
    /// Staffed around the clock.
    Always,
}

/// A device in every room of a group.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct KitRow {
    pub(crate) kit: Kit,
    pub(crate) format: Format,
    #[serde(default)]
    pub(crate) interval_s: Option<i64>,
    /// Only in this many rooms of each floor, from the first.
    #[serde(default)]
    pub(crate) only: Option<u32>,
    /// It publishes, but nobody has written it into the register.
    #[serde(default)]
    pub(crate) is_unregistered: bool,
}

/// What a device of a room measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kit {
    /// Temperature, humidity, CO2, light and motion.
    Air,
    /// Temperature and humidity.
    Climate,
    /// People counter.
    #[serde(rename = "count")]
    Counter,
    /// Presence, told on change.
    #[serde(rename = "occ")]
    Presence,
    /// Motion and light.
    Motion,
    /// Controller of the air conditioning: set-point and whether it cools or heats.
    Hvac,
    /// Plug meter.
    Plug,
}

/// A wire format the simulator can write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// `SenML` on `normwatch/v1/{sensor}`.
    Senml,
    /// ChirpStack v4 uplink events.
    ChirpstackV4,
    /// The Things Stack v3 uplinks.
    TtsV3,
    /// zigbee2mqtt device state.
    Zigbee2mqtt,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MeterRow {
    pub(crate) id: Id,
    pub(crate) carrier: Carrier,
    pub(crate) end_use: EndUse,
    #[serde(default)]
    pub(crate) parent: Option<Id>,
    #[serde(default = "one")]
    pub(crate) multiplier: f64,
    /// Register at the start of counting, raw units.
    #[serde(default)]
    pub(crate) initial: f64,
    /// Power by night and extra power at full presence, kW (or m³/h for water). Totals add up their parts.
    #[serde(default)]
    pub(crate) night: f64,
    #[serde(default)]
    pub(crate) day: f64,
}

const fn one() -> f64 {
    1.0
}

/// What is seeded to breach a standard.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Breach {
    /// Too little fresh air for the people in the room.
    StaleAir { room: Id, fresh_air_m3h: f64, pattern: Option<Pattern>, repaired: Option<Repaired> },
    /// More people than the area allows.
    Crowded { room: Id, people: u32, pattern: Option<Pattern> },
    /// Nobody ever comes.
    Idle { room: Id },
    /// Set-points outside the rule, °C.
    Setpoint { room: Id, cooling: f64, heating: f64 },
    /// A private office beyond the cap of its post.
    Oversized { room: Id, usable_area_m2: f64 },
    /// Use left running when nobody is there: more night power, kW, of each meter with this end use.
    NightWaste { meter: Id, night: f64 },
    /// A building above its yearly quota: every load times this.
    OverQuota { factor: f64 },
}

/// When somebody puts right what was seeded.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Repaired {
    /// Days after the start's midnight.
    pub(crate) day: u32,
    /// Local time, `HH:MM`.
    pub(crate) at: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FaultRow {
    /// `{kit}-{room}` or the id of a meter.
    pub(crate) sensor: String,
    pub(crate) kind: crate::fault::FaultKind,
    #[serde(default)]
    pub(crate) quantity: Option<model::Quantity>,
    /// Days after the start's midnight.
    pub(crate) day: u32,
    /// Local time, `HH:MM`.
    pub(crate) at: String,
    pub(crate) hours: f64,
    /// Meaning by kind: jump, drift a day, factor, skew in seconds.
    #[serde(default)]
    pub(crate) size: Option<f64>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RecipientRow {
    pub(crate) id: Id,
    pub(crate) mail: String,
    pub(crate) language: String,
    #[serde(default)]
    pub(crate) place: Option<Id>,
    #[serde(default)]
    pub(crate) body: Option<Id>,
    #[serde(default)]
    pub(crate) severity_at_least: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WaiverRow {
    pub(crate) clause: String,
    pub(crate) place: Id,
    pub(crate) reason: String,
    pub(crate) approver: String,
    /// Days before and after the start for which it holds.
    pub(crate) days_before: i64,
    pub(crate) days_after: i64,
}
