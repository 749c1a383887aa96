//! What pages and the API show: copies of state, never the state itself.
//!
//! The pipeline fills a [`Snapshot`] and publishes it through a watch channel; a page never waits for the pipeline.

mod strangers;

use std::{collections::BTreeMap, sync::Arc};

use model::{Flags, Id, Instant, Period, PlaceKind, Quantity, Reading, Register, RoomUse, Series, TimeFrom};
use rules::{AlertState, Evidence, Verdict};
use serde::{Deserialize, Serialize};

pub use self::strangers::{Held, Misunderstood, UnknownSensor, Unlisted};
use crate::access::Reach;

/// One reading as the newest of its series.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Latest {
    /// Who published it.
    pub sensor: Id,
    /// What was observed.
    pub quantity: Quantity,
    /// Which of several alike.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel: Option<Id>,
    /// The value in the quantity's canonical unit.
    pub value: f64,
    /// That unit.
    pub unit: &'static str,
    /// When it was observed.
    pub time: Instant,
    /// Quality marks.
    pub flags: Flags,
    /// Whose clock the time is from: `device`, `gateway`, or `arrival` for ours; absent for readings of files.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_from: Option<&'static str>,
}

impl Latest {
    /// The reading of a series.
    #[must_use]
    pub fn new(series: &Series, (value, time, flags): (f64, Instant, Flags)) -> Self {
        Self {
            sensor: series.sensor.clone(),
            quantity: series.quantity,
            channel: series.channel.clone(),
            value,
            unit: series.quantity.unit().name(),
            time,
            flags: flags.marks(),
            time_from: flags.time_from().map(TimeFrom::name),
        }
    }
}

impl Latest {
    /// The reading that it shows; whose clock its time was from is not in it.
    #[must_use]
    pub fn reading(&self) -> Reading {
        let (sensor, quantity, channel) = (self.sensor.clone(), self.quantity, self.channel.clone());
        let series = Series { sensor, quantity, channel };
        Reading { series, time: self.time, value: self.value, flags: self.flags }
    }
}

impl From<&Reading> for Latest {
    fn from(reading: &Reading) -> Self {
        Self::new(&reading.series, (reading.value, reading.time, reading.flags))
    }
}

/// A figure of a place, over a window that has closed or up to the newest full hour.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Figure {
    /// Name of the measure.
    pub measure: &'static str,
    /// What kind of window; a week that is not judged yet is the seven days up to now.
    pub period: Period,
    /// Start of the window.
    pub from: Instant,
    /// End of the window.
    pub to: Instant,
    /// The value, absent without evidence.
    pub value: Option<f64>,
    /// Its unit.
    pub unit: String,
    /// Observed share of judged time, 0 to 1.
    pub coverage: f64,
}

/// A place with its newest data.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PlaceView {
    /// Stable id.
    pub place: Id,
    /// Site, building, floor or room.
    pub kind: PlaceKind,
    /// The place that contains it.
    pub parent: Option<Id>,
    /// What people call it.
    pub label: Option<String>,
    /// Use of a room.
    #[serde(rename = "use")]
    pub room_use: Option<RoomUse>,
    /// The body that holds it.
    pub body: Option<Id>,
    /// Usable area, m².
    pub usable_area_m2: Option<f64>,
    /// Building area, m².
    pub floor_area_m2: Option<f64>,
    /// Seats.
    pub capacity: Option<f64>,
    /// Newest reading of each series bound to the place.
    pub latest: Vec<Latest>,
    /// Newest figure of each measure judged here.
    pub figures: Vec<Figure>,
    /// Alerts that fire here.
    pub firing: usize,
}

/// An alert as the API shows it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AlertView {
    /// Stable over the alert's life.
    pub id: String,
    /// Pending, firing or resolved.
    pub state: AlertState,
    /// Clause id.
    pub clause: String,
    /// Designation of the document.
    pub document: String,
    /// Where in the document.
    pub citation: String,
    /// Place or body id.
    pub place: Id,
    /// Measured value.
    pub value: Option<f64>,
    /// The limit.
    pub limit: Option<f64>,
    /// Unit of both.
    pub unit: String,
    /// Observed share of the judged time.
    pub coverage: f64,
    /// Firm or suspicion.
    pub evidence: Evidence,
    /// Start of the first breaching window.
    pub started_at: Instant,
    /// When it began to fire, after the clause's `for`.
    pub fired_at: Option<Instant>,
    /// When it was proven over.
    pub resolved_at: Option<Instant>,
    /// Revision of the newest verdict.
    pub revision: u32,
    /// Whether somebody has taken it on.
    pub acknowledged: bool,
    /// Who has, when and why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acknowledgement: Option<Mark>,
    /// Until when nobody is told of it, if it is silenced.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub silenced_until: Option<Instant>,
    /// Fires, but nothing has proven so for `stale_after`.
    pub unproven: bool,
    /// Reason of the waiver in force, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waived: Option<String>,
    /// The newest verdict, with its explanation.
    pub verdict: Arc<Verdict>,
}

/// Who did something, when and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// Name of the user.
    pub by: String,
    /// Wall time.
    pub at: Instant,
    /// In the user's words.
    pub note: String,
}

/// A silence that stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SilenceView {
    /// By which it is lifted.
    pub id: String,
    /// Only this clause; any when absent.
    pub clause: Option<String>,
    /// Only this place with everything below it, or this body; any when absent.
    pub subject: Option<Id>,
    /// When it ends by itself.
    pub until: Instant,
    /// Who began it, when and why.
    #[serde(flatten)]
    pub mark: Mark,
}

/// The ledger: every message counted once.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Ledger {
    /// Taken from the broker.
    pub received: u64,
    /// Readings kept.
    pub stored: u64,
    /// Seen before.
    pub duplicate: u64,
    /// Understood, but no reading (join, status ...).
    pub ignored: u64,
    /// Not understood, kept with the reason.
    pub quarantined: u64,
    /// Refused (too large, forbidden).
    pub rejected: u64,
    /// Taken, not yet counted in another outcome.
    pub pending: u64,
}

/// State of one outside party: broker, InfluxDB, mail server.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Link {
    /// `mqtt`, `influx` or `smtp`.
    pub name: &'static str,
    /// Whether it answers; `None` when not configured.
    pub up: Option<bool>,
    /// Newest error, in words for operations.
    pub error: Option<String>,
    /// What waits for it (readings, mails).
    pub backlog: u64,
}

/// Whether somebody is in a place, as the engine sees it after fusing all sensors of the place.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Presence {
    /// Yes, no, or `None` when no sensor can say.
    pub occupied: Option<bool>,
    /// People counted; `None` when nothing counts them.
    pub people: Option<f64>,
    /// Since when it has been so.
    pub since: Option<Instant>,
}

/// What became of a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum MailState {
    /// Waits for its first or next attempt.
    Queued,
    /// Accepted by the mail server.
    Sent,
    /// Given up.
    Failed,
}

impl MailState {
    /// The word in the API.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Sent => "sent",
            Self::Failed => "failed",
        }
    }
}

/// A mail of the outbox.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MailView {
    /// Stable id, fit for a URL path.
    pub id: String,
    /// Wall time at which it was rendered.
    pub time: Instant,
    /// Id of the recipient in the register.
    pub recipient: Id,
    /// Subject line.
    pub subject: String,
    /// What became of it.
    pub state: MailState,
    /// Attempts so far.
    pub attempts: u32,
    /// Newest error, in words for operations.
    pub error: Option<String>,
    /// Ids of the transitions that it tells.
    pub transitions: Vec<String>,
    /// Ids of the alerts that these belong to, where the journal still knows them.
    pub alerts: Vec<String>,
    /// Its plain text, as the recipient reads it; nothing once it has been forgotten.
    #[serde(skip)]
    pub text: Option<Arc<str>>,
    /// The same in HTML.
    #[serde(skip)]
    pub html: Option<Arc<str>>,
}

/// An edit of the operator's files that is not in force because it is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Refused {
    /// Wall time at which it was read.
    pub at: Instant,
    /// Everything that is wrong, each as `file:line: key: what: remedy`.
    pub problems: Vec<String>,
}

/// The register, packs and overlay in force.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct InForce {
    /// Names their content.
    pub digest: String,
    /// Wall time since when they are in force.
    pub since: Option<Instant>,
    /// The newest edit, while it is refused.
    pub refused: Option<Refused>,
}

/// Everything that pages show, as of one instant.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    /// Event time reached by the engine.
    pub event_time: Option<Instant>,
    /// Wall time of the service (simulated in `demo`).
    pub now: Option<Instant>,
    /// Whether event time has moved on in the last seconds of real time: data that is old but moves is
    /// being worked off, data that is old and stands still means that nothing arrives.
    pub is_moving: bool,
    /// Whether the engine has worked off what waited at the start; until then the service is not ready.
    pub is_caught_up: bool,
    /// Every place, by id.
    pub places: BTreeMap<Id, PlaceView>,
    /// Occupancy as the engine fuses it, for each place with a sensor that can tell it; pages derive it
    /// from the newest readings where the engine has heard none.
    pub presence: BTreeMap<Id, Presence>,
    /// Pending, firing and recently resolved alerts, newest first.
    pub alerts: Vec<Arc<AlertView>>,
    /// Newest verdict of each check.
    pub verdicts: Vec<Arc<Verdict>>,
    /// Silences that stand, those that end first first.
    pub silences: Vec<SilenceView>,
    /// Number of the newest spool entry that it shows the effect of.
    pub sequence: u64,
    /// Sensors that publish but are in no register, by id.
    pub unknown_sensors: Vec<Arc<UnknownSensor>>,
    /// Topics whose messages could not be understood, by name.
    pub misunderstood: Vec<Arc<Misunderstood>>,
    /// What came while these two lists were full.
    pub unlisted: Unlisted,
    /// Message counts.
    pub ledger: Ledger,
    /// Outside parties.
    pub links: Vec<Link>,
    /// Register and standards in force.
    pub standing: InForce,
}

impl Snapshot {
    /// What of it lies within reach. Figures of the service itself stay; sensors that nobody has
    /// placed are in nobody's reach.
    #[must_use]
    pub fn within(&self, reach: &Reach, register: &Register) -> Self {
        let now = self.now.or(self.event_time).unwrap_or(Instant::MAX);
        let has_place = |id: &Id| reach.has_place(register, id, now);
        let has = |id: &Id| reach.has(register, id, now);
        let places = self.places.iter().filter(|(id, _)| has_place(id));
        let presence = self.presence.iter().filter(|(id, _)| has_place(id));
        Self {
            places: places.map(|(id, place)| (id.clone(), place.clone())).collect(),
            presence: presence.map(|(id, presence)| (id.clone(), *presence)).collect(),
            alerts: self.alerts.iter().filter(|alert| has(&alert.place)).cloned().collect(),
            verdicts: self.verdicts.iter().filter(|verdict| has(verdict.subject.id())).cloned().collect(),
            silences: self.silences.iter().filter(|s| s.subject.as_ref().is_some_and(has)).cloned().collect(),
            unknown_sensors: Vec::new(),
            misunderstood: Vec::new(),
            ..self.clone()
        }
    }
}
